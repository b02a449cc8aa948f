//! Lines and their plans.

use serde_json::json;
use siraj::auth::Role;
use uuid::Uuid;

use super::{DISBURSEMENTS, EXPENDITURES, LINES, Purse, at, with};
use crate::support::{client::faults, id_of};

#[tokio::test]
async fn a_line_is_planned_read_found_edited_and_retired() {
    let purse = Purse::unsigned().await;
    let area = purse.app.area("GHOUTA", None).await;
    let facility = id_of(&purse.app.facility(&purse.manager, "HOS-01", area).await);
    let plan = json!([{"month": "2015-01-01", "amount": "200"}, {"month": "2015-02-01", "amount": "300.5"}]);
    let body = with(
        purse.line_body("FUEL", "600"),
        &json!({"months": plan, "facility_ids": [facility], "cadres": ["doctor"], "name_ar": "وقود"}),
    );
    let made = purse.manager.post(LINES, &body).await.expect_status(201).json();
    assert_eq!((&made["months"][1]["amount"], &made["facility_ids"]), (&json!("300.50"), &json!([facility])));
    let path = format!("{LINES}/{}", id_of(&made));
    let again = with(body.clone(), &json!({"id": made["id"]}));
    assert_eq!(purse.manager.post(LINES, &again).await.expect_status(200).json(), made, "sent again, it is the same");
    purse.line("STIPENDS", "300").await;
    for (query, expected) in [
        (String::new(), vec!["FUEL", "STIPENDS"]),
        (format!("?facility_id={facility}"), vec!["FUEL"]),
        ("?category=stipends".to_owned(), vec![]),
        (format!("?contract_id={}&sort=-code", purse.contract), vec!["STIPENDS", "FUEL"]),
        ("?q=وقود".to_owned(), vec!["FUEL"]),
        ("?retired=true".to_owned(), vec![]),
    ] {
        let codes: Vec<_> = purse.manager.all(&format!("{LINES}{query}")).await.iter().map(|one| one["code"].clone()).collect();
        assert_eq!(codes, expected, "{query}");
    }
    // Less in the line and less in its plan, in one edit.
    let less = json!({"amount": "250", "months": [{"month": "2015-03-01", "amount": "250"}], "facility_ids": []});
    let edited = purse.manager.patch(&path, "\"1\"", &less).await.expect_status(200).json();
    assert_eq!(
        (&edited["amount"], &edited["months"][0]["month"], &edited["facility_ids"]),
        (&json!("250.00"), &json!("2015-03-01"), &json!([]))
    );
    purse.manager.delete(&path, "*").await.expect_status(200);
    assert_eq!(purse.manager.all(&format!("{LINES}?retired=true")).await.len(), 1);
    let auditor = purse.app.user(Role::Auditor).await;
    auditor.get(&path).await.expect_status(200);
    auditor.post(LINES, &purse.line_body("X1", "1")).await.expect_problem(403, "forbidden");
    for client in
        [purse.app.user(Role::Admin).await, purse.app.coordinator(&[area]).await, purse.app.partner(purse.partner).await]
    {
        client.get(&path).await.expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn what_a_line_may_not_be_is_told() {
    let purse = Purse::unsigned().await;
    let refused = async |more: &serde_json::Value, expected: &[(&str, &str)]| {
        let problem =
            purse.manager.post(LINES, &with(purse.line_body("FUEL", "600"), more)).await.expect_problem(422, "validation-failed");
        let expected: Vec<_> = expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect();
        assert_eq!(faults(&problem), expected, "{more}");
    };
    refused(&json!({"amount": "0"}), &[("/amount", "out-of-range")]).await;
    refused(&json!({"amount": "1.234"}), &[("/amount", "precision")]).await;
    refused(&json!({"currency": "EUR"}), &[("/currency", "currency-mismatch")]).await;
    refused(&json!({"contract_id": Uuid::now_v7()}), &[("/contract_id", "unknown-reference")]).await;
    refused(&json!({"facility_ids": [Uuid::now_v7()]}), &[("/facility_ids/0", "unknown-reference")]).await;
    refused(&json!({"category": "gold"}), &[("/category", "unknown-value")]).await;
    let months = |months: serde_json::Value| json!({"months": months});
    refused(&months(json!([{"month": "2015-01-02", "amount": "1"}])), &[("/months/0/month", "invalid-date")]).await;
    refused(
        &months(json!([{"month": "2015-02-01", "amount": "0"}, {"month": "2015-02-01", "amount": "1"}, {"month": "2015-01-01", "amount": "1"}])),
        &[("/months/0/amount", "out-of-range"), ("/months/1/month", "repeated"), ("/months/2/month", "date-order")],
    )
    .await;
    refused(&months(json!([{"month": "2015-01-01", "amount": "600.01"}])), &[("/months", "out-of-range")]).await;
    refused(&months(json!([{"month": "2015-05-01", "amount": "1"}])), &[("/months", "outside-period")]).await;
    assert!(purse.manager.all(LINES).await.is_empty());
    let line = purse.line("FUEL", "600").await;
    let over = purse.manager.post(LINES, &purse.line_body("MEDS", "400.01")).await.expect_problem(409, "over-contract");
    assert_eq!(faults(&over), at("/amount", "over-contract"));
    purse.manager.post(LINES, &purse.line_body("FUEL", "1")).await.expect_problem(409, "duplicate");
    purse.line("MEDS", "400").await;
    let path = format!("{LINES}/{line}");
    purse.manager.patch(&path, "*", &json!({"amount": "600.01"})).await.expect_problem(409, "over-contract");
    let other = json!({"code": "N-2", "name": "Other", "organization_id": purse.partner, "starts_on": "2015-01-01", "ends_on": "2015-04-30", "currency": "USD"});
    let other = id_of(&purse.manager.post("/api/v1/contracts", &other).await.expect_status(201).json());
    purse.manager.patch(&path, "*", &json!({"contract_id": other})).await.expect_problem(409, "wrong-state");
    // The contract may not move away from its lines either.
    let contract = format!("/api/v1/contracts/{}", purse.contract);
    purse.manager.patch(&contract, "*", &json!({"amount": "999.99"})).await.expect_problem(409, "over-contract");
    purse.manager.patch(&contract, "*", &json!({"currency": "EUR"})).await.expect_problem(422, "validation-failed");
    purse.manager.patch(&path, "*", &json!({"months": [{"month": "2015-04-01", "amount": "10"}]})).await.expect_status(200);
    let shorter =
        purse.manager.patch(&contract, "*", &json!({"ends_on": "2015-03-31"})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&shorter).len(), 2, "{shorter}");
    purse.manager.delete(&contract, "*").await.expect_problem(409, "still-in-use");
}

#[tokio::test]
async fn no_money_moves_before_the_contract_is_signed() {
    let purse = Purse::unsigned().await;
    let line = purse.line("FUEL", "600").await;
    purse.spend(line, "1", &json!({})).await.expect_problem(409, "contract-not-signed");
    purse.commit(line, "1", &json!({})).await.expect_problem(409, "contract-not-signed");
    let paid = json!({"contract_id": purse.contract, "amount": "10", "currency": "USD", "received_on": "2015-01-05"});
    purse.manager.post(DISBURSEMENTS, &paid).await.expect_problem(409, "contract-not-signed");
    assert!(purse.manager.all(EXPENDITURES).await.is_empty());
    purse.sign().await;
    purse.spend(line, "1", &json!({})).await.expect_status(201);
    purse.commit(line, "1", &json!({})).await.expect_status(201);
    let made = purse.manager.post(DISBURSEMENTS, &paid).await.expect_status(201).json();
    let other = with(paid.clone(), &json!({"currency": "EUR"}));
    let problem = purse.manager.post(DISBURSEMENTS, &other).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), at("/currency", "currency-mismatch"));
    let path = format!("{DISBURSEMENTS}/{}", id_of(&made));
    purse.manager.patch(&path, "*", &json!({"amount": "12", "reference": "Nr. 1"})).await.expect_status(200);
    purse.manager.delete(&path, "*").await.expect_status(200);
    assert!(purse.manager.all(DISBURSEMENTS).await.is_empty());
    assert_eq!(purse.manager.all(&format!("{path}/history")).await.len(), 3);
}

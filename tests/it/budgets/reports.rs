//! The report of a budget, held against sums that are made here.

use serde_json::json;
use siraj::auth::Role;
use uuid::Uuid;

use super::{COMMITMENTS, DISBURSEMENTS, EXPENDITURES, LINES, Purse, with};
use crate::support::id_of;

#[tokio::test]
async fn a_budget_is_told_line_by_line_as_of_any_day() {
    let purse = Purse::open().await;
    let plan = json!({"months": [{"month": "2015-01-01", "amount": "150"}, {"month": "2015-02-01", "amount": "150"}, {"month": "2015-03-01", "amount": "300"}]});
    let fuel = id_of(&purse.manager.post(LINES, &with(purse.line_body("FUEL", "600"), &plan)).await.expect_status(201).json());
    let meds = purse.line("MEDS", "300").await;
    let ordered = id_of(&purse.commit(fuel, "200", &json!({"committed_on": "2015-02-01"})).await.expect_status(201).json());
    purse.spend(fuel, "90", &json!({"spent_on": "2015-01-20"})).await.expect_status(201);
    purse.spend(fuel, "120.50", &json!({"spent_on": "2015-02-20", "commitment_id": ordered})).await.expect_status(201);
    let wrong = id_of(&purse.spend(meds, "80", &json!({"spent_on": "2015-02-02"})).await.expect_status(201).json());
    let back = json!({"spent_on": "2015-03-02", "reason": "Told twice by mistake."});
    purse.manager.post(&format!("{EXPENDITURES}/{wrong}/reversal"), &back).await.expect_status(201);
    for (amount, day) in [("500", "2015-01-05"), ("250", "2015-03-05")] {
        let paid = json!({"contract_id": purse.contract, "amount": amount, "currency": "USD", "received_on": day});
        purse.manager.post(DISBURSEMENTS, &paid).await.expect_status(201);
    }
    let report = async |day: &str| {
        let path = format!("/api/v1/reports/budgets?contract_id={}&as_of={day}", purse.contract);
        purse.manager.get(&path).await.expect_status(200).json()
    };
    let told = report("2015-02-28").await;
    let line = &told["lines"][0];
    assert_eq!((&line["code"], &told["currency"]), (&json!("FUEL"), &json!("USD")));
    // 210.50 of the 300 planned; 59 of 120 days have passed: 210.50 / 59 * 120 = 428.135…
    for (field, expected) in [
        ("planned_to_date", json!("300.00")),
        ("committed", json!("79.50")),
        ("spent", json!("210.50")),
        ("burn_rate", json!("70.2")),
        ("forecast", json!("428.14")),
        ("unspent", json!("389.50")),
        ("free", json!("310.00")),
    ] {
        assert_eq!(line[field], expected, "{field} of {told:#}");
    }
    assert_eq!(told["lines"][1]["spent"], json!("80.00"), "it was turned round later");
    assert_eq!(told["lines"][1]["burn_rate"], json!(null), "nothing was planned");
    let total = &told["total"];
    for (field, expected) in [
        ("amount", json!("900.00")),
        ("contract_amount", json!("1000.00")),
        ("unbudgeted", json!("100.00")),
        ("spent", json!("290.50")),
        ("received", json!("500.00")),
        ("received_less_spent", json!("209.50")),
    ] {
        assert_eq!(total[field], expected, "{field} of {told:#}");
    }
    let before = report("2014-12-31").await;
    assert_eq!((&before["total"]["forecast"], &before["total"]["spent"]), (&json!(null), &json!("0.00")));
    let early = report("2015-01-31").await;
    assert_eq!((&early["lines"][0]["committed"], &early["lines"][0]["spent"]), (&json!("0.00"), &json!("90.00")));
    let after = report("2016-01-01").await;
    assert_eq!((&after["total"]["spent"], &after["total"]["forecast"]), (&json!("210.50"), &json!("290.00")));
    assert_eq!(after["total"]["received_less_spent"], json!("539.50"));
    purse.manager.post(&format!("{COMMITMENTS}/{ordered}/release"), &json!({})).await.expect_status(200);
    let path = format!("/api/v1/reports/budgets?contract_id={}", Uuid::now_v7());
    purse.manager.get(&path).await.expect_problem(422, "validation-failed");
    purse.manager.get("/api/v1/reports/budgets").await.expect_problem(422, "validation-failed");
    purse.app.user(Role::Admin).await.get(&path).await.expect_problem(403, "forbidden");
}

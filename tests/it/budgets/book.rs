//! What is promised and spent, and what turns it round.

use bigdecimal::BigDecimal;
use chrono::NaiveDate;
use futures_util::future::join_all;
use serde_json::{Value, json};
use siraj::{
    auth::Actor,
    budgets::{self, NewCommitment, Spending},
    db::Db,
    error::Code,
    types::{LongText, Money, Reason},
};
use uuid::Uuid;

use super::{COMMITMENTS, EXPENDITURES, LINES, Purse, at, with};
use crate::support::{client::faults, id_of};

const WHY: &str = "The generator ran day and night.";

#[tokio::test]
async fn a_line_is_promised_spent_and_turned_round_to_the_last_cent() {
    let purse = Purse::open().await;
    let line = purse.line("FUEL", "600").await;
    let made = purse
        .commit(line, "400", &json!({"reference": "PO-17", "supplier_id": purse.partner, "committed_on": "2015-02-01"}))
        .await;
    let commitment = id_of(&made.expect_status(201).json());
    let used = json!({"commitment_id": commitment});
    let first = id_of(&purse.spend(line, "150.25", &used).await.expect_status(201).json());
    let find = async || purse.manager.get(&format!("{COMMITMENTS}/{commitment}")).await.expect_status(200).json();
    let stands = async |status: &str, used: &str, open: &str| {
        let there = find().await;
        assert_eq!(
            (&there["status"], &there["used_amount"], &there["open_amount"]),
            (&json!(status), &json!(used), &json!(open))
        );
    };
    stands("open", "150.25", "249.75").await;
    // Two hundred are free: no cent more without a reason, nor out of another's promise.
    let over = purse.spend(line, "200.01", &json!({})).await.expect_problem(409, "over-budget");
    assert_eq!(faults(&over), at("/amount", "over-budget"));
    purse.commit(line, "200.01", &json!({})).await.expect_problem(409, "over-budget");
    purse.spend(line, "249.76", &used).await.expect_problem(409, "over-commitment");
    purse.spend(line, "200", &json!({})).await.expect_status(201);
    purse.spend(line, "0.01", &json!({})).await.expect_problem(409, "over-budget");
    purse.spend(line, "249.75", &used).await.expect_status(201);
    stands("used", "400.00", "0.00").await;
    let path = format!("{COMMITMENTS}/{commitment}/release");
    purse.manager.post(&path, &json!({})).await.expect_problem(409, "wrong-state");
    // What is turned round is held back again by what had promised it.
    let back = json!({"spent_on": "2015-02-12", "reason": "The supplier took the barrels back."});
    let reversal = format!("{EXPENDITURES}/{first}/reversal");
    let early = with(back.clone(), &json!({"spent_on": "2015-02-09"}));
    let problem = purse.manager.post(&reversal, &early).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), at("/spent_on", "date-order"));
    let turned = purse.manager.post(&reversal, &back).await.expect_status(201).json();
    assert_eq!((&turned["amount"], &turned["reverses_id"]), (&json!("-150.25"), &json!(first)));
    purse.manager.post(&reversal, &back).await.expect_problem(409, "wrong-state");
    purse.manager.post(&format!("{EXPENDITURES}/{}/reversal", id_of(&turned)), &back).await.expect_problem(409, "wrong-state");
    stands("open", "249.75", "150.25").await;
    purse.spend(line, "0.01", &json!({})).await.expect_problem(409, "over-budget");
    purse.manager.post(&path, &json!({})).await.expect_status(200);
    stands("released", "249.75", "0.00").await;
    purse.spend(line, "1", &used).await.expect_problem(409, "wrong-state");
    purse.spend(line, "150.25", &json!({})).await.expect_status(201);
    let over = purse.spend(line, "25", &json!({"override_reason": WHY})).await.expect_status(201).json();
    assert_eq!(over["override_reason"], json!(WHY));
    let all = purse.manager.all(&format!("{EXPENDITURES}?budget_line_id={line}")).await;
    let sum: BigDecimal = all.iter().map(|one| one["amount"].as_str().unwrap().parse::<BigDecimal>().unwrap()).sum();
    assert_eq!(sum, BigDecimal::from(625), "counted apart from the service");
    purse.manager.patch(&format!("{LINES}/{line}"), "*", &json!({"amount": "599"})).await.expect_problem(409, "over-budget");
    purse.manager.delete(&format!("{LINES}/{line}"), "*").await.expect_problem(409, "still-in-use");
    assert_eq!(purse.manager.all(&format!("{COMMITMENTS}?status=released&supplier_id={}&q=PO-17", purse.partner)).await.len(), 1);
    assert_eq!(purse.manager.all(&format!("{COMMITMENTS}?status=open&contract_id={}", purse.contract)).await.len(), 0);
    assert!(purse.manager.all(&format!("{COMMITMENTS}/{commitment}/history")).await.len() >= 5);
    let owner = purse.app.database.owner().await;
    for text in ["UPDATE expenditures SET amount = 1", "DELETE FROM expenditures", "TRUNCATE expenditures"] {
        owner.execute(text, &[]).await.expect_err("the book only grows");
    }
    let service = purse.app.database.service().await;
    service.execute("UPDATE commitments SET used_amount = 0", &[]).await.expect_err("the trigger's alone");
}

#[tokio::test]
async fn what_an_expenditure_may_not_be_is_told() {
    let purse = Purse::open().await;
    let (line, other) = (purse.line("FUEL", "600").await, purse.line("MEDS", "400").await);
    let commitment = id_of(&purse.commit(other, "10", &json!({})).await.expect_status(201).json());
    let refused = async |more: &Value, expected: &[(&str, &str)]| {
        let problem = purse.spend(line, "1", more).await.expect_problem(422, "validation-failed");
        let expected: Vec<_> = expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect();
        assert_eq!(faults(&problem), expected, "{more}");
    };
    refused(&json!({"amount": "0"}), &[("/amount", "out-of-range")]).await;
    refused(&json!({"amount": "1.001"}), &[("/amount", "precision")]).await;
    refused(&json!({"amount": null, "currency": null}), &[("/amount", "required")]).await;
    refused(&json!({"currency": null}), &[("/currency", "required")]).await;
    refused(&json!({"currency": "EUR"}), &[("/currency", "currency-mismatch")]).await;
    refused(&json!({"original_amount": "1", "original_currency": "EUR"}), &[("/original_amount", "unknown-field")]).await;
    let original =
        |currency: &str| json!({"amount": null, "currency": null, "original_amount": "90000", "original_currency": currency});
    refused(&original("USD"), &[("/original_currency", "currency-mismatch")]).await;
    refused(&original("SYP"), &[("/spent_on", "missing-rate")]).await;
    refused(&json!({"spent_on": "2014-12-31"}), &[("/spent_on", "outside-period")]).await;
    refused(&json!({"spent_on": "2015-05-01"}), &[("/spent_on", "outside-period")]).await;
    refused(&json!({"spent_on": "2040-05-01"}), &[("/spent_on", "date-out-of-range")]).await;
    refused(&json!({"commitment_id": commitment}), &[("/commitment_id", "unfit-reference")]).await;
    refused(&json!({"budget_line_id": Uuid::now_v7()}), &[("/budget_line_id", "unknown-reference")]).await;
    refused(&json!({"organization_id": Uuid::now_v7()}), &[("/organization_id", "unknown-reference")]).await;
    refused(&json!({"attachment_id": Uuid::now_v7()}), &[("/attachment_id", "unknown-reference")]).await;
    refused(&json!({"override_reason": "short"}), &[("/override_reason", "too-short")]).await;
    let early = purse.commit(line, "1", &json!({"committed_on": "2014-12-31"})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&early), at("/committed_on", "outside-period"));
    let euros = purse.commit(line, "1", &json!({"currency": "EUR"})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&euros), at("/currency", "currency-mismatch"));
    assert!(purse.manager.all(EXPENDITURES).await.is_empty());
}

#[tokio::test]
async fn what_was_handed_over_in_another_currency_is_reckoned_once_and_its_rate_is_frozen() {
    let purse = Purse::open().await;
    let line = purse.line("FUEL", "600").await;
    let rate = json!({"base_currency": "USD", "quote_currency": "SYP", "rate": "250", "rated_on": "2015-02-09", "source": "Market of Douma"});
    let rate = id_of(&purse.manager.post("/api/v1/exchange-rates", &rate).await.expect_status(201).json());
    let original = json!({"amount": null, "currency": null, "original_amount": "90001", "original_currency": "SYP"});
    let made = purse.spend(line, "1", &original).await.expect_status(201).json();
    // 90,001 / 250 = 360.004: four tenths of a cent are not paid.
    assert_eq!((&made["amount"], &made["rate"], &made["exchange_rate_id"]), (&json!("360.00"), &json!("0.004"), &json!(rate)));
    purse.manager.delete(&format!("/api/v1/exchange-rates/{rate}"), "*").await.expect_status(200);
    let there = purse.manager.get(&format!("{EXPENDITURES}/{}", id_of(&made))).await.expect_status(200).json();
    assert_eq!(there, made, "a rate that is retired changes nothing");
    purse.spend(line, "1", &original).await.expect_problem(422, "validation-failed");
    let again = with(original, &json!({"id": made["id"]}));
    let body = with(json!({"budget_line_id": line, "spent_on": "2015-02-10", "description": "Diesel"}), &again);
    assert_eq!(purse.manager.post(EXPENDITURES, &body).await.expect_status(200).json(), made, "sent again, it is the same");
    let back = json!({"spent_on": "2015-02-10", "reason": "The supplier took the barrels back."});
    let turned = purse.manager.post(&format!("{EXPENDITURES}/{}/reversal", id_of(&made)), &back).await.expect_status(201).json();
    assert_eq!((&turned["original_amount"], &turned["rate"]), (&json!("-90001.00"), &json!("0.004")));
}

fn spending(line: Uuid, amount: &str) -> Spending {
    Spending {
        budget_line_id: line,
        commitment_id: None,
        amount: Money::parse(amount).expect("money"),
        original: None,
        spent_on: NaiveDate::from_ymd_opt(2015, 2, 10).expect("a day"),
        description: LongText::parse("Diesel").expect("words"),
        organization_id: None,
        stipend_run_id: None,
        override_reason: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_spenders_at_once_never_pass_the_line() {
    let purse = Purse::open().await;
    let line = purse.line("FUEL", "600").await;
    // Sixty-four times twenty-five are 1,600: twenty-four fit.
    let db = Db::new(&purse.app.database.service_url(), 16).expect("a pool");
    let by = Actor::system().id;
    let work = (0..64).map(|_| async {
        loop {
            match db.write(async |conn| budgets::spend(conn, by, &spending(line, "25")).await).await {
                Ok(_) => return true,
                Err(error) if error.code == Code::OverBudget => return false,
                Err(error) if error.code == Code::Unavailable => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    });
    let done = join_all(work).await.into_iter().filter(|done| *done).count();
    assert_eq!(done, 24);
    let row = purse
        .app
        .database
        .owner()
        .await
        .query_one("SELECT sum(amount)::text, count(*) FROM expenditures", &[])
        .await
        .expect("a sum");
    assert_eq!((row.get::<_, String>(0), row.get::<_, i64>(1)), ("600.000".to_owned(), 24));
}

#[tokio::test]
async fn what_a_run_of_stipends_has_spent_is_not_turned_round_by_hand() {
    let purse = Purse::open().await;
    let body = with(purse.line_body("STIPENDS", "600"), &json!({"category": "stipends"}));
    let line = id_of(&purse.manager.post(LINES, &body).await.expect_status(201).json());
    let body = json!({"contract_id": purse.contract, "month": "2015-04-01", "budget_line_id": line});
    let run = id_of(&purse.manager.post("/api/v1/stipend-runs", &body).await.expect_status(201).json());
    let db = Db::new(&purse.app.database.service_url(), 1).expect("a pool");
    let by = Actor::system().id;
    let promise = NewCommitment {
        budget_line_id: line,
        amount: Money::parse("500").expect("money"),
        description: LongText::parse("Stipends of 2015-04").expect("words"),
        override_reason: None,
    };
    let commitment = db.write(async |conn| budgets::commit(conn, by, &promise).await).await.expect("promised");
    // People are paid after the month they have worked, and so after the contract.
    let late = NaiveDate::from_ymd_opt(2015, 5, 6).expect("a day");
    let row = Spending { spent_on: late, stipend_run_id: Some(run), commitment_id: Some(commitment), ..spending(line, "450") };
    let spent = db.write(async |conn| budgets::spend(conn, by, &row).await).await.expect("spent");
    let back = json!({"spent_on": "2015-05-07", "reason": "Nobody found her."});
    purse.manager.post(&format!("{EXPENDITURES}/{spent}/reversal"), &back).await.expect_problem(409, "wrong-state");
    let why = Reason::parse("Eleven could not be reached.").expect("a reason");
    db.write(async |conn| budgets::reverse(conn, by, spent, late, &why).await).await.expect("turned round");
    let there = purse.manager.get(&format!("{COMMITMENTS}/{commitment}")).await.expect_status(200).json();
    assert_eq!((&there["status"], &there["open_amount"]), (&json!("open"), &json!("500.00")));
    let rest = Spending { amount: Money::parse("300").expect("money"), ..row };
    db.write(async |conn| budgets::spend(conn, by, &rest).await).await.expect("spent anew");
    for _ in 0..2 {
        db.write(async |conn| budgets::release(conn, by, commitment).await).await.expect("let go, once or twice");
    }
    assert_eq!(purse.manager.all(&format!("{EXPENDITURES}?stipend_run_id={run}")).await.len(), 3);
    purse.spend(line, "300", &json!({})).await.expect_status(201);
}

#[tokio::test]
async fn what_a_scanner_found_something_in_proves_nothing() {
    let purse = Purse::unsigned().await;
    let file = Uuid::now_v7();
    let insert = "INSERT INTO attachments (id, kind, file_name, content_type, size_bytes, sha256, scan, scanned_at, recorded_by)
        SELECT $1, 'invoice', 'a.pdf', 'application/pdf', 9, repeat('a', 64), 'infected', now(), id FROM users LIMIT 1";
    purse.app.database.owner().await.execute(insert, &[&file]).await.expect("a file");
    let proven = async |path: String, body: Value| {
        let refused = purse.manager.post(&path, &with(body, &json!({"attachment_id": file}))).await;
        assert_eq!(
            faults(&refused.expect_problem(422, "validation-failed")),
            at("/attachment_id", "unknown-reference"),
            "{path}"
        );
    };
    proven(format!("/api/v1/contracts/{}/signature", purse.contract), json!({"signed_on": "2014-12-20"})).await;
    purse.sign().await;
    let more = json!({"kind": "top_up", "signed_on": "2015-02-01", "effective_on": "2015-02-01", "amount": "2000", "reason": "More people came to us."});
    proven(format!("/api/v1/contracts/{}/amendments", purse.contract), more).await;
    let line = purse.line("FUEL", "600").await;
    let diesel =
        json!({"budget_line_id": line, "amount": "1", "currency": "USD", "spent_on": "2015-02-10", "description": "Diesel"});
    proven(EXPENDITURES.to_owned(), diesel).await;
    let schedule = json!({"title": "Report", "kind": "financial", "frequency": "once", "days_after": 30});
    purse.manager.post(&format!("/api/v1/contracts/{}/reporting-schedule", purse.contract), &schedule).await.expect_status(200);
    let duty = id_of(&purse.manager.all("/api/v1/reporting-duties").await[0]);
    proven(format!("/api/v1/reporting-duties/{duty}/delivery"), json!({"delivered_on": "2015-05-10"})).await;
}

//! What stipends refuse, by name, and that nothing is written then; and what happens when two do the same at once.

use serde_json::{Value, json};
use uuid::Uuid;

use super::ground::{Ground, id};
use crate::support::{client::faults, id_of};

const RUNS: &str = "/api/v1/stipend-runs";

fn pair(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

#[tokio::test]
async fn a_run_that_cannot_be_is_refused() {
    let ground = Ground::new().await;
    let other = ground.contract("IRC-2015").await;
    let good = json!({"contract_id": ground.contract.id, "month": "2015-03-01", "budget_line_id": ground.contract.line});
    let fuel = Uuid::now_v7();
    let line = "INSERT INTO budget_lines (id, contract_id, code, name, category, currency, amount, recorded_by) VALUES ($1, $2, 'FUEL', 'Fuel', 'fuel', 'USD', 1000, '00000000-0000-7000-8000-000000000001')";
    ground.database.execute(line, &[&fuel, &ground.contract.id]).await.expect("a line");
    for (field, value, code) in [
        ("month", json!("2015-03-02"), "out-of-range"),
        ("month", json!("2016-01-01"), "outside-period"),
        ("month", json!("2013-12-01"), "outside-period"),
        ("budget_line_id", json!(other.line), "unfit-reference"),
        ("budget_line_id", json!(fuel), "unfit-reference"),
        ("budget_line_id", json!(Uuid::now_v7()), "unfit-reference"),
        ("contract_id", json!(Uuid::now_v7()), "unfit-reference"),
        ("currency", json!("USD"), "unknown-field"),
    ] {
        let mut body = good.clone();
        body[field] = value.clone();
        let problem = ground.drafter.post(RUNS, &body).await.expect_problem(422, "validation-failed");
        let pointer = if field == "contract_id" { "/budget_line_id".to_owned() } else { format!("/{field}") };
        assert_eq!(faults(&problem), pair(&pointer, code), "{value}");
    }
    let run = ground.draft("2015-03-01").await;
    assert_eq!(faults(&ground.drafter.post(RUNS, &good).await.expect_problem(409, "duplicate")), pair("/month", "duplicate"));
    ground.drafter.delete(&run, "*").await.expect_problem(409, "wrong-state");
    ground.approver.post(&format!("{run}/approval"), &json!({})).await.expect_problem(409, "nothing-due");
    let cancel = json!({"reason": "There is nobody to be paid this month."});
    ground.drafter.post(&format!("{run}/cancellation"), &cancel).await.expect_status(200);
    ground.drafter.post(&format!("{run}/cancellation"), &cancel).await.expect_problem(409, "wrong-state");
    ground.draft("2015-03-01").await;
}

#[tokio::test]
async fn an_approval_without_a_rate_or_beyond_the_line_is_refused_and_nothing_is_written() {
    let ground = Ground::new().await;
    ground.people("D", "doctor", 3, "SYP", "100000").await;
    let run = ground.draft("2015-03-01").await;
    let before = ground.drafter.all(&format!("{run}/entries")).await;
    let missing = ground.approver.post(&format!("{run}/approval"), &json!({})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&missing), pair("/rates_on", "missing-rate"));
    ground.rate("USD", "SYP", "250", "2015-02-27").await;
    ground.approver.post(&format!("{run}/approval"), &json!({})).await.expect_problem(422, "validation-failed");
    ground
        .approver
        .post(&format!("{run}/approval"), &json!({"rates_on": "2040-01-01"}))
        .await
        .expect_problem(422, "validation-failed");
    ground
        .database
        .execute("UPDATE budget_lines SET amount = 1199.99 WHERE id = $1", &[&ground.contract.line])
        .await
        .expect("a line");
    let rates = json!({"rates_on": "2015-03-30"});
    ground.approver.post(&format!("{run}/approval"), &rates).await.expect_problem(409, "over-budget");
    assert_eq!(ground.drafter.all(&format!("{run}/entries")).await, before);
    assert_eq!(ground.drafter.get(&run).await.json()["status"], "draft");
    let over = json!({"rates_on": "2015-03-30", "override_reason": "The partner has promised to raise the line."});
    ground.approver.post(&format!("{run}/approval"), &over).await.expect_status(200);
    ground.drafter.post(&format!("{run}/payments"), &json!({"paid_on": "2015-04-01", "method": "cash"})).await.expect_status(200);
    ground.ties(&run).await;
}

#[tokio::test]
async fn a_payment_that_cannot_be_is_refused_and_nothing_is_written() {
    let ground = Ground::new().await;
    ground.people("D", "doctor", 4, "USD", "500").await;
    let other = ground.contract("IRC-2015").await;
    let stranger = ground.people("X", "nurse", 1, "USD", "100").await[0];
    ground
        .database
        .execute("UPDATE assignments SET contract_id = $1 WHERE staff_id = $2", &[&other.id, &stranger])
        .await
        .expect("a post");
    let theirs = ground.draft_of(&other, "2015-03-01").await;
    let foreign = ground.drafter.all(&format!("{theirs}/entries")).await[0]["id"].clone();
    let run = ground.draft("2015-03-01").await;
    let payments = format!("{run}/payments");
    let good = json!({"paid_on": "2015-04-01", "method": "cash"});
    ground.drafter.post(&payments, &good).await.expect_problem(409, "wrong-state");
    ground.approver.post(&format!("{run}/approval"), &json!({})).await.expect_status(200);
    let entries = ground.drafter.all(&format!("{run}/entries")).await;
    let with = |more: Value| {
        let mut body = good.clone();
        body.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        body
    };
    let first = entries[0]["id"].clone();
    for (more, pointer, code) in [
        (json!({"entry_ids": [first, foreign]}), "/entry_ids/1", "unknown-reference"),
        (json!({"entry_ids": [Uuid::now_v7()]}), "/entry_ids/0", "unknown-reference"),
        (json!({"entry_ids": [first, first]}), "/entry_ids/1", "repeated"),
        (json!({"entry_ids": []}), "/entry_ids", "required"),
        (json!({"totals": [{"currency": "SYP", "amount": "2000"}]}), "/totals/0/currency", "currency-mismatch"),
        (json!({"totals": [{"currency": "USD", "amount": "1999.99"}]}), "/totals/0/amount", "other-total"),
        (json!({"totals": []}), "/totals", "other-total"),
        (json!({"paid_on": "2015-02-28"}), "/paid_on", "date-order"),
        (json!({"paid_on": "2040-01-01"}), "/paid_on", "date-out-of-range"),
        (json!({"method": "gold"}), "/method", "unknown-value"),
        (json!({"organization_id": Uuid::now_v7()}), "/organization_id", "unknown-reference"),
        (json!({"attachment_ids": [Uuid::now_v7()]}), "/attachment_ids", "unknown-reference"),
    ] {
        let problem = ground.drafter.post(&payments, &with(more.clone())).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), pair(pointer, code), "{more}");
    }
    let waybill = ground.attachment("waybill").await;
    let problem = ground
        .drafter
        .post(&payments, &with(json!({"attachment_ids": [waybill]})))
        .await
        .expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pair("/attachment_ids", "unfit-reference"));
    assert_eq!(ground.drafter.all(&format!("{run}/entries")).await, entries);
    assert!(ground.drafter.all(&payments).await.is_empty());

    let one = with(json!({"entry_ids": [first]}));
    ground.drafter.post(&payments, &one).await.expect_status(200);
    let again = ground.drafter.post(&payments, &one).await.expect_problem(409, "already-paid");
    assert_eq!(faults(&again), pair("/entry_ids/0", "already-paid"));
    let second = json!({"entry_ids": [entries[1]["id"]], "reason": "Left the area for some weeks."});
    ground.drafter.post(&format!("{run}/holds"), &second).await.expect_status(200);
    let held =
        ground.drafter.post(&payments, &with(json!({"entry_ids": [entries[1]["id"]]}))).await.expect_problem(409, "wrong-state");
    assert_eq!(faults(&held), pair("/entry_ids/0", "wrong-state"));
    ground.drafter.post(&format!("{run}/holds"), &second).await.expect_problem(409, "wrong-state");
    // What was not paid does not come back, and nothing comes back before it was paid.
    let back = |id: &Value, day: &str| json!({"entry_ids": [id], "returned_on": day, "reason": "Brought back by the agent."});
    ground
        .drafter
        .post(&format!("{run}/returns"), &back(&entries[2]["id"], "2015-04-02"))
        .await
        .expect_problem(409, "wrong-state");
    let early = ground
        .drafter
        .post(&format!("{run}/returns"), &back(&first, "2015-03-31"))
        .await
        .expect_problem(422, "validation-failed");
    assert_eq!(faults(&early), pair("/returned_on", "date-order"));
    ground
        .drafter
        .post(&format!("{run}/cancellation"), &json!({"reason": "Nobody wants it any longer."}))
        .await
        .expect_problem(409, "wrong-state");
    let why = json!({"reason": "The two contracts share the cost."});
    let waiver = format!("/api/v1/stipend-entries/{}/waiver", first.as_str().expect("an id"));
    ground.drafter.post(&waiver, &why).await.expect_problem(409, "wrong-state");
    ground.ties(&run).await;
    // Without carrying anything over, what is held lapses and what is due is paid first.
    let named = json!({"entry_ids": [entries[2]["id"]]});
    ground.drafter.post(&format!("{run}/closing"), &named).await.expect_problem(422, "validation-failed");
    ground.drafter.post(&payments, &good).await.expect_status(200);
    ground.drafter.post(&payments, &good).await.expect_problem(409, "nothing-due");
    ground.drafter.post(&format!("{run}/closing"), &json!({})).await.expect_status(200);
    assert_eq!(ground.drafter.all(&format!("{run}/entries?status=lapsed")).await.len(), 1);
    ground.drafter.post(&payments, &good).await.expect_problem(409, "wrong-state");
}

#[tokio::test]
async fn two_approvals_at_once_are_one() {
    let ground = Ground::new().await;
    ground.people("D", "doctor", 3, "USD", "500").await;
    let third = ground.app.user(siraj::auth::Role::Manager).await;
    let run = ground.draft("2015-03-01").await;
    let (path, body) = (format!("{run}/approval"), json!({}));
    let (one, two) = tokio::join!(ground.approver.post(&path, &body), third.post(&path, &body));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let made = ground.database.query_one("SELECT count(*) FROM commitments", &[]).await.expect("a count");
    assert_eq!(made.get::<_, i64>(0), 1);
}

#[tokio::test]
async fn two_contracts_that_approve_one_persons_month_at_once_do_not_both_pay_it() {
    let ground = Ground::new().await;
    let surgeon = ground.people("D", "doctor", 1, "USD", "500").await[0];
    let ours = ground.approved("2015-03-01").await;
    let other = ground.contract("IRC-2015").await;
    ground.post(surgeon, "doctor", Some(other.id), "2015-01-01").await;
    let theirs = ground.draft_of(&other, "2015-03-01").await;
    ground.approver.post(&format!("{theirs}/approval"), &json!({})).await.expect_problem(409, "paid-twice");
    // The database refuses it by itself too.
    let past = format!("UPDATE stipend_entries SET status = 'due', charged_amount = amount WHERE run_id = '{}'", id(&theirs));
    let refused = ground.database.execute(&past, &[]).await.expect_err("paid twice");
    assert_eq!(refused.as_db_error().and_then(|error| error.constraint()), Some("stipend_entries_paid_once_key"));
    // Money that came back frees the month.
    ground
        .drafter
        .post(&format!("{ours}/payments"), &json!({"paid_on": "2015-04-01", "method": "bank"}))
        .await
        .expect_status(200);
    let entry = id_of(&ground.drafter.all(&format!("{ours}/entries")).await[0]);
    let back = json!({"entry_ids": [entry], "returned_on": "2015-04-02", "reason": "The bank has sent it back."});
    ground.drafter.post(&format!("{ours}/returns"), &back).await.expect_status(200);
    assert_eq!(ground.ties(&ours).await, super::ground::decimal("0"));
    ground.approver.post(&format!("{theirs}/approval"), &json!({})).await.expect_status(200);
}

#[tokio::test]
async fn two_payments_of_the_same_entries_at_once_pay_them_once() {
    let ground = Ground::new().await;
    ground.people("D", "doctor", 5, "USD", "500").await;
    let run = ground.approved("2015-03-01").await;
    let ids: Vec<Value> = ground.drafter.all(&format!("{run}/entries")).await.iter().map(|entry| entry["id"].clone()).collect();
    let (path, body) = (format!("{run}/payments"), json!({"entry_ids": ids, "paid_on": "2015-04-01", "method": "cash"}));
    let (one, two) = tokio::join!(ground.drafter.post(&path, &body), ground.approver.post(&path, &body));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(ground.ties(&run).await, super::ground::decimal("2500"));
    // The same request under one key is done once and answered the same.
    let april = ground.approved("2015-04-01").await;
    let (path, body) = (format!("{april}/payments"), json!({"paid_on": "2015-05-01", "method": "cash"}));
    let first = ground.drafter.post_with(&path, &[("idempotency-key", "april")], &body).await.expect_status(200);
    let again = ground.drafter.post_with(&path, &[("idempotency-key", "april")], &body).await.expect_status(200);
    assert_eq!((first.body, again.header("idempotent-replayed")), (again.body.clone(), "true".to_owned()));
    assert_eq!(ground.drafter.all(&path).await.len(), 1);
}

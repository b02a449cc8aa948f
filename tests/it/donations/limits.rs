//! No more is given back than was given, and no more is allocated than was raised, under any order and any haste.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ALLOCATIONS, Appeal, DONATIONS, allocated_by_rows, cents, raised_by_rows, rate};
use crate::support::{
    client::{Answer, Client, faults},
    id_of,
};

/// Sends it until the service has time for it.
async fn patiently(by: &Client, path: &str, body: &Value) -> Answer {
    loop {
        let answer = by.post(path, body).await;
        if answer.status != 503 {
            return answer;
        }
    }
}

#[tokio::test]
async fn of_64_refunds_at_once_only_those_that_the_gift_holds_are_written() {
    let appeal = Appeal::open().await;
    let gift = appeal.gift("10").await;
    let body = appeal.row("refund", "1", "2015-03-02", &json!({"gift_id": gift}));
    let all = (0..64).map(|_| patiently(&appeal.manager, DONATIONS, &body));
    let answers = futures_util::future::join_all(all).await;
    let written = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(written, 10);
    for refused in answers.into_iter().filter(|answer| answer.status != 201) {
        refused.expect_problem(409, "refund-over-gift");
    }
    assert_eq!(raised_by_rows(&appeal.manager, appeal.campaign).await, 0);
}

#[tokio::test]
async fn of_20_allocations_at_once_only_those_that_raised_holds_are_written() {
    let appeal = Appeal::open().await;
    let gift = appeal.gift("100").await;
    let line = appeal.line("MED", "USD").await;
    let body = json!({"campaign_id": appeal.campaign, "budget_line_id": line, "amount": "10", "allocated_on": "2015-04-01"});
    let answers = futures_util::future::join_all((0..20).map(|_| patiently(&appeal.manager, ALLOCATIONS, &body))).await;
    let written: Vec<Uuid> = answers.iter().filter(|answer| answer.status == 201).map(|answer| id_of(&answer.json())).collect();
    assert_eq!(written.len(), 10);
    for refused in answers.into_iter().filter(|answer| answer.status != 201) {
        assert_eq!(faults(&refused.expect_problem(409, "over-raised")), [("/amount".to_owned(), "over-raised".to_owned())]);
    }
    // What lowers raised is refused, or let through with its reason; then nothing more is allocated.
    appeal.post("refund", "1", "2015-05-01", json!({"gift_id": gift})).await.expect_problem(409, "allocated-already");
    appeal.reverse(DONATIONS, gift, json!({})).await.expect_problem(409, "allocated-already");
    let why = json!({"gift_id": gift, "override_reason": "The bank took it back."});
    appeal.add("chargeback", "1", "2015-05-01", why).await;
    let funds = appeal.funds("").await;
    assert_eq!((&funds["allocated_amount"], &funds["unallocated_amount"]), (&json!("100.00"), &json!("-1.00")));
    appeal.allocate(line, "0.01").await.expect_problem(409, "over-raised");
    appeal.reverse(ALLOCATIONS, written[0], json!({})).await.expect_status(201);
    appeal.reverse(ALLOCATIONS, written[0], json!({})).await.expect_problem(409, "wrong-state");
    appeal.allocate(line, "9").await.expect_status(201);
    appeal.allocate(line, "0.01").await.expect_problem(409, "over-raised");
    let funds = appeal.funds("").await;
    assert_eq!(funds["unallocated_amount"], "0.00");
    assert_eq!(
        funds["by_line"],
        json!([{"budget_line_id": line, "line_code": "MED", "contract_id": funds["by_line"][0]["contract_id"],
        "contract_code": "K-MED", "amount": "99.00", "line_currency": "USD", "line_amount": "99.00"}])
    );
    assert_eq!(appeal.manager.all(&format!("{ALLOCATIONS}?budget_line_id={line}")).await.len(), 12);
}

#[tokio::test]
async fn an_allocation_to_a_line_in_another_currency_keeps_its_rate() {
    let appeal = Appeal::open().await;
    appeal.gift("100").await;
    let line = appeal.line("FUEL", "SYP").await;
    let missing = appeal.allocate(line, "10").await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&missing), [("/budget_line_id".to_owned(), "missing-rate".to_owned())]);
    rate(&appeal.manager, ("USD", "SYP"), "251.5", "2015-03-30").await;
    let row = appeal.allocate(line, "10").await.expect_status(201).json();
    assert_eq!((&row["line_amount"], &row["rate"], &row["line_currency"]), (&json!("2515.00"), &json!("251.5"), &json!("SYP")));
    let path = format!("{ALLOCATIONS}/{}", id_of(&row));
    assert_eq!(appeal.manager.get(&path).await.expect_status(200).json(), row);
    let nothing = Uuid::now_v7();
    for (line, amount, day, pointer, code) in [
        (nothing, "1", "2015-04-01", "/budget_line_id", "unknown-reference"),
        (line, "0", "2015-04-01", "/amount", "out-of-range"),
        (line, "0.001", "2015-04-01", "/amount", "precision"),
        (line, "1", "2014-12-31", "/allocated_on", "outside-period"),
    ] {
        let body = json!({"campaign_id": appeal.campaign, "budget_line_id": line, "amount": amount, "allocated_on": day});
        let refused = appeal.manager.post(ALLOCATIONS, &body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), [(pointer.to_owned(), code.to_owned())]);
    }
    // Its currency is what the rows were reckoned in.
    let edit = appeal.manager.patch(&format!("/api/v1/campaigns/{}", appeal.campaign), "*", &json!({"currency": "EUR"})).await;
    edit.expect_problem(409, "still-in-use");
}

/// What may happen to a campaign's money: an act, and which row it names among those there are.
#[derive(Debug, Clone)]
enum Act {
    Give(i64),
    Refund(usize, i64),
    Allocate(i64),
    TurnGift(usize),
    TurnAllocation(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        3 => (1..5000_i64).prop_map(Act::Give),
        2 => (0..8_usize, 1..3000_i64).prop_map(|(which, amount)| Act::Refund(which, amount)),
        3 => (1..4000_i64).prop_map(Act::Allocate),
        1 => (0..8_usize).prop_map(Act::TurnGift),
        1 => (0..8_usize).prop_map(Act::TurnAllocation),
    ];
    prop::collection::vec(act, 1..16)
}

fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sequence_allocates_more_than_was_raised() {
    let appeal = Appeal::open().await;
    let line = appeal.line("MED", "USD").await;
    let runtime = tokio::runtime::Handle::current();
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    let number = AtomicU32::new(0);
    let told = tokio::task::block_in_place(|| {
        runner.run(&acts(), |acts| {
            runtime.block_on(play(&appeal, line, number.fetch_add(1, Ordering::Relaxed), &acts));
            Ok(())
        })
    });
    told.expect("never more than was raised");
}

async fn play(appeal: &Appeal, line: Uuid, number: u32, acts: &[Act]) {
    let campaign = super::appeal(&appeal.manager, &format!("CASE-{number}")).await;
    let (mut gifts, mut allocations) = (Vec::<Uuid>::new(), Vec::<Uuid>::new());
    for act in acts {
        let row = |kind: &str, amount: &i64, more: Value| {
            let mut body = json!({"campaign_id": campaign, "kind": kind, "amount": money(*amount), "currency": "USD", "received_on": "2015-03-02"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let turn = json!({"reason": "Entered twice by mistake."});
        let pick = |ids: &[Uuid], which: usize| (!ids.is_empty()).then(|| ids[which % ids.len()]);
        let answer = match act {
            Act::Give(amount) => Some(appeal.manager.post(DONATIONS, &row("received", amount, json!({}))).await),
            Act::Refund(which, amount) => match pick(&gifts, *which) {
                Some(gift) => Some(appeal.manager.post(DONATIONS, &row("refund", amount, json!({"gift_id": gift}))).await),
                None => None,
            },
            Act::Allocate(amount) => {
                let body = json!({"campaign_id": campaign, "budget_line_id": line, "amount": money(*amount), "allocated_on": "2015-04-01"});
                Some(appeal.manager.post(ALLOCATIONS, &body).await)
            }
            Act::TurnGift(which) => match pick(&gifts, *which) {
                Some(gift) => Some(appeal.manager.post(&format!("{DONATIONS}/{gift}/reversal"), &turn).await),
                None => None,
            },
            Act::TurnAllocation(which) => match pick(&allocations, *which) {
                Some(one) => Some(appeal.manager.post(&format!("{ALLOCATIONS}/{one}/reversal"), &turn).await),
                None => None,
            },
        };
        if let Some(answer) = answer {
            match (act, answer.status.as_u16()) {
                (Act::Give(_), 201) => gifts.push(id_of(&answer.json())),
                (Act::Allocate(_), 201) => allocations.push(id_of(&answer.json())),
                (_, 201 | 409 | 422) => {}
                (act, status) => panic!("{act:?} {status} {}", answer.text()),
            }
        }
        let (raised, allocated) =
            (raised_by_rows(&appeal.manager, campaign).await, allocated_by_rows(&appeal.manager, campaign).await);
        assert!(0 <= allocated && allocated <= raised, "{allocated} of {raised} after {act:?}");
        let funds = appeal.manager.get(&format!("/api/v1/campaigns/{campaign}/funds")).await.expect_status(200).json();
        assert_eq!((cents(&funds["raised_amount"]), cents(&funds["allocated_amount"])), (raised, allocated));
    }
}

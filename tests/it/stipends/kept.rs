//! Stories of what a run keeps to itself: the money set aside for it, and what others may see of it.

use serde_json::{Value, json};

use super::ground::Ground;
use crate::support::{client::faults, id_of};

#[tokio::test]
async fn what_was_set_aside_for_a_run_is_spent_and_let_go_by_that_run_alone() {
    let ground = Ground::new().await;
    ground.people("D", "doctor", 2, "USD", "500").await;
    let run = ground.approved("2015-03-01").await;
    let aside: Vec<Value> = ground.drafter.all(&format!("/api/v1/commitments?budget_line_id={}", ground.contract.line)).await;
    let commitment = id_of(&aside[0]);
    ground
        .drafter
        .post(&format!("/api/v1/commitments/{commitment}/release"), &json!({}))
        .await
        .expect_problem(409, "wrong-state");
    let diesel = json!({"budget_line_id": ground.contract.line, "commitment_id": commitment, "amount": "100", "currency": "USD",
        "spent_on": "2015-04-02", "description": "Diesel"});
    let refused = ground.drafter.post("/api/v1/expenditures", &diesel).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/commitment_id".to_owned(), "unfit-reference".to_owned())]);
    // The report of a day before the approval knows of no promise.
    let report = format!("/api/v1/reports/budgets?contract_id={}&as_of=2015-03-31", ground.contract.id);
    assert_eq!(ground.drafter.get(&report).await.expect_status(200).json()["lines"][0]["committed"], "0.00");

    let paying = json!({"paid_on": "2015-04-01", "method": "cash"});
    ground.drafter.post(&format!("{run}/payments"), &paying).await.expect_status(200);
    ground.ties(&run).await;
    ground.drafter.post(&format!("{run}/closing"), &json!({})).await.expect_status(200);
}

#[tokio::test]
async fn two_records_that_become_one_person_are_not_paid_for_one_month_twice() {
    let ground = Ground::new().await;
    let irc = ground.contract("IRC-2015").await;
    let one = ground.people("D", "doctor", 1, "USD", "500").await[0];
    let two = ground.people("E", "doctor", 1, "", "").await[0];
    ground
        .database
        .execute("UPDATE assignments SET contract_id = $1 WHERE staff_id = $2", &[&irc.id, &two])
        .await
        .expect("a payer");
    let (own, other) = (ground.approved("2015-03-01").await, ground.draft_of(&irc, "2015-03-01").await);
    ground.approver.post(&format!("{other}/approval"), &json!({})).await.expect_status(200);
    let merge =
        json!({"into_id": one, "reason": "The same person under two codes.", "share_waiver": "Entered twice, paid twice."});
    ground.drafter.post(&format!("/api/v1/staff/{two}/merge"), &merge).await.expect_status(200);

    let paying = json!({"paid_on": "2015-04-01", "method": "cash"});
    ground.drafter.post(&format!("{own}/payments"), &paying).await.expect_problem(409, "paid-twice");
    let hold: Vec<_> = ground.drafter.all(&format!("{other}/entries")).await.iter().map(id_of).collect();
    let waiver = json!({"reason": "The second month was worked at another place."});
    ground.drafter.post(&format!("/api/v1/stipend-entries/{}/waiver", hold[0]), &waiver).await.expect_status(200);
    ground.drafter.post(&format!("{own}/payments"), &paying).await.expect_status(200);
}

#[tokio::test]
async fn what_another_area_is_paid_is_not_a_coordinators_to_know() {
    let ground = Ground::new().await;
    let away = ground.app.area("HOMS", None).await;
    let there = id_of(&ground.app.facility(&ground.drafter, "MPT-09", away).await);
    let irc = ground.contract("IRC-2015").await;
    let surgeon = ground.people("D", "doctor", 1, "USD", "500").await[0];
    ground.post(surgeon, "doctor", Some(irc.id), "2015-01-01").await;
    let moved = "UPDATE assignments SET facility_id = $1 WHERE staff_id = $2 AND contract_id = $3";
    ground.database.execute(moved, &[&there, &surgeon, &irc.id]).await.expect("a post elsewhere");
    let unpriced = ground.people("P", "pharmacist", 1, "", "").await[0];
    ground
        .database
        .execute("UPDATE assignments SET facility_id = $1 WHERE staff_id = $2", &[&there, &unpriced])
        .await
        .expect("a post");
    let (run, _) = (ground.draft("2015-03-01").await, ground.draft_of(&irc, "2015-03-01").await);

    let own = ground.app.coordinator(&[ground.area]).await;
    let seen = own.all(&format!("{run}/overlaps")).await;
    assert_eq!(seen.len(), 1);
    assert_eq!((&seen[0]["other_contract_code"], &seen[0]["amount"]), (&json!("IRC-2015"), &json!("500.00")));
    assert_eq!(
        (&seen[0]["other_amount"], &seen[0]["other_currency"], &seen[0]["other_entry_id"]),
        (&json!(null), &json!(null), &json!(null))
    );
    let all = ground.drafter.all(&format!("{run}/overlaps")).await;
    assert_eq!((&all[0]["other_amount"], &all[0]["other_entry_id"].is_string()), (&json!("500.00"), &true));
    // A post that no scale pays is one of the other area's.
    assert!(own.all(&format!("{run}/unpriced-posts")).await.is_empty());
    assert_eq!(ground.drafter.all(&format!("{run}/unpriced-posts")).await.len(), 1);
}

#[tokio::test]
async fn a_payment_counts_people_and_its_etag_follows_its_proofs() {
    let ground = Ground::new().await;
    ground.people("D", "doctor", 2, "USD", "500").await;
    let run = ground.approved("2015-03-01").await;
    ground.drafter.post(&format!("{run}/payments"), &json!({"paid_on": "2015-04-01", "method": "cash"})).await.expect_status(200);
    let payment = ground.drafter.all(&format!("{run}/payments")).await[0].clone();
    assert_eq!(payment["people"], 2);
    let path = format!("/api/v1/stipend-payments/{}", id_of(&payment));
    let before = ground.drafter.get(&path).await.expect_status(200).header("etag");
    let proof = json!({"attachment_ids": [ground.attachment("signature_sheet").await]});
    ground.drafter.post(&format!("{path}/proofs"), &proof).await.expect_status(200);
    assert_ne!(ground.drafter.get(&path).await.expect_status(200).header("etag"), before);
    // A coordinator reads the run and its history, but not what it has paid in all.
    let own = ground.app.coordinator(&[ground.area]).await;
    let told = own.get(&format!("{run}/history?limit=200")).await.expect_status(200).text();
    assert!(told.contains("stipend_runs") && !told.contains("stipend_payments"));
    assert!(ground.drafter.get(&format!("{run}/history?limit=200")).await.expect_status(200).text().contains("stipend_payments"));
}

//! Stories of stipends: a month drafted, approved, paid in two currencies, held, brought back, carried over and closed.

mod any_sequence;
mod doors;
mod ground;
mod kept;
mod refusals;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{client::faults, id_of};
use ground::{Ground, amount_of, sum};

#[tokio::test]
async fn a_month_is_drafted_approved_paid_by_an_agent_held_brought_back_and_carried_over() {
    let ground = Ground::new().await;
    let (drafter, approver) = (&ground.drafter, &ground.approver);
    // Thirty-one people: doctors and nurses in dollars, twenty of the service in pounds; one doctor came on the eleventh.
    let doctors = ground.people("D", "doctor", 5, "USD", "500").await;
    ground.people("N", "nurse", 6, "USD", "333.33").await;
    ground.people("S", "service", 20, "SYP", "40000").await;
    ground
        .database
        .execute("UPDATE assignments SET starts_on = '2015-03-11', share_percent = 70 WHERE staff_id = $1", &[&doctors[0]])
        .await
        .expect("a post");
    ground.rate("USD", "SYP", "251.5", "2015-03-30").await;

    let run = ground.draft("2015-03-01").await;
    let drafted = drafter.all(&format!("{run}/entries?sort=staff_code")).await;
    assert_eq!(drafted.len(), 31);
    // 500 × 70 % × 21 days of 31, half away from zero.
    assert_eq!(amount_of(&drafted[0], "amount"), "237.10");
    assert_eq!((&drafted[0]["days_served"], &drafted[0]["full_time_days"]), (&json!(21), &json!("14.70")));
    assert_eq!(drafted[0]["posts"][0]["monthly_amount"], "500");
    assert_eq!(amount_of(&drafted[1], "amount"), "500.00");

    drafter.post(&format!("{run}/approval"), &json!({})).await.expect_problem(409, "second-person-required");
    let approved = approver.post(&format!("{run}/approval"), &json!({})).await.expect_status(200).json();
    assert_eq!((&approved["status"], &approved["rates_on"]), (&json!("approved"), &json!("2015-03-31")));
    let due = drafter.all(&format!("{run}/entries")).await;
    // Independent of the database: dollars as they are, pounds one by one at the turned rate, rounded once each.
    let pounds = ground::half_up(&(ground::decimal("40000") * ground::decimal("0.0039761431411531")), 2);
    for entry in due.iter().filter(|entry| entry["currency"] == "SYP") {
        assert_eq!(ground::decimal(&amount_of(entry, "charged_amount")), pounds, "{entry}");
        assert_eq!(entry["rate"], "0.0039761431411531");
    }
    assert!(
        due.iter()
            .filter(|entry| entry["currency"] == "USD")
            .all(|entry| entry["amount"] == entry["charged_amount"] && entry["rate"].is_null())
    );
    let all = sum(&due, "charged_amount");
    assert_eq!(ground::decimal(&amount_of(&approved, "charged_amount")), all);
    assert_eq!(ground.committed(&run).await, all);

    // Eleven of the service cannot be reached; the rest is paid by an agent, with what proves it.
    let unreached: Vec<Value> =
        due.iter().filter(|entry| entry["cadre"] == "service").take(11).map(|entry| entry["id"].clone()).collect();
    let hold = json!({"entry_ids": unreached, "reason": "Could not be reached behind the line of siege."});
    approver.post(&format!("{run}/holds"), &hold).await.expect_status(200);
    let (agent, sheet) = (ground.agent().await, ground.attachment("signature_sheet").await);
    let dollars = sum(due.iter().filter(|entry| entry["currency"] == "USD"), "amount");
    let paying = json!({"paid_on": "2015-04-05", "method": "hawala", "organization_id": agent, "reference": "H-2015-0417",
        "totals": [{"currency": "USD", "amount": dollars.to_string()}, {"currency": "SYP", "amount": "360000"}], "attachment_ids": [sheet]});
    let paid = drafter.post(&format!("{run}/payments"), &paying).await.expect_status(200).json();
    assert_eq!(paid["status"], "paying");
    let payments = drafter.all(&format!("{run}/payments")).await;
    assert_eq!(payments.len(), 2, "one a currency");
    assert!(payments.iter().all(|payment| payment["attachment_ids"] == json!([sheet]) && payment["reference"] == "H-2015-0417"));
    ground.ties(&run).await;

    // The agent brings one back.
    let back = due.iter().find(|entry| entry["staff_code"] == "N-002").expect("a nurse");
    let returning =
        json!({"entry_ids": [back["id"]], "returned_on": "2015-04-20", "reason": "The agent could not find the person."});
    drafter.post(&format!("{run}/returns"), &returning).await.expect_status(200);
    let paid = ground.ties(&run).await;
    assert_eq!(paid, all.clone() - sum([back], "charged_amount") - pounds.clone() * ground::decimal("11"));

    // Not while something is open; then the twelve go over.
    let some = json!({"entry_ids": [unreached[0]]});
    approver.post(&format!("{run}/releases"), &some).await.expect_status(200);
    approver.post(&format!("{run}/closing"), &json!({})).await.expect_problem(409, "entries-open");
    let closed = approver.post(&format!("{run}/closing"), &json!({"carry_over": true})).await.expect_status(200).json();
    assert_eq!(closed["status"], "closed");
    assert_eq!(ground.committed(&run).await, ground::decimal("0"), "the rest of the money is free again");
    assert_eq!(ground.ties(&run).await, paid);
    assert_eq!(statuses(&drafter.all(&format!("{run}/entries")).await), [("carried", 12), ("paid", 19)]);

    // April takes them in, for their month.
    let april = ground.draft("2015-04-01").await;
    let entries = drafter.all(&format!("{april}/entries?carried_over=true")).await;
    assert_eq!(entries.len(), 12);
    assert!(entries.iter().all(|entry| entry["month"] == "2015-03-01"));
    assert_eq!(sum(&entries, "amount"), ground::decimal("440000") + ground::decimal("333.33"));
    assert_eq!(drafter.all(&format!("{april}/entries")).await.len(), 43);
    // A rate that was told later changes nothing that was frozen.
    ground.rate("USD", "SYP", "300", "2015-04-30").await;
    assert_eq!(ground.ties(&run).await, paid);
    approver.post(&format!("{april}/approval"), &json!({})).await.expect_status(200);
    drafter.post(&format!("{april}/payments"), &json!({"paid_on": "2015-05-02", "method": "cash"})).await.expect_status(200);
    drafter.post(&format!("{april}/closing"), &json!({})).await.expect_status(200);
    ground.ties(&april).await;
    assert_eq!(statuses(&drafter.all(&format!("{april}/entries")).await), [("paid", 43)]);
}

/// How many entries stand in which way, sorted.
fn statuses(entries: &[Value]) -> Vec<(&str, usize)> {
    let mut counted = std::collections::BTreeMap::new();
    for entry in entries {
        *counted.entry(entry["status"].as_str().expect("a word")).or_insert(0) += 1;
    }
    counted.into_iter().collect()
}

#[tokio::test]
async fn a_surgeon_who_is_paid_by_two_contracts_is_found_before_the_approval() {
    let ground = Ground::new().await;
    let surgeon = ground.people("D", "doctor", 2, "USD", "500").await[0];
    let other = ground.contract("IRC-2015").await;
    ground.post(surgeon, "doctor", Some(other.id), "2015-01-01").await;
    let ours = ground.draft("2015-03-01").await;
    let theirs = ground.draft_of(&other, "2015-03-01").await;
    let found = ground.drafter.all(&format!("{ours}/overlaps")).await;
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["staff_code"], &found[0]["other_contract_code"]), (&json!("D-001"), &json!("IRC-2015")));
    assert_eq!(
        (&found[0]["other_status"], &found[0]["paid_twice"], &found[0]["waived"]),
        (&json!("drafted"), &json!(true), &json!(false))
    );
    for run in [&ours, &theirs] {
        ground.approver.post(&format!("{run}/approval"), &json!({})).await.expect_problem(409, "paid-twice");
    }
    // With a waiver of one of the two both may pay.
    let entry = format!("/api/v1/stipend-entries/{}", found[0]["entry_id"].as_str().expect("an id"));
    let why = json!({"reason": "The two contracts share the cost of the surgeon."});
    assert_eq!(
        ground.drafter.post(&format!("{entry}/waiver"), &why).await.expect_status(200).json()["double_pay_waiver"],
        why["reason"]
    );
    for run in [&ours, &theirs] {
        ground.approver.post(&format!("{run}/approval"), &json!({})).await.expect_status(200);
    }
    assert_eq!(ground.drafter.all(&format!("{theirs}/overlaps")).await[0]["waived"], true);
    assert_eq!(ground.drafter.all(&format!("{entry}/history")).await.len(), 3);
}

#[tokio::test]
async fn a_person_with_several_posts_and_scales_gets_one_entry_that_is_rounded_once() {
    let ground = Ground::new().await;
    let person = ground.people("D", "doctor", 1, "USD", "500").await[0];
    // From the sixteenth on the scale is another; a second post in the same area began on the twentieth.
    ground.database.execute("UPDATE stipend_scales SET ends_on = '2015-03-15'", &[]).await.expect("a scale");
    ground.scale("doctor", "USD", "610.10", "2015-03-16").await;
    ground.scale("nurse", "USD", "100", "2015-01-01").await;
    ground.database.execute("UPDATE assignments SET share_percent = 60", &[]).await.expect("a share");
    ground.post_of(person, "nurse", Some(ground.contract.id), "2015-03-20", 40).await;
    let run = ground.draft("2015-03-01").await;
    let entries = ground.drafter.all(&format!("{run}/entries")).await;
    assert_eq!(entries.len(), 1);
    // (500 × 60 × 15 + 610.10 × 60 × 16 + 100 × 40 × 12) ÷ 3100
    assert_eq!(amount_of(&entries[0], "amount"), "349.58");
    let exact = entries[0]["posts"].as_array().expect("posts").iter().fold(ground::decimal("0"), |total, post| {
        let number = |field: &str| ground::decimal(&post[field].to_string());
        total + ground::decimal(&amount_of(post, "monthly_amount")) * number("share_percent") * number("days")
    });
    assert_eq!(ground::half_up(&(exact / ground::decimal("3100")), 2), ground::decimal("349.58"));
    assert_eq!((&entries[0]["days_served"], &entries[0]["cadre"]), (&json!(31), &json!("doctor")));
    // The post that has no scale, and scales of two currencies, give no entry and no approval.
    ground.post_of(person, "midwife", Some(ground.contract.id), "2015-03-31", 1).await;
    let other = ground.people("N", "nurse", 1, "", "").await[0];
    ground.scale("technician", "SYP", "1000", "2015-01-01").await;
    ground.post_of(other, "technician", Some(ground.contract.id), "2015-03-01", 1).await;
    ground.drafter.post(&format!("{run}/recompute"), &json!({})).await.expect_status(200);
    assert!(ground.drafter.all(&format!("{run}/entries")).await.is_empty());
    let told: Vec<_> = ground
        .drafter
        .all(&format!("{run}/unpriced-posts"))
        .await
        .iter()
        .map(|post| (post["staff_code"].clone(), post["cadre"].clone(), post["reason"].clone()))
        .collect();
    let told: Vec<_> = told
        .iter()
        .map(|(code, cadre, reason)| {
            (code.as_str().unwrap_or_default(), cadre.as_str().unwrap_or_default(), reason.as_str().unwrap_or_default())
        })
        .collect();
    assert!(
        told.contains(&("D-001", "midwife", "no_scale")) && told.contains(&("N-001", "technician", "several_currencies")),
        "{told:?}"
    );
    ground.approver.post(&format!("{run}/approval"), &json!({})).await.expect_problem(409, "unpriced-posts");
}

#[tokio::test]
async fn a_draft_follows_the_posts_until_it_is_approved() {
    let ground = Ground::new().await;
    let people = ground.people("D", "doctor", 3, "USD", "500").await;
    let run = ground.draft("2015-03-01").await;
    let why = json!({"reason": "Two partners share this one by agreement."});
    let first = ground.drafter.all(&format!("{run}/entries")).await;
    ground.drafter.post(&format!("/api/v1/stipend-entries/{}/waiver", id_of(&first[0])), &why).await.expect_status(200);
    ground
        .database
        .execute("UPDATE assignments SET ends_on = '2015-02-28' WHERE staff_id = $1", &[&people[1]])
        .await
        .expect("an end");
    ground
        .database
        .execute("UPDATE assignments SET share_percent = 50 WHERE staff_id = $1", &[&people[0]])
        .await
        .expect("a share");
    ground.people("E", "doctor", 1, "", "").await;
    ground.approver.post(&format!("{run}/recompute"), &json!({})).await.expect_status(200);
    let now = ground.drafter.all(&format!("{run}/entries")).await;
    let told: Vec<_> =
        now.iter().map(|entry| (entry["staff_code"].as_str().expect("a code"), amount_of(entry, "amount"))).collect();
    assert_eq!(told, [("D-001", "250.00".to_owned()), ("D-003", "500.00".to_owned()), ("E-001", "500.00".to_owned())]);
    assert_eq!(
        (id_of(&now[0]), &now[0]["double_pay_waiver"]),
        (id_of(&first[0]), &why["reason"]),
        "the same entry keeps what was said of it"
    );
    assert_eq!(now[1]["revision"], 1, "what has not changed is not written");
    // Whoever computed it last has drafted it.
    ground.approver.post(&format!("{run}/approval"), &json!({})).await.expect_problem(409, "second-person-required");
    ground.drafter.post(&format!("{run}/approval"), &json!({})).await.expect_status(200);
    ground.drafter.post(&format!("{run}/recompute"), &json!({})).await.expect_problem(409, "wrong-state");
}

#[tokio::test]
async fn what_was_carried_over_reaches_the_contract_that_renews_it_and_a_cancelled_run_gives_it_back() {
    let ground = Ground::new().await;
    ground.people("D", "doctor", 2, "USD", "500").await;
    let march = ground.draft("2015-03-01").await;
    ground.approver.post(&format!("{march}/approval"), &json!({})).await.expect_status(200);
    let renewal = ground.renewal("NORWAC-2016").await;
    let january = ground.draft_of(&renewal, "2016-01-01").await;
    assert!(ground.drafter.all(&format!("{january}/entries")).await.is_empty());
    // The draft that is there already takes them in at the closing.
    ground.drafter.post(&format!("{march}/closing"), &json!({"carry_over": true})).await.expect_status(200);
    assert_eq!(ground.drafter.all(&format!("{january}/entries?month=2015-03-01")).await.len(), 2);
    let cancel = json!({"reason": "Drafted for the wrong line of the budget."});
    ground.drafter.post(&format!("{january}/cancellation"), &cancel).await.expect_status(200);
    ground.drafter.delete(&january, "*").await.expect_status(200);
    let again = ground.draft_of(&renewal, "2016-01-01").await;
    assert_eq!(ground.drafter.all(&format!("{again}/entries?carried_over=true")).await.len(), 2);
    let other = ground.contract("IRC-2015").await;
    let theirs = ground.draft_of(&other, "2015-04-01").await;
    assert!(ground.drafter.all(&format!("{theirs}/entries")).await.is_empty(), "not another chain's");
}

#[tokio::test]
async fn people_sign_a_sheet_and_what_proves_a_payment_may_come_later() {
    let ground = Ground::new().await;
    ground.people("D", "doctor", 3, "USD", "500").await;
    let run = ground.draft("2015-03-01").await;
    ground.approver.post(&format!("{run}/approval"), &json!({})).await.expect_status(200);
    let lines = ground.drafter.all(&format!("{run}/signature-sheet?limit=2")).await;
    assert_eq!(
        lines.iter().map(|line| line["line"].as_str().expect("a line")).collect::<Vec<_>>(),
        ["MPT-01 D-001", "MPT-01 D-002", "MPT-01 D-003"]
    );
    let sheet = ground.drafter.get(&format!("{run}/signature-sheet?format=csv")).await.expect_status(200).text();
    assert!(sheet.contains("D-002,doctor,2015-03-01,USD,500.00,"), "{sheet}");
    let file = ground.drafter.get(&format!("{run}/signature-sheet?format=xlsx")).await.expect_status(200);
    assert!(file.header("content-type").contains("spreadsheetml"));
    ground.drafter.post(&format!("{run}/payments"), &json!({"paid_on": "2015-04-01", "method": "cash"})).await.expect_status(200);
    assert!(ground.drafter.all(&format!("{run}/signature-sheet")).await.is_empty());
    let payment = id_of(&ground.drafter.all(&format!("{run}/payments")).await[0]);
    assert_eq!(ground.drafter.all(&format!("{run}/signature-sheet?payment_id={payment}")).await.len(), 3);
    let (proof, waybill) = (ground.attachment("agent_acknowledgement").await, ground.attachment("waybill").await);
    let path = format!("/api/v1/stipend-payments/{payment}");
    for _ in 0..2 {
        let proved =
            ground.drafter.post(&format!("{path}/proofs"), &json!({"attachment_ids": [proof]})).await.expect_status(200).json();
        assert_eq!(proved["attachment_ids"], json!([proof]));
    }
    for (id, code) in [(waybill, "unfit-reference"), (Uuid::now_v7(), "unknown-reference")] {
        let refused = ground
            .drafter
            .post(&format!("{path}/proofs"), &json!({"attachment_ids": [id]}))
            .await
            .expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), [("/attachment_ids".to_owned(), code.to_owned())]);
    }
}

//! Every act is done once, by those who may, in its state; and what is sent is counted.

use serde_json::{Value, json};
use siraj::{
    auth::{Role, Scope},
    error::Code,
    requisitions::load_for_sending,
};
use uuid::Uuid;

use super::{Desk, PATH, WHY, act, told};
use crate::support::{client::faults, id_of};

#[tokio::test]
async fn every_act_is_done_once_and_only_in_its_state() {
    let desk = Desk::open().await;
    let id = desk.draft("REQ-001").await;
    let path = format!("{PATH}/{id}");
    let whole = desk.approval(id, &[100, 40]).await;
    let why = json!({"reason": WHY});
    for (name, body) in [("approval", &whole), ("rejection", &why), ("resubmission", &why)] {
        act(&desk.manager, id, name, body).await.expect_problem(409, "wrong-state");
    }
    act(&desk.clerk, id, "submission", &json!({})).await.expect_status(200);
    act(&desk.clerk, id, "submission", &json!({})).await.expect_problem(409, "wrong-state");
    desk.clerk.patch(&path, "*", &json!({"note": "One more."})).await.expect_problem(409, "wrong-state");
    desk.clerk.delete(&path, "*").await.expect_problem(409, "wrong-state");
    act(&desk.coordinator, id, "approval", &whole).await.expect_status(200);
    for (name, body) in [("approval", &whole), ("rejection", &why), ("submission", &why), ("resubmission", &why)] {
        act(&desk.manager, id, name, body).await.expect_problem(409, "wrong-state");
    }
    desk.clerk.patch(&path, "*", &json!({"note": "One more."})).await.expect_problem(409, "wrong-state");
    act(&desk.clerk, Uuid::now_v7(), "submission", &json!({})).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn whoever_asks_may_take_it_back_until_it_is_granted_and_then_the_approvers_while_nothing_was_sent() {
    let desk = Desk::open().await;
    let why = json!({"reason": "The same came with the convoy of last night."});
    let (draft, submitted) = (desk.draft("REQ-001").await, desk.submitted("REQ-002").await);
    for id in [draft, submitted] {
        let cancelled = act(&desk.clerk, id, "cancellation", &why).await.expect_status(200).json();
        assert_eq!((&cancelled["status"], &cancelled["reason"]), (&json!("cancelled"), &why["reason"]));
        act(&desk.clerk, id, "cancellation", &why).await.expect_problem(409, "wrong-state");
        desk.clerk.delete(&format!("{PATH}/{id}"), "*").await.expect_status(200);
        act(&desk.clerk, id, "submission", &json!({})).await.expect_problem(410, "record-deleted");
    }
    let approved = desk.approved("REQ-003", &[100, 0]).await;
    act(&desk.clerk, approved, "cancellation", &why).await.expect_problem(403, "forbidden");
    let problem = act(&desk.coordinator, approved, "cancellation", &json!({})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), told(&[("/reason", "required")]));
    desk.moved(approved, &[(desk.ketamine, 1, 0)]).await.expect("sent");
    act(&desk.coordinator, approved, "cancellation", &why).await.expect_problem(409, "wrong-state");
    desk.moved(approved, &[(desk.ketamine, -1, 0)]).await.expect("undone");
    act(&desk.coordinator, approved, "cancellation", &why).await.expect_status(200);
    assert_eq!(desk.moved(approved, &[(desk.ketamine, 1, 0)]).await, Err(Code::WrongState));
}

#[tokio::test]
async fn a_requisition_is_seen_and_touched_within_ones_scope_and_role() {
    let desk = Desk::open().await;
    let id = desk.submitted("REQ-001").await;
    let path = format!("{PATH}/{id}");
    let elsewhere = desk.app.area("HAMA", None).await;
    let other = id_of(&desk.app.facility(&desk.manager, "HOS-02", elsewhere).await);
    let why = json!({"reason": WHY});
    let strangers = [desk.app.clerk(other).await, desk.app.coordinator(&[elsewhere]).await];
    for stranger in &strangers {
        assert!(stranger.all(PATH).await.is_empty());
        stranger.get(&path).await.expect_problem(404, "not-found");
        stranger.patch(&path, "*", &json!({"note": "Mine."})).await.expect_problem(404, "not-found");
        stranger.delete(&path, "*").await.expect_problem(404, "not-found");
        for name in ["submission", "resubmission", "cancellation"] {
            act(stranger, id, name, &why).await.expect_problem(404, "not-found");
        }
    }
    act(&strangers[1], id, "approval", &desk.approval(id, &[100, 40]).await).await.expect_problem(404, "not-found");
    act(&strangers[1], id, "rejection", &why).await.expect_problem(404, "not-found");
    strangers[1].get(&format!("{path}/history")).await.expect_problem(404, "not-found");
    // A draft is not carried over to where its writer could not see it.
    let draft = desk.draft("REQ-002").await;
    let problem = desk
        .clerk
        .patch(&format!("{PATH}/{draft}"), "*", &json!({"facility_id": other}))
        .await
        .expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), told(&[("/facility_id", "unknown-reference")]));
    for reader in [&desk.clerk, &desk.coordinator, &desk.manager, &desk.app.user(Role::Auditor).await] {
        assert_eq!(reader.all(PATH).await.len(), 2);
        reader.get(&path).await.expect_status(200);
    }
    let irc = json!({"code": "IRC", "name": "IRC", "roles": ["partner"]});
    let irc = id_of(&desk.manager.post("/api/v1/organizations", &irc).await.expect_status(201).json());
    for closed in [desk.app.user(Role::Admin).await, desk.app.partner(irc).await] {
        closed.get(PATH).await.expect_problem(403, "forbidden");
        closed.get(&path).await.expect_problem(403, "forbidden");
        closed.post(PATH, &desk.body("REQ-003")).await.expect_problem(403, "forbidden");
    }
    let auditor = desk.app.user(Role::Auditor).await;
    for name in ["submission", "approval", "rejection", "cancellation"] {
        act(&auditor, id, name, &why).await.expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn the_same_requisition_and_the_same_act_sent_again_are_done_once() {
    let desk = Desk::open().await;
    let id = Uuid::now_v7();
    let mut body = desk.body("REQ-001");
    body["id"] = json!(id);
    desk.clerk.post(PATH, &body).await.expect_status(201);
    let again = desk.clerk.post(PATH, &body).await.expect_status(200);
    assert_eq!(again.header("idempotent-replayed"), "true");
    body["lines"][0]["requested_quantity"] = json!(101);
    desk.clerk.post(PATH, &body).await.expect_problem(409, "record-conflict");
    let problem = desk.clerk.post(PATH, &desk.body("REQ-001")).await.expect_problem(409, "duplicate");
    assert_eq!(faults(&problem), told(&[("/code", "duplicate")]));
    let key = [("idempotency-key", "submit-1")];
    let path = format!("{PATH}/{id}/submission");
    let first = desk.clerk.post_with(&path, &key, &json!({})).await.expect_status(200);
    let second = desk.clerk.post_with(&path, &key, &json!({})).await.expect_status(200);
    assert_eq!((first.body, second.header("idempotent-replayed")), (second.body.clone(), "true".to_owned()));
    let whole = desk.approval(id, &[100, 40]).await;
    let path = format!("{PATH}/{id}/approval");
    for _ in 0..2 {
        desk.coordinator.post_with(&path, &[("idempotency-key", "approve-1")], &whole).await.expect_status(200);
    }
    assert_eq!(desk.find(id).await["revision"], 3);
}

#[tokio::test]
async fn of_two_who_decide_at_once_one_wins_and_the_other_is_told() {
    let desk = Desk::open().await;
    for round in 0..6 {
        let id = desk.submitted(&format!("REQ-{round:03}")).await;
        let (whole, part) = (desk.approval(id, &[100, 40]).await, desk.approval(id, &[60, 40]).await);
        let why = json!({"reason": WHY});
        let (one, two, three) = tokio::join!(
            act(&desk.coordinator, id, "approval", &whole),
            act(&desk.manager, id, "approval", &part),
            act(&desk.manager, id, "rejection", &why)
        );
        let mut statuses = [one.status.as_u16(), two.status.as_u16(), three.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409]);
        let there = desk.find(id).await;
        let granted = &there["lines"][0]["approved_quantity"];
        let expected = match there["status"].as_str().expect("a status") {
            "approved" => json!(100),
            "partly_approved" => json!(60),
            _ => Value::Null,
        };
        assert_eq!(*granted, expected, "the status and its lines are of one mind");
    }
}

#[tokio::test]
async fn what_is_sent_and_comes_is_counted_by_item_and_never_below_nothing() {
    let desk = Desk::open().await;
    let id = desk.approved("REQ-001", &[100, 40]).await;
    // What it does not ask for is no matter of its own; what is told twice of one item is added.
    desk.moved(id, &[(Uuid::now_v7(), 7, 7), (desk.ketamine, 30, 0), (desk.ketamine, 20, 10)]).await.expect("counted");
    let stands = ("in_fulfilment".to_owned(), vec![(50, 10), (0, 0)]);
    assert_eq!(desk.stands(id).await, stands);
    for less in [(desk.ketamine, -51, 0), (desk.ketamine, 0, -11), (desk.gauze, 1_000_000_000_001, 0)] {
        assert_eq!(desk.moved(id, &[less]).await, Err(Code::ValidationFailed), "{less:?}");
    }
    assert_eq!(desk.stands(id).await, stands);
    for refused in [desk.draft("REQ-002").await, desk.submitted("REQ-003").await] {
        assert_eq!(desk.moved(refused, &[(desk.ketamine, 1, 0)]).await, Err(Code::WrongState));
    }
    assert_eq!(desk.moved(Uuid::now_v7(), &[]).await, Err(Code::NotFound));
    // Many at once on one requisition: nothing is lost.
    let sent = futures_util::future::join_all(
        (0..8).map(|_| async { desk.moved(id, &[(desk.gauze, 5, 5), (desk.ketamine, 5, 10)]).await }),
    );
    assert!(sent.await.iter().all(Result::is_ok));
    assert_eq!(desk.stands(id).await, ("in_fulfilment".to_owned(), vec![(90, 90), (40, 40)]));
    desk.moved(id, &[(desk.ketamine, 0, 10)]).await.expect("counted");
    assert_eq!(desk.stands(id).await.0, "fulfilled");
}

#[tokio::test]
async fn goods_are_sent_for_what_was_granted_and_is_not_yet_fulfilled() {
    let desk = Desk::open().await;
    let load = async |scope: &Scope, id: Uuid| {
        let found = desk.db().write(async |conn| load_for_sending(conn, scope, id).await).await;
        found.map(|requisition| requisition.lines.len()).map_err(|error| error.code)
    };
    let everything = Scope::Everything;
    let id = desk.submitted("REQ-001").await;
    assert_eq!(load(&everything, id).await, Err(Code::WrongState));
    act(&desk.coordinator, id, "approval", &desk.approval(id, &[100, 0]).await).await.expect_status(200);
    assert_eq!(load(&everything, id).await, Ok(2));
    assert_eq!(load(&Scope::Facility(desk.facility), id).await, Ok(2));
    assert_eq!(load(&Scope::Facility(Uuid::now_v7()), id).await, Err(Code::NotFound));
    desk.moved(id, &[(desk.ketamine, 100, 0)]).await.expect("sent");
    assert_eq!(load(&everything, id).await, Ok(2));
    desk.moved(id, &[(desk.ketamine, 0, 100)]).await.expect("received");
    assert_eq!(load(&everything, id).await, Err(Code::WrongState));
}

#[tokio::test]
async fn requisitions_are_found_by_what_they_are_and_sorted_by_code_day_and_record() {
    let desk = Desk::open().await;
    for (code, day, emergency, item) in [
        ("REQ-003", "2015-01-10", false, desk.ketamine),
        ("REQ-001", "2015-02-10", true, desk.gauze),
        ("REQ-002", "2015-01-20", false, desk.gauze),
    ] {
        let mut body = json!({"code": code, "facility_id": desk.facility, "requested_on": day, "emergency": emergency,
            "lines": [{"item_id": item, "requested_quantity": 1}]});
        if emergency {
            body["emergency_reason"] = json!("Two operations a day since the weekend.");
            body["note"] = json!("للعمليات فقط");
        }
        desk.clerk.post(PATH, &body).await.expect_status(201);
    }
    let codes = async |query: &str| {
        let found = desk.manager.all(&format!("{PATH}?{query}")).await;
        found.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes("limit=1").await, ["REQ-001", "REQ-002", "REQ-003"]);
    assert_eq!(codes("sort=requested_on&limit=1").await, ["REQ-003", "REQ-002", "REQ-001"]);
    assert_eq!(codes("sort=-recorded_at&limit=2").await, ["REQ-002", "REQ-001", "REQ-003"]);
    assert_eq!(codes("emergency=true").await, ["REQ-001"]);
    assert_eq!(codes(&format!("item_id={}", desk.gauze)).await, ["REQ-001", "REQ-002"]);
    assert_eq!(codes(&format!("facility_id={}", Uuid::now_v7())).await, Vec::<String>::new());
    assert_eq!(codes("status=draft&emergency=false").await, ["REQ-002", "REQ-003"]);
    assert_eq!(codes("q=%D9%84%D9%84%D8%B9%D9%85%D9%84%D9%8A%D8%A7%D8%AA").await, ["REQ-001"]);
    assert_eq!(codes("status=cancelled").await, Vec::<String>::new());
    desk.manager.get(&format!("{PATH}?status=lost")).await.expect_problem(422, "validation-failed");
}

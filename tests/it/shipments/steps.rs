//! Stories of the steps of a shipment's life.

use chrono::{Days, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{SHIPMENTS, SUPPLIER, fate, pairs, place, receipt};
use crate::support::{client::faults, id_of};

/// Every act with a body that would do.
fn acts(lot: Uuid) -> Vec<(&'static str, Value)> {
    let reason = "The road is closed for good.";
    vec![
        ("packing", json!({"packed_on": "2014-05-20"})),
        ("unpacking", json!({"reason": reason})),
        ("dispatch", json!({"dispatched_on": "2014-05-21"})),
        ("cancellation", json!({"reason": reason})),
        ("receipts", receipt("2014-05-27", &[(lot, 1, 0)])),
        ("discrepancies", json!({"lot_id": lot, "cause": "seized", "quantity": 1, "occurred_on": "2014-05-27"})),
        ("loss", json!({"lost_on": "2014-05-27", "cause": "looted", "reason": reason})),
        ("seizure", json!({"seized_on": "2014-05-27", "reason": reason})),
        ("return", json!({"returned_on": "2014-05-27", "reason": reason})),
        ("closing", json!({"closed_on": "2014-05-28"})),
    ]
}

#[tokio::test]
async fn a_shipment_takes_each_step_once_and_never_goes_back() {
    let place = place().await;
    let manager = &place.manager;
    let refused = async |path: &str, but: &[&str]| {
        for (act, body) in acts(place.litres).iter().filter(|(act, _)| !but.contains(act)) {
            manager.post(&format!("{path}/{act}"), body).await.expect_problem(409, "wrong-state");
        }
    };
    let (path, _) = place.draft("SHP-01").await;
    refused(&path, &["packing", "cancellation"]).await;
    place.act(&path, "packing", &json!({"packed_on": "2014-05-20"})).await.expect_status(200);
    refused(&path, &["unpacking", "dispatch", "cancellation"]).await;
    manager.patch(&path, "*", &json!({"note": "Later"})).await.expect_problem(409, "wrong-state");
    place.act(&path, "dispatch", &json!({"dispatched_on": "2014-05-21"})).await.expect_status(200);
    refused(&path, &["receipts", "discrepancies", "loss", "seizure", "return", "closing"]).await;
    manager.patch(&path, "*", &json!({"note": "Later"})).await.expect_problem(409, "wrong-state");
    manager.delete(&path, "*").await.expect_problem(409, "wrong-state");
    place.act(&path, "closing", &json!({"closed_on": "2014-05-28"})).await.expect_problem(409, "outstanding");
    let all = receipt("2014-05-27", &[(place.first, 400, 0), (place.later, 200, 0), (place.litres, 2000, 0)]);
    place.act(&path, "receipts", &all).await.expect_status(201);
    refused(&path, &["receipts", "discrepancies", "closing"]).await;
    // Nothing is outstanding: there is nothing left that could differ.
    let differ = json!({"lot_id": place.litres, "cause": "seized", "quantity": 1, "occurred_on": "2014-05-27"});
    let problem = place.act(&path, "discrepancies", &differ).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/quantity", "out-of-range")]));
    place.act(&path, "closing", &json!({"closed_on": "2014-05-28"})).await.expect_status(200);
    refused(&path, &[]).await;
    assert_eq!(place.read(&path).await["status"], "closed");
    place.holds_true().await;
}

#[tokio::test]
async fn what_was_packed_goes_back_to_the_shelf_when_it_is_unpacked_or_cancelled() {
    let place = place().await;
    let (path, _) = place.packed("SHP-01").await;
    assert_eq!(place.lies(place.warehouse, place.first).await, (400, 400));
    let reason = json!({"reason": "The boxes are too large for the cars."});
    let draft = place.act(&path, "unpacking", &reason).await.expect_status(200).json();
    assert_eq!((&draft["status"], &draft["packed_on"], &draft["contents"]), (&json!("draft"), &Value::Null, &json!([])));
    assert_eq!(draft["note"], "The boxes are too large for the cars.");
    assert_eq!(place.lies(place.warehouse, place.first).await, (400, 0));
    place.act(&path, "packing", &json!({"packed_on": "2014-05-22"})).await.expect_status(200);
    let problem = place.act(&path, "cancellation", &json!({"reason": "no"})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/reason", "too-short")]));
    let cancelled = place.act(&path, "cancellation", &reason).await.expect_status(200).json();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(place.lies(place.warehouse, place.first).await, (400, 0));
    place.manager.delete(&path, "*").await.expect_status(200);
    place.holds_true().await;
}

#[tokio::test]
async fn what_is_set_aside_is_free_for_nobody_and_what_is_missing_is_said() {
    let place = place().await;
    place.packed("SHP-01").await;
    // 600 of 1,000 are set aside; another shipment of 600 finds 400.
    let (path, _) = place.draft("SHP-02").await;
    let pack = |with_shortfall: bool| json!({"packed_on": "2014-05-20", "with_shortfall": with_shortfall});
    let problem = place.act(&path, "packing", &pack(false)).await.expect_problem(409, "insufficient-stock");
    assert_eq!(faults(&problem), pairs(&[("/lines/0", "insufficient-stock")]));
    assert_eq!(place.read(&path).await["status"], "draft", "nothing half-packed");
    let packed = place.act(&path, "packing", &pack(true)).await.expect_status(200).json();
    assert_eq!((&packed["lines"][0]["shortfall"], &packed["lines"][1]["shortfall"]), (&json!(200), &json!(0)));
    let (empty, _) = place.draft("SHP-03").await;
    place.manager.patch(&empty, "*", &json!({"lines": [{"item_id": place.medicine, "quantity": 1}]})).await.expect_status(200);
    place.act(&empty, "packing", &pack(true)).await.expect_problem(409, "insufficient-stock");
    // Nor does any other act take it.
    let used = "00000000-0000-7000-8000-000000000104";
    let issue = json!({"from_id": place.warehouse, "to_id": used, "occurred_on": "2014-05-21", "lines": [{"lot_id": place.first, "quantity": 1}]});
    place.manager.post("/api/v1/stock-documents", &issue).await.expect_problem(409, "stock-reserved");
    let query = format!(
        "/api/v1/stock-locations/{}/allocation?item_id={}&quantity=5&used_on=2014-05-21",
        place.warehouse, place.medicine
    );
    let told = place.read(&query).await;
    assert_eq!((&told["lines"], &told["shortfall"]), (&json!([]), &json!(5)));
    place.holds_true().await;
}

#[tokio::test]
async fn a_line_that_names_a_lot_gets_that_lot_and_what_must_not_be_used_is_not_packed() {
    let place = place().await;
    let named = async |code: &str, lot: Uuid, quantity: i64| {
        let mut body = place.body(code);
        body["lines"] = json!([{"item_id": place.medicine, "lot_id": lot, "quantity": quantity}]);
        format!("{SHIPMENTS}/{}", id_of(&place.manager.post(SHIPMENTS, &body).await.expect_status(201).json()))
    };
    let pack = |day: &str| json!({"packed_on": day});
    let path = named("SHP-01", place.later, 500).await;
    let packed = place.act(&path, "packing", &pack("2014-05-20")).await.expect_status(200).json();
    assert_eq!(fate(&packed, place.later)[0], 500);
    let path = named("SHP-02", place.first, 10).await;
    place.act(&path, "packing", &pack("2015-06-29")).await.expect_problem(409, "lot-expired");
    let lot = format!("/api/v1/lots/{}", place.first);
    let why = json!({"reason": "The maker reports splinters."});
    place.manager.post(&format!("{lot}/holds"), &why).await.expect_status(200);
    place.act(&path, "packing", &pack("2014-05-20")).await.expect_problem(409, "lot-blocked");
    place.manager.post(&format!("{lot}/releases"), &why).await.expect_status(200);
    place.act(&path, "packing", &pack("2014-05-20")).await.expect_status(200);
    // Recalled in its boxes, it does not leave; expired in them, neither.
    let old = named("SHP-03", place.first, 10).await;
    place.act(&old, "packing", &pack("2015-06-28")).await.expect_status(200);
    place.act(&old, "dispatch", &json!({"dispatched_on": "2015-06-29"})).await.expect_problem(409, "lot-expired");
    place.manager.post(&format!("{lot}/recalls"), &why).await.expect_status(200);
    place.act(&path, "dispatch", &json!({"dispatched_on": "2014-05-21"})).await.expect_problem(409, "lot-recalled");
    let other = named("SHP-04", place.first, 10).await;
    place.act(&other, "packing", &pack("2014-05-20")).await.expect_problem(409, "lot-recalled");
    // Whichever expire first: the recalled lot is passed over.
    let (any, _) = place.draft("SHP-05").await;
    place.manager.patch(&any, "*", &json!({"lines": [{"item_id": place.medicine, "quantity": 100}]})).await.expect_status(200);
    let packed = place.act(&any, "packing", &pack("2014-05-20")).await.expect_status(200).json();
    assert_eq!((packed["contents"].as_array().unwrap().len(), fate(&packed, place.later)[0]), (1, 100));
    place.holds_true().await;
}

#[tokio::test]
async fn a_late_dispatch_that_would_empty_a_later_day_is_refused() {
    let place = place().await;
    let used = "00000000-0000-7000-8000-000000000104";
    let issue = json!({"from_id": place.warehouse, "to_id": used, "occurred_on": "2014-06-10", "lines": [{"lot_id": place.litres, "quantity": 4000}]});
    place.manager.post("/api/v1/stock-documents", &issue).await.expect_status(201);
    let later = json!({"from_id": SUPPLIER, "to_id": place.warehouse, "occurred_on": "2014-06-20", "lines": [{"lot_id": place.litres, "quantity": 1500}]});
    place.manager.post("/api/v1/stock-documents", &later).await.expect_status(201);
    // 2,500 lie there now; but on the tenth of June there would have been less than nothing.
    let (path, _) = place.packed("SHP-01").await;
    place.act(&path, "dispatch", &json!({"dispatched_on": "2014-06-01"})).await.expect_problem(409, "later-insufficient-stock");
    assert_eq!(place.read(&path).await["status"], "packed");
    place.act(&path, "dispatch", &json!({"dispatched_on": "2014-06-20"})).await.expect_status(200);
    place.holds_true().await;
}

#[tokio::test]
async fn what_is_on_the_road_is_moved_by_its_shipment_alone() {
    let place = place().await;
    let (path, sent) = place.dispatched("SHP-01").await;
    let line = json!([{"lot_id": place.litres, "quantity": 1}]);
    let taken = json!({"from_id": sent["transit_id"], "to_id": place.store, "occurred_on": "2014-05-22", "lines": line});
    place.manager.post("/api/v1/stock-documents", &taken).await.expect_problem(422, "validation-failed");
    let left = place.manager.all(&format!("/api/v1/stock-documents?act_id={}", sent["id"].as_str().unwrap())).await;
    let reversal = format!("/api/v1/stock-documents/{}/reversal", id_of(&left[0]));
    place.manager.post(&reversal, &json!({"reason": "It did not leave at all."})).await.expect_problem(409, "wrong-state");
    // Not even the service itself could write it.
    let service = place.app.database.service().await;
    for statement in [
        "UPDATE shipment_contents SET accepted = accepted + 1",
        "UPDATE shipment_contents SET quantity = quantity + 1",
        "UPDATE shipments SET status = 'received', received_on = '2014-05-27'",
        "UPDATE shipment_receipt_lines SET accepted = 1",
        "DELETE FROM shipment_contents",
    ] {
        assert!(service.execute(statement, &[]).await.is_err(), "{statement}");
    }
    assert_eq!(place.read(&path).await, sent);
}

#[tokio::test]
async fn the_days_of_a_shipment_lie_in_order_and_not_in_the_future() {
    let place = place().await;
    let ahead = (Utc::now().date_naive() + Days::new(2)).to_string();
    let told = async |path: &str, act: &str, body: Value, pointer: &str, code: &str| {
        let problem = place.act(path, act, &body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), pairs(&[(pointer, code)]), "{act}");
    };
    let (path, _) = place.draft("SHP-01").await;
    for (day, code) in [(ahead.as_str(), "date-in-future"), ("2010-12-31", "date-out-of-range"), ("2014-02-30", "invalid-date")] {
        told(&path, "packing", json!({"packed_on": day}), "/packed_on", code).await;
    }
    place.act(&path, "packing", &json!({"packed_on": "2014-05-20"})).await.expect_status(200);
    for (day, code) in [(ahead.as_str(), "date-in-future"), ("2014-05-19", "date-order")] {
        told(&path, "dispatch", json!({"dispatched_on": day}), "/dispatched_on", code).await;
    }
    place.act(&path, "dispatch", &json!({"dispatched_on": "2014-05-21"})).await.expect_status(200);
    let reason = "The road is closed for good.";
    for (day, code) in [(ahead.as_str(), "date-in-future"), ("2014-05-20", "date-order")] {
        told(&path, "receipts", receipt(day, &[(place.litres, 1, 0)]), "/received_on", code).await;
        told(&path, "loss", json!({"lost_on": day, "cause": "looted", "reason": reason}), "/lost_on", code).await;
        told(&path, "seizure", json!({"seized_on": day, "reason": reason}), "/seized_on", code).await;
        told(&path, "return", json!({"returned_on": day, "reason": reason}), "/returned_on", code).await;
        told(&path, "closing", json!({"closed_on": day}), "/closed_on", code).await;
        let differ = json!({"lot_id": place.litres, "cause": "seized", "quantity": 1, "occurred_on": day});
        told(&path, "discrepancies", differ, "/occurred_on", code).await;
    }
    place.act(&path, "receipts", &receipt("2014-05-21", &[(place.litres, 1, 0)])).await.expect_status(201);
}

#[tokio::test]
async fn what_is_lost_seized_or_comes_back_leaves_the_road_for_good() {
    let place = place().await;
    let reason = "Held back and not given free.";
    place.stock(place.warehouse, &[(place.first, 800), (place.later, 800), (place.litres, 4000)]).await;
    let lost = |status: &str| json!({"status": status});
    for (code, act, body, status) in [
        ("SHP-01", "loss", json!({"lost_on": "2014-05-27", "cause": "lost_in_transit", "reason": reason}), "lost"),
        ("SHP-02", "seizure", json!({"seized_on": "2014-05-27", "reason": reason}), "seized"),
    ] {
        let (path, sent) = place.dispatched(code).await;
        place.act(&path, "receipts", &receipt("2014-05-25", &[(place.litres, 1500, 0)])).await.expect_status(201);
        let gone = place.act(&path, act, &body).await.expect_status(200).json();
        assert_eq!((&json!({"status": gone["status"]}), &gone["closed_on"]), (&lost(status), &json!("2014-05-27")));
        assert_eq!(fate(&gone, place.litres), [2000, 1500, 0, 500, 0, 0]);
        let found = place.manager.all(&format!("/api/v1/shipment-discrepancies?shipment_id={}", id_of(&sent))).await;
        assert_eq!(found.iter().map(|one| one["quantity"].as_i64().unwrap()).sum::<i64>(), 500 + 600);
        assert!(found.iter().all(|one| one["status"] == "open" && one["on_the_road"] == json!(false)));
    }
    let (path, _) = place.dispatched("SHP-03").await;
    let to_nowhere = json!({"returned_on": "2014-05-27", "to_id": SUPPLIER, "reason": reason});
    let problem = place.act(&path, "return", &to_nowhere).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/to_id", "wrong-places")]));
    let before = place.lies(place.warehouse, place.litres).await;
    let back =
        place.act(&path, "return", &json!({"returned_on": "2014-05-27", "reason": reason})).await.expect_status(200).json();
    assert_eq!((&back["status"], fate(&back, place.litres)), (&json!("returned"), [2000, 0, 0, 0, 2000, 0]));
    assert_eq!(place.lies(place.warehouse, place.litres).await.0, before.0 + 2000);
    place.holds_true().await;
}

#[tokio::test]
async fn two_dispatches_at_once_are_one() {
    let place = place().await;
    place.stock(place.warehouse, &[(place.first, 5000), (place.litres, 50_000)]).await;
    let colleague = place.app.coordinator(&[place.area]).await;
    for number in 0..5 {
        let (path, _) = place.packed(&format!("SHP-{number:02}")).await;
        let dispatch = format!("{path}/dispatch");
        let (first, second) = (json!({"dispatched_on": "2014-05-21"}), json!({"dispatched_on": "2014-05-22"}));
        let (one, two) = tokio::join!(place.manager.post(&dispatch, &first), colleague.post(&dispatch, &second));
        let (won, lost) = if one.status == 200 { (one, two) } else { (two, one) };
        lost.expect_problem(409, "wrong-state");
        assert_eq!(place.read(&path).await, won.expect_status(200).json());
    }
    place.holds_true().await;
}

#[tokio::test]
async fn two_who_pack_the_same_lots_at_once_share_what_is_there() {
    let place = place().await;
    for number in 0..4 {
        let (one, _) = place.draft(&format!("SHP-A{number}")).await;
        let (two, _) = place.draft(&format!("SHP-B{number}")).await;
        let pack = json!({"packed_on": "2014-05-20", "with_shortfall": true});
        let (first, second) = tokio::join!(place.act(&one, "packing", &pack), place.act(&two, "packing", &pack));
        let (first, second) = (first.expect_status(200).json(), second.expect_status(200).json());
        let packed = |shipment: &Value| 600 - shipment["lines"][0]["shortfall"].as_i64().unwrap();
        assert_eq!(packed(&first) + packed(&second), 1000, "all there is, and no more");
        for path in [one, two] {
            place.act(&path, "cancellation", &json!({"reason": "It was only a trial."})).await.expect_status(200);
        }
    }
    place.holds_true().await;
}

//! Stories of the steps of a shipment's life.

use chrono::{Days, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{pairs, place, receipt};
use crate::support::client::faults;

#[tokio::test]
async fn a_shipment_takes_each_step_once_and_never_goes_back() {
    let place = place().await;
    let manager = &place.manager;
    let (dispatch, cancel) = (json!({"dispatched_on": "2014-05-21"}), json!({"reason": "The supplier could not deliver."}));
    let refused = async |path: &str, made: &Value, steps: &[&str]| {
        for step in steps {
            let body = match *step {
                "dispatch" => dispatch.clone(),
                "cancellation" => cancel.clone(),
                _ => receipt(made, &[(600, 0), (2000, 0)]),
            };
            manager.post(&format!("{path}/{step}"), &body).await.expect_problem(409, "wrong-state");
        }
    };
    let all = ["dispatch", "cancellation", "receipts"];
    let (path, made) = place.draft("SHP-01").await;
    refused(&path, &made, &["receipts"]).await;
    manager.post(&format!("{path}/dispatch"), &dispatch).await.expect_status(200);
    refused(&path, &made, &["dispatch", "cancellation"]).await;
    manager.patch(&path, "*", &json!({"note": "Later"})).await.expect_problem(409, "wrong-state");
    manager.delete(&path, "*").await.expect_problem(409, "wrong-state");
    manager.post(&format!("{path}/receipts"), &receipt(&made, &[(600, 0), (2000, 0)])).await.expect_status(200);
    refused(&path, &made, &all).await;
    manager.patch(&path, "*", &json!({"note": "Later"})).await.expect_problem(409, "wrong-state");
    manager.delete(&path, "*").await.expect_problem(409, "wrong-state");
    assert_eq!(manager.get(&path).await.header("etag"), "\"3\"");

    let (path, made) = place.draft("SHP-02").await;
    manager.patch(&path, "*", &json!({"note": "Two pallets."})).await.expect_status(200);
    let problem =
        manager.post(&format!("{path}/cancellation"), &json!({"reason": "no"})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/reason", "too-short")]));
    let cancelled = manager.post(&format!("{path}/cancellation"), &cancel).await.expect_status(200).json();
    assert_eq!(
        (&cancelled["status"], &cancelled["note"]),
        (&json!("cancelled"), &json!("Two pallets.\nThe supplier could not deliver."))
    );
    refused(&path, &made, &all).await;
    manager.delete(&path, "*").await.expect_status(200);
}

#[tokio::test]
async fn the_days_of_a_shipment_lie_in_order_and_not_in_the_future() {
    let place = place().await;
    let manager = &place.manager;
    let ahead = (Utc::now().date_naive() + Days::new(2)).to_string();
    let (path, made) = place.draft("SHP-01").await;
    let dispatch = format!("{path}/dispatch");
    for (day, code) in [(ahead.as_str(), "date-in-future"), ("2010-12-31", "date-out-of-range"), ("2014-02-30", "invalid-date")] {
        let problem = manager.post(&dispatch, &json!({"dispatched_on": day})).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), pairs(&[("/dispatched_on", code)]));
    }
    manager.post(&dispatch, &json!({"dispatched_on": "2014-05-21"})).await.expect_status(200);
    for (day, code) in [(ahead.as_str(), "date-in-future"), ("2014-05-20", "date-order")] {
        let mut body = receipt(&made, &[(600, 0), (2000, 0)]);
        body["received_on"] = json!(day);
        let problem = manager.post(&format!("{path}/receipts"), &body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), pairs(&[("/received_on", code)]));
    }
    let mut same_day = receipt(&made, &[(600, 0), (2000, 0)]);
    same_day["received_on"] = json!("2014-05-21");
    manager.post(&format!("{path}/receipts"), &same_day).await.expect_status(200);
}

#[tokio::test]
async fn a_receipt_names_every_line_once_and_no_more_than_was_sent() {
    let place = place().await;
    let (path, made) = place.dispatched("SHP-01").await;
    let (_, foreign) = place.dispatched("SHP-02").await;
    let told = async |body: &Value| {
        faults(&place.manager.post(&format!("{path}/receipts"), body).await.expect_problem(422, "validation-failed"))
    };
    assert_eq!(told(&receipt(&made, &[(600, 0)])).await, pairs(&[("/lines", "required")]));
    assert_eq!(told(&receipt(&made, &[])).await, pairs(&[("/lines", "required")]));
    let mut twice = receipt(&made, &[(600, 0), (2000, 0)]);
    twice["lines"][1]["line_id"] = twice["lines"][0]["line_id"].clone();
    twice["lines"][1]["accepted_quantity"] = json!(0);
    assert_eq!(told(&twice).await, pairs(&[("/lines", "required"), ("/lines/1/line_id", "repeated")]));
    let mut strange = receipt(&made, &[(600, 0), (2000, 0), (1, 0)]);
    strange["lines"][1]["line_id"] = foreign["lines"][1]["id"].clone();
    let missing = told(&strange).await;
    assert_eq!(missing, pairs(&[("/lines", "required"), ("/lines/1/line_id", "unknown-reference")]));
    strange["lines"][1]["line_id"] = json!(Uuid::now_v7());
    assert_eq!(told(&strange).await, missing, "a line of another shipment is as unknown as one that is nowhere");
    assert_eq!(
        told(&receipt(&made, &[(601, 0), (1990, 11)])).await,
        pairs(&[("/lines/0/accepted_quantity", "out-of-range"), ("/lines/1/rejected_quantity", "out-of-range")])
    );
    let most = i64::MAX;
    assert_eq!(
        told(&receipt(&made, &[(-1, 0), (most, most)])).await,
        pairs(&[("/lines/0/accepted_quantity", "out-of-range"), ("/lines/1/accepted_quantity", "out-of-range")])
    );
    let mut late = receipt(&made, &[(601, 0)]);
    late["received_on"] = json!("2014-05-01");
    assert_eq!(
        told(&late).await,
        pairs(&[("/lines", "required"), ("/lines/0/accepted_quantity", "out-of-range"), ("/received_on", "date-order")])
    );
    let now = place.manager.get(&path).await.expect_status(200).json();
    assert_eq!((&now["status"], &now["lines"]), (&json!("dispatched"), &made["lines"]));
}

#[tokio::test]
async fn two_dispatches_at_once_are_one() {
    let place = place().await;
    let colleague = place.app.coordinator(&[place.area]).await;
    for number in 0..5 {
        let (path, _) = place.draft(&format!("SHP-{number:02}")).await;
        let dispatch = format!("{path}/dispatch");
        let (first, second) = (json!({"dispatched_on": "2014-05-21"}), json!({"dispatched_on": "2014-05-22"}));
        let (one, two) = tokio::join!(place.manager.post(&dispatch, &first), colleague.post(&dispatch, &second));
        let (won, lost) = if one.status == 200 { (one, two) } else { (two, one) };
        lost.expect_problem(409, "wrong-state");
        assert_eq!(place.manager.get(&path).await.expect_status(200).json(), won.expect_status(200).json());
    }
}

#[tokio::test]
async fn a_receipt_sent_again_under_its_key_is_answered_the_same_and_done_once() {
    let place = place().await;
    let clerk = place.app.clerk(place.facility).await;
    let (path, made) = place.dispatched("SHP-01").await;
    let receipts = format!("{path}/receipts");
    let body = receipt(&made, &[(580, 8), (2000, 0)]);
    let first = clerk.post_with(&receipts, &[("idempotency-key", "r-1")], &body).await.expect_status(200);
    let again = clerk.post_with(&receipts, &[("idempotency-key", "r-1")], &body).await.expect_status(200);
    assert_eq!((&again.body, again.header("etag")), (&first.body, first.header("etag")));
    assert_eq!(again.header("idempotent-replayed"), "true");
    let other = receipt(&made, &[(580, 9), (2000, 0)]);
    clerk.post_with(&receipts, &[("idempotency-key", "r-1")], &other).await.expect_problem(422, "idempotency-key-reused");
    clerk.post_with(&receipts, &[("idempotency-key", "r-2")], &body).await.expect_problem(409, "wrong-state");
    let history = place.manager.all(&format!("{path}/history")).await;
    assert_eq!(history.iter().filter(|one| one["actor_id"] == json!(clerk.user_id)).count(), 3, "the shipment and its two lines");

    let (path, _) = place.draft("SHP-02").await;
    let (dispatch, day) = (format!("{path}/dispatch"), json!({"dispatched_on": "2014-05-21"}));
    let first = place.manager.post_with(&dispatch, &[("idempotency-key", "d-1")], &day).await.expect_status(200);
    let again = place.manager.post_with(&dispatch, &[("idempotency-key", "d-1")], &day).await.expect_status(200);
    assert_eq!(first.body, again.body);
}

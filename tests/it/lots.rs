//! Stories of corrected lots: what a label says is put right, with a reason, and never behind a recall's back.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

const REASON: &str = "The label was read wrongly at the warehouse.";

fn told(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
}

async fn lot(by: &Client, item: Uuid, number: &str) -> String {
    let body = json!({"item_id": item, "number": number, "expires_on": "2016-06-30"});
    format!("/api/v1/lots/{}", id_of(&by.post("/api/v1/lots", &body).await.expect_status(201).json()))
}

async fn ketamine(by: &Client) -> Uuid {
    let body = json!({"code": "ANA-01", "name": "Ketamine", "category": "anaesthetics", "base_unit": "vial"});
    id_of(&by.post("/api/v1/items", &body).await.expect_status(201).json())
}

#[tokio::test]
async fn a_recalled_lot_keeps_the_number_and_the_day_it_was_recalled_by() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let item = ketamine(&manager).await;
    let path = lot(&manager, item, "KET-14A").await;
    let corrections = format!("{path}/corrections");
    let corrected = manager.post(&corrections, &json!({"number": "KET-14B", "reason": REASON})).await.expect_status(200).json();
    assert_eq!(
        (&corrected["number"], &corrected["expires_on"], &corrected["reason"]),
        (&json!("KET-14B"), &json!("2016-06-30"), &json!(REASON))
    );
    let recall = json!({"reason": "The maker reports glass splinters in this batch."});
    manager.post(&format!("{path}/recalls"), &recall).await.expect_status(200);
    for correction in [json!({"number": "KET-14C", "reason": REASON}), json!({"expires_on": "2017-06-30", "reason": REASON})] {
        manager.post(&corrections, &correction).await.expect_problem(409, "wrong-state");
    }
    manager.post(&corrections, &json!({"manufacturer": "Generic Pharma", "reason": REASON})).await.expect_status(200);
    let now = manager.get(&path).await.json();
    assert_eq!(
        (&now["number"], &now["status"], &now["manufacturer"]),
        (&json!("KET-14B"), &json!("recalled"), &json!("Generic Pharma"))
    );
    let history = manager.all(&format!("{path}/history")).await;
    assert_eq!((history.len(), &history[1]["before"]["number"]), (4, &json!("KET-14A")));
}

#[tokio::test]
async fn a_wrong_correction_is_told_in_full_and_changes_nothing() {
    type Case<'a> = (Value, u16, &'a str, &'a [(&'a str, &'a str)]);
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let item = ketamine(&manager).await;
    let path = lot(&manager, item, "KET-14A").await;
    lot(&manager, item, "KET-14B").await;
    let corrections = format!("{path}/corrections");
    let cases: &[Case] = &[
        (json!({"reason": REASON}), 422, "validation-failed", &[("", "required")]),
        (json!({"number": "KET-14B", "reason": REASON}), 409, "duplicate", &[("/number", "duplicate")]),
        (json!({"number": "K".repeat(41), "reason": REASON}), 422, "validation-failed", &[("/number", "too-long")]),
        (
            json!({"number": " ", "reason": "short"}),
            422,
            "validation-failed",
            &[("/number", "required"), ("/reason", "too-short")],
        ),
        (
            json!({"expires_on": "1999-01-01", "reason": REASON}),
            422,
            "validation-failed",
            &[("/expires_on", "date-out-of-range")],
        ),
        (json!({"expires_on": "2016-02-30", "reason": REASON}), 422, "validation-failed", &[("/expires_on", "invalid-date")]),
        (
            json!({"item_id": Uuid::now_v7(), "number": "X", "reason": REASON}),
            422,
            "validation-failed",
            &[("/item_id", "unknown-field")],
        ),
        (json!({"number": "KET-14C"}), 422, "validation-failed", &[("/reason", "required")]),
    ];
    for (body, status, code, expected) in cases {
        let problem = manager.post(&corrections, body).await.expect_problem(*status, code);
        assert_eq!(faults(&problem), told(expected), "{body}");
    }
    manager
        .post(&format!("/api/v1/lots/{}/corrections", Uuid::now_v7()), &json!({"number": "X", "reason": REASON}))
        .await
        .expect_problem(404, "not-found");
    assert_eq!(manager.get(&path).await.json()["revision"], 1);
}

#[tokio::test]
async fn a_document_names_lots_alone_so_no_line_can_tell_another_item_than_its_lot() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let body = json!({"from_id": Uuid::now_v7(), "to_id": Uuid::now_v7(), "occurred_on": "2015-03-02",
        "lines": [{"lot_id": Uuid::now_v7(), "item_id": Uuid::now_v7(), "quantity": 1}]});
    let problem = manager.post("/api/v1/stock-documents", &body).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), told(&[("/lines/0/item_id", "unknown-field")]));
}

#[tokio::test]
async fn a_lot_says_what_a_unit_of_it_is_worth_with_its_currency_or_not_at_all() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let item = ketamine(&manager).await;
    let said = |number: &str, value: Value, currency: Value| json!({"item_id": item, "number": number, "expires_on": "2016-06-30", "unit_value": value, "currency": currency});
    for (value, currency, expected) in [
        (json!("2.5"), json!(null), [("/currency", "required")]),
        (json!(null), json!("USD"), [("/unit_value", "required")]),
        (json!("0"), json!("USD"), [("/unit_value", "out-of-range")]),
        (json!("-1"), json!("USD"), [("/unit_value", "out-of-range")]),
        (json!(2.5), json!("USD"), [("/unit_value", "wrong-type")]),
        (json!("2.5"), json!("XQQ"), [("/currency", "unknown-currency")]),
    ] {
        let problem = manager.post("/api/v1/lots", &said("KET-1", value, currency)).await.expect_status(422).json();
        assert_eq!(faults(&problem), told(&expected));
    }
    let lot = manager.post("/api/v1/lots", &said("KET-1", json!("0.0135"), json!("USD"))).await.expect_status(201).json();
    assert_eq!((&lot["unit_value"], &lot["currency"]), (&json!("0.0135"), &json!("USD")));
    let corrections = format!("/api/v1/lots/{}/corrections", id_of(&lot));
    let now = manager.post(&corrections, &json!({"unit_value": "0.02", "reason": REASON})).await.expect_status(200).json();
    assert_eq!((&now["unit_value"], &now["currency"], &now["number"]), (&json!("0.02"), &json!("USD"), &json!("KET-1")));
}

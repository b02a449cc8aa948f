//! Stories of scanned boxes: which item, pack and lot a code names.

use serde_json::{Value, json};
use siraj::auth::Role;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

const PATH: &str = "/api/v1/barcodes";

async fn read(by: &Client, text: &str) -> Value {
    by.post(PATH, &json!({"text": text})).await.expect_status(200).json()
}

#[tokio::test]
async fn a_scanned_box_of_ketamine_names_its_item_its_pack_and_its_lot() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let body = json!({"code": "ANA-01", "name": "Ketamine", "category": "anaesthetics", "base_unit": "vial", "gtin": "96385074",
        "packs": [{"name": "box", "factor": 10, "gtin": "4006381333931"}]});
    let item = id_of(&manager.post("/api/v1/items", &body).await.expect_status(201).json());
    let body = json!({"item_id": item, "number": "KET-14A", "expires_on": "2016-06-30"});
    let lot = id_of(&manager.post("/api/v1/lots", &body).await.expect_status(201).json());
    let expected = json!({"gtin": "04006381333931", "item_id": item, "pack": "box", "pack_factor": 10, "lot_number": "KET-14A",
        "expires_on": "2016-06-30", "produced_on": null, "serial": "000017", "count": null, "lot_id": lot, "expiry_agrees": true});
    for text in [
        "]d201040063813339311716063010KET-14A\u{1d}21000017",
        "01040063813339311716060010KET-14A\u{1d}21000017",
        "(01)04006381333931(17)160630(10)KET-14A(21)000017",
    ] {
        assert_eq!(read(&manager, text).await, expected, "{text:?}");
    }
    // The vial's own number, without more.
    let told = read(&manager, "96385074").await;
    assert_eq!(
        (&told["item_id"], &told["pack"], &told["pack_factor"], &told["lot_id"]),
        (&json!(item), &Value::Null, &json!(1), &Value::Null)
    );
    // Another day on the box than on record, another number, another item: told, not guessed.
    let told = read(&manager, "01040063813339311716073110KET-14A").await;
    assert_eq!((&told["lot_id"], &told["expiry_agrees"]), (&json!(lot), &json!(false)));
    let told = read(&manager, "010400638133393110KET-14B").await;
    assert_eq!((&told["item_id"], &told["lot_id"], &told["expiry_agrees"]), (&json!(item), &Value::Null, &Value::Null));
    let told = read(&manager, "011061414100041510KET-14A").await;
    assert_eq!((&told["gtin"], &told["item_id"], &told["lot_id"]), (&json!("10614141000415"), &Value::Null, &Value::Null));
    // A number that was given up is nobody's any more.
    manager.patch(&format!("/api/v1/items/{item}"), "*", &json!({"packs": []})).await.expect_status(200);
    assert_eq!(read(&manager, "4006381333931").await["item_id"], Value::Null);
}

#[tokio::test]
async fn what_cannot_be_read_for_certain_is_refused_by_name() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    for (text, codes) in [
        ("", &["required"][..]),
        ("0104006381333932", &["wrong-check-digit"]),
        ("]d217161331", &["invalid-date"]),
        ("010400638133393217160231", &["invalid-date", "wrong-check-digit"]),
        ("0104006381333931420", &["unknown-identifier"]),
        ("10KET-14A17160630210000171234", &["missing-separator"]),
        ("]d2010400638133", &["too-short"]),
        ("ketamine", &["invalid-format"]),
        ("10KET\u{0}", &["invalid-text"]),
        ("٠١", &["arabic-digits"]),
    ] {
        let problem = manager.post(PATH, &json!({"text": text})).await.expect_problem(422, "validation-failed");
        let expected: Vec<_> = codes.iter().map(|code| ("/text".to_owned(), (*code).to_owned())).collect();
        assert_eq!(faults(&problem), expected, "{text:?}");
    }
    let problem = manager.post(PATH, &json!({"text": "1".repeat(501)})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [("/text".to_owned(), "too-long".to_owned())]);
    let problem = manager.post(PATH, &json!({"text": 17, "item_id": null})).await.expect_problem(422, "validation-failed");
    let expected = [("/item_id".to_owned(), "unknown-field".to_owned()), ("/text".to_owned(), "wrong-type".to_owned())];
    assert_eq!(faults(&problem), expected);
}

#[tokio::test]
async fn codes_are_read_by_those_who_read_the_stock() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    let facility = id_of(&app.facility(&manager, "HOS-01", area).await);
    let irc = json!({"code": "IRC", "name": "IRC", "roles": ["partner"]});
    let irc = id_of(&manager.post("/api/v1/organizations", &irc).await.expect_status(201).json());
    for reader in
        [app.user(Role::Admin).await, app.user(Role::Auditor).await, app.clerk(facility).await, app.coordinator(&[area]).await]
    {
        assert_eq!(read(&reader, "96385074").await["gtin"], "00000096385074");
    }
    app.partner(irc).await.post(PATH, &json!({"text": "96385074"})).await.expect_problem(403, "forbidden");
}

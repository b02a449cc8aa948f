//! Stories of packs: so many of an item's base unit, each with a number of its own.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

const PATH: &str = "/api/v1/items";
const BOX: &str = "04006381333931";
const CARTON: &str = "10614141000415";

fn told(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
}

fn ketamine(packs: &Value) -> Value {
    json!({"code": "ANA-01", "name": "Ketamine", "category": "anaesthetics", "base_unit": "vial", "gtin": "96385074", "packs": packs})
}

fn packs() -> Value {
    json!([{"name": "box", "name_ar": "علبة", "factor": 10, "gtin": BOX}, {"name": "carton", "name_ar": null, "factor": 200, "gtin": CARTON}])
}

async fn rows(app: &TestApp) -> (i64, i64) {
    let question = "SELECT (SELECT count(*) FROM item_packs WHERE retired_at IS NULL), (SELECT count(*) FROM item_gtins)";
    let row = app.database.owner().await.query_one(question, &[]).await.expect("counted");
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn an_item_keeps_its_packs_in_their_order_and_an_edit_replaces_them_whole() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let id = Uuid::now_v7();
    let mut body = ketamine(&packs());
    body["id"] = json!(id);
    let made = manager.post(PATH, &body).await.expect_status(201).json();
    assert_eq!(made["packs"], packs());
    // The same item sent again is the one there is; with other packs it is another.
    manager.post(PATH, &body).await.expect_status(200);
    body["packs"] = json!([]);
    manager.post(PATH, &body).await.expect_problem(409, "record-conflict");

    let path = format!("{PATH}/{id}");
    assert_eq!(manager.get(&path).await.json()["packs"], packs());
    assert_eq!(manager.all(PATH).await[0]["packs"], packs());
    let kept = manager.patch(&path, "\"1\"", &json!({"cold_chain": true})).await.expect_status(200).json();
    assert_eq!((&kept["packs"], &kept["revision"]), (&packs(), &json!(2)));
    let less = json!([{"name": "carton", "factor": 100}]);
    let edited = manager.patch(&path, "\"2\"", &json!({"packs": less})).await.expect_status(200).json();
    assert_eq!(edited["packs"], json!([{"name": "carton", "name_ar": null, "factor": 100, "gtin": null}]));
    assert_eq!((&edited["revision"], rows(&app).await), (&json!(3), (1, 1)));
    manager.patch(&path, "\"2\"", &json!({"packs": []})).await.expect_problem(412, "stale-revision");
    manager.patch(&path, "*", &json!({"packs": null})).await.expect_status(200);
    assert_eq!(rows(&app).await, (0, 1));
    let history = manager.all(&format!("{path}/history")).await;
    let actions: Vec<_> = history.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions.iter().filter(|action| **action == "retired").count(), 3, "the packs that were replaced: {actions:?}");
}

#[tokio::test]
async fn all_faults_of_packs_are_told_and_nothing_is_written() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let wrong = json!([
        {"name": "box", "factor": 1},
        {"name": "Box", "factor": 1_000_001, "gtin": "4006381333932"},
        {"name": "n".repeat(41), "factor": -10, "gtin": "0096385074"},
        {"name": "tray", "factor": 5, "gtin": "00000096385074"},
    ]);
    let problem = manager.post(PATH, &ketamine(&wrong)).await.expect_problem(422, "validation-failed");
    let expected = [
        ("/packs/0/factor", "out-of-range"),
        ("/packs/1/factor", "out-of-range"),
        ("/packs/1/gtin", "invalid-format"),
        ("/packs/1/name", "repeated"),
        ("/packs/2/factor", "out-of-range"),
        ("/packs/2/gtin", "invalid-format"),
        ("/packs/2/name", "too-long"),
        ("/packs/3/gtin", "repeated"),
    ];
    assert_eq!(faults(&problem), told(&expected));
    let wrong = json!([{"name": " ", "factor": 2.5, "size": 3}, {"factor": "10"}]);
    let problem = manager.post(PATH, &ketamine(&wrong)).await.expect_problem(422, "validation-failed");
    let expected = [
        ("/packs/0/factor", "wrong-type"),
        ("/packs/0/name", "required"),
        ("/packs/0/size", "unknown-field"),
        ("/packs/1/factor", "wrong-type"),
        ("/packs/1/name", "required"),
    ];
    assert_eq!(faults(&problem), told(&expected));
    let many: Vec<_> = (0..21).map(|number| json!({"name": format!("pack {number}"), "factor": 2})).collect();
    let problem = manager.post(PATH, &ketamine(&json!(many))).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), told(&[("/packs", "too-many")]));
    // Spellings that readers take for the same are one name: the database folds them.
    let alike = json!([{"name": "علبة", "factor": 2}, {"name": "علبه", "factor": 3}]);
    let problem = manager.post(PATH, &ketamine(&alike)).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), told(&[("/packs", "repeated")]));
    assert_eq!((manager.all(PATH).await.len(), rows(&app).await), (0, (0, 0)));
}

#[tokio::test]
async fn a_number_belongs_to_one_item_or_pack_in_use_in_whatever_form_it_is_written() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let ketamine = id_of(&manager.post(PATH, &ketamine(&packs())).await.expect_status(201).json());
    let other = |gtin: &str, packs: Value| json!({"code": "MED-01", "name": "Insulin", "category": "medicines", "base_unit": "vial", "gtin": gtin, "packs": packs});
    for (body, pointer) in [
        (other("00000096385074", json!([])), "/gtin"),
        (other("4006381333931", json!([])), "/gtin"),
        (other("036000291452", json!([{"name": "box", "factor": 5, "gtin": "4006381333931"}])), "/packs"),
        (other("036000291452", json!([{"name": "box", "factor": 5, "gtin": "96385074"}])), "/packs"),
    ] {
        let problem = manager.post(PATH, &body).await.expect_problem(409, "duplicate");
        assert_eq!(faults(&problem), told(&[(pointer, "duplicate")]));
    }
    // Within one item a number may go from a pack to the item and back.
    let path = format!("{PATH}/{ketamine}");
    let swapped = json!({"gtin": BOX, "packs": [{"name": "box", "factor": 10, "gtin": "96385074"}]});
    manager.patch(&path, "*", &swapped).await.expect_status(200);
    assert_eq!(rows(&app).await, (1, 2));
    manager.patch(&path, "*", &json!({"gtin": "96385074", "packs": packs()})).await.expect_status(200);
    // What a retired item had is free again.
    manager.delete(&path, "*").await.expect_status(200);
    let body = other("96385074", json!([{"name": "box", "factor": 5, "gtin": BOX}]));
    manager.post(PATH, &body).await.expect_status(201);
}

#[tokio::test]
async fn one_number_given_to_two_packs_at_once_goes_to_one_of_them() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let body = |code: &str| json!({"code": code, "name": code, "category": "medicines", "base_unit": "vial", "packs": [{"name": "box", "factor": 5, "gtin": BOX}]});
    for round in 0..4 {
        let (one, two) = (body(&format!("ONE-{round}")), body(&format!("TWO-{round}")));
        let (one, two) = tokio::join!(manager.post(PATH, &one), manager.post(PATH, &two));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        let winner = if one.status.as_u16() == 201 { one } else { two };
        manager.delete(&format!("{PATH}/{}", id_of(&winner.json())), "*").await.expect_status(200);
    }
}

#[tokio::test]
async fn packs_and_parts_of_them_are_told_in_whole_base_units() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let item = id_of(&manager.post(PATH, &ketamine(&packs())).await.expect_status(201).json());
    let path = format!("{PATH}/{item}/conversions");
    let asked = async |by: &Client, pack: &str, packs: &str| by.post(&path, &json!({"pack": pack, "packs": packs})).await;
    for (pack, number, quantity) in
        [("box", "3", 30), ("box", "2.5", 25), ("carton", "0.05", 10), ("carton", "5000000000", 1_000_000_000_000_i64)]
    {
        let told = asked(&manager, pack, number).await.expect_status(200).json();
        assert_eq!(told, json!({"quantity": quantity, "base_unit": "vial"}), "{number} {pack}");
    }
    for (pack, number, fault) in [
        ("box", "0.25", ("/packs", "fractional-unit")),
        ("box", "0.01", ("/packs", "fractional-unit")),
        ("box", "0", ("/packs", "out-of-range")),
        ("box", "-1", ("/packs", "out-of-range")),
        ("carton", "5000000001", ("/packs", "out-of-range")),
        ("box", "1.005", ("/packs", "precision")),
        ("box", "NaN", ("/packs", "invalid-format")),
        ("box", "٣", ("/packs", "arabic-digits")),
        ("pallet", "1", ("/pack", "unknown-reference")),
    ] {
        let problem = asked(&manager, pack, number).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), told(&[fault]), "{number} {pack}");
    }
    let problem = manager.post(&path, &json!({"packs": 3, "of": "box"})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), told(&[("/of", "unknown-field"), ("/pack", "required"), ("/packs", "wrong-type")]));
    manager.delete(&format!("{PATH}/{item}"), "*").await.expect_status(200);
    asked(&manager, "box", "1").await.expect_problem(410, "record-deleted");
}

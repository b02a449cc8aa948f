//! Stories of items.

use serde_json::{Value, json};
use siraj::auth::Role;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

const PATH: &str = "/api/v1/items";

fn ketamine() -> Value {
    json!({"code": "ANA-01", "name": "Ketamine 50 mg/ml, 10 ml", "name_ar": "كيتامين", "synonyms": ["ketalar"], "category": "anaesthetics",
        "base_unit": "vial", "atc_code": "N01AX03", "gtin": "4006381333931", "controlled": true})
}

async fn codes(by: &Client, query: &str) -> Vec<String> {
    by.all(&format!("{PATH}?{query}")).await.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

fn told(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
}

#[tokio::test]
async fn an_item_is_created_read_edited_retired_and_its_history_tells_it() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let made = manager.post(PATH, &ketamine()).await.expect_status(201);
    let item = made.json();
    assert_eq!((&item["controlled"], &item["cold_chain"], &item["expiry_tracked"]), (&json!(true), &json!(false), &json!(true)));
    let path = format!("{PATH}/{}", id_of(&item));
    let edited = manager
        .patch(&path, "\"1\"", &json!({"cold_chain": true, "gtin": null, "base_unit": "ampoule"}))
        .await
        .expect_status(200);
    assert_eq!((&edited.json()["gtin"], &edited.json()["base_unit"]), (&Value::Null, &json!("ampoule")));
    manager.patch(&path, "\"1\"", &json!({"name": "Else"})).await.expect_problem(412, "stale-revision");
    manager.delete(&path, "\"2\"").await.expect_status(200);
    manager.delete(&path, "*").await.expect_problem(410, "record-deleted");
    assert_eq!((codes(&manager, "").await.len(), codes(&manager, "retired=true").await), (0, vec!["ANA-01".to_owned()]));
    let history = manager.all(&format!("{path}/history")).await;
    let actions: Vec<_> = history.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["created", "changed", "retired"]);
}

#[tokio::test]
async fn all_faults_of_an_item_are_told() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let body = json!({"code": "ANA 01", "name": 7, "category": "weapons", "base_unit": " ", "controlled": "yes", "price": 3});
    let problem = manager.post(PATH, &body).await.expect_problem(422, "validation-failed");
    let expected = [
        ("/base_unit", "required"),
        ("/category", "unknown-value"),
        ("/code", "invalid-format"),
        ("/controlled", "wrong-type"),
        ("/name", "wrong-type"),
        ("/price", "unknown-field"),
    ];
    assert_eq!(faults(&problem), told(&expected));
    let body = json!({"code": "ANA-01", "name": "Ketamine", "category": "anaesthetics", "base_unit": "v".repeat(41),
        "atc_code": "N1AX03", "gtin": "4006381333932", "synonyms": ["k", "k"]});
    let problem = manager.post(PATH, &body).await.expect_problem(422, "validation-failed");
    let expected =
        [("/atc_code", "invalid-format"), ("/base_unit", "too-long"), ("/gtin", "invalid-format"), ("/synonyms/1", "repeated")];
    assert_eq!(faults(&problem), told(&expected));
    assert!(codes(&manager, "").await.is_empty());
}

#[tokio::test]
async fn a_gtin_has_the_right_check_digit_and_belongs_to_one_item() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let path = format!("{PATH}/{}", id_of(&manager.post(PATH, &ketamine()).await.expect_status(201).json()));
    for (gtin, code) in
        [("4006381333913", "invalid-format"), ("400638133393", "invalid-format"), ("٤٠٠٦٣٨١٣٣٣٩٣١", "arabic-digits")]
    {
        let problem = manager.patch(&path, "*", &json!({"gtin": gtin})).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), told(&[("/gtin", code)]), "{gtin}");
    }
    for right in ["96385074", "036000291452", "10614141000415", "4006381333931"] {
        manager.patch(&path, "*", &json!({"gtin": right})).await.expect_status(200);
    }
    let other =
        json!({"code": "ANA-02", "name": "Other", "category": "anaesthetics", "base_unit": "vial", "gtin": "4006381333931"});
    assert_eq!(faults(&manager.post(PATH, &other).await.expect_problem(409, "duplicate")), told(&[("/gtin", "duplicate")]));
    let other = json!({"code": "ANA-01", "name": "Other", "category": "anaesthetics", "base_unit": "vial"});
    assert_eq!(faults(&manager.post(PATH, &other).await.expect_problem(409, "duplicate")), told(&[("/code", "duplicate")]));
}

#[tokio::test]
async fn items_are_found_by_category_handling_and_any_of_their_names() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    manager.post(PATH, &ketamine()).await.expect_status(201);
    let insulin = json!({"code": "MED-01", "name": "Insulin", "category": "medicines", "base_unit": "vial", "cold_chain": true});
    manager.post(PATH, &insulin).await.expect_status(201);
    let fuel = json!({"code": "FUE-01", "name": "Diesel", "category": "fuel", "base_unit": "litre", "expiry_tracked": false});
    manager.post(PATH, &fuel).await.expect_status(201);
    assert_eq!(codes(&manager, "category=fuel").await, ["FUE-01"]);
    assert_eq!(codes(&manager, "controlled=true").await, ["ANA-01"]);
    assert_eq!(codes(&manager, "controlled=false").await, ["FUE-01", "MED-01"]);
    assert_eq!(codes(&manager, "cold_chain=true").await, ["MED-01"]);
    assert_eq!(codes(&manager, "cold_chain=false&controlled=false").await, ["FUE-01"]);
    for words in ["KETALAR", "n01ax03", "4006381333931", "%D9%83%D9%8A%D8%AA%D8%A7%D9%85%D9%8A%D9%86"] {
        assert_eq!(codes(&manager, &format!("q={words}")).await, ["ANA-01"], "{words}");
    }
    assert_eq!(codes(&manager, "sort=name&limit=1").await, ["FUE-01", "MED-01", "ANA-01"]);
    let problem = manager.get(&format!("{PATH}?controlled=1")).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), told(&[("/controlled", "wrong-type")]));
}

#[tokio::test]
async fn everybody_reads_the_catalogue_and_few_write_it() {
    let app = TestApp::start().await;
    let (manager, admin) = (app.user(Role::Manager).await, app.user(Role::Admin).await);
    let item = admin.post(PATH, &ketamine()).await.expect_status(201).json();
    let path = format!("{PATH}/{}", id_of(&item));
    let ghouta = app.area("GHOUTA", None).await;
    let facility = app.facility(&manager, "MPT-01", ghouta).await;
    let irc = json!({"code": "IRC", "name": "IRC", "roles": ["partner"]});
    let irc = id_of(&manager.post("/api/v1/organizations", &irc).await.expect_status(201).json());
    let readers = [
        app.coordinator(&[ghouta]).await,
        app.clerk(id_of(&facility)).await,
        app.partner(irc).await,
        app.user(Role::Auditor).await,
    ];
    for reader in readers {
        assert_eq!(codes(&reader, "").await, ["ANA-01"]);
        assert_eq!(reader.get(&path).await.expect_status(200).json(), item);
        reader.post(PATH, &ketamine()).await.expect_problem(403, "forbidden");
        reader.patch(&path, "*", &json!({"name": "Else"})).await.expect_problem(403, "forbidden");
        reader.delete(&path, "*").await.expect_problem(403, "forbidden");
    }
    app.stranger().get(PATH).await.expect_problem(401, "unauthenticated");
}

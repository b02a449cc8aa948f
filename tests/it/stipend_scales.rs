//! Stories of scales: what a cadre is paid a month, and which scale wins.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

const PATH: &str = "/api/v1/stipend-scales";

/// A scale in dollars from 2014 on, with whatever else is told.
pub async fn scale(by: &Client, cadre: &str, amount: &str, more: Value) -> Value {
    let mut body = json!({"cadre": cadre, "currency": "USD", "monthly_amount": amount, "starts_on": "2014-01-01"});
    for (field, value) in more.as_object().expect("fields") {
        body[field] = value.clone();
    }
    by.post(PATH, &body).await.expect_status(201).json()
}

/// A contract of 2014 and 2015, of a partner of its own.
pub async fn contract(app: &TestApp, by: &Client, code: &str) -> Uuid {
    let partner = Uuid::now_v7();
    let text = "INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ($1, $2, $2, '{partner}', '00000000-0000-7000-8000-000000000001')";
    app.database.owner().await.execute(text, &[&partner, &format!("P-{code}")]).await.expect("a partner");
    let body =
        json!({"code": code, "name": code, "organization_id": partner, "starts_on": "2014-01-01", "ends_on": "2015-12-31"});
    id_of(&by.post("/api/v1/contracts", &body).await.expect_status(201).json())
}

fn pair(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

#[tokio::test]
async fn a_scale_is_set_listed_edited_and_retired() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    let doctor = scale(&manager, "doctor", "500", json!({"note": "Agreed with the directorate"})).await;
    assert_eq!((&doctor["monthly_amount"], &doctor["area_id"]), (&json!("500.00"), &json!(null)));
    scale(&manager, "nurse", "300.5", json!({"area_id": area, "starts_on": "2015-01-01", "ends_on": "2015-12-31"})).await;
    for (query, expected) in [
        ("", vec!["doctor", "nurse"]),
        ("?sort=-cadre", vec!["nurse", "doctor"]),
        ("?cadre=nurse", vec!["nurse"]),
        (&format!("?area_id={area}"), vec!["nurse"]),
        ("?on=2014-12-31", vec!["doctor"]),
        ("?currency=SYP", vec![]),
        ("?q=directorate", vec!["doctor"]),
        ("?retired=true", vec![]),
    ] {
        let cadres: Vec<_> = manager.all(&format!("{PATH}{query}")).await.iter().map(|one| one["cadre"].clone()).collect();
        assert_eq!(cadres, expected, "{query}");
    }
    let one = format!("{PATH}/{}", id_of(&doctor));
    manager.patch(&one, "\"1\"", &json!({"monthly_amount": "520.00"})).await.expect_status(200);
    manager.delete(&one, "\"2\"").await.expect_status(200);
    assert_eq!(manager.get(&one).await.expect_status(200).json()["monthly_amount"], "520.00");
    assert_eq!(manager.all(&format!("{one}/history")).await.len(), 3);
    // An area with scales stays.
    manager.delete(&format!("/api/v1/areas/{area}"), "*").await.expect_problem(409, "still-in-use");
}

#[tokio::test]
async fn two_scales_of_the_same_never_hold_on_one_day() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    let contract = contract(&app, &manager, "NORWAC-2014").await;
    scale(&manager, "doctor", "500", json!({"ends_on": "2014-12-31"})).await;
    scale(&manager, "doctor", "450", json!({"starts_on": "2015-01-01"})).await;
    scale(&manager, "doctor", "600", json!({"area_id": area})).await;
    scale(&manager, "doctor", "700", json!({"contract_id": contract})).await;
    scale(&manager, "doctor", "800", json!({"contract_id": contract, "area_id": area})).await;
    for more in
        [json!({}), json!({"area_id": area}), json!({"contract_id": contract}), json!({"contract_id": contract, "area_id": area})]
    {
        let mut body = json!({"cadre": "doctor", "currency": "EUR", "monthly_amount": "1", "starts_on": "2014-12-31"});
        body.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        assert_eq!(
            faults(&manager.post(PATH, &body).await.expect_problem(409, "overlap")),
            pair("/starts_on", "overlap"),
            "{more}"
        );
    }
}

#[tokio::test]
async fn the_contracts_scale_wins_before_a_general_one_and_the_nearest_area_before_a_farther() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let country = app.area("SYRIA", None).await;
    let (ghouta, homs) = (app.area("GHOUTA", Some(country)).await, app.area("HOMS", Some(country)).await);
    let douma = app.area("DOUMA", Some(ghouta)).await;
    let contract = contract(&app, &manager, "NORWAC-2014").await;
    let database = app.database.service().await;
    let found = async |contract: Option<Uuid>, area: Uuid, day: &str| {
        let query = format!("SELECT (SELECT monthly_amount::text FROM siraj_stipend_scale($1, 'doctor', $2, '{day}'))");
        database.query_one(&query, &[&contract, &area]).await.expect("an answer").get::<_, Option<String>>(0)
    };
    let is = |amount: &str| Some(format!("{amount}.000"));
    assert_eq!(found(Some(contract), douma, "2014-06-01").await, None);
    scale(&manager, "doctor", "100", json!({})).await;
    scale(&manager, "nurse", "999", json!({"area_id": douma})).await;
    scale(&manager, "doctor", "200", json!({"area_id": country})).await;
    scale(&manager, "doctor", "300", json!({"area_id": ghouta, "ends_on": "2014-12-31"})).await;
    assert_eq!(found(Some(contract), douma, "2014-06-01").await, is("300"), "the nearest above it");
    assert_eq!(found(Some(contract), douma, "2015-06-01").await, is("200"), "that one has ended");
    assert_eq!(found(Some(contract), homs, "2014-06-01").await, is("200"), "not a neighbour's");
    scale(&manager, "doctor", "400", json!({"contract_id": contract})).await;
    assert_eq!(found(Some(contract), douma, "2014-06-01").await, is("400"), "the contract's own, though of everywhere");
    assert_eq!(found(None, douma, "2014-06-01").await, is("300"), "not of other contracts");
    scale(&manager, "doctor", "500", json!({"contract_id": contract, "area_id": country})).await;
    assert_eq!(found(Some(contract), douma, "2014-06-01").await, is("500"));
    assert_eq!(found(Some(contract), douma, "2013-12-31").await, None, "before all of them");
    let cost = "SELECT currency, amount::text FROM siraj_monthly_cost($1, 'doctor', $2, 33, '2014-06-01')";
    let row = database.query_one(cost, &[&Some(contract), &douma]).await.expect("an answer");
    assert_eq!((row.get::<_, String>(0), row.get::<_, String>(1)), ("USD".to_owned(), "165.00".to_owned()));
}

#[tokio::test]
async fn a_scale_that_cannot_be_is_refused() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let good = json!({"cadre": "doctor", "currency": "USD", "monthly_amount": "500", "starts_on": "2014-01-01"});
    for (field, value, code) in [
        ("monthly_amount", json!("0"), "out-of-range"),
        ("monthly_amount", json!("0.005"), "precision"),
        ("monthly_amount", json!(500), "wrong-type"),
        ("currency", json!("USX"), "unknown-currency"),
        ("cadre", json!("surgeon"), "unknown-value"),
        ("ends_on", json!("2013-12-31"), "date-order"),
        ("starts_on", json!("2010-01-01"), "date-out-of-range"),
        ("contract_id", json!(Uuid::now_v7()), "unknown-reference"),
        ("area_id", json!(Uuid::now_v7()), "unknown-reference"),
    ] {
        let mut body = good.clone();
        body[field] = value.clone();
        let problem = manager.post(PATH, &body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), pair(&format!("/{field}"), code), "{value}");
    }
    // What a write of our own would have to hit, the database refuses by the same name.
    let database = app.database.service().await;
    let insert = "INSERT INTO stipend_scales (id, cadre, currency, monthly_amount, starts_on, recorded_by)
        VALUES (gen_random_uuid(), 'doctor', 'JPY', 100.5, '2014-01-01', '00000000-0000-7000-8000-000000000001')";
    let refused = database.execute(insert, &[]).await.expect_err("half a yen");
    assert_eq!(refused.as_db_error().and_then(|error| error.constraint()), Some("stipend_scales_exact_check"));
}

#[tokio::test]
async fn managers_set_scales_and_coordinators_and_auditors_read_them() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    let facility = id_of(&app.facility(&manager, "MPT-01", area).await);
    let one = format!("{PATH}/{}", id_of(&scale(&manager, "doctor", "500", json!({})).await));
    for reader in [app.coordinator(&[area]).await, app.user(Role::Auditor).await] {
        reader.get(&one).await.expect_status(200);
        reader.post(PATH, &json!({})).await.expect_problem(403, "forbidden");
        reader.patch(&one, "*", &json!({})).await.expect_problem(403, "forbidden");
        reader.delete(&one, "*").await.expect_problem(403, "forbidden");
    }
    for other in [app.user(Role::Admin).await, app.clerk(facility).await] {
        other.get(&one).await.expect_problem(403, "forbidden");
    }
}

//! Stories of what stands on what: nothing new names what is retired, and nothing that others stand on is retired.

use serde_json::{Value, json};
use siraj::auth::Role;

use crate::{
    staff::person,
    support::{TestApp, client::faults, id_of},
};

fn pair(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

#[tokio::test]
async fn nothing_new_names_a_retired_record() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    let (gone, there) = (app.facility(&manager, "MPT-01", area).await, app.facility(&manager, "MPT-02", area).await);
    let (left, here) = (person(&manager, "S-0001", area).await, person(&manager, "S-0002", area).await);
    manager.delete(&format!("/api/v1/facilities/{}", id_of(&gone)), "*").await.expect_status(200);
    manager.delete(&format!("/api/v1/staff/{}", id_of(&left)), "*").await.expect_status(200);
    let post = |person: &Value, place: &Value| json!({"staff_id": id_of(person), "facility_id": id_of(place), "cadre": "doctor", "starts_on": "2014-01-01"});
    for (body, pointer) in [(post(&left, &there), "/staff_id"), (post(&here, &gone), "/facility_id")] {
        let problem = manager.post("/api/v1/assignments", &body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), pair(pointer, "retired-reference"));
    }
    let held = manager.post("/api/v1/assignments", &post(&here, &there)).await.expect_status(201).json();
    // What others stand on stays until they do not.
    for path in [format!("/api/v1/facilities/{}", id_of(&there)), format!("/api/v1/staff/{}", id_of(&here))] {
        manager.delete(&path, "*").await.expect_problem(409, "still-in-use");
    }
    manager.delete(&format!("/api/v1/areas/{area}"), "*").await.expect_problem(409, "still-in-use");
    manager.delete(&format!("/api/v1/assignments/{}", id_of(&held)), "*").await.expect_status(200);
    manager.delete(&format!("/api/v1/staff/{}", id_of(&here)), "*").await.expect_status(200);
}

#[tokio::test]
async fn a_post_given_while_its_facility_is_retired_never_stands_at_a_retired_facility() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    for round in 0..6 {
        let place = app.facility(&manager, &format!("MPT-{round:02}"), area).await;
        let doctor = person(&manager, &format!("S-{round:04}"), area).await;
        let body =
            json!({"staff_id": id_of(&doctor), "facility_id": id_of(&place), "cadre": "doctor", "starts_on": "2014-01-01"});
        let path = format!("/api/v1/facilities/{}", id_of(&place));
        let (given, retired) = tokio::join!(manager.post("/api/v1/assignments", &body), manager.delete(&path, "*"));
        let statuses = (given.status.as_u16(), retired.status.as_u16());
        assert!(matches!(statuses, (201, 409) | (422, 200)), "{statuses:?}");
    }
}

#[tokio::test]
async fn a_support_and_a_paid_post_share_a_day_with_their_contract() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    let place = app.facility(&manager, "MPT-01", area).await;
    let partner = manager
        .post("/api/v1/organizations", &json!({"code": "IRC", "name": "IRC", "roles": ["partner"]}))
        .await
        .expect_status(201)
        .json();
    let body = json!({"code": "IRC-2014", "name": "IRC 2014", "organization_id": id_of(&partner), "starts_on": "2014-01-01", "ends_on": "2014-12-31"});
    let contract = id_of(&manager.post("/api/v1/contracts", &body).await.expect_status(201).json());
    let supports = format!("/api/v1/contracts/{contract}/facilities");
    let late = json!({"facility_id": id_of(&place), "starts_on": "2015-01-01"});
    let problem = manager.post(&supports, &late).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pair("/starts_on", "outside-period"));
    manager.post(&supports, &json!({"facility_id": id_of(&place), "starts_on": "2014-12-31"})).await.expect_status(201);
    // Nor are the contract's days drawn away from under it.
    let shorter = manager.patch(&format!("/api/v1/contracts/{contract}"), "*", &json!({"ends_on": "2014-12-30"})).await;
    assert_eq!(faults(&shorter.expect_problem(422, "validation-failed")), pair("/ends_on", "outside-period"));
    let doctor = person(&manager, "S-0001", area).await;
    let mut post = json!({"staff_id": id_of(&doctor), "facility_id": id_of(&place), "cadre": "doctor", "starts_on": "2015-01-01", "contract_id": contract});
    let problem = manager.post("/api/v1/assignments", &post).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pair("/contract_id", "outside-period"));
    // Who stays when the money ends is on record, and no longer counts as paid.
    post["starts_on"] = json!("2014-06-01");
    manager.post("/api/v1/assignments", &post).await.expect_status(201);
    let paid = async |day: &str| {
        let path = format!("/api/v1/reports/figures?as_of={day}&contract_id={contract}");
        manager.get(&path).await.expect_status(200).json()["staff"]["total"].clone()
    };
    assert_eq!((paid("2014-12-31").await, paid("2015-01-01").await), (json!(1), json!(0)));
}

#[tokio::test]
async fn a_retired_renewal_leaves_its_place_and_its_neighbours_free() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let partner = manager
        .post("/api/v1/organizations", &json!({"code": "IRC", "name": "IRC", "roles": ["partner"]}))
        .await
        .expect_status(201)
        .json();
    let contract = async |code: &str, year: u32, renews: Option<&Value>| {
        let body = json!({"code": code, "name": code, "organization_id": id_of(&partner), "starts_on": format!("{year}-01-01"), "ends_on": format!("{year}-12-31"), "renews_id": renews.map(id_of)});
        manager.post("/api/v1/contracts", &body).await
    };
    let first = contract("IRC-1", 2013, None).await.expect_status(201).json();
    let wrong = contract("IRC-2", 2014, Some(&first)).await.expect_status(201).json();
    contract("IRC-3", 2014, Some(&first)).await.expect_problem(409, "duplicate");
    manager.delete(&format!("/api/v1/contracts/{}", id_of(&wrong)), "*").await.expect_status(200);
    contract("IRC-3", 2015, Some(&first)).await.expect_status(201);
    let later = json!({"starts_on": "2014-06-01", "ends_on": "2014-12-31"});
    manager.patch(&format!("/api/v1/contracts/{}", id_of(&first)), "*", &later).await.expect_status(200);
}

#[tokio::test]
async fn a_claim_is_of_its_wholes_campaign_and_no_part_of_itself() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let campaign = async |code: &str| {
        let body = json!({"code": code, "name": code, "goal_amount": "1000000", "currency": "USD", "starts_on": "2015-01-01"});
        id_of(&manager.post("/api/v1/campaigns", &body).await.expect_status(201).json())
    };
    let (one, other) = (campaign("ONE").await, campaign("OTHER").await);
    let claim = async |code: &str, part_of: Option<&Value>| {
        let body = json!({"code": code, "campaign_id": one, "statement": "It is so.", "subject": "facilities.total", "source": "a page", "part_of_id": part_of.map(id_of)});
        manager.post("/api/v1/claims", &body).await.expect_status(201).json()
    };
    let whole = claim("C1", None).await;
    let part = claim("C1-A", Some(&whole)).await;
    let path = format!("/api/v1/claims/{}", id_of(&whole));
    let moved = manager.patch(&path, "*", &json!({"campaign_id": other})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&moved), pair("/campaign_id", "unknown-reference"));
    let circle = manager.patch(&path, "*", &json!({"part_of_id": id_of(&part)})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&circle), pair("/part_of_id", "unknown-reference"));
}

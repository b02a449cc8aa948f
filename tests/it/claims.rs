//! Stories of what was published.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

const PATH: &str = "/api/v1/claims";

async fn campaign(manager: &Client, code: &str) -> Uuid {
    let body = json!({"code": code, "name": code, "goal_amount": "1000000", "currency": "USD", "starts_on": "2015-01-01"});
    id_of(&manager.post("/api/v1/campaigns", &body).await.expect_status(201).json())
}

fn claim(code: &str, campaign: Uuid, more: &Value) -> Value {
    let mut body = json!({"code": code, "campaign_id": campaign, "statement": "44 facilities benefit.", "subject": "facilities.total", "source": "campaign page"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_claim_is_kept_found_edited_retired_and_its_history_tells_it() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let siraj = campaign(&manager, "SIRAJ-2015").await;
    let figure = json!({"amount": "44", "figure": "facilities.total", "as_of": "2015-12-31", "unit": "facilities", "statement_ar": "يستفيد 44 منشأة."});
    let record = manager.post(PATH, &claim("C18", siraj, &figure)).await.expect_status(201).json();
    assert_eq!((record["comparison"].clone(), record["amount"].clone()), (json!("equals"), json!("44.00")));
    let began = json!({"subject": "cadre_support.began", "day": "2012-11-01", "statement": "Support began."});
    manager.post(PATH, &claim("C2-A", siraj, &began)).await.expect_status(201);
    let other = campaign(&manager, "OTHER").await;
    for (query, expected) in [
        ("", vec!["C18", "C2-A"]),
        ("?sort=subject", vec!["C2-A", "C18"]),
        ("?figure=facilities.total", vec!["C18"]),
        ("?subject=cadre_support.began", vec!["C2-A"]),
        ("?q=يستفيد", vec!["C18"]),
    ] {
        let codes: Vec<_> = manager.all(&format!("{PATH}{query}")).await.iter().map(|one| one["code"].clone()).collect();
        assert_eq!(codes, expected, "{query}");
    }
    assert!(manager.all(&format!("{PATH}?campaign_id={other}")).await.is_empty());
    let path = format!("{PATH}/{}", id_of(&record));
    manager.patch(&path, "\"1\"", &json!({"comparison": "at_least"})).await.expect_status(200);
    manager.delete(&path, "\"2\"").await.expect_status(200);
    assert_eq!(manager.all(&format!("{path}/history")).await.len(), 3);
}

#[tokio::test]
async fn a_claim_names_a_figure_that_there_is_with_its_number() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let siraj = campaign(&manager, "SIRAJ-2015").await;
    let unknown = json!({"figure": "facilities.grand_total", "amount": "44", "as_of": "2015-12-31"});
    let refused = manager.post(PATH, &claim("C18", siraj, &unknown)).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/figure".to_owned(), "unknown-value".to_owned())]);
    let allowed = refused["errors"][0]["allowed"].as_array().unwrap();
    assert!(allowed.contains(&json!("facilities.total")) && allowed.contains(&json!("staff.by_cadre.doctor")), "{allowed:?}");
    let refused = manager
        .post(PATH, &claim("C18", siraj, &json!({"figure": "staff.posts"})))
        .await
        .expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/amount".to_owned(), "required".to_owned())]);
    for (more, pointer, code) in [
        (json!({"comparison": "about"}), "/comparison", "unknown-value"),
        (json!({"subject": "Facilities total"}), "/subject", "invalid-format"),
        (json!({"campaign_id": Uuid::now_v7()}), "/campaign_id", "unknown-reference"),
        (json!({"part_of_id": Uuid::now_v7()}), "/part_of_id", "unknown-reference"),
        (json!({"unit": "u".repeat(41)}), "/unit", "too-long"),
        (json!({"source": null}), "/source", "required"),
    ] {
        let refused = manager.post(PATH, &claim("C18", siraj, &more)).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), [(pointer.to_owned(), code.to_owned())], "{more}");
    }
    assert!(manager.all(PATH).await.is_empty());
}

#[tokio::test]
async fn a_part_belongs_to_the_campaign_of_its_whole_and_not_to_itself() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let (siraj, other) = (campaign(&manager, "SIRAJ-2015").await, campaign(&manager, "OTHER").await);
    let whole = id_of(&manager.post(PATH, &claim("WHOLE", siraj, &json!({}))).await.expect_status(201).json());
    let part = json!({"part_of_id": whole});
    manager.post(PATH, &claim("PART", siraj, &part)).await.expect_status(201);
    let expected = [("/part_of_id".to_owned(), "unknown-reference".to_owned())];
    let refused = manager.post(PATH, &claim("STRAY", other, &part)).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), expected);
    let refused = manager.patch(&format!("{PATH}/{whole}"), "*", &part).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), expected);
}

#[tokio::test]
async fn claims_are_read_by_the_house_and_written_by_managers() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let siraj = campaign(&manager, "SIRAJ-2015").await;
    manager.post(PATH, &claim("C18", siraj, &json!({}))).await.expect_status(201);
    let area = app.area("EAST", None).await;
    for client in [&app.user(Role::Auditor).await, &app.user(Role::Admin).await, &app.coordinator(&[area]).await] {
        assert_eq!(client.all(PATH).await.len(), 1);
        client.post(PATH, &claim("C19", siraj, &json!({}))).await.expect_problem(403, "forbidden");
    }
    let facility = id_of(&app.facility(&manager, "MPT-01", area).await);
    app.clerk(facility).await.get(PATH).await.expect_problem(403, "forbidden");
}

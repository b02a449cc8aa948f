//! Stories of campaigns.

use serde_json::json;
use siraj::auth::Role;

use crate::support::{TestApp, client::faults, id_of};

const PATH: &str = "/api/v1/campaigns";

#[tokio::test]
async fn a_campaign_is_made_found_edited_retired_and_supports_facilities() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let body = json!({"code": "SIRAJ-2015", "name": "Siraj campaign", "name_ar": "حملة سراج", "goal_amount": "1000000", "currency": "USD", "starts_on": "2015-01-01", "ends_on": "2015-12-31"});
    let record = manager.post(PATH, &body).await.expect_status(201).json();
    assert_eq!(record["goal_amount"], "1000000.00");
    let path = format!("{PATH}/{}", id_of(&record));
    for (query, number) in
        [("?on=2015-12-31", 1), ("?on=2016-01-01", 0), ("?currency=USD", 1), ("?currency=EUR", 0), ("?q=سراج", 1), ("?q=fuel", 0)]
    {
        assert_eq!(manager.all(&format!("{PATH}{query}")).await.len(), number, "{query}");
    }
    let facility = id_of(&app.facility(&manager, "MPT-01", app.area("EAST", None).await).await);
    let support = manager.post(&format!("{path}/facilities"), &json!({"facility_id": facility})).await.expect_status(201).json();
    manager.post(&format!("{path}/facilities"), &json!({"facility_id": facility})).await.expect_problem(409, "overlap");
    let one = format!("{path}/facilities/{}", id_of(&support));
    manager.patch(&one, "\"1\"", &json!({"ends_on": "2015-06-30"})).await.expect_status(200);
    manager.delete(&one, "\"2\"").await.expect_status(200);

    manager.patch(&path, "\"1\"", &json!({"ends_on": null, "goal_amount": "1200000.50"})).await.expect_status(200);
    manager.delete(&path, "\"2\"").await.expect_status(200);
    assert_eq!(manager.all(&format!("{path}/history")).await.len(), 6);
    assert!(manager.all(PATH).await.is_empty());
}

#[tokio::test]
async fn a_goal_is_more_than_nothing_in_a_known_currency() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    for (goal, currency, pointer, code) in [
        ("0", "USD", "/goal_amount", "out-of-range"),
        ("-1", "USD", "/goal_amount", "out-of-range"),
        ("ten", "USD", "/goal_amount", "invalid-format"),
        ("10", "US", "/currency", "unknown-currency"),
    ] {
        let body = json!({"code": "ONE", "name": "One", "goal_amount": goal, "currency": currency, "starts_on": "2015-01-01"});
        let refused = manager.post(PATH, &body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), [(pointer.to_owned(), code.to_owned())], "{goal} {currency}");
    }
    let refused = manager.post(PATH, &json!({})).await.expect_problem(422, "validation-failed");
    let missing: Vec<_> = faults(&refused).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(missing, ["/code", "/currency", "/goal_amount", "/name", "/starts_on"]);
}

#[tokio::test]
async fn campaigns_are_read_by_partners_and_written_by_managers() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let partner = uuid::Uuid::now_v7();
    let text = "INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ($1, 'IRC', 'IRC', '{partner}', '00000000-0000-7000-8000-000000000001')";
    app.database.owner().await.execute(text, &[&partner]).await.expect("organization");
    let body = json!({"code": "SIRAJ-2015", "name": "Siraj", "goal_amount": "1", "currency": "USD", "starts_on": "2015-01-01"});
    let path = format!("{PATH}/{}", id_of(&manager.post(PATH, &body).await.expect_status(201).json()));
    let facility = id_of(&app.facility(&manager, "MPT-01", app.area("EAST", None).await).await);
    manager.post(&format!("{path}/facilities"), &json!({"facility_id": facility})).await.expect_status(201);
    let client = app.partner(partner).await;
    client.get(&path).await.expect_status(200);
    // Which facilities a campaign supports is known to a partner only where it supports them too.
    assert!(client.all(&format!("{path}/facilities")).await.is_empty());
    client.patch(&path, "*", &json!({"name": "Mine"})).await.expect_problem(403, "forbidden");
    client.get("/api/v1/claims").await.expect_problem(403, "forbidden");
    app.clerk(facility).await.get(&path).await.expect_problem(403, "forbidden");
}

//! Stories of projects and what they support.

use serde_json::json;
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{TestApp, client::faults, id_of};

const PATH: &str = "/api/v1/projects";

#[tokio::test]
async fn a_project_is_made_found_edited_retired_and_supports_facilities() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let body =
        json!({"code": "CADRES", "name": "Support of medical cadres", "name_ar": "دعم الكوادر", "starts_on": "2012-11-01"});
    let path = format!("{PATH}/{}", id_of(&manager.post(PATH, &body).await.expect_status(201).json()));
    let body = json!({"code": "FUEL-2013", "name": "Fuel", "starts_on": "2013-01-01", "ends_on": "2013-12-31"});
    manager.post(PATH, &body).await.expect_status(201);
    for (query, expected) in [
        ("?sort=-starts_on", vec!["FUEL-2013", "CADRES"]),
        ("?on=2013-12-31", vec!["CADRES", "FUEL-2013"]),
        ("?on=2014-01-01", vec!["CADRES"]),
        ("?on=2012-10-31", vec![]),
        ("?q=الكوادر", vec!["CADRES"]),
    ] {
        let codes: Vec<_> = manager.all(&format!("{PATH}{query}")).await.iter().map(|one| one["code"].clone()).collect();
        assert_eq!(codes, expected, "{query}");
    }
    let facility = id_of(&app.facility(&manager, "MPT-01", app.area("EAST", None).await).await);
    let support = manager.post(&format!("{path}/facilities"), &json!({"facility_id": facility})).await.expect_status(201).json();
    let overlap =
        manager.post(&format!("{path}/facilities"), &json!({"facility_id": facility})).await.expect_problem(409, "overlap");
    assert_eq!(faults(&overlap), [("/starts_on".to_owned(), "overlap".to_owned())]);
    let one = format!("{path}/facilities/{}", id_of(&support));
    manager.patch(&one, "\"1\"", &json!({"starts_on": "2013-01-01"})).await.expect_status(200);
    manager.delete(&one, "\"2\"").await.expect_status(200);
    assert_eq!(manager.all(&format!("{path}/facilities?retired=true")).await.len(), 1);

    let refused = manager.patch(&path, "*", &json!({"ends_on": "2012-10-31"})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/ends_on".to_owned(), "date-order".to_owned())]);
    let refused =
        manager.patch(&path, "*", &json!({"organization_id": Uuid::now_v7()})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/organization_id".to_owned(), "unknown-reference".to_owned())]);
    manager.delete(&path, "\"1\"").await.expect_status(200);
    assert_eq!(manager.all(&format!("{path}/history")).await.len(), 5);
}

#[tokio::test]
async fn a_partner_reads_the_projects_that_name_it() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let partner = Uuid::now_v7();
    let text = "INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ($1, 'FAO', 'FAO', '{partner}', '00000000-0000-7000-8000-000000000001')";
    app.database.owner().await.execute(text, &[&partner]).await.expect("organization");
    let own = json!({"code": "FAO-LOGISTICS", "name": "Logistics", "organization_id": partner, "starts_on": "2013-01-01"});
    let own = id_of(&manager.post(PATH, &own).await.expect_status(201).json());
    let ours = json!({"code": "OFFICES", "name": "Offices", "starts_on": "2012-12-15"});
    let ours = id_of(&manager.post(PATH, &ours).await.expect_status(201).json());
    let client = app.partner(partner).await;
    assert_eq!(client.all(PATH).await.iter().map(id_of).collect::<Vec<_>>(), [own]);
    let hidden = client.get(&format!("{PATH}/{ours}")).await.expect_problem(404, "not-found");
    let missing = client.get(&format!("{PATH}/{}", Uuid::now_v7())).await.expect_problem(404, "not-found");
    assert_eq!(hidden["detail"], missing["detail"]);
    client.post(PATH, &json!({"code": "MINE", "name": "Mine", "starts_on": "2013-01-01"})).await.expect_problem(403, "forbidden");
}

//! Stories of users.

use serde_json::{Value, json};
use siraj::{
    auth::{Role, SYSTEM},
    users::{self, NewUser},
};
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    database::Holdup,
    id_of,
};

const PASSWORD: &str = "seven lanterns over the pass";

async fn organization(app: &TestApp) -> Uuid {
    let id = Uuid::now_v7();
    app.database
        .owner()
        .await
        .execute(
            "INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ($1, 'ORG-1', 'An organisation', '{donor}', $2)",
            &[&id, &SYSTEM],
        )
        .await
        .expect("organisation");
    id
}

fn told(problem: &Value) -> Vec<(String, String)> {
    faults(problem)
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
}

async fn invite(admin: &Client, email: &str, role: &str) -> Value {
    admin.post("/api/v1/users", &json!({"email": email, "name": "Somebody", "role": role})).await.expect_status(201).json()
}

#[tokio::test]
async fn a_user_is_invited_read_edited_retired_and_the_history_tells_it() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin).await;
    let area = app.area("GHOUTA", None).await;
    let body = json!({"email": "Nour@Test.Example", "name": "Nour", "role": "coordinator", "area_ids": [area]});
    let made = admin.post("/api/v1/users", &body).await.expect_status(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let user = made.json();
    let path = format!("/api/v1/users/{}", id_of(&user));
    assert_eq!(made.header("location"), path);
    assert_eq!(
        (made.header("etag"), &user["status"], &user["email"]),
        ("\"1\"".to_owned(), &json!("invited"), &json!("nour@test.example"))
    );
    assert_eq!(user["invitation_token"].as_str().map(str::len), Some(43));

    let read = admin.get(&path).await.expect_status(200);
    assert_eq!(read.json()["area_ids"], json!([area]));
    assert_eq!(read.json().get("invitation_token"), None);
    let auditor = app.user(Role::Auditor).await;
    assert_eq!(auditor.get(&path).await.expect_status(200).json(), read.json());

    admin.patch(&path, "\"7\"", &json!({"name": "N"})).await.expect_problem(412, "stale-revision");
    let edited = admin.patch(&path, "\"1\"", &json!({"name": "Nour H."})).await.expect_status(200);
    assert_eq!((edited.header("etag"), &edited.json()["name"]), ("\"2\"".to_owned(), &json!("Nour H.")));
    let problem = admin.patch(&path, "*", &json!({"email": "other@test.example"})).await.expect_problem(422, "validation-failed");
    assert_eq!(told(&problem), pairs(&[("/email", "unknown-field")]));
    admin.delete(&path, "\"2\"").await.expect_status(200);
    admin.patch(&path, "*", &json!({"name": "N"})).await.expect_problem(410, "record-deleted");
    for action in ["disablement", "enablement", "invitations", "password-resets"] {
        admin.post(&format!("{path}/{action}"), &json!({})).await.expect_problem(410, "record-deleted");
    }
    let acceptance = json!({"token": user["invitation_token"], "password": PASSWORD});
    app.stranger().post("/api/v1/auth/invitations/accept", &acceptance).await.expect_problem(401, "invalid-token");
    let history = auditor.all(&format!("{path}/history")).await;
    let actions: Vec<_> =
        history.iter().map(|entry| (entry["resource"].as_str().unwrap(), entry["action"].as_str().unwrap())).collect();
    assert_eq!(
        actions,
        [
            ("users", "created"),
            ("user_areas", "created"),
            ("user_tickets", "created"),
            ("users", "changed"),
            ("users", "retired")
        ]
    );
    assert!(history[2]["after"].get("token_hash").is_none());
    assert_eq!(history[3]["before"]["name"], "Nour");
    assert!(admin.all("/api/v1/users").await.iter().all(|one| one["id"] != user["id"]));
    assert_eq!(admin.all("/api/v1/users?retired=true").await.len(), 1);
}

#[tokio::test]
async fn the_same_invitation_sent_again_makes_no_second_user_and_shows_no_second_token() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin).await;
    let (west, east) = (app.area("WEST", None).await, app.area("EAST", None).await);
    let body =
        json!({"id": Uuid::now_v7(), "email": "a@test.example", "name": "A", "role": "coordinator", "area_ids": [east, west]});
    let headers = [("idempotency-key", "one")];
    let first = admin.post_with("/api/v1/users", &headers, &body).await.expect_status(201).json();
    let again = admin.post_with("/api/v1/users", &headers, &body).await.expect_status(200);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.json().get("invitation_token"), None);
    assert_eq!(again.json()["id"], first["id"]);
    let stored = app.database.owner().await.query("SELECT 1 FROM idempotency_keys", &[]).await.unwrap();
    assert!(stored.is_empty(), "an answer with a secret is not kept");
    let mut other = body.clone();
    other["name"] = json!("B");
    admin.post("/api/v1/users", &other).await.expect_problem(409, "record-conflict");
    other["id"] = json!(Uuid::now_v7());
    other["email"] = json!("A@TEST.example");
    let problem = admin.post("/api/v1/users", &other).await.expect_problem(409, "duplicate");
    assert_eq!(told(&problem), pairs(&[("/email", "duplicate")]));
    let rows = app.database.owner().await.query("SELECT 1 FROM user_tickets", &[]).await.unwrap();
    assert_eq!(rows.len(), 1, "nothing half-written");
}

#[tokio::test]
async fn every_role_belongs_where_it_works() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin).await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    let facility = id_of(&app.facility(&manager, "MPT-01", area).await);
    let organization = organization(&app).await;
    let refused = async |body: Value| {
        let mut whole = json!({"email": "x@test.example", "name": "X"});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        told(&admin.post("/api/v1/users", &whole).await.expect_problem(422, "validation-failed"))
    };
    assert_eq!(refused(json!({"role": "partner"})).await, pairs(&[("/organization_id", "required")]));
    assert_eq!(refused(json!({"role": "clerk"})).await, pairs(&[("/facility_id", "required")]));
    assert_eq!(refused(json!({"role": "coordinator"})).await, pairs(&[("/area_ids", "required")]));
    let everything = json!({"role": "manager", "organization_id": organization, "facility_id": facility, "area_ids": [area]});
    let expected = [("/area_ids", "unknown-field"), ("/facility_id", "unknown-field"), ("/organization_id", "unknown-field")];
    assert_eq!(refused(everything).await, pairs(&expected));
    let twice = json!({"role": "coordinator", "area_ids": [area, area]});
    assert_eq!(refused(twice).await, pairs(&[("/area_ids/1", "repeated")]));
    let nowhere = Uuid::now_v7();
    assert_eq!(
        refused(json!({"role": "coordinator", "area_ids": [area, nowhere]})).await,
        pairs(&[("/area_ids", "unknown-reference")])
    );
    assert_eq!(refused(json!({"role": "clerk", "facility_id": nowhere})).await, pairs(&[("/facility_id", "unknown-reference")]));
    assert_eq!(
        refused(json!({"role": "partner", "organization_id": nowhere})).await,
        pairs(&[("/organization_id", "unknown-reference")])
    );
    let many =
        json!({"email": "no mail", "name": "", "role": "king", "area_ids": "all", "status": "active", "session_version": 9});
    let problem = admin.post("/api/v1/users", &many).await.expect_problem(422, "validation-failed");
    let expected = [
        ("/area_ids", "wrong-type"),
        ("/email", "invalid-format"),
        ("/name", "required"),
        ("/role", "unknown-value"),
        ("/session_version", "unknown-field"),
        ("/status", "unknown-field"),
    ];
    assert_eq!(told(&problem), pairs(&expected));
    assert!(admin.all("/api/v1/users?q=x@test.example").await.is_empty(), "nothing half-written");
    for (email, role, field) in [
        ("p", "partner", json!({"organization_id": organization})),
        ("c", "clerk", json!({"facility_id": facility})),
        ("k", "coordinator", json!({"area_ids": [area]})),
    ] {
        let mut body = json!({"email": format!("{email}@test.example"), "name": "X", "role": role});
        body.as_object_mut().unwrap().extend(field.as_object().unwrap().clone());
        let user = admin.post("/api/v1/users", &body).await.expect_status(201).json();
        let path = format!("/api/v1/users/{}", id_of(&user));
        // Another role needs its own place, in the same edit.
        let problem = admin.patch(&path, "*", &json!({"role": "auditor"})).await.expect_problem(422, "validation-failed");
        assert_eq!(told(&problem).len(), 1);
        let patch = json!({"role": "auditor", "organization_id": null, "facility_id": null, "area_ids": null});
        let changed = admin.patch(&path, "*", &patch).await.expect_status(200).json();
        assert_eq!((&changed["role"], &changed["area_ids"]), (&json!("auditor"), &json!([])));
    }
}

#[tokio::test]
async fn other_areas_are_seen_at_once_and_the_coordinator_stays_signed_in() {
    let app = TestApp::start().await;
    let (admin, manager) = (app.user(Role::Admin).await, app.user(Role::Manager).await);
    let areas = [app.area("EAST", None).await, app.area("WEST", None).await, app.area("SOUTH", None).await];
    let [east, west, south] = areas;
    for (code, area) in [("MPT-01", east), ("MPT-02", west), ("MPT-03", south)] {
        app.facility(&manager, code, area).await;
    }
    let coordinator = app.coordinator(&[east, west]).await;
    let nodes = [coordinator.clone(), coordinator.at(&app.second_node())];
    let codes = async |client: &Client| -> Vec<Value> {
        client.all("/api/v1/facilities").await.iter().map(|one| one["code"].clone()).collect()
    };
    for node in &nodes {
        assert_eq!(codes(node).await, ["MPT-01", "MPT-02"]);
    }
    let path = format!("/api/v1/users/{}", coordinator.user_id.unwrap());
    let changed = admin.patch(&path, "\"1\"", &json!({"area_ids": [south, west]})).await.expect_status(200);
    assert_eq!(changed.header("etag"), "\"2\"");
    let start = std::time::Instant::now();
    for node in &nodes {
        while codes(node).await != ["MPT-02", "MPT-03"] {
            assert!(start.elapsed().as_secs_f32() < 1.0, "the old areas are still held");
        }
    }
    // In another order, nothing changes.
    assert_eq!(admin.patch(&path, "\"2\"", &json!({"area_ids": [west, south]})).await.expect_status(200).header("etag"), "\"2\"");
    let kept = app.database.owner().await;
    let rows = kept
        .query("SELECT retired_at IS NULL FROM user_areas WHERE user_id = $1 ORDER BY recorded_at", &[&coordinator.user_id])
        .await
        .unwrap();
    assert_eq!(rows.iter().filter(|row| row.get(0)).count(), 2);
    assert_eq!(rows.len(), 3, "the kept area keeps its row, the other is retired and not deleted");
    // And back again: the retired row stays retired, a new one is made.
    admin.patch(&path, "*", &json!({"area_ids": [east]})).await.expect_status(200);
    assert_eq!(admin.get(&path).await.json()["area_ids"], json!([east]));
}

#[tokio::test]
async fn one_active_administrator_is_always_left() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin).await;
    let me = format!("/api/v1/users/{}", admin.user_id.unwrap());
    // An invited or disabled administrator is none.
    let invited = invite(&admin, "second@test.example", "admin").await;
    admin.post(&format!("{me}/disablement"), &json!({})).await.expect_problem(409, "wrong-state");
    // Nobody changes what they themselves may do.
    admin.patch(&me, "*", &json!({"role": "auditor"})).await.expect_problem(403, "forbidden");
    admin.delete(&me, "*").await.expect_problem(409, "wrong-state");
    admin.patch(&me, "*", &json!({"name": "Still here"})).await.expect_status(200);
    let acceptance = json!({"token": invited["invitation_token"], "password": PASSWORD});
    let tokens = app.stranger().post("/api/v1/auth/invitations/accept", &acceptance).await.expect_status(200).json();
    let second = Client::new(&app.url, tokens["access_token"].as_str().map(ToOwned::to_owned));
    // Two who disable each other at the same moment: one of them is left.
    let other = format!("/api/v1/users/{}", id_of(&invited));
    let (one, two) = (format!("{other}/disablement"), format!("{me}/disablement"));
    let nothing = json!({});
    let holdup = Holdup::of(&app.database, "users").await;
    let (a, b, ()) = tokio::join!(admin.post(&one, &nothing), second.post(&two, &nothing), holdup.release(2));
    let statuses = [a.status.as_u16(), b.status.as_u16()];
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().any(|status| matches!(status, 401 | 409)), "{statuses:?}");
    let left = app.database.owner().await;
    let left = left.query("SELECT 1 FROM users WHERE role = 'admin' AND status = 'active'", &[]).await.unwrap();
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn a_user_is_disabled_and_enabled_and_a_second_time_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin).await;
    let user = invite(&admin, "a@test.example", "manager").await;
    let path = format!("/api/v1/users/{}", id_of(&user));
    let act = async |what: &str| admin.post(&format!("{path}/{what}"), &json!({})).await.expect_status(200);
    act("enablement").await;
    let disabled = act("disablement").await;
    assert_eq!((disabled.json()["status"].as_str(), disabled.header("etag")), (Some("disabled"), "\"2\"".to_owned()));
    assert_eq!(act("disablement").await.header("etag"), "\"2\"");
    admin.post(&format!("{path}/invitations"), &json!({})).await.expect_problem(409, "wrong-state");
    let acceptance = json!({"token": user["invitation_token"], "password": PASSWORD});
    app.stranger().post("/api/v1/auth/invitations/accept", &acceptance).await.expect_problem(401, "invalid-token");
    // Who never set a password waits for an invitation again.
    assert_eq!(act("enablement").await.json()["status"], "invited");
    admin.post(&format!("{path}/password-resets"), &json!({})).await.expect_problem(409, "wrong-state");
    let token = act("invitations").await.json()["invitation_token"].clone();
    let acceptance = json!({"token": token, "password": PASSWORD});
    app.stranger().post("/api/v1/auth/invitations/accept", &acceptance).await.expect_status(200);
    act("disablement").await;
    assert_eq!(act("enablement").await.json()["status"], "active");
    let login = json!({"email": "a@test.example", "password": PASSWORD});
    app.stranger().post("/api/v1/auth/login", &login).await.expect_status(200);
    assert_eq!(admin.all("/api/v1/users?status=active&role=manager").await.len(), 1);
}

#[tokio::test]
async fn users_are_listed_by_role_state_and_name_without_the_service_itself() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin).await;
    let area = app.area("GHOUTA", None).await;
    for number in 0..5 {
        invite(&admin, &format!("m{number}@test.example"), "manager").await;
    }
    let body = json!({"email": "layla@test.example", "name": "ليلى الأحمد", "role": "coordinator", "area_ids": [area]});
    admin.post("/api/v1/users", &body).await.expect_status(201);
    let emails = async |query: &str| -> Vec<String> {
        let users = admin.all(&format!("/api/v1/users?{query}")).await;
        users.iter().map(|one| one["email"].as_str().unwrap().to_owned()).collect()
    };
    let managers: Vec<String> = (0..5).map(|number| format!("m{number}@test.example")).collect();
    assert_eq!(emails("role=manager&limit=2").await, managers);
    assert_eq!(emails("role=manager&limit=2&sort=-email").await, managers.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(emails("role=manager&limit=2&sort=recorded_at").await, managers);
    assert_eq!(emails("q=%D9%84%D9%8A%D9%84%D9%8A%20%D8%A7%D9%84%D8%A7%D8%AD%D9%85%D8%AF").await, ["layla@test.example"]);
    assert_eq!(emails("status=active").await, [admin.email.clone().unwrap()]);
    assert_eq!(emails("status=invited").await.len(), 6);
    assert!(emails("status=disabled").await.is_empty() && emails("q=siraj").await.is_empty());
    admin.get("/api/v1/users?role=king").await.expect_problem(422, "validation-failed");
    admin.get("/api/v1/users?password=x").await.expect_problem(400, "token-in-url");
    let everybody = admin.all("/api/v1/users").await;
    assert_eq!(everybody.iter().find(|one| one["email"] == "layla@test.example").unwrap()["area_ids"], json!([area]));
    let csv = admin.get("/api/v1/users?format=csv").await.expect_status(200).text();
    assert_eq!(csv.lines().count(), 8);
    assert!(!csv.contains("siraj.invalid"));
}

#[tokio::test]
async fn the_service_itself_is_nobody() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin).await;
    let path = format!("/api/v1/users/{SYSTEM}");
    admin.get(&path).await.expect_problem(404, "not-found");
    admin.get(&format!("{path}/history")).await.expect_problem(404, "not-found");
    admin.patch(&path, "*", &json!({"name": "X"})).await.expect_problem(404, "not-found");
    admin.delete(&path, "*").await.expect_problem(404, "not-found");
    for action in ["disablement", "enablement", "invitations", "password-resets"] {
        admin.post(&format!("{path}/{action}"), &json!({})).await.expect_problem(404, "not-found");
    }
    let body = json!({"id": SYSTEM, "email": "x@test.example", "name": "X", "role": "admin"});
    admin.post("/api/v1/users", &body).await.expect_problem(409, "record-conflict");
}

#[tokio::test]
async fn only_administrators_manage_users_and_only_auditors_look_on() {
    let app = TestApp::start().await;
    let area = app.area("GHOUTA", None).await;
    let manager = app.user(Role::Manager).await;
    let facility = id_of(&app.facility(&manager, "MPT-01", area).await);
    let organization = organization(&app).await;
    let somebody = manager.user_id.unwrap();
    let path = format!("/api/v1/users/{somebody}");
    let others = [
        app.coordinator(&[area]).await,
        app.clerk(facility).await,
        app.partner(organization).await,
        manager,
        app.user(Role::Auditor).await,
    ];
    for (index, client) in others.iter().enumerate() {
        let reads = index == 4;
        for address in ["/api/v1/users", &path, &format!("{path}/history")] {
            let answer = client.get(address).await;
            if reads { drop(answer.expect_status(200)) } else { drop(answer.expect_problem(403, "forbidden")) }
        }
        let body = json!({"email": "x@test.example", "name": "X", "role": "admin"});
        client.post("/api/v1/users", &body).await.expect_problem(403, "forbidden");
        client.patch(&path, "*", &json!({"role": "admin"})).await.expect_problem(403, "forbidden");
        client.delete(&path, "*").await.expect_problem(403, "forbidden");
        for action in ["disablement", "enablement", "invitations", "password-resets"] {
            client.post(&format!("{path}/{action}"), &json!({})).await.expect_problem(403, "forbidden");
        }
    }
}

#[tokio::test]
async fn the_first_administrator_comes_from_the_command_line() {
    let app = TestApp::start().await;
    let db = siraj::db::Db::new(&app.database.service_url(), 1).expect("a pool");
    let email = || siraj::types::Email::parse("first@test.example").expect("an address");
    let name = || siraj::types::Name::parse("The first").expect("a name");
    let refused = db.write(async |conn| users::create_admin(conn, email(), name(), "short").await).await.expect_err("weak");
    assert_eq!(refused.faults.iter().map(|fault| fault.code.as_str()).collect::<Vec<_>>(), ["weak-password"]);
    let made = db.write(async |conn| users::create_admin(conn, email(), name(), PASSWORD).await).await.expect("made");
    let login = json!({"email": "first@test.example", "password": PASSWORD});
    let tokens = app.stranger().post("/api/v1/auth/login", &login).await.expect_status(200).json();
    let admin = Client::new(&app.url, tokens["access_token"].as_str().map(ToOwned::to_owned));
    let listed = admin.all("/api/v1/users").await;
    assert_eq!(listed.iter().map(id_of).collect::<Vec<_>>(), [made.id], "the refused one left nothing behind");
    let again = db.write(async |conn| users::create_admin(conn, email(), name(), PASSWORD).await).await.expect_err("taken");
    assert_eq!(again.code.as_str(), "duplicate");
    // The demo asks for its accounts at every start: they stay as they are.
    let new = NewUser {
        id: None,
        email: email(),
        name: name(),
        role: Role::Auditor,
        organization_id: None,
        facility_id: None,
        area_ids: Vec::new(),
    };
    let there = db.write(async |conn| users::ensure(conn, &new).await).await.expect("there");
    assert_eq!((there.id, there.fields.role), (made.id, Role::Admin));
}

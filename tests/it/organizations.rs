//! Stories of organisations.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

const PATH: &str = "/api/v1/organizations";

fn norwac() -> Value {
    json!({"code": "NORWAC", "name": "NORWAC", "name_ar": "نورواك", "aliases": ["NURWAC", "Noorwak"], "roles": ["partner"]})
}

async fn codes(by: &Client, query: &str) -> Vec<String> {
    by.all(&format!("{PATH}?{query}")).await.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_organisation_is_created_read_edited_retired_and_its_history_tells_it() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let made = manager.post(PATH, &norwac()).await.expect_status(201);
    let path = format!("{PATH}/{}", id_of(&made.json()));
    assert_eq!(made.header("location"), path);
    assert_eq!(manager.get(&path).await.expect_status(200).json(), made.json());
    let edited =
        manager.patch(&path, "\"1\"", &json!({"aliases": ["NURWAC"], "roles": ["partner", "donor"]})).await.expect_status(200);
    assert_eq!(edited.json()["aliases"], json!(["NURWAC"]));
    manager.patch(&path, "\"1\"", &json!({"name": "Else"})).await.expect_problem(412, "stale-revision");
    manager.delete(&path, "\"2\"").await.expect_status(200);
    manager.patch(&path, "*", &json!({"name": "Else"})).await.expect_problem(410, "record-deleted");
    assert_eq!((codes(&manager, "").await.len(), codes(&manager, "retired=true").await), (0, vec!["NORWAC".to_owned()]));
    let history = manager.all(&format!("{path}/history")).await;
    let actions: Vec<_> = history.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["created", "changed", "retired"]);
    assert_eq!(history[1]["before"]["aliases"], json!(["NURWAC", "Noorwak"]));
}

#[tokio::test]
async fn any_spelling_finds_the_organisation_and_roles_filter() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    manager.post(PATH, &norwac()).await.expect_status(201);
    manager
        .post(PATH, &json!({"code": "SUP-01", "name": "Supplier 01", "roles": ["supplier", "donor"]}))
        .await
        .expect_status(201);
    for spelling in
        ["NORWAC", "nurwac", "Noorwak", "%D9%86%D9%88%D8%B1%D9%88%D8%A7%D9%83", "%D9%86%D9%88%D8%B1%D9%88%D8%A7%DA%A9"]
    {
        assert_eq!(codes(&manager, &format!("q={spelling}")).await, ["NORWAC"], "{spelling}");
    }
    assert_eq!(codes(&manager, "q=_orwac").await, [""; 0]);
    assert_eq!(codes(&manager, "role=donor").await, ["SUP-01"]);
    assert_eq!(codes(&manager, "role=partner").await, ["NORWAC"]);
    assert_eq!(codes(&manager, "sort=-name&limit=1").await, ["SUP-01", "NORWAC"]);
    let problem = manager.get(&format!("{PATH}?role=friend")).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [("/role".to_owned(), "unknown-value".to_owned())]);
}

#[tokio::test]
async fn a_spelling_belongs_to_one_organisation() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    manager.post(PATH, &norwac()).await.expect_status(201);
    let taken = [("/aliases".to_owned(), "duplicate".to_owned()), ("/name".to_owned(), "duplicate".to_owned())];
    let others = [
        json!({"code": "OTHER", "name": "noorwak", "roles": ["partner"]}),
        json!({"code": "OTHER", "name": "Other", "aliases": ["  Nurwac "], "roles": ["partner"]}),
        json!({"code": "OTHER", "name": "Other", "name_ar": "نورواک", "roles": ["partner"]}),
        json!({"code": "NURWAC", "name": "Other", "roles": ["partner"]}),
    ];
    for other in others {
        let problem = manager.post(PATH, &other).await.expect_problem(409, "duplicate");
        assert_eq!(faults(&problem), taken, "{other}");
    }
    let same_code = json!({"code": "NORWAC", "name": "Other", "roles": ["partner"]});
    let problem = manager.post(PATH, &same_code).await.expect_problem(409, "duplicate");
    assert_eq!(faults(&problem), [("/code".to_owned(), "duplicate".to_owned())]);
    assert_eq!(codes(&manager, "").await, ["NORWAC"], "nothing half-written");

    let other = manager.post(PATH, &json!({"code": "OTHER", "name": "Other", "roles": ["partner"]})).await.expect_status(201);
    let path = format!("{PATH}/{}", id_of(&other.json()));
    manager.patch(&path, "*", &json!({"aliases": ["NURWAC"]})).await.expect_problem(409, "duplicate");
    let first = manager.all(&format!("{PATH}?q=NORWAC")).await;
    let first_path = format!("{PATH}/{}", id_of(&first[0]));
    manager.patch(&first_path, "*", &json!({"aliases": ["Noorwak"]})).await.expect_status(200);
    manager.patch(&path, "*", &json!({"aliases": ["NURWAC"]})).await.expect_status(200);
    manager.delete(&first_path, "*").await.expect_status(200);
    // A retired organisation keeps its spellings: old contracts still name it.
    manager.patch(&path, "*", &json!({"aliases": ["Noorwak"]})).await.expect_problem(409, "duplicate");
}

#[tokio::test]
async fn all_faults_of_an_organisation_are_told() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let body = json!({"code": "norwac", "name": "a\u{202e}b", "aliases": ["x", 7], "roles": ["friend"], "verified": true});
    let problem = manager.post(PATH, &body).await.expect_problem(422, "validation-failed");
    let expected = [
        ("/aliases/1", "wrong-type"),
        ("/code", "invalid-format"),
        ("/name", "invalid-text"),
        ("/roles/0", "unknown-value"),
        ("/verified", "unknown-field"),
    ];
    assert_eq!(faults(&problem), expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    let body = json!({"code": "NORWAC", "name": "NORWAC", "aliases": ["x", "x"], "roles": []});
    let problem = manager.post(PATH, &body).await.expect_problem(422, "validation-failed");
    let expected = [("/aliases/1", "repeated"), ("/roles", "required")];
    assert_eq!(faults(&problem), expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
}

#[tokio::test]
async fn a_partner_sees_itself_alone_and_coordinators_only_read() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let own = id_of(&manager.post(PATH, &norwac()).await.expect_status(201).json());
    let irc = json!({"code": "IRC", "name": "IRC", "roles": ["partner"]});
    let irc = id_of(&manager.post(PATH, &irc).await.expect_status(201).json());
    let partner = app.partner(own).await;
    assert_eq!(codes(&partner, "").await, ["NORWAC"]);
    assert_eq!(codes(&partner, "q=IRC").await, [""; 0]);
    partner.get(&format!("{PATH}/{own}")).await.expect_status(200);
    let hidden = partner.get(&format!("{PATH}/{irc}")).await.expect_problem(404, "not-found");
    let missing = partner.get(&format!("{PATH}/{}", Uuid::now_v7())).await.expect_problem(404, "not-found");
    assert_eq!((&hidden["detail"], &hidden["errors"]), (&missing["detail"], &missing["errors"]));

    let ghouta = app.area("GHOUTA", None).await;
    let facility = app.facility(&manager, "MPT-01", ghouta).await;
    let (coordinator, admin, auditor) =
        (app.coordinator(&[ghouta]).await, app.user(Role::Admin).await, app.user(Role::Auditor).await);
    for reader in [&coordinator, &admin, &auditor] {
        assert_eq!(codes(reader, "").await, ["IRC", "NORWAC"]);
    }
    for reader in [&coordinator, &admin, &auditor, &partner] {
        let body = json!({"code": "NEW", "name": "New", "roles": ["donor"]});
        reader.post(PATH, &body).await.expect_problem(403, "forbidden");
        reader.patch(&format!("{PATH}/{own}"), "*", &json!({"name": "Else"})).await.expect_problem(403, "forbidden");
        reader.delete(&format!("{PATH}/{own}"), "*").await.expect_problem(403, "forbidden");
    }
    partner.get(&format!("{PATH}/{own}/history")).await.expect_problem(403, "forbidden");
    app.clerk(id_of(&facility)).await.get(PATH).await.expect_problem(403, "forbidden");
    app.stranger().get(PATH).await.expect_problem(401, "unauthenticated");
}

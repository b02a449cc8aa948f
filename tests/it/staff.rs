//! Stories of staff.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

const STAFF: &str = "/api/v1/staff";

/// A person by pseudonym, added by this client.
pub async fn person(by: &Client, code: &str, area: Uuid) -> Value {
    let body = json!({"code": code, "cadre": "doctor", "area_id": area});
    by.post(STAFF, &body).await.expect_status(201).json()
}

/// A whole post from this day on, given by this client.
async fn post(by: &Client, person: &Value, facility: &Value, starts_on: &str, ends_on: Option<&str>) -> Value {
    let body = json!({"staff_id": id_of(person), "facility_id": id_of(facility), "cadre": "doctor", "starts_on": starts_on, "ends_on": ends_on});
    by.post("/api/v1/assignments", &body).await.expect_status(201).json()
}

fn codes(records: &[Value]) -> Vec<String> {
    records.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_person_is_recorded_by_pseudonym_edited_and_retired_and_the_history_tells_it() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    let id = Uuid::now_v7();
    let body = json!({"id": id, "code": "S-0001", "cadre": "doctor", "specialty": "anaesthesia", "gender": "female", "qualification": "specialist certificate", "area_id": area});
    let made = manager.post(STAFF, &body).await.expect_status(201);
    assert_eq!(made.header("location"), format!("{STAFF}/{id}"));
    let again = manager.post(STAFF, &body).await.expect_status(200);
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true".to_owned(), made.json()));
    let mut other = body.clone();
    other["gender"] = json!("male");
    manager.post(STAFF, &other).await.expect_problem(409, "record-conflict");

    let path = format!("{STAFF}/{id}");
    let edited = manager.patch(&path, "\"1\"", &json!({"specialty": null, "cadre": "nurse"})).await.expect_status(200).json();
    assert_eq!((&edited["specialty"], &edited["cadre"], &edited["gender"]), (&json!(null), &json!("nurse"), &json!("female")));
    manager.patch(&path, "\"1\"", &json!({"cadre": "doctor"})).await.expect_problem(412, "stale-revision");
    manager.delete(&path, "\"2\"").await.expect_status(200);
    manager.post(STAFF, &body).await.expect_problem(410, "record-deleted");
    manager.put(&format!("{path}/identity"), &json!({"name": "Nobody"})).await.expect_problem(403, "forbidden");
    let history = manager.all(&format!("{path}/history")).await;
    assert_eq!(history.iter().map(|one| one["action"].clone()).collect::<Vec<_>>(), ["created", "changed", "retired"]);
}

#[tokio::test]
async fn a_person_of_wrong_values_is_refused_with_every_fault() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    person(&manager, "S-0001", area).await;
    let body = json!({"code": "s 1", "cadre": "surgeon", "gender": "other", "name": "A. Person"});
    let problem = manager.post(STAFF, &body).await.expect_problem(422, "validation-failed");
    let told = [
        ("/area_id", "required"),
        ("/cadre", "unknown-value"),
        ("/code", "invalid-format"),
        ("/gender", "unknown-value"),
        ("/name", "unknown-field"),
    ];
    assert_eq!(faults(&problem), told.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    let cadres: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().find(|one| one["pointer"] == "/cadre").unwrap()["allowed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap())
            .collect();
    assert_eq!(cadres, ["doctor", "nurse", "midwife", "pharmacist", "technician", "administrative", "service"]);
    let taken = json!({"code": "S-0001", "cadre": "nurse", "area_id": area});
    let problem = manager.post(STAFF, &taken).await.expect_problem(409, "duplicate");
    assert_eq!(faults(&problem), [("/code".to_owned(), "duplicate".to_owned())]);
    let nowhere = json!({"code": "S-0002", "cadre": "nurse", "area_id": Uuid::now_v7()});
    let problem = manager.post(STAFF, &nowhere).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [("/area_id".to_owned(), "unknown-reference".to_owned())]);
    assert_eq!(manager.all(STAFF).await.len(), 1);
}

#[tokio::test]
async fn people_are_found_by_what_they_are_and_where_they_work() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let country = app.area("SYRIA", None).await;
    let (east, west) = (app.area("EAST", Some(country)).await, app.area("WEST", Some(country)).await);
    let (here, there) = (app.facility(&manager, "MPT-01", east).await, app.facility(&manager, "MPT-02", west).await);
    let one = person(&manager, "S-0001", east).await;
    let two = json!({"code": "S-0002", "cadre": "nurse", "gender": "female", "specialty": "طب الأطفال", "area_id": west});
    let two = manager.post(STAFF, &two).await.expect_status(201).json();
    let three = person(&manager, "S-0003", west).await;
    post(&manager, &one, &here, "2013-01-01", Some("2013-12-31")).await;
    post(&manager, &two, &here, "2013-06-01", None).await;
    let freed = post(&manager, &three, &there, "2013-01-01", None).await;

    let find = async |query: String| codes(&manager.all(&format!("{STAFF}?{query}")).await);
    assert_eq!(find("cadre=nurse".into()).await, ["S-0002"]);
    assert_eq!(find("gender=female".into()).await, ["S-0002"]);
    assert_eq!(find(format!("area_id={country}&sort=-code")).await, ["S-0003", "S-0002", "S-0001"]);
    assert_eq!(find(format!("area_id={east}")).await, ["S-0001"]);
    assert_eq!(find(format!("facility_id={}", id_of(&here))).await, ["S-0001", "S-0002"]);
    assert_eq!(find(format!("facility_id={}&on=2013-05-31", id_of(&here))).await, ["S-0001"]);
    assert_eq!(find(format!("facility_id={}&on=2013-12-31", id_of(&here))).await, ["S-0001", "S-0002"]);
    assert_eq!(find(format!("facility_id={}&on=2014-01-01", id_of(&here))).await, ["S-0002"]);
    assert_eq!(find("on=2014-01-01".into()).await, ["S-0002", "S-0003"]);
    manager.delete(&format!("/api/v1/assignments/{}", id_of(&freed)), "*").await.expect_status(200);
    assert_eq!(find("on=2014-01-01".into()).await, ["S-0002"]);
    assert_eq!(find("q=%D8%A7%D8%B7%D9%81%D8%A7%D9%84".into()).await, ["S-0002"], "spellings of alef are one");
    let path = format!("{STAFF}/{}", id_of(&one));
    manager.delete(&path, "*").await.expect_problem(409, "still-in-use");
    for post in manager.all(&format!("/api/v1/assignments?staff_id={}", id_of(&one))).await {
        manager.delete(&format!("/api/v1/assignments/{}", id_of(&post)), "*").await.expect_status(200);
    }
    manager.delete(&path, "*").await.expect_status(200);
    assert_eq!(find("retired=true".into()).await, ["S-0001"]);
    assert_eq!(find("limit=1".into()).await, ["S-0002", "S-0003"]);
    let csv = manager.get(&format!("{STAFF}?format=csv")).await.expect_status(200).text();
    assert!(csv.starts_with("\u{feff}id,code,cadre,specialty,gender,qualification,area_id,"), "{csv}");
}

#[tokio::test]
async fn a_coordinator_sees_whom_their_areas_employ_and_who_works_there_and_nobody_else() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let (east, west) = (app.area("EAST", None).await, app.area("WEST", None).await);
    let (here, there) = (app.facility(&manager, "MPT-01", east).await, app.facility(&manager, "MPT-02", west).await);
    let local = person(&manager, "S-0001", east).await;
    let guest = person(&manager, "S-0002", west).await;
    let stranger = person(&manager, "S-0003", west).await;
    let held = post(&manager, &guest, &here, "2013-01-01", None).await;
    for one in [&local, &stranger] {
        post(&manager, one, &there, "2013-01-01", None).await;
    }
    let coordinator = app.coordinator(&[east]).await;
    assert_eq!(codes(&coordinator.all(STAFF).await), ["S-0001", "S-0002"]);
    // That somebody works at a place one does not see is not told either.
    let beyond = format!("{STAFF}?facility_id={}", id_of(&there));
    assert_eq!(codes(&coordinator.all(&beyond).await), [""; 0]);
    assert_eq!(codes(&manager.all(&beyond).await), ["S-0001", "S-0003"]);
    let hidden = coordinator.get(&format!("{STAFF}/{}", id_of(&stranger))).await.expect_problem(404, "not-found");
    let missing = coordinator.get(&format!("{STAFF}/{}", Uuid::now_v7())).await.expect_problem(404, "not-found");
    assert_eq!(hidden["detail"], missing["detail"]);
    for path in ["", "/history"] {
        coordinator.get(&format!("{STAFF}/{}{path}", id_of(&stranger))).await.expect_problem(404, "not-found");
    }
    coordinator
        .patch(&format!("{STAFF}/{}", id_of(&stranger)), "*", &json!({"cadre": "nurse"}))
        .await
        .expect_problem(404, "not-found");
    coordinator.delete(&format!("{STAFF}/{}", id_of(&stranger)), "*").await.expect_problem(404, "not-found");
    let outside = json!({"code": "S-0004", "cadre": "nurse", "area_id": west});
    let problem = coordinator.post(STAFF, &outside).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [("/area_id".to_owned(), "unknown-reference".to_owned())]);

    let clerk = app.clerk(id_of(&here)).await;
    assert_eq!(codes(&clerk.all(STAFF).await), ["S-0002"]);
    clerk.get(&format!("{STAFF}/{}", id_of(&local))).await.expect_problem(404, "not-found");
    clerk.post(STAFF, &outside).await.expect_problem(403, "forbidden");
    manager.delete(&format!("/api/v1/assignments/{}", id_of(&held)), "*").await.expect_status(200);
    assert_eq!(codes(&clerk.all(STAFF).await), [""; 0]);
    assert_eq!(codes(&coordinator.all(STAFF).await), ["S-0001"]);
}

#[tokio::test]
async fn a_partner_reads_nothing_of_staff() {
    let app = TestApp::start().await;
    let owner = app.database.owner().await;
    let organization = Uuid::now_v7();
    owner.execute("INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ($1, 'NORWAC', 'NORWAC', '{partner}', '00000000-0000-7000-8000-000000000001')", &[&organization]).await.expect("organization");
    let partner = app.partner(organization).await;
    for path in [STAFF, "/api/v1/assignments", "/api/v1/shipments"] {
        partner.get(path).await.expect_problem(403, "forbidden");
        app.stranger().get(path).await.expect_problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn who_a_person_is_lies_sealed_and_is_read_only_with_a_reason_on_record() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let (east, west) = (app.area("EAST", None).await, app.area("WEST", None).await);
    let here = app.facility(&manager, "MPT-01", east).await;
    let one = person(&manager, "S-0001", east).await;
    let coordinator = app.coordinator(&[east]).await;
    let path = format!("{STAFF}/{}", id_of(&one));
    let reason = json!({"reason": "The family asked for a message to be passed on."});
    coordinator.post(&format!("{path}/reveals"), &reason).await.expect_problem(404, "not-found");

    let identity = json!({"name": "Canary Tweetwell", "name_ar": "كناري مغرد", "phone": "+963 555 0100", "identity_document": "ID 7781", "licence_number": "L 4411"});
    let sealed = coordinator.put(&format!("{path}/identity"), &identity).await.expect_status(204);
    assert!(sealed.body.is_empty());
    assert_eq!(coordinator.post(&format!("{path}/reveals"), &reason).await.expect_status(200).json(), identity);
    // An earlier identity gives way.
    let renamed = json!({"name": "Canary Songsmith"});
    coordinator.put(&format!("{path}/identity"), &renamed).await.expect_status(204);
    let shown =
        coordinator.post_with(&format!("{path}/reveals"), &[("idempotency-key", "one")], &reason).await.expect_status(200).json();
    assert_eq!((&shown["name"], &shown["phone"]), (&json!("Canary Songsmith"), &json!(null)));
    let short = coordinator
        .post(&format!("{path}/reveals"), &json!({"reason": "because"}))
        .await
        .expect_problem(422, "validation-failed");
    assert_eq!(faults(&short), [("/reason".to_owned(), "too-short".to_owned())]);

    // A clerk reads only those of their facility; the others do not exist. Nobody else reads at all.
    let clerk = app.clerk(id_of(&here)).await;
    clerk.post(&format!("{path}/reveals"), &reason).await.expect_problem(404, "not-found");
    post(&manager, &one, &here, "2013-01-01", None).await;
    assert_eq!(clerk.post(&format!("{path}/reveals"), &reason).await.expect_status(200).json()["name"], "Canary Songsmith");
    clerk.put(&format!("{path}/identity"), &identity).await.expect_problem(403, "forbidden");
    let elsewhere = app.coordinator(&[west]).await;
    elsewhere.post(&format!("{path}/reveals"), &reason).await.expect_problem(404, "not-found");
    elsewhere.put(&format!("{path}/identity"), &identity).await.expect_problem(404, "not-found");
    for role in [Role::Admin, Role::Manager, Role::Auditor] {
        app.user(role).await.post(&format!("{path}/reveals"), &reason).await.expect_problem(403, "forbidden");
    }

    let auditor = app.user(Role::Auditor).await;
    let reveals = auditor.all("/api/v1/reveals").await;
    let readers: Vec<_> = reveals.iter().map(|one| one["recorded_by"].clone()).collect();
    assert_eq!(readers, [json!(coordinator.user_id), json!(coordinator.user_id), json!(clerk.user_id)]);
    assert!(reveals.iter().all(|one| one["record_id"] == one_id(&path) && one["reason"] == reason["reason"]));
    // No answer and no table but the sealed one knows the name; the sealed one does not show it.
    for path in
        [path.clone(), format!("{path}/history"), STAFF.to_owned(), format!("{STAFF}?q=Canary"), format!("{STAFF}?format=csv")]
    {
        assert!(!auditor.get(&path).await.expect_status(200).text().contains("Canary"), "{path}");
    }
    let owner = app.database.owner().await;
    let found: i64 = owner.query_one("SELECT (SELECT count(*) FROM staff_identities WHERE position('Canary'::bytea IN sealed) > 0) + (SELECT count(*) FROM audit_log a WHERE a::text ILIKE '%canary%') + (SELECT count(*) FROM idempotency_keys WHERE position('Canary'::bytea IN body) > 0)", &[]).await.expect("count").get(0);
    assert_eq!(found, 0);
    for post in manager.all(&format!("/api/v1/assignments?staff_id={}", one_id(&path))).await {
        manager.delete(&format!("/api/v1/assignments/{}", id_of(&post)), "*").await.expect_status(200);
    }
    coordinator.delete(&path, "*").await.expect_status(200);
    coordinator.put(&format!("{path}/identity"), &identity).await.expect_problem(410, "record-deleted");
    // A sealed text that was moved to another person opens for nobody, and nothing is recorded as read.
    let two = person(&manager, "S-0002", east).await;
    owner.execute("INSERT INTO staff_identities (id, staff_id, key_id, sealed, recorded_by) SELECT $1, $2, key_id, sealed, recorded_by FROM staff_identities", &[&Uuid::now_v7(), &id_of(&two)]).await.expect("moved");
    coordinator.post(&format!("{STAFF}/{}/reveals", id_of(&two)), &reason).await.expect_problem(500, "internal");
    assert_eq!(auditor.all("/api/v1/reveals").await.len(), 3);
}

fn one_id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

#[tokio::test]
async fn a_post_of_the_past_opens_no_identity_and_no_post_lets_a_person_be_changed_from_elsewhere() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let (east, west) = (app.area("EAST", None).await, app.area("WEST", None).await);
    let there = app.facility(&manager, "MPT-01", west).await;
    let one = person(&manager, "S-0001", east).await;
    let (own, elsewhere) = (app.coordinator(&[east]).await, app.coordinator(&[west]).await);
    let path = format!("{STAFF}/{}", id_of(&one));
    let (identity, reason) = (json!({"name": "Somebody"}), json!({"reason": "The family asked for a message."}));
    own.put(&format!("{path}/identity"), &identity).await.expect_status(204);
    let old = post(&manager, &one, &there, "2013-01-01", Some("2013-02-01")).await;
    elsewhere.get(&path).await.expect_status(200);
    elsewhere.post(&format!("{path}/reveals"), &reason).await.expect_problem(404, "not-found");
    app.clerk(id_of(&there)).await.post(&format!("{path}/reveals"), &reason).await.expect_problem(404, "not-found");
    for answer in [
        elsewhere.put(&format!("{path}/identity"), &identity).await,
        elsewhere.patch(&path, "*", &json!({"cadre": "nurse"})).await,
        elsewhere.delete(&path, "*").await,
    ] {
        answer.expect_problem(403, "forbidden");
    }
    let moved = own.patch(&path, "*", &json!({"area_id": west})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&moved), [("/area_id".to_owned(), "unknown-reference".to_owned())]);
    // Whoever works there today can be found.
    manager.patch(&format!("/api/v1/assignments/{}", id_of(&old)), "*", &json!({"ends_on": null})).await.expect_status(200);
    elsewhere.post(&format!("{path}/reveals"), &reason).await.expect_status(200);
}

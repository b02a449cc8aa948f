//! Stories of facilities.

use serde_json::json;
use siraj::auth::Role;

use crate::support::{TestApp, client::faults, id_of};

#[tokio::test]
async fn a_facility_is_created_read_edited_retired_and_its_history_tells_it() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let ghouta = app.area("GHOUTA", None).await;
    let body = json!({"code": "HOS-01", "name": "Cave Hospital", "name_ar": "مستشفى الكهف", "kinds": ["hospital", "primary_care_center"], "area_id": ghouta, "beds": 40});
    let made = manager.post("/api/v1/facilities", &body).await.expect_status(201);
    let facility = made.json();
    let path = format!("/api/v1/facilities/{}", id_of(&facility));
    assert_eq!(made.header("location"), path);
    assert_eq!(made.header("etag"), "\"1\"");

    let edited = manager.patch(&path, "\"1\"", &json!({"beds": null, "name": "The Cave Hospital"})).await.expect_status(200);
    assert_eq!(edited.json()["beds"], json!(null));
    assert_eq!(edited.header("etag"), "\"2\"");
    let stale = manager.patch(&path, "\"1\"", &json!({"beds": 10})).await.expect_problem(412, "stale-revision");
    assert_eq!(stale["present"]["name"], "The Cave Hospital");

    manager.delete(&path, "\"2\"").await.expect_status(200);
    manager.patch(&path, "\"3\"", &json!({"beds": 10})).await.expect_problem(410, "record-deleted");
    let history = manager.all(&format!("{path}/history")).await;
    let actions: Vec<_> = history.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["created", "changed", "retired"]);
    assert_eq!(history[1]["before"]["beds"], 40);
    assert_eq!(history[1]["actor_id"], json!(manager.user_id));
}

#[tokio::test]
async fn all_faults_of_a_facility_are_told_at_once() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let body = json!({"code": "x", "name": " ", "kinds": ["clinic"], "area_id": 7, "beds": -1, "opened_on": "2013-02-30", "color": "red"});
    let problem = manager.post("/api/v1/facilities", &body).await.expect_problem(422, "validation-failed");
    let told = faults(&problem);
    let expected = [
        ("/area_id", "wrong-type"),
        ("/code", "too-short"),
        ("/color", "unknown-field"),
        ("/kinds/0", "unknown-value"),
        ("/name", "required"),
        ("/opened_on", "invalid-date"),
    ];
    assert_eq!(told, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
}

#[tokio::test]
async fn a_coordinator_sees_and_writes_only_their_areas() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let (east, west) = (app.area("EAST", None).await, app.area("WEST", None).await);
    let inside = app.facility(&manager, "MPT-01", east).await;
    let outside = app.facility(&manager, "MPT-02", west).await;
    let coordinator = app.coordinator(&[east]).await;
    let seen = coordinator.all("/api/v1/facilities").await;
    assert_eq!(seen.iter().map(id_of).collect::<Vec<_>>(), [id_of(&inside)]);
    let hidden = coordinator.get(&format!("/api/v1/facilities/{}", id_of(&outside))).await.expect_problem(404, "not-found");
    let missing = coordinator.get(&format!("/api/v1/facilities/{}", uuid::Uuid::now_v7())).await.expect_problem(404, "not-found");
    assert_eq!(hidden["detail"], missing["detail"]);
    let body = json!({"code": "MPT-03", "name": "Medical point 03", "kinds": ["medical_point"], "area_id": west});
    let problem = coordinator.post("/api/v1/facilities", &body).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [("/area_id".to_owned(), "unknown-reference".to_owned())]);
    let there = format!("/api/v1/facilities/{}", id_of(&inside));
    let moved = coordinator.patch(&there, "*", &json!({"area_id": west})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&moved), [("/area_id".to_owned(), "unknown-reference".to_owned())]);
}

#[tokio::test]
async fn pages_lead_through_every_facility_once_in_every_order() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    for number in 0..7 {
        app.facility(&manager, &format!("MPT-{number:02}"), area).await;
    }
    for sort in ["code", "-code", "name", "-name", "recorded_at", "-recorded_at"] {
        let codes: Vec<_> =
            manager.all(&format!("/api/v1/facilities?limit=3&sort={sort}")).await.iter().map(|one| one["code"].clone()).collect();
        let mut expected: Vec<_> = (0..7).map(|number| json!(format!("MPT-{number:02}"))).collect();
        if sort.starts_with('-') {
            expected.reverse();
        }
        assert_eq!(codes, expected, "sort={sort}");
    }
    let next = manager.get("/api/v1/facilities?limit=3").await.json()["next"].as_str().unwrap().to_owned();
    manager.get(&format!("/api/v1/facilities?limit=3&sort=name&after={next}")).await.expect_problem(400, "invalid-cursor");
    let csv = manager.get("/api/v1/facilities?format=csv").await.expect_status(200);
    assert_eq!(csv.text().lines().count(), 8);
    assert!(csv.text().starts_with("\u{feff}id,code,name,"));
    let xlsx = manager.get("/api/v1/facilities?format=xlsx").await.expect_status(200);
    assert!(xlsx.body.starts_with(b"PK"));
}

#[tokio::test]
async fn the_status_of_a_facility_is_said_once_for_a_day_and_its_history_tells_it() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let ghouta = app.area("GHOUTA", None).await;
    let facility = id_of(&app.facility(&manager, "MPT-01", ghouta).await);
    let path = format!("/api/v1/facilities/{facility}/statuses");
    let partial = json!({"functionality": "partial", "causes": ["no_power", "no_fuel"], "note": "Generator hours cut."});
    let made = manager.put(&format!("{path}/2013-02-10"), &partial).await.expect_status(201).json();
    assert_eq!((&made["since_on"], &made["causes"]), (&json!("2013-02-10"), &json!(["no_power", "no_fuel"])));
    let same = manager.put(&format!("{path}/2013-02-10"), &partial).await.expect_status(200).json();
    assert_eq!(same, made, "what is there already is not written again");
    // The first day of all is the day the facility was opened.
    manager.put(&format!("{path}/2013-01-01"), &json!({"functionality": "full"})).await.expect_status(201);
    let none = json!({"functionality": "none"});
    manager.put(&format!("{path}/2013-02-10"), &none).await.expect_problem(428, "precondition-required");
    let replaced = manager.put_with(&format!("{path}/2013-02-10"), "\"1\"", &none).await.expect_status(200).json();
    assert_eq!((&replaced["causes"], &replaced["note"], &replaced["revision"]), (&json!([]), &json!(null), &json!(2)));
    let told = |points: Vec<serde_json::Value>| {
        let word = |point: &serde_json::Value, field: &str| point[field].as_str().unwrap().to_owned();
        points.iter().map(|point| format!("{} {}", word(point, "since_on"), word(point, "functionality"))).collect::<Vec<_>>()
    };
    assert_eq!(told(manager.all(&format!("{path}?limit=1")).await), ["2013-01-01 full", "2013-02-10 none"]);
    let csv = manager.get(&format!("{path}?format=csv")).await.expect_status(200).text();
    assert!(csv.starts_with("\u{feff}id,functionality,causes,note,facility_id,since_on,"), "{csv}");
    assert_eq!(csv.lines().count(), 3);
    assert_eq!(told(manager.all(&format!("{path}?sort=-since_on")).await), ["2013-02-10 none", "2013-01-01 full"]);
    let history = manager.all(&format!("/api/v1/facilities/{facility}/history")).await;
    let told: Vec<_> =
        history.iter().map(|entry| format!("{} {}", entry["resource"], entry["action"]).replace('"', "")).collect();
    let expected = ["facilities created", "facility_status created", "facility_status created", "facility_status changed"];
    assert_eq!(told, expected);
    assert_eq!(history[3]["before"]["functionality"], "partial");
}

#[tokio::test]
async fn a_status_is_of_a_day_on_which_the_facility_was_there() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let ghouta = app.area("GHOUTA", None).await;
    let facility = id_of(&app.facility(&manager, "MPT-01", ghouta).await);
    let path = format!("/api/v1/facilities/{facility}/statuses");
    let full = json!({"functionality": "full"});
    let later = (chrono::Utc::now().date_naive() + chrono::Days::new(2)).to_string();
    let wrong = [
        ("2012-12-31", "date-order"),
        ("2010-12-31", "date-out-of-range"),
        (later.as_str(), "date-in-future"),
        ("2013-02-30", "invalid-date"),
        ("2013-2-3", "invalid-date"),
    ];
    for (day, code) in wrong {
        let problem = manager.put(&format!("{path}/{day}"), &full).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), [("/since_on".to_owned(), code.to_owned())], "{day}");
    }
    let body = json!({"functionality": "good", "causes": ["rain"], "note": " ", "latitude": 33.5});
    let problem = manager.put(&format!("{path}/2013-02-10"), &body).await.expect_problem(422, "validation-failed");
    let expected = [
        ("/causes/0", "unknown-value"),
        ("/functionality", "unknown-value"),
        ("/latitude", "unknown-field"),
        ("/note", "required"),
    ];
    assert_eq!(faults(&problem), expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    let body = json!({"functionality": "none", "causes": ["siege", "siege"]});
    let problem = manager.put(&format!("{path}/2013-02-10"), &body).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [("/causes/1".to_owned(), "repeated".to_owned())]);
    assert!(manager.all(&path).await.is_empty(), "nothing half-written");
    manager.put(&format!("{path}/2013-02-10"), &full).await.expect_status(201);
    let facility_path = format!("/api/v1/facilities/{facility}");
    // Neither is the opening moved behind what is known of the facility.
    let problem =
        manager.patch(&facility_path, "*", &json!({"opened_on": "2013-02-11"})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [("/opened_on".to_owned(), "date-order".to_owned())]);
    assert_eq!(manager.get(&facility_path).await.json()["opened_on"], "2013-01-01", "nothing half-written");
    manager.patch(&facility_path, "*", &json!({"opened_on": "2013-02-10"})).await.expect_status(200);
    manager.patch(&facility_path, "*", &json!({"opened_on": null})).await.expect_status(200);
    manager.delete(&format!("/api/v1/facilities/{facility}"), "*").await.expect_status(200);
    manager.put(&format!("{path}/2013-02-10"), &full).await.expect_problem(410, "record-deleted");
}

#[tokio::test]
async fn statuses_are_read_and_written_only_where_the_facility_is_the_callers_own() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let (east, west) = (app.area("EAST", None).await, app.area("WEST", None).await);
    let inside = id_of(&app.facility(&manager, "MPT-01", east).await);
    let outside = id_of(&app.facility(&manager, "MPT-02", west).await);
    let path = |facility| format!("/api/v1/facilities/{facility}/statuses");
    let day = |facility| format!("/api/v1/facilities/{facility}/statuses/2013-02-10");
    let full = json!({"functionality": "full"});
    manager.put(&day(outside), &full).await.expect_status(201);
    let coordinator = app.coordinator(&[east]).await;
    coordinator.put(&day(inside), &full).await.expect_status(201);
    for hidden in [outside, uuid::Uuid::now_v7()] {
        coordinator.put(&day(hidden), &full).await.expect_problem(404, "not-found");
        coordinator.get(&path(hidden)).await.expect_problem(404, "not-found");
    }
    let clerk = app.clerk(inside).await;
    assert_eq!(clerk.all(&path(inside)).await.len(), 1);
    clerk.get(&path(outside)).await.expect_problem(404, "not-found");
    for reader in [&clerk, &app.user(Role::Auditor).await, &app.user(Role::Admin).await] {
        reader.put(&day(inside), &full).await.expect_problem(403, "forbidden");
    }
    app.stranger().get(&path(inside)).await.expect_problem(401, "unauthenticated");
}

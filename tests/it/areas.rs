//! Stories of areas.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

async fn make(by: &Client, code: &str, kind: &str, parent: Option<Uuid>) -> Uuid {
    let body = json!({"code": code, "name": format!("Area {code}"), "kind": kind, "parent_id": parent});
    id_of(&by.post("/api/v1/areas", &body).await.expect_status(201).json())
}

async fn codes(by: &Client, query: &str) -> Vec<String> {
    by.all(&format!("/api/v1/areas?{query}")).await.iter().map(|area| area["code"].as_str().unwrap().to_owned()).collect()
}

fn one(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

#[tokio::test]
async fn an_area_is_created_read_edited_retired_and_its_history_tells_it() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let body = json!({"code": "SYRIA", "pcode": "SY", "name": "Syria", "name_ar": "سوريا", "kind": "country"});
    let key = [("idempotency-key", "first")];
    let made = manager.post_with("/api/v1/areas", &key, &body).await.expect_status(201);
    let again = manager.post_with("/api/v1/areas", &key, &body).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(made.json()["id"], again.json()["id"]);
    let path = format!("/api/v1/areas/{}", id_of(&made.json()));
    assert_eq!(made.header("location"), path);
    let edited = manager.patch(&path, "\"1\"", &json!({"pcode": null, "name": "Syrian Arab Republic"})).await.expect_status(200);
    assert_eq!(edited.json()["pcode"], Value::Null);
    assert_eq!(edited.json()["name_ar"], "سوريا");
    manager.patch(&path, "\"1\"", &json!({"name": "Else"})).await.expect_problem(412, "stale-revision");
    manager.delete(&path, "\"2\"").await.expect_status(200);
    manager.patch(&path, "*", &json!({"name": "Else"})).await.expect_problem(410, "record-deleted");
    assert!(codes(&manager, "").await.is_empty());
    assert_eq!(codes(&manager, "retired=true").await, ["SYRIA"]);
    let history = manager.all(&format!("{path}/history")).await;
    let actions: Vec<_> = history.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["created", "changed", "retired"]);
}

#[tokio::test]
async fn all_faults_of_an_area_are_told_and_its_codes_are_its_own() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let body = json!({"code": "a", "pcode": "sy", "name": "", "kind": "village", "parent_id": "x", "longitude": 36.3});
    let problem = manager.post("/api/v1/areas", &body).await.expect_problem(422, "validation-failed");
    let expected = [
        ("/code", "too-short"),
        ("/kind", "unknown-value"),
        ("/longitude", "unknown-field"),
        ("/name", "required"),
        ("/parent_id", "invalid-format"),
        ("/pcode", "invalid-format"),
    ];
    assert_eq!(faults(&problem), expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    let long = json!({"code": "A-1", "pcode": "SY0123456789012345678", "name": "A", "kind": "camp"});
    assert_eq!(
        faults(&manager.post("/api/v1/areas", &long).await.expect_problem(422, "validation-failed")),
        one("/pcode", "too-long")
    );
    let nowhere = json!({"code": "A-1", "name": "A", "kind": "camp", "parent_id": Uuid::now_v7()});
    let problem = manager.post("/api/v1/areas", &nowhere).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), one("/parent_id", "unknown-reference"));
    let first = json!({"code": "A-1", "pcode": "SY01", "name": "A", "kind": "camp"});
    manager.post("/api/v1/areas", &first).await.expect_status(201);
    assert_eq!(faults(&manager.post("/api/v1/areas", &first).await.expect_problem(409, "duplicate")), one("/code", "duplicate"));
    let second = json!({"code": "A-2", "pcode": "SY01", "name": "A", "kind": "camp"});
    assert_eq!(
        faults(&manager.post("/api/v1/areas", &second).await.expect_problem(409, "duplicate")),
        one("/pcode", "duplicate")
    );
    assert_eq!(codes(&manager, "").await, ["A-1"]);
}

#[tokio::test]
async fn areas_are_found_by_kind_parent_what_lies_within_and_words_in_either_script() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let syria = make(&manager, "SYRIA", "country", None).await;
    let rural = make(&manager, "RURAL", "governorate", Some(syria)).await;
    let body =
        json!({"code": "GHOUTA", "name": "Eastern Ghouta", "name_ar": "الغوطة الشرقيّة", "kind": "sector", "parent_id": rural});
    let ghouta = id_of(&manager.post("/api/v1/areas", &body).await.expect_status(201).json());
    make(&manager, "DOUMA", "district", Some(ghouta)).await;
    make(&manager, "LEBANON", "country", None).await;
    assert_eq!(codes(&manager, "kind=country").await, ["LEBANON", "SYRIA"]);
    assert_eq!(codes(&manager, &format!("parent_id={rural}")).await, ["GHOUTA"]);
    assert_eq!(codes(&manager, &format!("within={rural}&limit=1&sort=-code")).await, ["RURAL", "GHOUTA", "DOUMA"]);
    assert_eq!(codes(&manager, &format!("within={}", Uuid::now_v7())).await, [""; 0]);
    // Ta marbuta for heh, no mark: spelled as people type it.
    assert_eq!(codes(&manager, "q=%D8%A7%D9%84%D8%BA%D9%88%D8%B7%D9%87").await, ["GHOUTA"]);
    assert_eq!(codes(&manager, "q=eastern").await, ["GHOUTA"]);
    assert_eq!(codes(&manager, "q=%25").await, [""; 0]);
    manager.get("/api/v1/areas?colour=red").await.expect_problem(400, "unknown-parameter");
    let problem = manager.get("/api/v1/areas?kind=village&retired=yes").await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [one("/kind", "unknown-value"), one("/retired", "wrong-type")].concat());
}

#[tokio::test]
async fn no_area_lies_within_itself_and_a_moved_area_takes_all_below_it_along() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let top = make(&manager, "TOP", "country", None).await;
    let middle = make(&manager, "MIDDLE", "governorate", Some(top)).await;
    let low = make(&manager, "LOW", "district", Some(middle)).await;
    let other = make(&manager, "OTHER", "country", None).await;
    for (area, parent) in [(top, low), (top, top), (middle, low)] {
        let refused = manager.patch(&format!("/api/v1/areas/{area}"), "*", &json!({"parent_id": parent})).await;
        assert_eq!(faults(&refused.expect_problem(422, "validation-failed")), one("/parent_id", "out-of-range"));
    }
    let own = Uuid::now_v7();
    let body = json!({"id": own, "code": "SELF", "name": "Self", "kind": "camp", "parent_id": own});
    assert_eq!(
        faults(&manager.post("/api/v1/areas", &body).await.expect_problem(422, "validation-failed")),
        one("/parent_id", "out-of-range")
    );
    assert_eq!(codes(&manager, &format!("within={top}")).await, ["LOW", "MIDDLE", "TOP"]);

    manager.patch(&format!("/api/v1/areas/{middle}"), "*", &json!({"parent_id": other})).await.expect_status(200);
    assert_eq!(codes(&manager, &format!("within={top}")).await, ["TOP"]);
    assert_eq!(codes(&manager, &format!("within={other}")).await, ["LOW", "MIDDLE", "OTHER"]);
}

#[tokio::test]
async fn two_moves_at_once_do_not_close_a_circle() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    for round in 0..5 {
        let left = make(&manager, &format!("LEFT-{round}"), "sector", None).await;
        let right = make(&manager, &format!("RIGHT-{round}"), "sector", None).await;
        let (left_path, right_path) = (format!("/api/v1/areas/{left}"), format!("/api/v1/areas/{right}"));
        let (under_right, under_left) = (json!({"parent_id": right}), json!({"parent_id": left}));
        let (first, second) =
            tokio::join!(manager.patch(&left_path, "*", &under_right), manager.patch(&right_path, "*", &under_left));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422]);
    }
}

#[tokio::test]
async fn every_role_reads_areas_and_only_those_who_keep_references_write_them() {
    let app = TestApp::start().await;
    let (manager, admin, auditor) = (app.user(Role::Manager).await, app.user(Role::Admin).await, app.user(Role::Auditor).await);
    let ghouta = make(&manager, "GHOUTA", "sector", None).await;
    let hama = make(&admin, "HAMA", "governorate", None).await;
    let facility = app.facility(&manager, "MPT-01", ghouta).await;
    let partner = json!({"code": "IRC", "name": "IRC", "roles": ["partner"]});
    let partner = id_of(&manager.post("/api/v1/organizations", &partner).await.expect_status(201).json());
    let (coordinator, clerk, partner) =
        (app.coordinator(&[ghouta]).await, app.clerk(id_of(&facility)).await, app.partner(partner).await);
    let path = format!("/api/v1/areas/{hama}");
    for reader in [&coordinator, &clerk, &partner, &auditor] {
        assert_eq!(codes(reader, "").await, ["GHOUTA", "HAMA"]);
        reader.get(&path).await.expect_status(200);
        let body = json!({"code": "NEW", "name": "New", "kind": "camp"});
        reader.post("/api/v1/areas", &body).await.expect_problem(403, "forbidden");
        reader.patch(&path, "*", &json!({"name": "Else"})).await.expect_problem(403, "forbidden");
        reader.delete(&path, "*").await.expect_problem(403, "forbidden");
    }
    app.stranger().get(&path).await.expect_problem(401, "unauthenticated");
    partner.get(&format!("{path}/history")).await.expect_problem(403, "forbidden");
    partner.get(&format!("{path}/access")).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn access_is_said_once_for_a_day_and_the_history_of_the_area_tells_who_changed_it() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let ghouta = make(&manager, "GHOUTA", "sector", None).await;
    let path = format!("/api/v1/areas/{ghouta}/access");
    let besieged = json!({"access": "besieged", "note": "No supplies by road."});
    let made = manager.put(&format!("{path}/2013-10-01"), &besieged).await.expect_status(201);
    assert_eq!((&made.json()["since_on"], &made.json()["access"]), (&json!("2013-10-01"), &json!("besieged")));
    let same = manager.put(&format!("{path}/2013-10-01"), &besieged).await.expect_status(200).json();
    assert_eq!(same, made.json(), "what is there already is not written again");
    manager.put(&format!("{path}/2012-11-01"), &json!({"access": "hard_to_reach"})).await.expect_status(201);
    let other = json!({"access": "hard_to_reach"});
    manager.put(&format!("{path}/2013-10-01"), &other).await.expect_problem(428, "precondition-required");
    manager.put_with(&format!("{path}/2013-10-01"), "\"7\"", &other).await.expect_problem(412, "stale-revision");
    let replaced = manager.put_with(&format!("{path}/2013-10-01"), "\"1\"", &other).await.expect_status(200).json();
    assert_eq!((&replaced["note"], &replaced["revision"]), (&Value::Null, &json!(2)));

    let days = |points: Vec<Value>| points.iter().map(|point| point["since_on"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(days(manager.all(&format!("{path}?limit=1")).await), ["2012-11-01", "2013-10-01"]);
    assert_eq!(days(manager.all(&format!("{path}?sort=-since_on")).await), ["2013-10-01", "2012-11-01"]);
    let history = manager.all(&format!("/api/v1/areas/{ghouta}/history")).await;
    let told: Vec<_> =
        history.iter().map(|entry| (entry["resource"].as_str().unwrap(), entry["action"].as_str().unwrap())).collect();
    assert_eq!(told, [("areas", "created"), ("area_access", "created"), ("area_access", "created"), ("area_access", "changed")]);
    assert_eq!(history[3]["before"]["access"], "besieged");
    assert_eq!(history[3]["actor_id"], json!(manager.user_id));
    // A wrong point is taken back: what was said before holds on.
    manager.delete(&format!("{path}/2013-10-01"), "\"1\"").await.expect_problem(412, "stale-revision");
    let gone = manager.delete(&format!("{path}/2013-10-01"), "\"2\"").await.expect_status(200).json();
    assert!(gone["retired_at"].is_string());
    assert_eq!(days(manager.all(&path).await), ["2012-11-01"]);
    manager.delete(&format!("{path}/2013-10-01"), "*").await.expect_problem(404, "not-found");
    manager.put(&format!("{path}/2013-10-01"), &besieged).await.expect_status(201);
}

#[tokio::test]
async fn a_point_of_access_is_of_a_day_that_has_been_and_of_an_area_that_is_there() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let ghouta = make(&manager, "GHOUTA", "sector", None).await;
    let open = json!({"access": "open"});
    let path = format!("/api/v1/areas/{ghouta}/access");
    let later = (chrono::Utc::now().date_naive() + chrono::Days::new(2)).to_string();
    let wrong = [
        ("2013-02-30", "invalid-date"),
        ("yesterday", "invalid-date"),
        ("%D9%A2%D9%A0%D9%A1%D9%A3-01-01", "arabic-digits"),
        ("2010-12-31", "date-out-of-range"),
        ("9999-01-01", "date-out-of-range"),
        (&later, "date-in-future"),
    ];
    for (day, code) in wrong {
        let problem = manager.put(&format!("{path}/{day}"), &open).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), one("/since_on", code), "{day}");
    }
    let body = json!({"access": "closed", "note": " ", "since_on": "2013-01-01"});
    let problem = manager.put(&format!("{path}/2013-01-01"), &body).await.expect_problem(422, "validation-failed");
    let expected = [one("/access", "unknown-value"), one("/note", "required"), one("/since_on", "unknown-field")].concat();
    assert_eq!(faults(&problem), expected);
    assert!(manager.all(&path).await.is_empty());
    manager.put(&format!("/api/v1/areas/{}/access/2013-01-01", Uuid::now_v7()), &open).await.expect_problem(404, "not-found");
    manager.delete(&format!("/api/v1/areas/{ghouta}"), "*").await.expect_status(200);
    manager.put(&format!("{path}/2013-01-01"), &open).await.expect_problem(410, "record-deleted");
}

#[tokio::test]
async fn a_coordinator_records_access_within_their_areas_only() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let rural = make(&manager, "RURAL", "governorate", None).await;
    let ghouta = make(&manager, "GHOUTA", "sector", Some(rural)).await;
    let hama = make(&manager, "HAMA", "governorate", None).await;
    let facility = app.facility(&manager, "MPT-01", ghouta).await;
    let coordinator = app.coordinator(&[rural]).await;
    let access = |area: Uuid| format!("/api/v1/areas/{area}/access/2013-01-01");
    let open = json!({"access": "open"});
    coordinator.put(&access(ghouta), &open).await.expect_status(201);
    coordinator.put(&access(hama), &open).await.expect_problem(403, "forbidden");
    assert!(coordinator.all(&format!("/api/v1/areas/{hama}/access")).await.is_empty());
    let ghouta_only = app.coordinator(&[ghouta]).await;
    ghouta_only.put(&access(rural), &open).await.expect_problem(403, "forbidden");
    for other in [app.clerk(id_of(&facility)).await, app.user(Role::Auditor).await] {
        other.put(&access(ghouta), &open).await.expect_problem(403, "forbidden");
        assert_eq!(other.all(&format!("/api/v1/areas/{ghouta}/access")).await.len(), 1);
    }
}

#[tokio::test]
async fn many_who_say_the_same_day_at_once_make_one_point() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let ghouta = make(&manager, "GHOUTA", "sector", None).await;
    let path = format!("/api/v1/areas/{ghouta}/access/2013-01-01");
    let words = ["open", "besieged", "unknown", "hard_to_reach", "open", "besieged", "unknown", "hard_to_reach"];
    let said = words.map(|word| {
        let (manager, path) = (manager.clone(), path.clone());
        tokio::spawn(async move { manager.put(&path, &json!({"access": word})).await.status.as_u16() })
    });
    let mut statuses = Vec::new();
    for one in said {
        statuses.push(one.await.unwrap());
    }
    statuses.sort_unstable();
    // Who comes later says the same word, or has not read what there is.
    assert_eq!(statuses, [200, 201, 428, 428, 428, 428, 428, 428]);
    assert_eq!(manager.all(&format!("/api/v1/areas/{ghouta}/access")).await.len(), 1);
}

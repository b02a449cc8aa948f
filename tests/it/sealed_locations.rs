//! Stories of where facilities stand: a coordinate that leaves in clear can kill.

use std::{
    io,
    sync::{Arc, Mutex, OnceLock},
};

use serde_json::{Value, json};
use siraj::auth::Role;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

/// Two places whose digits stand nowhere else.
const LATITUDE: f64 = 33.512_345_67;
const LONGITUDE: f64 = 36.298_765_43;
const CANARIES: [&str; 2] = ["51234567", "29876543"];
const REASON: &str = "Ambulance crew needs the entrance for tonight's transfer.";

fn place() -> Value {
    json!({"latitude": LATITUDE, "longitude": LONGITUDE})
}

struct Story {
    app: TestApp,
    manager: Client,
    coordinator: Client,
    area: Uuid,
    facility: Uuid,
}

impl Story {
    /// A facility and the coordinator of its area.
    async fn begin() -> Self {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let area = app.area("GHOUTA", None).await;
        let facility = id_of(&app.facility(&manager, "HOS-01", area).await);
        let coordinator = app.coordinator(&[area]).await;
        Self { app, manager, coordinator, area, facility }
    }

    fn path(&self, child: &str) -> String {
        format!("/api/v1/facilities/{}/{child}", self.facility)
    }

    async fn partner(&self) -> Client {
        let body = json!({"code": "IRC", "name": "IRC", "roles": ["partner"]});
        let made = self.manager.post("/api/v1/organizations", &body).await.expect_status(201).json();
        self.app.partner(id_of(&made)).await
    }

    /// The tables in which a text stands, in clear or as the bytes of a `bytea`.
    async fn tables_with(&self, text: &str) -> Vec<String> {
        let owner = self.app.database.owner().await;
        let tables =
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1";
        let hex: String = text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let mut found = Vec::new();
        for row in owner.query(tables, &[]).await.unwrap() {
            let table: String = row.get(0);
            let count = format!("SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%{text}%' OR t::text LIKE '%{hex}%'");
            if owner.query_one(&count, &[]).await.unwrap().get::<_, i64>(0) > 0 {
                found.push(table);
            }
        }
        found
    }

    async fn count(&self, table: &str) -> i64 {
        self.app.database.owner().await.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0)
    }
}

/// Everything that this process logs, from the first call on.
pub fn log() -> &'static Arc<Mutex<Vec<u8>>> {
    static LOG: OnceLock<Arc<Mutex<Vec<u8>>>> = OnceLock::new();
    LOG.get_or_init(|| {
        let held = Arc::new(Mutex::new(Vec::new()));
        let writer = Writer(Arc::clone(&held));
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(move || writer.clone()).finish();
        tracing::subscriber::set_global_default(subscriber).expect("the only log of the tests");
        held
    })
}

#[derive(Clone)]
struct Writer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn coordinates_appear_in_no_answer_no_table_and_no_log() {
    log();
    let story = Story::begin().await;
    let key = [("idempotency-key", "only once"), ("content-type", "application/json")];
    let put = story.coordinator.send(reqwest::Method::PUT, &story.path("location"), &key, Some(place().to_string().into())).await;
    let put = put.expect_status(200);
    assert_eq!(put.json(), json!({"coarse_cell": "33.5,36.2"}));
    let mut texts = vec![put.text()];
    story.coordinator.post(&story.path("reveals"), &json!({"reason": REASON})).await.expect_status(200);
    // Refused values are not told again, and the second sealing replaces the first.
    let wrong = json!({"latitude": LATITUDE + 90.0, "longitude": LONGITUDE, "name": "51234567"});
    texts.push(story.coordinator.put(&story.path("location"), &wrong).await.expect_status(422).text());
    let swapped = json!({"latitude": LONGITUDE, "longitude": LATITUDE});
    texts.push(story.coordinator.put(&story.path("location"), &swapped).await.expect_status(422).text());
    let nested = json!({"latitude": [LATITUDE], "longitude": LONGITUDE.to_string()});
    texts.push(story.coordinator.put(&story.path("location"), &nested).await.expect_status(422).text());
    story.coordinator.put(&story.path("location"), &place()).await.expect_status(200);

    let facility = format!("/api/v1/facilities/{}", story.facility);
    let paths = ["", "/history", "/location", "/statuses"].map(|child| format!("{facility}{child}"));
    let lists = ["", "?format=csv", "?q=HOS-01"].map(|query| format!("/api/v1/facilities{query}"));
    let auditor = story.app.user(Role::Auditor).await;
    for reader in [&story.coordinator, &story.manager, &auditor] {
        for path in paths.iter().chain(&lists).filter(|path| reader.user_id != auditor.user_id || !path.ends_with("/location")) {
            texts.push(reader.get(path).await.expect_status(200).text());
        }
    }
    texts.push(auditor.get("/api/v1/reveals").await.expect_status(200).text());
    texts.push(story.app.stranger().get("/openapi.json").await.expect_status(200).text());
    let logged = String::from_utf8_lossy(&log().lock().unwrap()).into_owned();
    assert!(logged.contains("/facilities/{facility_id}/location 200"), "the log was listened to");
    texts.push(logged);
    for text in &texts {
        for canary in CANARIES {
            assert!(!text.contains(canary), "{canary} in {}", text.chars().take(500).collect::<String>());
        }
    }
    for canary in CANARIES {
        assert_eq!(story.tables_with(canary).await, [""; 0], "{canary}");
    }
    // The search itself finds what is there: the coarse cell, in its own table and nowhere else.
    assert_eq!(story.tables_with("33.5,36.2").await, ["facility_locations"]);
    assert_eq!(story.count("idempotency_keys").await, 0);
}

#[tokio::test]
async fn a_reading_is_on_record_with_its_reason_before_anything_is_shown() {
    let story = Story::begin().await;
    story.coordinator.post(&story.path("reveals"), &json!({"reason": REASON})).await.expect_problem(404, "not-found");
    story.coordinator.put(&story.path("location"), &place()).await.expect_status(200);
    for (reason, code) in [("because", "too-short"), ("  ", "required")] {
        let problem = story.coordinator.post(&story.path("reveals"), &json!({"reason": reason})).await;
        let problem = problem.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), [("/reason".to_owned(), code.to_owned())]);
    }
    assert_eq!(story.count("reveals").await, 0);
    // The same request sent again is another reading: its answer was kept nowhere.
    let key = [("idempotency-key", "twice")];
    for _ in 0..2 {
        let shown =
            story.coordinator.post_with(&story.path("reveals"), &key, &json!({"reason": REASON})).await.expect_status(200);
        assert_eq!(shown.json(), place());
        assert!(shown.header("cache-control").contains("no-store"));
        assert!(!shown.headers.contains_key("idempotent-replayed"));
    }
    let auditor = story.app.user(Role::Auditor).await;
    let read = auditor.all(&format!("/api/v1/reveals?record_id={}", story.facility)).await;
    assert_eq!(read.len(), 2);
    assert_eq!(read[0]["reason"], REASON);
    assert_eq!(read[0]["resource"], "facility_location");
    assert_eq!(read[0]["recorded_by"], json!(story.coordinator.user_id));
    story.coordinator.get("/api/v1/reveals").await.expect_problem(403, "forbidden");
    let history = auditor.all(&story.path("history")).await;
    let told: Vec<_> =
        history.iter().map(|entry| format!("{} {}", entry["resource"], entry["action"]).replace('"', "")).collect();
    assert_eq!(told, ["facilities created", "facility_locations created", "reveals created", "reveals created"]);
    assert_eq!(history[1]["after"].get("sealed"), None);
}

#[tokio::test]
async fn only_a_coordinator_of_the_area_writes_or_reveals_where_a_facility_stands() {
    let story = Story::begin().await;
    story.coordinator.put(&story.path("location"), &place()).await.expect_status(200);
    let why = json!({"reason": REASON});
    let (admin, auditor) = (story.app.user(Role::Admin).await, story.app.user(Role::Auditor).await);
    let (clerk, partner) = (story.app.clerk(story.facility).await, story.partner().await);
    for other in [&admin, &story.manager, &auditor, &clerk, &partner] {
        other.post(&story.path("reveals"), &why).await.expect_problem(403, "forbidden");
        other.put(&story.path("location"), &place()).await.expect_problem(403, "forbidden");
    }
    for reader in [&admin, &story.manager, &story.coordinator] {
        assert_eq!(reader.get(&story.path("location")).await.expect_status(200).json(), json!({"coarse_cell": "33.5,36.2"}));
    }
    for other in [&clerk, &partner, &auditor] {
        other.get(&story.path("location")).await.expect_problem(403, "forbidden");
    }
    let elsewhere = story.app.area("HAMA", None).await;
    let stranger = story.app.coordinator(&[elsewhere]).await;
    let missing = format!("/api/v1/facilities/{}", Uuid::now_v7());
    for (hidden, missing) in [("reveals", format!("{missing}/reveals")), ("location", format!("{missing}/location"))] {
        let body = if hidden == "reveals" { &why } else { &place() };
        let send = async |path: String| match hidden {
            "reveals" => stranger.post(&path, body).await.expect_problem(404, "not-found"),
            _ => stranger.put(&path, body).await.expect_problem(404, "not-found"),
        };
        let (one, other) = (send(story.path(hidden)).await, send(missing).await);
        assert_eq!((&one["detail"], &one["errors"]), (&other["detail"], &other["errors"]));
    }
    stranger.get(&story.path("location")).await.expect_problem(404, "not-found");
    story.app.stranger().post(&story.path("reveals"), &why).await.expect_problem(401, "unauthenticated");
    assert_eq!(story.count("reveals").await, 0);
    // A coordinator who loses the area loses the place with it.
    story
        .manager
        .patch(&format!("/api/v1/facilities/{}", story.facility), "*", &json!({"area_id": elsewhere}))
        .await
        .expect_status(200);
    story.coordinator.post(&story.path("reveals"), &why).await.expect_problem(404, "not-found");
    assert_eq!(stranger.post(&story.path("reveals"), &why).await.expect_status(200).json(), place());
}

#[tokio::test]
async fn coordinates_that_cannot_be_a_facilitys_are_refused() {
    let story = Story::begin().await;
    let both: &[&str] = &["/latitude", "/longitude"];
    let wrong: [(Value, Value, &[&str]); 8] = [
        (json!(0), json!(0), both),
        (json!(91), json!(36.3), &["/latitude"]),
        (json!(33.5), json!(181), &["/longitude"]),
        (json!(-33.5), json!(-36.3), both),
        // Exchanged.
        (json!(36.3), json!(33.5), &["/longitude"]),
        (json!(31.999_999_9), json!(36.3), &["/latitude"]),
        (json!(37.500_000_1), json!(36.3), &["/latitude"]),
        (json!(1e300), json!(-1e300), both),
    ];
    for (latitude, longitude, pointers) in wrong {
        let body = json!({"latitude": latitude, "longitude": longitude});
        let problem = story.coordinator.put(&story.path("location"), &body).await.expect_problem(422, "validation-failed");
        let expected: Vec<_> = pointers.iter().map(|at| ((*at).to_owned(), "coordinate-out-of-range".to_owned())).collect();
        assert_eq!(faults(&problem), expected, "{body}");
    }
    let problem = story.coordinator.put(&story.path("location"), &json!({"latitude": "33.5", "note": "x"})).await;
    let expected = [("/latitude", "wrong-type"), ("/longitude", "required"), ("/note", "unknown-field")];
    let problem = problem.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    story.coordinator.get(&story.path("location")).await.expect_problem(404, "not-found");
    for (latitude, longitude, cell) in [(32.0, 35.0, "32.0,35.0"), (37.5, 42.5, "37.5,42.5"), (33.6, 36.399_999_9, "33.6,36.3")] {
        let body = json!({"latitude": latitude, "longitude": longitude});
        let put = story.coordinator.put(&story.path("location"), &body).await.expect_status(200);
        assert_eq!(put.json(), json!({"coarse_cell": cell}));
    }
    let whole = json!({"latitude": 34, "longitude": 36});
    story.coordinator.put(&story.path("location"), &whole).await.expect_status(200);
    let shown = story.coordinator.post(&story.path("reveals"), &json!({"reason": REASON})).await.expect_status(200).json();
    assert_eq!(shown, json!({"latitude": 34.0, "longitude": 36.0}));
    assert_eq!(story.count("facility_locations").await, 1);
    story.manager.delete(&format!("/api/v1/facilities/{}", story.facility), "*").await.expect_status(200);
    story.coordinator.put(&story.path("location"), &place()).await.expect_problem(410, "record-deleted");
}

#[tokio::test]
async fn a_sealed_place_opens_for_its_own_facility_only() {
    let story = Story::begin().await;
    story.coordinator.put(&story.path("location"), &place()).await.expect_status(200);
    let other = id_of(&story.app.facility(&story.manager, "HOS-02", story.area).await);
    // Somebody who can write to the database moves the sealed text to a facility they may read.
    let owner = story.app.database.owner().await;
    owner.execute("UPDATE facility_locations SET facility_id = $1", &[&other]).await.unwrap();
    let path = format!("/api/v1/facilities/{other}/reveals");
    story.coordinator.post(&path, &json!({"reason": REASON})).await.expect_problem(500, "internal");
    assert_eq!(story.count("reveals").await, 0, "nothing was shown, nothing is on record");
}

#[tokio::test]
async fn the_services_role_owns_nothing_and_cannot_touch_what_is_on_record() {
    let story = Story::begin().await;
    story.coordinator.put(&story.path("location"), &place()).await.expect_status(200);
    story.coordinator.post(&story.path("reveals"), &json!({"reason": REASON})).await.expect_status(200);
    let service = story.app.database.service().await;
    let forbidden = [
        "UPDATE audit_log SET action = 'changed'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "INSERT INTO audit_log (actor_id, resource, record_id, subject_id, action) VALUES (gen_random_uuid(), 'facilities', gen_random_uuid(), gen_random_uuid(), 'created')",
        "UPDATE audit_log_2026 SET action = 'changed'",
        "DELETE FROM audit_log_other",
        "UPDATE reveals SET reason = 'nothing to see here'",
        "DELETE FROM reveals",
        "DELETE FROM facilities",
        "TRUNCATE facilities CASCADE",
        "DELETE FROM facility_locations",
        "DROP TABLE facilities",
        "ALTER TABLE facilities DISABLE TRIGGER ALL",
        "CREATE TABLE mine (id int)",
        "SET session_replication_role = replica",
        "SET ROLE siraj_owner",
    ];
    for statement in forbidden {
        let refused = service.batch_execute(statement).await.expect_err(statement);
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {refused}");
    }
    assert!(story.count("audit_log").await > 0);
    assert_eq!(story.count("reveals").await, 1);

    let owner = story.app.database.owner().await;
    let owned = "SELECT (SELECT count(*) FROM pg_class WHERE relowner = r.oid) + (SELECT count(*) FROM pg_proc WHERE proowner = r.oid)
        + (SELECT count(*) FROM pg_namespace WHERE nspowner = r.oid) + (SELECT count(*) FROM pg_database WHERE datdba = r.oid)
        FROM pg_roles r WHERE rolname = 'siraj_service' AND NOT rolsuper AND NOT rolbypassrls AND NOT rolcreaterole AND NOT rolcreatedb";
    assert_eq!(owner.query_one(owned, &[]).await.unwrap().get::<_, i64>(0), 0);
    let deletable = "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
        AND (has_table_privilege('siraj_service', oid, 'DELETE') OR has_table_privilege('siraj_service', oid, 'TRUNCATE'))";
    let deletable: Vec<String> = owner.query(deletable, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(deletable, ["idempotency_keys", "refresh_tokens"]);
}

#[tokio::test]
async fn beyond_three_places_a_day_nobody_reads_alone_and_why_is_for_the_auditor() {
    let story = Story::begin().await;
    let why = json!({"reason": REASON});
    let mut places = vec![story.facility];
    for number in 2..=4 {
        places.push(id_of(&story.app.facility(&story.manager, &format!("HOS-0{number}"), story.area).await));
    }
    let path = |place: Uuid, child: &str| format!("/api/v1/facilities/{place}/{child}");
    for place_id in &places {
        story.coordinator.put(&path(*place_id, "location"), &place()).await.expect_status(200);
    }
    for place_id in &places[..3] {
        story.coordinator.post(&path(*place_id, "reveals"), &why).await.expect_status(200);
    }
    story.coordinator.post(&path(places[3], "reveals"), &why).await.expect_problem(429, "too-many-requests");
    story.coordinator.post(&path(places[0], "reveals"), &why).await.expect_status(200);
    assert_eq!(story.count("reveals").await, 4);
    let history = story.manager.get(&path(places[0], "history")).await.expect_status(200).text();
    assert!(history.contains("reveals") && !history.contains("Ambulance"), "{history}");
}

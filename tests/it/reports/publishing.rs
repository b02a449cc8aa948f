//! What is published: drafted by one, published by another, numbered, signed, and never changed again.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use siraj::{
    auth::Role,
    db::Db,
    keys::{digest_of, hex},
    publishing,
};
use uuid::Uuid;

use super::World;
use crate::support::{client::Client, id_of};

const REPORTS: &str = "/api/v1/published-reports";

/// Defines a report; gives its id.
pub(super) async fn define(world: &World, code: &str, more: &Value) -> Uuid {
    let mut body = json!({"code": code, "title": format!("Report {code}"), "kind": "figures"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    id_of(&world.manager.post("/api/v1/report-definitions", &body).await.expect_status(201).json())
}

/// Drafts a report by the manager.
pub(super) async fn draft(world: &World, definition: Uuid, as_of: &str) -> Value {
    world.manager.post(REPORTS, &json!({"definition_id": definition, "as_of": as_of})).await.expect_status(201).json()
}

/// Publishes a draft by somebody else.
pub(super) async fn publish(by: &Client, draft: &Value) -> Value {
    let body = json!({"document_hash": draft["document_hash"]});
    by.post(&format!("{REPORTS}/{}/publication", id_of(draft)), &body).await.expect_status(200).json()
}

/// A hospital that is supported, with a doctor in it.
pub(super) async fn hospital(world: &World) -> (Uuid, Uuid) {
    let hospital = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    world.contract_supports(hospital).await;
    let doctor = world.person("S-1", "doctor").await;
    (hospital, world.post(doctor, hospital, "doctor", 100, Some(world.contract)).await)
}

#[tokio::test]
async fn a_report_is_drafted_by_one_published_by_another_and_never_changes() {
    let world = World::start().await;
    let (_, post) = hospital(&world).await;
    let definition = define(&world, "GHOUTA", &json!({"title_ar": "تقرير الغوطة", "area_id": world.ghouta})).await;
    let drafted = draft(&world, definition, "2015-06-30").await;
    assert_eq!(
        (&drafted["number"], &drafted["status"], &drafted["definition_version"]),
        (&Value::Null, &json!("draft"), &json!(1))
    );
    let path = format!("{REPORTS}/{}", id_of(&drafted));
    let first = world.manager.get(&format!("{path}/document")).await.expect_status(200);
    assert_eq!(first.json()["figures"]["staff"]["total"], 1);
    for file in ["envelope", "pages", "workbook", "restatement"] {
        world.manager.get(&format!("{path}/{file}")).await.expect_problem(409, "not-published");
    }

    let second = world.app.user(Role::Manager).await;
    let hash = json!({"document_hash": drafted["document_hash"]});
    world.manager.post(&format!("{path}/publication"), &hash).await.expect_problem(409, "second-person-required");
    // What was counted again since it was read is not published unseen.
    world
        .manager
        .patch(&format!("/api/v1/report-definitions/{definition}"), "*", &json!({"title": "Eastern Ghouta"}))
        .await
        .expect_status(200);
    let again = world.manager.post(&format!("{path}/recomputation"), &json!({})).await.expect_status(200).json();
    assert_eq!((&again["title"], &again["definition_version"]), (&json!("Eastern Ghouta"), &json!(2)));
    let stale = second.post(&format!("{path}/publication"), &hash).await.expect_problem(412, "stale-revision");
    assert_eq!(stale["present"]["document_hash"], again["document_hash"]);

    let report = publish(&second, &again).await;
    assert_eq!((&report["number"], &report["status"]), (&json!(1), &json!("published")));
    let document = world.manager.get(&format!("{REPORTS}/1/document")).await.expect_status(200);
    assert_eq!(hex(&digest_of(&document.body)), report["document_hash"].as_str().unwrap());
    assert_eq!(document.header("content-disposition"), "attachment; filename=\"siraj-report-1.json\"");
    let etag = document.header("etag");
    assert_eq!(etag, format!("\"{}\"", report["document_hash"].as_str().unwrap()));
    world.manager.send(Method::GET, &format!("{path}/document"), &[("if-none-match", &etag)], None).await.expect_status(304);
    for (act, body) in
        [("publication", hash.clone()), ("recomputation", json!({})), ("cancellation", json!({"reason": "It was a mistake."}))]
    {
        second.post(&format!("{path}/{act}"), &body).await.expect_problem(409, "wrong-state");
    }

    // Everything is corrected afterwards; the bytes stay.
    world.manager.delete(&format!("/api/v1/assignments/{post}"), "*").await.expect_status(200);
    world
        .manager
        .patch(&format!("/api/v1/report-definitions/{definition}"), "*", &json!({"title": "Another"}))
        .await
        .expect_status(200);
    world.manager.delete(&format!("/api/v1/report-definitions/{definition}"), "*").await.expect_status(200);
    assert_eq!(world.manager.get(&format!("{REPORTS}/1/document")).await.expect_status(200).body, document.body);
    assert_eq!(world.manager.get(&format!("{REPORTS}/1")).await.expect_status(200).json(), report);
    // Not even its owner changes it.
    for change in [
        "UPDATE published_reports SET title = 'Another'",
        "UPDATE published_reports SET status = 'draft', number = NULL",
        "UPDATE published_reports SET document = '[]', document_hash = sha256('[]')",
        "DELETE FROM published_reports",
        "TRUNCATE published_reports",
    ] {
        world.sql.batch_execute(change).await.expect_err(change);
    }
    let history = world.manager.all(&format!("{path}/history")).await;
    assert_eq!(history.len(), 3, "drafted, counted again, published");
    assert!(!history[0]["after"].as_object().unwrap().contains_key("document"));
}

#[tokio::test]
async fn numbers_follow_each_other_without_a_gap_whoever_publishes_at_once() {
    let world = World::start().await;
    let definition = define(&world, "ALL", &json!({})).await;
    let second = world.app.user(Role::Manager).await;
    let mut drafts = Vec::new();
    for month in 1..=6 {
        drafts.push(draft(&world, definition, &format!("2015-{month:02}-28")).await);
    }
    let given_up = drafts.pop().unwrap();
    let reason = json!({"reason": "Drafted of the wrong day."});
    let cancelled =
        world.manager.post(&format!("{REPORTS}/{}/cancellation", id_of(&given_up)), &reason).await.expect_status(200).json();
    assert_eq!(
        (&cancelled["status"], &cancelled["number"], &cancelled["reason"]),
        (&json!("cancelled"), &Value::Null, &reason["reason"])
    );
    let published = futures_util::future::join_all(drafts.iter().map(|draft| publish(&second, draft))).await;
    let mut numbers: Vec<i64> = published.iter().map(|report| report["number"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    // The same draft sent again is the same draft; another under its id is none.
    let again = json!({"id": drafts[0]["id"], "definition_id": definition, "as_of": "2015-01-28"});
    assert!(world.manager.post(REPORTS, &again).await.expect_status(200).json()["number"].is_i64());
    let other = json!({"id": drafts[0]["id"], "definition_id": definition, "as_of": "2015-02-28"});
    world.manager.post(REPORTS, &other).await.expect_problem(409, "record-conflict");
    for (state, many) in [("published", 5), ("cancelled", 1), ("draft", 0), ("late", 0)] {
        assert_eq!(world.manager.all(&format!("{REPORTS}?state={state}")).await.len(), many, "{state}");
    }
    // The database numbers nobody out of turn, and takes no second seal for a first.
    let number = "UPDATE published_reports SET status = 'published', number = 9, published_by = recorded_by, published_at = clock_timestamp(), audit_seal = 1,
        audit_hash = (SELECT hash FROM audit_seals WHERE number = 1), signature = decode(repeat('00', 64), 'hex'), key_id = 'x', public_key = decode(repeat('00', 32), 'hex')";
    let waiting = draft(&world, definition, "2015-07-31").await;
    let refused = async |change: String| {
        let error = world.sql.batch_execute(&change).await.expect_err(&change);
        error.as_db_error().and_then(|error| error.constraint().map(ToOwned::to_owned)).unwrap_or_default()
    };
    let only = format!("WHERE id = '{}'", id_of(&waiting));
    assert_eq!(refused(format!("{number} {only}")).await, "published_reports_next_check");
    let by = |change: &str, to: &str| number.replace(change, to);
    assert_eq!(refused(format!("{} {only}", by("number = 9", "number = 6"))).await, "published_reports_published_by_check");
    let by_other = by("published_by = recorded_by", &format!("published_by = '{}'", second.user_id.unwrap()))
        .replace("number = 9", "number = 6");
    assert_eq!(
        refused(format!("{} {only}", by_other.replace("audit_seal = 1", "audit_seal = 0"))).await,
        "published_reports_audit_fkey"
    );
    assert_eq!(
        refused(format!("{} {only}", by_other.replace("key_id = 'x'", "key_id = NULL"))).await,
        "published_reports_whole_check"
    );
    assert_eq!(
        refused(format!(
            "{} {only}",
            by_other.replace("signature =", "document_hash = document_hash, title = 'Other', signature =")
        ))
        .await,
        "published_reports_frozen_check"
    );
    for (change, constraint) in [
        ("status = 'cancelled'", "published_reports_cancelled_check"),
        ("document = '{}'", "published_reports_document_hash_check"),
        ("document = '', document_hash = sha256('')", "published_reports_document_check"),
        ("as_of = '1999-01-01'", "published_reports_as_of_check"),
        ("period_on = '1999-01-01'", "published_reports_period_on_check"),
        ("due_on = '1999-01-01'", "published_reports_due_on_check"),
        ("kind = 'other'", "published_reports_kind_check"),
        ("title = ''", "published_reports_title_check"),
        ("title_ar = ''", "published_reports_title_ar_check"),
        ("definition_version = 0", "published_reports_definition_version_check"),
    ] {
        assert_eq!(refused(format!("UPDATE published_reports SET {change} {only}")).await, constraint);
    }
    let made = "INSERT INTO published_reports (id, definition_id, definition_version, kind, title, as_of, known_at, document, document_hash, status, drafted_by, recorded_by)
        SELECT gen_random_uuid(), definition_id, 1, kind, title, as_of, known_at, document, document_hash, 'cancelled', drafted_by, recorded_by FROM published_reports LIMIT 1";
    assert_eq!(refused(made.to_owned()).await, "published_reports_draft_check");
}

#[tokio::test]
async fn whoever_is_given_a_report_can_check_it_without_the_service() {
    let world = World::start().await;
    hospital(&world).await;
    let definition = define(&world, "ALL", &json!({})).await;
    let drafted = draft(&world, definition, "2015-06-30").await;
    let stranger = world.app.stranger();
    let verification = |number: &str, what: &str, value: &Value| {
        format!("/api/v1/public/reports/{number}/verification?{what}={}", value.as_str().unwrap_or_default())
    };
    stranger.get(&verification("1", "document_hash", &drafted["document_hash"])).await.expect_problem(404, "not-found");
    let report = publish(&world.app.user(Role::Manager).await, &drafted).await;

    let path = verification("1", "document_hash", &report["document_hash"]);
    let told = stranger.get(&path).await.expect_status(200).json();
    let by_signature = verification("1", "signature", &report["signature"]);
    assert_eq!(stranger.get(&by_signature).await.expect_status(200).json(), told);
    let fields = [
        "number",
        "as_of",
        "known_at",
        "published_at",
        "document_hash",
        "audit_seal",
        "audit_hash",
        "signature",
        "key_id",
        "public_key",
    ];
    assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), fields, "nothing else");
    assert!(fields.iter().all(|field| told[field] == report[field]));
    for unknown in ["2", "0", "01", "-1", "99999999999", drafted["id"].as_str().unwrap()] {
        let unknown = verification(unknown, "document_hash", &report["document_hash"]);
        stranger.get(&unknown).await.expect_problem(404, "not-found");
    }
    // Whoever was not handed the report is told nothing of its number.
    let nothing = "/api/v1/public/reports/1/verification";
    let others =
        [nothing.to_owned(), verification("1", "document_hash", &json!("00".repeat(32))), format!("{path}&signature=00")];
    for wrong in others {
        stranger.get(&wrong).await.expect_problem(404, "not-found");
    }
    let keys = stranger.get("/api/v1/public/signing-keys").await.expect_status(200);
    assert_eq!(
        (&keys.json()["items"][0]["public_key"], &keys.json()["items"][0]["in_use"]),
        (&report["public_key"], &json!(true))
    );

    let envelope = world.manager.get(&format!("{REPORTS}/1/envelope")).await.expect_status(200);
    let trusted = publishing::read_keys(&keys.text());
    assert_eq!(publishing::check_envelope(&envelope.body, Some(&trusted)).expect("holds").trusted, Some(true));
    assert!(publishing::check_envelope(&envelope.body, Some(&["00".repeat(32)])).is_err());
    // Whatever is changed of it is found.
    let whole = envelope.json();
    for (field, value) in [
        ("number", json!(2)),
        ("title", json!("Another")),
        ("as_of", json!("2015-07-31")),
        ("published_at", json!("2016-01-01T00:00:00Z")),
        ("known_at", json!("2016-01-01T00:00:00Z")),
        ("audit_seal", json!(7)),
        ("audit_hash", json!("00".repeat(32))),
        ("document", json!(whole["document"].as_str().unwrap().replace("\"total\": 1", "\"total\": 2"))),
        ("document_hash", json!("00".repeat(32))),
        ("public_key", json!("00".repeat(32))),
        ("signature", json!("zz")),
        ("form", json!("siraj-report-2")),
    ] {
        let mut changed = whole.clone();
        changed[field] = value;
        assert!(publishing::check_envelope(changed.to_string().as_bytes(), None).is_err(), "{field}");
    }
    // The same on the command line.
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let run = |words: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_siraj")).arg("verify-report").args(words).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (kept, keys) = (file("envelope.json", &envelope.body), file("keys.json", &keys.body));
    let (well, told) = run(&[&kept, "--key", &keys]);
    assert!(well && told.contains("report 1 (Report ALL) is as it was published on") && told.lines().count() == 1, "{told}");
    let forged = file("forged.json", envelope.text().replace("Report ALL", "Report All").as_bytes());
    let (well, told) = run(&[&forged, "--key", &keys]);
    assert!(!well && told.contains("is not as it was published") && told.lines().count() == 1, "{told}");
    let others = file("others.txt", "ab".repeat(32).as_bytes());
    let (well, told) = run(&[&kept, "--key", &others]);
    assert!(!well && told.contains("by none of the keys given"), "{told}");
    let (well, told) = run(&[&others]);
    assert!(!well && told.contains("not the envelope"), "{told}");
}

#[tokio::test]
async fn a_report_waits_for_what_is_being_written_and_never_holds_it_up() {
    let world = World::start().await;
    let hospital = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let definition = define(&world, "ALL", &json!({})).await;
    let (writer, onlooker) = (world.app.database.owner().await, world.app.database.owner().await);
    let support = format!(
        "BEGIN; INSERT INTO contract_facilities (id, contract_id, facility_id, recorded_by) VALUES ('{}', '{}', '{hospital}', '{}')",
        Uuid::now_v7(),
        world.contract,
        super::SYSTEM
    );
    writer.batch_execute(&support).await.expect("written, not yet seen");
    let ended = async {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT $1 && siraj_writers%'";
        while onlooker.query_one(waiting, &[]).await.expect("a count").get::<_, i64>(0) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        // Others write meanwhile as if nobody waited.
        world.facility("HOS-02", world.east, &["hospital"], "2013-01-01", None).await;
        writer.batch_execute("COMMIT").await.expect("written");
    };
    let (drafted, ()) = tokio::join!(draft(&world, definition, "2015-06-30"), ended);
    let told = world.manager.get(&format!("{REPORTS}/{}/document", id_of(&drafted))).await.expect_status(200).json();
    assert_eq!(told["figures"]["facilities"]["total"], 1, "it was recorded before the moment");
    assert_eq!(told["known_at"], told["figures"]["known_at"]);
    // Who never ends is not waited for for ever.
    writer.batch_execute("BEGIN; UPDATE contracts SET note = 'a note'").await.expect("under way");
    let body = json!({"definition_id": definition, "as_of": "2015-06-30"});
    let refused = world.manager.post(REPORTS, &body).await;
    assert!(!refused.header("retry-after").is_empty());
    refused.expect_problem(503, "unavailable");
    writer.batch_execute("ROLLBACK").await.expect("gone");
    draft(&world, definition, "2015-06-30").await;
}

#[tokio::test]
async fn every_published_report_is_checked_and_counted_again() {
    let world = World::start().await;
    let (hospital, post) = hospital(&world).await;
    let campaign = world.campaign("SIRAJ-2015").await;
    let claim = json!({"code": "TOTAL", "campaign_id": campaign, "statement": "One facility.", "subject": "total", "source": "a page",
        "amount": "1", "figure": "facilities.total", "as_of": "2015-06-30"});
    let claim = id_of(&world.manager.post("/api/v1/claims", &claim).await.expect_status(201).json());
    let second = world.app.user(Role::Manager).await;
    for (code, more) in [
        ("F", json!({"contract_id": world.contract})),
        ("R", json!({"kind": "reconciliation", "campaign_id": campaign})),
        ("S", json!({"kind": "staffing"})),
    ] {
        publish(&second, &draft(&world, define(&world, &format!("{code}-1"), &more).await, "2015-06-30").await).await;
    }
    let document = async |number: u8| world.manager.get(&format!("{REPORTS}/{number}/document")).await.expect_status(200).json();
    let reconciled = document(2).await;
    assert_eq!(reconciled["reconciliation"]["claims"][0]["verdict"], "agrees");
    assert_eq!(reconciled["sentences_ar"]["TOTAL"], "يحصي السجل 1: ما أُعلن (1) صحيح.");
    assert_eq!(
        document(3).await["staffing"],
        json!([{"code": "HOS-01", "name": "Facility HOS-01", "cadre": "doctor", "posts": 1, "full_time_equivalents": "1.00"}])
    );
    world.manager.delete(&format!("/api/v1/assignments/{post}"), "*").await.expect_status(200);
    world
        .manager
        .patch(&format!("/api/v1/facilities/{hospital}"), "*", &json!({"closed_on": "2015-06-01"}))
        .await
        .expect_status(200);
    world.manager.patch(&format!("/api/v1/claims/{claim}"), "*", &json!({"amount": "2"})).await.expect_status(200);
    let restated = world.manager.get(&format!("{REPORTS}/2/restatement")).await.expect_status(200).json();
    assert_eq!(
        restated["claims"],
        json!([{"code": "TOTAL", "was": 1, "is": 0, "verdict_was": "agrees", "verdict_is": "differs"}])
    );

    let db = Db::new(&world.app.database.service_url(), 1).expect("a pool");
    let known = [hex(world.app.keys.publishing()[0].public())];
    let found = publishing::verify(&db, Some(&known)).await.expect("checked");
    assert_eq!((found.reports, found.faults, found.notes), (3, Vec::<String>::new(), Vec::<String>::new()));
    let found = publishing::verify(&db, Some(&["00".repeat(32)])).await.expect("checked");
    assert_eq!(found.faults.len(), 3, "signed by keys that nobody knows");
    // With the triggers out of the way, an owner can rewrite a report; not its signature.
    let forge = "SET session_replication_role = replica; UPDATE published_reports SET document = convert_to(replace(convert_from(document, 'UTF8'), '\"total\": 1', '\"total\": 9'), 'UTF8'),
        document_hash = sha256(convert_to(replace(convert_from(document, 'UTF8'), '\"total\": 1', '\"total\": 9'), 'UTF8')) WHERE number = 1; UPDATE published_reports SET number = 5 WHERE number = 3";
    world.sql.batch_execute(forge).await.expect("forged");
    let found = publishing::verify(&db, Some(&known)).await.expect("checked").faults;
    let told = |words: &str| found.iter().any(|fault| fault.contains(words));
    assert!(told("report 1 is not as it was published"), "{found:?}");
    assert!(told("report 1 says 9 of facilities.total, counted again at its moment it is 1"), "{found:?}");
    assert!(told("after report 2 comes report 5"), "{found:?}");
}

//! The audit's chain: whoever rewrites a line, even as the database's owner, is found.

use std::process::Command;

use serde_json::json;
use siraj::{auth::Role, db::Db, publishing, seals};

use super::{
    World,
    publishing::{define, draft, publish},
};
use crate::support::database::TestDatabase;

/// A pool of one connection, as the service.
fn pool(database: &TestDatabase) -> Db {
    Db::new(&database.service_url(), 1).expect("a pool")
}

async fn seal(db: &Db) -> bool {
    seals::seal(&mut db.conn().await.expect("a connection")).await.expect("sealed")
}

async fn verify(db: &Db) -> seals::Chain {
    seals::verify(&mut db.conn().await.expect("a connection")).await.expect("verified")
}

/// A database whose last six lines of audit lie under seals 2 and 3.
async fn sealed() -> (TestDatabase, Db, tokio_postgres::Client) {
    let database = TestDatabase::create().await;
    let (db, owner) = (pool(&database), database.owner().await);
    // With what the migrations themselves have recorded.
    area(&owner, "Z").await;
    assert!(seal(&db).await);
    for code in ["A", "B", "C", "D", "E", "F"] {
        area(&owner, code).await;
        if code == "C" {
            assert!(seal(&db).await);
        }
    }
    assert!(seal(&db).await);
    assert_eq!(verify(&db).await.faults, Vec::<String>::new());
    (database, db, owner)
}

async fn area(owner: &tokio_postgres::Client, code: &str) {
    let text = format!(
        "INSERT INTO areas (id, code, name, kind, recorded_by) VALUES (gen_random_uuid(), 'AREA-{code}', '{code}', 'country', '{}')",
        super::SYSTEM
    );
    owner.batch_execute(&text).await.expect("an area");
}

/// Organisations do not wait for each other, as areas do: their tree has one writer.
async fn organization(owner: &tokio_postgres::Client, code: &str) {
    let text = format!(
        "INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES (gen_random_uuid(), 'ORG-{code}', '{code}', '{{partner}}', '{}')",
        super::SYSTEM
    );
    owner.batch_execute(&text).await.expect("an organisation");
}

/// The number of the line that tells of an area.
async fn line(owner: &tokio_postgres::Client, code: &str) -> i64 {
    let text = format!("SELECT id FROM audit_log WHERE resource = 'areas' AND after ->> 'code' = 'AREA-{code}'");
    owner.query_one(&text, &[]).await.expect("a line").get(0)
}

#[tokio::test]
async fn every_kind_of_tampering_is_found_and_the_first_line_is_named() {
    let copied = "resource, record_id, subject_id, action, revision, before, after, actor_id, occurred_at";
    let (of_b, of_e) = (line(&sealed().await.2, "B").await, line(&sealed().await.2, "E").await);
    let kinds = [
        (
            "edited",
            format!("UPDATE audit_log SET after = jsonb_set(after, '{{name}}', '\"Another\"') WHERE id = {of_b}"),
            format!("line {of_b} was edited"),
        ),
        (
            "by another",
            format!("UPDATE audit_log SET actor_id = gen_random_uuid() WHERE id = {of_b}"),
            format!("line {of_b} was edited"),
        ),
        (
            "at another time",
            format!("UPDATE audit_log SET occurred_at = occurred_at - interval '1 microsecond' WHERE id = {of_b}"),
            format!("line {of_b} was edited"),
        ),
        (
            "reordered",
            format!(
                "UPDATE audit_log l SET ({copied}) = (SELECT {copied} FROM audit_log o WHERE o.id = CASE l.id WHEN {of_b} THEN {0} ELSE {of_b} END) WHERE id IN ({of_b}, {0})",
                of_b + 1
            ),
            format!("line {of_b} was reordered: it stood at {}", of_b + 1),
        ),
        (
            "inserted",
            format!(
                "INSERT INTO audit_log (id, {copied}) OVERRIDING SYSTEM VALUE SELECT {of_b}, {} FROM audit_log WHERE id = {of_b}",
                copied.replace("occurred_at", "occurred_at + interval '1 microsecond'")
            ),
            format!("line {of_b} was inserted"),
        ),
        (
            "inserted before all",
            format!("INSERT INTO audit_log (id, {copied}) OVERRIDING SYSTEM VALUE SELECT -5, {copied} FROM audit_log WHERE id = {of_b}"),
            "line -5 was inserted".to_owned(),
        ),
        ("cut", format!("DELETE FROM audit_log WHERE id = {of_e}"), format!("line {of_e} was cut")),
        ("cut at the end", format!("DELETE FROM audit_log WHERE id >= {of_e}"), format!("line {of_e} was cut")),
        (
            "swapped",
            format!(
                "ALTER TABLE audit_log RENAME TO audit_log_was; CREATE TABLE audit_log AS SELECT id, occurred_at, actor_id, resource, record_id, subject_id,
                 CASE id WHEN {of_e} THEN 'retired' ELSE action END AS action, revision, before, after FROM audit_log_was; GRANT SELECT ON audit_log TO siraj_service"
            ),
            format!("line {of_e} was edited"),
        ),
        ("a seal edited", "ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_hash_check; UPDATE audit_seals SET hash = sha256('x') WHERE number = 2".to_owned(), "seal 2 was edited".to_owned()),
        ("a seal cut", "DELETE FROM audit_seals WHERE number = 2".to_owned(), "a seal was cut: after seal 1 comes seal 3".to_owned()),
        (
            "sealed again",
            format!(
                "UPDATE audit_log SET actor_id = gen_random_uuid() WHERE id = {of_b}; DELETE FROM audit_seals WHERE number = 2; \
                 INSERT INTO audit_seals (number, from_id, to_id, lines, line_hashes, previous_hash, hash) \
                 SELECT 2, {of_b} - 1, {of_b} + 1, 3, h.line_hashes, s.hash, sha256(s.hash || int8send(2) || h.line_hashes) FROM audit_seals s, \
                 (SELECT string_agg(int8send(id) || sha256(convert_to(jsonb_build_array(to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), \
                  actor_id, resource, record_id, subject_id, action, revision, before, after)::text, 'UTF8')), ''::bytea ORDER BY id) AS line_hashes \
                  FROM audit_log WHERE id BETWEEN {of_b} - 1 AND {of_b} + 1) h WHERE s.number = 1"
            ),
            "seal 3 does not follow the seal before it".to_owned(),
        ),
    ];
    for (kind, tamper, expected) in kinds {
        let (_database, db, owner) = sealed().await;
        owner.batch_execute(&format!("SET session_replication_role = replica; {tamper}")).await.expect(kind);
        let found = verify(&db).await;
        assert!(found.faults.first().is_some_and(|fault| fault.starts_with(&expected)), "{kind}: {:?}", found.faults);
    }
}

#[tokio::test]
async fn whoever_holds_an_older_head_finds_a_chain_that_was_forged_whole() {
    let world = World::start().await;
    let definition = define(&world, "ALL", &json!({})).await;
    let drafted = draft(&world, definition, "2015-06-30").await;
    publish(&world.app.user(Role::Manager).await, &drafted).await;
    let envelope = world.manager.get("/api/v1/published-reports/1/envelope").await.expect_status(200);
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("kept.json");
    std::fs::write(&kept, &envelope.body).expect("kept");
    let url = world.app.database.owner_url();
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_siraj"));
        command.args(["verify", "--against"]).arg(&kept).env("DATABASE_URL", &url).env("SIRAJ_DATA_DIR", folder.path());
        let output = command.output().expect("run");
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (well, told) = run();
    assert!(well && told.contains("1 published reports checked"), "{told}");
    // Lines, seals and the report are gone, and the rest is sealed anew: in itself it is whole.
    let forge = "SET session_replication_role = replica; DELETE FROM published_reports; DELETE FROM audit_seals; DELETE FROM audit_log WHERE resource = 'published_reports'";
    world.sql.batch_execute(forge).await.expect("forged");
    let db = pool(&world.app.database);
    assert!(seal(&db).await);
    assert_eq!(verify(&db).await.faults, Vec::<String>::new());
    assert!(publishing::verify(&db, None).await.expect("checked").faults.is_empty());
    let (well, told) = run();
    assert!(!well && told.contains("the audit is not the one over which report 1 was published"), "{told}");
}

#[tokio::test]
async fn a_line_under_way_is_waited_for_and_care_never_waits_for_a_seal() {
    let (database, db, owner) = sealed().await;
    let writer = database.owner().await;
    writer.batch_execute("BEGIN").await.expect("begun");
    organization(&writer, "SLOW").await;
    organization(&owner, "QUICK").await;
    // The slow one's line has the smaller number: nothing is sealed over it.
    let before = verify(&db).await;
    assert!(!seal(&db).await, "asked again later");
    assert_eq!(verify(&db).await.seals, before.seals);
    // Meanwhile everybody writes.
    let sealing = pool(&database);
    let (sealed, ()) = tokio::join!(seal(&sealing), organization(&owner, "MEANWHILE"));
    assert!(!sealed);
    writer.batch_execute("COMMIT").await.expect("ended");
    assert!(seal(&db).await);
    let after = verify(&db).await;
    assert_eq!((after.unsealed, after.lines - before.lines, after.faults), (0, 3, Vec::new()));
    // A line that is taken back leaves a gap of numbers and no fault.
    writer.batch_execute("BEGIN").await.expect("begun");
    organization(&writer, "BACK").await;
    writer.batch_execute("ROLLBACK").await.expect("taken back");
    organization(&owner, "LAST").await;
    assert!(seal(&db).await);
    assert_eq!(verify(&db).await.faults, Vec::<String>::new());
}

#[tokio::test]
async fn two_nodes_that_seal_at_once_make_one_chain() {
    let (database, db, owner) = sealed().await;
    let others = [pool(&database), pool(&database)];
    for round in 0..5 {
        area(&owner, &format!("R{round}")).await;
        tokio::join!(seal(&db), seal(&others[0]), seal(&others[1]));
    }
    assert!(seal(&db).await);
    let chain = verify(&db).await;
    assert_eq!((chain.unsealed, chain.faults), (0, Vec::new()));
}

#[tokio::test]
async fn nobody_writes_a_seal_but_the_database_itself() {
    let (database, _db, owner) = sealed().await;
    let service = database.service().await;
    let insert = "INSERT INTO audit_seals (number, from_id, to_id, lines, line_hashes, previous_hash, hash)
        SELECT 9, from_id, to_id, lines, line_hashes, previous_hash, hash FROM audit_seals LIMIT 1";
    for statement in [insert, "UPDATE audit_seals SET number = 7", "DELETE FROM audit_seals", "TRUNCATE audit_seals"] {
        service.batch_execute(statement).await.expect_err(statement);
    }
    for statement in ["UPDATE audit_seals SET number = 7", "DELETE FROM audit_seals", "TRUNCATE audit_seals CASCADE"] {
        owner.batch_execute(statement).await.expect_err(statement);
    }
    let values = [
        ("0, 1, 1, 1", "audit_seals_number_check"),
        ("9, 2, 1, 1", "audit_seals_from_id_check"),
        ("9, 1, 1, 2", "audit_seals_line_hashes_check"),
        ("1, 1, 1, 1", "audit_seals_pkey"),
    ];
    let refused = async |numbers: &str, (lines, previous): (usize, usize), hash: &str| {
        let text = format!(
            "INSERT INTO audit_seals (number, from_id, to_id, lines, line_hashes, previous_hash, hash)
             SELECT n.*, l, p, {hash} FROM (VALUES ({numbers})) AS n (number, a, b, c), (SELECT decode(repeat('00', {lines}), 'hex') AS l, decode(repeat('00', {previous}), 'hex') AS p) AS given"
        );
        let error = owner.batch_execute(&text).await.expect_err(&text);
        error.as_db_error().and_then(|error| error.constraint().map(ToOwned::to_owned)).unwrap_or_default()
    };
    let right = "sha256(p || int8send(n.number::bigint) || l)";
    for (numbers, constraint) in values {
        assert_eq!(refused(numbers, (40, 32), right).await, constraint);
    }
    assert_eq!(refused("9, 1, 1, 0", (0, 32), right).await, "audit_seals_lines_check");
    assert_eq!(refused("9, 1, 1, 1", (40, 31), right).await, "audit_seals_previous_hash_check");
    assert_eq!(refused("9, 1, 1, 1", (40, 32), "sha256('x')").await, "audit_seals_hash_check");
}

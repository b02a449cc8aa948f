//! The migrations: up, down and up again; the schema file; the audit; the rights of the service's role.

use std::{fs, path::Path};

use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::MigrationHarness;
use siraj::{db, types::Currency};
use uuid::Uuid;

use crate::support::database::{TestDatabase, cluster, connect};

/// Tables with `recorded_by` that are no record of their own and need no audit.
const NOT_AUDITED: &[&str] = &[];

#[tokio::test(flavor = "multi_thread")]
async fn every_migration_goes_up_down_and_up_again() {
    let database = empty_database().await;
    let first = db::migrate(&database.owner_url()).expect("up");
    assert!(!first.is_empty());
    let schema = rendered_schema(&database).await;

    revert(database.owner_url()).await;
    let left = names(
        &database,
        "SELECT format('%s %s', c.relkind, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relkind IN ('r', 'p', 'v', 'm', 'S') ORDER BY 1",
    )
    .await;
    assert_eq!(left, ["r __diesel_schema_migrations"], "left behind by a down.sql");
    let functions = names(
        &database,
        "SELECT p.proname::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname = 'public' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY 1",
    )
    .await;
    assert_eq!(functions, Vec::<String>::new(), "left behind by a down.sql");

    assert_eq!(db::migrate(&database.owner_url()).expect("up again"), first);
    assert_eq!(rendered_schema(&database).await, schema);
    assert_eq!(db::migrate(&database.owner_url()).expect("nothing to do"), Vec::<String>::new());
}

#[tokio::test]
async fn the_schema_file_equals_the_migrated_database() {
    let database = TestDatabase::create().await;
    let expected = rendered_schema(&database).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/schema.rs");
    let mut found = fs::read_to_string(&path).expect("src/schema.rs");
    // Written when it differs alone, or everything would be built again.
    if found != expected && std::env::var_os("SIRAJ_BLESS").is_some() {
        fs::write(&path, &expected).expect("src/schema.rs");
        found.clone_from(&expected);
    }
    assert!(found == expected, "src/schema.rs is not what the migrations make; run this test with SIRAJ_BLESS=1");
}

#[tokio::test]
async fn the_database_and_the_service_know_the_same_minor_units() {
    let database = TestDatabase::create().await;
    let told = names(
        &database,
        "SELECT format('%s%s%s %s', chr(a), chr(b), chr(c), siraj_minor_units(chr(a) || chr(b) || chr(c)))
         FROM generate_series(65, 90) a, generate_series(65, 90) b, generate_series(65, 90) c",
    )
    .await;
    let known: Vec<_> = told.iter().filter_map(|line| Some((Currency::parse(&line[..3]).ok()?, &line[4..]))).collect();
    assert!(known.len() > 150, "only {} currencies", known.len());
    for (currency, digits) in known {
        assert_eq!(currency.minor_units().to_string(), digits, "{}", currency.as_str());
    }
}

#[tokio::test]
async fn every_record_that_names_its_writer_is_audited() {
    let database = TestDatabase::create().await;
    let unwatched = names(
        &database,
        "SELECT format('%s %s', c.relname, kind.word) FROM pg_class c
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'recorded_by' AND NOT a.attisdropped
         CROSS JOIN (VALUES ('insert', 4), ('update', 16)) kind (word, bit)
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
           AND NOT EXISTS (
             SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgfoid = 'siraj_audit'::regproc AND t.tgenabled = 'O' AND t.tgtype & kind.bit <> 0)
           -- Rows that are never changed need no watch over changes.
           AND NOT (kind.word = 'update' AND EXISTS (
             SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgfoid = 'siraj_refuse_change'::regproc AND t.tgtype & 16 <> 0))
         ORDER BY 1",
    )
    .await;
    let faults: Vec<_> =
        unwatched.iter().filter(|line| !NOT_AUDITED.iter().any(|table| line.split(' ').next() == Some(*table))).collect();
    assert!(faults.is_empty(), "no audit trigger on {faults:?}");
}

#[tokio::test]
async fn the_service_owns_nothing_and_may_not_rewrite_the_past() {
    let database = TestDatabase::create().await;
    let owned = names(
        &database,
        "SELECT c.relname::text FROM pg_class c WHERE c.relowner = 'siraj_service'::regrole
         UNION ALL SELECT p.proname::text FROM pg_proc p WHERE p.proowner = 'siraj_service'::regrole
         UNION ALL SELECT n.nspname::text FROM pg_namespace n WHERE n.nspowner = 'siraj_service'::regrole
         UNION ALL SELECT d.datname::text FROM pg_database d WHERE d.datdba = 'siraj_service'::regrole",
    )
    .await;
    assert_eq!(owned, Vec::<String>::new());

    let may = async |privileges: &str| {
        let question = format!(
            "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
               AND has_table_privilege('siraj_service', c.oid, '{privileges}') ORDER BY 1"
        );
        names(&database, &question).await
    };
    assert_eq!(may("DELETE").await, ["idempotency_keys", "refresh_tokens"]);
    assert_eq!(may("TRUNCATE, REFERENCES, TRIGGER").await, Vec::<String>::new());
    let writable = may("INSERT, UPDATE").await;
    assert!(writable.contains(&"facilities".to_owned()), "the question finds nothing");
    for table in writable {
        let untouchable = table.starts_with("audit_log") || table == "__diesel_schema_migrations";
        assert!(!untouchable, "the service may write {table}");
    }

    let role = database.owner().await;
    let row = role
        .query_one("SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls OR rolreplication FROM pg_roles WHERE rolname = 'siraj_service'", &[])
        .await
        .expect("the role");
    assert!(!row.get::<_, bool>(0), "the service's role is more than ordinary");
    let may_create: bool =
        role.query_one("SELECT has_schema_privilege('siraj_service', 'public', 'CREATE')", &[]).await.expect("an answer").get(0);
    assert!(!may_create, "the service may make tables");
}

#[tokio::test]
async fn nobody_changes_the_audit_not_even_its_owner() {
    let database = TestDatabase::create().await;
    let (owner, service) = (database.owner().await, database.service().await);
    let area = "INSERT INTO areas (id, code, name, kind, recorded_by)
        VALUES (gen_random_uuid(), 'GHOUTA', 'Ghouta', 'district', '00000000-0000-7000-8000-000000000001')";
    service.execute(area, &[]).await.expect("an area");
    let partition: String =
        owner.query_one("SELECT tableoid::regclass::text FROM audit_log", &[]).await.expect("the area's line").get(0);
    for table in ["audit_log", partition.as_str()] {
        for statement in
            [format!("UPDATE {table} SET action = 'retired'"), format!("DELETE FROM {table}"), format!("TRUNCATE {table}")]
        {
            for client in [&owner, &service] {
                let refused = client.execute(&statement, &[]).await.expect_err(&statement);
                assert_eq!(refused.code().map(tokio_postgres::error::SqlState::code), Some("42501"), "{statement}");
            }
        }
    }
    let insert = "INSERT INTO audit_log (actor_id, resource, record_id, subject_id, action)
        SELECT actor_id, resource, record_id, subject_id, action FROM audit_log";
    let refused = service.execute(insert, &[]).await.expect_err("a line of its own");
    assert_eq!(refused.code().map(tokio_postgres::error::SqlState::code), Some("42501"));
    let lines: i64 = owner.query_one("SELECT count(*) FROM audit_log", &[]).await.expect("lines").get(0);
    assert_eq!(lines, 1);
}

#[tokio::test]
async fn what_runs_as_the_owner_never_meets_a_temporary_table() {
    let database = TestDatabase::create().await;
    let open = "SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
        AND NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=pg_catalog, public, pg_temp']";
    assert_eq!(names(&database, open).await, Vec::<String>::new());
}

#[test]
fn every_migration_has_a_real_way_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let folders: Vec<_> = fs::read_dir(folder)
        .expect("migrations")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    assert!(folders.len() >= 9);
    for folder in folders {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let stamp: String = name.chars().take(17).collect();
        let form: String = stamp.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
        assert_eq!(form, "0000-00-00-000000", "{name} does not begin with its moment");
        for file in ["up.sql", "down.sql"] {
            let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
            let statements = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("--")).count();
            assert!(statements > 0, "{name}/{file} does nothing");
        }
    }
}

/// A database without a single migration.
async fn empty_database() -> TestDatabase {
    let name = format!("test_{}", Uuid::now_v7().simple());
    let client = connect(&cluster().url("siraj_owner", "siraj")).await;
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("created");
    TestDatabase { name }
}

/// All the way down.
async fn revert(url: String) {
    let harness = AsyncMigrationHarness::new(AsyncPgConnection::establish(&url).await.expect("a connection"));
    tokio::task::block_in_place(|| {
        let mut harness = harness;
        harness.revert_all_migrations(db::MIGRATIONS).map(|_| ()).expect("down");
    });
}

/// The schema file as it should be.
async fn rendered_schema(database: &TestDatabase) -> String {
    let query = include_str!("schema.sql");
    database.owner().await.query_one(query, &[]).await.expect("the schema").get(0)
}

async fn names(database: &TestDatabase, query: &str) -> Vec<String> {
    database.owner().await.query(query, &[]).await.expect(query).iter().map(|row| row.get(0)).collect()
}

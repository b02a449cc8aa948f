//! A database of its own for every test, copied from a migrated template.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use siraj::{
    db,
    postgres::{SharedCluster, share_disposable},
};
use tokio_postgres::NoTls;
use uuid::Uuid;

const OWNER: &str = "siraj_owner";
const SERVICE: &str = "siraj_service";

/// The throw-away cluster that all tests of a run share.
pub fn cluster() -> &'static SharedCluster {
    static CLUSTER: OnceLock<SharedCluster> = OnceLock::new();
    CLUSTER.get_or_init(|| share_disposable(&home()).expect("a cluster for the tests"))
}

/// In memory where there is enough of it: a database is a thousand files, and file systems are slow to take so many back.
fn home() -> PathBuf {
    const MEMORY: &str = "/dev/shm";
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let asked = Command::new("df").args(["-k", "--output=avail", MEMORY]).output();
    let free = asked.ok().and_then(|said| String::from_utf8_lossy(&said.stdout).lines().last()?.trim().parse::<u64>().ok());
    if free.is_some_and(|kilobytes| kilobytes > 2 << 20) {
        let checkout = siraj::keys::sha256(&[target.as_os_str().as_encoded_bytes()]);
        let name = checkout.iter().take(4).fold("siraj-tests-".to_owned(), |name, byte| format!("{name}{byte:02x}"));
        Path::new(MEMORY).join(name)
    } else {
        target.join("cluster")
    }
}

/// A database that lives as long as its test.
pub struct TestDatabase {
    pub name: String,
}

impl TestDatabase {
    /// A copy of the migrated template.
    pub async fn create() -> Self {
        let template = template().await;
        let name = format!("test_{}", Uuid::now_v7().simple());
        sql("siraj", &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self { name }
    }

    pub fn service_url(&self) -> String {
        cluster().url(SERVICE, &self.name)
    }

    pub fn owner_url(&self) -> String {
        cluster().url(OWNER, &self.name)
    }

    /// A connection that may do everything: to arrange what no story should have to.
    pub async fn owner(&self) -> tokio_postgres::Client {
        connect(&self.owner_url()).await
    }

    /// A connection as the service's role.
    pub async fn service(&self) -> tokio_postgres::Client {
        connect(&self.service_url()).await
    }
}

/// Writers of one table held back until `release`, so that requests truly meet: what each of them reads first is read.
pub struct Holdup {
    client: tokio_postgres::Client,
    onlooker: tokio_postgres::Client,
}

impl Holdup {
    pub async fn of(database: &TestDatabase, table: &str) -> Self {
        let client = database.owner().await;
        client.batch_execute(&format!("BEGIN; LOCK TABLE {table} IN SHARE MODE")).await.expect("a lock");
        Self { client, onlooker: database.owner().await }
    }

    /// Lets the writers go once so many requests wait.
    pub async fn release(self, waiting: i64) {
        let start = std::time::Instant::now();
        let count = "SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE datname = current_database() AND NOT granted";
        while self.onlooker.query_one(count, &[]).await.expect("a count").get::<_, i64>(0) < waiting {
            assert!(start.elapsed().as_secs() < 4, "the requests did not meet");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        self.client.batch_execute("COMMIT").await.expect("released");
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let name = self.name.clone();
        // A thread of its own: a runtime that is being dropped cannot be waited in.
        let work = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(sql("siraj", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
        });
        drop(work.join());
    }
}

pub async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

async fn sql(database: &str, statement: &str) {
    let client = connect(&cluster().url(OWNER, database)).await;
    client.batch_execute(statement).await.expect(statement);
}

/// The migrated template, made once per state of the migrations.
async fn template() -> String {
    static TEMPLATE: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    TEMPLATE.get_or_init(make_template).await.clone()
}

async fn make_template() -> String {
    let name = format!("template_{}", migrations_hash());
    let client = connect(&cluster().url(OWNER, "siraj")).await;
    client.batch_execute("SELECT pg_advisory_lock(7)").await.expect("a lock");
    let leftovers = client
        .query("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%' OR datname LIKE 'template\\_%'", &[])
        .await
        .expect("names");
    let names: Vec<String> = leftovers.iter().map(|row| row.get(0)).collect();
    if !names.contains(&name) {
        let fresh = format!("{name}_new");
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {fresh} WITH (FORCE)")).await.expect("dropped");
        client.batch_execute(&format!("CREATE DATABASE {fresh}")).await.expect("created");
        db::migrate(&cluster().url(OWNER, &fresh)).expect("migrated");
        // A connection that is just closing still holds the database for a moment.
        while client.batch_execute(&format!("ALTER DATABASE {fresh} RENAME TO {name}")).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
    client.batch_execute("SELECT pg_advisory_unlock(7)").await.expect("unlocked");
    name
}

/// A short name for this build of the tests and the migrations in the source tree: a build of before holds other migrations than the tree.
fn migrations_hash() -> String {
    let build = std::env::current_exe().and_then(std::fs::metadata).and_then(|file| file.modified()).expect("this build");
    let build = build.duration_since(std::time::UNIX_EPOCH).expect("a time").as_nanos().to_string();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("migrations")
        .map(|entry| entry.expect("entry").path().join("up.sql"))
        .filter(|file| file.is_file())
        .collect();
    files.sort();
    let texts: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).expect("a migration")).collect();
    let parts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).chain([build.as_bytes()]).collect();
    siraj::keys::sha256(&parts).iter().take(6).fold(String::new(), |name, byte| format!("{name}{byte:02x}"))
}

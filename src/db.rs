//! The way to PostgreSQL: one small pool per worker, migrations, and the transaction every write runs in.

use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult, sql_types::Text};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
    TransactionManager,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{Object, Pool},
    },
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use futures_util::FutureExt;
use thiserror::Error;

use crate::{
    error::{ApiError, ApiResult, Code},
    types::KnownAt,
};

/// A connection to the database.
pub type Conn = AsyncPgConnection;

/// Every migration, in the binary.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// How often a transaction that lost a race with another is run again before the client is told to.
const TRIES: usize = 3;

/// How long a request waits for a connection before it is told to come again.
const PATIENCE: Duration = Duration::from_secs(2);

/// The role that requests are served with: it owns nothing and cannot change the audit.
pub const SERVICE_ROLE: &str = "siraj_service";

/// The database as handlers see it.
#[derive(Clone)]
pub struct Db {
    pool: Pool<AsyncPgConnection>,
}

impl Db {
    /// A pool of up to `size` connections; none is made before it is needed.
    pub fn new(url: &str, size: usize) -> Result<Self, DbError> {
        let mut manager = ManagerConfig::<AsyncPgConnection>::default();
        manager.recycling_method = RecyclingMethod::Fast;
        manager.custom_setup = Box::new(|url| establish(url.to_owned()).boxed());
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(url, manager);
        let pool = Pool::builder(manager).max_size(size).build().map_err(|error| DbError::Pool(error.to_string()))?;
        Ok(Self { pool })
    }

    /// A connection, within two seconds or not at all.
    pub async fn conn(&self) -> ApiResult<Object<AsyncPgConnection>> {
        match tokio::time::timeout(PATIENCE, self.pool.get()).await {
            Ok(got) => got.map_err(ApiError::unavailable),
            Err(_) => Err(ApiError::unavailable("no connection came free in time")),
        }
    }

    /// Reads as it was known at a moment; without one, as it is. The same statements, over the tables of the schema `known`.
    /// A read that ends early leaves its connection inside a transaction, and the pool throws that connection away.
    pub async fn read_at<T>(&self, known_at: Option<KnownAt>, read: impl AsyncFnOnce(&mut Conn) -> ApiResult<T>) -> ApiResult<T> {
        let mut conn = self.conn().await?;
        let Some(KnownAt(moment)) = known_at else { return read(&mut conn).await };
        AnsiTransactionManager::begin_transaction(&mut *conn).await?;
        let world = format!("SET LOCAL search_path = known, public; SET LOCAL siraj.known_at = '{}'", moment.to_rfc3339());
        conn.batch_execute(&world).await?;
        let told = read(&mut conn).await;
        AnsiTransactionManager::rollback_transaction(&mut *conn).await?;
        told
    }

    /// Runs the work in one transaction; work that lost a race is run again from its start.
    ///
    /// A request that is dropped half-way leaves its connection inside a transaction; the pool throws
    /// such a connection away, and PostgreSQL rolls it back.
    pub async fn write<T>(&self, work: impl AsyncFn(&mut Conn) -> ApiResult<T>) -> ApiResult<T> {
        let mut conn = self.conn().await?;
        let mut tries = 1;
        loop {
            AnsiTransactionManager::begin_transaction(&mut *conn).await?;
            let done = match work(&mut conn).await {
                Ok(value) => AnsiTransactionManager::commit_transaction(&mut *conn).await.map(|()| value).map_err(ApiError::from),
                Err(error) => {
                    AnsiTransactionManager::rollback_transaction(&mut *conn).await?;
                    Err(error)
                }
            };
            match done {
                Err(error) if tries < TRIES && lost_a_race(&error) => tries += 1,
                done => return done,
            }
        }
    }
}

fn lost_a_race(error: &ApiError) -> bool {
    let race = |cause: &String| cause.contains("deadlock detected") || cause.contains("could not serialize");
    error.code == Code::Unavailable && error.cause.as_ref().is_some_and(race)
}

/// A connection as every part of the service uses it: as the service's role, and never waiting for ever.
async fn establish(url: String) -> ConnectionResult<AsyncPgConnection> {
    let mut conn = AsyncPgConnection::establish(&url).await?;
    let setup = format!(
        "SET ROLE {SERVICE_ROLE}; SET statement_timeout = '15s'; SET lock_timeout = '5s'; \
         SET idle_in_transaction_session_timeout = '30s'; SET jit = off; SET timezone = 'UTC'; SET client_min_messages = warning"
    );
    conn.batch_execute(&setup).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// Why the database cannot be used.
#[derive(Debug, Error)]
pub enum DbError {
    /// It does not answer.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// A migration failed.
    #[error("the database could not be brought to this version: {0}")]
    Migration(String),
    /// The pool was given wrong settings.
    #[error("the connection pool cannot be made: {0}")]
    Pool(String),
}

/// Brings the database to this version, one node at a time. Blocks; runs on a thread and runtime of its own,
/// because the migration harness cannot run inside the server's.
pub fn migrate(url: &str) -> Result<Vec<String>, DbError> {
    let url = url.to_owned();
    let work = move || -> Result<Vec<String>, DbError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| DbError::Pool(error.to_string()))?;
        runtime.block_on(async {
            let mut conn = AsyncPgConnection::establish(&url).await.map_err(|error| DbError::Unreachable(error.to_string()))?;
            let failed = |error: diesel::result::Error| DbError::Migration(error.to_string());
            diesel::sql_query("SELECT pg_advisory_lock(hashtextextended('siraj:migrate', 0))")
                .execute(&mut conn)
                .await
                .map_err(failed)?;
            let mut harness = AsyncMigrationHarness::new(conn);
            let run = tokio::task::block_in_place(|| {
                harness.run_pending_migrations(MIGRATIONS).map(|done| done.iter().map(ToString::to_string).collect())
            });
            run.map_err(|error| DbError::Migration(error.to_string()))
        })
    };
    std::thread::spawn(work).join().unwrap_or_else(|_| Err(DbError::Migration("the migration's thread ended early".to_owned())))
}

/// Lets the account of the service in, as its owner: it is made if it is missing, and owns nothing.
pub fn admit(owner_url: &str, service_url: &str) -> Result<(), DbError> {
    #[derive(diesel::QueryableByName)]
    struct Statement {
        #[diesel(sql_type = Text)]
        text: String,
    }
    const STATEMENTS: &str =
        "SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD %L', $1, $2) AS text
          WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)
        UNION ALL SELECT format('GRANT siraj_service TO %I', $1)";
    let given: tokio_postgres::Config = service_url.parse().map_err(|_| DbError::Pool("DATABASE_URL".to_owned()))?;
    let (user, password) = (given.get_user().unwrap_or_default().to_owned(), given.get_password().unwrap_or_default().to_vec());
    let owner_url = owner_url.to_owned();
    let work = async move || -> Result<(), DbError> {
        let mut conn = AsyncPgConnection::establish(&owner_url).await.map_err(|error| DbError::Unreachable(error.to_string()))?;
        // The server's sentence could repeat the statement, and with it the password.
        let failed =
            |_| DbError::Migration("the account of DATABASE_URL could not be let in by that of SIRAJ_OWNER_URL".to_owned());
        let query =
            diesel::sql_query(STATEMENTS).bind::<Text, _>(user).bind::<Text, _>(String::from_utf8_lossy(&password).into_owned());
        for statement in query.load::<Statement>(&mut conn).await.map_err(failed)? {
            conn.batch_execute(&statement.text).await.map_err(failed)?;
        }
        Ok(())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| DbError::Pool(error.to_string()))?.block_on(work())
}

diesel::define_sql_function! {
    /// What a reader types, as a pattern in which nothing is a wildcard; spellings are folded.
    fn siraj_pattern(typed: diesel::sql_types::Text) -> diesel::sql_types::Nullable<diesel::sql_types::Text>;
}

diesel::define_sql_function! {
    /// One spelling for all that readers take for the same.
    fn siraj_fold(given: diesel::sql_types::Nullable<diesel::sql_types::Text>) -> diesel::sql_types::Nullable<diesel::sql_types::Text>;
}

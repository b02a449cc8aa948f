//! A private PostgreSQL that the service runs itself when it is given no other database.
//!
//! It listens on no network port: the only way in is a socket in a private folder, and the
//! operating system says who comes (`peer`), so no password exists. The cluster lives in
//! `<data_dir>/postgres`. Whatever an earlier run left behind (a running Postgres, a half-made
//! database, files of a process long dead) is taken over or cleared away at the next start.
//!
//! All calls block; the modules inside, from the ground up:
//! `error`, `account`, `programs`, `folders`, `process`, `files`, `server`, `leftovers`,
//! `roles`, `keeper`, `supervisor`,
//! and `shared` for tests.

mod account;
mod error;
mod files;
mod folders;
mod keeper;
mod leftovers;
mod process;
mod programs;
mod roles;
mod server;
mod shared;
mod supervisor;

use std::path::PathBuf;
use std::sync::Arc;

pub use error::EmbeddedError;
pub use shared::{SharedCluster, share_disposable};

/// What the cluster is made of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The service's data folder; the cluster lives in `<data_dir>/postgres`.
    pub data_dir: PathBuf,
    /// The database's superuser: migrates, and owns the tables.
    pub owner_role: String,
    /// The role that serves requests; made when absent, without any privilege of its own.
    pub service_role: String,
    /// The database, made when absent.
    pub database: String,
    /// A throw-away cluster for tests, which forgets data in a power cut. Never otherwise.
    pub disposable: bool,
}

/// A running private PostgreSQL. The last clone to be dropped stops it.
#[derive(Debug, Clone)]
pub struct Embedded {
    owner: Arc<Owner>,
}

/// Counts the owners apart from the watching thread, which must not keep Postgres alive.
#[derive(Debug)]
struct Owner {
    keeper: Arc<keeper::Keeper>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.keeper.stop();
    }
}

impl Embedded {
    /// Starts PostgreSQL, or takes over the one that a killed service left running.
    /// Afterwards it answers, and its roles and database exist.
    ///
    /// # Errors
    ///
    /// One sentence for the operator: see [`EmbeddedError`].
    pub fn start(settings: Settings) -> Result<Self, EmbeddedError> {
        let keeper = keeper::Keeper::start(settings)?;
        Ok(Self { owner: Arc::new(Owner { keeper }) })
    }

    /// The ways into a cluster that another process of ours holds, for commands beside a running service:
    /// as the owner, and as the service. Starts and stops nothing.
    ///
    /// # Errors
    ///
    /// As for [`Embedded::start`].
    pub fn visit(settings: Settings) -> Result<(String, String), EmbeddedError> {
        let places = folders::Places::open(&settings.data_dir)?;
        let accounts = account::Accounts::find(&places.data)?;
        places.check_owner(&accounts)?;
        let cluster = server::Cluster::open(settings, places, accounts)?;
        let url = |role: &str| cluster.url(role, &cluster.settings.database);
        Ok((url(&cluster.settings.owner_role), url(&cluster.settings.service_role)))
    }

    /// A connection string in the form `host=/folder user=… dbname=…`.
    #[must_use]
    pub fn url(&self, role: &str, database: &str) -> String {
        self.owner.keeper.cluster.url(role, database)
    }

    /// For migrations: the superuser, whom row-level security does not bind.
    #[must_use]
    pub fn owner_url(&self) -> String {
        let settings = &self.owner.keeper.cluster.settings;
        self.url(&settings.owner_role, &settings.database)
    }

    /// For serving requests.
    #[must_use]
    pub fn service_url(&self) -> String {
        let settings = &self.owner.keeper.cluster.settings;
        self.url(&settings.service_role, &settings.database)
    }

    /// Whether the main process of PostgreSQL lives.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.owner.keeper.is_running()
    }

    /// Starts the thread that starts a PostgreSQL again that died, with a growing pause in between.
    pub fn supervise(&self) {
        self.owner.keeper.supervise();
    }

    /// Stops PostgreSQL in good order and frees the folder; calling it again does nothing.
    pub fn stop(&self) {
        self.owner.keeper.stop();
    }
}

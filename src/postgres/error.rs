//! What can go wrong, each in one sentence for the person who runs the service.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why the private PostgreSQL could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    #[error("PostgreSQL's programs were not found; install them with: apt-get install postgresql")]
    ProgramsMissing,
    #[error("PostgreSQL's programs were not found in {folder}, the folder that PG_BIN names")]
    ProgramsMissingIn { folder: PathBuf },
    #[error(
        "the data in {folder} was made by PostgreSQL {made_by}, whose programs are missing \
         (the newest here is {newest}); install them with: apt-get install postgresql-{made_by}"
    )]
    OtherVersion { folder: PathBuf, made_by: u32, newest: u32 },
    #[error("the data folder {folder} is in use by another siraj{}", process(*.holder))]
    InUse { folder: PathBuf, holder: Option<u32> },
    #[error(
        "PostgreSQL runs as the user {user}, who may not enter {closed}; \
         allow it with: chmod o+x {closed}, or choose a folder elsewhere"
    )]
    Closed { user: String, closed: PathBuf },
    #[error("the data folder {folder} belongs to the user {owner}; start siraj as {owner} or as root")]
    Foreign { folder: PathBuf, owner: String },
    #[error(
        "PostgreSQL may not run as root, and neither a user postgres nor a user nobody exists; \
         make one with: useradd --system postgres"
    )]
    NoAccount,
    #[error(
        "PostgreSQL cannot run as user number {uid}, which has no name on this machine; \
         add the user to /etc/passwd"
    )]
    Nameless { uid: u32 },
    #[error(
        "the database that was in {folder} has gone; put it back, \
         or delete {marker} to begin with an empty one"
    )]
    DataGone { folder: PathBuf, marker: PathBuf },
    #[error(
        "{folder} holds no PostgreSQL database (its PG_VERSION cannot be read); \
         put a backup in its place, or move it away to begin with an empty one"
    )]
    NotACluster { folder: PathBuf },
    #[error("could not {action} {path}: {source}")]
    File { action: &'static str, path: PathBuf, source: io::Error },
    #[error("the program {program} could not be run: {source}")]
    Program { program: PathBuf, source: io::Error },
    #[error("PostgreSQL could not make a new database in {folder}: {reason}")]
    Creation { folder: PathBuf, reason: String },
    #[error("PostgreSQL refused to make the service's role and database: {reason}")]
    Preparation { reason: String },
    #[error("PostgreSQL did not start: {reason} (its log is {log})")]
    NotStarted { reason: String, log: PathBuf },
    #[error("process {pid} of an earlier PostgreSQL still holds {folder} and does not end; end it, then start again")]
    Lingering { folder: PathBuf, pid: u32 },
    #[error(
        "a PostgreSQL out of sight, perhaps in another container, still holds {folder}; \
         stop it, then start again"
    )]
    HeldElsewhere { folder: PathBuf },
    #[error("no short private folder for PostgreSQL's socket could be made under {folder}")]
    NoSocketFolder { folder: PathBuf },
    #[error("the watching thread could not be started: {source}")]
    Thread { source: io::Error },
    #[error("PostgreSQL was asked to stop while it was starting")]
    Stopping,
}

fn process(holder: Option<u32>) -> String {
    holder.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

/// Says what was being done to which file when the system refused.
pub(super) trait DoingTo<T> {
    fn doing(self, action: &'static str, path: &Path) -> Result<T, EmbeddedError>;
}

impl<T> DoingTo<T> for io::Result<T> {
    fn doing(self, action: &'static str, path: &Path) -> Result<T, EmbeddedError> {
        self.map_err(|source| EmbeddedError::File { action, path: path.to_owned(), source })
    }
}

//! Finding PostgreSQL's own programs on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::account::Accounts;
use super::error::EmbeddedError;

const NEEDED: [&str; 4] = ["postgres", "initdb", "pg_ctl", "psql"];

/// Where Debian, Red Hat, Alpine and a build from source put them; `*` stands for the version.
const KNOWN: [&str; 4] = ["/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*", "/usr/local/pgsql/bin"];

/// The folder of one PostgreSQL installation.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    folder: PathBuf,
    major: u32,
}

impl Programs {
    /// Data made by one major version opens only with that version; an empty folder takes the newest.
    /// `PG_BIN` overrules every other place.
    pub fn find(data: &Path, made_by: Option<u32>) -> Result<Self, EmbeddedError> {
        let Some(chosen) = env::var_os("PG_BIN").map(PathBuf::from) else {
            let places = on_path().into_iter().chain(known_places());
            return choose(places, data, made_by);
        };
        match Self::at(&chosen) {
            Some(found) if made_by.is_none_or(|major| major == found.major) => Ok(found),
            Some(found) => Err(other_version(data, made_by, &found)),
            None => Err(EmbeddedError::ProgramsMissingIn { folder: chosen }),
        }
    }

    fn at(folder: &Path) -> Option<Self> {
        // Debian keeps wrappers of some programs in /usr/bin; only a folder with all of them is real.
        let folder = folder.canonicalize().ok()?;
        if !NEEDED.iter().all(|name| folder.join(name).is_file()) {
            return None;
        }
        let major = version_in_path(&folder).or_else(|| version_by_asking(&folder))?;
        Some(Self { folder, major })
    }

    /// The folder the programs live in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The full path of one program.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A program that runs as the Postgres user.
    pub fn as_runner(&self, name: &str, accounts: &Accounts) -> Command {
        let mut command = self.as_self(name);
        accounts.drop_to_runner(&mut command);
        command
    }

    /// A program that runs as this process's own user.
    /// The environment is emptied: `PGPORT` and its like would bend what we ask for,
    /// and the service's secrets are none of Postgres's business.
    pub fn as_self(&self, name: &str) -> Command {
        let mut command = Command::new(self.path(name));
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .current_dir("/")
            .stdin(Stdio::null());
        if let Some(libraries) = env::var_os("LD_LIBRARY_PATH") {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command
    }
}

fn choose(places: impl Iterator<Item = PathBuf>, data: &Path, made_by: Option<u32>) -> Result<Programs, EmbeddedError> {
    let mut newest: Option<Programs> = None;
    // Asking pg_config costs a process, so it comes last and only when nothing else fits.
    let asked = std::iter::once_with(by_pg_config).flatten();
    for found in places.chain(asked).filter_map(|place| Programs::at(&place)) {
        if made_by == Some(found.major) {
            return Ok(found);
        }
        if newest.as_ref().is_none_or(|best| best.major < found.major) {
            newest = Some(found);
        }
    }
    let newest = newest.ok_or(EmbeddedError::ProgramsMissing)?;
    match made_by {
        None => Ok(newest),
        Some(_) => Err(other_version(data, made_by, &newest)),
    }
}

fn other_version(data: &Path, made_by: Option<u32>, newest: &Programs) -> EmbeddedError {
    EmbeddedError::OtherVersion { folder: data.to_owned(), made_by: made_by.unwrap_or_default(), newest: newest.major }
}

/// Folders of the search path, through links: Debian links single programs into /usr/local/bin.
fn on_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .filter_map(|folder| folder.join("postgres").canonicalize().ok())
        .filter_map(|program| program.parent().map(Path::to_owned))
        .collect()
}

fn known_places() -> Vec<PathBuf> {
    KNOWN.iter().flat_map(|pattern| expand(pattern)).collect()
}

/// Replaces the one `*` of `pattern` by what is there.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let Ok(entries) = fs::read_dir(Path::new("/").join(parent)) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join(after.trim_start_matches('/')))
        .collect()
}

fn by_pg_config() -> Option<PathBuf> {
    let answer = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = String::from_utf8(answer.stdout).ok()?;
    answer.status.success().then(|| PathBuf::from(folder.trim()))
}

/// Debian's path says the version, which saves a process at every start.
fn version_in_path(folder: &Path) -> Option<u32> {
    let version = folder.strip_prefix("/usr/lib/postgresql").ok()?;
    version.parent()?.to_str()?.parse().ok()
}

fn version_by_asking(folder: &Path) -> Option<u32> {
    let answer = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    let (_, version) = text.split_once(") ")?;
    let digits = version.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(version.len());
    version.get(..digits)?.parse().ok()
}

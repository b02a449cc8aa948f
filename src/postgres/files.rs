//! The files of a cluster: a new database, access rules, configuration, log and marker.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use super::Settings;
use super::account::Accounts;
use super::error::{DoingTo, EmbeddedError};
use super::folders::{Places, make_private};
use super::process;
use super::programs::Programs;

const LOG_LIMIT: u64 = 10 * 1024 * 1024;

/// Written anew at every start. Durability is not mentioned: Postgres's own defaults are the safe ones.
const CONFIG: &str = "\
# Written by siraj at every start; put your own settings into tuning.conf beside this file.
jit = off
shared_buffers = 128MB
max_connections = 100
timezone = 'UTC'
log_timezone = 'UTC'
# People's names and numbers stay out of the log: neither statements nor the values of failing rows.
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
include_if_exists = 'tuning.conf'
";

/// The major version that made the data, or nothing when there is no data yet.
pub(super) fn made_by(places: &Places) -> Result<Option<u32>, EmbeddedError> {
    if fs::symlink_metadata(&places.data).is_err() {
        // A lost mount looks just like a first start; an empty database in its place would hide the loss.
        if places.prepared.exists() {
            return Err(EmbeddedError::DataGone { folder: places.data.clone(), marker: places.prepared.clone() });
        }
        return Ok(None);
    }
    let version = fs::read_to_string(places.data.join("PG_VERSION")).ok().and_then(|text| text.trim().parse().ok());
    version.map(Some).ok_or_else(|| EmbeddedError::NotACluster { folder: places.data.clone() })
}

/// Makes a new database beside its final name and renames it at the end,
/// so that whatever carries the final name is whole.
pub(super) fn create(
    places: &Places,
    settings: &Settings,
    accounts: &Accounts,
    programs: &Programs,
) -> Result<(), EmbeddedError> {
    let half = &places.unfinished;
    // initdb holds this lock as its input: one that outlived a killed service is waited for here.
    let path = places.base.join("data.new.lock");
    let turn = open(&path, OpenOptions::new().write(true).create(true))?;
    turn.lock().doing("lock", &path)?;
    process::wait_until_empty(half)?;
    match fs::remove_dir_all(half) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).doing("delete the unfinished", half);
        }
        _ => {}
    }
    make_private(half, accounts).doing("make the folder", half)?;

    let mut initdb = programs.as_runner("initdb", accounts);
    initdb.args(["--auth=peer", "--encoding=UTF8", "--locale=C.UTF-8"]);
    initdb.args(["--data-checksums", "--no-instructions"]);
    initdb.arg(format!("--username={}", settings.owner_role));
    if settings.disposable {
        initdb.arg("--no-sync");
    }
    initdb.arg("--pgdata").arg(half).stdin(turn);
    let answer = initdb.output().map_err(|source| EmbeddedError::Program { program: programs.path("initdb"), source })?;
    if !answer.status.success() {
        return Err(EmbeddedError::Creation { folder: places.base.clone(), reason: complaint(&answer.stderr) });
    }
    fs::rename(half, &places.data).doing("rename", half)?;
    sync_folder(&places.base)
}

/// What a program said last, or its error line, for a sentence to the operator.
pub(super) fn complaint(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let blunt = ["error: ", "ERROR:  ", "FATAL:  ", "PANIC:  "];
    lines()
        .find_map(|line| blunt.iter().find_map(|word| line.split_once(word)))
        .map(|(_, reason)| reason)
        .or_else(|| lines().next_back())
        .unwrap_or("it said nothing")
        .to_owned()
}

/// Brings configuration and access rules up to date; says whether anything changed.
pub(super) fn write_rules(places: &Places, settings: &Settings, accounts: &Accounts) -> Result<bool, EmbeddedError> {
    // One way in: the local socket, for the users named in the map. No password exists anywhere.
    let rules = "local all all peer map=siraj\n";
    let mut users = vec!["root", &accounts.own.name];
    users.dedup();
    let names: String = users
        .iter()
        .flat_map(|user| {
            [&settings.owner_role, &settings.service_role].map(|role| format!("siraj {} {}\n", in_quotes(user), in_quotes(role)))
        })
        .collect();
    let mut changed = false;
    for (path, text) in [(&places.config, CONFIG), (&places.rules, rules), (&places.names, &names)] {
        changed |= replace(path, text).doing("write", path)?;
    }
    Ok(changed)
}

fn in_quotes(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Writes `text` under another name and renames it, so that Postgres never reads half a file.
fn replace(path: &Path, text: &str) -> io::Result<bool> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(false);
    }
    let fresh = path.with_extension("new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&fresh)?;
    // The Postgres user must read it whatever the umask of the service is.
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    Ok(true)
}

/// Opens a file of the outer folder. Its owner follows the folder's,
/// so that one start as root does not shut an ordinary user out afterwards.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> Result<File, EmbeddedError> {
    let file = options.mode(0o644).open(path).doing("open", path)?;
    if let Some(folder) = path.parent().and_then(|folder| fs::metadata(folder).ok()) {
        let found = file.metadata().doing("look at", path)?;
        if found.uid() == 0 && folder.uid() != 0 {
            fchown(&file, Some(folder.uid()), Some(folder.gid())).doing("change the owner of", path)?;
        }
    }
    Ok(file)
}

/// The log, opened for Postgres to write to, with the length it has now.
pub(super) fn open_log(places: &Places) -> Result<(File, u64), EmbeddedError> {
    bound_log(places);
    let log = open(&places.log, OpenOptions::new().append(true).create(true))?;
    log.set_permissions(Permissions::from_mode(0o600)).doing("close to others", &places.log)?;
    let length = log.metadata().doing("look at", &places.log)?.len();
    Ok((log, length))
}

/// Keeps the log and one older part. It is copied and emptied rather than renamed,
/// because a running Postgres goes on writing into the same open file.
pub(super) fn bound_log(places: &Places) {
    let long = fs::metadata(&places.log).is_ok_and(|log| log.len() > LOG_LIMIT);
    if !long {
        return;
    }
    let older = places.base.join("log.old");
    let emptied = fs::copy(&places.log, &older)
        .and_then(|_| OpenOptions::new().write(true).open(&places.log))
        .and_then(|log| log.set_len(0));
    if let Err(error) = emptied {
        tracing::warn!("PostgreSQL's log {} could not be shortened: {error}", places.log.display());
    }
}

/// Why Postgres stopped, by the part of its log after `from`.
pub(super) fn last_words(places: &Places, from: u64) -> String {
    let mut text = Vec::new();
    let read = File::open(&places.log).and_then(|mut log| {
        log.seek(SeekFrom::Start(from))?;
        log.take(64 * 1024).read_to_end(&mut text)
    });
    match read {
        Ok(_) => complaint(&text),
        Err(_) => "its log cannot be read".to_owned(),
    }
}

/// Whether the roles and the database were already made under these names.
pub(super) fn is_prepared(places: &Places, settings: &Settings) -> bool {
    fs::read_to_string(&places.prepared).is_ok_and(|text| text == marker(settings))
}

/// Remembers, across a power cut, that the roles and the database are made.
pub(super) fn mark_prepared(places: &Places, settings: &Settings) -> Result<(), EmbeddedError> {
    replace(&places.prepared, &marker(settings)).doing("write", &places.prepared)?;
    sync_folder(&places.base)
}

fn marker(settings: &Settings) -> String {
    format!("{}\n{}\n{}\n", settings.owner_role, settings.service_role, settings.database)
}

fn sync_folder(folder: &Path) -> Result<(), EmbeddedError> {
    File::open(folder).and_then(|folder| folder.sync_all()).doing("write to disk", folder)
}

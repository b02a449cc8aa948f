//! Starting, adopting and stopping the Postgres of one cluster.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Settings;
use super::account::Accounts;
use super::error::{DoingTo, EmbeddedError};
use super::files;
use super::folders::{Places, make_private};
use super::leftovers::Settled;
use super::process::{self, PidFile};
use super::programs::Programs;

/// Recovery after a power cut reads at most a gigabyte of journal; a slow disk gets its time.
const START_LIMIT: Duration = Duration::from_mins(5);
const STOP_LIMIT: Duration = Duration::from_mins(1);
const QUIT_LIMIT: Duration = Duration::from_secs(10);

/// Everything that is decided once about a cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    pub settings: Settings,
    pub places: Places,
    pub accounts: Accounts,
    pub programs: Programs,
    pub socket: PathBuf,
    /// Set when the service stops, so that nobody goes on waiting for a start.
    pub stopping: AtomicBool,
}

/// The main process of a running Postgres.
#[derive(Debug)]
pub(super) struct Postmaster {
    pub pid: u32,
    /// Absent for an adopted one, which is not our child.
    child: Option<Child>,
}

impl Postmaster {
    /// Takes the dead child's number off the process table; true once it has ended.
    pub fn has_ended(&mut self, cluster: &Cluster) -> bool {
        match &mut self.child {
            Some(child) => !matches!(child.try_wait(), Ok(None)),
            None => !process::belongs(self.pid, &cluster.places.data),
        }
    }
}

impl Cluster {
    /// Finds out who and where we are, and makes the database files when there are none.
    /// The caller holds the cluster's lock.
    pub fn open(settings: Settings, places: Places, accounts: Accounts) -> Result<Self, EmbeddedError> {
        accounts.check_way_to(&places.base)?;
        let made_by = files::made_by(&places)?;
        let programs = Programs::find(&places.data, made_by)?;
        accounts.check_way_to(programs.folder())?;
        let socket = places.socket(&accounts)?;
        if made_by.is_none() {
            files::create(&places, &settings, &accounts, &programs)?;
        }
        Ok(Self { settings, places, accounts, programs, socket, stopping: AtomicBool::new(false) })
    }

    /// Takes over the Postgres that a killed service left running, or starts one.
    pub fn bring_up(&self) -> Result<Postmaster, EmbeddedError> {
        let changed = files::write_rules(&self.places, &self.settings, &self.accounts)?;
        // A second try, as a Postgres left by a killed service may show itself only now.
        match self.adopt_or_launch(changed) {
            Err(EmbeddedError::NotStarted { .. }) if !process::members(&self.places.data).is_empty() => {
                self.adopt_or_launch(changed)
            }
            outcome => outcome,
        }
    }

    fn adopt_or_launch(&self, changed: bool) -> Result<Postmaster, EmbeddedError> {
        let pid = match self.settle()? {
            Settled::Free(turn) => return self.launch(turn),
            Settled::Alive(pid) => pid,
        };
        tracing::info!("took over the running PostgreSQL (process {pid})");
        if changed {
            self.signal("HUP", pid);
        }
        Ok(Postmaster { pid, child: None })
    }

    pub(super) fn arguments(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["-D".into(), self.places.data.clone().into()];
        let mut set = |name: &str, value: OsString| {
            let mut word = OsString::from(format!("{name}="));
            word.push(value);
            words.push("-c".into());
            words.push(word);
        };
        set("config_file", self.places.config.clone().into());
        set("hba_file", self.places.rules.clone().into());
        set("ident_file", self.places.names.clone().into());
        set("listen_addresses", OsString::new());
        set("port", "5432".into());
        set("unix_socket_directories", self.socket.clone().into());
        set("unix_socket_permissions", "0700".into());
        if self.settings.disposable {
            for name in ["fsync", "full_page_writes", "synchronous_commit"] {
                set(name, "off".into());
            }
            set("max_connections", "300".into());
            // It may lie in memory, and nobody ever recovers it.
            set("max_wal_size", "128MB".into());
        }
        words
    }

    fn launch(&self, turn: File) -> Result<Postmaster, EmbeddedError> {
        self.places.mend_ownership(&self.accounts)?;
        // A cleaner of temporary files may have taken it away.
        make_private(&self.socket, &self.accounts).doing("make the folder", &self.socket)?;
        let (log, written) = files::open_log(&self.places)?;
        let second = log.try_clone().doing("open", &self.places.log)?;
        let mut command = self.programs.as_runner("postgres", &self.accounts);
        command
            .args(self.arguments())
            // From its first moment it is known as one of the cluster's own.
            .current_dir(&self.places.data)
            // Ctrl-C in the terminal is for the service, which then stops Postgres in good order.
            .process_group(0)
            .stdin(Stdio::from(turn))
            .stdout(Stdio::from(log))
            .stderr(Stdio::from(second));
        let child =
            command.spawn().map_err(|source| EmbeddedError::Program { program: self.programs.path("postgres"), source })?;
        let mut postmaster = Postmaster { pid: child.id(), child: Some(child) };
        let outcome = process::poll(START_LIMIT, || self.has_started(&mut postmaster));
        match outcome {
            Some(Ok(())) => Ok(postmaster),
            failed => {
                self.shut_down(postmaster);
                let late =
                    || EmbeddedError::NotStarted { reason: "it was not ready in time".to_owned(), log: self.places.log.clone() };
                Err(match failed {
                    Some(Err(EmbeddedError::NotStarted { log, .. })) => {
                        EmbeddedError::NotStarted { reason: files::last_words(&self.places, written), log }
                    }
                    Some(Err(error)) => error,
                    _ => late(),
                })
            }
        }
    }

    fn has_started(&self, postmaster: &mut Postmaster) -> Option<Result<(), EmbeddedError>> {
        let file = PidFile::read(&self.places.data);
        if file.is_some_and(|file| file.ready && file.pid == postmaster.pid) {
            return Some(Ok(()));
        }
        if postmaster.has_ended(self) {
            return Some(Err(EmbeddedError::NotStarted { reason: String::new(), log: self.places.log.clone() }));
        }
        self.check_not_stopping().err().map(Err)
    }

    pub(super) fn check_not_stopping(&self) -> Result<(), EmbeddedError> {
        if self.stopping.load(Ordering::SeqCst) {
            return Err(EmbeddedError::Stopping);
        }
        Ok(())
    }

    /// Takes away a socket folder that lies outside the data folder, where nobody else would.
    pub fn remove_far_socket(&self) {
        if !self.socket.starts_with(&self.places.base)
            && let Err(error) = fs::remove_dir(&self.socket)
        {
            tracing::debug!("{} stays behind: {error}", self.socket.display());
        }
    }

    /// Ends Postgres: politely, then by force. What it had committed is safe either way.
    pub fn shut_down(&self, mut postmaster: Postmaster) {
        for (signal, limit) in [("INT", STOP_LIMIT), ("QUIT", QUIT_LIMIT), ("KILL", QUIT_LIMIT)] {
            if postmaster.has_ended(self) {
                return;
            }
            let sent = self.signal(signal, postmaster.pid);
            let limit = if sent { limit } else { Duration::ZERO };
            let ended = || postmaster.has_ended(self).then_some(());
            if process::poll(limit, ended).is_some() {
                return;
            }
        }
        tracing::error!("PostgreSQL (process {}) could not be stopped", postmaster.pid);
    }

    /// Sends a signal through `pg_ctl`, run as the Postgres user, who can harm no other user's process.
    pub(super) fn signal(&self, name: &str, pid: u32) -> bool {
        let outcome = self
            .programs
            .as_runner("pg_ctl", &self.accounts)
            .args(["kill", name, &pid.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match outcome {
            Ok(status) => status.success(),
            Err(error) => {
                tracing::warn!("process {pid} could not be sent the signal {name}: {error}");
                false
            }
        }
    }
}

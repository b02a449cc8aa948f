//! What an earlier run left behind: a Postgres to adopt, processes that must end, files in the way.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use super::error::{DoingTo, EmbeddedError};
use super::files;
use super::folders::SOCKET_NAME;
use super::process::{self, PAUSE, PidFile};
use super::server::Cluster;

const SETTLE_LIMIT: Duration = Duration::from_secs(90);
/// How long leftovers may take to end by themselves before they are told to.
const GRACE: Duration = Duration::from_secs(2);

/// What an earlier run has left for us.
#[derive(Debug)]
pub(super) enum Settled {
    /// A Postgres to adopt.
    Alive(u32),
    /// Nothing; with the lock that the new Postgres is to hold.
    Free(File),
}

impl Cluster {
    /// Deals with what an earlier run left, until there is a Postgres to adopt,
    /// or no process and no misleading file any more.
    pub(super) fn settle(&self) -> Result<Settled, EmbeddedError> {
        let start = Instant::now();
        let mut told = false;
        loop {
            let members = process::members(&self.places.data);
            if members.is_empty()
                && let Some(turn) = self.take_turn()?
            {
                self.clear_leftovers()?;
                return Ok(Settled::Free(turn));
            }
            let main = PidFile::read(&self.places.data).filter(|file| members.contains(&file.pid));
            let ours = main.as_ref().is_some_and(|main| self.is_as_we_would_start(main.pid));
            if let Some(main) = &main
                && ours
                && main.ready
                && UnixStream::connect(self.socket.join(SOCKET_NAME)).is_ok()
            {
                return Ok(Settled::Alive(main.pid));
            }
            if !told && should_end(main.as_ref(), ours, start.elapsed()) {
                told = true;
                self.end_leftovers(main.as_ref(), &members)?;
            }
            self.check_not_stopping()?;
            if start.elapsed() > SETTLE_LIMIT {
                return Err(self.lingering(members.first().copied()));
            }
            thread::sleep(PAUSE);
        }
    }

    fn end_leftovers(&self, main: Option<&PidFile>, members: &[u32]) -> Result<(), EmbeddedError> {
        // Without the postmaster, whatever its children were doing is lost anyway.
        let (signal, pids) = match &main {
            Some(main) => ("INT", std::slice::from_ref(&main.pid)),
            None => ("QUIT", members),
        };
        for pid in pids {
            if !self.signal(signal, *pid) && process::belongs(*pid, &self.places.data) {
                return Err(self.lingering(Some(*pid)));
            }
        }
        Ok(())
    }

    fn lingering(&self, pid: Option<u32>) -> EmbeddedError {
        let folder = self.places.data.clone();
        match pid {
            Some(pid) => EmbeddedError::Lingering { folder, pid },
            None => EmbeddedError::HeldElsewhere { folder },
        }
    }

    /// A lock that Postgres and all its children inherit as their input and hold until the last one ends.
    /// It also speaks of those whom `/proc` does not show: in another container, or just being born.
    fn take_turn(&self) -> Result<Option<File>, EmbeddedError> {
        let path = self.places.base.join("running");
        let turn = files::open(&path, OpenOptions::new().write(true).create(true))?;
        match turn.try_lock() {
            Ok(()) => Ok(Some(turn)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).doing("lock", &path),
        }
    }

    /// Only a Postgres with our own settings is adopted: not one that an operator started by hand,
    /// nor one for tests, which would lose data in a power cut.
    fn is_as_we_would_start(&self, pid: u32) -> bool {
        let mut ours = self.programs.path("postgres").as_os_str().as_bytes().to_vec();
        for word in self.arguments() {
            ours.push(0);
            ours.extend_from_slice(word.as_bytes());
        }
        ours.push(0);
        process::command_line(pid) == ours
    }

    /// Postgres refuses to start over these, even when their process is long dead.
    fn clear_leftovers(&self) -> Result<(), EmbeddedError> {
        let lock = format!("{SOCKET_NAME}.lock");
        for path in [self.places.data.join("postmaster.pid"), self.socket.join(SOCKET_NAME), self.socket.join(lock)] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error).doing("delete the leftover", &path);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Ours is left to finish starting or stopping, unless it is ready and yet has no socket for us;
/// somebody else's must go; children without their postmaster mostly go by themselves.
fn should_end(main: Option<&PidFile>, ours: bool, waited: Duration) -> bool {
    match main {
        Some(main) if ours => main.ready && waited > GRACE,
        Some(_) => true,
        None => waited > GRACE,
    }
}

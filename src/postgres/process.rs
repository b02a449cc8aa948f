//! Which processes belong to a cluster, and what its pid file says.
//!
//! A process belongs to a cluster if it is a `postgres` whose working folder is the data folder:
//! the postmaster and all its children go there. Neither a dead process that nobody has reaped
//! nor a stranger with a re-used number does.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::error::EmbeddedError;

pub(super) const PAUSE: Duration = Duration::from_millis(5);
const LINGER_LIMIT: Duration = Duration::from_mins(1);

/// What Postgres wrote into `postmaster.pid`.
#[derive(Debug)]
pub(super) struct PidFile {
    pub pid: u32,
    pub ready: bool,
}

impl PidFile {
    /// Nothing when the file is absent or half written.
    pub fn read(data: &Path) -> Option<Self> {
        let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        let ready = lines.nth(6).is_some_and(|status| status.trim() == "ready");
        Some(Self { pid, ready })
    }
}

/// Numbers of all processes that belong to the cluster in `data`.
pub(super) fn members(data: &Path) -> Vec<u32> {
    let Ok(folder) = fs::metadata(data) else {
        return Vec::new();
    };
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| works_in(*pid, &folder))
        .collect()
}

/// Whether process `pid` lives and belongs to the cluster in `data`.
pub(super) fn belongs(pid: u32, data: &Path) -> bool {
    fs::metadata(data).is_ok_and(|folder| works_in(pid, &folder))
}

fn works_in(pid: u32, folder: &Metadata) -> bool {
    let same = fs::metadata(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.dev() == folder.dev() && cwd.ino() == folder.ino());
    // An operator's shell may stand in the folder too.
    same && fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "postgres")
}

/// Whether process `pid` lives, whatever it is.
pub(super) fn lives(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

/// The words process `pid` was started with.
pub(super) fn command_line(pid: u32) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

/// Asks again every few milliseconds until there is an answer or the time is up.
pub(super) fn poll<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if start.elapsed() > limit {
            return None;
        }
        thread::sleep(PAUSE);
    }
}

/// Waits until no process works in `folder` any more.
pub(super) fn wait_until_empty(folder: &Path) -> Result<(), EmbeddedError> {
    let mut left = members(folder);
    poll(LINGER_LIMIT, || {
        left = members(folder);
        left.is_empty().then_some(())
    });
    left.first().map_or(Ok(()), |pid| Err(EmbeddedError::Lingering { folder: folder.to_owned(), pid: *pid }))
}

//! The shared state of one running cluster: who holds it, which process serves it, whether it stops.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Settings;
use super::account::Accounts;
use super::error::{DoingTo, EmbeddedError};
use super::files;
use super::folders::Places;
use super::process;
use super::server::{Cluster, Postmaster};
use super::supervisor;

/// One cluster as this service runs it.
#[derive(Debug)]
pub(super) struct Keeper {
    pub cluster: Cluster,
    /// Number of the main process, 0 for none: asked often, so without waiting for a restart.
    pid: AtomicU32,
    held: Mutex<Held>,
    watcher: Mutex<Option<JoinHandle<()>>>,
    pub stopped: Mutex<bool>,
    pub wake: Condvar,
}

/// What is given back when the service stops.
#[derive(Debug)]
struct Held {
    postmaster: Option<Postmaster>,
    /// The kernel frees it even after kill -9; nobody else may start Postgres on the folder meanwhile.
    lock: Option<File>,
}

impl Keeper {
    /// Takes the folder for this service alone and brings its Postgres up.
    pub fn start(settings: Settings) -> Result<Arc<Self>, EmbeddedError> {
        let places = Places::open(&settings.data_dir)?;
        let accounts = Accounts::find(&places.data)?;
        places.check_owner(&accounts)?;
        let lock = take_lock(&places, &settings)?;
        let cluster = Cluster::open(settings, places, accounts)?;
        let postmaster = cluster.bring_up()?;
        if let Err(error) = cluster.prepare() {
            cluster.shut_down(postmaster);
            return Err(error);
        }
        Ok(Arc::new(Self {
            cluster,
            pid: AtomicU32::new(postmaster.pid),
            held: Mutex::new(Held { postmaster: Some(postmaster), lock: Some(lock) }),
            watcher: Mutex::new(None),
            stopped: Mutex::new(false),
            wake: Condvar::new(),
        }))
    }

    pub fn is_running(&self) -> bool {
        let pid = self.pid.load(Ordering::SeqCst);
        pid != 0 && process::belongs(pid, &self.cluster.places.data)
    }

    /// Brings Postgres up again after its death.
    pub fn revive(&self) -> Result<u32, EmbeddedError> {
        let mut held = guard(&self.held);
        if held.lock.is_none() {
            return Err(EmbeddedError::Stopping);
        }
        // Reaps the dead one; alive, it would be adopted.
        if let Some(mut dead) = held.postmaster.take() {
            dead.has_ended(&self.cluster);
        }
        let postmaster = self.cluster.bring_up()?;
        let pid = postmaster.pid;
        held.postmaster = Some(postmaster);
        self.pid.store(pid, Ordering::SeqCst);
        Ok(pid)
    }

    /// Starts the watching thread, once.
    pub fn supervise(self: &Arc<Self>) {
        let mut watcher = guard(&self.watcher);
        if watcher.is_some() || *guard(&self.stopped) {
            return;
        }
        match supervisor::start(self) {
            Ok(thread) => *watcher = Some(thread),
            Err(error) => {
                tracing::error!("PostgreSQL will not be started again if it dies: {error}");
            }
        }
    }

    /// Stops Postgres and gives the folder back; a second call finds nothing to do.
    pub fn stop(&self) {
        self.cluster.stopping.store(true, Ordering::SeqCst);
        *guard(&self.stopped) = true;
        self.wake.notify_all();
        let watcher = guard(&self.watcher).take();
        if let Some(watcher) = watcher
            && watcher.thread().id() != thread::current().id()
            && watcher.join().is_err()
        {
            tracing::error!("the thread that watches PostgreSQL broke down");
        }
        let mut held = guard(&self.held);
        if let Some(postmaster) = held.postmaster.take() {
            self.cluster.shut_down(postmaster);
            self.cluster.remove_far_socket();
        }
        self.pid.store(0, Ordering::SeqCst);
        // Last, so that the next service finds a quiet folder.
        held.lock = None;
    }
}

/// A thread that broke down while holding it has left nothing half changed.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the folder's lock and writes our process number into it, for the next one's refusal.
fn take_lock(places: &Places, settings: &Settings) -> Result<File, EmbeddedError> {
    let path = &places.lock;
    let mut options = OpenOptions::new();
    let mut lock = files::open(path, options.read(true).write(true).create(true).truncate(false))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(error)) => return Err(error).doing("lock", path),
        Err(TryLockError::WouldBlock) => {
            return Err(EmbeddedError::InUse { folder: settings.data_dir.clone(), holder: holder(&mut lock) });
        }
    }
    lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| writeln!(lock, "{}", std::process::id())).doing("write", path)?;
    Ok(lock)
}

/// The holder's number. It may be a moment late, or still that of one who was killed.
fn holder(lock: &mut File) -> Option<u32> {
    process::poll(Duration::from_millis(100), || {
        let mut text = String::new();
        lock.rewind().ok()?;
        lock.read_to_string(&mut text).ok()?;
        let pid = text.trim().parse().ok()?;
        process::lives(pid).then_some(pid)
    })
}

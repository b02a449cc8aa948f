//! A thread that starts a Postgres again that died under us.

use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::error::EmbeddedError;
use super::files;
use super::keeper::Keeper;

const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOG_LOOK_EVERY: Duration = Duration::from_mins(1);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A Postgres that held this long was healthy, so the next death is not a part of the same trouble.
const HEALTHY: Duration = Duration::from_mins(1);

/// Starts the thread; it ends when the service stops.
pub(super) fn start(keeper: &Arc<Keeper>) -> Result<JoinHandle<()>, EmbeddedError> {
    let keeper = Arc::clone(keeper);
    thread::Builder::new()
        .name("postgres-watch".to_owned())
        .spawn(move || watch(&keeper))
        .map_err(|source| EmbeddedError::Thread { source })
}

fn watch(keeper: &Keeper) {
    let mut pause = Duration::ZERO;
    let mut started = Instant::now();
    let mut looked_at_log = Instant::now();
    while !rest(keeper, LOOK_EVERY) {
        if looked_at_log.elapsed() > LOG_LOOK_EVERY {
            looked_at_log = Instant::now();
            files::bound_log(&keeper.cluster.places);
        }
        if keeper.is_running() {
            continue;
        }
        if started.elapsed() > HEALTHY {
            pause = Duration::ZERO;
        }
        tracing::warn!("PostgreSQL has died; starting it again");
        if !pause.is_zero() && rest(keeper, pause) {
            return;
        }
        pause = (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        started = Instant::now();
        match keeper.revive() {
            Ok(pid) => tracing::info!("PostgreSQL runs again (process {pid})"),
            Err(EmbeddedError::Stopping) => return,
            Err(error) => {
                tracing::error!("PostgreSQL could not be started again: {error}; next try in {pause:?}");
            }
        }
    }
}

/// Sleeps; true when the service stops meanwhile.
fn rest(keeper: &Keeper, time: Duration) -> bool {
    let stopped = keeper.stopped.lock().unwrap_or_else(PoisonError::into_inner);
    let (stopped, _) = keeper.wake.wait_timeout_while(stopped, time, |stopped| !*stopped).unwrap_or_else(PoisonError::into_inner);
    *stopped
}

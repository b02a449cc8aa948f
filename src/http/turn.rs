//! Turns at work that keeps a core or much memory busy: so many at a time, away from the threads that serve.

use std::time::Duration;

use actix_web::web;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::error::{ApiError, ApiResult, Code};

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The right to do such work. It goes along to the thread that works, so that a request which is dropped half-way does not let
/// another one start.
pub struct Turn {
    _permit: SemaphorePermit<'static>,
}

impl Turn {
    /// Waits for a turn; whoever waits too long is asked to come again.
    pub async fn wait(turns: &'static Semaphore) -> ApiResult<Self> {
        match timeout(PATIENCE, turns.acquire()).await {
            Ok(Ok(permit)) => Ok(Self { _permit: permit }),
            _ => Err(ApiError::new(Code::TooManyRequests).after(5)),
        }
    }

    /// Does the work; the turn comes back with what it gives.
    pub async fn work<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> ApiResult<(Self, T)> {
        web::block(move || {
            let done = work();
            (self, done)
        })
        .await
        .map_err(ApiError::internal)
    }
}

//! The door that strangers come in by: so often a minute from one address, and no oftener.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use crate::{
    error::{ApiError, ApiResult, Code},
    sessions::network,
};

/// After so many readings, what has become meaningless is forgotten.
const SWEEP_EVERY: u32 = 256;
/// Readings of one address (IPv6: its /64) in a minute.
const A_MINUTE: NonZeroU32 = match NonZeroU32::new(120) {
    Some(number) => number,
    None => NonZeroU32::MIN,
};

/// The counters of this node.
pub struct Door {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    readings: AtomicU32,
}

impl Default for Door {
    fn default() -> Self {
        Self { addresses: RateLimiter::keyed(Quota::per_minute(A_MINUTE)), readings: AtomicU32::default() }
    }
}

impl Door {
    /// Lets somebody in, or says when to come again.
    pub fn enter(&self, address: IpAddr) -> ApiResult<()> {
        if self.readings.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.addresses.retain_recent();
        }
        let now = DefaultClock::default().now();
        self.addresses
            .check_key(&network(address))
            .map_err(|until| ApiError::new(Code::TooManyRequests).after(until.wait_time_from(now).as_secs() + 1))
    }
}

//! How often a password may be guessed, and by whom, without letting a stranger lock the owner out.
//!
//! | counted | what | limit |
//! |---|---|---|
//! | every attempt | per address (IPv6: its /64) | 30 a minute |
//! | every attempt | per account and address | 10, then 10 a minute |
//! | wrong passwords | per account, from addresses it has never been signed in from | 40, then 40 an hour |
//! | wrong passwords | per account and an address it has been signed in from | 10, then 10 an hour |
//!
//! So an account can be guessed at most 80 times in its first hour by the whole world, and while the world does so
//! its owner, at an address that is known, is counted apart. The memory is this node's own and is lost with it.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
};

use crate::{
    error::{ApiError, ApiResult, Code},
    keys::sha256,
};

/// A name that is not kept in clear.
type Digest = Vec<u8>;

/// After so many attempts, what has become meaningless is forgotten.
const SWEEP_EVERY: u32 = 256;
/// How long an address stays known, and how many are remembered.
const KNOWN_FOR: Duration = Duration::from_hours(30 * 24);
const MOST_KNOWN: usize = 50_000;

/// All counters of this node.
pub struct Throttle {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    pairs: DefaultKeyedRateLimiter<Digest>,
    strangers: Failures,
    acquainted: Failures,
    known: Mutex<HashMap<Digest, Instant>>,
    attempts: AtomicU32,
}

/// One attempt at a password.
pub struct Attempt<'t> {
    throttle: &'t Throttle,
    account: Digest,
    pair: Digest,
    known: bool,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            addresses: RateLimiter::keyed(Quota::per_minute(number(30))),
            pairs: RateLimiter::keyed(Quota::per_minute(number(10))),
            strangers: Failures::an_hour(40),
            acquainted: Failures::an_hour(10),
            known: Mutex::default(),
            attempts: AtomicU32::default(),
        }
    }
}

impl Throttle {
    /// Lets an attempt in, or says when to come again.
    pub fn attempt(&self, email: &str, address: IpAddr) -> ApiResult<Attempt<'_>> {
        self.sweep();
        let address = network(address);
        let account = sha256(&[email.as_bytes()]);
        let pair = sha256(&[email.as_bytes(), address.to_string().as_bytes()]);
        let now = DefaultClock::default().now();
        let refused = |wait: Duration| too_many(wait);
        self.addresses.check_key(&address).map_err(|until| refused(until.wait_time_from(now)))?;
        self.pairs.check_key(&pair).map_err(|until| refused(until.wait_time_from(now)))?;
        let known = self.known.lock().is_ok_and(|known| known.get(&pair).is_some_and(|since| since.elapsed() < KNOWN_FOR));
        Ok(Attempt { throttle: self, account, pair, known })
    }

    /// Memory is bounded: counters that stand where a new one would are dropped.
    fn sweep(&self) {
        if self.attempts.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY != SWEEP_EVERY - 1 {
            return;
        }
        self.addresses.retain_recent();
        self.pairs.retain_recent();
        self.strangers.sweep();
        self.acquainted.sweep();
        if let Ok(mut known) = self.known.lock() {
            known.retain(|_, since| since.elapsed() < KNOWN_FOR);
        }
    }
}

impl Attempt<'_> {
    /// Refuses while the account has had too many wrong passwords. Asked when it is this attempt's turn to be hashed:
    /// a thousand attempts at once would otherwise all be let in before the first one counts.
    pub fn check(&self) -> ApiResult<()> {
        let (failures, key) = self.failures();
        failures.wait(key).map_or(Ok(()), |wait| Err(too_many(wait)))
    }

    /// The password was wrong.
    pub fn failed(&self) {
        let (failures, key) = self.failures();
        failures.count(key);
    }

    /// The password was right: the address is known from now on. The account's count is as it was.
    pub fn succeeded(&self) {
        if let Ok(mut known) = self.throttle.known.lock() {
            if known.len() >= MOST_KNOWN {
                known.clear();
            }
            known.insert(self.pair.clone(), Instant::now());
        }
    }

    fn failures(&self) -> (&Failures, &Digest) {
        if self.known { (&self.throttle.acquainted, &self.pair) } else { (&self.throttle.strangers, &self.account) }
    }
}

/// Counts failures only: a limiter cannot be asked without being charged, so what it said last is remembered beside it.
struct Failures {
    limiter: DefaultKeyedRateLimiter<Digest, StateInformationMiddleware>,
    shut: Mutex<HashMap<Digest, Instant>>,
    refill: Duration,
}

impl Failures {
    fn an_hour(failures: u32) -> Self {
        let quota = Quota::per_hour(number(failures));
        let limiter = RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>();
        Self { limiter, shut: Mutex::default(), refill: quota.replenish_interval() }
    }

    fn wait(&self, key: &Digest) -> Option<Duration> {
        let shut = self.shut.lock().ok()?;
        shut.get(key)?.checked_duration_since(Instant::now()).filter(|wait| !wait.is_zero())
    }

    fn count(&self, key: &Digest) {
        let spent = self.limiter.check_key(key).map_or(true, |left| left.remaining_burst_capacity() == 0);
        if let Ok(mut shut) = self.shut.lock()
            && spent
        {
            shut.insert(key.clone(), Instant::now() + self.refill);
        }
    }

    fn sweep(&self) {
        self.limiter.retain_recent();
        if let Ok(mut shut) = self.shut.lock() {
            let now = Instant::now();
            shut.retain(|_, until| *until > now);
        }
    }
}

fn too_many(wait: Duration) -> ApiError {
    ApiError::new(Code::TooManyRequests).after(wait.as_secs() + 1)
}

const fn number(given: u32) -> NonZeroU32 {
    match NonZeroU32::new(given) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// Whoever has one IPv6 address has the 2^64 beside it.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from(0x0a00_0000 + number).into()
    }

    /// Whether the attempt was let in, and what became of it is counted.
    fn guess(throttle: &Throttle, email: &str, from: IpAddr) -> bool {
        let attempt = throttle.attempt(email, from).and_then(|attempt| attempt.check().map(|()| attempt));
        attempt.map(|attempt| attempt.failed()).is_ok()
    }

    #[test]
    fn the_world_guesses_forty_times_and_the_owner_still_comes_in() {
        let throttle = Throttle::default();
        let (email, home) = ("owner@test.example", address(0));
        throttle.attempt(email, home).expect("let in").succeeded();
        let let_in = (1..=10_000).filter(|number| guess(&throttle, email, address(*number % 1000 + 1))).count();
        assert_eq!(let_in, 40);
        let owner = throttle.attempt(email, home).expect("let in");
        assert!(owner.check().is_ok());
        assert!(guess(&throttle, "another@test.example", address(5000)), "another account is not touched");
    }

    #[test]
    fn a_known_address_may_be_wrong_ten_times_only() {
        let throttle = Throttle::default();
        let (email, home) = ("owner@test.example", address(0));
        throttle.attempt(email, home).expect("let in").succeeded();
        assert_eq!((0..20).filter(|_| guess(&throttle, email, home)).count(), 9, "one of ten was the sign-in itself");
    }

    #[test]
    fn one_address_tries_thirty_times_a_minute_whatever_the_account() {
        let throttle = Throttle::default();
        let tries = |from: &dyn Fn(u32) -> IpAddr| {
            (0..100).filter(|number| guess(&throttle, &format!("{number}@test.example"), from(*number))).count()
        };
        assert_eq!(tries(&|_| address(1)), 30);
        let neighbour = |number: u32| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, u16::try_from(number).unwrap_or(0)));
        assert_eq!(tries(&neighbour), 30);
        let refused = throttle.attempt("a@test.example", address(1)).err().expect("refused");
        assert_eq!(refused.code, Code::TooManyRequests);
        assert!(refused.retry_after.is_some_and(|seconds| (1..=3).contains(&seconds)));
    }

    #[test]
    fn right_passwords_cost_the_account_nothing() {
        let throttle = Throttle::default();
        for number in 0..200 {
            let attempt = throttle.attempt("owner@test.example", address(number)).expect("let in");
            attempt.check().expect("open");
            attempt.succeeded();
        }
        assert!(guess(&throttle, "owner@test.example", address(500)));
    }
}

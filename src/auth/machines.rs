//! Keys of machines: `Bearer sk_…`, each good for one share grant and for reading alone.
//!
//! Nothing of a key is held in memory: whether it and its grant are open is asked of the database at every request, so a
//! revocation, an end or a retired partner takes hold at once on every node. The key is found by its digest, so that
//! the time of a search tells nothing of the secret.

use std::num::NonZeroU32;

use diesel::{
    OptionalExtension, QueryableByName, sql_query,
    sql_types::{Binary, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use uuid::Uuid;

use super::{
    caller::Actor,
    types::{Role, Scope},
};
use crate::{
    db::Db,
    error::{ApiError, ApiResult, Code},
    keys::sha256,
};

/// How every key begins, and no access token.
pub const KEY_MARK: &str = "sk_";
/// Letters behind the mark: 256 random bits.
const LETTERS: usize = 43;
/// Requests a minute of one key, and so many at once.
const MOST_A_MINUTE: NonZeroU32 = match NonZeroU32::new(120) {
    Some(number) => number,
    None => NonZeroU32::MIN,
};
/// Beyond so many keys, those that have been quiet are forgotten.
const MOST_HELD: usize = 1_000;

/// A key that reads through one grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Machine {
    /// The key.
    #[diesel(sql_type = SqlUuid)]
    pub key_id: Uuid,
    /// The grant it reads through, and no other.
    #[diesel(sql_type = SqlUuid)]
    pub grant_id: Uuid,
    /// The partner it was given to.
    #[diesel(sql_type = SqlUuid)]
    organization_id: Uuid,
}

/// How often each key has asked, on this node.
pub(super) struct Requests(DefaultKeyedRateLimiter<Uuid>);

impl Default for Requests {
    fn default() -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(MOST_A_MINUTE)))
    }
}

impl Requests {
    fn count(&self, key: Uuid) -> ApiResult<()> {
        if self.0.len() > MOST_HELD {
            self.0.retain_recent();
        }
        self.0.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            ApiError::new(Code::TooManyRequests).after(wait.as_secs() + 1)
        })
    }
}

const FIND: &str =
    "SELECT k.id AS key_id, k.grant_id, g.organization_id FROM share_keys k JOIN siraj_open_grants() g ON g.id = k.grant_id
     WHERE k.hash = $1 AND k.retired_at IS NULL AND k.expires_on >= current_date";

/// The digest of a key, if it has the form of one.
pub(super) fn digest(key: &str) -> ApiResult<Vec<u8>> {
    let legal = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_');
    let secret = key.strip_prefix(KEY_MARK).filter(|secret| secret.len() == LETTERS && secret.bytes().all(legal));
    secret.map(|secret| sha256(&[secret.as_bytes()])).ok_or_else(|| ApiError::new(Code::InvalidToken))
}

/// Whoever holds the key of this digest, if it and its grant are open now.
pub(super) async fn sign_in(db: &Db, requests: &Requests, digest: Vec<u8>) -> ApiResult<Actor> {
    let found: Option<Machine> = sql_query(FIND).bind::<Binary, _>(digest).get_result(&mut *db.conn().await?).await.optional()?;
    let machine = found.ok_or_else(|| ApiError::new(Code::InvalidToken))?;
    requests.count(machine.key_id)?;
    Ok(Actor {
        id: machine.key_id,
        role: Role::Partner,
        scope: Scope::Organization(machine.organization_id),
        machine: Some(machine),
    })
}

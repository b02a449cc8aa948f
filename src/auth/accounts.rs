//! What each user may do now, held in memory and dropped the moment the database says it changed.
//!
//! Every node listens for `siraj_users`. While a node cannot listen it trusts nothing it holds and asks
//! the database at every request, so a disabled user is out at once everywhere.

use std::{
    collections::HashMap,
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::StreamExt;
use uuid::Uuid;

use super::{
    machines::Requests,
    tokens::Tokens,
    types::{Role, Scope},
};
use crate::{
    db::Db,
    error::{ApiError, ApiResult},
    schema::{user_areas, users},
};

/// What is known of one user.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub role: Role,
    pub scope: Scope,
    pub active: bool,
    pub session_version: i64,
}

/// The accounts of those who asked lately.
#[derive(Default)]
pub struct Accounts {
    held: RwLock<HashMap<Uuid, Arc<Account>>>,
    listening: AtomicBool,
    /// Rises with every change: an account that was read before a change is not kept after it.
    changes: AtomicU64,
    /// What the tokens say that were checked lately.
    pub(super) tokens: Tokens,
    /// How often each machine's key has asked.
    pub(super) requests: Requests,
}

/// Beyond this the memory is not worth it; everything is dropped and read again.
const MOST_HELD: usize = 10_000;

impl Accounts {
    /// The account of a user, from memory if it can be trusted.
    pub(super) async fn find(&self, db: &Db, user: Uuid) -> ApiResult<Option<Arc<Account>>> {
        if self.listening.load(Ordering::Acquire)
            && let Ok(held) = self.held.read()
            && let Some(account) = held.get(&user)
        {
            return Ok(Some(Arc::clone(account)));
        }
        let before = self.changes.load(Ordering::Acquire);
        let Some(account) = read(db, user).await?.map(Arc::new) else {
            return Ok(None);
        };
        if let Ok(mut held) = self.held.write()
            && self.changes.load(Ordering::Acquire) == before
        {
            if held.len() >= MOST_HELD {
                held.clear();
            }
            held.insert(user, Arc::clone(&account));
        }
        Ok(Some(account))
    }

    fn forget(&self, user: Option<Uuid>) {
        if let Ok(mut held) = self.held.write() {
            self.changes.fetch_add(1, Ordering::AcqRel);
            match user {
                Some(user) => drop(held.remove(&user)),
                None => held.clear(),
            }
        }
    }
}

async fn read(db: &Db, user: Uuid) -> ApiResult<Option<Account>> {
    // Here and not above: it would claim the atomics' `load` for itself.
    use diesel_async::RunQueryDsl;
    type Row = (Role, String, Option<Uuid>, Option<Uuid>, i64);
    let mut conn = db.conn().await?;
    let row: Option<Row> = users::table
        .find(user)
        .filter(users::retired_at.is_null())
        .select((users::role, users::status, users::organization_id, users::facility_id, users::session_version))
        .first(&mut conn)
        .await
        .optional()?;
    let Some((role, status, organization, facility, session_version)) = row else {
        return Ok(None);
    };
    let scope = match role {
        Role::Admin | Role::Manager | Role::Auditor => Scope::Everything,
        Role::Coordinator => {
            let areas = user_areas::table.filter(user_areas::user_id.eq(user)).filter(user_areas::retired_at.is_null());
            Scope::Areas(areas.select(user_areas::area_id).load(&mut conn).await?)
        }
        Role::Clerk => Scope::Facility(facility.ok_or_else(|| ApiError::internal("a clerk without a facility"))?),
        Role::Partner => {
            Scope::Organization(organization.ok_or_else(|| ApiError::internal("a partner without an organisation"))?)
        }
    };
    Ok(Some(Account { role, scope, active: status == "active", session_version }))
}

/// Listens for changed users until the process ends; a lost connection is made again.
pub async fn listen(url: String, accounts: Arc<Accounts>) {
    loop {
        if let Err(error) = hear(&url, &accounts).await {
            tracing::warn!("not listening for changed users: {error}");
        }
        accounts.listening.store(false, Ordering::Release);
        accounts.forget(None);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn hear(url: &str, accounts: &Accounts) -> Result<(), Box<dyn std::error::Error>> {
    let mut conn = AsyncPgConnection::establish(url).await?;
    // A path that was cut without a word is noticed within seconds.
    conn.batch_execute(
        "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 2; LISTEN siraj_users",
    )
    .await?;
    accounts.forget(None);
    accounts.listening.store(true, Ordering::Release);
    let mut heard = std::pin::pin!(conn.notifications_stream());
    while let Some(notification) = heard.next().await {
        accounts.forget(notification?.payload.parse().ok());
    }
    Ok(())
}

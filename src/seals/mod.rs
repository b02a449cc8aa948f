//! Seals: the audit as a chain of hashes, and moments at which nothing earlier is still on its way.
//!
//! The database seals; here it is asked to, and what it has sealed is added up again. Sealing waits for writers, no
//! writer ever waits for it. How a line is hashed stands in docs/PUBLISHING.md, and twice in code on purpose: the
//! judge does not ask the judged how to judge.

mod chain;

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, Bool, Text, Timestamptz},
};
use diesel_async::RunQueryDsl;

use crate::{
    db::Conn,
    error::{ApiError, ApiResult},
    schema::audit_seals,
};

pub use chain::{Chain, GENESIS, link, verify};

/// How long to wait for those who were writing when a moment was taken.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often to look whether they have ended.
const PAUSE: Duration = Duration::from_millis(15);
/// The most lines of one seal; the database cuts there.
const MOST_LINES: i64 = 10_000;

diesel::define_sql_function! {
    /// Seals the next lines of the audit.
    fn siraj_seal_audit() -> diesel::sql_types::Nullable<diesel::sql_types::BigInt>;
}

/// A seal, by which a published report says what it was counted from.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_seals)]
pub struct Head {
    /// The number of the seal.
    pub number: i64,
    /// Its hash.
    pub hash: Vec<u8>,
}

/// Seals what is recorded; gives whether all of it is sealed. What is not, is sealed the next time.
pub async fn seal(conn: &mut Conn) -> ApiResult<bool> {
    loop {
        let sealed: Option<i64> = diesel::select(siraj_seal_audit()).get_result(conn).await?;
        match sealed {
            Some(MOST_LINES..) => {}
            other => return Ok(other.is_some()),
        }
    }
}

/// Seals all that is recorded by now: another who seals is waited for, and whoever writes, for a moment.
pub async fn seal_all(conn: &mut Conn) -> ApiResult<()> {
    let end = tokio::time::Instant::now() + PATIENCE;
    while !seal(conn).await? {
        if tokio::time::Instant::now() > end {
            return Err(ApiError::unavailable(
                "the audit could not be sealed: somebody has been writing for longer than a moment",
            ));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// The latest seal, if there is one.
pub async fn head(conn: &mut Conn) -> ApiResult<Option<Head>> {
    Ok(audit_seals::table.order(audit_seals::number.desc()).select(Head::as_select()).first(conn).await.optional()?)
}

/// The hash of a seal, if it is there.
pub async fn hash_of(conn: &mut Conn, number: i64) -> ApiResult<Option<Vec<u8>>> {
    Ok(audit_seals::table.find(number).select(audit_seals::hash).first(conn).await.optional()?)
}

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Timestamptz)]
    moment: DateTime<Utc>,
    #[diesel(sql_type = Array<Text>)]
    writers: Vec<String>,
}

#[derive(QueryableByName)]
struct Writing {
    #[diesel(sql_type = Bool)]
    writing: bool,
}

/// The present moment, once nothing earlier is still on its way: whatever is read as it was known at it, is read the same for ever.
/// Writers are waited for and never held up; who comes meanwhile is later than the moment.
pub async fn settled_moment(conn: &mut Conn) -> ApiResult<DateTime<Utc>> {
    // The clock is read before the writers are looked for: who begins between the two is waited for in vain, and that does no harm.
    let taken: Taken = diesel::sql_query(
        "SELECT taken.moment, siraj_writers() AS writers FROM (SELECT clock_timestamp() AS moment OFFSET 0) AS taken",
    )
    .get_result(conn)
    .await?;
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        let still: Writing = diesel::sql_query("SELECT $1 && siraj_writers() AS writing")
            .bind::<Array<Text>, _>(&taken.writers)
            .get_result(conn)
            .await?;
        if !still.writing {
            return Ok(taken.moment);
        }
        if tokio::time::Instant::now() > end {
            return Err(ApiError::unavailable("somebody has been writing for longer than a moment is waited for"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

//! `Idempotency-Key`: a request that is sent again is done once and answered the same.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::StatusCode};
use diesel::{
    dsl::{IntervalDsl, now},
    prelude::*,
    sql_types::{BigInt, Timestamptz},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Answer;
use crate::{
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code},
    keys::sha256,
    schema::idempotency_keys as table,
};

diesel::define_sql_function! {
    /// Takes a lock until the transaction ends, or says that another holds it.
    fn pg_try_advisory_xact_lock(key: BigInt) -> diesel::sql_types::Bool;
}

/// The key a client gave, and what request it was given for.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    key: Option<String>,
    request: String,
}

impl IdempotencyKey {
    /// Of a step that the service takes by itself: what names it is the id of its record.
    pub const fn none() -> Self {
        Self { key: None, request: String::new() }
    }
}

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let invalid = || ApiError::new(Code::IdempotencyKeyInvalid);
        let mut given = request.headers().get_all("idempotency-key");
        let key = match (given.next(), given.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(|text| Some(text.trim().to_owned())).map_err(|_| invalid()),
            _ => Err(invalid()),
        };
        let key = key.and_then(|key| match key {
            Some(key) if key.is_empty() || key.len() > 255 => Err(invalid()),
            key => Ok(key),
        });
        ready(key.map(|key| Self { key, request: format!("{} {}", request.method(), request.uri()) }))
    }
}

/// Does the work in one transaction, and once: a second request with the caller's same key is given the first one's answer.
/// `digest` is the body's; another body under the same key is refused.
pub async fn once(
    db: &Db,
    caller: Uuid,
    key: &IdempotencyKey,
    digest: &[u8],
    work: impl AsyncFn(&mut Conn) -> ApiResult<Answer>,
) -> ApiResult<Answer> {
    let Some(name) = &key.key else {
        return db.write(work).await;
    };
    let request_hash = sha256(&[key.request.as_bytes(), digest]);
    db.write(async |conn| {
        if !claim(conn, caller, name).await? {
            return Err(ApiError::new(Code::IdempotencyInProgress).after(1));
        }
        if let Some(earlier) = find(conn, caller, name, &request_hash).await? {
            return Ok(earlier);
        }
        let answer = work(conn).await?;
        diesel::insert_into(table::table)
            .values((
                table::caller_id.eq(caller),
                table::key.eq(name),
                table::request_hash.eq(&request_hash),
                table::status.eq(i16::try_from(answer.status.as_u16()).map_err(ApiError::internal)?),
                table::etag.eq(&answer.etag),
                table::location.eq(&answer.location),
                table::body.eq(&answer.body[..]),
            ))
            .execute(conn)
            .await?;
        Ok(answer)
    })
    .await
}

/// The answer that a request with this key was given before, for work that begins outside of a transaction: whoever repeats it
/// is answered without its being done, whatever has become of the record.
pub async fn earlier(db: &Db, caller: Uuid, key: &IdempotencyKey, digest: &[u8]) -> ApiResult<Option<Answer>> {
    let Some(name) = &key.key else {
        return Ok(None);
    };
    find(&mut *db.conn().await?, caller, name, &sha256(&[key.request.as_bytes(), digest])).await
}

/// Whether no other request with this key is being worked on now.
async fn claim(conn: &mut Conn, caller: Uuid, key: &str) -> ApiResult<bool> {
    let hash = sha256(&[caller.as_bytes(), key.as_bytes()]);
    let (first, _) = hash.split_first_chunk::<8>().ok_or_else(|| ApiError::internal("a short hash"))?;
    Ok(diesel::select(pg_try_advisory_xact_lock(i64::from_be_bytes(*first))).get_result(conn).await?)
}

async fn find(conn: &mut Conn, caller: Uuid, key: &str, request_hash: &[u8]) -> ApiResult<Option<Answer>> {
    type Row = (Vec<u8>, i16, Option<String>, Option<String>, Vec<u8>);
    let row: Option<Row> = table::table
        .find((caller, key))
        .select((table::request_hash, table::status, table::etag, table::location, table::body))
        .first(conn)
        .await
        .optional()?;
    let Some((hash, status, etag, location, body)) = row else {
        return Ok(None);
    };
    if hash != request_hash {
        return Err(ApiError::new(Code::IdempotencyKeyReused));
    }
    let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    Ok(Some(Answer { status, etag, location, body: body.into(), replayed: true }))
}

/// Sweeps away the answers that were kept for more than 30 days: whoever repeats a request later has the record's id.
pub async fn sweep(conn: &mut Conn) -> ApiResult<()> {
    let old = table::table.filter(table::recorded_at.lt(now.into_sql::<Timestamptz>() - 30.days()));
    diesel::delete(old).execute(conn).await?;
    Ok(())
}

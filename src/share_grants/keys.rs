//! The keys of a grant: shown once, kept as digests, revoked by hand or over with their grant.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{
    dsl::{now, sql},
    prelude::*,
    sql_types::{Bool, Date, Nullable, Timestamptz},
};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::KEY_MARK,
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    http::{IfMatch, ListFilter, New, PageQuery, in_use, keyset},
    keys::{random_token, sha256},
    schema::share_keys,
    types::{Flag, Name},
};

/// A key to be given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"name": "Reporting server in Geneva", "expires_on": "2026-06-30"}))]
pub struct ShareKeyFields {
    /// Which machine it is for.
    pub name: Name,
    /// Its last day: not after the grant's.
    pub expires_on: NaiveDate,
}

/// A key to be given, with an id of the giver's choice.
pub type NewShareKey = New<ShareKeyFields>;

/// A key, without its secret.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct ShareKey {
    /// Its id.
    pub id: Uuid,
    /// The grant it reads through.
    pub grant_id: Uuid,
    /// Which machine it is for.
    pub name: Name,
    /// How it begins: to know it by.
    pub prefix: String,
    /// Its last day.
    pub expires_on: NaiveDate,
    /// The last day on which something was read with it.
    pub last_used_on: Option<NaiveDate>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Whether it opens something today: it is neither revoked nor over, and nor is its grant.
    pub alive: bool,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A new key with its secret. It is shown this once.
#[derive(Serialize, ToSchema)]
pub struct ShownShareKey {
    #[serde(flatten)]
    pub key: ShareKey,
    /// For the `Authorization` header of the machine: `Bearer sk_…`.
    pub secret: String,
}

/// Which keys to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShareKeyFilter {
    /// `true`: the revoked ones; else the others.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub revoked: Option<Flag>,
}

impl ListFilter for ShareKeyFilter {
    const SORTS: &'static [&'static str] = &["recorded_at"];
}

/// A key's row as it is read; the last day follows from the log of readings.
macro_rules! of_key {
    () => {
        (
            share_keys::id,
            share_keys::grant_id,
            share_keys::name,
            share_keys::prefix,
            share_keys::expires_on,
            sql::<Nullable<Date>>("(SELECT max(r.read_at)::date FROM share_reads r WHERE r.key_id = share_keys.id)"),
            share_keys::retired_at,
            sql::<Bool>(
                "(share_keys.retired_at IS NULL AND share_keys.expires_on >= current_date
                  AND EXISTS (SELECT FROM siraj_open_grants() g WHERE g.id = share_keys.grant_id))",
            ),
            share_keys::revision,
            share_keys::recorded_at,
            share_keys::recorded_by,
        )
    };
}

/// Letters of a key that are kept in clear, behind its mark.
const SHOWN: usize = 8;

/// Gives a key to a grant.
pub async fn create(conn: &mut Conn, by: Uuid, grant: Uuid, new: &NewShareKey) -> ApiResult<ShownShareKey> {
    let token = random_token().map_err(ApiError::internal)?;
    let shown: String = token.chars().take(SHOWN).collect();
    diesel::insert_into(share_keys::table)
        .values((
            share_keys::id.eq(new.id),
            share_keys::grant_id.eq(grant),
            share_keys::name.eq(&new.fields.name),
            share_keys::prefix.eq(format!("{KEY_MARK}{shown}")),
            share_keys::hash.eq(sha256(&[token.as_bytes()])),
            share_keys::expires_on.eq(new.fields.expires_on),
            share_keys::recorded_by.eq(by),
        ))
        .execute(conn)
        .await?;
    let key = share_keys::table.find(new.id).select(of_key!()).first(conn).await?;
    Ok(ShownShareKey { key, secret: format!("{KEY_MARK}{token}") })
}

/// Revokes a key: it opens nothing from the next request on.
pub async fn revoke(conn: &mut Conn, by: Uuid, grant: Uuid, id: Uuid, expected: IfMatch) -> ApiResult<ShareKey> {
    let there = || share_keys::table.filter(share_keys::id.eq(id)).filter(share_keys::grant_id.eq(grant));
    let held: Uuid = there().select(share_keys::id).for_update().first(conn).await?;
    let key: ShareKey = share_keys::table.find(held).select(of_key!()).first(conn).await?;
    if key.revoked_at.is_some() {
        return Err(ApiError::new(Code::RecordDeleted));
    }
    expected.check(key.revision, &key)?;
    let revoked = (share_keys::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), share_keys::recorded_by.eq(by));
    diesel::update(share_keys::table.find(held)).set(revoked).execute(conn).await?;
    Ok(share_keys::table.find(held).select(of_key!()).first(conn).await?)
}

/// One page of a grant's keys.
pub async fn list(conn: &mut Conn, grant: Uuid, filter: &ShareKeyFilter, page: &PageQuery) -> ApiResult<Vec<ShareKey>> {
    let mut query = share_keys::table.filter(share_keys::grant_id.eq(grant)).select(of_key!()).into_boxed();
    query = in_use!(query, filter.revoked, share_keys::retired_at);
    let query = keyset!(query, page, share_keys::id, { "recorded_at" => share_keys::recorded_at; DateTime<Utc> });
    Ok(query.load(conn).await?)
}

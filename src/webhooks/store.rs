//! The SQL of webhooks.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{IntervalDsl, now},
    prelude::*,
    sql_query,
    sql_types::{Bool, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{DisabledReason, Webhook, WebhookFilter};
use crate::{
    db::Conn,
    error::{ApiError, ApiResult, Code},
    http::{PageQuery, in_use, keyset},
    schema::webhooks,
};

/// How long the secret before signs as well, in hours.
const FORMER_HOURS: i32 = 24;

/// A sealed secret: the key's id, and what it closed.
pub type Sealed = (String, Vec<u8>);

/// A webhook of this grant.
pub async fn find(conn: &mut Conn, grant: Uuid, id: Uuid) -> ApiResult<Webhook> {
    let there = webhooks::table.filter(webhooks::id.eq(id)).filter(webhooks::grant_id.eq(grant));
    Ok(there.select(Webhook::as_select()).first(conn).await?)
}

/// The same, held until the transaction ends; a retired one is over.
pub async fn hold(conn: &mut Conn, grant: Uuid, id: Uuid) -> ApiResult<Webhook> {
    let there = webhooks::table.filter(webhooks::id.eq(id)).filter(webhooks::grant_id.eq(grant));
    let held: Webhook = there.select(Webhook::as_select()).for_no_key_update().first(conn).await?;
    if held.retired_at.is_some() { Err(ApiError::new(Code::RecordDeleted)) } else { Ok(held) }
}

/// Whether the grant gives something today.
pub async fn is_open(conn: &mut Conn, grant: Uuid) -> ApiResult<bool> {
    is_among(conn, "SELECT EXISTS (SELECT FROM siraj_open_grants() g WHERE g.id = $1) AS there", grant).await
}

/// Whether somebody has a key to read it with.
pub async fn is_heard(conn: &mut Conn, grant: Uuid) -> ApiResult<bool> {
    is_among(conn, "SELECT EXISTS (SELECT FROM siraj_heard_grants() g WHERE g.id = $1) AS there", grant).await
}

async fn is_among(conn: &mut Conn, question: &str, grant: Uuid) -> ApiResult<bool> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = Bool)]
        there: bool,
    }
    Ok(sql_query(question).bind::<SqlUuid, _>(grant).get_result::<Answer>(conn).await?.there)
}

/// Makes a webhook.
pub async fn insert(conn: &mut Conn, by: Uuid, (grant, id): (Uuid, Uuid), url: &str, (key_id, sealed): Sealed) -> ApiResult<()> {
    diesel::insert_into(webhooks::table)
        .values((
            webhooks::id.eq(id),
            webhooks::grant_id.eq(grant),
            webhooks::url.eq(url),
            webhooks::key_id.eq(key_id),
            webhooks::sealed.eq(sealed),
            webhooks::recorded_by.eq(by),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Sends events to another address from now on.
pub async fn set_url(conn: &mut Conn, by: Uuid, id: Uuid, url: &str) -> ApiResult<Webhook> {
    let there = webhooks::table.find(id);
    let set = (webhooks::url.eq(url), webhooks::recorded_by.eq(by));
    Ok(diesel::update(there).set(set).returning(Webhook::as_returning()).get_result(conn).await?)
}

/// Puts a secret in the place of the present one, which signs as well for a day. One from before that is over at once.
pub async fn rotate(conn: &mut Conn, by: Uuid, id: Uuid, (key_id, sealed): Sealed) -> ApiResult<Webhook> {
    let until = now.into_sql::<Timestamptz>() + FORMER_HOURS.hours();
    let set = (
        webhooks::former_key_id.eq(webhooks::key_id.nullable()),
        webhooks::former_sealed.eq(webhooks::sealed.nullable()),
        webhooks::former_until.eq(until.nullable()),
        webhooks::key_id.eq(key_id),
        webhooks::sealed.eq(sealed),
        webhooks::secret_since.eq(now),
        webhooks::recorded_by.eq(by),
    );
    let there = webhooks::table.find(id);
    Ok(diesel::update(there).set(set).returning(Webhook::as_returning()).get_result(conn).await?)
}

/// Sends to it again.
pub async fn enable(conn: &mut Conn, by: Uuid, id: Uuid) -> ApiResult<Webhook> {
    let set = (
        webhooks::disabled_at.eq(None::<DateTime<Utc>>),
        webhooks::disabled_reason.eq(None::<DisabledReason>),
        webhooks::recorded_by.eq(by),
    );
    let there = webhooks::table.find(id);
    Ok(diesel::update(there).set(set).returning(Webhook::as_returning()).get_result(conn).await?)
}

/// Sends nothing to it any more.
pub async fn retire(conn: &mut Conn, by: Uuid, id: Uuid) -> ApiResult<Webhook> {
    let set = (webhooks::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), webhooks::recorded_by.eq(by));
    let there = webhooks::table.find(id);
    Ok(diesel::update(there).set(set).returning(Webhook::as_returning()).get_result(conn).await?)
}

/// One page of a grant's webhooks.
pub async fn list(conn: &mut Conn, grant: Uuid, filter: &WebhookFilter, page: &PageQuery) -> ApiResult<Vec<Webhook>> {
    let mut query = webhooks::table.filter(webhooks::grant_id.eq(grant)).select(Webhook::as_select()).into_boxed();
    query = in_use!(query, filter.retired, webhooks::retired_at);
    let query = keyset!(query, page, webhooks::id, { "recorded_at" => webhooks::recorded_at; DateTime<Utc> });
    Ok(query.load(conn).await?)
}

//! The SQL of deliveries: what is raised, claimed, recorded and withdrawn, each in one statement over all of them.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Bytea, Double, Integer, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    rules::{Outcome, Verdict},
    types::{DeliveryFault, DeliveryStatus, DisabledReason, WebhookDelivery, WebhookDeliveryFilter, WebhookEvent},
};
use crate::{
    auth::SYSTEM,
    db::Conn,
    error::ApiResult,
    http::{PageQuery, keyset},
    schema::webhook_deliveries,
};

/// How long a delivery is one node's alone, in seconds: well beyond the 15 of an attempt.
const LEASE: i32 = 60;

/// How far a webhook has been told of its grant's feed.
#[derive(QueryableByName)]
pub struct Feed {
    /// The webhook.
    #[diesel(sql_type = SqlUuid)]
    pub webhook_id: Uuid,
    /// Its grant.
    #[diesel(sql_type = SqlUuid)]
    pub grant_id: Uuid,
    /// The place.
    #[diesel(sql_type = BigInt)]
    pub notified_position: i64,
}

/// The feed is looked at once a minute, by one node, while somebody has a key to read it with. While an event waits there is nothing more to say: it tells of everything.
const DUE_FEEDS: &str = "WITH due AS MATERIALIZED (
      SELECT f.webhook_id, w.grant_id
      FROM webhook_feeds f JOIN webhooks w ON w.id = f.webhook_id JOIN siraj_heard_grants() g ON g.id = w.grant_id
      WHERE f.checked_at <= now() - interval '55 seconds' AND w.retired_at IS NULL AND w.disabled_at IS NULL
        AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.event = 'shared.changed' AND d.next_attempt_at IS NOT NULL)
      ORDER BY f.checked_at LIMIT $1 FOR UPDATE OF f SKIP LOCKED)
    UPDATE webhook_feeds f SET checked_at = now() FROM due WHERE f.webhook_id = due.webhook_id
    RETURNING f.webhook_id, due.grant_id, f.notified_position";

/// Webhooks whose feeds nobody has looked at for a minute.
pub async fn due_feeds(conn: &mut Conn, most: i64) -> ApiResult<Vec<Feed>> {
    Ok(sql_query(DUE_FEEDS).bind::<BigInt, _>(most).load(conn).await?)
}

/// The event, and the place that is told of with it, or neither.
const RAISE: &str = "WITH raised AS (
      INSERT INTO webhook_deliveries (id, webhook_id, event, body, after_position)
      SELECT $1, w.id, 'shared.changed', $2, f.notified_position FROM webhook_feeds f JOIN webhooks w ON w.id = f.webhook_id
      WHERE w.id = $3 AND f.notified_position = $4 AND w.retired_at IS NULL AND w.disabled_at IS NULL
      ON CONFLICT DO NOTHING RETURNING webhook_id)
    UPDATE webhook_feeds SET notified_position = $5 WHERE webhook_id IN (SELECT webhook_id FROM raised)";

/// Raises an event: the feed has moved from where the webhook was told of to here. Gives whether it did; another node may have done so.
pub async fn raise(conn: &mut Conn, id: Uuid, body: &str, feed: &Feed, reached: i64) -> ApiResult<bool> {
    let raise = sql_query(RAISE)
        .bind::<SqlUuid, _>(id)
        .bind::<Text, _>(body)
        .bind::<SqlUuid, _>(feed.webhook_id)
        .bind::<BigInt, _>(feed.notified_position)
        .bind::<BigInt, _>(reached);
    Ok(raise.execute(conn).await? > 0)
}

/// Begins to follow the feed of a grant where it is now.
pub async fn begin(conn: &mut Conn, webhook: Uuid, grant: Uuid) -> ApiResult<()> {
    sql_query("SELECT siraj_share_refresh($1)").bind::<SqlUuid, _>(grant).execute(conn).await?;
    let begin = "INSERT INTO webhook_feeds (webhook_id, notified_position)
        SELECT $1, coalesce((SELECT last_position FROM share_feeds WHERE grant_id = $2), 0)";
    sql_query(begin).bind::<SqlUuid, _>(webhook).bind::<SqlUuid, _>(grant).execute(conn).await?;
    Ok(())
}

/// What was given up since the last event that arrived is told anew.
const REWIND: &str =
    "UPDATE webhook_feeds f SET checked_at = '-infinity', notified_position = coalesce(
      (SELECT min(d.after_position) FROM webhook_deliveries d
       WHERE d.webhook_id = f.webhook_id AND d.event = 'shared.changed' AND d.given_up_at IS NOT NULL AND d.raised_at > coalesce(
         (SELECT max(a.raised_at) FROM webhook_deliveries a WHERE a.webhook_id = f.webhook_id AND a.event = 'shared.changed' AND a.delivered_at IS NOT NULL),
         '-infinity')),
      f.notified_position)
     WHERE f.webhook_id = $1";

/// Follows the feed again from where the webhook heard of it last.
pub async fn rewind(conn: &mut Conn, webhook: Uuid) -> ApiResult<()> {
    sql_query(REWIND).bind::<SqlUuid, _>(webhook).execute(conn).await?;
    Ok(())
}

/// A delivery that is this node's for a minute, with all that it takes to send it.
#[derive(QueryableByName)]
pub struct Claimed {
    /// The event's id.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// The number of this attempt.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    /// What it says.
    #[diesel(sql_type = Text)]
    pub event: WebhookEvent,
    /// As it is sent.
    #[diesel(sql_type = Text)]
    pub body: String,
    /// The webhook.
    #[diesel(sql_type = SqlUuid)]
    pub webhook_id: Uuid,
    /// Where it goes.
    #[diesel(sql_type = Text)]
    pub url: String,
    /// What sealed the secret.
    #[diesel(sql_type = Text)]
    pub key_id: String,
    /// The secret.
    #[diesel(sql_type = Bytea)]
    pub sealed: Vec<u8>,
    /// What sealed the secret before, while that one signs as well.
    #[diesel(sql_type = Nullable<Text>)]
    pub former_key_id: Option<String>,
    /// The secret before.
    #[diesel(sql_type = Nullable<Bytea>)]
    pub former_sealed: Option<Vec<u8>>,
}

const CLAIM: &str = "WITH due AS MATERIALIZED (
      SELECT d.id FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id JOIN siraj_heard_grants() g ON g.id = w.grant_id
      WHERE d.next_attempt_at <= now() AND (d.leased_until IS NULL OR d.leased_until <= now())
        AND w.retired_at IS NULL AND (w.disabled_at IS NULL OR d.event = 'shared.test')
      ORDER BY d.next_attempt_at LIMIT $1 FOR UPDATE OF d SKIP LOCKED)
    UPDATE webhook_deliveries d SET attempts = d.attempts + 1, attempted_at = now(), leased_until = now() + make_interval(secs => $2)
    FROM due, webhooks w WHERE d.id = due.id AND w.id = d.webhook_id
    RETURNING d.id, d.attempts, d.event, d.body, d.webhook_id, w.url, w.key_id, w.sealed,
      CASE WHEN w.former_until > now() THEN w.former_key_id END AS former_key_id,
      CASE WHEN w.former_until > now() THEN w.former_sealed END AS former_sealed";

/// Takes what is due and nobody else is sending. The attempt counts from now: what brings a node down is not tried for ever.
pub async fn claim(conn: &mut Conn, most: i64) -> ApiResult<Vec<Claimed>> {
    Ok(sql_query(CLAIM).bind::<BigInt, _>(most).bind::<Integer, _>(LEASE).load(conn).await?)
}

/// An attempt as it ended.
pub struct Attempt {
    /// The event's id.
    pub id: Uuid,
    /// The attempt's number.
    pub number: i32,
    /// What it came to.
    pub outcome: Outcome,
    /// What follows.
    pub verdict: Verdict,
}

/// A sender that was taken for dead records nothing: by then another attempt has begun.
const RECORD: &str = "WITH told AS (
      SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::float8[], $6::text[]) AS t (id, attempt, status, error, wait, disables)
    ), kept AS (
      UPDATE webhook_deliveries d SET leased_until = NULL, last_status = t.status, last_error = t.error,
        delivered_at = CASE WHEN t.status BETWEEN 200 AND 299 THEN clock_timestamp() END,
        given_up_at = CASE WHEN t.wait IS NULL AND (t.status BETWEEN 200 AND 299) IS NOT TRUE THEN clock_timestamp() END,
        next_attempt_at = clock_timestamp() + make_interval(secs => t.wait * (1 + random() / 10))
      FROM told t WHERE d.id = t.id AND d.attempts = t.attempt AND d.next_attempt_at IS NOT NULL
      RETURNING d.webhook_id, t.disables)
    UPDATE webhooks w SET disabled_at = clock_timestamp(), disabled_reason = k.disables, recorded_by = $7
    FROM kept k WHERE w.id = k.webhook_id AND k.disables IS NOT NULL AND w.disabled_at IS NULL AND w.retired_at IS NULL";

/// Records how attempts went, and disables the webhooks that are to be.
pub async fn record(conn: &mut Conn, attempts: &[Attempt]) -> ApiResult<()> {
    let column = |of: fn(&Attempt) -> Option<&'static str>| attempts.iter().map(of).collect::<Vec<_>>();
    let wait = |attempt: &Attempt| match attempt.verdict {
        Verdict::Again(wait) => Some(wait.as_secs_f64()),
        Verdict::Delivered | Verdict::GivenUp(_) => None,
    };
    let record = sql_query(RECORD)
        .bind::<Array<SqlUuid>, _>(attempts.iter().map(|attempt| attempt.id).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>())
        .bind::<Array<Nullable<Integer>>, _>(attempts.iter().map(|one| one.outcome.ok().map(i32::from)).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(column(|attempt| attempt.outcome.err().map(DeliveryFault::as_str)))
        .bind::<Array<Nullable<Double>>, _>(attempts.iter().map(wait).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(column(|attempt| match attempt.verdict {
            Verdict::GivenUp(reason) => reason.map(DisabledReason::as_str),
            Verdict::Delivered | Verdict::Again(_) => None,
        }))
        .bind::<SqlUuid, _>(SYSTEM);
    record.execute(conn).await?;
    Ok(())
}

/// What nobody will send: of grants that are over, and of webhooks that are.
const WITHDRAW: &str = "UPDATE webhook_deliveries d
    SET next_attempt_at = NULL, leased_until = NULL, given_up_at = clock_timestamp(), last_error = 'withdrawn'
    FROM webhooks w JOIN share_grants g ON g.id = w.grant_id
    WHERE w.id = d.webhook_id AND d.next_attempt_at IS NOT NULL AND (d.leased_until IS NULL OR d.leased_until <= now())
      AND (w.retired_at IS NOT NULL OR w.disabled_at IS NOT NULL AND d.event <> 'shared.test'
        OR NOT EXISTS (SELECT FROM siraj_open_grants() o WHERE o.id = g.id))";

/// Gives up what nobody will send.
pub async fn withdraw(conn: &mut Conn) -> ApiResult<()> {
    sql_query(WITHDRAW).execute(conn).await?;
    Ok(())
}

/// Sweeps away what ended more than 90 days ago. The service may not delete; the database does, and knows by itself what is old enough.
pub async fn sweep(conn: &mut Conn) -> ApiResult<()> {
    sql_query("SELECT siraj_sweep_deliveries()").execute(conn).await?;
    Ok(())
}

/// A delivery's row as it is read.
macro_rules! of_delivery {
    () => {
        (
            webhook_deliveries::id,
            webhook_deliveries::webhook_id,
            webhook_deliveries::event,
            sql::<Text>("CASE WHEN delivered_at IS NOT NULL THEN 'delivered' WHEN given_up_at IS NOT NULL THEN 'given_up' ELSE 'waiting' END"),
            webhook_deliveries::raised_at,
            webhook_deliveries::attempts,
            webhook_deliveries::attempted_at,
            webhook_deliveries::next_attempt_at,
            webhook_deliveries::last_status,
            webhook_deliveries::last_error,
            webhook_deliveries::delivered_at,
            webhook_deliveries::given_up_at,
        )
    };
}

/// Adds an event that tries whether events arrive.
pub async fn add_test(conn: &mut Conn, id: Uuid, webhook: Uuid, body: &str) -> ApiResult<WebhookDelivery> {
    let added = diesel::insert_into(webhook_deliveries::table).values((
        webhook_deliveries::id.eq(id),
        webhook_deliveries::webhook_id.eq(webhook),
        webhook_deliveries::event.eq(WebhookEvent::Test),
        webhook_deliveries::body.eq(body),
    ));
    Ok(added.returning(of_delivery!()).get_result(conn).await?)
}

/// One page of a webhook's deliveries.
pub async fn list(
    conn: &mut Conn,
    webhook: Uuid,
    filter: &WebhookDeliveryFilter,
    page: &PageQuery,
) -> ApiResult<Vec<WebhookDelivery>> {
    let there = webhook_deliveries::table.filter(webhook_deliveries::webhook_id.eq(webhook));
    let mut query = there.select(of_delivery!()).into_boxed();
    query = match filter.status {
        None => query,
        Some(DeliveryStatus::Waiting) => query.filter(webhook_deliveries::next_attempt_at.is_not_null()),
        Some(DeliveryStatus::Delivered) => query.filter(webhook_deliveries::delivered_at.is_not_null()),
        Some(DeliveryStatus::GivenUp) => query.filter(webhook_deliveries::given_up_at.is_not_null()),
    };
    let query = keyset!(query, page, webhook_deliveries::id, { "raised_at" => webhook_deliveries::raised_at; DateTime<Utc> });
    Ok(query.load(conn).await?)
}

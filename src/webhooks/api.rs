//! `/api/v1/share-grants/{share_grant_id}/webhooks`.

use actix_web::{HttpResponse, delete, get, http::StatusCode, patch, post, web::Data};

use super::{
    actions, deliveries, store,
    types::{NewWebhook, ShownWebhook, Webhook, WebhookDelivery, WebhookDeliveryFilter, WebhookFilter, WebhookPatch},
};
use crate::{
    audit::{self, HistoryEntry, HistoryFilter},
    auth::{Caller, EditShareGrants, ReadHistory, ReadShareGrants, Scope},
    config::Networks,
    db::Db,
    error::ApiResult,
    http::{Answer, Body, ChildId, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId, etag, once},
    keys::Keys,
    share_grants::ensure_known,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_webhooks)
        .service(create_webhook)
        .service(find_webhook)
        .service(update_webhook)
        .service(retire_webhook)
        .service(list_webhook_history)
        .service(rotate_webhook_secret)
        .service(enable_webhook)
        .service(test_webhook)
        .service(list_webhook_deliveries);
}

/// List the webhooks of a share grant; those that were disabled say why.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), PageQuery, WebhookFilter), responses((status = 200, description = "A page of webhooks, without their secrets", body = Page<Webhook>)))]
#[get("/share-grants/{share_grant_id}/webhooks")]
async fn list_webhooks(
    caller: Caller<ReadShareGrants>,
    id: RecordId,
    listing: Listing<WebhookFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    ensure_known(&mut *db.conn().await?, &caller.scope, id.0).await?;
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, id.0, filter, page).await).await
}

/// Tell a partner's machine whenever the feed of changes moves, from now on. The secret that signs is shown this once.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path)), request_body = NewWebhook, responses((status = 201, description = "The new webhook and its secret", body = ShownWebhook)))]
#[post("/share-grants/{share_grant_id}/webhooks")]
async fn create_webhook(
    caller: Caller<EditShareGrants>,
    id: RecordId,
    body: Body<NewWebhook>,
    db: Data<Db>,
    keys: Data<Keys>,
    networks: Data<Networks>,
) -> ApiResult<HttpResponse> {
    ensure_known(&mut *db.conn().await?, &caller.scope, id.0).await?;
    let made = db.write(async |conn| actions::create(conn, &keys, &networks, caller.id, id.0, &body.value).await).await?;
    Ok(shown(StatusCode::CREATED, &made))
}

/// Read a webhook.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), ("webhook_id" = uuid::Uuid, Path)), responses((status = 200, description = "The webhook, without its secret", body = Webhook)))]
#[get("/share-grants/{share_grant_id}/webhooks/{webhook_id}")]
async fn find_webhook(
    caller: Caller<ReadShareGrants>,
    id: RecordId,
    webhook: ChildId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let there = shown_to(&db, &caller.scope, &id, &webhook).await?;
    Ok(held.answer(there.revision, &there))
}

/// Send events to another address from now on, those that wait as well.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), ("webhook_id" = uuid::Uuid, Path)), request_body(content = WebhookPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The webhook as it is now", body = Webhook)))]
#[patch("/share-grants/{share_grant_id}/webhooks/{webhook_id}")]
async fn update_webhook(
    caller: Caller<EditShareGrants>,
    id: RecordId,
    webhook: ChildId,
    expected: IfMatch,
    body: Body<WebhookPatch>,
    db: Data<Db>,
    networks: Data<Networks>,
) -> ApiResult<Answer> {
    let place = (id.0, webhook.0);
    told(&db.write(async |conn| actions::update(conn, &networks, caller.id, place, expected, &body.value).await).await?)
}

/// Retire a webhook: nothing is sent to it any more.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), ("webhook_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired webhook", body = Webhook)))]
#[delete("/share-grants/{share_grant_id}/webhooks/{webhook_id}")]
async fn retire_webhook(
    caller: Caller<EditShareGrants>,
    id: RecordId,
    webhook: ChildId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    told(&db.write(async |conn| actions::retire(conn, caller.id, (id.0, webhook.0), expected).await).await?)
}

/// Who changed a webhook, and how; its secrets are left out.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), ("webhook_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/share-grants/{share_grant_id}/webhooks/{webhook_id}/history")]
async fn list_webhook_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    webhook: ChildId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    shown_to(&db, &caller.scope, &id, &webhook).await?;
    listing
        .answer::<HistoryEntry>(async move |page, _| audit::history_of_part(&mut *db.conn().await?, id.0, webhook.0, page).await)
        .await
}

/// Give a webhook another secret, shown this once. The one before signs as well for 24 hours; one from before that no longer.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), ("webhook_id" = uuid::Uuid, Path), ("If-Match" = String, Header, min_length = 1, max_length = 255, description = "The ETag of the webhook, or `*`.")), responses((status = 200, description = "The webhook and its new secret", body = ShownWebhook)))]
#[post("/share-grants/{share_grant_id}/webhooks/{webhook_id}/secret")]
async fn rotate_webhook_secret(
    caller: Caller<EditShareGrants>,
    id: RecordId,
    webhook: ChildId,
    expected: IfMatch,
    db: Data<Db>,
    keys: Data<Keys>,
) -> ApiResult<HttpResponse> {
    let place = (id.0, webhook.0);
    let made = db.write(async |conn| actions::rotate(conn, &keys, caller.id, place, expected).await).await?;
    Ok(shown(StatusCode::OK, &made))
}

/// Send to a disabled webhook again, and first what it has missed.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), ("webhook_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), responses((status = 200, description = "The webhook, enabled", body = Webhook)))]
#[post("/share-grants/{share_grant_id}/webhooks/{webhook_id}/activation")]
async fn enable_webhook(
    caller: Caller<EditShareGrants>,
    id: RecordId,
    webhook: ChildId,
    key: IdempotencyKey,
    db: Data<Db>,
) -> ApiResult<Answer> {
    once(&db, caller.id, &key, &[], async |conn| told(&actions::enable(conn, caller.id, id.0, webhook.0).await?)).await
}

/// Send an event that says nothing, once, to see whether it arrives: the deliveries tell.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), ("webhook_id" = uuid::Uuid, Path)), responses((status = 201, description = "The event, about to be sent", body = WebhookDelivery)))]
#[post("/share-grants/{share_grant_id}/webhooks/{webhook_id}/tests")]
async fn test_webhook(
    caller: Caller<EditShareGrants>,
    id: RecordId,
    webhook: ChildId,
    key: IdempotencyKey,
    db: Data<Db>,
) -> ApiResult<Answer> {
    let add = async |conn: &mut _| {
        let added = actions::test(conn, id.0, webhook.0).await?;
        Ok(Answer { status: StatusCode::CREATED, ..Answer::plain(&added)? })
    };
    once(&db, caller.id, &key, &[], add).await
}

/// List what was sent to a webhook, how often it was tried, and how that went.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), ("webhook_id" = uuid::Uuid, Path), PageQuery, WebhookDeliveryFilter), responses((status = 200, description = "A page of deliveries, oldest first", body = Page<WebhookDelivery>)))]
#[get("/share-grants/{share_grant_id}/webhooks/{webhook_id}/deliveries")]
async fn list_webhook_deliveries(
    caller: Caller<ReadShareGrants>,
    id: RecordId,
    webhook: ChildId,
    listing: Listing<WebhookDeliveryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    shown_to(&db, &caller.scope, &id, &webhook).await?;
    listing.answer(async move |page, filter| deliveries::list(&mut *db.conn().await?, webhook.0, filter, page).await).await
}

/// The webhook, if whoever asks may see its grant.
async fn shown_to(db: &Db, scope: &Scope, grant: &RecordId, id: &ChildId) -> ApiResult<Webhook> {
    let mut conn = db.conn().await?;
    ensure_known(&mut conn, scope, grant.0).await?;
    store::find(&mut conn, grant.0, id.0).await
}

fn told(webhook: &Webhook) -> ApiResult<Answer> {
    Answer::record(webhook.revision, webhook)
}

/// An answer with a secret in it, which nobody on the way keeps.
fn shown(status: StatusCode, shown: &ShownWebhook) -> HttpResponse {
    let tag = etag(shown.webhook.revision);
    HttpResponse::build(status).insert_header(("cache-control", "no-store")).insert_header(("etag", tag)).json(shown)
}

//! `/api/v1/share-grants`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    actions,
    keys::{self, NewShareKey, ShareKey, ShareKeyFilter, ShownShareKey},
    reads::{self, ShareRead, ShareReadFilter},
    store,
    types::{NewShareGrant, ShareGrant, ShareGrantFilter, ShareGrantPatch, ShareGrantReason, ShareStatus},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditShareGrants, ReadHistory, ReadShareGrants, ReadShareReads},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, ChildId, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_share_grants)
        .service(create_share_grant)
        .service(find_share_grant)
        .service(update_share_grant)
        .service(retire_share_grant)
        .service(list_share_grant_history)
        .service(activate_share_grant)
        .service(end_share_grant)
        .service(revoke_share_grant)
        .service(list_share_keys)
        .service(create_share_key)
        .service(revoke_share_key)
        .service(list_share_reads);
}

/// List share grants.
#[utoipa::path(tag = "sharing", params(PageQuery, ShareGrantFilter), responses((status = 200, description = "A page of share grants", body = Page<ShareGrant>)))]
#[get("/share-grants")]
async fn list_share_grants(
    caller: Caller<ReadShareGrants>,
    listing: Listing<ShareGrantFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, &scope, filter, page).await).await
}

/// Draft a share grant; it gives nothing until a second person activates it.
#[utoipa::path(tag = "sharing", request_body = NewShareGrant, responses((status = 201, description = "The new share grant, a draft", body = ShareGrant)))]
#[post("/share-grants")]
async fn create_share_grant(
    caller: Caller<EditShareGrants>,
    key: IdempotencyKey,
    body: Body<NewShareGrant>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<ShareGrant>(&db, &caller, &key, &body).await
}

/// Read a share grant.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path)), responses((status = 200, description = "The share grant", body = ShareGrant)))]
#[get("/share-grants/{share_grant_id}")]
async fn find_share_grant(
    caller: Caller<ReadShareGrants>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::find::<ShareGrant>(&db, &caller, id, &held).await
}

/// Edit a draft. What is active keeps its terms: end it, and draft another.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path)), request_body(content = ShareGrantPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The share grant as it is now", body = ShareGrant)))]
#[patch("/share-grants/{share_grant_id}")]
async fn update_share_grant(
    caller: Caller<EditShareGrants>,
    id: RecordId,
    expected: IfMatch,
    body: Body<ShareGrantPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::update(conn, &caller, id.0, expected, &body.value).await).await
}

/// Retire a draft.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired draft", body = ShareGrant)))]
#[delete("/share-grants/{share_grant_id}")]
async fn retire_share_grant(caller: Caller<EditShareGrants>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    db.write(async |conn| actions::retire(conn, &caller, id.0, expected).await).await
}

/// Who changed a share grant or its keys, and how.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/share-grants/{share_grant_id}/history")]
async fn list_share_grant_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<ShareGrant>(db, &caller, id, listing).await
}

/// Activate a draft as the second person: never whoever wrote its terms last, and the terms that were read.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), ("If-Match" = String, Header, min_length = 1, max_length = 255, description = "The ETag of the terms that are agreed to; `*` is not taken here."), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), responses((status = 200, description = "The share grant, active", body = ShareGrant)))]
#[post("/share-grants/{share_grant_id}/activation")]
async fn activate_share_grant(
    caller: Caller<EditShareGrants>,
    id: RecordId,
    expected: IfMatch,
    key: IdempotencyKey,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::activate(&db, &caller, id.0, expected, &key).await
}

/// End a share grant before its last day: it gives nothing from now on, and its keys open nothing.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ShareGrantReason, responses((status = 200, description = "The share grant, ended", body = ShareGrant)))]
#[post("/share-grants/{share_grant_id}/end")]
async fn end_share_grant(
    caller: Caller<EditShareGrants>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ShareGrantReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::close(&db, &caller, id.0, &key, &body, ShareStatus::Ended).await
}

/// Revoke a share grant: something went wrong. It gives nothing from now on, and its keys open nothing.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ShareGrantReason, responses((status = 200, description = "The share grant, revoked", body = ShareGrant)))]
#[post("/share-grants/{share_grant_id}/revocation")]
async fn revoke_share_grant(
    caller: Caller<EditShareGrants>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ShareGrantReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::close(&db, &caller, id.0, &key, &body, ShareStatus::Revoked).await
}

/// List the keys of a share grant, with the day each was last used.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), PageQuery, ShareKeyFilter), responses((status = 200, description = "A page of keys, without their secrets", body = Page<ShareKey>)))]
#[get("/share-grants/{share_grant_id}/keys")]
async fn list_share_keys(
    caller: Caller<ReadShareGrants>,
    id: RecordId,
    listing: Listing<ShareKeyFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    store::ensure_known(&mut *db.conn().await?, &caller.scope, id.0).await?;
    listing.answer(async move |page, filter| keys::list(&mut *db.conn().await?, id.0, filter, page).await).await
}

/// Give a key to a partner's machine. Its secret is shown this once.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path)), request_body = NewShareKey, responses((status = 201, description = "The new key and its secret", body = ShownShareKey)))]
#[post("/share-grants/{share_grant_id}/keys")]
async fn create_share_key(
    caller: Caller<EditShareGrants>,
    id: RecordId,
    body: Body<NewShareKey>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    store::ensure_known(&mut *db.conn().await?, &caller.scope, id.0).await?;
    let shown = db.write(async |conn| keys::create(conn, caller.id, id.0, &body.value).await).await?;
    Ok(HttpResponse::Created().insert_header(("cache-control", "no-store")).json(shown))
}

/// Revoke a key: it opens nothing from now on.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), ("share_key_id" = uuid::Uuid, Path)), responses((status = 200, description = "The revoked key", body = ShareKey)))]
#[delete("/share-grants/{share_grant_id}/keys/{share_key_id}")]
async fn revoke_share_key(
    caller: Caller<EditShareGrants>,
    id: RecordId,
    key: ChildId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    let revoked = db.write(async |conn| keys::revoke(conn, caller.id, id.0, key.0, expected).await).await?;
    Answer::record(revoked.revision, &revoked)
}

/// Who read what through a share grant, and when: for those who gave it and for the partner itself.
#[utoipa::path(tag = "sharing", params(("share_grant_id" = uuid::Uuid, Path), PageQuery, ShareReadFilter), responses((status = 200, description = "A page of readings, oldest first", body = Page<ShareRead>)))]
#[get("/share-grants/{share_grant_id}/reads")]
async fn list_share_reads(
    caller: Caller<ReadShareReads>,
    id: RecordId,
    listing: Listing<ShareReadFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    store::ensure_known(&mut *db.conn().await?, &caller.scope, id.0).await?;
    listing.answer(async move |page, filter| reads::list(&mut *db.conn().await?, id.0, filter, page).await).await
}

//! `/api/v1/adjustment-reasons`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    store,
    types::{AdjustmentReason, AdjustmentReasonFilter, AdjustmentReasonPatch, NewAdjustmentReason},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditReferences, ReadHistory, ReadStock},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_adjustment_reasons)
        .service(create_adjustment_reason)
        .service(find_adjustment_reason)
        .service(update_adjustment_reason)
        .service(retire_adjustment_reason)
        .service(list_adjustment_reason_history);
}

/// List the reasons of losses and of found stock.
#[utoipa::path(tag = "stock", params(PageQuery, AdjustmentReasonFilter), responses((status = 200, description = "A page of adjustment reasons", body = Page<AdjustmentReason>)))]
#[get("/adjustment-reasons")]
async fn list_adjustment_reasons(
    _caller: Caller<ReadStock>,
    listing: Listing<AdjustmentReasonFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, filter, page).await).await
}

/// Add an adjustment reason.
#[utoipa::path(tag = "stock", request_body = NewAdjustmentReason, responses((status = 201, description = "The new adjustment reason", body = AdjustmentReason)))]
#[post("/adjustment-reasons")]
async fn create_adjustment_reason(
    caller: Caller<EditReferences>,
    key: IdempotencyKey,
    body: Body<NewAdjustmentReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<AdjustmentReason>(&db, &caller, &key, &body).await
}

/// Read an adjustment reason.
#[utoipa::path(tag = "stock", params(("adjustment_reason_id" = uuid::Uuid, Path)), responses((status = 200, description = "The adjustment reason", body = AdjustmentReason)))]
#[get("/adjustment-reasons/{adjustment_reason_id}")]
async fn find_adjustment_reason(
    caller: Caller<ReadStock>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::find::<AdjustmentReason>(&db, &caller, id, &held).await
}

/// Edit an adjustment reason.
#[utoipa::path(tag = "stock", params(("adjustment_reason_id" = uuid::Uuid, Path)), request_body(content = AdjustmentReasonPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The adjustment reason as it is now", body = AdjustmentReason)))]
#[patch("/adjustment-reasons/{adjustment_reason_id}")]
async fn update_adjustment_reason(
    caller: Caller<EditReferences>,
    id: RecordId,
    expected: IfMatch,
    body: Body<AdjustmentReasonPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<AdjustmentReason>(&db, &caller, id, expected, &body).await
}

/// Retire an adjustment reason: documents keep it, new ones do not name it.
#[utoipa::path(tag = "stock", params(("adjustment_reason_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired adjustment reason", body = AdjustmentReason)))]
#[delete("/adjustment-reasons/{adjustment_reason_id}")]
async fn retire_adjustment_reason(
    caller: Caller<EditReferences>,
    id: RecordId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::retire::<AdjustmentReason>(&db, &caller, id, expected).await
}

/// Who changed an adjustment reason, and how.
#[utoipa::path(tag = "stock", params(("adjustment_reason_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/adjustment-reasons/{adjustment_reason_id}/history")]
async fn list_adjustment_reason_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<AdjustmentReason>(db, &caller, id, listing).await
}

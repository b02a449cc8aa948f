//! `/api/v1/stipend-scales`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    store,
    types::{NewStipendScale, StipendScale, StipendScaleFilter, StipendScalePatch},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditStipends, ReadHistory, ReadStipends},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_stipend_scales)
        .service(create_stipend_scale)
        .service(find_stipend_scale)
        .service(update_stipend_scale)
        .service(retire_stipend_scale)
        .service(list_stipend_scale_history);
}

/// List scales of stipends.
#[utoipa::path(tag = "stipend-scales", params(PageQuery, StipendScaleFilter), responses((status = 200, description = "A page of scales", body = Page<StipendScale>)))]
#[get("/stipend-scales")]
async fn list_stipend_scales(
    _: Caller<ReadStipends>,
    listing: Listing<StipendScaleFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, filter, page).await).await
}

/// Set what a cadre is paid a month.
#[utoipa::path(tag = "stipend-scales", request_body = NewStipendScale, responses((status = 201, description = "The new scale", body = StipendScale)))]
#[post("/stipend-scales")]
async fn create_stipend_scale(
    caller: Caller<EditStipends>,
    key: IdempotencyKey,
    body: Body<NewStipendScale>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<StipendScale>(&db, &caller, &key, &body).await
}

/// Read a scale.
#[utoipa::path(tag = "stipend-scales", params(("stipend_scale_id" = uuid::Uuid, Path)), responses((status = 200, description = "The scale", body = StipendScale)))]
#[get("/stipend-scales/{stipend_scale_id}")]
async fn find_stipend_scale(
    caller: Caller<ReadStipends>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::find::<StipendScale>(&db, &caller, id, &held).await
}

/// Edit a scale. What was drafted with it stays until it is recomputed; what was approved stays for good.
#[utoipa::path(tag = "stipend-scales", params(("stipend_scale_id" = uuid::Uuid, Path)), request_body(content = StipendScalePatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The scale as it is now", body = StipendScale)))]
#[patch("/stipend-scales/{stipend_scale_id}")]
async fn update_stipend_scale(
    caller: Caller<EditStipends>,
    id: RecordId,
    expected: IfMatch,
    body: Body<StipendScalePatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<StipendScale>(&db, &caller, id, expected, &body).await
}

/// Retire a scale: it stays on record and pays nobody any longer.
#[utoipa::path(tag = "stipend-scales", params(("stipend_scale_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired scale", body = StipendScale)))]
#[delete("/stipend-scales/{stipend_scale_id}")]
async fn retire_stipend_scale(caller: Caller<EditStipends>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<StipendScale>(&db, &caller, id, expected).await
}

/// Who changed a scale, and how.
#[utoipa::path(tag = "stipend-scales", params(("stipend_scale_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/stipend-scales/{stipend_scale_id}/history")]
async fn list_stipend_scale_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<StipendScale>(db, &caller, id, listing).await
}

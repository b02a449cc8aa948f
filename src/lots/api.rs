//! `/api/v1/lots`.

use actix_web::{HttpResponse, get, post, web::Data};

use super::{
    actions,
    rules::Step,
    store,
    types::{Lot, LotCorrection, LotFilter, LotReason, NewLot},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditStock, ManageLots, ReadHistory, ReadStock},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_lots)
        .service(create_lot)
        .service(find_lot)
        .service(list_lot_history)
        .service(hold_lot)
        .service(release_lot)
        .service(recall_lot)
        .service(correct_lot);
}

/// List lots.
#[utoipa::path(tag = "lots", params(PageQuery, LotFilter), responses((status = 200, description = "A page of lots", body = Page<Lot>)))]
#[get("/lots")]
async fn list_lots(_caller: Caller<ReadStock>, listing: Listing<LotFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, filter, page).await).await
}

/// Add a lot.
#[utoipa::path(tag = "lots", request_body = NewLot, responses((status = 201, description = "The new lot", body = Lot)))]
#[post("/lots")]
async fn create_lot(caller: Caller<EditStock>, key: IdempotencyKey, body: Body<NewLot>, db: Data<Db>) -> ApiResult<Answer> {
    register::create::<Lot>(&db, &caller, &key, &body).await
}

/// Read a lot.
#[utoipa::path(tag = "lots", params(("lot_id" = uuid::Uuid, Path)), responses((status = 200, description = "The lot", body = Lot)))]
#[get("/lots/{lot_id}")]
async fn find_lot(caller: Caller<ReadStock>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<Lot>(&db, &caller, id, &held).await
}

/// Who changed a lot, and how.
#[utoipa::path(tag = "lots", params(("lot_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/lots/{lot_id}/history")]
async fn list_lot_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Lot>(db, &caller, id, listing).await
}

/// Hold a lot: it is not used for now.
#[utoipa::path(tag = "lots", params(("lot_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = LotReason, responses((status = 200, description = "The lot, on hold", body = Lot)))]
#[post("/lots/{lot_id}/holds")]
async fn hold_lot(
    caller: Caller<ManageLots>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<LotReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::step(&db, &caller, id.0, &key, &body, Step::Hold).await
}

/// Release a lot: it may be used.
#[utoipa::path(tag = "lots", params(("lot_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = LotReason, responses((status = 200, description = "The lot, available", body = Lot)))]
#[post("/lots/{lot_id}/releases")]
async fn release_lot(
    caller: Caller<ManageLots>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<LotReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::step(&db, &caller, id.0, &key, &body, Step::Release).await
}

/// Recall a lot: it is never used again, and every place that holds it sets it aside.
#[utoipa::path(tag = "lots", params(("lot_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = LotReason, responses((status = 200, description = "The lot, recalled", body = Lot)))]
#[post("/lots/{lot_id}/recalls")]
async fn recall_lot(
    caller: Caller<ManageLots>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<LotReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::step(&db, &caller, id.0, &key, &body, Step::Recall).await
}

/// Correct what was said of a lot; its history keeps what it said before.
#[utoipa::path(tag = "lots", params(("lot_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = LotCorrection, responses((status = 200, description = "The lot as it is now", body = Lot)))]
#[post("/lots/{lot_id}/corrections")]
async fn correct_lot(
    caller: Caller<ManageLots>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<LotCorrection>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::correct(&db, &caller, id.0, &key, &body).await
}

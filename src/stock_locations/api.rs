//! `/api/v1/stock-locations`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    store,
    types::{NewStockLocation, StockLocation, StockLocationFilter, StockLocationPatch},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditStockLocations, ReadHistory, ReadStock},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_stock_locations)
        .service(create_stock_location)
        .service(find_stock_location)
        .service(update_stock_location)
        .service(retire_stock_location)
        .service(list_stock_location_history);
}

/// List stock locations: places, and the accounts of the world outside.
#[utoipa::path(tag = "stock", params(PageQuery, StockLocationFilter), responses((status = 200, description = "A page of stock locations", body = Page<StockLocation>)))]
#[get("/stock-locations")]
async fn list_stock_locations(
    caller: Caller<ReadStock>,
    listing: Listing<StockLocationFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let actor = (*caller).clone();
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, &actor, filter, page).await).await
}

/// Add a place where stock lies.
#[utoipa::path(tag = "stock", request_body = NewStockLocation, responses((status = 201, description = "The new stock location", body = StockLocation)))]
#[post("/stock-locations")]
async fn create_stock_location(
    caller: Caller<EditStockLocations>,
    key: IdempotencyKey,
    body: Body<NewStockLocation>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<StockLocation>(&db, &caller, &key, &body).await
}

/// Read a stock location.
#[utoipa::path(tag = "stock", params(("stock_location_id" = uuid::Uuid, Path)), responses((status = 200, description = "The stock location", body = StockLocation)))]
#[get("/stock-locations/{stock_location_id}")]
async fn find_stock_location(
    caller: Caller<ReadStock>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let location = store::shown(&mut *db.conn().await?, &caller, id.0).await?;
    Ok(held.answer(location.revision, &location))
}

/// Edit a stock location.
#[utoipa::path(tag = "stock", params(("stock_location_id" = uuid::Uuid, Path)), request_body(content = StockLocationPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The stock location as it is now", body = StockLocation)))]
#[patch("/stock-locations/{stock_location_id}")]
async fn update_stock_location(
    caller: Caller<EditStockLocations>,
    id: RecordId,
    expected: IfMatch,
    body: Body<StockLocationPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<StockLocation>(&db, &caller, id, expected, &body).await
}

/// Retire a stock location; nothing may lie there any more.
#[utoipa::path(tag = "stock", params(("stock_location_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired stock location", body = StockLocation)))]
#[delete("/stock-locations/{stock_location_id}")]
async fn retire_stock_location(
    caller: Caller<EditStockLocations>,
    id: RecordId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::retire::<StockLocation>(&db, &caller, id, expected).await
}

/// Who changed a stock location, and how.
#[utoipa::path(tag = "stock", params(("stock_location_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/stock-locations/{stock_location_id}/history")]
async fn list_stock_location_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    store::shown(&mut *db.conn().await?, &caller, id.0).await?;
    register::history::<StockLocation>(db, &caller, id, listing).await
}

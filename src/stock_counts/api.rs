//! `/api/v1/stock-counts`.

use actix_web::{HttpResponse, get, patch, post, web::Data};

use super::{
    actions, store,
    types::{CountConfirmation, CountReason, NewStockCount, StockCount, StockCountFilter, StockCountPatch},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditStock, ReadHistory, ReadStockDocuments},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, Listing, Mount, Page, PageQuery, RecordId},
    register::{self, Record},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_stock_counts)
        .service(create_stock_count)
        .service(find_stock_count)
        .service(update_stock_count)
        .service(list_stock_count_history)
        .service(submit_stock_count)
        .service(confirm_stock_count)
        .service(reject_stock_count)
        .service(cancel_stock_count)
        .service(reverse_stock_count);
}

/// List stock counts.
#[utoipa::path(tag = "stock", params(PageQuery, StockCountFilter), responses((status = 200, description = "A page of stock counts", body = Page<StockCount>)))]
#[get("/stock-counts")]
async fn list_stock_counts(
    caller: Caller<ReadStockDocuments>,
    listing: Listing<StockCountFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, &scope, filter, page).await).await
}

/// Begin a count of a place; a place has one open count at most.
#[utoipa::path(tag = "stock", request_body = NewStockCount, responses((status = 201, description = "The new stock count, a draft", body = StockCount)))]
#[post("/stock-counts")]
async fn create_stock_count(
    caller: Caller<EditStock>,
    key: IdempotencyKey,
    body: Body<NewStockCount>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<StockCount>(&db, &caller, &key, &body).await
}

/// Read a stock count; a blind one hides the book until it is handed in.
#[utoipa::path(tag = "stock", params(("stock_count_id" = uuid::Uuid, Path)), responses((status = 200, description = "The stock count", body = StockCount)))]
#[get("/stock-counts/{stock_count_id}")]
async fn find_stock_count(caller: Caller<ReadStockDocuments>, id: RecordId, db: Data<Db>) -> ApiResult<Answer> {
    let count = register::load_any::<StockCount>(&mut *db.conn().await?, &caller.scope, id.0).await?;
    Answer::record(count.revision(), &count)
}

/// Edit a draft; `lines` is replaced whole.
#[utoipa::path(tag = "stock", params(("stock_count_id" = uuid::Uuid, Path)), request_body(content = StockCountPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The stock count as it is now", body = StockCount)))]
#[patch("/stock-counts/{stock_count_id}")]
async fn update_stock_count(
    caller: Caller<EditStock>,
    id: RecordId,
    expected: IfMatch,
    body: Body<StockCountPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::update(conn, &caller, id.0, expected, &body).await).await
}

/// Who changed a stock count, and how.
#[utoipa::path(tag = "stock", params(("stock_count_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/stock-counts/{stock_count_id}/history")]
async fn list_stock_count_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<StockCount>(db, &caller, id, listing).await
}

/// Hand a count in: from now on it is as it was counted, and the book is shown beside it.
#[utoipa::path(tag = "stock", params(("stock_count_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), responses((status = 200, description = "The stock count, counted", body = StockCount)))]
#[post("/stock-counts/{stock_count_id}/submission")]
async fn submit_stock_count(caller: Caller<EditStock>, id: RecordId, key: IdempotencyKey, db: Data<Db>) -> ApiResult<Answer> {
    actions::submit(&db, &caller, id.0, &key).await
}

/// Confirm a count as the second person: its differences are posted on its day.
#[utoipa::path(tag = "stock", params(("stock_count_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = CountConfirmation, responses((status = 200, description = "The stock count, confirmed", body = StockCount)))]
#[post("/stock-counts/{stock_count_id}/confirmation")]
async fn confirm_stock_count(
    caller: Caller<EditStock>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<CountConfirmation>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::confirm(&db, &caller, id.0, &key, &body).await
}

/// Reject a count as the second person: it is to be counted again, by a new count.
#[utoipa::path(tag = "stock", params(("stock_count_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = CountReason, responses((status = 200, description = "The stock count, rejected", body = StockCount)))]
#[post("/stock-counts/{stock_count_id}/rejection")]
async fn reject_stock_count(
    caller: Caller<EditStock>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<CountReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::reject(&db, &caller, id.0, &key, &body).await
}

/// Give up a count that nobody has decided.
#[utoipa::path(tag = "stock", params(("stock_count_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = CountReason, responses((status = 200, description = "The stock count, cancelled", body = StockCount)))]
#[post("/stock-counts/{stock_count_id}/cancellation")]
async fn cancel_stock_count(
    caller: Caller<EditStock>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<CountReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::cancel(&db, &caller, id.0, &key, &body).await
}

/// Take a confirmed count back: its documents are turned round.
#[utoipa::path(tag = "stock", params(("stock_count_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = CountReason, responses((status = 200, description = "The stock count, reversed", body = StockCount)))]
#[post("/stock-counts/{stock_count_id}/reversal")]
async fn reverse_stock_count(
    caller: Caller<EditStock>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<CountReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::reverse(&db, &caller, id.0, &key, &body).await
}

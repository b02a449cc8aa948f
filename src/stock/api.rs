//! `/api/v1/stock-documents`, `/api/v1/stock-balances` and the stock cards.

use actix_web::{HttpResponse, get, post, web::Data};

use super::{
    actions, rules, store,
    types::{
        Allocation, AllocationQuery, NewStockDocument, StockBalance, StockBalanceFilter, StockCardFilter, StockCardLine,
        StockDocument, StockDocumentFilter, StockReversal,
    },
};
use crate::{
    auth::{Caller, EditStock, ReadStock, ReadStockDocuments, Role},
    db::Db,
    error::{ApiError, ApiResult, Code},
    http::{Answer, Body, IdempotencyKey, Listing, Mount, Page, PageQuery, Params, RecordId},
    stock_locations,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_stock_documents)
        .service(create_stock_document)
        .service(find_stock_document)
        .service(reverse_stock_document)
        .service(list_stock_balances)
        .service(list_stock_card)
        .service(allocate_stock);
}

/// List stock documents; with `lot_id`, where a lot came from and went.
#[utoipa::path(tag = "stock", params(PageQuery, StockDocumentFilter), responses((status = 200, description = "A page of stock documents", body = Page<StockDocument>)))]
#[get("/stock-documents")]
async fn list_stock_documents(
    caller: Caller<ReadStockDocuments>,
    listing: Listing<StockDocumentFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let actor = (*caller).clone();
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, &actor, filter, page).await).await
}

/// Write a stock document: one act of one day, from one place to another.
#[utoipa::path(tag = "stock", request_body = NewStockDocument, responses((status = 201, description = "The new stock document", body = StockDocument)))]
#[post("/stock-documents")]
async fn create_stock_document(
    caller: Caller<EditStock>,
    key: IdempotencyKey,
    body: Body<NewStockDocument>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::write(&db, &caller, &key, &body).await
}

/// Read a stock document.
#[utoipa::path(tag = "stock", params(("stock_document_id" = uuid::Uuid, Path)), responses((status = 200, description = "The stock document", body = StockDocument)))]
#[get("/stock-documents/{stock_document_id}")]
async fn find_stock_document(caller: Caller<ReadStockDocuments>, id: RecordId, db: Data<Db>) -> ApiResult<Answer> {
    Answer::record(1, &store::shown(&mut *db.conn().await?, &caller, id.0).await?)
}

/// Turn a stock document round, whole and on its own day.
#[utoipa::path(tag = "stock", params(("stock_document_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = StockReversal, responses((status = 201, description = "The reversal", body = StockDocument)))]
#[post("/stock-documents/{stock_document_id}/reversal")]
async fn reverse_stock_document(
    caller: Caller<EditStock>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<StockReversal>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::reverse(&db, &caller, id.0, &key, &body).await
}

/// List what lies where, lot by lot: now, or at the end of any day.
#[utoipa::path(tag = "stock", params(PageQuery, StockBalanceFilter), responses((status = 200, description = "A page of balances above zero", body = Page<StockBalance>)))]
#[get("/stock-balances")]
async fn list_stock_balances(
    caller: Caller<ReadStock>,
    listing: Listing<StockBalanceFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let actor = (*caller).clone();
    listing.answer(async move |page, filter| store::balances(&mut *db.conn().await?, &actor, filter, page).await).await
}

/// The stock card of an item at a place: every act, and how many there were after it.
#[utoipa::path(tag = "stock", params(("stock_location_id" = uuid::Uuid, Path), PageQuery, StockCardFilter), responses((status = 200, description = "A page of the card, oldest first", body = Page<StockCardLine>)))]
#[get("/stock-locations/{stock_location_id}/card")]
async fn list_stock_card(
    caller: Caller<ReadStock>,
    id: RecordId,
    listing: Listing<StockCardFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let mut conn = db.conn().await?;
    stock_locations::shown(&mut conn, &caller, id.0).await?;
    if caller.role == Role::Admin && store::is_controlled(&mut conn, listing.filter.item_id).await? {
        return Err(ApiError::new(Code::Forbidden));
    }
    drop(conn);
    listing.answer(async move |page, filter| store::card(&mut *db.conn().await?, id.0, filter, page).await).await
}

/// Which lots to take from a place, the first to expire first, with what is missing.
#[utoipa::path(tag = "stock", params(("stock_location_id" = uuid::Uuid, Path), AllocationQuery), responses((status = 200, description = "The lots to take, and the shortfall", body = Allocation)))]
#[get("/stock-locations/{stock_location_id}/allocation")]
async fn allocate_stock(
    caller: Caller<ReadStock>,
    id: RecordId,
    Params(query): Params<AllocationQuery>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    rules::wanted(&query)?;
    let mut conn = db.conn().await?;
    stock_locations::shown(&mut conn, &caller, id.0).await?;
    if caller.role == Role::Admin && store::is_controlled(&mut conn, query.item_id).await? {
        return Err(ApiError::new(Code::Forbidden));
    }
    Answer::plain(&store::allocate(&mut conn, id.0, &query).await?)
}

//! `/api/v1/production-orders` and `/api/v1/free-distributions`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};
use diesel_async::RunQueryDsl;

use super::{
    actions,
    distributions::{Distributions, FreeDistribution, FreeDistributionFilter},
    store,
    types::{
        NewProductionOrder, ProductionCancellation, ProductionCompletion, ProductionOrder, ProductionOrderFilter,
        ProductionOrderPatch, ProductionOrderReport, ProductionOrderSheet, ProductionRejection, ProductionRelease,
        ProductionStart,
    },
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, ReadHistory, ReadStock, ReadStockDocuments, RunProduction},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register::{self, Record},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_production_orders)
        .service(create_production_order)
        .service(find_production_order)
        .service(update_production_order)
        .service(retire_production_order)
        .service(list_production_order_history)
        .service(start_production_order)
        .service(complete_production_order)
        .service(release_production_order)
        .service(reject_production_order)
        .service(cancel_production_order)
        .service(reverse_production_order)
        .service(list_free_distributions);
}

/// List production orders, with yield and loss; with `lot_id`, those that used up or made a lot.
#[utoipa::path(tag = "production", params(PageQuery, ProductionOrderFilter), responses((status = 200, description = "A page of production orders", body = Page<ProductionOrderReport>)))]
#[get("/production-orders")]
async fn list_production_orders(
    caller: Caller<ReadStockDocuments>,
    listing: Listing<ProductionOrderFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, &scope, filter, page).await).await
}

/// Plan a production order, by the newest version of a recipe.
#[utoipa::path(tag = "production", request_body = NewProductionOrder, responses((status = 201, description = "The new production order", body = ProductionOrder)))]
#[post("/production-orders")]
async fn create_production_order(
    caller: Caller<RunProduction>,
    key: IdempotencyKey,
    body: Body<NewProductionOrder>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<ProductionOrder>(&db, &caller, &key, &body).await
}

/// Read a production order, with the lots it used up and the lot it made.
#[utoipa::path(tag = "production", params(("production_order_id" = uuid::Uuid, Path)), responses((status = 200, description = "The production order", body = ProductionOrderSheet)))]
#[get("/production-orders/{production_order_id}")]
async fn find_production_order(
    caller: Caller<ReadStockDocuments>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let sheet = store::sheet(&mut *db.conn().await?, &caller.scope, id.0).await?;
    Ok(held.answer(sheet.report.order.revision(), &sheet))
}

/// Edit a draft.
#[utoipa::path(tag = "production", params(("production_order_id" = uuid::Uuid, Path)), request_body(content = ProductionOrderPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The production order as it is now", body = ProductionOrder)))]
#[patch("/production-orders/{production_order_id}")]
async fn update_production_order(
    caller: Caller<RunProduction>,
    id: RecordId,
    expected: IfMatch,
    body: Body<ProductionOrderPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::update(conn, &caller, id.0, expected, &body).await).await
}

/// Retire a draft: it stays on record and counts no longer.
#[utoipa::path(tag = "production", params(("production_order_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired production order", body = ProductionOrder)))]
#[delete("/production-orders/{production_order_id}")]
async fn retire_production_order(
    caller: Caller<RunProduction>,
    id: RecordId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::retire(conn, &caller, id.0, expected).await).await
}

/// Who changed a production order, and how.
#[utoipa::path(tag = "production", params(("production_order_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/production-orders/{production_order_id}/history")]
async fn list_production_order_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<ProductionOrder>(db, &caller, id, listing).await
}

/// Take the ingredients: the lots that are given, or by the recipe the first to expire first.
#[utoipa::path(tag = "production", params(("production_order_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ProductionStart, responses((status = 200, description = "The production order, started", body = ProductionOrderSheet)))]
#[post("/production-orders/{production_order_id}/start")]
async fn start_production_order(
    caller: Caller<RunProduction>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ProductionStart>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::start(&db, &caller, id.0, &key, &body).await
}

/// Make the lot: it waits in quarantine for a second person.
#[utoipa::path(tag = "production", params(("production_order_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ProductionCompletion, responses((status = 200, description = "The production order, completed", body = ProductionOrderSheet)))]
#[post("/production-orders/{production_order_id}/completion")]
async fn complete_production_order(
    caller: Caller<RunProduction>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ProductionCompletion>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::complete(&db, &caller, id.0, &key, &body).await
}

/// Release the product, as a second person: it may be used, and leaves quarantine whole.
#[utoipa::path(tag = "production", params(("production_order_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ProductionRelease, responses((status = 200, description = "The production order, released", body = ProductionOrderSheet)))]
#[post("/production-orders/{production_order_id}/release")]
async fn release_production_order(
    caller: Caller<RunProduction>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ProductionRelease>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::release(&db, &caller, id.0, &key, &body).await
}

/// Reject the product, as a second person: its lot is recalled and stays in quarantine until it is destroyed.
#[utoipa::path(tag = "production", params(("production_order_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ProductionRejection, responses((status = 200, description = "The production order, rejected", body = ProductionOrderSheet)))]
#[post("/production-orders/{production_order_id}/rejection")]
async fn reject_production_order(
    caller: Caller<RunProduction>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ProductionRejection>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::reject(&db, &caller, id.0, &key, &body).await
}

/// Cancel a draft.
#[utoipa::path(tag = "production", params(("production_order_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ProductionCancellation, responses((status = 200, description = "The production order, cancelled", body = ProductionOrderSheet)))]
#[post("/production-orders/{production_order_id}/cancellation")]
async fn cancel_production_order(
    caller: Caller<RunProduction>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ProductionCancellation>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::cancel(&db, &caller, id.0, &key, &body).await
}

/// Turn round what an order wrote that was started or completed, and cancel it.
#[utoipa::path(tag = "production", params(("production_order_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ProductionCancellation, responses((status = 200, description = "The production order, cancelled", body = ProductionOrderSheet)))]
#[post("/production-orders/{production_order_id}/reversal")]
async fn reverse_production_order(
    caller: Caller<RunProduction>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ProductionCancellation>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::reverse(&db, &caller, id.0, &key, &body).await
}

/// What of our own making reached facilities, by item, facility and month.
#[utoipa::path(tag = "production", params(PageQuery, FreeDistributionFilter), responses((status = 200, description = "A page of free distributions", body = Page<FreeDistribution>)))]
#[get("/free-distributions")]
async fn list_free_distributions(
    caller: Caller<ReadStock>,
    listing: Listing<FreeDistributionFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing.filter.check()?;
    let actor = (*caller).clone();
    listing
        .answer(async move |page, filter| {
            Ok(Distributions::new(&actor, filter, page)?.get_results::<FreeDistribution>(&mut *db.conn().await?).await?)
        })
        .await
}

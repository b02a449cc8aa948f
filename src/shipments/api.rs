//! `/api/v1/shipments`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions, store,
    types::{Cancellation, Dispatch, NewShipment, Receipt, Shipment, ShipmentFilter, ShipmentPatch},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditRegister, ReadHistory, ReadRegister, ReceiveShipments},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Page, PageQuery, RecordId},
    register::{self, Record},
};

/// The routes of this slice.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_shipments)
        .service(create_shipment)
        .service(find_shipment)
        .service(update_shipment)
        .service(retire_shipment)
        .service(list_shipment_history)
        .service(dispatch_shipment)
        .service(cancel_shipment)
        .service(receive_shipment);
}

/// List shipments.
#[utoipa::path(tag = "shipments", params(PageQuery, ShipmentFilter), responses((status = 200, description = "A page of shipments", body = Page<Shipment>)))]
#[get("/shipments")]
async fn list_shipments(caller: Caller<ReadRegister>, listing: Listing<ShipmentFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    let (scope, role) = (caller.scope.clone(), caller.role);
    listing
        .answer(async move |page, filter| {
            let shipments = store::list(&mut *db.conn().await?, &scope, filter, page).await?;
            Ok(shipments.into_iter().map(|shipment| shipment.shown_to(role)).collect())
        })
        .await
}

/// Put a shipment together.
#[utoipa::path(tag = "shipments", request_body = NewShipment, responses((status = 201, description = "The new shipment", body = Shipment)))]
#[post("/shipments")]
async fn create_shipment(
    caller: Caller<EditRegister>,
    key: IdempotencyKey,
    body: Body<NewShipment>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Shipment>(&db, &caller, &key, &body).await
}

/// Read a shipment.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path)), responses((status = 200, description = "The shipment", body = Shipment)))]
#[get("/shipments/{shipment_id}")]
async fn find_shipment(caller: Caller<ReadRegister>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    let shipment = register::load_any::<Shipment>(&mut *db.conn().await?, &caller.scope, id.0).await?;
    Ok(held.answer(shipment.revision(), &shipment.shown_to(caller.role)))
}

/// Edit a draft; `lines` is replaced whole.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path)), request_body(content = ShipmentPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The shipment as it is now", body = Shipment)))]
#[patch("/shipments/{shipment_id}")]
async fn update_shipment(
    caller: Caller<EditRegister>,
    id: RecordId,
    expected: IfMatch,
    body: Body<ShipmentPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::update(conn, &caller, id.0, expected, &body).await).await
}

/// Retire a shipment that never left: it stays on record and counts no longer.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired shipment", body = Shipment)))]
#[delete("/shipments/{shipment_id}")]
async fn retire_shipment(caller: Caller<EditRegister>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    db.write(async |conn| actions::retire(conn, &caller, id.0, expected).await).await
}

/// Who changed a shipment, and how.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/shipments/{shipment_id}/history")]
async fn list_shipment_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Shipment>(db, &caller, id, listing).await
}

/// A draft leaves: from now on it is as it was sent.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = Dispatch, responses((status = 200, description = "The shipment, dispatched", body = Shipment)))]
#[post("/shipments/{shipment_id}/dispatch")]
async fn dispatch_shipment(
    caller: Caller<EditRegister>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<Dispatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::dispatch(&db, &caller, id.0, &key, &body).await
}

/// A draft will not leave.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = Cancellation, responses((status = 200, description = "The shipment, cancelled", body = Shipment)))]
#[post("/shipments/{shipment_id}/cancellation")]
async fn cancel_shipment(
    caller: Caller<EditRegister>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<Cancellation>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::cancel(&db, &caller, id.0, &key, &body).await
}

/// A shipment arrived: what came of every line.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = Receipt, responses((status = 200, description = "The shipment, received", body = Shipment)))]
#[post("/shipments/{shipment_id}/receipts")]
async fn receive_shipment(
    caller: Caller<ReceiveShipments>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<Receipt>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::receive(&db, &caller, id.0, &key, &body).await
}

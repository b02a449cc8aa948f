//! `/api/v1/shipments`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    actions,
    acts::{Closing, Dispatch, Packing, ShipmentLoss, ShipmentReason, ShipmentReturn, ShipmentSeizure},
    papers::{self, PackingListFilter, PackingListLine, Waybill},
    store,
    types::{NewShipment, Shipment, ShipmentFilter, ShipmentPatch},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditRegister, ReadHistory, ReadShipments},
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code},
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register::{self, Record},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_shipments)
        .service(create_shipment)
        .service(find_shipment)
        .service(update_shipment)
        .service(retire_shipment)
        .service(list_shipment_history)
        .service(find_waybill)
        .service(list_packing_list)
        .service(pack_shipment)
        .service(unpack_shipment)
        .service(dispatch_shipment)
        .service(cancel_shipment)
        .service(lose_shipment)
        .service(seize_shipment)
        .service(return_shipment)
        .service(close_shipment);
}

/// List shipments.
#[utoipa::path(tag = "shipments", params(PageQuery, ShipmentFilter), responses((status = 200, description = "A page of shipments", body = Page<Shipment>)))]
#[get("/shipments")]
async fn list_shipments(
    caller: Caller<ReadShipments>,
    listing: Listing<ShipmentFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let (scope, role) = (caller.scope.clone(), caller.role);
    // From moment to moment, when something left would show.
    if listing.filter.known_at.is_some() && !role.sends() {
        return Err(ApiError::new(Code::Forbidden));
    }
    listing
        .answer(async move |page, filter| {
            let read = async |conn: &mut Conn| store::list(conn, &scope, filter, page).await;
            let shipments = db.read_at(filter.known_at, read).await?;
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
async fn find_shipment(caller: Caller<ReadShipments>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
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
    let shipment = register::load_any::<Shipment>(&mut *db.conn().await?, &caller.scope, id.0).await?;
    // Each of its changes tells when it left.
    if !shipment.road_is_known_to(caller.role) {
        return Err(ApiError::new(Code::Forbidden));
    }
    register::history::<Shipment>(db, &caller, id, listing).await
}

/// Read the waybill of a shipment: what travels, from where to where.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path)), responses((status = 200, description = "The waybill", body = Waybill)))]
#[get("/shipments/{shipment_id}/waybill")]
async fn find_waybill(caller: Caller<ReadShipments>, id: RecordId, db: Data<Db>) -> ApiResult<Answer> {
    let mut conn = db.conn().await?;
    let shipment = register::load_any::<Shipment>(&mut conn, &caller.scope, id.0).await?.shown_to(caller.role);
    Answer::plain(&papers::waybill(&mut conn, &shipment).await?)
}

/// List what is in the boxes of a shipment, lot by lot.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "A page of the packing list", body = Page<PackingListLine>)))]
#[get("/shipments/{shipment_id}/packing-list")]
async fn list_packing_list(
    caller: Caller<ReadShipments>,
    id: RecordId,
    listing: Listing<PackingListFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::load_any::<Shipment>(&mut *db.conn().await?, &caller.scope, id.0).await?;
    listing.answer(async move |page, _| papers::list(&mut *db.conn().await?, id.0, page).await).await
}

/// Pack a draft: lot by lot, the first to expire first; what is packed is set aside where it lies.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = Packing, responses((status = 200, description = "The shipment, packed", body = Shipment)))]
#[post("/shipments/{shipment_id}/packing")]
async fn pack_shipment(
    caller: Caller<EditRegister>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<Packing>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::pack(&db, &caller, id.0, &key, &body).await
}

/// Unpack a shipment: what was set aside is free again, and it is a draft.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ShipmentReason, responses((status = 200, description = "The shipment, a draft again", body = Shipment)))]
#[post("/shipments/{shipment_id}/unpacking")]
async fn unpack_shipment(
    caller: Caller<EditRegister>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ShipmentReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::unpack(&db, &caller, id.0, &key, &body).await
}

/// Dispatch a packed shipment: from now on its goods are on the road.
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

/// Cancel a shipment that has not left.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ShipmentReason, responses((status = 200, description = "The shipment, cancelled", body = Shipment)))]
#[post("/shipments/{shipment_id}/cancellation")]
async fn cancel_shipment(
    caller: Caller<EditRegister>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ShipmentReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::cancel(&db, &caller, id.0, &key, &body).await
}

/// Write a shipment off: what is outstanding of it is lost.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ShipmentLoss, responses((status = 200, description = "The shipment, lost", body = Shipment)))]
#[post("/shipments/{shipment_id}/loss")]
async fn lose_shipment(
    caller: Caller<EditRegister>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ShipmentLoss>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::lose(&db, &caller, id.0, &key, &body).await
}

/// Record a seizure: what is outstanding of the shipment was taken.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ShipmentSeizure, responses((status = 200, description = "The shipment, seized", body = Shipment)))]
#[post("/shipments/{shipment_id}/seizure")]
async fn seize_shipment(
    caller: Caller<EditRegister>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ShipmentSeizure>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::seize(&db, &caller, id.0, &key, &body).await
}

/// Take a shipment back: what is outstanding of it came back.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ShipmentReturn, responses((status = 200, description = "The shipment, returned", body = Shipment)))]
#[post("/shipments/{shipment_id}/return")]
async fn return_shipment(
    caller: Caller<EditRegister>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ShipmentReturn>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::bring_back(&db, &caller, id.0, &key, &body).await
}

/// Close a shipment: nothing of it may be outstanding.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = Closing, responses((status = 200, description = "The shipment, closed", body = Shipment)))]
#[post("/shipments/{shipment_id}/closing")]
async fn close_shipment(
    caller: Caller<EditRegister>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<Closing>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::rest(&db, &caller, id.0, &key, &body).await
}

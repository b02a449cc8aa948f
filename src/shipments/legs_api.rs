//! `/api/v1/shipment-legs`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::legs::{self, NewShipmentLeg, ShipmentLeg, ShipmentLegFilter, ShipmentLegPatch};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, KnowTheRoad},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_shipment_legs)
        .service(create_shipment_leg)
        .service(find_shipment_leg)
        .service(update_shipment_leg)
        .service(retire_shipment_leg)
        .service(list_shipment_leg_history);
}

/// List the legs of shipments that have not arrived: who carries, past which checkpoint.
#[utoipa::path(tag = "shipments", params(PageQuery, ShipmentLegFilter), responses((status = 200, description = "A page of legs", body = Page<ShipmentLeg>)))]
#[get("/shipment-legs")]
async fn list_shipment_legs(
    caller: Caller<KnowTheRoad>,
    listing: Listing<ShipmentLegFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| legs::list(&mut *db.conn().await?, &scope, filter, page).await).await
}

/// Add a leg to a shipment's road.
#[utoipa::path(tag = "shipments", request_body = NewShipmentLeg, responses((status = 201, description = "The new leg", body = ShipmentLeg)))]
#[post("/shipment-legs")]
async fn create_shipment_leg(
    caller: Caller<KnowTheRoad>,
    key: IdempotencyKey,
    body: Body<NewShipmentLeg>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<ShipmentLeg>(&db, &caller, &key, &body).await
}

/// Read a leg.
#[utoipa::path(tag = "shipments", params(("shipment_leg_id" = uuid::Uuid, Path)), responses((status = 200, description = "The leg", body = ShipmentLeg)))]
#[get("/shipment-legs/{shipment_leg_id}")]
async fn find_shipment_leg(
    caller: Caller<KnowTheRoad>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::find::<ShipmentLeg>(&db, &caller, id, &held).await
}

/// Edit a leg.
#[utoipa::path(tag = "shipments", params(("shipment_leg_id" = uuid::Uuid, Path)), request_body(content = ShipmentLegPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The leg as it is now", body = ShipmentLeg)))]
#[patch("/shipment-legs/{shipment_leg_id}")]
async fn update_shipment_leg(
    caller: Caller<KnowTheRoad>,
    id: RecordId,
    expected: IfMatch,
    body: Body<ShipmentLegPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<ShipmentLeg>(&db, &caller, id, expected, &body).await
}

/// Retire a leg.
#[utoipa::path(tag = "shipments", params(("shipment_leg_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired leg", body = ShipmentLeg)))]
#[delete("/shipment-legs/{shipment_leg_id}")]
async fn retire_shipment_leg(caller: Caller<KnowTheRoad>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<ShipmentLeg>(&db, &caller, id, expected).await
}

/// Who changed a leg, and how.
#[utoipa::path(tag = "shipments", params(("shipment_leg_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/shipment-legs/{shipment_leg_id}/history")]
async fn list_shipment_leg_history(
    caller: Caller<KnowTheRoad>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<ShipmentLeg>(db, &caller, id, listing).await
}

//! `/api/v1/requisitions/{id}/shipments`, `/api/v1/shipments/{id}/receipts`, `/api/v1/shipment-receipts` and `/api/v1/shipment-discrepancies`.

use actix_web::{HttpResponse, get, post, web::Data};

use super::{
    acts::{NewReceipt, ReceiptReversal},
    answers::{self, NewAnswer},
    arrivals,
    discrepancies::{self, DiscrepancyFilter},
    discrepancy_types::{DiscrepancyClaim, DiscrepancySettlement, NewDiscrepancy, ShipmentDiscrepancy},
    receipts::{self, ReceiptFilter, ShipmentReceipt},
    types::Shipment,
};
use crate::{
    auth::{Caller, EditRegister, ReadShipments, ReceiveShipments},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of what arrives and what does not.
pub fn routes(config: &mut Mount) {
    config
        .service(draft_requisition_shipment)
        .service(list_shipment_receipts)
        .service(receive_shipment)
        .service(find_shipment_receipt)
        .service(reverse_shipment_receipt)
        .service(list_shipment_discrepancies)
        .service(find_shipment_discrepancy)
        .service(record_shipment_discrepancy)
        .service(claim_shipment_discrepancy)
        .service(settle_shipment_discrepancy);
}

/// Draft a shipment for a requisition: what was granted and is not on its way yet.
#[utoipa::path(tag = "shipments", params(("requisition_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = NewAnswer, responses((status = 201, description = "The draft", body = Shipment)))]
#[post("/requisitions/{requisition_id}/shipments")]
async fn draft_requisition_shipment(
    caller: Caller<EditRegister>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<NewAnswer>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    answers::draft(&db, &caller, id.0, &key, &body).await
}

/// List the receipts of a shipment.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "A page of receipts", body = Page<ShipmentReceipt>)))]
#[get("/shipments/{shipment_id}/receipts")]
async fn list_shipment_receipts(
    caller: Caller<ReadShipments>,
    id: RecordId,
    listing: Listing<ReceiptFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::load_any::<Shipment>(&mut *db.conn().await?, &caller.scope, id.0).await?;
    listing.answer(async move |page, _| receipts::list(&mut *db.conn().await?, id.0, page).await).await
}

/// Receive a shipment, or a part of it: what was counted of every lot.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = NewReceipt, responses((status = 201, description = "The receipt", body = ShipmentReceipt)))]
#[post("/shipments/{shipment_id}/receipts")]
async fn receive_shipment(
    caller: Caller<ReceiveShipments>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<NewReceipt>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    arrivals::receive(&db, &caller, id.0, &key, &body).await
}

/// Read a receipt.
#[utoipa::path(tag = "shipments", params(("shipment_receipt_id" = uuid::Uuid, Path)), responses((status = 200, description = "The receipt", body = ShipmentReceipt)))]
#[get("/shipment-receipts/{shipment_receipt_id}")]
async fn find_shipment_receipt(caller: Caller<ReadShipments>, id: RecordId, db: Data<Db>) -> ApiResult<Answer> {
    let receipt = receipts::find(&mut *db.conn().await?, &caller.scope, id.0).await?;
    Answer::record(receipt.row.revision, &receipt)
}

/// Turn a receipt round: what it counted is outstanding again.
#[utoipa::path(tag = "shipments", params(("shipment_receipt_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ReceiptReversal, responses((status = 200, description = "The receipt, turned round", body = ShipmentReceipt)))]
#[post("/shipment-receipts/{shipment_receipt_id}/reversal")]
async fn reverse_shipment_receipt(
    caller: Caller<ReceiveShipments>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ReceiptReversal>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    arrivals::turn_round(&db, &caller, id.0, &key, &body).await
}

/// List discrepancies: what of shipments did not arrive as it was sent, and how it ended.
#[utoipa::path(tag = "shipments", params(PageQuery, DiscrepancyFilter), responses((status = 200, description = "A page of discrepancies", body = Page<ShipmentDiscrepancy>)))]
#[get("/shipment-discrepancies")]
async fn list_shipment_discrepancies(
    caller: Caller<ReadShipments>,
    listing: Listing<DiscrepancyFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let actor = (*caller).clone();
    listing.answer(async move |page, filter| discrepancies::list(&mut *db.conn().await?, &actor, filter, page).await).await
}

/// Read a discrepancy.
#[utoipa::path(tag = "shipments", params(("shipment_discrepancy_id" = uuid::Uuid, Path)), responses((status = 200, description = "The discrepancy", body = ShipmentDiscrepancy)))]
#[get("/shipment-discrepancies/{shipment_discrepancy_id}")]
async fn find_shipment_discrepancy(caller: Caller<ReadShipments>, id: RecordId, db: Data<Db>) -> ApiResult<Answer> {
    let discrepancy = discrepancies::find_shown(&mut *db.conn().await?, &caller, id.0).await?;
    Answer::record(discrepancy.revision, &discrepancy)
}

/// Record that something outstanding will not arrive.
#[utoipa::path(tag = "shipments", params(("shipment_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = NewDiscrepancy, responses((status = 201, description = "The discrepancy", body = ShipmentDiscrepancy)))]
#[post("/shipments/{shipment_id}/discrepancies")]
async fn record_shipment_discrepancy(
    caller: Caller<ReceiveShipments>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<NewDiscrepancy>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    arrivals::differ(&db, &caller, id.0, &key, &body).await
}

/// Claim a discrepancy of whom it is due.
#[utoipa::path(tag = "shipments", params(("shipment_discrepancy_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = DiscrepancyClaim, responses((status = 200, description = "The discrepancy, claimed", body = ShipmentDiscrepancy)))]
#[post("/shipment-discrepancies/{shipment_discrepancy_id}/claim")]
async fn claim_shipment_discrepancy(
    caller: Caller<EditRegister>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<DiscrepancyClaim>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    arrivals::claim(&db, &caller, id.0, &key, &body).await
}

/// Settle a discrepancy: made good, written off, or withdrawn.
#[utoipa::path(tag = "shipments", params(("shipment_discrepancy_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = DiscrepancySettlement, responses((status = 200, description = "The discrepancy, at its end", body = ShipmentDiscrepancy)))]
#[post("/shipment-discrepancies/{shipment_discrepancy_id}/settlement")]
async fn settle_shipment_discrepancy(
    caller: Caller<EditRegister>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<DiscrepancySettlement>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    arrivals::settle(&db, &caller, id.0, &key, &body).await
}

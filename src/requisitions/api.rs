//! `/api/v1/requisitions`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    actions,
    rules::Step,
    store,
    types::{Approval, NewRequisition, Requisition, RequisitionFilter, RequisitionPatch, RequisitionReason},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, DecideRequisitions, EditRequisitions, ReadHistory, ReadStockDocuments},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_requisitions)
        .service(create_requisition)
        .service(find_requisition)
        .service(update_requisition)
        .service(retire_requisition)
        .service(list_requisition_history)
        .service(submit_requisition)
        .service(resubmit_requisition)
        .service(approve_requisition)
        .service(reject_requisition)
        .service(cancel_requisition);
}

/// List requisitions.
#[utoipa::path(tag = "requisitions", params(PageQuery, RequisitionFilter), responses((status = 200, description = "A page of requisitions", body = Page<Requisition>)))]
#[get("/requisitions")]
async fn list_requisitions(
    caller: Caller<ReadStockDocuments>,
    listing: Listing<RequisitionFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, &scope, filter, page).await).await
}

/// Put a requisition together.
#[utoipa::path(tag = "requisitions", request_body = NewRequisition, responses((status = 201, description = "The new requisition, a draft", body = Requisition)))]
#[post("/requisitions")]
async fn create_requisition(
    caller: Caller<EditRequisitions>,
    key: IdempotencyKey,
    body: Body<NewRequisition>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Requisition>(&db, &caller, &key, &body).await
}

/// Read a requisition.
#[utoipa::path(tag = "requisitions", params(("requisition_id" = uuid::Uuid, Path)), responses((status = 200, description = "The requisition", body = Requisition)))]
#[get("/requisitions/{requisition_id}")]
async fn find_requisition(
    caller: Caller<ReadStockDocuments>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::find::<Requisition>(&db, &caller, id, &held).await
}

/// Edit a draft, or what was rejected; `lines` is replaced whole.
#[utoipa::path(tag = "requisitions", params(("requisition_id" = uuid::Uuid, Path)), request_body(content = RequisitionPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The requisition as it is now", body = Requisition)))]
#[patch("/requisitions/{requisition_id}")]
async fn update_requisition(
    caller: Caller<EditRequisitions>,
    id: RecordId,
    expected: IfMatch,
    body: Body<RequisitionPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::update(conn, &caller, id.0, expected, &body).await).await
}

/// Retire a draft, or what was cancelled: it stays on record and is no longer listed.
#[utoipa::path(tag = "requisitions", params(("requisition_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired requisition", body = Requisition)))]
#[delete("/requisitions/{requisition_id}")]
async fn retire_requisition(
    caller: Caller<EditRequisitions>,
    id: RecordId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::retire(conn, &caller, id.0, expected).await).await
}

/// Who changed a requisition, and how.
#[utoipa::path(tag = "requisitions", params(("requisition_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/requisitions/{requisition_id}/history")]
async fn list_requisition_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Requisition>(db, &caller, id, listing).await
}

/// Submit a draft: from now on somebody else decides.
#[utoipa::path(tag = "requisitions", params(("requisition_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), responses((status = 200, description = "The requisition, submitted", body = Requisition)))]
#[post("/requisitions/{requisition_id}/submission")]
async fn submit_requisition(
    caller: Caller<EditRequisitions>,
    id: RecordId,
    key: IdempotencyKey,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::submit(&db, &caller, id.0, &key, Step::Submit).await
}

/// Submit again what was rejected, as it stands now: edit it first.
#[utoipa::path(tag = "requisitions", params(("requisition_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), responses((status = 200, description = "The requisition, submitted in another round", body = Requisition)))]
#[post("/requisitions/{requisition_id}/resubmission")]
async fn resubmit_requisition(
    caller: Caller<EditRequisitions>,
    id: RecordId,
    key: IdempotencyKey,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::submit(&db, &caller, id.0, &key, Step::Resubmit).await
}

/// Grant what was submitted, line by line: all of it, or less with a reason. Never by whoever submitted it.
#[utoipa::path(tag = "requisitions", params(("requisition_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = Approval, responses((status = 200, description = "The requisition, approved or partly approved", body = Requisition)))]
#[post("/requisitions/{requisition_id}/approval")]
async fn approve_requisition(
    caller: Caller<DecideRequisitions>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<Approval>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::approve(&db, &caller, id.0, &key, &body).await
}

/// Reject what was submitted, with a reason. Never by whoever submitted it: they cancel it.
#[utoipa::path(tag = "requisitions", params(("requisition_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = RequisitionReason, responses((status = 200, description = "The requisition, rejected", body = Requisition)))]
#[post("/requisitions/{requisition_id}/rejection")]
async fn reject_requisition(
    caller: Caller<DecideRequisitions>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<RequisitionReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::reject(&db, &caller, id.0, &key, &body).await
}

/// Cancel a requisition: whoever asks until it is approved, then the approvers, while nothing has been sent.
#[utoipa::path(tag = "requisitions", params(("requisition_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = RequisitionReason, responses((status = 200, description = "The requisition, cancelled", body = Requisition)))]
#[post("/requisitions/{requisition_id}/cancellation")]
async fn cancel_requisition(
    caller: Caller<EditRequisitions>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<RequisitionReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::cancel(&db, &caller, id.0, &key, &body).await
}

//! `/api/v1/commitments` and `/api/v1/disbursements`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::moves::{
    self, Commitment, CommitmentFilter, CommitmentStatus, Disbursement, DisbursementFilter, DisbursementPatch, NewCommitmentBody,
    NewDisbursement,
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditBudgets, ReadBudgets, ReadHistory},
    db::Db,
    error::{ApiError, ApiResult, Code},
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId, once},
    register,
};

/// The routes of commitments and disbursements.
pub fn routes(config: &mut Mount) {
    config
        .service(list_commitments)
        .service(create_commitment)
        .service(find_commitment)
        .service(release_commitment)
        .service(list_commitment_history)
        .service(list_disbursements)
        .service(create_disbursement)
        .service(find_disbursement)
        .service(update_disbursement)
        .service(retire_disbursement)
        .service(list_disbursement_history);
}

/// List commitments.
#[utoipa::path(tag = "budgets", params(PageQuery, CommitmentFilter), responses((status = 200, description = "A page of commitments", body = Page<Commitment>)))]
#[get("/commitments")]
async fn list_commitments(
    _caller: Caller<ReadBudgets>,
    listing: Listing<CommitmentFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing
        .answer(async move |page, filter| {
            db.read_at(filter.known_at, async |conn| moves::commitments_of(conn, filter, page).await).await
        })
        .await
}

/// Promise money of a budget line: it is no longer free.
#[utoipa::path(tag = "budgets", request_body = NewCommitmentBody, responses((status = 201, description = "The new commitment", body = Commitment)))]
#[post("/commitments")]
async fn create_commitment(
    caller: Caller<EditBudgets>,
    key: IdempotencyKey,
    body: Body<NewCommitmentBody>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Commitment>(&db, &caller, &key, &body).await
}

/// Read a commitment.
#[utoipa::path(tag = "budgets", params(("commitment_id" = uuid::Uuid, Path)), responses((status = 200, description = "The commitment", body = Commitment)))]
#[get("/commitments/{commitment_id}")]
async fn find_commitment(caller: Caller<ReadBudgets>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<Commitment>(&db, &caller, id, &held).await
}

/// Let go what is still held back of a commitment: it is free again.
#[utoipa::path(tag = "budgets", params(("commitment_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), responses((status = 200, description = "The commitment, released", body = Commitment)))]
#[post("/commitments/{commitment_id}/release")]
async fn release_commitment(
    caller: Caller<EditBudgets>,
    RecordId(id): RecordId,
    key: IdempotencyKey,
    db: Data<Db>,
) -> ApiResult<Answer> {
    once(&db, caller.id, &key, &[], async |conn| {
        // What was set aside for a run of stipends is let go when that run is closed or cancelled.
        if moves::lock(conn, id).await? != Some(CommitmentStatus::Open) || moves::is_a_runs(conn, id).await? {
            return Err(ApiError::new(Code::WrongState));
        }
        moves::let_go(conn, caller.id, id).await?;
        let there = register::load_any::<Commitment>(conn, &caller.scope, id).await?;
        Answer::record(there.revision, &there)
    })
    .await
}

/// Who changed a commitment, and how.
#[utoipa::path(tag = "budgets", params(("commitment_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/commitments/{commitment_id}/history")]
async fn list_commitment_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Commitment>(db, &caller, id, listing).await
}

/// List what partners have paid in.
#[utoipa::path(tag = "budgets", params(PageQuery, DisbursementFilter), responses((status = 200, description = "A page of disbursements", body = Page<Disbursement>)))]
#[get("/disbursements")]
async fn list_disbursements(
    _caller: Caller<ReadBudgets>,
    listing: Listing<DisbursementFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing
        .answer(async move |page, filter| {
            db.read_at(filter.known_at, async |conn| moves::disbursements_of(conn, filter, page).await).await
        })
        .await
}

/// Record what a partner has paid in.
#[utoipa::path(tag = "budgets", request_body = NewDisbursement, responses((status = 201, description = "The new disbursement", body = Disbursement)))]
#[post("/disbursements")]
async fn create_disbursement(
    caller: Caller<EditBudgets>,
    key: IdempotencyKey,
    body: Body<NewDisbursement>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Disbursement>(&db, &caller, &key, &body).await
}

/// Read a disbursement.
#[utoipa::path(tag = "budgets", params(("disbursement_id" = uuid::Uuid, Path)), responses((status = 200, description = "The disbursement", body = Disbursement)))]
#[get("/disbursements/{disbursement_id}")]
async fn find_disbursement(
    caller: Caller<ReadBudgets>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::find::<Disbursement>(&db, &caller, id, &held).await
}

/// Edit a disbursement.
#[utoipa::path(tag = "budgets", params(("disbursement_id" = uuid::Uuid, Path)), request_body(content = DisbursementPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The disbursement as it is now", body = Disbursement)))]
#[patch("/disbursements/{disbursement_id}")]
async fn update_disbursement(
    caller: Caller<EditBudgets>,
    id: RecordId,
    expected: IfMatch,
    body: Body<DisbursementPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<Disbursement>(&db, &caller, id, expected, &body).await
}

/// Retire a disbursement that was told by mistake: it stays on record and counts no longer.
#[utoipa::path(tag = "budgets", params(("disbursement_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired disbursement", body = Disbursement)))]
#[delete("/disbursements/{disbursement_id}")]
async fn retire_disbursement(caller: Caller<EditBudgets>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<Disbursement>(&db, &caller, id, expected).await
}

/// Who changed a disbursement, and how.
#[utoipa::path(tag = "budgets", params(("disbursement_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/disbursements/{disbursement_id}/history")]
async fn list_disbursement_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Disbursement>(db, &caller, id, listing).await
}

//! `/api/v1/claims`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    actions, store,
    types::{Claim, ClaimExplanation, ClaimFilter, ClaimPatch, ClaimState, NewClaim},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditContracts, ReadClaims, ReadHistory},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_claims)
        .service(create_claim)
        .service(find_claim)
        .service(update_claim)
        .service(retire_claim)
        .service(list_claim_history)
        .service(explain_claim)
        .service(correct_claim)
        .service(reopen_claim);
}

/// List claims.
#[utoipa::path(tag = "claims", params(PageQuery, ClaimFilter), responses((status = 200, description = "A page of claims", body = Page<Claim>)))]
#[get("/claims")]
async fn list_claims(caller: Caller<ReadClaims>, listing: Listing<ClaimFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing
        .answer(async move |page, filter| {
            db.read_at(filter.known_at, async |conn| store::list(conn, &scope, filter, page).await).await
        })
        .await
}

/// Add a claim.
#[utoipa::path(tag = "claims", request_body = NewClaim, responses((status = 201, description = "The new claim", body = Claim)))]
#[post("/claims")]
async fn create_claim(
    caller: Caller<EditContracts>,
    key: IdempotencyKey,
    body: Body<NewClaim>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Claim>(&db, &caller, &key, &body).await
}

/// Read a claim.
#[utoipa::path(tag = "claims", params(("claim_id" = uuid::Uuid, Path)), responses((status = 200, description = "The claim", body = Claim)))]
#[get("/claims/{claim_id}")]
async fn find_claim(caller: Caller<ReadClaims>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<Claim>(&db, &caller, id, &held).await
}

/// Edit a claim.
#[utoipa::path(tag = "claims", params(("claim_id" = uuid::Uuid, Path)), request_body(content = ClaimPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The claim as it is now", body = Claim)))]
#[patch("/claims/{claim_id}")]
async fn update_claim(
    caller: Caller<EditContracts>,
    id: RecordId,
    expected: IfMatch,
    body: Body<ClaimPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<Claim>(&db, &caller, id, expected, &body).await
}

/// Retire a claim: it stays on record and is held against nothing any longer.
#[utoipa::path(tag = "claims", params(("claim_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired claim", body = Claim)))]
#[delete("/claims/{claim_id}")]
async fn retire_claim(caller: Caller<EditContracts>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<Claim>(&db, &caller, id, expected).await
}

/// Explain why the register says something else.
#[utoipa::path(tag = "claims", params(("claim_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ClaimExplanation, responses((status = 200, description = "The claim, explained", body = Claim)))]
#[post("/claims/{claim_id}/explanation")]
async fn explain_claim(
    caller: Caller<EditContracts>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ClaimExplanation>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::step(&db, &caller, id.0, &key, (&body.digest, Some(&body.value.explanation)), ClaimState::Explained).await
}

/// Record that whoever published the claim has corrected it, and how.
#[utoipa::path(tag = "claims", params(("claim_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ClaimExplanation, responses((status = 200, description = "The claim, corrected", body = Claim)))]
#[post("/claims/{claim_id}/correction")]
async fn correct_claim(
    caller: Caller<EditContracts>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ClaimExplanation>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::step(&db, &caller, id.0, &key, (&body.digest, Some(&body.value.explanation)), ClaimState::Corrected).await
}

/// Open a claim again that was explained or corrected.
#[utoipa::path(tag = "claims", params(("claim_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), responses((status = 200, description = "The claim, open", body = Claim)))]
#[post("/claims/{claim_id}/reopening")]
async fn reopen_claim(caller: Caller<EditContracts>, id: RecordId, key: IdempotencyKey, db: Data<Db>) -> ApiResult<Answer> {
    actions::step(&db, &caller, id.0, &key, (&[], None), ClaimState::Open).await
}

/// Who changed a claim, and how.
#[utoipa::path(tag = "claims", params(("claim_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/claims/{claim_id}/history")]
async fn list_claim_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Claim>(db, &caller, id, listing).await
}

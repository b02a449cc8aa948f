//! `/api/v1/stipend-entries`, `/api/v1/stipend-payments`, and the lists of a run.

use actix_web::{HttpResponse, get, post, web::Data};

use super::{
    actions,
    entries::{
        SignatureFilter, SignatureLine, StipendEntry, StipendEntryFilter, StipendOverlap, StipendOverlapFilter, UnpricedPost,
        UnpricedPostFilter,
    },
    lists, paying,
    payments::{self, StipendPayment, StipendPaymentFilter, StipendProofs},
    types::{StipendReason, StipendRun},
};
use crate::{
    audit::{self, HistoryEntry, HistoryFilter},
    auth::{Caller, EditStipends, ReadHistory, ReadStipendPayments, ReadStipends},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register::load_any,
};

/// The routes of entries and payments.
pub fn routes(config: &mut Mount) {
    config
        .service(list_stipend_entries)
        .service(list_stipend_signatures)
        .service(list_stipend_overlaps)
        .service(list_unpriced_posts)
        .service(list_stipend_payments)
        .service(find_stipend_entry)
        .service(list_stipend_entry_history)
        .service(waive_stipend_entry)
        .service(find_stipend_payment)
        .service(prove_stipend_payment);
}

/// List the entries of a run.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path), PageQuery, StipendEntryFilter), responses((status = 200, description = "A page of entries", body = Page<StipendEntry>)))]
#[get("/stipend-runs/{stipend_run_id}/entries")]
async fn list_stipend_entries(
    caller: Caller<ReadStipends>,
    RecordId(run): RecordId,
    listing: Listing<StipendEntryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    load_any::<StipendRun>(&mut *db.conn().await?, &caller.scope, run).await?;
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| lists::entries(&mut *db.conn().await?, &scope, run, filter, page).await).await
}

/// List the lines of the sheet that people sign, facility by facility: who is due, or whom a payment has paid.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path), PageQuery, SignatureFilter), responses((status = 200, description = "A page of lines", body = Page<SignatureLine>)))]
#[get("/stipend-runs/{stipend_run_id}/signature-sheet")]
async fn list_stipend_signatures(
    caller: Caller<ReadStipends>,
    RecordId(run): RecordId,
    listing: Listing<SignatureFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    load_any::<StipendRun>(&mut *db.conn().await?, &caller.scope, run).await?;
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| lists::signatures(&mut *db.conn().await?, &scope, run, filter, page).await).await
}

/// List the months of people that other runs pay too.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path), PageQuery, StipendOverlapFilter), responses((status = 200, description = "A page of overlaps", body = Page<StipendOverlap>)))]
#[get("/stipend-runs/{stipend_run_id}/overlaps")]
async fn list_stipend_overlaps(
    caller: Caller<ReadStipends>,
    RecordId(run): RecordId,
    listing: Listing<StipendOverlapFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    load_any::<StipendRun>(&mut *db.conn().await?, &caller.scope, run).await?;
    let scope = caller.scope.clone();
    listing.answer(async move |page, _| lists::overlaps(&mut *db.conn().await?, &scope, run, page).await).await
}

/// List the posts that the contract pays in the month and that gave no entry.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path), PageQuery, UnpricedPostFilter), responses((status = 200, description = "A page of posts", body = Page<UnpricedPost>)))]
#[get("/stipend-runs/{stipend_run_id}/unpriced-posts")]
async fn list_unpriced_posts(
    caller: Caller<ReadStipends>,
    RecordId(run): RecordId,
    listing: Listing<UnpricedPostFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    load_any::<StipendRun>(&mut *db.conn().await?, &caller.scope, run).await?;
    let scope = caller.scope.clone();
    listing.answer(async move |page, _| lists::unpriced(&mut *db.conn().await?, &scope, run, page).await).await
}

/// List the payments of a run.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path), PageQuery, StipendPaymentFilter), responses((status = 200, description = "A page of payments", body = Page<StipendPayment>)))]
#[get("/stipend-runs/{stipend_run_id}/payments")]
async fn list_stipend_payments(
    caller: Caller<ReadStipendPayments>,
    RecordId(run): RecordId,
    listing: Listing<StipendPaymentFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    load_any::<StipendRun>(&mut *db.conn().await?, &caller.scope, run).await?;
    let actor = (*caller).clone();
    listing.answer(async move |page, filter| payments::list(&mut *db.conn().await?, &actor, run, filter, page).await).await
}

/// Read an entry.
#[utoipa::path(tag = "stipend-entries", params(("stipend_entry_id" = uuid::Uuid, Path)), responses((status = 200, description = "The entry", body = StipendEntry)))]
#[get("/stipend-entries/{stipend_entry_id}")]
async fn find_stipend_entry(
    caller: Caller<ReadStipends>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let entry = lists::entry(&mut *db.conn().await?, &caller.scope, id.0).await?;
    Ok(held.answer(entry.row.revision, &entry))
}

/// Who changed an entry, and how.
#[utoipa::path(tag = "stipend-entries", params(("stipend_entry_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/stipend-entries/{stipend_entry_id}/history")]
async fn list_stipend_entry_history(
    caller: Caller<ReadHistory>,
    RecordId(id): RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    lists::entry(&mut *db.conn().await?, &caller.scope, id).await?;
    let within = caller.scope.areas();
    listing
        .answer::<HistoryEntry>(async move |page, _| audit::history(&mut *db.conn().await?, within.as_deref(), id, page).await)
        .await
}

/// Say why a person's month may be paid by another contract too.
#[utoipa::path(tag = "stipend-entries", params(("stipend_entry_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = StipendReason, responses((status = 200, description = "The entry with its waiver", body = StipendEntry)))]
#[post("/stipend-entries/{stipend_entry_id}/waiver")]
async fn waive_stipend_entry(
    caller: Caller<EditStipends>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<StipendReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::waive(&db, &caller, id.0, &key, &body).await
}

/// Read a payment.
#[utoipa::path(tag = "stipend-payments", params(("stipend_payment_id" = uuid::Uuid, Path)), responses((status = 200, description = "The payment", body = StipendPayment)))]
#[get("/stipend-payments/{stipend_payment_id}")]
async fn find_stipend_payment(
    caller: Caller<ReadStipendPayments>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let payment = payments::find(&mut *db.conn().await?, &caller, id.0).await?;
    Ok(held.answer(payment.row.revision, &payment))
}

/// Add what proves a payment: the signed sheet, the agent's acknowledgement, a receipt.
#[utoipa::path(tag = "stipend-payments", params(("stipend_payment_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = StipendProofs, responses((status = 200, description = "The payment with its proofs", body = StipendPayment)))]
#[post("/stipend-payments/{stipend_payment_id}/proofs")]
async fn prove_stipend_payment(
    caller: Caller<EditStipends>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<StipendProofs>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    paying::prove(&db, &caller, id.0, &key, &body).await
}

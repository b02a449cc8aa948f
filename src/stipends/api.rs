//! `/api/v1/stipend-runs`.

use actix_web::{HttpResponse, delete, get, post, web::Data};

use super::{
    actions, entries_api, paying, store,
    types::{
        NewStipendRun, StipendApproval, StipendClosing, StipendHold, StipendPaying, StipendReason, StipendRelease, StipendReturn,
        StipendRun, StipendRunFilter, StipendRunSheet,
    },
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditStipends, HoldStipends, ReadHistory, ReadStipends},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_stipend_runs)
        .service(create_stipend_run)
        .service(find_stipend_run)
        .service(retire_stipend_run)
        .service(list_stipend_run_history)
        .service(recompute_stipend_run)
        .service(approve_stipend_run)
        .service(pay_stipend_run)
        .service(hold_stipend_entries)
        .service(release_stipend_entries)
        .service(return_stipend_entries)
        .service(close_stipend_run)
        .service(cancel_stipend_run)
        .configure(entries_api::routes);
}

/// List runs of stipends.
#[utoipa::path(tag = "stipend-runs", params(PageQuery, StipendRunFilter), responses((status = 200, description = "A page of runs", body = Page<StipendRun>)))]
#[get("/stipend-runs")]
async fn list_stipend_runs(
    caller: Caller<ReadStipends>,
    listing: Listing<StipendRunFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, &scope, filter, page).await).await
}

/// Draft a run: who is paid what is computed from the posts that the contract pays in the month, and from the scales.
#[utoipa::path(tag = "stipend-runs", request_body = NewStipendRun, responses((status = 201, description = "The new run, a draft", body = StipendRun)))]
#[post("/stipend-runs")]
async fn create_stipend_run(
    caller: Caller<EditStipends>,
    key: IdempotencyKey,
    body: Body<NewStipendRun>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::draft(&db, &caller, &key, &body).await
}

/// Read a run and what its entries come to: for coordinators, those of their areas.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path)), responses((status = 200, description = "The run", body = StipendRunSheet)))]
#[get("/stipend-runs/{stipend_run_id}")]
async fn find_stipend_run(
    caller: Caller<ReadStipends>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let sheet = store::sheet(&mut *db.conn().await?, &caller.scope, id.0).await?;
    Ok(held.answer(sheet.run.revision, &sheet))
}

/// Retire a run that was cancelled: it stays on record and is no longer listed.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired run", body = StipendRun)))]
#[delete("/stipend-runs/{stipend_run_id}")]
async fn retire_stipend_run(caller: Caller<EditStipends>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    db.write(async |conn| actions::retire(conn, &caller, id.0, expected).await).await
}

/// Who changed a run, and how; its payments too.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/stipend-runs/{stipend_run_id}/history")]
async fn list_stipend_run_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<StipendRun>(db, &caller, id, listing).await
}

/// Compute a draft anew, from posts and scales as they are now.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), responses((status = 200, description = "The run, computed anew", body = StipendRunSheet)))]
#[post("/stipend-runs/{stipend_run_id}/recompute")]
async fn recompute_stipend_run(
    caller: Caller<EditStipends>,
    id: RecordId,
    key: IdempotencyKey,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::recompute(&db, &caller, id.0, &key).await
}

/// Approve a draft: rates are frozen, entries are due, the money is set aside. Never by whoever drafted it.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = StipendApproval, responses((status = 200, description = "The run, approved", body = StipendRunSheet)))]
#[post("/stipend-runs/{stipend_run_id}/approval")]
async fn approve_stipend_run(
    caller: Caller<EditStipends>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<StipendApproval>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::approve(&db, &caller, id.0, &key, &body).await
}

/// Pay what is due, all of it or some: one payment and one expenditure a currency.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = StipendPaying, responses((status = 200, description = "The run with what it has paid", body = StipendRunSheet)))]
#[post("/stipend-runs/{stipend_run_id}/payments")]
async fn pay_stipend_run(
    caller: Caller<EditStipends>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<StipendPaying>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    paying::pay(&db, &caller, id.0, &key, &body).await
}

/// Hold entries back, with a reason; coordinators those of their areas.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = StipendHold, responses((status = 200, description = "The run with what it holds", body = StipendRunSheet)))]
#[post("/stipend-runs/{stipend_run_id}/holds")]
async fn hold_stipend_entries(
    caller: Caller<HoldStipends>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<StipendHold>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    paying::hold(&db, &caller, id.0, &key, &body).await
}

/// Let held entries go: they are due again.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = StipendRelease, responses((status = 200, description = "The run with what it holds", body = StipendRunSheet)))]
#[post("/stipend-runs/{stipend_run_id}/releases")]
async fn release_stipend_entries(
    caller: Caller<HoldStipends>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<StipendRelease>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    paying::release(&db, &caller, id.0, &key, &body).await
}

/// Record paid money that came back: it is no expenditure any longer.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = StipendReturn, responses((status = 200, description = "The run with what it has paid", body = StipendRunSheet)))]
#[post("/stipend-runs/{stipend_run_id}/returns")]
async fn return_stipend_entries(
    caller: Caller<EditStipends>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<StipendReturn>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    paying::give_back(&db, &caller, id.0, &key, &body).await
}

/// Close a run: what is open is carried over into the next, or lapses; the rest of the money is free again.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = StipendClosing, responses((status = 200, description = "The run, closed", body = StipendRunSheet)))]
#[post("/stipend-runs/{stipend_run_id}/closing")]
async fn close_stipend_run(
    caller: Caller<EditStipends>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<StipendClosing>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::close(&db, &caller, id.0, &key, &body).await
}

/// Cancel a run of which nothing was paid.
#[utoipa::path(tag = "stipend-runs", params(("stipend_run_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = StipendReason, responses((status = 200, description = "The run, cancelled", body = StipendRunSheet)))]
#[post("/stipend-runs/{stipend_run_id}/cancellation")]
async fn cancel_stipend_run(
    caller: Caller<EditStipends>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<StipendReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::cancel(&db, &caller, id.0, &key, &body).await
}

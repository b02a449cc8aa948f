//! `/api/v1/controlled-issues` and the running register of a controlled item at a place.

use actix_web::{HttpResponse, get, post, web::Data};

use super::{
    actions, store,
    types::{ControlledIssue, ControlledIssueFilter, ControlledReason, NewControlledIssue, RegisterEntry, RegisterFilter},
};
use crate::{
    audit::{self, HistoryEntry, HistoryFilter},
    auth::{Caller, EditStock, ReadHistory, ReadStockDocuments},
    db::Db,
    error::{ApiError, ApiResult, Code},
    http::{Answer, Body, IdempotencyKey, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
    stock_locations::StockLocation,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_controlled_issues)
        .service(create_controlled_issue)
        .service(find_controlled_issue)
        .service(list_controlled_issue_history)
        .service(confirm_controlled_issue)
        .service(reject_controlled_issue)
        .service(withdraw_controlled_issue)
        .service(reverse_controlled_issue)
        .service(list_controlled_register);
}

/// List issues of controlled medicines.
#[utoipa::path(tag = "stock", params(PageQuery, ControlledIssueFilter), responses((status = 200, description = "A page of controlled issues", body = Page<ControlledIssue>)))]
#[get("/controlled-issues")]
async fn list_controlled_issues(
    caller: Caller<ReadStockDocuments>,
    listing: Listing<ControlledIssueFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, &scope, filter, page).await).await
}

/// Propose an issue or a loss of controlled medicines; nothing moves until a second person confirms it.
#[utoipa::path(tag = "stock", request_body = NewControlledIssue, responses((status = 201, description = "The new controlled issue, proposed", body = ControlledIssue)))]
#[post("/controlled-issues")]
async fn create_controlled_issue(
    caller: Caller<EditStock>,
    key: IdempotencyKey,
    body: Body<NewControlledIssue>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::propose(&db, &caller, &key, &body).await
}

/// Read a controlled issue.
#[utoipa::path(tag = "stock", params(("controlled_issue_id" = uuid::Uuid, Path)), responses((status = 200, description = "The controlled issue", body = ControlledIssue)))]
#[get("/controlled-issues/{controlled_issue_id}")]
async fn find_controlled_issue(
    caller: Caller<ReadStockDocuments>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let issue = store::find(&mut *db.conn().await?, &caller.scope, id.0).await?;
    Ok(held.answer(issue.row.revision, &issue))
}

/// Who changed a controlled issue, and how.
#[utoipa::path(tag = "stock", params(("controlled_issue_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/controlled-issues/{controlled_issue_id}/history")]
async fn list_controlled_issue_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    store::find(&mut *db.conn().await?, &caller.scope, id.0).await?;
    let within = caller.scope.areas();
    listing
        .answer::<HistoryEntry>(async move |page, _| audit::history(&mut *db.conn().await?, within.as_deref(), id.0, page).await)
        .await
}

/// Confirm a controlled issue as the second person: it is posted.
#[utoipa::path(tag = "stock", params(("controlled_issue_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), responses((status = 200, description = "The controlled issue, confirmed", body = ControlledIssue)))]
#[post("/controlled-issues/{controlled_issue_id}/confirmation")]
async fn confirm_controlled_issue(
    caller: Caller<EditStock>,
    id: RecordId,
    key: IdempotencyKey,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::confirm(&db, &caller, id.0, &key).await
}

/// Reject a controlled issue as the second person.
#[utoipa::path(tag = "stock", params(("controlled_issue_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ControlledReason, responses((status = 200, description = "The controlled issue, rejected", body = ControlledIssue)))]
#[post("/controlled-issues/{controlled_issue_id}/rejection")]
async fn reject_controlled_issue(
    caller: Caller<EditStock>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ControlledReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::reject(&db, &caller, id.0, &key, &body).await
}

/// Withdraw a controlled issue that one has proposed oneself.
#[utoipa::path(tag = "stock", params(("controlled_issue_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ControlledReason, responses((status = 200, description = "The controlled issue, withdrawn", body = ControlledIssue)))]
#[post("/controlled-issues/{controlled_issue_id}/cancellation")]
async fn withdraw_controlled_issue(
    caller: Caller<EditStock>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ControlledReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::withdraw(&db, &caller, id.0, &key, &body).await
}

/// Take a confirmed issue back: its document is turned round.
#[utoipa::path(tag = "stock", params(("controlled_issue_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = ControlledReason, responses((status = 200, description = "The controlled issue, reversed", body = ControlledIssue)))]
#[post("/controlled-issues/{controlled_issue_id}/reversal")]
async fn reverse_controlled_issue(
    caller: Caller<EditStock>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<ControlledReason>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::reverse(&db, &caller, id.0, &key, &body).await
}

/// The running register of a controlled item at a place: every movement, oldest first, with the balance after it and who signed.
#[utoipa::path(tag = "stock", params(("stock_location_id" = uuid::Uuid, Path), PageQuery, RegisterFilter), responses((status = 200, description = "A page of the register, oldest first", body = Page<RegisterEntry>)))]
#[get("/stock-locations/{stock_location_id}/controlled-register")]
async fn list_controlled_register(
    caller: Caller<ReadStockDocuments>,
    id: RecordId,
    listing: Listing<RegisterFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let mut conn = db.conn().await?;
    register::load_any::<StockLocation>(&mut conn, &caller.scope, id.0).await?;
    if !store::is_controlled(&mut conn, listing.filter.item_id).await? {
        return Err(ApiError::fault("/item_id", Code::NotControlled));
    }
    drop(conn);
    listing.answer(async move |page, filter| store::running(&mut *db.conn().await?, id.0, filter, page).await).await
}

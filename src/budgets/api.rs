//! `/api/v1/budget-lines`, and the routes of what moves on them.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    expenditure_api, lines, moves_api,
    types::{BudgetLine, BudgetLineFilter, BudgetLinePatch, NewBudgetLine},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditBudgets, ReadBudgets, ReadHistory},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_budget_lines)
        .service(create_budget_line)
        .service(find_budget_line)
        .service(update_budget_line)
        .service(retire_budget_line)
        .service(list_budget_line_history)
        .configure(moves_api::routes)
        .configure(expenditure_api::routes);
}

/// List budget lines.
#[utoipa::path(tag = "budgets", params(PageQuery, BudgetLineFilter), responses((status = 200, description = "A page of budget lines", body = Page<BudgetLine>)))]
#[get("/budget-lines")]
async fn list_budget_lines(
    caller: Caller<ReadBudgets>,
    listing: Listing<BudgetLineFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing
        .answer(async move |page, filter| {
            db.read_at(filter.known_at, async |conn| lines::list(conn, &scope, filter, page).await).await
        })
        .await
}

/// Add a line to a contract's budget.
#[utoipa::path(tag = "budgets", request_body = NewBudgetLine, responses((status = 201, description = "The new budget line", body = BudgetLine)))]
#[post("/budget-lines")]
async fn create_budget_line(
    caller: Caller<EditBudgets>,
    key: IdempotencyKey,
    body: Body<NewBudgetLine>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<BudgetLine>(&db, &caller, &key, &body).await
}

/// Read a budget line.
#[utoipa::path(tag = "budgets", params(("budget_line_id" = uuid::Uuid, Path)), responses((status = 200, description = "The budget line", body = BudgetLine)))]
#[get("/budget-lines/{budget_line_id}")]
async fn find_budget_line(caller: Caller<ReadBudgets>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<BudgetLine>(&db, &caller, id, &held).await
}

/// Edit a budget line; its months and its facilities are replaced whole.
#[utoipa::path(tag = "budgets", params(("budget_line_id" = uuid::Uuid, Path)), request_body(content = BudgetLinePatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The budget line as it is now", body = BudgetLine)))]
#[patch("/budget-lines/{budget_line_id}")]
async fn update_budget_line(
    caller: Caller<EditBudgets>,
    id: RecordId,
    expected: IfMatch,
    body: Body<BudgetLinePatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<BudgetLine>(&db, &caller, id, expected, &body).await
}

/// Retire a budget line of which nothing was spent or is promised.
#[utoipa::path(tag = "budgets", params(("budget_line_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired budget line", body = BudgetLine)))]
#[delete("/budget-lines/{budget_line_id}")]
async fn retire_budget_line(caller: Caller<EditBudgets>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<BudgetLine>(&db, &caller, id, expected).await
}

/// Who changed a budget line, and how.
#[utoipa::path(tag = "budgets", params(("budget_line_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/budget-lines/{budget_line_id}/history")]
async fn list_budget_line_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<BudgetLine>(db, &caller, id, listing).await
}

//! `/api/v1/reports/budgets`, `…/spending`, `…/funding-gaps`, `…/double-funding`.

use actix_web::{HttpResponse, get, web::Data};
use chrono::Utc;

use super::{
    budget, gaps,
    rows::{self, SpendingRow, SpendingRowFilter},
    spending::{Spending, SpendingQuery, spending},
    types::{BudgetQuery, BudgetReport, DoubleRow, FundingGaps, GapRow, GapRowFilter, Horizon},
};
use crate::{
    auth::{Caller, ReadBudgets, ReadFundingGaps},
    db::Db,
    error::ApiResult,
    http::{Answer, Listing, Mount, Page, PageQuery, Params, TableQuery, Tabled},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(read_budget)
        .service(read_spending)
        .service(list_spending_rows)
        .service(read_funding_gaps)
        .service(list_funding_gap_rows)
        .service(list_double_funding);
}

/// How the budget of a contract stands on a day: planned, promised, spent, and where it is going.
#[utoipa::path(tag = "reports", params(BudgetQuery), responses((status = 200, description = "The contract's lines, and all of them together", body = BudgetReport)))]
#[get("/reports/budgets")]
async fn read_budget(_caller: Caller<ReadBudgets>, Params(query): Params<BudgetQuery>, db: Data<Db>) -> ApiResult<Answer> {
    let day = query.as_of.unwrap_or_else(|| Utc::now().date_naive());
    let told = db.read_at(query.known_at, async |conn| budget::report(conn, query.contract_id, day).await).await?;
    Answer::plain(&told)
}

/// What was planned, received and spent, by partner, contract, category or month, or by two of them.
#[utoipa::path(tag = "reports", params(SpendingQuery, TableQuery), responses((status = 200, description = "The whole of each currency, and its parts", body = Spending)))]
#[get("/reports/spending")]
async fn read_spending(_caller: Caller<ReadBudgets>, asked: Tabled<SpendingQuery>, db: Data<Db>) -> ApiResult<HttpResponse> {
    let told = db.read_at(asked.query.known_at, async |conn| spending(conn, &asked.query).await).await?;
    asked.answer(&told, || told.table()).await
}

/// The rows behind what was planned, received and spent; the rows of a cell add up to its number.
#[utoipa::path(tag = "reports", params(PageQuery, SpendingRowFilter), responses((status = 200, description = "A page of months of plans, instalments and expenditures", body = Page<SpendingRow>)))]
#[get("/reports/spending/rows")]
async fn list_spending_rows(
    _caller: Caller<ReadBudgets>,
    listing: Listing<SpendingRowFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing.filter.check()?;
    let known_at = listing.filter.known_at;
    db.read_at(known_at, async |conn| rows::ensure_known(conn, &listing.filter).await).await?;
    listing.answer(async move |page, filter| db.read_at(known_at, async |conn| rows::rows(conn, filter, page).await).await).await
}

/// Who and what loses its line within a horizon, by day and by the contract that ended.
#[utoipa::path(tag = "reports", params(Horizon), responses((status = 200, description = "The days on which something loses its line", body = FundingGaps)))]
#[get("/reports/funding-gaps")]
async fn read_funding_gaps(caller: Caller<ReadFundingGaps>, Params(horizon): Params<Horizon>, db: Data<Db>) -> ApiResult<Answer> {
    horizon.check()?;
    Answer::plain(&gaps::gaps(&mut *db.conn().await?, &caller.scope, &horizon).await?)
}

/// The posts that lose their line on a day.
#[utoipa::path(tag = "reports", params(PageQuery, GapRowFilter), responses((status = 200, description = "A page of posts, by pseudonym", body = Page<GapRow>)))]
#[get("/reports/funding-gaps/rows")]
async fn list_funding_gap_rows(
    caller: Caller<ReadFundingGaps>,
    listing: Listing<GapRowFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| gaps::rows(&mut *db.conn().await?, &scope, filter.on, page).await).await
}

/// Who is paid by two contracts on the same days.
#[utoipa::path(tag = "reports", params(PageQuery, Horizon), responses((status = 200, description = "A page of pairs of posts, with the days on which both are paid", body = Page<DoubleRow>)))]
#[get("/reports/double-funding")]
async fn list_double_funding(
    caller: Caller<ReadFundingGaps>,
    listing: Listing<Horizon>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing.filter.check()?;
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| gaps::double(&mut *db.conn().await?, &scope, filter, page).await).await
}

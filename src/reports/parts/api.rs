//! `/api/v1/reports/figures/series`, `…/breakdown` and `…/comparison`.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};

use super::{
    super::answers::{Answers, Asked},
    breakdown::{BreakdownQuery, Dimension, FigureBreakdown, break_down},
    comparison::{ComparisonQuery, FigureComparison, compare},
    series::{FigureSeries, SeriesQuery, series},
};
use crate::{
    auth::{Caller, ReadFigureRows, ReadFigures},
    db::Db,
    error::ApiResult,
    http::{IfNoneMatch, Mount, TableQuery, Tabled, locale},
};

/// The routes of what figures are told by.
pub fn routes(config: &mut Mount) {
    config.service(read_figure_series).service(read_figure_breakdown).service(read_figure_comparison);
}

/// Each figure at the end of each month, quarter or year.
#[utoipa::path(tag = "reports", params(SeriesQuery, TableQuery), responses((status = 200, description = "The figures of each day, all as known at one moment", body = FigureSeries), (status = 304, description = "The reader holds this series already (`If-None-Match`)")))]
#[get("/reports/figures/series")]
async fn read_figure_series(
    caller: Caller<ReadFigures>,
    asked: Tabled<SeriesQuery>,
    held: IfNoneMatch,
    request: HttpRequest,
    (db, answers): (Data<Db>, Data<Answers>),
) -> ApiResult<HttpResponse> {
    let query = &asked.query;
    let (scope, days) = (query.of_one_day().within(&caller)?, query.days()?);
    let locale = locale(request.headers());
    if asked.is_kept(query.known_at) {
        let by = [Some(query.step().as_str()), None];
        let told =
            Asked { form: "series", scope: scope.clone(), days: vec![query.from, query.to], by, role: caller.role, locale };
        return answers.tell(&db, told, &held, async |conn| series(conn, &scope, query, days, locale).await).await;
    }
    let told = db.read_at(query.known_at, async |conn| series(conn, &scope, query, days, locale).await).await?;
    asked.answer(&told, || Ok(told.table())).await
}

/// The figures of a day by area, kind, cadre or contract, or by two of them; and how the parts add up to the whole.
#[utoipa::path(tag = "reports", params(BreakdownQuery, TableQuery), responses((status = 200, description = "The whole, its parts, and what stands in several of them", body = FigureBreakdown), (status = 304, description = "The reader holds these parts already (`If-None-Match`)")))]
#[get("/reports/figures/breakdown")]
async fn read_figure_breakdown(
    caller: Caller<ReadFigures>,
    asked: Tabled<BreakdownQuery>,
    held: IfNoneMatch,
    request: HttpRequest,
    (db, answers): (Data<Db>, Data<Answers>),
) -> ApiResult<HttpResponse> {
    let (query, whole) = (&asked.query, asked.query.of_the_whole());
    let (scope, day) = (whole.within(&caller)?, whole.day());
    query.ensure_for(&scope)?;
    let locale = locale(request.headers());
    if asked.is_kept(query.known_at) {
        let by = [Some(query.by.first.as_str()), query.by.second.map(Dimension::as_str)];
        let told = Asked { form: "breakdown", scope: scope.clone(), days: vec![day], by, role: caller.role, locale };
        return answers.tell(&db, told, &held, async |conn| break_down(conn, &scope, (query.by, day), locale).await).await;
    }
    let told = db.read_at(query.known_at, async |conn| break_down(conn, &scope, (query.by, day), locale).await).await?;
    asked.answer(&told, || told.table()).await
}

/// The figures of two days: both values, the difference, and the rows that came and went.
#[utoipa::path(tag = "reports", params(ComparisonQuery, TableQuery), responses((status = 200, description = "Each figure of both days, both as known at one moment", body = FigureComparison), (status = 304, description = "The reader holds this comparison already (`If-None-Match`)")))]
#[get("/reports/figures/comparison")]
async fn read_figure_comparison(
    caller: Caller<ReadFigureRows>,
    asked: Tabled<ComparisonQuery>,
    held: IfNoneMatch,
    request: HttpRequest,
    (db, answers): (Data<Db>, Data<Answers>),
) -> ApiResult<HttpResponse> {
    let query = &asked.query;
    query.check()?;
    let scope = query.of_one_day().within(&caller)?;
    let locale = locale(request.headers());
    if asked.is_kept(query.known_at) {
        let (days, role) = (vec![query.from, query.to], caller.role);
        let told = Asked { form: "comparison", scope: scope.clone(), days, by: [None, None], role, locale };
        return answers.tell(&db, told, &held, async |conn| compare(conn, (&scope, role), query, locale).await).await;
    }
    let told = db.read_at(query.known_at, async |conn| compare(conn, (&scope, caller.role), query, locale).await).await?;
    asked.answer(&told, || Ok(told.table())).await
}

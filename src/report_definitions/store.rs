//! The SQL of report definitions.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;

use super::types::{ReportDefinition, ReportDefinitionFields, ReportDefinitionFilter, ReportSchedule};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::ApiResult,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::report_definitions,
};

/// Reports are of everything: whoever may read their definitions reads all of them.
pub fn visible(_scope: &Scope) -> Box<dyn BoxableExpression<report_definitions::table, Pg, SqlType = Bool>> {
    Box::new(report_definitions::id.eq(report_definitions::id))
}

register_store!(report_definitions: ReportDefinition { fields: ReportDefinitionFields }, "report-definitions", scoped by "/code", visible);

/// The definitions in use that are drafted by themselves and have begun by a day.
pub async fn of_schedule(conn: &mut Conn, begun: NaiveDate) -> ApiResult<Vec<ReportDefinition>> {
    let monthly = report_definitions::table
        .filter(report_definitions::schedule.eq(ReportSchedule::Monthly))
        .filter(report_definitions::retired_at.is_null())
        .filter(report_definitions::starts_on.le(begun));
    Ok(monthly.order(report_definitions::code).select(ReportDefinition::as_select()).load(conn).await?)
}

/// One page of report definitions.
pub async fn list(conn: &mut Conn, filter: &ReportDefinitionFilter, page: &PageQuery) -> ApiResult<Vec<ReportDefinition>> {
    let mut query = report_definitions::table.select(ReportDefinition::as_select()).into_boxed();
    query = in_use!(query, filter.retired, report_definitions::retired_at);
    if let Some(kind) = filter.kind {
        query = query.filter(report_definitions::kind.eq(kind));
    }
    if let Some(audience) = filter.audience {
        query = query.filter(report_definitions::audience.eq(audience));
    }
    if let Some(schedule) = filter.schedule {
        query = query.filter(report_definitions::schedule.eq(schedule));
    }
    if let Some(campaign) = filter.campaign_id {
        query = query.filter(report_definitions::campaign_id.eq(campaign));
    }
    if let Some(contract) = filter.contract_id {
        query = query.filter(report_definitions::contract_id.eq(contract));
    }
    if let Some(words) = &page.q {
        query = query.filter(report_definitions::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, report_definitions::id, {
        "code" => report_definitions::code; String,
        "title" => report_definitions::title; String,
        "recorded_at" => report_definitions::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

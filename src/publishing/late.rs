//! Months of definitions that should have been published by now: those that are drafted, and those that could not be.

use chrono::{NaiveDate, Utc};
use deserr::Deserr;
use diesel::sql_types::{Array, BigInt, Bool, Date, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::Role,
    db::Conn,
    error::{ApiResult, Faults},
    http::{ListFilter, PageQuery},
    report_definitions::ReportKind,
};

/// A month of a definition without a published report, whose due day is over.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName, ToSchema)]
pub struct LateReport {
    /// The definition that asks for it.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub code: String,
    /// Its title in English.
    #[diesel(sql_type = Text)]
    pub title: String,
    /// Its title in Arabic.
    #[diesel(sql_type = Nullable<Text>)]
    pub title_ar: Option<String>,
    /// What the report tells.
    #[diesel(sql_type = Text)]
    pub kind: ReportKind,
    /// The first day of the month.
    #[diesel(sql_type = Date)]
    pub period_on: NaiveDate,
    /// The day by which it should have been published.
    #[diesel(sql_type = Date)]
    pub due_on: NaiveDate,
    /// The draft that waits for a second person; absent where it could not be drafted.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub published_report_id: Option<Uuid>,
}

/// Which late months to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LateReportFilter {
    /// Those of this definition.
    #[deserr(default)]
    pub definition_id: Option<Uuid>,
}

impl ListFilter for LateReportFilter {
    const SORTS: &'static [&'static str] = &["due_on"];
}

/// $1 today, $2 the kinds that the reader reads, $3 definition, $4 words, $5 and $6 where the page before ended, $7 backwards, $8 how many.
const LATE: &str = "
SELECT * FROM (
  SELECT d.id, d.code, d.title, d.title_ar, d.kind, m.month::date AS period_on, (m.month + interval '1 month')::date + d.due_day - 1 AS due_on, r.id AS published_report_id
  FROM report_definitions d
  CROSS JOIN LATERAL generate_series(date_trunc('month', d.starts_on::timestamp), least(d.ends_on, $1)::timestamp, interval '1 month') AS m (month)
  LEFT JOIN published_reports r ON r.definition_id = d.id AND r.period_on = m.month::date
  WHERE d.schedule = 'monthly' AND d.retired_at IS NULL AND d.kind = ANY ($2) AND ($3::uuid IS NULL OR d.id = $3) AND ($4::text IS NULL OR d.search LIKE siraj_pattern($4))
    AND (r.id IS NULL OR r.status = 'draft')
    -- One that somebody drafted by hand tells it as well.
    AND NOT EXISTS (SELECT FROM published_reports p WHERE p.definition_id = d.id AND p.status = 'published' AND p.as_of = (m.month + interval '1 month')::date - 1)
) AS months
WHERE due_on < $1 AND ($5::date IS NULL OR CASE WHEN $7 THEN (due_on, id) < ($5, $6) ELSE (due_on, id) > ($5, $6) END)
ORDER BY CASE WHEN $7 THEN due_on END DESC, CASE WHEN $7 THEN id END DESC, due_on, id LIMIT $8";

/// One page of late months.
pub async fn list(conn: &mut Conn, role: Role, filter: &LateReportFilter, page: &PageQuery) -> ApiResult<Vec<LateReport>> {
    let kinds: Vec<&str> = ReportKind::ALL.iter().filter(|kind| kind.is_for(role)).map(|kind| kind.as_str()).collect();
    let (due_on, id) = page.after::<NaiveDate>()?.unzip();
    let months = diesel::sql_query(LATE)
        .bind::<Date, _>(Utc::now().date_naive())
        .bind::<Array<Text>, _>(kinds)
        .bind::<Nullable<SqlUuid>, _>(filter.definition_id)
        .bind::<Nullable<Text>, _>(&page.q)
        .bind::<Nullable<Date>, _>(due_on)
        .bind::<Nullable<SqlUuid>, _>(id)
        .bind::<Bool, _>(page.sort.descending)
        .bind::<BigInt, _>(page.rows());
    Ok(months.load(conn).await?)
}

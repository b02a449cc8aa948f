//! The SQL of published reports.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::{now, sql},
    prelude::*,
    sql_types::{BigInt, Date, Nullable, Text, Timestamptz},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    document::Counted,
    types::{PublishedReport, PublishedReportFilter, PublishedReportState, PublishedReportStatus as Status, ReportName},
};
use crate::{
    auth::Role,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code},
    http::{PageQuery, keyset},
    keys::digest_of,
    report_definitions::{ReportAudience, ReportKind},
    schema::published_reports,
    seals::Head,
    types::Reason,
};

/// The month that a report is of, and when it is due.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// The first day of the month.
    pub month: NaiveDate,
    /// The day by which it should be published.
    pub due_on: Option<NaiveDate>,
}

/// What publishing adds to a draft.
pub struct Signed<'a> {
    pub number: i64,
    pub published_at: DateTime<Utc>,
    pub head: &'a Head,
    pub signature: &'a [u8],
    pub key_id: &'a str,
    pub public_key: &'a [u8],
}

/// Inserts a draft; none if its id or its month is taken.
pub async fn insert(
    conn: &mut Conn,
    by: Uuid,
    id: Uuid,
    counted: &Counted,
    period: Option<Period>,
) -> ApiResult<Option<PublishedReport>> {
    let fields = &counted.definition.fields;
    let inserted = diesel::insert_into(published_reports::table)
        .values((
            published_reports::id.eq(id),
            published_reports::definition_id.eq(counted.definition.id),
            content(counted),
            published_reports::kind.eq(fields.kind),
            published_reports::audience.eq(fields.audience),
            published_reports::as_of.eq(counted.as_of),
            published_reports::period_on.eq(period.map(|period| period.month)),
            published_reports::due_on.eq(period.and_then(|period| period.due_on)),
            published_reports::drafted_by.eq(by),
            published_reports::recorded_by.eq(by),
        ))
        .on_conflict_do_nothing()
        .returning(PublishedReport::as_returning())
        .get_result(conn)
        .await;
    Ok(inserted.optional()?)
}

/// The columns that counting fills.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = published_reports, treat_none_as_null = true)]
struct Content<'a> {
    definition_version: i64,
    title: &'a str,
    title_ar: Option<String>,
    campaign_id: Option<Uuid>,
    contract_id: Option<Uuid>,
    area_id: Option<Uuid>,
    known_at: DateTime<Utc>,
    document: &'a [u8],
    document_hash: Vec<u8>,
}

fn content(counted: &Counted) -> Content<'_> {
    let fields = &counted.definition.fields;
    Content {
        definition_version: counted.definition.revision,
        title: &counted.title,
        title_ar: counted.title_ar.clone(),
        campaign_id: fields.campaign_id,
        contract_id: fields.contract_id,
        area_id: fields.area_id,
        known_at: counted.known_at,
        document: &counted.document,
        document_hash: digest_of(&counted.document).to_vec(),
    }
}

/// Holds a report until the transaction ends.
pub async fn lock(conn: &mut Conn, name: ReportName) -> ApiResult<PublishedReport> {
    let id = find(conn, name).await?.id;
    let held = published_reports::table.find(id).for_update();
    Ok(held.select(PublishedReport::as_select()).first(conn).await?)
}

/// A report by its id or number.
pub async fn find(conn: &mut Conn, name: ReportName) -> ApiResult<PublishedReport> {
    let reports = published_reports::table.select(PublishedReport::as_select());
    let found = match name {
        ReportName::Id(id) => reports.filter(published_reports::id.eq(id)).first(conn).await,
        ReportName::Number(number) => reports.filter(published_reports::number.eq(number)).first(conn).await,
    };
    found.optional()?.ok_or_else(|| ApiError::new(Code::NotFound))
}

/// The published report that follows a number, with its document.
pub async fn following(conn: &mut Conn, number: i64) -> ApiResult<Option<(PublishedReport, Vec<u8>)>> {
    let next = published_reports::table.filter(published_reports::number.gt(number)).order(published_reports::number);
    Ok(next.select((PublishedReport::as_select(), published_reports::document)).first(conn).await.optional()?)
}

/// The document of a report, byte for byte.
pub async fn document(conn: &mut Conn, id: Uuid) -> ApiResult<Vec<u8>> {
    Ok(published_reports::table.find(id).select(published_reports::document).first(conn).await?)
}

/// Puts what was counted again in the place of a held draft's document.
pub async fn replace(conn: &mut Conn, by: Uuid, id: Uuid, counted: &Counted) -> ApiResult<PublishedReport> {
    let done = diesel::update(published_reports::table.find(id))
        .set((
            content(counted),
            published_reports::kind.eq(counted.definition.fields.kind),
            published_reports::audience.eq(counted.definition.fields.audience),
            published_reports::drafted_by.eq(by),
            published_reports::drafted_at.eq(now.into_sql::<Timestamptz>()),
            published_reports::recorded_by.eq(by),
        ))
        .returning(PublishedReport::as_returning())
        .get_result(conn)
        .await?;
    Ok(done)
}

#[derive(QueryableByName)]
struct Next {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Timestamptz)]
    moment: DateTime<Utc>,
}

/// The next number, held until the transaction ends, and the moment.
pub async fn next_number(conn: &mut Conn) -> ApiResult<(i64, DateTime<Utc>)> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended('siraj:publish', 0))").execute(conn).await?;
    let next: Next =
        diesel::sql_query("SELECT coalesce(max(number), 0) + 1 AS number, clock_timestamp() AS moment FROM published_reports")
            .get_result(conn)
            .await?;
    Ok((next.number, next.moment))
}

/// Publishes a held draft.
pub async fn publish(conn: &mut Conn, by: Uuid, id: Uuid, signed: &Signed<'_>) -> ApiResult<PublishedReport> {
    let done = diesel::update(published_reports::table.find(id))
        .set((
            published_reports::status.eq(Status::Published),
            published_reports::number.eq(signed.number),
            published_reports::published_by.eq(by),
            published_reports::published_at.eq(signed.published_at),
            published_reports::audit_seal.eq(signed.head.number),
            published_reports::audit_hash.eq(&signed.head.hash),
            published_reports::signature.eq(signed.signature),
            published_reports::key_id.eq(signed.key_id),
            published_reports::public_key.eq(signed.public_key),
            published_reports::recorded_by.eq(by),
        ))
        .returning(PublishedReport::as_returning())
        .get_result(conn)
        .await?;
    Ok(done)
}

/// Cancels a held draft.
pub async fn cancel(conn: &mut Conn, by: Uuid, id: Uuid, reason: &Reason) -> ApiResult<PublishedReport> {
    let done = diesel::update(published_reports::table.find(id))
        .set((
            published_reports::status.eq(Status::Cancelled),
            published_reports::reason.eq(reason),
            published_reports::recorded_by.eq(by),
        ))
        .returning(PublishedReport::as_returning())
        .get_result(conn)
        .await?;
    Ok(done)
}

/// The months of a definition that have been drafted.
pub async fn drafted_months(conn: &mut Conn, definition: Uuid) -> ApiResult<Vec<NaiveDate>> {
    let of = published_reports::table.filter(published_reports::definition_id.eq(definition));
    Ok(of
        .select(published_reports::period_on.assume_not_null())
        .filter(published_reports::period_on.is_not_null())
        .load(conn)
        .await?)
}

/// What stands for no day where reports are ordered by their days.
fn last_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX)
}

/// Orders by what only some reports have: those without it come last.
macro_rules! in_order {
    ($query:ident, $page:ident, $column:ident, $key:ty, $last:expr) => {{
        let after = $page.after::<Option<$key>>()?.map(|(key, id)| (key.unwrap_or($last), id));
        let id = published_reports::id;
        let ordered = if $page.sort.descending {
            if let Some((key, last)) = after {
                $query = $query.filter($column.clone().lt(key).or($column.clone().eq(key).and(id.lt(last))));
            }
            $query.order(($column.desc(), id.desc()))
        } else {
            if let Some((key, last)) = after {
                $query = $query.filter($column.clone().gt(key).or($column.clone().eq(key).and(id.gt(last))));
            }
            $query.order(($column.asc(), id.asc()))
        };
        ordered.limit($page.rows())
    }};
}

/// One page of reports.
pub async fn list(
    conn: &mut Conn,
    role: Role,
    filter: &PublishedReportFilter,
    page: &PageQuery,
) -> ApiResult<Vec<PublishedReport>> {
    let kinds: Vec<ReportKind> = ReportKind::ALL.iter().copied().filter(|kind| kind.is_for(role)).collect();
    let mut query = published_reports::table.select(PublishedReport::as_select()).into_boxed();
    query = query.filter(published_reports::kind.eq_any(kinds));
    query = match filter.state {
        None => query,
        Some(PublishedReportState::Draft) => query.filter(published_reports::status.eq(Status::Draft)),
        Some(PublishedReportState::Published) => query.filter(published_reports::status.eq(Status::Published)),
        Some(PublishedReportState::Cancelled) => query.filter(published_reports::status.eq(Status::Cancelled)),
        Some(PublishedReportState::Late) => query
            .filter(published_reports::status.eq(Status::Draft))
            .filter(published_reports::due_on.lt(Utc::now().date_naive())),
    };
    if let Some(definition) = filter.definition_id {
        query = query.filter(published_reports::definition_id.eq(definition));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(published_reports::kind.eq(kind));
    }
    if let Some(audience) = filter.audience {
        query = query.filter(published_reports::audience.eq(audience));
    }
    if let Some(day) = filter.as_of {
        query = query.filter(published_reports::as_of.eq(day));
    }
    if let Some(words) = &page.q {
        query = query.filter(published_reports::search.like(siraj_pattern(words)));
    }
    if page.sort.field == "number" {
        let numbered = sql::<BigInt>("coalesce(published_reports.number, 9223372036854775807)");
        return Ok(in_order!(query, page, numbered, i64, i64::MAX).load(conn).await?);
    }
    if page.sort.field == "due_on" {
        let due = sql::<Date>("coalesce(published_reports.due_on, '9999-12-31')");
        return Ok(in_order!(query, page, due, NaiveDate, last_day()).load(conn).await?);
    }
    let query = keyset!(query, page, published_reports::id, {
        "drafted_at" => published_reports::drafted_at; DateTime<Utc>,
        "as_of" => published_reports::as_of; NaiveDate,
    });
    Ok(query.load(conn).await?)
}

/// Published reports for the partner of a contract.
macro_rules! for_partner {
    ($contract:expr) => {
        published_reports::table
            .filter(published_reports::status.eq(Status::Published))
            .filter(published_reports::audience.eq(ReportAudience::Partner))
            .filter(published_reports::contract_id.eq($contract))
            .select(PublishedReport::as_select())
    };
}

/// A published report for the partner of this contract.
pub async fn find_for_partner(conn: &mut Conn, contract: Uuid, name: ReportName) -> ApiResult<PublishedReport> {
    let found = match name {
        ReportName::Id(id) => for_partner!(contract).filter(published_reports::id.eq(id)).first(conn).await,
        ReportName::Number(number) => for_partner!(contract).filter(published_reports::number.eq(number)).first(conn).await,
    };
    found.optional()?.ok_or_else(|| ApiError::new(Code::NotFound))
}

/// One page of the reports for the partner of a contract.
pub async fn list_for_partner(conn: &mut Conn, contract: Uuid, page: &PageQuery) -> ApiResult<Vec<PublishedReport>> {
    let mut query = for_partner!(contract).into_boxed();
    if let Some(words) = &page.q {
        query = query.filter(published_reports::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, published_reports::id, { "as_of" => published_reports::as_of; NaiveDate });
    Ok(query.load(conn).await?)
}

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = Nullable<Text>)]
    told: Option<String>,
}

/// What of the numbers and of the audit's head on published reports does not hold, in sentences.
pub async fn faults(conn: &mut Conn) -> ApiResult<Vec<String>> {
    let found: Vec<Told> = diesel::sql_query(
        "SELECT format('after report %s comes report %s: a number is missing', number - step, number) AS told
         FROM (SELECT number, number - lag(number, 1, 0) OVER (ORDER BY number) AS step FROM published_reports WHERE number IS NOT NULL) AS numbers
         WHERE step <> 1
         UNION ALL
         SELECT format('report %s was published over another audit: its seal %s is no longer there', number, audit_seal)
         FROM published_reports r WHERE number IS NOT NULL
           AND NOT EXISTS (SELECT FROM audit_seals s WHERE s.number = r.audit_seal AND s.hash = r.audit_hash)",
    )
    .load(conn)
    .await?;
    Ok(found.into_iter().filter_map(|one| one.told).collect())
}

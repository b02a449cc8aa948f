//! The figures of a contract's month: counted once by the service itself, protected, frozen, and told so ever after.
//!
//! When a month is counted is nobody's choice: a fixed number of days after its end, or with the activation of a grant for those that were over
//! by then. A reader who chose the moment could ask before a fact is recorded and take the next month from it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryableByName, sql_query,
    sql_types::{BigInt, Date, Integer, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::{
    rules::protect,
    types::{Release, SharedFacilityCounts, SharedFigures, SharedGrant, SharedStaffCounts},
};
use crate::{
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Locale},
    reports::{self, FigureScope},
    schema::share_releases,
    share_grants::ShareField,
    types::Cadre,
};

/// A month that is frozen.
#[derive(Debug, Clone)]
pub struct Released {
    /// Its last day.
    pub as_of: NaiveDate,
    /// What is told of it.
    pub release: Release,
    /// When it was counted.
    pub known_at: DateTime<Utc>,
}

/// What a grant tells of a month, or of the last one that is told.
pub async fn read(conn: &mut Conn, grant: &SharedGrant, as_of: Option<NaiveDate>) -> ApiResult<SharedFigures> {
    let Released { as_of, release, known_at } = released(conn, grant.contract_id, as_of).await?;
    let gives = |field| grant.fields.contains(&field);
    Ok(SharedFigures {
        as_of,
        known_at,
        contract_code: grant.contract_code.clone(),
        facilities: gives(ShareField::FacilityCounts).then_some(release.facilities),
        staff: gives(ShareField::StaffCounts).then_some(release.staff),
        shipments_received: gives(ShareField::ShipmentCounts).then_some(release.shipments_received),
    })
}

/// What is told of a contract's month, or of its last one; refused where it has not been frozen.
pub async fn released(conn: &mut Conn, contract: Uuid, as_of: Option<NaiveDate>) -> ApiResult<Released> {
    let mut of = share_releases::table.filter(share_releases::contract_id.eq(contract)).into_boxed();
    if let Some(day) = as_of {
        of = of.filter(share_releases::as_of.eq(day));
    }
    let columns = (share_releases::as_of, share_releases::figures, share_releases::recorded_at);
    let there: Option<(NaiveDate, Value, DateTime<Utc>)> =
        of.order(share_releases::as_of.desc()).select(columns).first(conn).await.optional()?;
    let (as_of, figures, known_at) = there.ok_or_else(|| ApiError::new(Code::MonthNotFrozen))?;
    Ok(Released { as_of, release: serde_json::from_value(figures).map_err(ApiError::internal)?, known_at })
}

/// A month of a contract that is to be counted.
#[derive(Debug, QueryableByName)]
struct Due {
    #[diesel(sql_type = SqlUuid)]
    contract_id: Uuid,
    #[diesel(sql_type = Integer)]
    smallest_cell: i32,
    #[diesel(sql_type = Date)]
    as_of: NaiveDate,
}

/// Months of contracts whose counts an open grant gives: over for so many days, or over when the grant was activated, and not frozen yet.
const DUE: &str = "SELECT DISTINCT g.contract_id, g.smallest_cell, m.as_of
     FROM siraj_open_grants() g JOIN contracts c ON c.id = g.contract_id
     CROSS JOIN LATERAL (
       SELECT (month + interval '1 month')::date - 1 AS as_of
       FROM generate_series(date_trunc('month', c.starts_on::timestamp), current_date::timestamp, interval '1 month') AS month) m
     WHERE g.fields && ARRAY['facility_counts', 'staff_counts', 'shipment_counts'] AND m.as_of < current_date
       AND (m.as_of + $1 <= current_date OR m.as_of < (g.activated_at AT TIME ZONE 'UTC')::date)
       AND NOT EXISTS (SELECT FROM share_releases r WHERE r.contract_id = g.contract_id AND r.as_of = m.as_of)
     ORDER BY g.contract_id, m.as_of LIMIT $2";
/// Months that are counted in one go: the rest come a minute later.
const MOST_MONTHS: i64 = 500;

/// Freezes the months that are due, `days` after their end; gives how many. Several nodes may do it at once: the first count of a month stays.
pub async fn keep_up(db: &Db, days: i32) -> ApiResult<usize> {
    let mut conn = db.conn().await?;
    let due: Vec<Due> = sql_query(DUE).bind::<Integer, _>(days).bind::<BigInt, _>(MOST_MONTHS).load(&mut conn).await?;
    for month in &due {
        let counted = count(&mut conn, month).await?;
        freeze(&mut conn, month, &counted).await?;
    }
    Ok(due.len())
}

/// The same figures as everybody's, of the whole contract; of people only what may be told, and of shipments those that the list tells.
async fn count(conn: &mut Conn, month: &Due) -> ApiResult<Release> {
    let scope = FigureScope { contract: Some(month.contract_id), arrived_only: true, ..FigureScope::default() };
    let figures = reports::figures(conn, &scope, month.as_of, Locale::English).await?.figures;
    let counted = figures.staff.by_cadre;
    let cells: BTreeMap<String, i64> =
        Cadre::ALL.iter().map(|cadre| (cadre.as_str().to_owned(), counted.get(cadre).copied().unwrap_or_default())).collect();
    let told = protect(&cells, i64::from(month.smallest_cell));
    Ok(Release {
        facilities: SharedFacilityCounts {
            total: figures.facilities.total,
            by_kind: figures.facilities.by_kind.iter().map(|(kind, number)| (kind.as_str().to_owned(), *number)).collect(),
        },
        staff: SharedStaffCounts { total: told.total, by_cadre: told.cells, smallest_cell: month.smallest_cell },
        shipments_received: arrived(conn, month).await?,
    })
}

#[derive(QueryableByName)]
struct Arrived {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Shipments that arrived whole. The figures count as received what was lost, seized or turned back after a part had come; held against the
/// list, that would tell of it.
const ARRIVED: &str = "SELECT count(*) AS number FROM shipments
     WHERE contract_id = $1 AND retired_at IS NULL AND status IN ('received', 'closed') AND received_on <= $2";

async fn arrived(conn: &mut Conn, month: &Due) -> ApiResult<i64> {
    let asked = sql_query(ARRIVED).bind::<SqlUuid, _>(month.contract_id).bind::<Date, _>(month.as_of);
    Ok(asked.get_result::<Arrived>(conn).await?.number)
}

async fn freeze(conn: &mut Conn, month: &Due, release: &Release) -> ApiResult<()> {
    diesel::insert_into(share_releases::table)
        .values((
            share_releases::contract_id.eq(month.contract_id),
            share_releases::as_of.eq(month.as_of),
            share_releases::smallest_cell.eq(month.smallest_cell),
            share_releases::figures.eq(serde_json::to_value(release).map_err(ApiError::internal)?),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}

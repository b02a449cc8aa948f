//! The SQL of how tanks stand: one fixed text, whose type names it, so that it is prepared once per connection.

use chrono::{NaiveDate, Utc};
use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Bool, Date, Integer, Nullable, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

use super::{super::dips::EXPLAINED, types::FuelStatusFilter};
use crate::{
    auth::Scope,
    error::ApiResult,
    http::PageQuery,
    stock::{Stretch, stretch},
};

/// The window, in days, when none is asked for.
const DAYS: i32 = 30;

/// How the tanks that a caller may see stand.
pub struct Standing {
    day: NaiveDate,
    days: i32,
    areas: Option<Vec<Uuid>>,
    own_facility: Option<Uuid>,
    facility: Option<Uuid>,
    area: Option<Uuid>,
    tank: Option<Uuid>,
    alarm: Option<bool>,
    words: Option<String>,
    stretch: Stretch<String>,
}

impl Standing {
    /// What is asked, of one page. The numbers have been judged.
    pub fn new(scope: &Scope, filter: &FuelStatusFilter, page: &PageQuery) -> ApiResult<Self> {
        let (areas, own_facility) = match scope {
            Scope::Facility(facility) => (None, Some(*facility)),
            scope => (scope.areas(), None),
        };
        Ok(Self {
            day: filter.as_of.unwrap_or_else(|| Utc::now().date_naive()),
            days: filter.days.and_then(|days| i32::try_from(days.0).ok()).unwrap_or(DAYS),
            areas,
            own_facility,
            facility: filter.facility_id,
            area: filter.area_id,
            tank: filter.tank_id,
            alarm: filter.alarm.map(|flag| flag.0),
            words: page.q.clone(),
            stretch: Stretch::of(page)?,
        })
    }
}

impl QueryId for Standing {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Standing {
    type SqlType = (
        SqlUuid,
        Text,
        Text,
        SqlUuid,
        Nullable<SqlUuid>,
        Nullable<Text>,
        BigInt,
        BigInt,
        Nullable<Date>,
        Nullable<BigInt>,
        Text,
        Text,
        Nullable<Date>,
        Date,
        BigInt,
        BigInt,
        BigInt,
        Nullable<Text>,
        BigInt,
        Text,
        Text,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Date>,
        BigInt,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Text>,
        Integer,
        Bool,
        Nullable<Text>,
        Integer,
    );
}

impl QueryFragment<Pg> for Standing {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH asked AS (SELECT ");
        out.push_bind_param::<Date, _>(&self.day)?;
        out.push_sql(", ");
        out.push_bind_param::<Integer, _>(&self.days)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Array<SqlUuid>>, _>(&self.areas)?;
        for id in [&self.own_facility, &self.facility, &self.area, &self.tank] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<SqlUuid>, _>(id)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Bool>, _>(&self.alarm)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.words)?;
        stretch::<Text, _>(&mut out, &self.stretch)?;
        out.push_sql(MEASURED);
        out.push_sql(EXPLAINED);
        out.push_sql(STANDING);
        Ok(())
    }
}

/// $1 day, $2 days; the caller's $3 areas, $4 facility; $5 facility, $6 area, $7 tank, $8 alarm, $9 words, $10 and $11 where the page
/// before ended, $12 backwards, $13 how many.
///
/// A dip posts what was burned since the dip before, so use is measured from dip to dip, however long ago: days after the newest one would
/// count as days without any, and what an earlier one explains would count twice. The tank's book is that of its fuel's one lot.
const MEASURED: &str = r"
), tanks AS (
  SELECT t.*, p.facility_id, f.code AS facility_code, l.id AS lot_id
  FROM fuel_tanks t JOIN stock_locations p ON p.id = t.location_id
  LEFT JOIN facilities f ON f.id = p.facility_id LEFT JOIN lots l ON l.item_id = t.item_id
  WHERE t.retired_at IS NULL
    AND ($3 IS NULL OR coalesce(f.area_id, p.area_id) IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($3)))
    AND ($4 IS NULL OR p.facility_id = $4) AND ($5 IS NULL OR p.facility_id = $5)
    AND ($6 IS NULL OR coalesce(f.area_id, p.area_id) IN (SELECT area_id FROM area_closure WHERE ancestor_id = $6))
), dipped AS (
  SELECT t.*, dip.dipped_on, dip.litres AS dipped_litres, coalesce(book.closing, 0) AS book, opened.day AS first_on, written.day AS hours_since_on
  FROM tanks t
  LEFT JOIN LATERAL (
    SELECT d.dipped_on, d.litres FROM fuel_dips d WHERE d.tank_id = t.id AND d.reversed_at IS NULL AND d.dipped_on <= $1
    ORDER BY d.dipped_on DESC LIMIT 1) dip ON true
  LEFT JOIN LATERAL (
    SELECT s.closing FROM stock_days s WHERE s.location_id = t.location_id AND s.lot_id = t.lot_id AND s.day <= $1 ORDER BY s.day DESC LIMIT 1) book ON true
  CROSS JOIN LATERAL (
    SELECT min(s.day) AS day FROM stock_days s WHERE s.location_id = t.location_id AND s.lot_id = t.lot_id AND s.day <= $1) opened
  CROSS JOIN LATERAL (SELECT min(h.ran_on) AS day FROM generator_hours h WHERE h.tank_id = t.id AND h.retired_at IS NULL AND h.ran_on <= $1) written
), framed AS (
  SELECT d.*, coalesce(d.dipped_on, $1) AS ends_on,
         CASE WHEN d.dipped_on IS NULL THEN greatest($1 - $2 + 1, d.first_on) ELSE greatest(base.day + 1, d.first_on) END AS starts_on
  FROM dipped d
  CROSS JOIN LATERAL (
    SELECT coalesce(max(b.dipped_on) FILTER (WHERE b.dipped_on <= d.dipped_on - $2), min(b.dipped_on)) AS day
    FROM fuel_dips b WHERE b.tank_id = d.id AND b.reversed_at IS NULL AND b.dipped_on < d.dipped_on) base
), spent AS (
  SELECT t.id AS tank_id,
         sum(CASE WHEN m.from_id = t.location_id THEN m.quantity ELSE -m.quantity END) FILTER (WHERE m.occurred_on >= t.hours_since_on) AS by_hand,
         sum(CASE WHEN m.from_id = t.location_id THEN m.quantity ELSE -m.quantity END) FILTER (WHERE m.occurred_on BETWEEN t.starts_on AND t.ends_on)::bigint AS litres
  FROM framed t
  JOIN stock_movements m ON m.lot_id = t.lot_id AND m.occurred_on <= $1 AND (m.from_id = t.location_id OR m.to_id = t.location_id)
  JOIN stock_locations o ON o.id = CASE WHEN m.from_id = t.location_id THEN m.to_id ELSE m.from_id END AND o.kind = 'consumption'
  GROUP BY 1
), emptied AS (
  SELECT n.tank_id, sum(least(n.until, n.ends_on + 1) - greatest(n.day, n.starts_on))::bigint AS days
  FROM (SELECT t.id AS tank_id, t.starts_on, t.ends_on, s.day, s.closing, lead(s.day, 1, t.ends_on + 1) OVER (PARTITION BY t.id ORDER BY s.day) AS until
        FROM framed t JOIN stock_days s ON s.location_id = t.location_id AND s.lot_id = t.lot_id AND s.day <= t.ends_on) n
  WHERE n.closing = 0 AND n.until > n.starts_on GROUP BY 1
), explained AS (
  SELECT d.tank_id, sum(d.book_litres - d.litres)::bigint AS burned, sum(expected.litres) AS expected
  FROM framed t JOIN fuel_dips d ON d.tank_id = t.id AND d.reversed_at IS NULL AND d.dipped_on BETWEEN t.starts_on AND t.ends_on
";

const STANDING: &str = r"
  GROUP BY 1
), fed AS (
  SELECT g.tank_id, sum(g.litres_per_hour) AS rate FROM generators g
  WHERE g.retired_at IS NULL AND g.since_on <= $1 AND g.tank_id IN (SELECT id FROM tanks) GROUP BY 1
), ran AS (
  SELECT t.id AS tank_id, sum(h.hours * h.litres_per_hour) FILTER (WHERE h.ran_on > coalesce(t.dipped_on, '-infinity')) AS since,
         sum(h.hours) FILTER (WHERE h.ran_on > $1 - $2) / nullif(count(DISTINCT h.ran_on) FILTER (WHERE h.ran_on > $1 - $2), 0) AS per_day
  FROM framed t JOIN generator_hours h ON h.tank_id = t.id AND h.retired_at IS NULL AND h.ran_on <= $1
  GROUP BY 1
), gaps AS (
  SELECT t.id AS tank_id, count(DISTINCT opened.day + n) FILTER (WHERE opened.day + n < $1) AS days, min(opened.day + n) - 1 AS until_on
  FROM framed t JOIN generators g ON g.tank_id = t.id AND g.retired_at IS NULL AND g.since_on <= $1
  CROSS JOIN LATERAL (SELECT greatest(t.dipped_on + 1, g.since_on, t.first_on) AS day) AS opened
  CROSS JOIN LATERAL generate_series(0, $1 - opened.day) AS n
  WHERE NOT EXISTS (SELECT FROM generator_hours h WHERE h.generator_id = g.id AND h.ran_on = opened.day + n AND h.retired_at IS NULL)
  GROUP BY 1
), counted AS (
  SELECT t.*, greatest(t.ends_on - t.starts_on + 1, 0)::bigint AS window_days, coalesce(e.days, 0) AS stock_out_days,
         coalesce(s.litres, 0) AS consumed, coalesce(x.burned, 0) AS burned, coalesce(x.expected, 0) AS expected, f.rate, r.per_day,
         coalesce(g.days, 0) AS missing_days, CASE WHEN f.rate IS NOT NULL THEN coalesce(g.until_on, $1) END AS hours_until_on,
         CASE WHEN t.dipped_on IS NULL THEN greatest(coalesce(r.since, 0) - coalesce(s.by_hand, 0), 0) ELSE coalesce(r.since, 0) END AS since
  FROM framed t LEFT JOIN spent s ON s.tank_id = t.id LEFT JOIN emptied e ON e.tank_id = t.id LEFT JOIN explained x ON x.tank_id = t.id
  LEFT JOIN fed f ON f.tank_id = t.id LEFT JOIN ran r ON r.tank_id = t.id
  LEFT JOIN gaps g ON g.tank_id = t.id
), rated AS (
  SELECT c.*, greatest(c.book - c.since, 0) AS estimated, c.consumed::numeric / nullif(c.window_days - c.stock_out_days, 0) AS daily FROM counted c
), told AS (
  SELECT r.*, r.estimated / r.rate AS autonomy,
         CASE WHEN r.facility_id IS NOT NULL THEN sum(r.estimated) OVER facility / sum(r.rate) OVER facility END AS facility_autonomy,
         CASE WHEN r.book = 0 THEN 'empty'
              WHEN r.rate IS NULL THEN CASE WHEN r.facility_id IS NOT NULL THEN 'no_generator' END
              WHEN r.missing_days > 0 THEN 'no_hours'
              WHEN r.estimated / r.rate < r.alarm_hours THEN 'below_threshold' END AS reason
  FROM rated r WINDOW facility AS (PARTITION BY r.facility_id, r.item_id)
)
SELECT t.id, t.code, t.name, t.location_id, t.facility_id, t.facility_code, t.capacity_litres, t.book::bigint, t.dipped_on, t.dipped_litres,
       round(t.since, 2)::text, round(t.estimated, 2)::text, t.starts_on, t.ends_on, t.window_days, t.stock_out_days, t.consumed,
       round(t.daily, 2)::text, t.burned, round(t.expected, 2)::text, round(t.burned - t.expected, 2)::text, round(t.rate, 2)::text,
       round(t.per_day, 1)::text, t.hours_until_on, t.missing_days, trunc(t.autonomy, 1)::text,
       CASE WHEN t.daily > 0 AND t.dipped_on IS NOT NULL THEN trunc(t.estimated / t.daily, 1)::text END,
       trunc(t.facility_autonomy, 1)::text, t.alarm_hours, t.reason IS NOT NULL, t.reason, 2
FROM told t
WHERE ($7 IS NULL OR t.id = $7) AND ($8 IS NULL OR (t.reason IS NOT NULL) = $8) AND ($9 IS NULL OR t.search LIKE siraj_pattern($9))
  AND ($10 IS NULL OR CASE WHEN $12 THEN (t.code, t.id) < ($10, $11) ELSE (t.code, t.id) > ($10, $11) END)
ORDER BY CASE WHEN $12 THEN t.code END DESC, CASE WHEN $12 THEN t.id END DESC, t.code, t.id LIMIT $13";

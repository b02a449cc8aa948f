//! The SQL of planning figures and alerts, over one common view of how an item stands at a place.

use chrono::{NaiveDate, Utc};
use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Bool, Date, Integer, Nullable, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

use super::types::{AlertKind, StockAlertFilter, StockPlanFilter};
use crate::{
    auth::{Actor, Role, Scope},
    error::ApiResult,
    http::PageQuery,
    stock::{Stretch, stretch},
    types::Whole,
};

/// The stock that is asked for, within what the caller may see.
#[derive(Debug)]
struct Asked {
    day: NaiveDate,
    months: i32,
    expires_within: i32,
    areas: Option<Vec<Uuid>>,
    own_facility: Option<Uuid>,
    controlled: bool,
    location: Option<Uuid>,
    facility: Option<Uuid>,
    item: Option<Uuid>,
    words: Option<String>,
    stretch: Stretch<String>,
}

impl Asked {
    fn new(
        actor: &Actor,
        page: &PageQuery,
        day: Option<NaiveDate>,
        (location, facility, item): (Option<Uuid>, Option<Uuid>, Option<Uuid>),
    ) -> ApiResult<Self> {
        let (areas, own_facility) = match &actor.scope {
            Scope::Facility(facility) => (None, Some(*facility)),
            scope => (scope.areas(), None),
        };
        Ok(Self {
            day: day.unwrap_or_else(|| Utc::now().date_naive()),
            months: 3,
            expires_within: 90,
            areas,
            own_facility,
            // What is controlled is not for admins.
            controlled: actor.role != Role::Admin,
            location,
            facility,
            item,
            words: page.q.clone(),
            stretch: Stretch::of(page)?,
        })
    }

    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH asked AS (SELECT ");
        out.push_bind_param::<Date, _>(&self.day)?;
        out.push_sql(", ");
        out.push_bind_param::<Integer, _>(&self.months)?;
        out.push_sql(", ");
        out.push_bind_param::<Integer, _>(&self.expires_within)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Array<SqlUuid>>, _>(&self.areas)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.own_facility)?;
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(&self.controlled)?;
        for id in [&self.location, &self.facility, &self.item] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<SqlUuid>, _>(id)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.words)?;
        stretch::<Text, _>(out, &self.stretch)
    }
}

/// A number that has been judged, or what stands for it.
fn number(given: Option<Whole>, absent: i32) -> i32 {
    given.and_then(|whole| i32::try_from(whole.0).ok()).unwrap_or(absent)
}

/// How long the stock will last.
pub struct Plans(Asked);

impl Plans {
    /// What is asked, of one page.
    pub fn new(actor: &Actor, filter: &StockPlanFilter, page: &PageQuery) -> ApiResult<Self> {
        let asked = Asked::new(actor, page, filter.as_of, (filter.location_id, filter.facility_id, filter.item_id))?;
        let (months, expires_within) = (number(filter.months, asked.months), number(filter.expires_within, asked.expires_within));
        Ok(Self(Asked { months, expires_within, ..asked }))
    }
}

impl QueryId for Plans {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Plans {
    type SqlType = (
        SqlUuid,
        SqlUuid,
        Text,
        SqlUuid,
        Text,
        Text,
        Text,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Date>,
        Integer,
    );
}

impl QueryFragment<Pg> for Plans {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.bind(&mut out)?;
        out.push_sql(STANDING);
        out.push_sql(PLANS);
        Ok(())
    }
}

/// $1 day, $2 months, $3 days ahead; the caller's $4 areas, $5 facility, $6 controlled items too; $7 place, $8 facility, $9 item,
/// $10 words, $11 and $12 where the page before ended, $13 backwards, $14 how many.
///
/// A lot lay there on a day when the last closing on or before it is above zero: between two closings it does not change. On the day it
/// went it was there too, if what moved it stands. After it expired it was there for nobody.
const STANDING: &str = r"
), places AS (
  SELECT p.id, p.code, p.kind FROM stock_locations p
  WHERE p.holds AND p.kind <> 'in_transit'
    AND ($4 IS NULL OR p.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($4))
         OR p.facility_id IN (SELECT f.id FROM facilities f JOIN area_closure c ON c.area_id = f.area_id WHERE c.ancestor_id = ANY ($4)))
    AND ($5 IS NULL OR p.facility_id = $5) AND ($7 IS NULL OR p.id = $7) AND ($8 IS NULL OR p.facility_id = $8)
), held AS (
  SELECT b.location_id, l.item_id, b.lot_id, l.number, l.expires_on, l.status, coalesce(l.expires_on < $1, false) AS expired,
         coalesce((SELECT closing FROM stock_days d WHERE d.location_id = b.location_id AND d.lot_id = b.lot_id AND d.day <= $1
                   ORDER BY d.day DESC LIMIT 1), 0) AS quantity
  FROM stock_balances b JOIN lots l ON l.id = b.lot_id JOIN items i ON i.id = l.item_id
  WHERE b.location_id IN (SELECT id FROM places) AND ($9 IS NULL OR l.item_id = $9) AND ($6 OR NOT i.controlled)
    AND ($10 IS NULL OR i.search LIKE siraj_pattern($10))
), since AS (
  SELECT d.location_id, h.item_id, min(d.day) AS first_on,
         greatest(min(d.day), ($1 - make_interval(months => $2))::date + 1) AS starts_on
  FROM held h JOIN stock_days d ON d.location_id = h.location_id AND d.lot_id = h.lot_id AND d.day <= $1
  GROUP BY 1, 2
), stocked AS (
  SELECT n.location_id, n.item_id, range_agg(daterange(n.day, CASE WHEN n.closing > 0 THEN n.until ELSE n.day + 1 END, '[)') * daterange(NULL, n.expires_on, '[]')) AS days
  FROM (SELECT h.location_id, h.item_id, h.lot_id, h.expires_on, d.day, d.closing,
               coalesce(lead(d.day) OVER (PARTITION BY d.location_id, d.lot_id ORDER BY d.day), $1 + 1) AS until
        FROM held h JOIN stock_days d ON d.location_id = h.location_id AND d.lot_id = h.lot_id AND d.day <= $1) n
  WHERE n.closing > 0 OR EXISTS (
    SELECT FROM stock_movements m JOIN stock_documents d ON d.id = m.document_id
    WHERE m.from_id = n.location_id AND m.from_holds AND m.lot_id = n.lot_id AND m.occurred_on = n.day AND d.reverses_id IS NULL
      AND NOT EXISTS (SELECT FROM stock_documents back WHERE back.reverses_id = d.id))
  GROUP BY 1, 2
), issued AS (
  SELECT place.id AS location_id, l.item_id, sum(place.sign * m.quantity)::bigint AS consumed
  FROM stock_movements m JOIN stock_documents d ON d.id = m.document_id JOIN lots l ON l.id = m.lot_id
  CROSS JOIN LATERAL (VALUES (m.from_id, m.to_id, 1), (m.to_id, m.from_id, -1)) AS place (id, other, sign)
  JOIN stock_locations o ON o.id = place.other AND o.kind = 'consumption'
  WHERE place.id IN (SELECT id FROM places) AND m.occurred_on <= $1 AND m.occurred_on > ($1 - make_interval(months => $2))::date
    AND ($9 IS NULL OR l.item_id = $9)
  GROUP BY 1, 2
), standing AS (
  SELECT md5(h.location_id::text || h.item_id::text)::uuid AS id, h.location_id, h.item_id,
         coalesce(sum(h.quantity) FILTER (WHERE h.status = 'available' AND NOT h.expired), 0)::bigint AS usable,
         coalesce(sum(h.quantity) FILTER (WHERE h.status <> 'available' OR h.expired), 0)::bigint AS unusable,
         coalesce(sum(h.quantity) FILTER (WHERE h.status = 'available' AND NOT h.expired AND h.expires_on <= $1 + $3), 0)::bigint AS near_expiry
  FROM held h GROUP BY h.location_id, h.item_id
), planned AS (
  SELECT t.*, coalesce(i.consumed, 0) AS consumed, least(upper(k.days), $1) AS out_on, ($1 - s.starts_on + 1)::bigint AS window_days,
         ($1 - s.starts_on + 1 - coalesce((
            SELECT sum(upper(r) - lower(r)) FROM unnest(k.days * datemultirange(daterange(s.starts_on, $1, '[]'))) AS r), 0))::bigint AS stock_out_days
  FROM standing t
  JOIN since s ON s.location_id = t.location_id AND s.item_id = t.item_id
  LEFT JOIN stocked k ON k.location_id = t.location_id AND k.item_id = t.item_id
  LEFT JOIN issued i ON i.location_id = t.location_id AND i.item_id = t.item_id
), rated AS (
  SELECT p.*, p.consumed::numeric / nullif(p.window_days - p.stock_out_days, 0) AS daily FROM planned p
)
";

const PLANS: &str = r"
SELECT r.id, r.location_id, p.code, r.item_id, i.code, i.name, i.base_unit, r.usable, r.unusable, r.near_expiry, r.consumed,
       r.window_days, r.stock_out_days,
       CASE WHEN r.daily >= 0 THEN round(r.daily * 30.5, 2)::text END,
       CASE WHEN r.daily > 0 THEN round(r.usable / (r.daily * 30.5), 2)::text END,
       CASE WHEN r.daily > 0 AND r.usable / r.daily < 36500 THEN $1 + 1 + floor(r.usable / r.daily)::int END, 2
FROM rated r JOIN places p ON p.id = r.location_id JOIN items i ON i.id = r.item_id
WHERE ($11 IS NULL OR CASE WHEN $13 THEN (i.code, r.id) < ($11, $12) ELSE (i.code, r.id) > ($11, $12) END)
ORDER BY CASE WHEN $13 THEN i.code END DESC, CASE WHEN $13 THEN r.id END DESC, i.code, r.id LIMIT $14";

/// What needs a hand.
pub struct Alerts {
    asked: Asked,
    kind: Option<AlertKind>,
    minimum_months: i32,
}

impl Alerts {
    /// What is asked, of one page.
    pub fn new(actor: &Actor, filter: &StockAlertFilter, page: &PageQuery) -> ApiResult<Self> {
        let asked = Asked::new(actor, page, filter.as_of, (filter.location_id, filter.facility_id, filter.item_id))?;
        let expires_within = number(filter.expires_within, asked.expires_within);
        Ok(Self { asked: Asked { expires_within, ..asked }, kind: filter.kind, minimum_months: number(filter.minimum_months, 1) })
    }
}

impl QueryId for Alerts {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Alerts {
    type SqlType = (SqlUuid, Text, SqlUuid, Text, SqlUuid, Text, Nullable<SqlUuid>, Nullable<Text>, BigInt, Nullable<Date>);
}

impl QueryFragment<Pg> for Alerts {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.asked.bind(&mut out)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.kind)?;
        out.push_sql(", ");
        out.push_bind_param::<Integer, _>(&self.minimum_months)?;
        out.push_sql(STANDING);
        out.push_sql(ALERTS);
        Ok(())
    }
}

/// $15 reason, $16 least months.
const ALERTS: &str = r"
, alerts AS (
  SELECT 'below_minimum' AS kind, r.location_id, r.item_id, NULL::uuid AS lot_id, NULL::text AS number, r.usable AS quantity,
         $1 + 1 + floor(r.usable / r.daily)::int AS on_day
  FROM rated r WHERE r.usable > 0 AND r.daily > 0 AND r.usable < r.daily * 30.5 * $16
  UNION ALL
  SELECT 'stocked_out', r.location_id, r.item_id, NULL, NULL, 0, r.out_on
  FROM rated r
  WHERE r.usable = 0 AND EXISTS (
    SELECT FROM lots l JOIN stock_movements m ON m.lot_id = l.id AND m.from_id = r.location_id AND m.from_holds AND m.occurred_on <= $1
    JOIN stock_locations o ON o.id = m.to_id AND o.kind = 'consumption' JOIN stock_documents d ON d.id = m.document_id AND d.reverses_id IS NULL
    WHERE l.item_id = r.item_id AND NOT EXISTS (SELECT FROM stock_documents back WHERE back.reverses_id = d.id))
  UNION ALL
  SELECT CASE WHEN h.status = 'recalled' THEN 'recalled' WHEN h.expired THEN 'expired' ELSE 'expiring' END,
         h.location_id, h.item_id, h.lot_id, h.number, h.quantity, h.expires_on
  FROM held h JOIN places p ON p.id = h.location_id
  WHERE h.quantity > 0 AND p.kind <> 'quarantine' AND (h.status = 'recalled' OR h.expired OR h.expires_on <= $1 + $3)
), told AS (
  SELECT md5(kind || location_id::text || item_id::text || coalesce(lot_id::text, ''))::uuid AS id, alerts.* FROM alerts
  WHERE $15 IS NULL OR kind = $15
)
SELECT t.id, t.kind, t.location_id, p.code, t.item_id, i.code, t.lot_id, t.number, t.quantity, t.on_day
FROM told t JOIN places p ON p.id = t.location_id JOIN items i ON i.id = t.item_id
WHERE ($11 IS NULL OR CASE WHEN $13 THEN (i.code, t.id) < ($11, $12) ELSE (i.code, t.id) > ($11, $12) END)
ORDER BY CASE WHEN $13 THEN i.code END DESC, CASE WHEN $13 THEN t.id END DESC, i.code, t.id LIMIT $14";

//! The SQL of dips with what explains them: one fixed text, whose type names it, so that it is prepared once per connection.

use chrono::NaiveDate;
use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Bool, Date, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use super::types::FuelDipFilter;
use crate::{
    auth::Scope,
    error::ApiResult,
    http::PageQuery,
    stock::{Stretch, stretch},
};

/// The dips that a caller may see: one of them, or a page.
pub struct Dips {
    id: Option<Uuid>,
    areas: Option<Vec<Uuid>>,
    own_facility: Option<Uuid>,
    tank: Option<Uuid>,
    facility: Option<Uuid>,
    days: (Option<NaiveDate>, Option<NaiveDate>),
    beyond: Option<bool>,
    reversed: bool,
    stretch: Stretch<NaiveDate>,
}

impl Dips {
    fn of(scope: &Scope, stretch: Stretch<NaiveDate>) -> Self {
        let (areas, own_facility) = match scope {
            Scope::Facility(facility) => (None, Some(*facility)),
            scope => (scope.areas(), None),
        };
        Self {
            id: None,
            areas,
            own_facility,
            tank: None,
            facility: None,
            days: (None, None),
            beyond: None,
            reversed: false,
            stretch,
        }
    }

    /// The dip of this id, whether it counts or was turned round.
    pub fn one(scope: &Scope, id: Uuid) -> Self {
        Self { id: Some(id), ..Self::of(scope, Stretch::first(1)) }
    }

    /// One page.
    pub fn page(scope: &Scope, filter: &FuelDipFilter, page: &PageQuery) -> ApiResult<Self> {
        Ok(Self {
            tank: filter.tank_id,
            facility: filter.facility_id,
            days: (filter.since_on, filter.until_on),
            beyond: filter.beyond_tolerance.map(|flag| flag.0),
            reversed: filter.reversed.is_some_and(|flag| flag.0),
            ..Self::of(scope, Stretch::of(page)?)
        })
    }
}

impl QueryId for Dips {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Dips {
    type SqlType = (
        SqlUuid,
        SqlUuid,
        Text,
        Nullable<SqlUuid>,
        Date,
        BigInt,
        BigInt,
        BigInt,
        Nullable<Date>,
        Text,
        Text,
        Text,
        Bool,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Timestamptz>,
        Nullable<Text>,
        BigInt,
        Timestamptz,
        SqlUuid,
    );
}

impl QueryFragment<Pg> for Dips {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH asked AS (SELECT ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.id)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Array<SqlUuid>>, _>(&self.areas)?;
        for id in [&self.own_facility, &self.tank, &self.facility] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<SqlUuid>, _>(id)?;
        }
        for day in [&self.days.0, &self.days.1] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Date>, _>(day)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Bool>, _>(&self.beyond)?;
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(&self.reversed)?;
        stretch::<Date, _>(&mut out, &self.stretch)?;
        out.push_sql(DIPS);
        out.push_sql(EXPLAINED);
        out.push_sql(CHOSEN);
        Ok(())
    }
}

/// $1 id; the caller's $2 areas, $3 facility; $4 tank, $5 facility, $6 and $7 days, $8 beyond tolerance, $9 turned round,
/// $10 and $11 where the page before ended, $12 backwards, $13 how many.
const DIPS: &str = r"
)
SELECT d.id, d.tank_id, t.code, p.facility_id, d.dipped_on, d.litres, d.book_litres, d.litres - d.book_litres, previous.dipped_on,
       round(expected.litres, 2)::text, round(d.book_litres - d.litres - expected.litres, 2)::text, d.tolerance_litres::text, beyond.tolerance,
       d.reason, d.note, d.reversed_at, d.reversal_reason, d.revision, d.recorded_at, d.recorded_by
FROM fuel_dips d
JOIN fuel_tanks t ON t.id = d.tank_id
JOIN stock_locations p ON p.id = t.location_id
";

/// The dip before a dip `d` of a tank `t`, and what the generators of the tank should have burned between the two. Before the first dip
/// generators may have lived by what was issued by hand, since their first hours: that has its own paper, and is not expected twice.
pub const EXPLAINED: &str = r"
LEFT JOIN LATERAL (
  SELECT b.dipped_on FROM fuel_dips b WHERE b.tank_id = d.tank_id AND b.reversed_at IS NULL AND b.dipped_on < d.dipped_on
  ORDER BY b.dipped_on DESC LIMIT 1) AS previous ON true
CROSS JOIN LATERAL (
  SELECT coalesce(sum(h.hours * h.litres_per_hour), 0) AS litres, min(h.ran_on) AS since_on FROM generator_hours h
  WHERE h.tank_id = d.tank_id AND h.retired_at IS NULL AND h.ran_on <= d.dipped_on AND h.ran_on > coalesce(previous.dipped_on, '-infinity')) AS ran
CROSS JOIN LATERAL (
  SELECT coalesce(sum(CASE WHEN m.from_id = t.location_id THEN m.quantity ELSE -m.quantity END), 0) AS litres
  FROM lots l JOIN stock_movements m ON m.lot_id = l.id AND m.occurred_on BETWEEN ran.since_on AND d.dipped_on
  JOIN stock_documents o ON o.id = m.document_id AND o.act IS DISTINCT FROM 'fuel_tank'
  JOIN stock_locations c ON c.kind = 'consumption' AND (m.from_id, m.to_id) IN ((t.location_id, c.id), (c.id, t.location_id))
  WHERE l.item_id = t.item_id AND previous.dipped_on IS NULL) AS by_hand
CROSS JOIN LATERAL (SELECT greatest(ran.litres - by_hand.litres, 0) AS litres) AS expected
";

const CHOSEN: &str = r"
CROSS JOIN LATERAL (SELECT abs(d.book_litres - d.litres - expected.litres) > d.tolerance_litres AS tolerance) AS beyond
WHERE CASE WHEN $1 IS NULL THEN (d.reversed_at IS NOT NULL) = $9 ELSE d.id = $1 END
  AND ($2 IS NULL OR p.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($2))
       OR p.facility_id IN (SELECT f.id FROM facilities f JOIN area_closure c ON c.area_id = f.area_id WHERE c.ancestor_id = ANY ($2)))
  AND ($3 IS NULL OR p.facility_id = $3) AND ($4 IS NULL OR d.tank_id = $4) AND ($5 IS NULL OR p.facility_id = $5)
  AND ($6 IS NULL OR d.dipped_on >= $6) AND ($7 IS NULL OR d.dipped_on <= $7) AND ($8 IS NULL OR beyond.tolerance = $8)
  AND ($10 IS NULL OR CASE WHEN $12 THEN (d.dipped_on, d.id) < ($10, $11) ELSE (d.dipped_on, d.id) > ($10, $11) END)
ORDER BY CASE WHEN $12 THEN d.dipped_on END DESC, CASE WHEN $12 THEN d.id END DESC, d.dipped_on, d.id LIMIT $13";

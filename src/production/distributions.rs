//! What of our own making reached facilities: the free distributions.

use chrono::NaiveDate;
use deserr::Deserr;
use diesel::{
    QueryResult, Queryable,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Bool, Date, Integer, Nullable, Text, Uuid as SqlUuid},
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::{Actor, Role, Scope},
    error::{ApiResult, Faults},
    http::{ListFilter, PageQuery},
    stock::{Stretch, stretch},
    types::{RecordCode, in_order},
};

/// How much of an item of our own making reached a facility in a month. Version 2 of the rules: what came into a facility's store from a
/// place that is no facility's store, of lots that a production order made, less what was turned round and what the store set aside in
/// quarantine: that counts again when it comes back. What comes by road comes from where its shipment was sent, so what one facility hands
/// on to another, or sends and gets back, is not distributed twice; what goes back to a warehouse is a return. A month may be below zero.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct FreeDistribution {
    /// Of this item, facility and month, always the same.
    pub id: Uuid,
    /// The item.
    pub item_id: Uuid,
    /// The item's code.
    pub item_code: RecordCode,
    /// The item's name.
    pub item_name: String,
    /// The unit of the quantity.
    pub base_unit: String,
    /// The facility.
    pub facility_id: Uuid,
    /// The facility's code.
    pub facility_code: RecordCode,
    /// The facility's name.
    pub facility_name: String,
    /// The first day of the month.
    pub month: NaiveDate,
    /// How many, in the item's base unit; below zero where more was set aside than came.
    pub quantity: i64,
    /// Of how many lots.
    pub lots: i64,
    /// The version of these rules.
    pub rule_version: i32,
}

/// Which free distributions to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FreeDistributionFilter {
    /// What arrived on this day or later.
    #[deserr(default)]
    pub since_on: Option<NaiveDate>,
    /// What arrived on this day or earlier.
    #[deserr(default)]
    pub until_on: Option<NaiveDate>,
    /// Of this item.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
    /// To this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
}

impl ListFilter for FreeDistributionFilter {
    const SORTS: &'static [&'static str] = &["item_code"];
}

impl FreeDistributionFilter {
    /// Judges the days.
    pub fn check(&self) -> ApiResult<()> {
        let mut faults = Faults::default();
        in_order(&mut faults, "/until_on", self.since_on, self.until_on);
        Ok(faults.into_result()?)
    }
}

/// The distributions that a caller may see.
pub struct Distributions {
    filter: FreeDistributionFilter,
    words: Option<String>,
    areas: Option<Vec<Uuid>>,
    own_facility: Option<Uuid>,
    controlled: bool,
    stretch: Stretch<String>,
}

impl Distributions {
    /// Those that are asked for, within what the caller may see. What is controlled is not for admins.
    pub fn new(actor: &Actor, filter: &FreeDistributionFilter, page: &PageQuery) -> ApiResult<Self> {
        let (areas, own_facility) = match &actor.scope {
            Scope::Facility(facility) => (None, Some(*facility)),
            scope => (scope.areas(), None),
        };
        let (controlled, words) = (actor.role != Role::Admin, page.q.clone());
        Ok(Self { filter: filter.clone(), words, areas, own_facility, controlled, stretch: Stretch::of(page)? })
    }
}

impl QueryId for Distributions {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Distributions {
    type SqlType = (SqlUuid, SqlUuid, Text, Text, Text, SqlUuid, Text, Text, Date, BigInt, BigInt, Integer);
}

impl QueryFragment<Pg> for Distributions {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH asked AS (SELECT ");
        out.push_bind_param::<Nullable<Date>, _>(&self.filter.since_on)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Date>, _>(&self.filter.until_on)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Array<SqlUuid>>, _>(&self.areas)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.own_facility)?;
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(&self.controlled)?;
        for id in [&self.filter.item_id, &self.filter.facility_id] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<SqlUuid>, _>(id)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.words)?;
        stretch::<Text, _>(&mut out, &self.stretch)?;
        out.push_sql(DISTRIBUTIONS);
        Ok(())
    }
}

/// $1 first day, $2 last day; the caller's $3 areas, $4 facility, $5 controlled items too; $6 item, $7 facility, $8 words,
/// $9 and $10 where the page before ended, $11 backwards, $12 how many. A reversal stands on the day of what it turns round, and undoes its way.
const DISTRIBUTIONS: &str = r"
), moved AS (
  SELECT l.item_id, m.lot_id, date_trunc('month', m.occurred_on)::date AS month,
         CASE source.kind WHEN 'facility_store' THEN source.facility_id ELSE goal.facility_id END AS facility_id,
         CASE WHEN (d.reverses_id IS NULL) = (source.kind <> 'facility_store') THEN m.quantity ELSE -m.quantity END AS quantity
  FROM lots l JOIN items i ON i.id = l.item_id JOIN stock_movements m ON m.lot_id = l.id JOIN stock_documents d ON d.id = m.document_id
  CROSS JOIN LATERAL (SELECT CASE WHEN d.reverses_id IS NULL THEN m.from_id ELSE m.to_id END AS from_id,
                             CASE WHEN d.reverses_id IS NULL THEN m.to_id ELSE m.from_id END AS to_id) AS way
  LEFT JOIN shipments road ON road.transit_id = way.from_id
  JOIN stock_locations source ON source.id = coalesce(road.from_id, way.from_id) AND source.holds
  JOIN stock_locations goal ON goal.id = way.to_id
  WHERE l.production_order_id IS NOT NULL AND goal.kind = CASE source.kind WHEN 'facility_store' THEN 'quarantine' ELSE 'facility_store' END
    AND ($1 IS NULL OR m.occurred_on >= $1) AND ($2 IS NULL OR m.occurred_on <= $2) AND ($5 OR NOT i.controlled) AND ($6 IS NULL OR l.item_id = $6)
), arrived AS (
  SELECT m.item_id, m.facility_id, m.month, m.lot_id, sum(m.quantity) AS quantity
  FROM moved m
  WHERE ($3 IS NULL OR m.facility_id IN (SELECT f.id FROM facilities f JOIN area_closure c ON c.area_id = f.area_id WHERE c.ancestor_id = ANY ($3)))
    AND ($4 IS NULL OR m.facility_id = $4) AND ($7 IS NULL OR m.facility_id = $7)
  GROUP BY 1, 2, 3, 4
), told AS (
  SELECT md5(item_id::text || facility_id::text || month::text)::uuid AS id, item_id, facility_id, month,
         sum(quantity)::bigint AS quantity, count(*) AS lots
  FROM arrived WHERE quantity <> 0 GROUP BY item_id, facility_id, month
)
SELECT t.id, t.item_id, i.code, i.name, i.base_unit, t.facility_id, f.code, f.name, t.month, t.quantity, t.lots, 2
FROM told t JOIN items i ON i.id = t.item_id JOIN facilities f ON f.id = t.facility_id
WHERE ($8 IS NULL OR i.search LIKE siraj_pattern($8) OR f.search LIKE siraj_pattern($8))
  AND ($9 IS NULL OR CASE WHEN $11 THEN (i.code, t.id) < ($9, $10) ELSE (i.code, t.id) > ($9, $10) END)
ORDER BY CASE WHEN $11 THEN i.code END DESC, CASE WHEN $11 THEN t.id END DESC, i.code, t.id LIMIT $12";

//! The SQL of supplies: what moved on the roads of shipments, and its parts.

use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_types::{Array, Bool, Date, Jsonb, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    rules::method,
    types::{Supplies, SuppliesCell, SuppliesPart, SuppliesQuery, SuppliesTotal, SuppliesValue, SuppliesWorth, Within},
};
use crate::{
    auth::{Actor, Scope},
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
};

/// What the statement answers with.
#[derive(Debug, Deserialize)]
struct Told {
    known_at: DateTime<Utc>,
    unknown: Vec<String>,
    totals: Vec<SuppliesTotal>,
    cells: Vec<SuppliesCell>,
    values: Vec<SuppliesValue>,
    worth: Vec<SuppliesWorth>,
    unpriced: i64,
}

#[derive(Debug, diesel::QueryableByName)]
struct Document {
    #[diesel(sql_type = Jsonb)]
    told: Value,
}

/// The caller's $2 areas, $3 facility, $4 whether they know the road; $5 first day, $6 last day, $7 area, $8 facility, $9 campaign, $10 contract.
///
/// What moved onto a road was sent; what moved off it went where the other end of the movement is. A reversal is the same, below nothing.
const MOVED: &str = r"
WITH realm AS (
  SELECT id, code, name, area_id FROM facilities
  WHERE retired_at IS NULL AND ($3::uuid IS NULL OR id = $3)
    AND ($2::uuid[] IS NULL OR area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($2)))
), roads AS (
  SELECT s.id, s.code, s.transit_id, s.to_id, s.facility_id, r.area_id
  FROM shipments s JOIN realm r ON r.id = s.facility_id
  WHERE s.retired_at IS NULL AND s.transit_id IS NOT NULL AND ($4 OR s.status NOT IN ('dispatched', 'partially_received'))
    AND ($7::uuid IS NULL OR r.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = $7)) AND ($8::uuid IS NULL OR r.id = $8)
    AND ($9::uuid IS NULL OR s.campaign_id = $9) AND ($10::uuid IS NULL OR s.contract_id = $10)
), legs AS (
  SELECT r.id, r.code, r.to_id, r.facility_id, r.area_id, m.document_id, m.line, m.lot_id, m.occurred_on, m.quantity, true AS onto, m.from_id AS other_id
  FROM roads r JOIN stock_movements m ON m.to_id = r.transit_id
  UNION ALL
  SELECT r.id, r.code, r.to_id, r.facility_id, r.area_id, m.document_id, m.line, m.lot_id, m.occurred_on, m.quantity, false, m.to_id
  FROM roads r JOIN stock_movements m ON m.from_id = r.transit_id
), moved AS (
  SELECT l.id, l.code, l.facility_id, l.area_id, l.document_id, l.line, l.lot_id, t.item_id, i.category, i.base_unit, l.occurred_on,
         CASE WHEN d.reverses_id IS NULL THEN l.quantity ELSE -l.quantity END AS quantity,
         CASE WHEN l.onto = (d.reverses_id IS NULL) THEN 'sent'
              WHEN l.other_id = l.to_id THEN 'arrived'
              WHEN o.kind = 'loss' THEN 'lost'
              WHEN o.kind = 'quarantine' AND EXISTS (
                SELECT FROM shipment_receipt_documents w WHERE w.document_id = coalesce(d.reverses_id, d.id)) THEN 'refused'
              ELSE 'returned' END AS fate
  FROM legs l JOIN stock_documents d ON d.id = l.document_id AND d.recorded_at <= siraj_known_at()
  JOIN stock_locations o ON o.id = l.other_id JOIN lots t ON t.id = l.lot_id JOIN items i ON i.id = t.item_id
  WHERE ($5::date IS NULL OR l.occurred_on >= $5) AND ($6::date IS NULL OR l.occurred_on <= $6)
), unknown AS (
  SELECT array_remove(ARRAY[
    CASE WHEN $7 IS NOT NULL AND NOT EXISTS (SELECT FROM areas WHERE id = $7) THEN '/area_id' END,
    CASE WHEN $8 IS NOT NULL AND NOT EXISTS (SELECT FROM realm WHERE id = $8) THEN '/facility_id' END,
    CASE WHEN $9 IS NOT NULL AND NOT EXISTS (SELECT FROM campaigns WHERE id = $9) THEN '/campaign_id' END,
    CASE WHEN $10 IS NOT NULL AND NOT EXISTS (SELECT FROM contracts WHERE id = $10) THEN '/contract_id' END], NULL) AS pointers
)";

/// The whole and its parts; $1 the parts.
const SUPPLIES: &str = r"
, keyed AS (
  SELECT id, base_unit, quantity, fate,
         CASE WHEN 'category' = ANY ($1) THEN category END AS category,
         CASE WHEN 'month' = ANY ($1) THEN date_trunc('month', occurred_on)::date END AS month,
         CASE WHEN 'area' = ANY ($1) THEN area_id END AS area_id,
         CASE WHEN 'facility' = ANY ($1) THEN facility_id END AS facility_id
  FROM moved
), summed AS (
  SELECT category, month, area_id, facility_id, base_unit, grouping(category) = 1 AS whole, count(DISTINCT id) AS shipments,
         coalesce(sum(quantity) FILTER (WHERE fate = 'sent'), 0) AS sent, coalesce(sum(quantity) FILTER (WHERE fate = 'arrived'), 0) AS arrived,
         coalesce(sum(quantity) FILTER (WHERE fate = 'refused'), 0) AS refused, coalesce(sum(quantity) FILTER (WHERE fate = 'lost'), 0) AS lost,
         coalesce(sum(quantity) FILTER (WHERE fate = 'returned'), 0) AS returned
  FROM keyed GROUP BY GROUPING SETS ((category, month, area_id, facility_id, base_unit), (base_unit))
), worth AS (
  SELECT CASE WHEN 'category' = ANY ($1) THEN i.category END AS category,
         CASE WHEN 'month' = ANY ($1) THEN date_trunc('month', d.occurred_on)::date END AS month,
         CASE WHEN 'area' = ANY ($1) THEN r.area_id END AS area_id, CASE WHEN 'facility' = ANY ($1) THEN r.facility_id END AS facility_id,
         d.currency, round(sum(d.value), greatest(siraj_minor_units(d.currency), 2))::text AS amount, count(*) AS discrepancies
  FROM shipment_discrepancies d JOIN roads r ON r.id = d.shipment_id JOIN lots t ON t.id = d.lot_id JOIN items i ON i.id = t.item_id
  WHERE d.value IS NOT NULL AND d.status <> 'withdrawn' AND d.cause <> 'over'
    AND ($5::date IS NULL OR d.occurred_on >= $5) AND ($6::date IS NULL OR d.occurred_on <= $6)
  GROUP BY 1, 2, 3, 4, d.currency
), priced AS (
  SELECT CASE WHEN 'category' = ANY ($1) THEN m.category END AS category,
         CASE WHEN 'month' = ANY ($1) THEN date_trunc('month', m.occurred_on)::date END AS month,
         CASE WHEN 'area' = ANY ($1) THEN m.area_id END AS area_id, CASE WHEN 'facility' = ANY ($1) THEN m.facility_id END AS facility_id,
         l.currency, m.fate, sum(m.quantity * l.unit_value) AS amount
  FROM moved m JOIN lots l ON l.id = m.lot_id WHERE l.unit_value IS NOT NULL
  GROUP BY 1, 2, 3, 4, l.currency, m.fate
), valued AS (
  SELECT category, month, area_id, facility_id, currency,
         jsonb_object_agg(fate, round(amount, greatest(siraj_minor_units(currency), 2))::text) AS amounts
  FROM priced GROUP BY category, month, area_id, facility_id, currency
)
SELECT jsonb_build_object(
  'known_at', least(siraj_known_at(), statement_timestamp()),
  'unknown', (SELECT pointers FROM unknown),
  'totals', (SELECT coalesce(jsonb_agg(to_jsonb(summed) ORDER BY base_unit), '[]') FROM summed WHERE whole),
  'cells', (SELECT coalesce(jsonb_agg(jsonb_build_object('area_code', a.code, 'area_name', a.name, 'facility_code', f.code, 'facility_name', f.name)
                                      || to_jsonb(c) ORDER BY a.code, f.code, c.category, c.month, c.base_unit), '[]')
            FROM summed c LEFT JOIN areas a ON a.id = c.area_id LEFT JOIN realm f ON f.id = c.facility_id WHERE NOT c.whole),
  'values', (SELECT coalesce(jsonb_agg(to_jsonb(worth) ORDER BY category, month, area_id, facility_id, currency), '[]') FROM worth),
  'worth', (SELECT coalesce(jsonb_agg(jsonb_build_object('sent', '0.00', 'arrived', '0.00', 'refused', '0.00', 'lost', '0.00', 'returned', '0.00')
                                      || (to_jsonb(valued) - 'amounts') || amounts ORDER BY category, month, area_id, facility_id, currency), '[]') FROM valued),
  'unpriced', (SELECT count(DISTINCT m.lot_id) FROM moved m JOIN lots l ON l.id = m.lot_id WHERE l.unit_value IS NULL)) AS told";

/// What a reader may see: of some areas, of one facility, and whether of the road.
pub struct Reach {
    pub areas: Option<Vec<Uuid>>,
    pub facility: Option<Uuid>,
    pub knows_the_road: bool,
}

impl Reach {
    /// Of a caller.
    pub fn of(actor: &Actor) -> Self {
        let (areas, facility) = match &actor.scope {
            Scope::Facility(facility) => (None, Some(*facility)),
            scope => (scope.areas(), None),
        };
        Self { areas, facility, knows_the_road: actor.role.sends() }
    }
}

/// A statement over what moved, whose $1 is bound: with all that [`MOVED`] asks for.
pub fn within_reach<'a>(query: Statement<'a>, reach: Reach, within: &Within) -> Statement<'a> {
    query
        .bind::<Nullable<Array<SqlUuid>>, _>(reach.areas)
        .bind::<Nullable<SqlUuid>, _>(reach.facility)
        .bind::<Bool, _>(reach.knows_the_road)
        .bind::<Nullable<Date>, _>(within.from)
        .bind::<Nullable<Date>, _>(within.to)
        .bind::<Nullable<SqlUuid>, _>(within.area_id)
        .bind::<Nullable<SqlUuid>, _>(within.facility_id)
        .bind::<Nullable<SqlUuid>, _>(within.campaign_id)
        .bind::<Nullable<SqlUuid>, _>(within.contract_id)
}

/// A statement over what moved.
pub type Statement<'a> = BoxedSqlQuery<'a, Pg, SqlQuery>;

/// A statement that begins with what moved.
pub fn over_moved<'a>(rest: &str) -> Statement<'a> {
    diesel::sql_query(format!("{MOVED}{rest}")).into_boxed()
}

/// What is asked for and not known to the caller.
pub fn refuse_unknown(pointers: &[String]) -> ApiResult<()> {
    let mut faults = Faults::default();
    for pointer in pointers {
        faults.add(pointer.as_str(), Code::UnknownReference);
    }
    Ok(faults.into_result()?)
}

/// Reads supplies by their parts, within what the caller may see.
pub async fn supplies(conn: &mut Conn, actor: &Actor, query: &SuppliesQuery) -> ApiResult<Supplies> {
    supplies_within(conn, Reach::of(actor), query).await
}

/// Reads supplies by their parts, within a reach.
pub async fn supplies_within(conn: &mut Conn, reach: Reach, query: &SuppliesQuery) -> ApiResult<Supplies> {
    let knows_the_road = reach.knows_the_road;
    let parts: Vec<&str> = query.by.list().into_iter().map(SuppliesPart::as_str).collect();
    let asked = over_moved(SUPPLIES).bind::<Array<Text>, _>(parts);
    let read: Document = within_reach(asked, reach, &query.within()).get_result(conn).await?;
    let told: Told = serde_json::from_value(read.told).map_err(ApiError::internal)?;
    refuse_unknown(&told.unknown)?;
    Ok(Supplies {
        from: query.from,
        to: query.to,
        known_at: told.known_at,
        by: query.by.list(),
        totals: told.totals,
        cells: told.cells,
        values: told.values,
        worth: told.worth,
        lots_without_value: told.unpriced,
        method: method(knows_the_road),
    })
}

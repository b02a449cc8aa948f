//! The SQL of traces: fixed texts whose types name them, so that each is prepared once per connection.

use std::marker::PhantomData;

use chrono::NaiveDate;
use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Bool, Date, Nullable, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

use super::types::PaidSupplyFilter;
use crate::{
    auth::{Actor, Scope},
    error::ApiResult,
    http::PageQuery,
    stock::{Stretch, stretch},
};

/// What a caller may see of places.
#[derive(Debug, Clone)]
struct Within {
    areas: Option<Vec<Uuid>>,
    facility: Option<Uuid>,
}

impl Within {
    fn of(actor: &Actor) -> Self {
        match &actor.scope {
            Scope::Facility(facility) => Self { areas: None, facility: Some(*facility) },
            scope => Self { areas: scope.areas(), facility: None },
        }
    }

    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Array<SqlUuid>>, _>(&self.areas)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.facility)
    }
}

/// The lots that something was made of (`from`) or into (`into`), through any number of productions. A consumption that was turned
/// round made nothing.
macro_rules! family {
    () => {
        r"
), used_up AS (
  SELECT DISTINCT o.lot_id AS made, m.lot_id AS ingredient
  FROM production_orders o JOIN stock_documents d ON d.act = 'production_order' AND d.act_id = o.id AND d.reverses_id IS NULL
  JOIN stock_movements m ON m.document_id = d.id AND NOT m.to_holds
  WHERE o.lot_id IS NOT NULL AND m.lot_id <> o.lot_id AND NOT EXISTS (SELECT FROM stock_documents r WHERE r.reverses_id = d.id)
"
    };
}

/// A place that the caller sees; `$2` and `$3` are their areas and facility.
macro_rules! seen {
    ($place:literal) => {
        concat!(
            "($2 IS NULL OR ", $place, ".area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($2))
              OR ", $place, ".facility_id IN (SELECT f.id FROM facilities f JOIN area_closure c ON c.area_id = f.area_id WHERE c.ancestor_id = ANY ($2)))
             AND ($3 IS NULL OR ", $place, ".facility_id = $3)"
        )
    };
}

/// A question about a lot that is answered whole.
pub trait OfLot: 'static {
    /// What follows the lot ($1) and what the caller may see ($2, $3).
    const SQL: &'static str;
    /// What it answers with.
    type Row;
}

/// The lots of its family.
pub struct Kin;
/// The places that it and its products have touched.
pub struct Places;
/// The shipments that hold it or its products.
pub struct Shipments;

/// A question about a lot.
pub struct Ask<Q> {
    lot: Uuid,
    within: Within,
    question: PhantomData<Q>,
}

impl<Q: OfLot> Ask<Q> {
    /// What the caller asks of a lot.
    pub fn new(actor: &Actor, lot: Uuid) -> Self {
        Self { lot, within: Within::of(actor), question: PhantomData }
    }
}

impl<Q: OfLot> QueryId for Ask<Q> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Q: OfLot> Query for Ask<Q> {
    type SqlType = Q::Row;
}

impl<Q: OfLot> QueryFragment<Pg> for Ask<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH RECURSIVE asked AS (SELECT ");
        out.push_bind_param::<SqlUuid, _>(&self.lot)?;
        self.within.bind(&mut out)?;
        out.push_sql(Q::SQL);
        Ok(())
    }
}

impl OfLot for Kin {
    type Row = (SqlUuid, Text, Text, Text, Nullable<Text>, Nullable<Date>, Text, Text);
    const SQL: &'static str = concat!(
        family!(),
        r"
), down AS (SELECT $1 AS lot_id UNION SELECT u.made FROM down JOIN used_up u ON u.ingredient = down.lot_id),
up AS (SELECT $1 AS lot_id UNION SELECT u.ingredient FROM up JOIN used_up u ON u.made = up.lot_id),
kin AS (
  SELECT $1 AS lot_id, 'own' AS kinship
  UNION ALL SELECT lot_id, 'made_from' FROM up WHERE lot_id <> $1
  UNION ALL SELECT lot_id, 'made_into' FROM down WHERE lot_id <> $1
)
SELECT l.id, i.code, i.name, i.base_unit, l.number, l.expires_on, l.status, k.kinship
FROM kin k JOIN lots l ON l.id = k.lot_id JOIN items i ON i.id = l.item_id
ORDER BY array_position(ARRAY['own', 'made_from', 'made_into'], k.kinship), i.code, l.number, l.id"
    );
}

impl OfLot for Places {
    type Row = (SqlUuid, Text, Text, Nullable<SqlUuid>, SqlUuid, BigInt, BigInt, BigInt, BigInt, BigInt, Date, Date);
    const SQL: &'static str = concat!(
        family!(),
        r"
), down AS (SELECT $1 AS lot_id UNION SELECT u.made FROM down JOIN used_up u ON u.ingredient = down.lot_id),
legs AS (
  SELECT place.id AS location_id, m.lot_id, m.occurred_on, o.kind AS other,
         CASE WHEN d.reverses_id IS NULL THEN place.delta ELSE 0 END AS forth, CASE WHEN d.reverses_id IS NULL THEN 0 ELSE place.delta END AS back
  FROM stock_movements m JOIN down ON down.lot_id = m.lot_id JOIN stock_documents d ON d.id = m.document_id
  CROSS JOIN LATERAL (VALUES (m.from_id, m.from_holds, m.to_id, -m.quantity), (m.to_id, m.to_holds, m.from_id, m.quantity)) AS place (id, holds, other_id, delta)
  JOIN stock_locations o ON o.id = place.other_id
  WHERE place.holds
)
SELECT p.id, p.code, p.name, p.facility_id, g.lot_id, b.quantity, b.reserved,
       sum(CASE WHEN g.forth > 0 THEN g.forth WHEN g.back < 0 THEN g.back ELSE 0 END)::bigint,
       -sum(CASE WHEN g.other = 'consumption' THEN g.forth + g.back ELSE 0 END)::bigint,
       -sum(CASE WHEN g.other = 'loss' THEN g.forth + g.back ELSE 0 END)::bigint,
       min(g.occurred_on), max(g.occurred_on)
FROM legs g JOIN stock_locations p ON p.id = g.location_id JOIN stock_balances b ON b.location_id = g.location_id AND b.lot_id = g.lot_id
WHERE p.kind <> 'in_transit' AND ",
        seen!("p"),
        r"
GROUP BY p.id, g.lot_id, b.quantity, b.reserved
ORDER BY b.quantity = 0, p.code, g.lot_id"
    );
}

impl OfLot for Shipments {
    type Row = (SqlUuid, Text, Text, Text, SqlUuid, BigInt, BigInt);
    const SQL: &'static str = concat!(
        family!(),
        r"
), down AS (SELECT $1 AS lot_id UNION SELECT u.made FROM down JOIN used_up u ON u.ingredient = down.lot_id)
SELECT s.id, s.code, s.status, t.code, c.lot_id, c.quantity, CASE WHEN s.status = 'cancelled' THEN 0 ELSE c.outstanding END
FROM shipment_contents c JOIN down ON down.lot_id = c.lot_id JOIN shipments s ON s.id = c.shipment_id
JOIN stock_locations f ON f.id = s.from_id JOIN stock_locations t ON t.id = s.to_id
WHERE c.retired_at IS NULL AND (",
        seen!("t"),
        " OR f.holds AND ",
        seen!("f"),
        r")
ORDER BY c.outstanding = 0, s.code, c.lot_id"
    );
}

/// The movements of a lot and its products.
pub struct Movements {
    lot: Uuid,
    within: Within,
    road: bool,
    stretch: Stretch<NaiveDate>,
}

impl Movements {
    /// What the caller sees of them; `road`: whether they may know what is on the road now.
    pub fn new(actor: &Actor, lot: Uuid, road: bool, page: &PageQuery) -> ApiResult<Self> {
        Ok(Self { lot, within: Within::of(actor), road, stretch: Stretch::of(page)? })
    }
}

impl QueryId for Movements {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Movements {
    type SqlType = (
        SqlUuid,
        Date,
        SqlUuid,
        Text,
        SqlUuid,
        BigInt,
        Text,
        Text,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<SqlUuid>,
        Nullable<SqlUuid>,
    );
}

impl QueryFragment<Pg> for Movements {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH RECURSIVE asked AS (SELECT ");
        out.push_bind_param::<SqlUuid, _>(&self.lot)?;
        self.within.bind(&mut out)?;
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(&self.road)?;
        stretch::<Date, _>(&mut out, &self.stretch)?;
        out.push_sql(MOVEMENTS);
        Ok(())
    }
}

/// $1 lot; the caller's $2 areas, $3 facility, $4 what is on the road too; $5 and $6 where the page before ended, $7 backwards, $8 how many.
const MOVEMENTS: &str = concat!(
    family!(),
    r"
), down AS (SELECT $1 AS lot_id UNION SELECT u.made FROM down JOIN used_up u ON u.ingredient = down.lot_id),
moved AS (
  SELECT md5(m.document_id::text || m.lot_id::text)::uuid AS id, m.occurred_on, m.document_id, d.kind, m.lot_id, m.quantity, f.code AS from_code,
         t.code AS to_code, d.reference, d.act, d.act_id
  FROM stock_movements m JOIN down ON down.lot_id = m.lot_id JOIN stock_documents d ON d.id = m.document_id
  JOIN stock_locations f ON f.id = m.from_id JOIN stock_locations t ON t.id = m.to_id
  WHERE (f.holds AND ",
    seen!("f"),
    " OR t.holds AND ",
    seen!("t"),
    r")
    AND ($4 OR t.kind <> 'in_transit' OR NOT EXISTS (
      SELECT FROM shipments s WHERE s.transit_id = t.id AND s.status IN ('dispatched', 'partially_received')))
)
SELECT v.id, v.occurred_on, v.document_id, v.kind, v.lot_id, v.quantity, v.from_code, v.to_code, v.reference, v.act, v.act_id,
       (SELECT r.id FROM stock_documents r WHERE r.reverses_id = v.document_id)
FROM moved v
WHERE ($5 IS NULL OR CASE WHEN $7 THEN (v.occurred_on, v.id) < ($5, $6) ELSE (v.occurred_on, v.id) > ($5, $6) END)
ORDER BY CASE WHEN $7 THEN v.occurred_on END DESC, CASE WHEN $7 THEN v.id END DESC, v.occurred_on, v.id LIMIT $8"
);

/// What became of what somebody paid.
pub struct Paid<'a> {
    filter: &'a PaidSupplyFilter,
    words: Option<&'a str>,
    within: Within,
    stretch: Stretch<String>,
}

impl<'a> Paid<'a> {
    /// What the caller sees of it.
    pub fn new(actor: &Actor, filter: &'a PaidSupplyFilter, page: &'a PageQuery) -> ApiResult<Self> {
        Ok(Self { filter, words: page.q.as_deref(), within: Within::of(actor), stretch: Stretch::of(page)? })
    }
}

impl QueryId for Paid<'_> {
    type QueryId = Paid<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Paid<'_> {
    type SqlType = (
        SqlUuid,
        Text,
        Text,
        Text,
        SqlUuid,
        Nullable<Text>,
        Bool,
        Nullable<BigInt>,
        Nullable<Text>,
        SqlUuid,
        Text,
        Nullable<SqlUuid>,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
    );
}

impl QueryFragment<Pg> for Paid<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let filter = self.filter;
        out.push_sql("WITH RECURSIVE asked AS (SELECT ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&filter.contract_id)?;
        self.within.bind(&mut out)?;
        for id in [&filter.campaign_id, &filter.organization_id, &filter.item_id, &filter.facility_id] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<SqlUuid>, _>(id)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.words)?;
        stretch::<Text, _>(&mut out, &self.stretch)?;
        out.push_sql(PAID);
        Ok(())
    }
}

/// $1 contract; the caller's $2 areas, $3 facility; $4 campaign, $5 organisation, $6 item, $7 facility, $8 words, $9 and $10 where the page
/// before ended, $11 backwards, $12 how many. A lot was paid as far as it came in from outside (or was made) on documents of the payer; what
/// was made of such lots follows them.
const PAID: &str = concat!(
    family!(),
    r"
), brought AS (
  SELECT m.lot_id, sum(CASE WHEN m.to_holds THEN m.quantity ELSE -m.quantity END)::bigint AS whole,
         (sum(CASE WHEN m.to_holds THEN m.quantity ELSE -m.quantity END)
            FILTER (WHERE d.contract_id = $1 OR d.campaign_id = $4 OR d.organization_id = $5))::bigint AS paid
  FROM stock_movements m JOIN stock_documents d ON d.id = m.document_id
  JOIN stock_locations o ON o.id = CASE WHEN m.to_holds THEN m.from_id ELSE m.to_id END
  WHERE m.from_holds <> m.to_holds
    AND (o.kind IN ('supplier', 'donor') OR o.kind = 'production' AND m.to_holds = (d.reverses_id IS NULL))
    AND m.lot_id IN (
      SELECT own.lot_id FROM stock_documents of_payer JOIN stock_movements own ON own.document_id = of_payer.id
      WHERE of_payer.contract_id = $1 OR of_payer.campaign_id = $4 OR of_payer.organization_id = $5)
  GROUP BY m.lot_id
), down AS (
  SELECT lot_id, false AS made FROM brought WHERE paid > 0 UNION SELECT u.made, true FROM down JOIN used_up u ON u.ingredient = down.lot_id
), followed AS (SELECT lot_id, bool_and(made) AS made FROM down GROUP BY lot_id),
legs AS (
  SELECT place.id AS location_id, m.lot_id, o.kind AS other,
         CASE WHEN d.reverses_id IS NULL THEN place.delta ELSE 0 END AS forth, CASE WHEN d.reverses_id IS NULL THEN 0 ELSE place.delta END AS back
  FROM stock_movements m JOIN followed w ON w.lot_id = m.lot_id JOIN stock_documents d ON d.id = m.document_id
  CROSS JOIN LATERAL (VALUES (m.from_id, m.from_holds, m.to_id, -m.quantity), (m.to_id, m.to_holds, m.from_id, m.quantity)) AS place (id, holds, other_id, delta)
  JOIN stock_locations o ON o.id = place.other_id
  WHERE place.holds
), told AS (
  SELECT md5(g.lot_id::text || g.location_id::text)::uuid AS id, g.lot_id, g.location_id,
         sum(CASE WHEN g.forth > 0 THEN g.forth WHEN g.back < 0 THEN g.back ELSE 0 END)::bigint AS came,
         -sum(CASE WHEN g.other = 'consumption' THEN g.forth + g.back ELSE 0 END)::bigint AS used,
         -sum(CASE WHEN g.other = 'loss' THEN g.forth + g.back ELSE 0 END)::bigint AS lost
  FROM legs g GROUP BY g.lot_id, g.location_id
)
SELECT t.id, i.code, i.name, i.base_unit, t.lot_id, l.number, w.made, CASE WHEN NOT w.made THEN h.paid END,
       CASE WHEN NOT w.made THEN round(100.0 * h.paid / nullif(h.whole, 0), 1)::text END,
       p.id, p.code, p.facility_id, t.came, t.used, t.lost, b.quantity
FROM told t JOIN followed w ON w.lot_id = t.lot_id LEFT JOIN brought h ON h.lot_id = t.lot_id
JOIN lots l ON l.id = t.lot_id JOIN items i ON i.id = l.item_id
JOIN stock_locations p ON p.id = t.location_id JOIN stock_balances b ON b.location_id = t.location_id AND b.lot_id = t.lot_id
WHERE p.kind <> 'in_transit' AND ",
    seen!("p"),
    r"
  AND ($6 IS NULL OR l.item_id = $6) AND ($7 IS NULL OR p.facility_id = $7)
  AND ($8 IS NULL OR i.search LIKE siraj_pattern($8) OR l.search LIKE siraj_pattern($8))
  AND ($9 IS NULL OR CASE WHEN $11 THEN (i.code, t.id) < ($9, $10) ELSE (i.code, t.id) > ($9, $10) END)
ORDER BY CASE WHEN $11 THEN i.code END DESC, CASE WHEN $11 THEN t.id END DESC, i.code, t.id LIMIT $12"
);

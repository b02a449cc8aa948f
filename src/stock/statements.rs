//! The SQL of balances and stock cards: fixed texts whose types name them, so that each is prepared once per connection.

use chrono::NaiveDate;
use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{Array, BigInt, Bool, Date, HasSqlType, Nullable, SqlType, Text, Uuid as SqlUuid, is_nullable},
};
use uuid::Uuid;

use super::types::{StockBalanceFilter, StockCardFilter};
use crate::{
    auth::{Actor, Role, Scope},
    error::ApiResult,
    http::PageQuery,
};

/// Where a page begins, which way it goes, and how long it is.
#[derive(Debug, Clone)]
pub struct Stretch<K> {
    after_key: Option<K>,
    after_id: Option<Uuid>,
    descending: bool,
    limit: i64,
}

impl<K: serde::de::DeserializeOwned> Stretch<K> {
    /// The page that is asked for.
    pub fn of(page: &PageQuery) -> ApiResult<Self> {
        let (after_key, after_id) = page.after::<K>()?.unzip();
        Ok(Self { after_key, after_id, descending: page.sort.descending, limit: page.rows() })
    }

    /// So many from the beginning.
    pub const fn first(limit: i64) -> Self {
        Self { after_key: None, after_id: None, descending: false, limit }
    }
}

/// The balances that a caller may see.
pub struct Balances<'a> {
    filter: &'a StockBalanceFilter,
    words: Option<&'a str>,
    areas: Option<Vec<Uuid>>,
    facility: Option<Uuid>,
    controlled: bool,
    road: bool,
    stretch: Stretch<String>,
}

impl<'a> Balances<'a> {
    /// Those that are asked for, within what the caller may see. What is controlled is not for admins.
    pub fn new(actor: &Actor, filter: &'a StockBalanceFilter, page: &'a PageQuery) -> ApiResult<Self> {
        let (areas, facility) = match &actor.scope {
            Scope::Facility(facility) => (None, Some(*facility)),
            scope => (scope.areas(), None),
        };
        let (controlled, words) = (actor.role != Role::Admin, page.q.as_deref());
        let road = actor.role.sends();
        Ok(Self { filter, words, areas, facility, controlled, road, stretch: Stretch::of(page)? })
    }
}

impl QueryId for Balances<'_> {
    type QueryId = Balances<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Balances<'_> {
    type SqlType =
        (SqlUuid, SqlUuid, Text, SqlUuid, Text, Text, Text, SqlUuid, Nullable<Text>, Nullable<Date>, Text, Bool, BigInt, BigInt);
}

impl QueryFragment<Pg> for Balances<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH asked AS (SELECT ");
        out.push_bind_param::<Nullable<Date>, _>(&self.filter.as_of)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Array<SqlUuid>>, _>(&self.areas)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.facility)?;
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(&self.controlled)?;
        for id in [&self.filter.location_id, &self.filter.facility_id, &self.filter.item_id, &self.filter.lot_id] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<SqlUuid>, _>(id)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Date>, _>(&self.filter.expires_until)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.words)?;
        stretch::<Text, _>(&mut out, &self.stretch)?;
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(&self.road)?;
        out.push_sql(BALANCES);
        Ok(())
    }
}

/// $1 day; the caller's $2 areas, $3 facility, $4 controlled items too; $5 place, $6 facility, $7 item, $8 lot, $9 expiry, $10 words,
/// $11 and $12 where the page before ended, $13 backwards, $14 how many, $15 what is on the road too. The balance of a past day is one look into the days of each lot.
const BALANCES: &str = r"
)
SELECT b.id, b.location_id, p.code, i.id, i.code, i.name, i.base_unit, l.id, l.number, l.expires_on, l.status,
       coalesce(l.expires_on < coalesce($1, current_date), false), q.quantity,
       CASE WHEN $1 IS NULL THEN b.reserved ELSE 0 END
FROM stock_balances b
JOIN stock_locations p ON p.id = b.location_id
JOIN lots l ON l.id = b.lot_id
JOIN items i ON i.id = l.item_id
LEFT JOIN LATERAL (
  SELECT closing FROM stock_days d WHERE $1 IS NOT NULL AND d.location_id = b.location_id AND d.lot_id = b.lot_id AND d.day <= $1
  ORDER BY d.day DESC LIMIT 1) past ON true
CROSS JOIN LATERAL (SELECT CASE WHEN $1 IS NULL THEN b.quantity ELSE coalesce(past.closing, 0) END AS quantity) q
WHERE q.quantity > 0
  AND ($2 IS NULL OR p.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($2))
       OR p.facility_id IN (SELECT f.id FROM facilities f JOIN area_closure c ON c.area_id = f.area_id WHERE c.ancestor_id = ANY ($2)))
  AND ($3 IS NULL OR p.facility_id = $3)
  AND ($4 OR NOT i.controlled) AND ($15 OR p.kind <> 'in_transit')
  AND ($5 IS NULL OR b.location_id = $5) AND ($6 IS NULL OR p.facility_id = $6)
  AND ($7 IS NULL OR i.id = $7) AND ($8 IS NULL OR b.lot_id = $8) AND ($9 IS NULL OR l.expires_on <= $9)
  AND ($10 IS NULL OR i.search LIKE siraj_pattern($10) OR l.search LIKE siraj_pattern($10))
  AND ($11 IS NULL OR CASE WHEN $13 THEN (i.code, b.id) < ($11, $12) ELSE (i.code, b.id) > ($11, $12) END)
ORDER BY CASE WHEN $13 THEN i.code END DESC, CASE WHEN $13 THEN b.id END DESC, i.code, b.id LIMIT $14";

/// The card of an item at a place.
pub struct Card<'a> {
    location: Uuid,
    filter: &'a StockCardFilter,
    stretch: Stretch<NaiveDate>,
}

impl<'a> Card<'a> {
    /// The card of a place that the caller has been found to hold.
    pub fn new(location: Uuid, filter: &'a StockCardFilter, page: &PageQuery) -> ApiResult<Self> {
        Ok(Self { location, filter, stretch: Stretch::of(page)? })
    }
}

impl QueryId for Card<'_> {
    type QueryId = Card<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Card<'_> {
    type SqlType = (SqlUuid, Date, Text, Text, Nullable<Text>, BigInt, BigInt);
}

impl QueryFragment<Pg> for Card<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH asked AS (SELECT ");
        out.push_bind_param::<SqlUuid, _>(&self.location)?;
        out.push_sql(", ");
        out.push_bind_param::<SqlUuid, _>(&self.filter.item_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.filter.lot_id)?;
        stretch::<Date, _>(&mut out, &self.stretch)?;
        out.push_sql(CARD);
        Ok(())
    }
}

/// $1 place, $2 item, $3 lot, $4 and $5 where the page before ended, $6 backwards, $7 how many.
const CARD: &str = r"
), moved AS (
  SELECT m.document_id, m.occurred_on, CASE WHEN m.from_id = $1 THEN m.to_id ELSE m.from_id END AS other_id,
         sum(CASE WHEN m.from_id = $1 THEN -m.quantity ELSE m.quantity END)::bigint AS change
  FROM stock_movements m
  WHERE (m.from_id = $1 OR m.to_id = $1) AND m.lot_id IN (SELECT id FROM lots WHERE item_id = $2 AND ($3 IS NULL OR id = $3))
  GROUP BY 1, 2, 3
), card AS (
  SELECT *, sum(change) OVER (ORDER BY occurred_on, document_id)::bigint AS balance FROM moved
)
SELECT c.document_id, c.occurred_on, d.kind, o.code, d.reference, c.change, c.balance
FROM card c JOIN stock_documents d ON d.id = c.document_id JOIN stock_locations o ON o.id = c.other_id
WHERE ($4 IS NULL OR CASE WHEN $6 THEN (c.occurred_on, c.document_id) < ($4, $5) ELSE (c.occurred_on, c.document_id) > ($4, $5) END)
ORDER BY CASE WHEN $6 THEN c.occurred_on END DESC, CASE WHEN $6 THEN c.document_id END DESC, c.occurred_on, c.document_id LIMIT $7";

/// Which lots of some items to take from a place, the first to expire first.
pub struct Allocated {
    /// The place.
    pub location: Uuid,
    /// The items, each once.
    pub items: Vec<Uuid>,
    /// How many of each are wanted.
    pub quantities: Vec<i64>,
    /// The day they are to be used on.
    pub used_on: NaiveDate,
}

impl QueryId for Allocated {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Allocated {
    type SqlType = (SqlUuid, Nullable<Text>, Nullable<Date>, BigInt, SqlUuid);
}

impl QueryFragment<Pg> for Allocated {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH asked AS (SELECT ");
        out.push_bind_param::<SqlUuid, _>(&self.location)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.items)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.quantities)?;
        out.push_sql(", ");
        out.push_bind_param::<Date, _>(&self.used_on)?;
        out.push_sql(ALLOCATED);
        Ok(())
    }
}

/// $1 place, $2 items, $3 how many of each, $4 day. What can be taken on a day is the least there was at its end and at that of any
/// day since, less what is set aside.
const ALLOCATED: &str = r"
), free AS (
  SELECT w.item_id, w.quantity AS wanted, l.id, l.number, l.expires_on,
         least(b.quantity - b.reserved, coalesce(on_day.closing, 0), since.closing) AS quantity
  FROM unnest($2, $3) AS w (item_id, quantity)
  JOIN lots l ON l.item_id = w.item_id AND l.status = 'available' AND coalesce(l.expires_on >= $4, true)
  JOIN stock_balances b ON b.location_id = $1 AND b.lot_id = l.id
  LEFT JOIN LATERAL (
    SELECT d.closing FROM stock_days d WHERE d.location_id = $1 AND d.lot_id = l.id AND d.day <= $4 ORDER BY d.day DESC LIMIT 1) on_day ON true
  LEFT JOIN LATERAL (SELECT min(d.closing) AS closing FROM stock_days d WHERE d.location_id = $1 AND d.lot_id = l.id AND d.day > $4) since ON true
), usable AS (
  SELECT f.*, (sum(f.quantity) OVER (PARTITION BY f.item_id ORDER BY f.expires_on NULLS LAST, f.id) - f.quantity)::bigint AS before
  FROM free f WHERE f.quantity > 0
)
SELECT id, number, expires_on, least(quantity, wanted - before), item_id FROM usable WHERE before < wanted ORDER BY item_id, before";

/// Binds where a page begins, which way it goes, and how long it is.
pub fn stretch<'b, T, K>(out: &mut AstPass<'_, 'b, Pg>, stretch: &'b Stretch<K>) -> QueryResult<()>
where
    Option<K>: ToSql<Nullable<T>, Pg>,
    T: SqlType<IsNull = is_nullable::NotNull> + 'static,
    Pg: HasSqlType<T>,
{
    out.push_sql(", ");
    out.push_bind_param::<Nullable<T>, _>(&stretch.after_key)?;
    out.push_sql(", ");
    out.push_bind_param::<Nullable<SqlUuid>, _>(&stretch.after_id)?;
    out.push_sql(", ");
    out.push_bind_param::<Bool, _>(&stretch.descending)?;
    out.push_sql(", ");
    out.push_bind_param::<BigInt, _>(&stretch.limit)
}

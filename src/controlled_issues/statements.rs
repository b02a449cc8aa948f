//! The SQL of the running register: a fixed text whose type names it, so that it is prepared once per connection.

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Date, Nullable, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    error::ApiResult,
    http::PageQuery,
    stock::{Stretch, stretch},
};

/// The running register of an item at a place.
pub struct Running {
    location: Uuid,
    item: Uuid,
    stretch: Stretch<String>,
}

impl Running {
    /// The register of a place that the caller has been found to hold.
    pub fn new(location: Uuid, item: Uuid, page: &PageQuery) -> ApiResult<Self> {
        Ok(Self { location, item, stretch: Stretch::of(page)? })
    }
}

impl QueryId for Running {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Running {
    type SqlType = (
        SqlUuid,
        Text,
        Date,
        Text,
        Text,
        SqlUuid,
        Nullable<Text>,
        Nullable<Text>,
        BigInt,
        BigInt,
        BigInt,
        SqlUuid,
        Nullable<SqlUuid>,
    );
}

impl QueryFragment<Pg> for Running {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH asked AS (SELECT ");
        out.push_bind_param::<SqlUuid, _>(&self.location)?;
        out.push_sql(", ");
        out.push_bind_param::<SqlUuid, _>(&self.item)?;
        stretch::<Text, _>(&mut out, &self.stretch)?;
        out.push_sql(RUNNING);
        Ok(())
    }
}

/// $1 place, $2 item, $3 and $4 where the page before ended, $5 backwards, $6 how many.
const RUNNING: &str = r#"
), moved AS (
  SELECT m.document_id, format('%s %s %s', m.occurred_on, m.document_id, lpad(m.line::text, 4, '0')) COLLATE "C" AS entry, m.occurred_on, m.lot_id, l.number,
         CASE WHEN m.from_id = $1 THEN m.to_id ELSE m.from_id END AS other_id,
         CASE WHEN m.to_id = $1 THEN m.quantity ELSE 0 END AS received, CASE WHEN m.from_id = $1 THEN m.quantity ELSE 0 END AS issued
  FROM stock_movements m JOIN lots l ON l.id = m.lot_id
  WHERE (m.from_id = $1 OR m.to_id = $1) AND l.item_id = $2
), register AS (
  SELECT *, sum(received - issued) OVER (ORDER BY entry)::bigint AS balance FROM moved
)
SELECT r.document_id, r.entry, r.occurred_on, d.kind, o.code, r.lot_id, r.number, d.reference, r.received, r.issued, r.balance, d.recorded_by, d.witnessed_by
FROM register r JOIN stock_documents d ON d.id = r.document_id JOIN stock_locations o ON o.id = r.other_id
WHERE ($3 IS NULL OR CASE WHEN $5 THEN (r.entry, r.document_id) < ($3, $4) ELSE (r.entry, r.document_id) > ($3, $4) END)
ORDER BY CASE WHEN $5 THEN r.entry END DESC, r.entry LIMIT $6"#;

//! Adding the ledger up again.

use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;

use crate::{db::Conn, error::ApiResult};

/// What adding up found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many movements were added up.
    pub movements: i64,
    /// How many balances, closings and contents of shipments were compared with them.
    pub compared: i64,
    /// Every difference, in a sentence.
    pub differences: Vec<String>,
}

#[derive(diesel::QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    movements: i64,
    #[diesel(sql_type = BigInt)]
    compared: i64,
}

#[derive(diesel::QueryableByName)]
struct Difference {
    #[diesel(sql_type = Text)]
    told: String,
}

/// Adds the ledger up from nothing, as one moment saw it, and compares it with every balance, with the closing of every day, and with
/// what shipments say is set aside and on the road.
pub async fn verify(conn: &mut Conn) -> ApiResult<Verified> {
    // As long as there are movements to add up.
    diesel::sql_query("SET statement_timeout = 0").execute(conn).await?;
    let differences: Vec<Difference> = diesel::sql_query(DIFFERENCES).load(conn).await?;
    let counted: Counted = diesel::sql_query(COUNTED).get_result(conn).await?;
    let differences = differences.into_iter().map(|one| one.told).collect();
    Ok(Verified { movements: counted.movements, compared: counted.compared, differences })
}

const COUNTED: &str = "SELECT (SELECT count(*) FROM stock_movements) AS movements,
    (SELECT count(*) FROM stock_balances) + (SELECT count(*) FROM stock_days)
      + (SELECT count(*) FROM shipment_contents WHERE retired_at IS NULL) AS compared";
const DIFFERENCES: &str = "
WITH legs AS (
  SELECT from_id AS location_id, lot_id, occurred_on AS day, -quantity AS delta FROM stock_movements WHERE from_holds
  UNION ALL SELECT to_id, lot_id, occurred_on, quantity FROM stock_movements WHERE to_holds
), days AS (
  SELECT location_id, lot_id, day, sum(sum(delta)) OVER (PARTITION BY location_id, lot_id ORDER BY day)::bigint AS closing
  FROM legs GROUP BY location_id, lot_id, day
), totals AS (
  SELECT location_id, lot_id, sum(delta)::bigint AS quantity FROM legs GROUP BY location_id, lot_id
)
SELECT format('balance of lot %s at %s: the ledger says %s, the balance %s', coalesce(t.lot_id, b.lot_id), coalesce(t.location_id, b.location_id), coalesce(t.quantity, 0), coalesce(b.quantity, 0)) AS told
FROM totals t FULL JOIN stock_balances b USING (location_id, lot_id) WHERE coalesce(t.quantity, 0) <> coalesce(b.quantity, 0)
UNION ALL
SELECT format('lot %s at %s on %s: the ledger says %s, the day %s', coalesce(d.lot_id, s.lot_id), coalesce(d.location_id, s.location_id), coalesce(d.day, s.day), d.closing, s.closing)
FROM days d FULL JOIN stock_days s USING (location_id, lot_id, day) WHERE d.closing IS DISTINCT FROM s.closing
UNION ALL
SELECT format('lot %s at %s on %s: less than nothing (%s)', lot_id, location_id, day, closing) FROM days WHERE closing < 0
UNION ALL
SELECT format('document %s has no movements', id) FROM stock_documents d WHERE NOT EXISTS (SELECT FROM stock_movements m WHERE m.document_id = d.id)
UNION ALL
SELECT format('lot %s at %s: shipments have set aside %s, the balance %s', coalesce(w.lot_id, b.lot_id), coalesce(w.from_id, b.location_id), coalesce(w.quantity, 0), coalesce(b.reserved, 0))
FROM (SELECT s.from_id, c.lot_id, sum(c.quantity)::bigint AS quantity FROM shipment_contents c JOIN shipments s ON s.id = c.shipment_id WHERE c.reserved GROUP BY 1, 2) w
FULL JOIN stock_balances b ON b.location_id = w.from_id AND b.lot_id = w.lot_id WHERE coalesce(w.quantity, 0) <> coalesce(b.reserved, 0)
UNION ALL
SELECT format('lot %s of shipment %s: %s outstanding, %s on the road', c.lot_id, c.shipment_id, c.outstanding, coalesce(b.quantity, 0))
FROM shipment_contents c JOIN shipments s ON s.id = c.shipment_id LEFT JOIN stock_balances b ON b.location_id = s.transit_id AND b.lot_id = c.lot_id
WHERE c.retired_at IS NULL AND coalesce(b.quantity, 0) <> CASE WHEN s.transit_id IS NULL THEN 0 ELSE c.outstanding END
UNION ALL
SELECT format('lot %s of shipment %s: discrepancies explain %s, the contents %s', c.lot_id, c.shipment_id, x.explained, c.explained)
FROM shipment_contents c CROSS JOIN LATERAL (
  SELECT coalesce(sum(d.quantity), 0) AS explained FROM shipment_discrepancies d WHERE d.shipment_id = c.shipment_id AND d.lot_id = c.lot_id AND d.on_the_road) x
WHERE c.retired_at IS NULL AND x.explained <> c.explained
UNION ALL
SELECT format('lot %s of shipment %s: documents say %s lost and %s returned, the contents %s and %s', c.lot_id, c.shipment_id, g.lost, g.returned, c.lost, c.returned)
FROM shipment_contents c JOIN shipments s ON s.id = c.shipment_id CROSS JOIN LATERAL (
  SELECT coalesce(sum(m.quantity) FILTER (WHERE t.kind = 'loss'), 0) - c.rejected * (CASE WHEN EXISTS (
           SELECT FROM shipment_receipts r WHERE r.shipment_id = s.id AND r.rejected_to_id IS NOT NULL) THEN 0 ELSE 1 END) AS lost,
         coalesce(sum(m.quantity) FILTER (WHERE d.kind IN ('transfer', 'return') AND NOT EXISTS (SELECT FROM shipment_receipt_documents w WHERE w.document_id = d.id)), 0) AS returned
  FROM stock_movements m JOIN stock_documents d ON d.id = m.document_id JOIN stock_locations t ON t.id = m.to_id
  WHERE m.lot_id = c.lot_id AND m.from_id = s.transit_id AND d.reverses_id IS NULL AND NOT EXISTS (SELECT FROM stock_documents r WHERE r.reverses_id = d.id)) g
WHERE c.retired_at IS NULL AND s.transit_id IS NOT NULL AND NOT EXISTS (SELECT FROM shipment_receipts r WHERE r.shipment_id = s.id AND r.rejected_to_id IS NOT NULL)
  AND (g.lost, g.returned) <> (c.lost, c.returned)
UNION ALL
SELECT format('lot %s of shipment %s: receipts have counted %s and %s, the contents %s and %s', c.lot_id, c.shipment_id, r.accepted, r.rejected, c.accepted, c.rejected)
FROM shipment_contents c CROSS JOIN LATERAL (
  SELECT coalesce(sum(l.accepted), 0) AS accepted, coalesce(sum(l.rejected), 0) AS rejected
  FROM shipment_receipt_lines l JOIN shipment_receipts t ON t.id = l.receipt_id
  WHERE t.shipment_id = c.shipment_id AND l.lot_id = c.lot_id AND t.reversed_reason IS NULL) r
WHERE c.retired_at IS NULL AND (r.accepted, r.rejected) <> (c.accepted, c.rejected)";

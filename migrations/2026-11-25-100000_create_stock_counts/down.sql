DROP TABLE stock_count_lines, stock_counts CASCADE;
DROP FUNCTION siraj_count_lines_fixed();
DROP FUNCTION siraj_count_steps();
DROP FUNCTION siraj_refuse_no_place();
DROP TRIGGER stock_documents_adjustment_fits ON stock_documents;
DROP TRIGGER stock_documents_adjustment_reason_id_retired ON stock_documents;
DROP FUNCTION siraj_adjustment_fits();
ALTER TABLE stock_documents DROP COLUMN adjustment_reason_id;
DROP TABLE adjustment_reasons CASCADE;
DROP FUNCTION siraj_reason_keeps();
CREATE OR REPLACE FUNCTION siraj_post_movements() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  unfit record;
BEGIN
  IF EXISTS (SELECT FROM added m JOIN stock_documents d ON d.id = m.document_id WHERE d.written_in <> pg_current_xact_id()::text::bigint) THEN
    RAISE EXCEPTION 'movements come with their document' USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- A lot that must not be used goes nowhere but aside, back, or out of the world. Held, so that no recall is overtaken.
  PERFORM FROM lots WHERE id IN (SELECT lot_id FROM added) ORDER BY id FOR SHARE;
  SELECT CASE WHEN l.expires_on < m.occurred_on THEN 'expired' WHEN l.status = 'recalled' THEN 'recalled' ELSE 'blocked' END AS why INTO unfit
  FROM added m JOIN lots l ON l.id = m.lot_id JOIN stock_documents d ON d.id = m.document_id JOIN stock_locations t ON t.id = m.to_id
  WHERE d.reverses_id IS NULL AND (l.expires_on < m.occurred_on OR l.status <> 'available')
    AND t.kind NOT IN ('quarantine', 'loss', 'supplier', 'donor')
    AND NOT (d.kind = 'count' AND t.kind = 'count_difference')
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the lot must not be used' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_movements_lot_' || unfit.why || '_check', TABLE = 'stock_movements';
  END IF;

  INSERT INTO stock_balances (location_id, lot_id)
  SELECT DISTINCT place.id, m.lot_id FROM added m CROSS JOIN LATERAL (VALUES (m.from_id, m.from_holds), (m.to_id, m.to_holds)) AS place (id, holds)
  WHERE place.holds ORDER BY 1, 2 ON CONFLICT DO NOTHING;
  -- Always in one order, so that no two documents wait for each other.
  PERFORM FROM stock_balances b WHERE (b.location_id, b.lot_id) IN (
    SELECT place.id, m.lot_id FROM added m CROSS JOIN LATERAL (VALUES (m.from_id, m.from_holds), (m.to_id, m.to_holds)) AS place (id, holds) WHERE place.holds)
  ORDER BY b.location_id, b.lot_id FOR NO KEY UPDATE;

  UPDATE stock_balances b SET quantity = b.quantity + leg.delta
  FROM (SELECT place.id, m.lot_id, sum(place.delta)::bigint AS delta
        FROM added m CROSS JOIN LATERAL (VALUES (m.from_id, m.from_holds, -m.quantity), (m.to_id, m.to_holds, m.quantity)) AS place (id, holds, delta)
        WHERE place.holds GROUP BY 1, 2) AS leg
  WHERE b.location_id = leg.id AND b.lot_id = leg.lot_id;

  -- A day that is new begins with what the day before it closed with; then every day from the first on is moved.
  INSERT INTO stock_days (location_id, lot_id, day, closing)
  SELECT leg.id, leg.lot_id, leg.day, coalesce((
      SELECT p.closing FROM stock_days p WHERE p.location_id = leg.id AND p.lot_id = leg.lot_id AND p.day < leg.day ORDER BY p.day DESC LIMIT 1), 0)
  FROM (SELECT DISTINCT place.id, m.lot_id, m.occurred_on AS day
        FROM added m CROSS JOIN LATERAL (VALUES (m.from_id, m.from_holds), (m.to_id, m.to_holds)) AS place (id, holds) WHERE place.holds) AS leg
  ON CONFLICT DO NOTHING;
  UPDATE stock_days s SET closing = s.closing + moved.delta
  FROM (SELECT d.location_id, d.lot_id, d.day, sum(place.delta)::bigint AS delta
        FROM added m CROSS JOIN LATERAL (VALUES (m.from_id, m.from_holds, -m.quantity), (m.to_id, m.to_holds, m.quantity)) AS place (id, holds, delta)
        JOIN stock_days d ON d.location_id = place.id AND d.lot_id = m.lot_id AND d.day >= m.occurred_on
        WHERE place.holds GROUP BY 1, 2, 3) AS moved
  WHERE s.location_id = moved.location_id AND s.lot_id = moved.lot_id AND s.day = moved.day;
  RETURN NULL;
END $$;

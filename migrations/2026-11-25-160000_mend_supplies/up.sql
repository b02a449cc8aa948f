-- What hostile readings found: each rule is now the database's.

-- Over-delivery puts nothing into a store that must not be used.
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
    AND (d.kind <> 'count' OR d.act = 'shipment')
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

-- What is controlled leaves the book, or comes into it by a count, with two names; whatever act writes it, and when it is undone too.
-- What an import tells of shipments of the past was signed on paper.
CREATE OR REPLACE FUNCTION siraj_movements_witnessed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM added m JOIN stock_documents d ON d.id = m.document_id
    WHERE d.witnessed_by IS NULL AND NOT (d.recorded_by = '00000000-0000-7000-8000-000000000001' AND coalesce(d.act, '') = 'shipment')
      AND (m.from_holds AND NOT m.to_holds OR m.to_holds AND NOT m.from_holds AND d.kind = 'count')
      AND EXISTS (SELECT FROM lots l JOIN items i ON i.id = l.item_id WHERE l.id = m.lot_id AND i.controlled)
  ) THEN
    RAISE EXCEPTION 'what is controlled takes two persons' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_movements_witness_check', TABLE = 'stock_movements';
  END IF;
  RETURN NULL;
END $$;

-- It goes back to whom it came from by two as well.
ALTER TABLE controlled_issues DROP CONSTRAINT controlled_issues_to_id_check;
ALTER TABLE controlled_issues ADD CONSTRAINT controlled_issues_to_id_check CHECK (to_id IN
  ('00000000-0000-7000-8000-000000000101', '00000000-0000-7000-8000-000000000102', '00000000-0000-7000-8000-000000000104', '00000000-0000-7000-8000-000000000105'));

-- Moved from one quarantine to another, a product would wait for nobody.
CREATE OR REPLACE FUNCTION siraj_product_waits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM added m JOIN stock_documents d ON d.id = m.document_id JOIN stock_locations t ON t.id = m.to_id
    JOIN stock_balances b ON b.location_id = m.from_id AND b.lot_id = m.lot_id
    WHERE m.from_holds AND d.act IS DISTINCT FROM 'production_order' AND t.kind <> 'loss'
      AND b.quantity < (SELECT sum(o.quantity) FROM production_orders o WHERE o.quarantine_id = m.from_id AND o.lot_id = m.lot_id AND o.status = 'completed')) THEN
    RAISE EXCEPTION 'the product waits for the release of its order' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_movements_lot_blocked_check', TABLE = 'stock_movements';
  END IF;
  RETURN NULL;
END $$;

-- What was made of something recalled or held is not released.
CREATE OR REPLACE FUNCTION siraj_lot_waits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM production_orders WHERE id = NEW.production_order_id AND status = 'released') THEN
    RAISE EXCEPTION 'the lot waits for the release of its order' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'lots_production_order_id_waits', TABLE = 'lots';
  END IF;
  IF EXISTS (
    SELECT FROM stock_documents d JOIN stock_movements m ON m.document_id = d.id AND NOT m.to_holds JOIN lots l ON l.id = m.lot_id
    WHERE d.act = 'production_order' AND d.act_id = NEW.production_order_id AND d.reverses_id IS NULL AND l.id <> NEW.id AND l.status IN ('recalled', 'on_hold')
      AND NOT EXISTS (SELECT FROM stock_documents r WHERE r.reverses_id = d.id)) THEN
    RAISE EXCEPTION 'it is made of what must not be used' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_movements_lot_recalled_check', TABLE = 'lots';
  END IF;
  RETURN NEW;
END $$;

-- A lot without a number is all there ever is of its item: it can be held, and is not recalled.
ALTER TABLE lots ADD CONSTRAINT lots_recall_check CHECK (status <> 'recalled' OR number IS NOT NULL);

-- Once there are lots, the unit that they are counted in stays, and what is controlled stays controlled.
CREATE FUNCTION siraj_item_keeps() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM lots WHERE item_id = NEW.id) THEN
    RAISE EXCEPTION 'lots are counted so' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'lots_item_id_held', TABLE = 'lots';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_item_keeps() FROM PUBLIC;
CREATE TRIGGER items_keep AFTER UPDATE ON items FOR EACH ROW
  WHEN (OLD.controlled AND NOT NEW.controlled OR NEW.base_unit <> OLD.base_unit) EXECUTE FUNCTION siraj_item_keeps();

-- A shipment comes to answer a requisition that was granted.
CREATE OR REPLACE FUNCTION siraj_shipment_answers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM requisitions WHERE id = NEW.requisition_id AND facility_id = NEW.facility_id) THEN
    RAISE EXCEPTION 'another facility asked for that' USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'shipments_requisition_id_fkey', TABLE = 'shipments';
  END IF;
  IF NOT EXISTS (SELECT FROM requisitions WHERE id = NEW.requisition_id AND status IN ('approved', 'partly_approved', 'in_fulfilment')) THEN
    RAISE EXCEPTION 'nobody has granted that' USING ERRCODE = 'check_violation', CONSTRAINT = 'shipments_requisition_state_check', TABLE = 'shipments';
  END IF;
  RETURN NULL;
END $$;

-- The ledger and the shipment are compared whichever of the two is written.
CREATE FUNCTION siraj_documents_on_the_road() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM shipments s JOIN stock_balances b ON b.location_id = s.transit_id
    LEFT JOIN shipment_contents c ON c.shipment_id = s.id AND c.lot_id = b.lot_id AND c.retired_at IS NULL
    WHERE s.id = NEW.act_id AND b.quantity <> coalesce(c.outstanding, 0)
  ) THEN
    RAISE EXCEPTION 'the shipment and the ledger differ' USING ERRCODE = 'check_violation', CONSTRAINT = 'shipment_contents_transit_check', TABLE = 'shipment_contents';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_documents_on_the_road() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER stock_documents_on_the_road AFTER INSERT ON stock_documents DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.act = 'shipment') EXECUTE FUNCTION siraj_documents_on_the_road();

-- Nobody retires the place that something is on its way to, or a road.
CREATE OR REPLACE FUNCTION siraj_location_keeps() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.retired_at IS NOT NULL AND EXISTS (SELECT FROM stock_balances WHERE location_id = NEW.id AND quantity > 0) THEN
    RAISE EXCEPTION 'something lies there' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'stock_balances_location_id_held', TABLE = 'stock_balances';
  END IF;
  IF NEW.retired_at IS NOT NULL AND EXISTS (
    SELECT FROM shipments WHERE NEW.id IN (from_id, to_id) AND retired_at IS NULL AND status IN ('draft', 'packed', 'dispatched', 'partially_received')) THEN
    RAISE EXCEPTION 'a shipment names it' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'shipments_to_id_held', TABLE = 'shipments';
  END IF;
  IF NOT OLD.holds OR OLD.kind = 'in_transit' THEN
    RAISE EXCEPTION 'the accounts of the world outside stay' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'stock_locations_account_held', TABLE = 'stock_locations';
  END IF;
  IF (NEW.kind, NEW.area_id, NEW.facility_id) IS DISTINCT FROM (OLD.kind, OLD.area_id, OLD.facility_id)
     AND (EXISTS (SELECT FROM stock_balances WHERE location_id = NEW.id) OR EXISTS (SELECT FROM shipments WHERE NEW.id IN (from_id, to_id))) THEN
    RAISE EXCEPTION 'what has moved, moved there' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'stock_locations_place_held', TABLE = 'stock_locations';
  END IF;
  RETURN NULL;
END $$;

-- A mistake is undone though somebody that it names has been retired since.
CREATE OR REPLACE FUNCTION siraj_refuse_retired() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  named uuid := (to_jsonb(NEW) ->> TG_ARGV[0])::uuid;
  retired boolean;
BEGIN
  IF named IS NULL OR to_jsonb(NEW) ->> 'reverses_id' IS NOT NULL OR (TG_OP = 'UPDATE' AND named IS NOT DISTINCT FROM (to_jsonb(OLD) ->> TG_ARGV[0])::uuid) THEN
    RETURN NULL;
  END IF;
  EXECUTE format('SELECT retired_at IS NOT NULL FROM %I WHERE id = $1 FOR %s', TG_ARGV[1], TG_ARGV[2]) INTO retired USING named;
  IF retired THEN
    RAISE EXCEPTION '% names a retired record', TG_ARGV[0] USING ERRCODE = 'foreign_key_violation',
      CONSTRAINT = TG_TABLE_NAME || '_' || TG_ARGV[0] || '_retired', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;

-- The note of a shipment is not for everybody who may look for its code.
ALTER TABLE shipments DROP COLUMN search;
ALTER TABLE shipments ADD COLUMN search text GENERATED ALWAYS AS (siraj_search(code)) STORED;
CREATE INDEX shipments_search_idx ON shipments USING gin (search gin_trgm_ops);

-- A leg has a history of its own: that of its shipment tells nothing of its road.
DROP TRIGGER shipment_legs_audit_insert ON shipment_legs;
DROP TRIGGER shipment_legs_audit_update ON shipment_legs;
CREATE TRIGGER shipment_legs_audit_insert AFTER INSERT ON shipment_legs REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_audit('id', 'carrier', 'checkpoint', 'note');
CREATE TRIGGER shipment_legs_audit_update AFTER UPDATE ON shipment_legs REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_audit('id', 'carrier', 'checkpoint', 'note');

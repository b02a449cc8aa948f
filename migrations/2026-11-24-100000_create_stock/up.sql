-- Supplies: lots, the places where they lie, and the ledger that is the only truth about how many.

-- Whether an item's lots expire is settled with its first lot.
ALTER TABLE items ADD CONSTRAINT items_id_expiry_tracked_key UNIQUE (id, expiry_tracked);

CREATE TABLE lots (
  id uuid CONSTRAINT lots_pkey PRIMARY KEY,
  item_id uuid NOT NULL,
  expiry_tracked boolean NOT NULL DEFAULT false,
  -- The maker's number; none where the item's lots do not expire: nothing is invented for an instrument.
  number text CONSTRAINT lots_number_check CHECK (length(number) BETWEEN 1 AND 40),
  expires_on date CONSTRAINT lots_expires_on_check CHECK (expires_on BETWEEN '2011-01-01' AND '2100-01-01'),
  manufacturer text CONSTRAINT lots_manufacturer_check CHECK (length(manufacturer) BETWEEN 1 AND 200),
  origin_id uuid CONSTRAINT lots_origin_id_fkey REFERENCES organizations,
  -- Expired is not a status: it follows from the day.
  status text NOT NULL DEFAULT 'available' CONSTRAINT lots_status_check CHECK (status IN ('quarantined', 'available', 'on_hold', 'recalled')),
  -- Why it came to its status, or why its facts were corrected.
  reason text CONSTRAINT lots_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  search text GENERATED ALWAYS AS (siraj_search(number, manufacturer)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT lots_recorded_by_fkey REFERENCES users,
  CONSTRAINT lots_item_id_fkey FOREIGN KEY (item_id, expiry_tracked) REFERENCES items (id, expiry_tracked),
  CONSTRAINT lots_expiry_check CHECK (expiry_tracked = (expires_on IS NOT NULL) AND expiry_tracked = (number IS NOT NULL)),
  -- A number means one lot of its item, whatever else is said of it; an item without numbers has one lot.
  CONSTRAINT lots_number_key UNIQUE NULLS NOT DISTINCT (item_id, number)
);
CREATE INDEX lots_search_idx ON lots USING gin (search gin_trgm_ops);
CREATE INDEX lots_expires_on_idx ON lots (expires_on) WHERE expires_on IS NOT NULL;
CALL siraj_register('lots', 'id');
-- What its item says; what is of no item the foreign key refuses.
CREATE FUNCTION siraj_lot_tracked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.expiry_tracked := coalesce((SELECT expiry_tracked FROM items WHERE id = NEW.item_id), NEW.expires_on IS NOT NULL);
  RETURN NEW;
END $$;
CREATE TRIGGER lots_tracked BEFORE INSERT ON lots FOR EACH ROW EXECUTE FUNCTION siraj_lot_tracked();
CALL siraj_refers('lots', 'item_id', 'items', true);
CALL siraj_refers('lots', 'origin_id', 'organizations', false);

CREATE TABLE stock_locations (
  id uuid CONSTRAINT stock_locations_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT stock_locations_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  name text NOT NULL CONSTRAINT stock_locations_name_check CHECK (length(name) BETWEEN 1 AND 200),
  name_ar text CONSTRAINT stock_locations_name_ar_check CHECK (length(name_ar) BETWEEN 1 AND 200),
  kind text NOT NULL CONSTRAINT stock_locations_kind_check CHECK (kind IN
    ('warehouse', 'facility_store', 'workshop', 'quarantine', 'in_transit',
     'supplier', 'donor', 'production', 'consumption', 'loss', 'count_difference')),
  -- A place that holds stock; the others are the accounts of the world outside.
  holds boolean GENERATED ALWAYS AS (kind IN ('warehouse', 'facility_store', 'workshop', 'quarantine', 'in_transit')) STORED,
  area_id uuid CONSTRAINT stock_locations_area_id_fkey REFERENCES areas,
  facility_id uuid CONSTRAINT stock_locations_facility_id_fkey REFERENCES facilities,
  search text GENERATED ALWAYS AS (siraj_search(code, name, name_ar)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT stock_locations_recorded_by_fkey REFERENCES users,
  CONSTRAINT stock_locations_code_key UNIQUE (code),
  CONSTRAINT stock_locations_id_holds_key UNIQUE (id, holds),
  CONSTRAINT stock_locations_place_check CHECK (CASE kind
    WHEN 'facility_store' THEN facility_id IS NOT NULL AND area_id IS NULL
    WHEN 'warehouse' THEN area_id IS NOT NULL AND facility_id IS NULL
    WHEN 'workshop' THEN area_id IS NOT NULL AND facility_id IS NULL
    WHEN 'quarantine' THEN area_id IS NOT NULL AND facility_id IS NULL
    ELSE area_id IS NULL AND facility_id IS NULL END)
);
-- The accounts of the world outside: one of each, known by its id.
INSERT INTO stock_locations (id, code, name, name_ar, kind, recorded_by)
SELECT ('00000000-0000-7000-8000-00000000010' || number)::uuid, upper(replace(kind, '_', '-')), name, name_ar, kind, '00000000-0000-7000-8000-000000000001'
FROM (VALUES (1, 'supplier', 'Suppliers', 'الموردون'), (2, 'donor', 'Donors', 'المانحون'), (3, 'production', 'Production', 'التصنيع'),
             (4, 'consumption', 'Consumption', 'الاستهلاك'), (5, 'loss', 'Loss', 'الفاقد'), (6, 'count_difference', 'Count differences', 'فروق الجرد'))
     AS account (number, kind, name, name_ar);

CREATE INDEX stock_locations_search_idx ON stock_locations USING gin (search gin_trgm_ops);
CREATE INDEX stock_locations_area_idx ON stock_locations (area_id);
CREATE INDEX stock_locations_facility_idx ON stock_locations (facility_id);
CALL siraj_register('stock_locations', 'id');
CALL siraj_refers('stock_locations', 'area_id', 'areas', true);
CALL siraj_refers('stock_locations', 'facility_id', 'facilities', true);

-- A document: one act of one day, from one place to another. Never changed; a wrong one is reversed, whole.
CREATE TABLE stock_documents (
  id uuid CONSTRAINT stock_documents_pkey PRIMARY KEY,
  kind text NOT NULL CONSTRAINT stock_documents_kind_check CHECK (kind IN ('receipt', 'issue', 'transfer', 'loss', 'count', 'return', 'reversal')),
  occurred_on date NOT NULL CONSTRAINT stock_documents_occurred_on_check CHECK (occurred_on BETWEEN '2011-01-01' AND '2100-01-01'),
  from_id uuid NOT NULL,
  from_holds boolean NOT NULL,
  to_id uuid NOT NULL,
  to_holds boolean NOT NULL,
  -- The number on the paper.
  reference text CONSTRAINT stock_documents_reference_check CHECK (length(reference) BETWEEN 1 AND 200),
  reason text CONSTRAINT stock_documents_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  -- Who sent or gave it, and whose money it is.
  organization_id uuid CONSTRAINT stock_documents_organization_id_fkey REFERENCES organizations,
  contract_id uuid CONSTRAINT stock_documents_contract_id_fkey REFERENCES contracts,
  campaign_id uuid CONSTRAINT stock_documents_campaign_id_fkey REFERENCES campaigns,
  reverses_id uuid CONSTRAINT stock_documents_reverses_id_fkey REFERENCES stock_documents,
  -- The transaction that wrote it: its movements come with it, or never.
  written_in bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT stock_documents_recorded_by_fkey REFERENCES users,
  CONSTRAINT stock_documents_from_id_fkey FOREIGN KEY (from_id, from_holds) REFERENCES stock_locations (id, holds),
  CONSTRAINT stock_documents_to_id_fkey FOREIGN KEY (to_id, to_holds) REFERENCES stock_locations (id, holds),
  CONSTRAINT stock_documents_to_id_check CHECK (from_id <> to_id),
  CONSTRAINT stock_documents_holds_check CHECK (from_holds OR to_holds),
  CONSTRAINT stock_documents_reversal_check CHECK ((kind = 'reversal') = (reverses_id IS NOT NULL)),
  CONSTRAINT stock_documents_why_check CHECK (kind NOT IN ('loss', 'count', 'reversal') OR reason IS NOT NULL),
  CONSTRAINT stock_documents_reverses_id_key UNIQUE (reverses_id),
  CONSTRAINT stock_documents_whole_key UNIQUE (id, occurred_on, from_id, from_holds, to_id, to_holds)
);
CREATE INDEX stock_documents_from_idx ON stock_documents (from_id, occurred_on);
CREATE INDEX stock_documents_to_idx ON stock_documents (to_id, occurred_on);
CREATE INDEX stock_documents_day_idx ON stock_documents (occurred_on, id);
CALL siraj_refers('stock_documents', 'from_id', 'stock_locations', false);
CALL siraj_refers('stock_documents', 'to_id', 'stock_locations', false);
CALL siraj_refers('stock_documents', 'organization_id', 'organizations', false);
CALL siraj_refers('stock_documents', 'contract_id', 'contracts', false);
CALL siraj_refers('stock_documents', 'campaign_id', 'campaigns', false);

-- The ledger. Two legs each, so that what leaves one place arrives at another: balanced by its shape.
CREATE TABLE stock_movements (
  document_id uuid NOT NULL,
  line integer NOT NULL CONSTRAINT stock_movements_line_check CHECK (line BETWEEN 1 AND 500),
  lot_id uuid NOT NULL CONSTRAINT stock_movements_lot_id_fkey REFERENCES lots,
  -- In the item's base unit.
  quantity bigint NOT NULL CONSTRAINT stock_movements_quantity_check CHECK (quantity BETWEEN 1 AND 1000000000000),
  occurred_on date NOT NULL,
  from_id uuid NOT NULL,
  from_holds boolean NOT NULL,
  to_id uuid NOT NULL,
  to_holds boolean NOT NULL,
  CONSTRAINT stock_movements_pkey PRIMARY KEY (document_id, line),
  CONSTRAINT stock_movements_lot_key UNIQUE (document_id, lot_id),
  CONSTRAINT stock_movements_document_fkey FOREIGN KEY (document_id, occurred_on, from_id, from_holds, to_id, to_holds)
    REFERENCES stock_documents (id, occurred_on, from_id, from_holds, to_id, to_holds)
);
CREATE INDEX stock_movements_lot_idx ON stock_movements (lot_id, occurred_on);
CREATE INDEX stock_movements_from_idx ON stock_movements (from_id, lot_id, occurred_on) WHERE from_holds;
CREATE INDEX stock_movements_to_idx ON stock_movements (to_id, lot_id, occurred_on) WHERE to_holds;

DO $$ DECLARE name text; BEGIN
  FOREACH name IN ARRAY ARRAY['stock_documents', 'stock_movements'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change()', name || '_append_only', name);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change()', name || '_no_truncate', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO siraj_service', name);
  END LOOP;
END $$;
CREATE TRIGGER stock_documents_audit_insert AFTER INSERT ON stock_documents REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_audit('id', 'written_in', 'from_holds', 'to_holds');

-- How many there are now, and at the end of every day on which something moved. Written by the ledger's trigger alone,
-- and judged by its checks: a movement that would make this moment or any later day negative is refused.
CREATE TABLE stock_balances (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  location_id uuid NOT NULL CONSTRAINT stock_balances_location_id_fkey REFERENCES stock_locations,
  lot_id uuid NOT NULL CONSTRAINT stock_balances_lot_id_fkey REFERENCES lots,
  quantity bigint NOT NULL DEFAULT 0 CONSTRAINT stock_balances_quantity_check CHECK (quantity BETWEEN 0 AND 1000000000000000),
  CONSTRAINT stock_balances_pkey PRIMARY KEY (location_id, lot_id),
  CONSTRAINT stock_balances_id_key UNIQUE (id)
);
CREATE INDEX stock_balances_lot_idx ON stock_balances (lot_id);
CREATE TABLE stock_days (
  location_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  day date NOT NULL,
  closing bigint NOT NULL CONSTRAINT stock_days_closing_check CHECK (closing BETWEEN 0 AND 1000000000000000),
  CONSTRAINT stock_days_pkey PRIMARY KEY (location_id, lot_id, day),
  CONSTRAINT stock_days_balance_fkey FOREIGN KEY (location_id, lot_id) REFERENCES stock_balances
);
GRANT SELECT ON stock_balances, stock_days TO siraj_service;

-- Posts the movements of one statement.
CREATE FUNCTION siraj_post_movements() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
REVOKE EXECUTE ON FUNCTION siraj_post_movements() FROM PUBLIC;
CREATE TRIGGER stock_movements_post AFTER INSERT ON stock_movements REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_post_movements();

-- A reversal is no document like another: it turns round, whole and on the same day, a document that is no reversal itself.
CREATE FUNCTION siraj_reverse_document() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  was stock_documents;
BEGIN
  IF NEW.reverses_id IS NOT NULL THEN
    SELECT * INTO was FROM stock_documents WHERE id = NEW.reverses_id;
    IF was.reverses_id IS NOT NULL THEN
      RAISE EXCEPTION 'a reversal is not reversed' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_documents_reverses_reversal_check', TABLE = 'stock_documents';
    END IF;
    IF (NEW.from_id, NEW.to_id, NEW.occurred_on) IS DISTINCT FROM (was.to_id, was.from_id, was.occurred_on) THEN
      RAISE EXCEPTION 'a reversal turns its document round' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_documents_reversal_check', TABLE = 'stock_documents';
    END IF;
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_reverse_document() FROM PUBLIC;
CREATE TRIGGER stock_documents_reverse AFTER INSERT ON stock_documents FOR EACH ROW EXECUTE FUNCTION siraj_reverse_document();
-- At the end of the transaction a document has movements, and a reversal exactly those of its document.
CREATE FUNCTION siraj_document_is_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM stock_movements WHERE document_id = NEW.id) OR NEW.reverses_id IS NOT NULL AND EXISTS (
    (SELECT lot_id, quantity FROM stock_movements WHERE document_id = NEW.id EXCEPT SELECT lot_id, quantity FROM stock_movements WHERE document_id = NEW.reverses_id)
    UNION ALL
    (SELECT lot_id, quantity FROM stock_movements WHERE document_id = NEW.reverses_id EXCEPT SELECT lot_id, quantity FROM stock_movements WHERE document_id = NEW.id)
  ) THEN
    RAISE EXCEPTION 'a document is whole' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_documents_reversal_check', TABLE = 'stock_documents';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_document_is_whole() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER stock_documents_whole AFTER INSERT ON stock_documents DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION siraj_document_is_whole();

-- A place where something lies is not retired, and does not become an account.
CREATE FUNCTION siraj_location_keeps() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.retired_at IS NOT NULL AND EXISTS (SELECT FROM stock_balances WHERE location_id = NEW.id AND quantity > 0) THEN
    RAISE EXCEPTION 'something lies there' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'stock_balances_location_id_held', TABLE = 'stock_balances';
  END IF;
  IF NOT OLD.holds THEN
    RAISE EXCEPTION 'the accounts of the world outside stay' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'stock_locations_account_held', TABLE = 'stock_locations';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_location_keeps() FROM PUBLIC;
CREATE TRIGGER stock_locations_keep AFTER UPDATE ON stock_locations FOR EACH ROW EXECUTE FUNCTION siraj_location_keeps();

-- Shipments move stock: what is packed is set aside, what leaves lies on the road, what arrives is counted in. The ledger and the
-- shipment cannot tell different stories: the database compares them at every commit.

-- Shipments of before the ledger say nothing of where their goods lay; nobody can make that up afterwards.
DO $$ BEGIN
  IF EXISTS (SELECT FROM shipments) THEN
    RAISE EXCEPTION 'this register holds shipments of before the ledger, which cannot be carried over: start from an empty register and import';
  END IF;
END $$;

ALTER TABLE lots ADD CONSTRAINT lots_id_item_key UNIQUE (id, item_id);

ALTER TABLE shipments
  ADD COLUMN from_id uuid NOT NULL CONSTRAINT shipments_from_id_fkey REFERENCES stock_locations,
  ADD COLUMN to_id uuid NOT NULL CONSTRAINT shipments_to_id_fkey REFERENCES stock_locations,
  -- The facility of the place it goes to; none where that is no facility's.
  ALTER COLUMN facility_id DROP NOT NULL,
  ADD COLUMN packed_on date CONSTRAINT shipments_packed_on_check CHECK (packed_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ADD COLUMN closed_on date CONSTRAINT shipments_closed_on_check CHECK (closed_on BETWEEN '2011-01-01' AND '2100-01-01'),
  -- Where its goods lie while they are on the road.
  ADD COLUMN transit_id uuid CONSTRAINT shipments_transit_id_fkey REFERENCES stock_locations,
  DROP CONSTRAINT shipments_status_check,
  DROP CONSTRAINT shipments_dispatched_check,
  DROP CONSTRAINT shipments_received_check,
  ADD CONSTRAINT shipments_status_check CHECK (status IN
    ('draft', 'packed', 'dispatched', 'partially_received', 'received', 'closed', 'cancelled', 'lost', 'seized', 'returned')),
  ADD CONSTRAINT shipments_packed_check CHECK (CASE status WHEN 'draft' THEN packed_on IS NULL WHEN 'cancelled' THEN true ELSE packed_on IS NOT NULL END),
  ADD CONSTRAINT shipments_dispatched_check CHECK ((status IN ('draft', 'packed', 'cancelled')) = (dispatched_on IS NULL)),
  ADD CONSTRAINT shipments_transit_check CHECK ((transit_id IS NULL) = (dispatched_on IS NULL)),
  -- The day of the last receipt; a shipment that was lost or came back may have had one before.
  ADD CONSTRAINT shipments_received_check CHECK (CASE
    WHEN status = 'partially_received' THEN received_on IS NOT NULL
    WHEN status IN ('draft', 'packed', 'dispatched', 'cancelled') THEN received_on IS NULL ELSE true END),
  ADD CONSTRAINT shipments_closed_check CHECK ((status IN ('closed', 'lost', 'seized', 'returned')) = (closed_on IS NOT NULL)),
  ADD CONSTRAINT shipments_packed_order_check CHECK (dispatched_on >= packed_on),
  ADD CONSTRAINT shipments_closed_order_check CHECK (closed_on >= dispatched_on),
  ADD CONSTRAINT shipments_to_id_check CHECK (from_id <> to_id),
  ADD CONSTRAINT shipments_transit_id_key UNIQUE (transit_id);
CREATE INDEX shipments_from_idx ON shipments (from_id);
CREATE INDEX shipments_to_idx ON shipments (to_id);
CALL siraj_refers('shipments', 'from_id', 'stock_locations', false);
CALL siraj_refers('shipments', 'to_id', 'stock_locations', false);

-- Where it goes is a place that holds, and says whose it is; where it comes from may be the world outside. Neither changes once it is packed.
CREATE FUNCTION siraj_shipment_places() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  source text := (SELECT kind FROM stock_locations WHERE id = NEW.from_id);
  goal record;
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.status <> 'draft' AND (NEW.from_id, NEW.to_id) IS DISTINCT FROM (OLD.from_id, OLD.to_id) THEN
    RAISE EXCEPTION 'a packed shipment keeps its ends' USING ERRCODE = 'check_violation', CONSTRAINT = 'shipments_places_check', TABLE = 'shipments';
  END IF;
  SELECT kind, holds, facility_id INTO goal FROM stock_locations WHERE id = NEW.to_id;
  IF goal.kind IS NOT NULL AND (NOT goal.holds OR goal.kind = 'in_transit') THEN
    RAISE EXCEPTION 'it goes to a place' USING ERRCODE = 'check_violation', CONSTRAINT = 'shipments_to_place_check', TABLE = 'shipments';
  END IF;
  IF source IN ('in_transit', 'production', 'consumption', 'loss', 'count_difference') THEN
    RAISE EXCEPTION 'it comes from a place, a supplier or a donor' USING ERRCODE = 'check_violation', CONSTRAINT = 'shipments_from_place_check', TABLE = 'shipments';
  END IF;
  NEW.facility_id := goal.facility_id;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_shipment_places() FROM PUBLIC;
CREATE TRIGGER shipments_places BEFORE INSERT OR UPDATE ON shipments FOR EACH ROW EXECUTE FUNCTION siraj_shipment_places();

-- What is wanted: an item, a lot of it or whichever expires first, how much.
ALTER TABLE shipment_lines
  DROP COLUMN lot_number, DROP COLUMN expires_on, DROP COLUMN accepted_quantity, DROP COLUMN rejected_quantity,
  ADD COLUMN lot_id uuid,
  ADD CONSTRAINT shipment_lines_lot_id_fkey FOREIGN KEY (lot_id, item_id) REFERENCES lots (id, item_id);
CREATE UNIQUE INDEX shipment_lines_lot_key ON shipment_lines (shipment_id, item_id, lot_id) NULLS NOT DISTINCT WHERE retired_at IS NULL;
CALL siraj_refers('shipment_lines', 'lot_id', 'lots', false);

-- What is in the boxes, lot by lot, and what became of it. Of every lot: sent = accepted + rejected + lost + returned + outstanding.
CREATE TABLE shipment_contents (
  id uuid CONSTRAINT shipment_contents_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
  shipment_id uuid NOT NULL CONSTRAINT shipment_contents_shipment_id_fkey REFERENCES shipments,
  line_id uuid NOT NULL CONSTRAINT shipment_contents_line_id_fkey REFERENCES shipment_lines,
  lot_id uuid NOT NULL CONSTRAINT shipment_contents_lot_id_fkey REFERENCES lots,
  -- In the item's base unit, like all that follow.
  quantity bigint NOT NULL CONSTRAINT shipment_contents_quantity_check CHECK (quantity BETWEEN 1 AND 1000000000000),
  accepted bigint NOT NULL DEFAULT 0 CONSTRAINT shipment_contents_accepted_check CHECK (accepted BETWEEN 0 AND 1000000000000),
  rejected bigint NOT NULL DEFAULT 0 CONSTRAINT shipment_contents_rejected_check CHECK (rejected BETWEEN 0 AND 1000000000000),
  lost bigint NOT NULL DEFAULT 0 CONSTRAINT shipment_contents_lost_check CHECK (lost BETWEEN 0 AND 1000000000000),
  returned bigint NOT NULL DEFAULT 0 CONSTRAINT shipment_contents_returned_check CHECK (returned BETWEEN 0 AND 1000000000000),
  outstanding bigint NOT NULL GENERATED ALWAYS AS (quantity - accepted - rejected - lost - returned) STORED,
  -- Of the outstanding, what discrepancies that are not settled yet account for.
  explained bigint NOT NULL DEFAULT 0 CONSTRAINT shipment_contents_explained_check CHECK (explained BETWEEN 0 AND 1000000000000),
  -- Set aside where it lies, until it leaves.
  reserved boolean NOT NULL DEFAULT false,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT shipment_contents_recorded_by_fkey REFERENCES users,
  CONSTRAINT shipment_contents_identity_check CHECK (accepted + rejected + lost + returned + explained <= quantity),
  CONSTRAINT shipment_contents_retired_check CHECK (retired_at IS NULL OR NOT reserved)
);
CREATE UNIQUE INDEX shipment_contents_lot_key ON shipment_contents (shipment_id, lot_id) WHERE retired_at IS NULL;
CREATE INDEX shipment_contents_lot_idx ON shipment_contents (lot_id);
CALL siraj_register('shipment_contents', 'shipment_id');

-- What must not be used is not packed.
CREATE FUNCTION siraj_contents_usable() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  unfit text;
BEGIN
  SELECT CASE WHEN l.expires_on < coalesce(s.packed_on, current_date) THEN 'expired' WHEN l.status = 'recalled' THEN 'recalled' ELSE 'blocked' END INTO unfit
  FROM added c JOIN shipments s ON s.id = c.shipment_id JOIN lots l ON l.id = c.lot_id
  WHERE l.expires_on < coalesce(s.packed_on, current_date) OR l.status <> 'available' LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the lot must not be used' USING ERRCODE = 'check_violation', CONSTRAINT = 'shipment_contents_lot_' || unfit || '_check', TABLE = 'shipment_contents';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_contents_usable() FROM PUBLIC;
CREATE TRIGGER shipment_contents_usable AFTER INSERT ON shipment_contents REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_contents_usable();

-- Sets aside and sets free, in the one order in which balances are held.
CREATE FUNCTION siraj_reserve(shipments uuid[], wanted bigint[], lots uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM FROM stock_balances b JOIN unnest($1, $3) AS w (shipment_id, lot_id) ON b.lot_id = w.lot_id
    JOIN public.shipments s ON s.id = w.shipment_id AND s.from_id = b.location_id
  ORDER BY b.location_id, b.lot_id FOR NO KEY UPDATE OF b;
  -- A lot that never lay there has no balance to set it aside in.
  INSERT INTO stock_balances (location_id, lot_id)
  SELECT DISTINCT s.from_id, w.lot_id FROM unnest($1, $2, $3) AS w (shipment_id, quantity, lot_id) JOIN public.shipments s ON s.id = w.shipment_id
  WHERE w.quantity > 0 ORDER BY 1, 2 ON CONFLICT DO NOTHING;
  UPDATE stock_balances b SET reserved = b.reserved + w.quantity
  FROM (SELECT s.from_id, w.lot_id, sum(w.quantity)::bigint AS quantity
        FROM unnest($1, $2, $3) AS w (shipment_id, quantity, lot_id) JOIN public.shipments s ON s.id = w.shipment_id GROUP BY 1, 2) AS w
  WHERE b.location_id = w.from_id AND b.lot_id = w.lot_id;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_reserve(uuid[], bigint[], uuid[]) FROM PUBLIC;
-- Holds what a draft could be packed from until the transaction ends: who packs the same lots at the same moment waits, and then sees what is left.
CREATE FUNCTION siraj_hold_for_packing(shipment uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM FROM stock_balances b JOIN lots o ON o.id = b.lot_id JOIN shipments s ON s.id = shipment AND s.from_id = b.location_id
  WHERE o.item_id IN (SELECT item_id FROM shipment_lines WHERE shipment_id = shipment AND retired_at IS NULL)
  ORDER BY b.location_id, b.lot_id FOR NO KEY UPDATE OF b;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_hold_for_packing(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION siraj_hold_for_packing(uuid) TO siraj_service;
CREATE FUNCTION siraj_contents_reserve() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM siraj_reserve(array_agg(a.shipment_id), array_agg(a.quantity), array_agg(a.lot_id)) FROM added a WHERE a.reserved HAVING count(*) > 0;
  ELSE
    PERFORM siraj_reserve(array_agg(a.shipment_id), array_agg(CASE WHEN a.reserved THEN a.quantity ELSE -a.quantity END), array_agg(a.lot_id))
    FROM added a JOIN removed r USING (id) WHERE a.reserved <> r.reserved HAVING count(*) > 0;
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_contents_reserve() FROM PUBLIC;
CREATE TRIGGER shipment_contents_reserve_insert AFTER INSERT ON shipment_contents REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_contents_reserve();
CREATE TRIGGER shipment_contents_reserve_update AFTER UPDATE ON shipment_contents REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_contents_reserve();

-- What a shipment sent does not change after it left; and at every commit its outstanding is what lies on the road.
CREATE FUNCTION siraj_contents_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.shipment_id, NEW.line_id, NEW.lot_id, NEW.quantity) IS DISTINCT FROM (OLD.shipment_id, OLD.line_id, OLD.lot_id, OLD.quantity) THEN
    RAISE EXCEPTION 'what was packed stays what it was' USING ERRCODE = 'check_violation', CONSTRAINT = 'shipment_contents_kept_check', TABLE = 'shipment_contents';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER shipment_contents_keep AFTER UPDATE ON shipment_contents FOR EACH ROW EXECUTE FUNCTION siraj_contents_keep();
CREATE FUNCTION siraj_contents_on_the_road() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM shipment_contents c JOIN shipments s ON s.id = c.shipment_id
    LEFT JOIN stock_balances b ON b.location_id = s.transit_id AND b.lot_id = c.lot_id
    WHERE c.id = NEW.id AND c.retired_at IS NULL
      AND coalesce(b.quantity, 0) <> CASE WHEN s.transit_id IS NULL THEN 0 ELSE c.outstanding END
  ) THEN
    RAISE EXCEPTION 'the shipment and the ledger differ' USING ERRCODE = 'check_violation', CONSTRAINT = 'shipment_contents_transit_check', TABLE = 'shipment_contents';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_contents_on_the_road() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER shipment_contents_on_the_road AFTER INSERT OR UPDATE ON shipment_contents DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION siraj_contents_on_the_road();
-- And nothing else moves what is on the road.
CREATE FUNCTION siraj_road_is_the_shipments() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.act IS DISTINCT FROM 'shipment' AND EXISTS (SELECT FROM stock_locations WHERE id IN (NEW.from_id, NEW.to_id) AND kind = 'in_transit')
     OR NEW.act = 'shipment' AND NOT EXISTS (SELECT FROM shipments WHERE id = NEW.act_id AND (transit_id IN (NEW.from_id, NEW.to_id) OR to_id IN (NEW.from_id, NEW.to_id))) THEN
    RAISE EXCEPTION 'what is on the road is moved by its shipment' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_documents_road_check', TABLE = 'stock_documents';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_road_is_the_shipments() FROM PUBLIC;
CREATE TRIGGER stock_documents_road AFTER INSERT ON stock_documents FOR EACH ROW EXECUTE FUNCTION siraj_road_is_the_shipments();

-- A shipment at rest has nothing outstanding.
CREATE FUNCTION siraj_shipment_at_rest() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  left_over bigint := (SELECT coalesce(sum(outstanding), 0) FROM shipment_contents WHERE shipment_id = NEW.id AND retired_at IS NULL);
  now_status text := (SELECT status FROM shipments WHERE id = NEW.id);
BEGIN
  IF now_status IN ('received', 'closed', 'lost', 'seized', 'returned') AND left_over > 0 THEN
    RAISE EXCEPTION 'something is outstanding' USING ERRCODE = 'check_violation', CONSTRAINT = 'shipments_outstanding_check', TABLE = 'shipments';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_shipment_at_rest() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER shipments_at_rest AFTER UPDATE ON shipments DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION siraj_shipment_at_rest();

-- A receipt: what was counted in on a day. There may be many; a wrong one is turned round with its documents.
CREATE TABLE shipment_receipts (
  id uuid CONSTRAINT shipment_receipts_pkey PRIMARY KEY,
  shipment_id uuid NOT NULL CONSTRAINT shipment_receipts_shipment_id_fkey REFERENCES shipments,
  received_on date NOT NULL CONSTRAINT shipment_receipts_received_on_check CHECK (received_on BETWEEN '2011-01-01' AND '2100-01-01'),
  reference text CONSTRAINT shipment_receipts_reference_check CHECK (length(reference) BETWEEN 1 AND 200),
  note text CONSTRAINT shipment_receipts_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  -- Where the rejected lie; none where they were given up at once.
  rejected_to_id uuid CONSTRAINT shipment_receipts_rejected_to_id_fkey REFERENCES stock_locations,
  reversed_reason text CONSTRAINT shipment_receipts_reversed_reason_check CHECK (length(reversed_reason) BETWEEN 10 AND 500),
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT shipment_receipts_recorded_by_fkey REFERENCES users
);
CREATE INDEX shipment_receipts_shipment_idx ON shipment_receipts (shipment_id, received_on);
CALL siraj_register('shipment_receipts', 'shipment_id');
CALL siraj_refers('shipment_receipts', 'rejected_to_id', 'stock_locations', false);
CREATE TABLE shipment_receipt_lines (
  receipt_id uuid NOT NULL CONSTRAINT shipment_receipt_lines_receipt_id_fkey REFERENCES shipment_receipts,
  lot_id uuid NOT NULL CONSTRAINT shipment_receipt_lines_lot_id_fkey REFERENCES lots,
  accepted bigint NOT NULL CONSTRAINT shipment_receipt_lines_accepted_check CHECK (accepted BETWEEN 0 AND 1000000000000),
  rejected bigint NOT NULL CONSTRAINT shipment_receipt_lines_rejected_check CHECK (rejected BETWEEN 0 AND 1000000000000),
  -- Arrived beyond what was outstanding, and kept.
  over bigint NOT NULL CONSTRAINT shipment_receipt_lines_over_check CHECK (over BETWEEN 0 AND 1000000000000),
  cause text CONSTRAINT shipment_receipt_lines_cause_check CHECK (cause IN ('damaged', 'expired', 'wrong_item')),
  CONSTRAINT shipment_receipt_lines_pkey PRIMARY KEY (receipt_id, lot_id),
  CONSTRAINT shipment_receipt_lines_something_check CHECK (accepted + rejected + over > 0),
  CONSTRAINT shipment_receipt_lines_why_check CHECK ((rejected > 0) = (cause IS NOT NULL))
);
CREATE TRIGGER shipment_receipt_lines_append_only BEFORE UPDATE OR DELETE ON shipment_receipt_lines FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER shipment_receipt_lines_no_truncate BEFORE TRUNCATE ON shipment_receipt_lines FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change();
GRANT SELECT, INSERT ON shipment_receipt_lines TO siraj_service;
-- Which documents a receipt wrote.
CREATE TABLE shipment_receipt_documents (
  receipt_id uuid NOT NULL CONSTRAINT shipment_receipt_documents_receipt_id_fkey REFERENCES shipment_receipts,
  document_id uuid NOT NULL CONSTRAINT shipment_receipt_documents_document_id_fkey REFERENCES stock_documents,
  CONSTRAINT shipment_receipt_documents_pkey PRIMARY KEY (receipt_id, document_id),
  CONSTRAINT shipment_receipt_documents_document_id_key UNIQUE (document_id)
);
GRANT SELECT, INSERT ON shipment_receipt_documents TO siraj_service;

-- Where what was sent and what arrived differ, it has a cause, a quantity, and an end.
CREATE TABLE shipment_discrepancies (
  id uuid CONSTRAINT shipment_discrepancies_pkey PRIMARY KEY,
  shipment_id uuid NOT NULL CONSTRAINT shipment_discrepancies_shipment_id_fkey REFERENCES shipments,
  -- The receipt that found it.
  receipt_id uuid CONSTRAINT shipment_discrepancies_receipt_id_fkey REFERENCES shipment_receipts,
  lot_id uuid NOT NULL CONSTRAINT shipment_discrepancies_lot_id_fkey REFERENCES lots,
  cause text NOT NULL CONSTRAINT shipment_discrepancies_cause_check CHECK (cause IN
    ('short', 'over', 'damaged', 'expired', 'wrong_item', 'lost_in_transit', 'seized', 'looted', 'document_error')),
  quantity bigint NOT NULL CONSTRAINT shipment_discrepancies_quantity_check CHECK (quantity BETWEEN 1 AND 1000000000000),
  occurred_on date NOT NULL CONSTRAINT shipment_discrepancies_occurred_on_check CHECK (occurred_on BETWEEN '2011-01-01' AND '2100-01-01'),
  -- Whether its goods are still counted as on the road: settling takes them off it.
  on_the_road boolean NOT NULL,
  value numeric(15,2) CONSTRAINT shipment_discrepancies_value_check CHECK (value BETWEEN 0 AND 9999999999999),
  currency text CONSTRAINT shipment_discrepancies_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
  note text CONSTRAINT shipment_discrepancies_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  status text NOT NULL DEFAULT 'open' CONSTRAINT shipment_discrepancies_status_check CHECK (status IN ('open', 'claimed', 'settled', 'written_off', 'withdrawn')),
  -- Why it came to its status.
  reason text CONSTRAINT shipment_discrepancies_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  -- Of whom it is claimed.
  claimed_of_id uuid CONSTRAINT shipment_discrepancies_claimed_of_id_fkey REFERENCES organizations,
  settled_on date CONSTRAINT shipment_discrepancies_settled_on_check CHECK (settled_on BETWEEN '2011-01-01' AND '2100-01-01'),
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT shipment_discrepancies_recorded_by_fkey REFERENCES users,
  CONSTRAINT shipment_discrepancies_money_check CHECK ((value IS NULL) = (currency IS NULL)),
  CONSTRAINT shipment_discrepancies_settled_check CHECK ((status IN ('settled', 'written_off')) = (settled_on IS NOT NULL)),
  CONSTRAINT shipment_discrepancies_why_check CHECK (status = 'open' OR reason IS NOT NULL),
  CONSTRAINT shipment_discrepancies_road_check CHECK (NOT on_the_road OR (status IN ('open', 'claimed') AND cause NOT IN ('over', 'damaged', 'expired', 'wrong_item') ))
);
CREATE INDEX shipment_discrepancies_shipment_idx ON shipment_discrepancies (shipment_id);
CREATE INDEX shipment_discrepancies_lot_idx ON shipment_discrepancies (lot_id);
CREATE INDEX shipment_discrepancies_open_idx ON shipment_discrepancies (occurred_on) WHERE status IN ('open', 'claimed');
CALL siraj_register('shipment_discrepancies', 'shipment_id');
CALL siraj_refers('shipment_discrepancies', 'claimed_of_id', 'organizations', false);
-- What discrepancies account for is written into the contents by the database, so that the two cannot part.
CREATE FUNCTION siraj_discrepancies_explain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND (NEW.shipment_id, NEW.lot_id, NEW.cause, NEW.quantity) IS DISTINCT FROM (OLD.shipment_id, OLD.lot_id, OLD.cause, OLD.quantity) THEN
    RAISE EXCEPTION 'what differs stays what it was' USING ERRCODE = 'check_violation', CONSTRAINT = 'shipment_discrepancies_kept_check', TABLE = 'shipment_discrepancies';
  END IF;
  UPDATE shipment_contents c SET recorded_by = NEW.recorded_by, explained = c.explained
    + CASE WHEN NEW.on_the_road THEN NEW.quantity ELSE 0 END - CASE WHEN TG_OP = 'UPDATE' AND OLD.on_the_road THEN NEW.quantity ELSE 0 END
  WHERE c.shipment_id = NEW.shipment_id AND c.lot_id = NEW.lot_id AND c.retired_at IS NULL
    AND NEW.on_the_road IS DISTINCT FROM CASE WHEN TG_OP = 'UPDATE' THEN OLD.on_the_road ELSE false END;
  IF NOT FOUND AND NEW.on_the_road AND TG_OP = 'INSERT' THEN
    RAISE EXCEPTION 'the lot is not in the shipment' USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'shipment_discrepancies_lot_id_fkey', TABLE = 'shipment_discrepancies';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_discrepancies_explain() FROM PUBLIC;
CREATE TRIGGER shipment_discrepancies_explain BEFORE INSERT OR UPDATE ON shipment_discrepancies FOR EACH ROW EXECUTE FUNCTION siraj_discrepancies_explain();

-- The road, leg by leg: who carries, past which checkpoint, on which days. It endangers people while it lasts: it stands apart from the
-- shipment, and what it says of carriers and checkpoints stays out of the audit's copies.
CREATE TABLE shipment_legs (
  id uuid CONSTRAINT shipment_legs_pkey PRIMARY KEY,
  shipment_id uuid NOT NULL CONSTRAINT shipment_legs_shipment_id_fkey REFERENCES shipments,
  leg integer NOT NULL CONSTRAINT shipment_legs_leg_check CHECK (leg BETWEEN 1 AND 20),
  carrier text CONSTRAINT shipment_legs_carrier_check CHECK (length(carrier) BETWEEN 1 AND 200),
  checkpoint text CONSTRAINT shipment_legs_checkpoint_check CHECK (length(checkpoint) BETWEEN 1 AND 200),
  departed_on date CONSTRAINT shipment_legs_departed_on_check CHECK (departed_on BETWEEN '2011-01-01' AND '2100-01-01'),
  arrived_on date CONSTRAINT shipment_legs_arrived_on_check CHECK (arrived_on BETWEEN '2011-01-01' AND '2100-01-01'),
  note text CONSTRAINT shipment_legs_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT shipment_legs_recorded_by_fkey REFERENCES users,
  CONSTRAINT shipment_legs_order_check CHECK (arrived_on >= departed_on)
);
CREATE UNIQUE INDEX shipment_legs_leg_key ON shipment_legs (shipment_id, leg) WHERE retired_at IS NULL;
CALL siraj_register('shipment_legs', 'shipment_id', 'carrier', 'checkpoint', 'note');

-- What a place is does not change once something has moved there.
CREATE OR REPLACE FUNCTION siraj_location_keeps() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.retired_at IS NOT NULL AND EXISTS (SELECT FROM stock_balances WHERE location_id = NEW.id AND quantity > 0) THEN
    RAISE EXCEPTION 'something lies there' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'stock_balances_location_id_held', TABLE = 'stock_balances';
  END IF;
  IF NOT OLD.holds THEN
    RAISE EXCEPTION 'the accounts of the world outside stay' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'stock_locations_account_held', TABLE = 'stock_locations';
  END IF;
  IF (NEW.kind, NEW.area_id, NEW.facility_id) IS DISTINCT FROM (OLD.kind, OLD.area_id, OLD.facility_id)
     AND (EXISTS (SELECT FROM stock_balances WHERE location_id = NEW.id) OR EXISTS (SELECT FROM shipments WHERE NEW.id IN (from_id, to_id))) THEN
    RAISE EXCEPTION 'what has moved, moved there' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'stock_locations_place_held', TABLE = 'stock_locations';
  END IF;
  RETURN NULL;
END $$;

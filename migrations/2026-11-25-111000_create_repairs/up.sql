-- What is counted one by one: instruments and machines by their serial number, and the workshop's jobs on them.

CREATE TABLE equipment_units (
  id uuid CONSTRAINT equipment_units_pkey PRIMARY KEY,
  item_id uuid NOT NULL,
  -- Machines do not expire: the item says so, and says so still.
  expiry_tracked boolean NOT NULL DEFAULT false CONSTRAINT equipment_units_expiry_tracked_check CHECK (NOT expiry_tracked),
  serial_number text NOT NULL CONSTRAINT equipment_units_serial_number_check CHECK (length(serial_number) BETWEEN 1 AND 100),
  -- The order that made it in our own workshop, or who sent it.
  production_order_id uuid CONSTRAINT equipment_units_production_order_id_fkey REFERENCES production_orders,
  origin_id uuid CONSTRAINT equipment_units_origin_id_fkey REFERENCES organizations,
  facility_id uuid CONSTRAINT equipment_units_facility_id_fkey REFERENCES facilities,
  location_id uuid,
  location_holds boolean GENERATED ALWAYS AS (CASE WHEN location_id IS NOT NULL THEN true END) STORED,
  acquired_on date NOT NULL CONSTRAINT equipment_units_acquired_on_check CHECK (acquired_on BETWEEN '2011-01-01' AND '2100-01-01'),
  note text CONSTRAINT equipment_units_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  status text NOT NULL DEFAULT 'in_use' CONSTRAINT equipment_units_status_check CHECK (status IN ('in_use', 'written_off', 'lost')),
  ended_on date CONSTRAINT equipment_units_ended_on_check CHECK (ended_on BETWEEN '2011-01-01' AND '2100-01-01'),
  reason text CONSTRAINT equipment_units_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  search text GENERATED ALWAYS AS (siraj_search(serial_number, note)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT equipment_units_recorded_by_fkey REFERENCES users,
  CONSTRAINT equipment_units_item_id_fkey FOREIGN KEY (item_id, expiry_tracked) REFERENCES items (id, expiry_tracked),
  CONSTRAINT equipment_units_location_id_fkey FOREIGN KEY (location_id, location_holds) REFERENCES stock_locations (id, holds),
  CONSTRAINT equipment_units_serial_number_key UNIQUE (item_id, serial_number),
  CONSTRAINT equipment_units_where_check CHECK (num_nonnulls(facility_id, location_id) = 1),
  CONSTRAINT equipment_units_made_check CHECK (num_nonnulls(production_order_id, origin_id) <= 1),
  CONSTRAINT equipment_units_ended_check CHECK (num_nonnulls(ended_on, reason) = CASE status WHEN 'in_use' THEN 0 ELSE 2 END),
  CONSTRAINT equipment_units_ended_order_check CHECK (ended_on >= acquired_on)
);
CREATE INDEX equipment_units_facility_idx ON equipment_units (facility_id);
CREATE INDEX equipment_units_location_idx ON equipment_units (location_id);
CREATE INDEX equipment_units_order_idx ON equipment_units (production_order_id);
CREATE INDEX equipment_units_search_idx ON equipment_units USING gin (search gin_trgm_ops);
CALL siraj_register('equipment_units', 'id');
CALL siraj_refers('equipment_units', 'item_id', 'items', true);
CALL siraj_refers('equipment_units', 'facility_id', 'facilities', false);
CALL siraj_refers('equipment_units', 'location_id', 'stock_locations', false);
CALL siraj_refers('equipment_units', 'origin_id', 'organizations', false);

-- A unit that our workshop made is one of those its order made.
CREATE FUNCTION siraj_unit_made() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  made record;
BEGIN
  -- One after the other, so that no two take the last of them.
  SELECT o.quantity, o.status, r.item_id INTO made FROM production_orders o JOIN recipes r ON r.id = o.recipe_id WHERE o.id = NEW.production_order_id FOR NO KEY UPDATE OF o;
  IF made.status IS DISTINCT FROM 'released' OR made.item_id <> NEW.item_id
     OR made.quantity < (SELECT count(*) FROM equipment_units WHERE production_order_id = NEW.production_order_id AND retired_at IS NULL) THEN
    RAISE EXCEPTION 'the order made no such unit' USING ERRCODE = 'check_violation', CONSTRAINT = 'equipment_units_production_order_id_made', TABLE = 'equipment_units';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_unit_made() FROM PUBLIC;
CREATE TRIGGER equipment_units_made AFTER INSERT OR UPDATE OF production_order_id, item_id ON equipment_units FOR EACH ROW
  WHEN (NEW.production_order_id IS NOT NULL) EXECUTE FUNCTION siraj_unit_made();

CREATE TABLE repair_jobs (
  id uuid CONSTRAINT repair_jobs_pkey PRIMARY KEY,
  unit_id uuid NOT NULL CONSTRAINT repair_jobs_unit_id_fkey REFERENCES equipment_units,
  -- The workshop; whoever reports a fault need not know it.
  place_id uuid CONSTRAINT repair_jobs_place_id_fkey REFERENCES stock_locations,
  reported_on date NOT NULL CONSTRAINT repair_jobs_reported_on_check CHECK (reported_on BETWEEN '2011-01-01' AND '2100-01-01'),
  fault text NOT NULL CONSTRAINT repair_jobs_fault_check CHECK (length(fault) BETWEEN 1 AND 2000),
  status text NOT NULL DEFAULT 'reported' CONSTRAINT repair_jobs_status_check CHECK (status IN
    ('reported', 'in_repair', 'repaired', 'beyond_repair', 'returned', 'cancelled')),
  started_on date CONSTRAINT repair_jobs_started_on_check CHECK (started_on BETWEEN '2011-01-01' AND '2100-01-01'),
  finished_on date CONSTRAINT repair_jobs_finished_on_check CHECK (finished_on BETWEEN '2011-01-01' AND '2100-01-01'),
  returned_on date CONSTRAINT repair_jobs_returned_on_check CHECK (returned_on BETWEEN '2011-01-01' AND '2100-01-01'),
  -- What was done; or why nothing was.
  report text CONSTRAINT repair_jobs_report_check CHECK (length(report) BETWEEN 10 AND 500),
  search text GENERATED ALWAYS AS (siraj_search(fault, report)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT repair_jobs_recorded_by_fkey REFERENCES users,
  CONSTRAINT repair_jobs_started_check CHECK ((started_on IS NOT NULL) = (status NOT IN ('reported', 'cancelled'))),
  CONSTRAINT repair_jobs_place_check CHECK (started_on IS NULL OR place_id IS NOT NULL),
  CONSTRAINT repair_jobs_finished_check CHECK ((finished_on IS NOT NULL) = (status IN ('repaired', 'beyond_repair', 'returned'))),
  CONSTRAINT repair_jobs_returned_check CHECK ((returned_on IS NOT NULL) = (status = 'returned')),
  CONSTRAINT repair_jobs_told_check CHECK ((report IS NOT NULL) = (status NOT IN ('reported', 'in_repair'))),
  CONSTRAINT repair_jobs_started_order_check CHECK (started_on >= reported_on),
  CONSTRAINT repair_jobs_finished_order_check CHECK (finished_on >= started_on),
  CONSTRAINT repair_jobs_returned_order_check CHECK (returned_on >= finished_on)
);
-- One open job of a unit.
CREATE UNIQUE INDEX repair_jobs_unit_id_key ON repair_jobs (unit_id) WHERE status IN ('reported', 'in_repair', 'repaired') AND retired_at IS NULL;
CREATE INDEX repair_jobs_unit_idx ON repair_jobs (unit_id, reported_on);
CREATE INDEX repair_jobs_place_idx ON repair_jobs (place_id);
CREATE INDEX repair_jobs_search_idx ON repair_jobs USING gin (search gin_trgm_ops);
CALL siraj_register('repair_jobs', 'id');
CALL siraj_refers('repair_jobs', 'unit_id', 'equipment_units', true);
CALL siraj_refers('repair_jobs', 'place_id', 'stock_locations', false);

-- A job is of a unit that is in use, in a workshop, from the day it was ours; and a unit with an open job has not come to its end.
CREATE FUNCTION siraj_repair_begins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  unit record;
  wrong text;
BEGIN
  SELECT status, acquired_on INTO unit FROM equipment_units WHERE id = NEW.unit_id FOR SHARE;
  wrong := CASE WHEN unit.status <> 'in_use' THEN 'unit_id_ended' WHEN NEW.reported_on < unit.acquired_on THEN 'reported_on_order'
    WHEN (SELECT kind FROM stock_locations WHERE id = NEW.place_id) <> 'workshop' THEN 'place_id_kind' END;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'the job cannot begin so' USING ERRCODE = 'check_violation', CONSTRAINT = 'repair_jobs_' || wrong, TABLE = 'repair_jobs';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_repair_begins() FROM PUBLIC;
CREATE TRIGGER repair_jobs_begin AFTER INSERT OR UPDATE OF unit_id, place_id, reported_on ON repair_jobs FOR EACH ROW EXECUTE FUNCTION siraj_repair_begins();
CREATE FUNCTION siraj_unit_ends() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM repair_jobs WHERE unit_id = NEW.id AND status IN ('reported', 'in_repair', 'repaired') AND retired_at IS NULL) THEN
    RAISE EXCEPTION 'a job on it is open' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'repair_jobs_unit_id_held', TABLE = 'repair_jobs';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_unit_ends() FROM PUBLIC;
CREATE TRIGGER equipment_units_end AFTER UPDATE OF status ON equipment_units FOR EACH ROW
  WHEN (OLD.status = 'in_use' AND NEW.status <> 'in_use') EXECUTE FUNCTION siraj_unit_ends();

-- A job never goes back.
CREATE FUNCTION siraj_repair_steps() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (('reported', 'in_repair'), ('reported', 'cancelled'), ('in_repair', 'repaired'),
       ('in_repair', 'beyond_repair'), ('repaired', 'returned'))
     OR OLD.status <> 'reported' AND (NEW.unit_id, NEW.place_id, NEW.reported_on, NEW.fault) IS DISTINCT FROM (OLD.unit_id, OLD.place_id, OLD.reported_on, OLD.fault) THEN
    RAISE EXCEPTION 'a job does not go back' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'repair_jobs_steps_check', TABLE = 'repair_jobs';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_repair_steps() FROM PUBLIC;
CREATE TRIGGER repair_jobs_steps BEFORE UPDATE ON repair_jobs FOR EACH ROW EXECUTE FUNCTION siraj_repair_steps();

-- Fuel. A tank is a place of the ledger with a capacity; dips hold the book against what is measured, and say what was burned;
-- generators and the hours they ran say what should have been.

CREATE TABLE fuel_tanks (
  id uuid CONSTRAINT fuel_tanks_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT fuel_tanks_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  name text NOT NULL CONSTRAINT fuel_tanks_name_check CHECK (length(name) BETWEEN 1 AND 200),
  name_ar text CONSTRAINT fuel_tanks_name_ar_check CHECK (length(name_ar) BETWEEN 1 AND 200),
  -- The place of its own in the ledger; the facility follows from it.
  location_id uuid NOT NULL CONSTRAINT fuel_tanks_location_id_fkey REFERENCES stock_locations,
  item_id uuid NOT NULL CONSTRAINT fuel_tanks_item_id_fkey REFERENCES items,
  capacity_litres bigint NOT NULL CONSTRAINT fuel_tanks_capacity_litres_check CHECK (capacity_litres BETWEEN 1 AND 10000000),
  -- Less autonomy than this many hours is an alarm.
  alarm_hours integer NOT NULL DEFAULT 24 CONSTRAINT fuel_tanks_alarm_hours_check CHECK (alarm_hours BETWEEN 1 AND 8760),
  -- How far a dip may lie from what was expected, in litres or in per cent of the book.
  tolerance numeric(10,2) NOT NULL,
  tolerance_unit text NOT NULL CONSTRAINT fuel_tanks_tolerance_unit_check CHECK (tolerance_unit IN ('litres', 'percent')),
  search text GENERATED ALWAYS AS (siraj_search(code, name, name_ar)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT fuel_tanks_recorded_by_fkey REFERENCES users,
  CONSTRAINT fuel_tanks_code_key UNIQUE (code),
  CONSTRAINT fuel_tanks_tolerance_check CHECK (tolerance BETWEEN 0 AND CASE tolerance_unit WHEN 'percent' THEN 100 ELSE 10000000 END)
);
CREATE UNIQUE INDEX fuel_tanks_location_id_key ON fuel_tanks (location_id) WHERE retired_at IS NULL;
CREATE INDEX fuel_tanks_search_idx ON fuel_tanks USING gin (search gin_trgm_ops);
CREATE INDEX fuel_tanks_item_idx ON fuel_tanks (item_id);
CALL siraj_register('fuel_tanks', 'id');
-- Whoever makes, changes or dips a tank holds its place against documents, which share it: see siraj_tank_movements.
CALL siraj_refers('fuel_tanks', 'location_id', 'stock_locations', true, 'NO KEY UPDATE');
CALL siraj_refers('fuel_tanks', 'item_id', 'items', true);

CREATE TABLE generators (
  id uuid CONSTRAINT generators_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT generators_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  name text NOT NULL CONSTRAINT generators_name_check CHECK (length(name) BETWEEN 1 AND 200),
  name_ar text CONSTRAINT generators_name_ar_check CHECK (length(name_ar) BETWEEN 1 AND 200),
  facility_id uuid NOT NULL CONSTRAINT generators_facility_id_fkey REFERENCES facilities,
  tank_id uuid NOT NULL CONSTRAINT generators_tank_id_fkey REFERENCES fuel_tanks,
  -- What it is expected to burn.
  litres_per_hour numeric(6,2) NOT NULL CONSTRAINT generators_litres_per_hour_check CHECK (litres_per_hour BETWEEN 0.01 AND 1000),
  -- Since when this tank feeds it, at this rate.
  since_on date NOT NULL CONSTRAINT generators_since_on_check CHECK (since_on BETWEEN '2011-01-01' AND '2100-01-01'),
  search text GENERATED ALWAYS AS (siraj_search(code, name, name_ar)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT generators_recorded_by_fkey REFERENCES users,
  CONSTRAINT generators_code_key UNIQUE (code)
);
CREATE INDEX generators_search_idx ON generators USING gin (search gin_trgm_ops);
CREATE INDEX generators_tank_idx ON generators (tank_id);
CREATE INDEX generators_facility_idx ON generators (facility_id);
CALL siraj_register('generators', 'id');
CALL siraj_refers('generators', 'facility_id', 'facilities', true);
CALL siraj_refers('generators', 'tank_id', 'fuel_tanks', true);

CREATE TABLE generator_hours (
  id uuid CONSTRAINT generator_hours_pkey PRIMARY KEY,
  generator_id uuid NOT NULL CONSTRAINT generator_hours_generator_id_fkey REFERENCES generators,
  ran_on date NOT NULL CONSTRAINT generator_hours_ran_on_check CHECK (ran_on BETWEEN '2011-01-01' AND '2100-01-01'),
  hours numeric(3,1) NOT NULL CONSTRAINT generator_hours_hours_check CHECK (hours BETWEEN 0 AND 24),
  note text CONSTRAINT generator_hours_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  -- The tank and the rate of that day: a generator that is moved or re-rated later does not change the past.
  tank_id uuid NOT NULL CONSTRAINT generator_hours_tank_id_fkey REFERENCES fuel_tanks,
  litres_per_hour numeric(6,2) NOT NULL CONSTRAINT generator_hours_litres_per_hour_check CHECK (litres_per_hour BETWEEN 0.01 AND 1000),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT generator_hours_recorded_by_fkey REFERENCES users
);
CREATE UNIQUE INDEX generator_hours_ran_on_key ON generator_hours (generator_id, ran_on) WHERE retired_at IS NULL;
CREATE INDEX generator_hours_tank_idx ON generator_hours (tank_id, ran_on) INCLUDE (hours, litres_per_hour) WHERE retired_at IS NULL;
CALL siraj_register('generator_hours', 'generator_id');
CALL siraj_refers('generator_hours', 'generator_id', 'generators', false);

CREATE TABLE fuel_dips (
  id uuid CONSTRAINT fuel_dips_pkey PRIMARY KEY,
  tank_id uuid NOT NULL CONSTRAINT fuel_dips_tank_id_fkey REFERENCES fuel_tanks,
  -- Measured at the end of this day.
  dipped_on date NOT NULL CONSTRAINT fuel_dips_dipped_on_check CHECK (dipped_on BETWEEN '2011-01-01' AND '2100-01-01'),
  litres bigint NOT NULL CONSTRAINT fuel_dips_litres_check CHECK (litres BETWEEN 0 AND 10000000),
  -- What the ledger said of that day's end before the dip, and how far off was allowed then. Both from the database itself.
  book_litres bigint NOT NULL CONSTRAINT fuel_dips_book_litres_check CHECK (book_litres BETWEEN 0 AND 1000000000000000),
  tolerance_litres numeric(18,2) NOT NULL CONSTRAINT fuel_dips_tolerance_litres_check CHECK (tolerance_litres >= 0),
  reason text CONSTRAINT fuel_dips_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  note text CONSTRAINT fuel_dips_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  reversed_at timestamptz,
  reversal_reason text CONSTRAINT fuel_dips_reversal_reason_check CHECK (length(reversal_reason) BETWEEN 10 AND 500),
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT fuel_dips_recorded_by_fkey REFERENCES users,
  CONSTRAINT fuel_dips_reversed_at_check CHECK ((reversed_at IS NULL) = (reversal_reason IS NULL))
);
CREATE UNIQUE INDEX fuel_dips_dipped_on_key ON fuel_dips (tank_id, dipped_on) WHERE reversed_at IS NULL;
CREATE INDEX fuel_dips_day_idx ON fuel_dips (dipped_on, id);
CALL siraj_register('fuel_dips', 'tank_id');
CALL siraj_refers('fuel_dips', 'tank_id', 'fuel_tanks', false, 'NO KEY UPDATE');

-- A tank stands on a store or a warehouse, and holds one fuel, counted in litres: such an item has one lot, so a tank's book is that lot's.
-- The place is held, so that no document passes while it is looked at.
CREATE FUNCTION siraj_tank_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  place stock_locations;
  fuel items;
  moved boolean := TG_OP = 'UPDATE' AND (NEW.location_id, NEW.item_id) IS DISTINCT FROM (OLD.location_id, OLD.item_id);
BEGIN
  PERFORM FROM stock_locations WHERE id IN (NEW.location_id, OLD.location_id) ORDER BY id FOR NO KEY UPDATE;
  IF moved AND (EXISTS (SELECT FROM stock_balances b JOIN lots l ON l.id = b.lot_id WHERE b.location_id = OLD.location_id AND l.item_id = OLD.item_id)
                OR EXISTS (SELECT FROM generators WHERE tank_id = NEW.id AND retired_at IS NULL)
                OR EXISTS (SELECT FROM fuel_dips WHERE tank_id = NEW.id)) THEN
    RAISE EXCEPTION 'the tank has a past there' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'fuel_tanks_place_held', TABLE = 'fuel_tanks';
  END IF;
  SELECT * INTO place FROM stock_locations WHERE id = NEW.location_id;
  IF place.kind NOT IN ('facility_store', 'warehouse') THEN
    RAISE EXCEPTION 'no place for a tank' USING ERRCODE = 'check_violation', CONSTRAINT = 'fuel_tanks_location_id_check', TABLE = 'fuel_tanks';
  END IF;
  SELECT * INTO fuel FROM items WHERE id = NEW.item_id FOR SHARE;
  IF fuel.category <> 'fuel' OR fuel.base_unit <> 'litre' OR fuel.expiry_tracked OR fuel.controlled THEN
    RAISE EXCEPTION 'no fuel' USING ERRCODE = 'check_violation', CONSTRAINT = 'fuel_tanks_item_id_check', TABLE = 'fuel_tanks';
  END IF;
  IF NEW.retired_at IS NOT NULL THEN
    IF EXISTS (SELECT FROM stock_balances WHERE location_id = NEW.location_id AND quantity > 0) THEN
      RAISE EXCEPTION 'there is fuel in it' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'fuel_tanks_location_id_held', TABLE = 'fuel_tanks';
    END IF;
    RETURN NEW;
  END IF;
  IF EXISTS (SELECT FROM stock_balances b JOIN lots l ON l.id = b.lot_id WHERE b.location_id = NEW.location_id AND b.quantity > 0 AND l.item_id <> NEW.item_id) THEN
    RAISE EXCEPTION 'something else lies there' USING ERRCODE = 'check_violation', CONSTRAINT = 'fuel_tanks_location_id_check', TABLE = 'fuel_tanks';
  END IF;
  IF EXISTS (SELECT FROM stock_balances WHERE location_id = NEW.location_id AND quantity > NEW.capacity_litres) THEN
    RAISE EXCEPTION 'there is more in it' USING ERRCODE = 'check_violation', CONSTRAINT = 'fuel_tanks_capacity_check', TABLE = 'fuel_tanks';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_tank_fits() FROM PUBLIC;
CREATE TRIGGER fuel_tanks_fits BEFORE INSERT OR UPDATE ON fuel_tanks FOR EACH ROW EXECUTE FUNCTION siraj_tank_fits();

-- What a tank stands on, and what it holds, stay what they are. Arguments: the tank's column that names it.
CREATE FUNCTION siraj_tank_stands() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM fuel_tanks t WHERE retired_at IS NULL AND (to_jsonb(t) ->> TG_ARGV[0])::uuid = NEW.id) THEN
    RAISE EXCEPTION 'a tank stands on it' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'fuel_tanks_' || TG_ARGV[0] || '_held', TABLE = 'fuel_tanks';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_tank_stands() FROM PUBLIC;
CREATE TRIGGER stock_locations_tank_stands AFTER UPDATE OF kind, facility_id ON stock_locations FOR EACH ROW
  WHEN ((OLD.kind, OLD.facility_id) IS DISTINCT FROM (NEW.kind, NEW.facility_id)) EXECUTE FUNCTION siraj_tank_stands('location_id');
CREATE TRIGGER items_tank_stands AFTER UPDATE OF category, base_unit, expiry_tracked, controlled ON items FOR EACH ROW
  WHEN ((OLD.category, OLD.base_unit, OLD.expiry_tracked, OLD.controlled) IS DISTINCT FROM (NEW.category, NEW.base_unit, NEW.expiry_tracked, NEW.controlled))
  EXECUTE FUNCTION siraj_tank_stands('item_id');

-- A generator is fed by a tank of its own facility.
CREATE FUNCTION siraj_generator_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM FROM fuel_tanks WHERE id = NEW.tank_id FOR SHARE;
  IF EXISTS (SELECT FROM fuel_tanks t JOIN stock_locations p ON p.id = t.location_id
             WHERE t.id = NEW.tank_id AND p.facility_id IS DISTINCT FROM NEW.facility_id) THEN
    RAISE EXCEPTION 'a tank of another facility' USING ERRCODE = 'check_violation', CONSTRAINT = 'generators_tank_id_check', TABLE = 'generators';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_generator_fits() FROM PUBLIC;
CREATE TRIGGER generators_fits AFTER INSERT OR UPDATE OF tank_id, facility_id ON generators FOR EACH ROW EXECUTE FUNCTION siraj_generator_fits();

-- Hours take tank and rate from their generator. Those of a day before them would take the wrong ones; what stands already may be corrected.
CREATE FUNCTION siraj_hours_fed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  generator generators;
BEGIN
  SELECT * INTO generator FROM generators WHERE id = NEW.generator_id FOR SHARE;
  IF NEW.ran_on < generator.since_on
     AND NOT EXISTS (SELECT FROM generator_hours WHERE generator_id = NEW.generator_id AND ran_on = NEW.ran_on AND retired_at IS NULL) THEN
    RAISE EXCEPTION 'hours before the generator' USING ERRCODE = 'check_violation', CONSTRAINT = 'generator_hours_ran_on_order_check', TABLE = 'generator_hours';
  END IF;
  NEW.tank_id := generator.tank_id;
  NEW.litres_per_hour := generator.litres_per_hour;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_hours_fed() FROM PUBLIC;
CREATE TRIGGER generator_hours_fed BEFORE INSERT ON generator_hours FOR EACH ROW EXECUTE FUNCTION siraj_hours_fed();

-- The litres in a tank at the end of a day, as the ledger has them.
CREATE FUNCTION siraj_tank_book(tank uuid, of_day date) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce((
    SELECT s.closing FROM fuel_tanks t JOIN lots l ON l.item_id = t.item_id JOIN stock_days s ON s.location_id = t.location_id AND s.lot_id = l.id
    WHERE t.id = tank AND s.day <= of_day ORDER BY s.day DESC LIMIT 1), 0)
$$;
REVOKE EXECUTE ON FUNCTION siraj_tank_book(uuid, date) FROM PUBLIC;

-- A dip closes the days of its tank up to its own: only the newest is added or turned round, and nothing else of it ever changes.
-- Tank and place are held, so that neither another dip nor a document comes between the reading of the book and its correction.
CREATE FUNCTION siraj_judge_dip() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  tank fuel_tanks;
BEGIN
  SELECT * INTO tank FROM fuel_tanks WHERE id = NEW.tank_id FOR NO KEY UPDATE;
  PERFORM FROM stock_locations WHERE id = tank.location_id FOR NO KEY UPDATE;
  IF TG_OP = 'UPDATE' AND (OLD.reversed_at IS NOT NULL OR NEW.reversed_at IS NULL
      OR (NEW.id, NEW.tank_id, NEW.dipped_on, NEW.litres, NEW.book_litres, NEW.tolerance_litres, NEW.reason, NEW.note)
         IS DISTINCT FROM (OLD.id, OLD.tank_id, OLD.dipped_on, OLD.litres, OLD.book_litres, OLD.tolerance_litres, OLD.reason, OLD.note)) THEN
    RAISE EXCEPTION 'a dip is turned round, once' USING ERRCODE = 'check_violation', CONSTRAINT = 'fuel_dips_once_check', TABLE = 'fuel_dips';
  END IF;
  IF EXISTS (SELECT FROM fuel_dips WHERE tank_id = NEW.tank_id AND reversed_at IS NULL AND dipped_on > NEW.dipped_on) THEN
    RAISE EXCEPTION 'a later dip stands' USING ERRCODE = 'check_violation', CONSTRAINT = 'fuel_dips_later_check', TABLE = 'fuel_dips';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.litres > tank.capacity_litres THEN
      RAISE EXCEPTION 'more than the tank holds' USING ERRCODE = 'check_violation', CONSTRAINT = 'fuel_dips_litres_check', TABLE = 'fuel_dips';
    END IF;
    NEW.book_litres := siraj_tank_book(NEW.tank_id, NEW.dipped_on);
    NEW.tolerance_litres := CASE tank.tolerance_unit WHEN 'percent' THEN NEW.book_litres * tank.tolerance / 100 ELSE tank.tolerance END;
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_judge_dip() FROM PUBLIC;
CREATE TRIGGER fuel_dips_judge BEFORE INSERT OR UPDATE ON fuel_dips FOR EACH ROW EXECUTE FUNCTION siraj_judge_dip();

-- At the end of the transaction the book of the day is what was measured; or, turned round, what it was before.
CREATE FUNCTION siraj_dip_is_book() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF siraj_tank_book(NEW.tank_id, NEW.dipped_on) <> (CASE WHEN NEW.reversed_at IS NULL THEN NEW.litres ELSE NEW.book_litres END) THEN
    RAISE EXCEPTION 'the book does not follow the dip' USING ERRCODE = 'check_violation', CONSTRAINT = 'fuel_dips_book_litres_check', TABLE = 'fuel_dips';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_dip_is_book() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER fuel_dips_book AFTER INSERT OR UPDATE ON fuel_dips DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION siraj_dip_is_book();

-- What moves in and out of tanks: their own fuel, never above what they hold on any day, and after the last dip.
-- Runs behind stock_movements_post, whose closings it reads. Documents share their places; whoever makes, changes or dips a tank holds its place alone.
CREATE FUNCTION siraj_tank_movements() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  wrong text;
BEGIN
  PERFORM FROM stock_locations WHERE id IN (SELECT from_id FROM added WHERE from_holds UNION SELECT to_id FROM added WHERE to_holds)
  ORDER BY id FOR SHARE;
  SELECT CASE WHEN l.item_id <> t.item_id THEN 'item' ELSE 'dipped' END INTO wrong
  FROM added m JOIN fuel_tanks t ON t.location_id IN (m.from_id, m.to_id) AND t.retired_at IS NULL
  JOIN lots l ON l.id = m.lot_id JOIN stock_documents d ON d.id = m.document_id
  WHERE l.item_id <> t.item_id OR (d.act IS DISTINCT FROM 'fuel_tank' AND EXISTS (
    SELECT FROM fuel_dips p WHERE p.tank_id = t.id AND p.reversed_at IS NULL AND p.dipped_on >= m.occurred_on))
  ORDER BY 1 DESC LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'not into or out of this tank' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_movements_tank_' || wrong || '_check', TABLE = 'stock_movements';
  END IF;
  IF EXISTS (SELECT FROM added m JOIN fuel_tanks t ON t.location_id = m.to_id AND t.retired_at IS NULL
             JOIN stock_days s ON s.location_id = m.to_id AND s.lot_id = m.lot_id AND s.day >= m.occurred_on
             WHERE s.closing > t.capacity_litres) THEN
    RAISE EXCEPTION 'more than the tank holds' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_movements_tank_capacity_check', TABLE = 'stock_movements';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_tank_movements() FROM PUBLIC;
CREATE TRIGGER stock_movements_tank AFTER INSERT ON stock_movements REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_tank_movements();

-- Why stock was lost or found, as data; and counts of a place, whose differences become documents when a second person agrees.

CREATE TABLE adjustment_reasons (
  id uuid CONSTRAINT adjustment_reasons_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT adjustment_reasons_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  name text NOT NULL CONSTRAINT adjustment_reasons_name_check CHECK (length(name) BETWEEN 1 AND 200),
  name_ar text CONSTRAINT adjustment_reasons_name_ar_check CHECK (length(name_ar) BETWEEN 1 AND 200),
  -- Whether it explains what is gone, what is there beyond the book, or both.
  direction text NOT NULL CONSTRAINT adjustment_reasons_direction_check CHECK (direction IN ('loss', 'gain', 'either')),
  search text GENERATED ALWAYS AS (siraj_search(code, name, name_ar)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT adjustment_reasons_recorded_by_fkey REFERENCES users,
  CONSTRAINT adjustment_reasons_code_key UNIQUE (code)
);
-- What the field writes on its papers. Fixed ids, so that every node and every export means the same.
INSERT INTO adjustment_reasons (id, code, name, name_ar, direction, recorded_by)
SELECT ('00000000-0000-7000-8000-0000000002' || lpad(number::text, 2, '0'))::uuid, code, name, name_ar, direction, '00000000-0000-7000-8000-000000000001'
FROM (VALUES
  (1, 'DAMAGED', 'Damaged', 'تالف', 'loss'),
  (2, 'EXPIRED', 'Expired', 'منتهي الصلاحية', 'loss'),
  (3, 'LOOTED', 'Looted', 'منهوب', 'loss'),
  (4, 'STOLEN', 'Stolen', 'مسروق', 'loss'),
  (5, 'COLD-CHAIN', 'Cold chain broken', 'انقطاع سلسلة التبريد', 'loss'),
  (6, 'SPILLED', 'Spilled', 'مسكوب', 'loss'),
  (7, 'DESTROYED', 'Destroyed in an attack', 'دُمّر في هجوم', 'loss'),
  (8, 'QUALITY', 'Failed an inspection of quality', 'لم يجتز فحص الجودة', 'loss'),
  (9, 'FOUND', 'Found', 'عُثر عليه', 'gain'),
  (10, 'ENTRY-ERROR', 'Entry error', 'خطأ في الإدخال', 'either'),
  (11, 'UNEXPLAINED', 'Unexplained', 'بلا تفسير', 'either')) AS reason (number, code, name, name_ar, direction);
CREATE INDEX adjustment_reasons_search_idx ON adjustment_reasons USING gin (search gin_trgm_ops);
CALL siraj_register('adjustment_reasons', 'id');

-- A loss or a count written by hand says which reason. NOT VALID: documents of before keep their text alone, they are never changed.
ALTER TABLE stock_documents
  ADD COLUMN adjustment_reason_id uuid CONSTRAINT stock_documents_adjustment_reason_id_fkey REFERENCES adjustment_reasons,
  ADD CONSTRAINT stock_documents_adjustment_reason_id_check CHECK (adjustment_reason_id IS NULL OR kind IN ('loss', 'count')),
  ADD CONSTRAINT stock_documents_adjustment_required_check
    CHECK (act IS NOT NULL OR kind NOT IN ('loss', 'count') OR adjustment_reason_id IS NOT NULL) NOT VALID;
CREATE INDEX stock_documents_adjustment_reason_idx ON stock_documents (adjustment_reason_id, occurred_on) WHERE adjustment_reason_id IS NOT NULL;
CALL siraj_refers('stock_documents', 'adjustment_reason_id', 'adjustment_reasons', false);

-- A reason of losses explains no gain; what does not say where it comes from is a loss. The reason is held, so that its direction is not turned meanwhile.
CREATE FUNCTION siraj_adjustment_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  way text;
BEGIN
  SELECT direction INTO way FROM adjustment_reasons WHERE id = NEW.adjustment_reason_id FOR SHARE;
  IF way NOT IN ('either', CASE WHEN coalesce((to_jsonb(NEW) ->> 'from_holds')::boolean, true) THEN 'loss' ELSE 'gain' END) THEN
    RAISE EXCEPTION 'the reason explains the other direction' USING ERRCODE = 'check_violation',
      CONSTRAINT = TG_TABLE_NAME || '_adjustment_direction_check', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_adjustment_fits() FROM PUBLIC;
CREATE TRIGGER stock_documents_adjustment_fits AFTER INSERT ON stock_documents FOR EACH ROW
  WHEN (NEW.adjustment_reason_id IS NOT NULL) EXECUTE FUNCTION siraj_adjustment_fits();
-- Nor is it turned afterwards: what was written would come to mean something else.
CREATE FUNCTION siraj_reason_keeps() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM stock_documents WHERE adjustment_reason_id = NEW.id) THEN
    RAISE EXCEPTION 'documents bear this reason' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'adjustment_reasons_direction_held', TABLE = 'adjustment_reasons';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_reason_keeps() FROM PUBLIC;
CREATE TRIGGER adjustment_reasons_keep AFTER UPDATE OF direction ON adjustment_reasons FOR EACH ROW
  WHEN (NEW.direction IS DISTINCT FROM OLD.direction) EXECUTE FUNCTION siraj_reason_keeps();

-- A count of what lies at a place at the end of a day.
CREATE TABLE stock_counts (
  id uuid CONSTRAINT stock_counts_pkey PRIMARY KEY,
  location_id uuid NOT NULL CONSTRAINT stock_counts_location_id_fkey REFERENCES stock_locations,
  counted_on date NOT NULL CONSTRAINT stock_counts_counted_on_check CHECK (counted_on BETWEEN '2011-01-01' AND '2100-01-01'),
  -- Whoever counts is not shown what the book says.
  blind boolean NOT NULL DEFAULT true,
  -- Lots of the place that are not on the sheet count as nothing.
  complete boolean NOT NULL DEFAULT true,
  note text CONSTRAINT stock_counts_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  status text NOT NULL DEFAULT 'draft'
    CONSTRAINT stock_counts_status_check CHECK (status IN ('draft', 'counted', 'confirmed', 'rejected', 'cancelled', 'reversed')),
  -- Why it was rejected, cancelled or reversed.
  reason text CONSTRAINT stock_counts_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  -- Who counted, and the other who agreed or did not.
  counted_by uuid CONSTRAINT stock_counts_counted_by_fkey REFERENCES users,
  decided_by uuid CONSTRAINT stock_counts_decided_by_fkey REFERENCES users,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT stock_counts_recorded_by_fkey REFERENCES users,
  CONSTRAINT stock_counts_counted_check CHECK (CASE status WHEN 'draft' THEN counted_by IS NULL WHEN 'cancelled' THEN true ELSE counted_by IS NOT NULL END),
  CONSTRAINT stock_counts_decided_check CHECK ((status IN ('confirmed', 'rejected', 'reversed')) = (decided_by IS NOT NULL)),
  CONSTRAINT stock_counts_why_check CHECK ((status IN ('rejected', 'cancelled', 'reversed')) = (reason IS NOT NULL)),
  CONSTRAINT stock_counts_second_person_check CHECK (decided_by <> counted_by)
);
-- Two open counts of one place would each post the same difference.
CREATE UNIQUE INDEX stock_counts_open_key ON stock_counts (location_id) WHERE status IN ('draft', 'counted');
CREATE INDEX stock_counts_location_idx ON stock_counts (location_id, counted_on);
CALL siraj_register('stock_counts', 'id');
CALL siraj_refers('stock_counts', 'location_id', 'stock_locations', false);

-- What lies nowhere cannot be counted, and what is on the road is its shipment's. Argument: the column that names the place.
CREATE FUNCTION siraj_refuse_no_place() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM stock_locations WHERE id = (to_jsonb(NEW) ->> TG_ARGV[0])::uuid AND (NOT holds OR kind = 'in_transit')) THEN
    RAISE EXCEPTION '% names no place that can be entered', TG_ARGV[0] USING ERRCODE = 'check_violation',
      CONSTRAINT = TG_TABLE_NAME || '_' || TG_ARGV[0] || '_check', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_refuse_no_place() FROM PUBLIC;
CREATE TRIGGER stock_counts_place AFTER INSERT OR UPDATE OF location_id ON stock_counts FOR EACH ROW EXECUTE FUNCTION siraj_refuse_no_place('location_id');

-- A count goes its way once, and what was counted stays as it was counted.
CREATE FUNCTION siraj_count_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.blind AND NOT OLD.blind THEN
    RAISE EXCEPTION 'who has seen the book counts blind no more' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_counts_blind_check', TABLE = 'stock_counts';
  END IF;
  IF (OLD.status, NEW.status) NOT IN (('draft', 'draft'), ('draft', 'counted'), ('draft', 'cancelled'), ('counted', 'confirmed'),
                                      ('counted', 'rejected'), ('counted', 'cancelled'), ('confirmed', 'reversed'))
     OR OLD.status <> 'draft' AND (NEW.location_id, NEW.counted_on, NEW.blind, NEW.complete, NEW.note, NEW.counted_by)
       IS DISTINCT FROM (OLD.location_id, OLD.counted_on, OLD.blind, OLD.complete, OLD.note, OLD.counted_by)
     OR OLD.decided_by IS NOT NULL AND NEW.decided_by IS DISTINCT FROM OLD.decided_by THEN
    RAISE EXCEPTION 'a count goes its way once' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_counts_step_check', TABLE = 'stock_counts';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stock_counts_steps BEFORE UPDATE ON stock_counts FOR EACH ROW EXECUTE FUNCTION siraj_count_steps();

CREATE TABLE stock_count_lines (
  id uuid CONSTRAINT stock_count_lines_pkey PRIMARY KEY,
  count_id uuid NOT NULL CONSTRAINT stock_count_lines_count_id_fkey REFERENCES stock_counts,
  line integer NOT NULL CONSTRAINT stock_count_lines_line_check CHECK (line >= 1),
  lot_id uuid NOT NULL CONSTRAINT stock_count_lines_lot_id_fkey REFERENCES lots,
  -- In the item's base unit.
  counted_quantity bigint NOT NULL CONSTRAINT stock_count_lines_counted_check CHECK (counted_quantity BETWEEN 0 AND 1000000000000),
  -- What whoever counted knows of a difference.
  adjustment_reason_id uuid CONSTRAINT stock_count_lines_adjustment_reason_id_fkey REFERENCES adjustment_reasons,
  -- False: it was not on the sheet of a complete count, and so counts as nothing.
  listed boolean NOT NULL DEFAULT true,
  -- What the ledger said of the end of the day when a second person decided; none before.
  book_quantity bigint CONSTRAINT stock_count_lines_book_check CHECK (book_quantity >= 0),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT stock_count_lines_recorded_by_fkey REFERENCES users,
  CONSTRAINT stock_count_lines_listed_check CHECK (listed OR counted_quantity = 0 AND book_quantity IS NOT NULL)
);
CREATE UNIQUE INDEX stock_count_lines_line_key ON stock_count_lines (count_id, line) WHERE retired_at IS NULL;
CREATE UNIQUE INDEX stock_count_lines_lot_key ON stock_count_lines (count_id, lot_id) WHERE retired_at IS NULL;
CREATE INDEX stock_count_lines_lot_idx ON stock_count_lines (lot_id);
CALL siraj_register('stock_count_lines', 'count_id');
CALL siraj_refers('stock_count_lines', 'adjustment_reason_id', 'adjustment_reasons', false);

-- Lines are written while the count is a draft; once it is counted only the book is put beside them.
CREATE FUNCTION siraj_count_lines_fixed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  wrong boolean;
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT bool_or(NOT CASE c.status WHEN 'draft' THEN a.listed AND a.book_quantity IS NULL WHEN 'counted' THEN NOT a.listed ELSE false END) INTO wrong
    FROM added a JOIN stock_counts c ON c.id = a.count_id;
  ELSE
    SELECT bool_or(NOT CASE c.status
      WHEN 'draft' THEN a.listed AND a.book_quantity IS NULL AND a.count_id = b.count_id
      WHEN 'counted' THEN (a.count_id, a.line, a.lot_id, a.counted_quantity, a.adjustment_reason_id, a.listed, a.retired_at)
        IS NOT DISTINCT FROM (b.count_id, b.line, b.lot_id, b.counted_quantity, b.adjustment_reason_id, b.listed, b.retired_at) AND b.book_quantity IS NULL
      ELSE false END) INTO wrong
    FROM added a JOIN removed b USING (id) JOIN stock_counts c ON c.id = b.count_id;
  END IF;
  IF wrong THEN
    RAISE EXCEPTION 'what was counted stays' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_count_lines_fixed_check', TABLE = 'stock_count_lines';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_count_lines_fixed() FROM PUBLIC;
CREATE TRIGGER stock_count_lines_fixed_insert AFTER INSERT ON stock_count_lines REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_count_lines_fixed();
CREATE TRIGGER stock_count_lines_fixed_update AFTER UPDATE ON stock_count_lines REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_count_lines_fixed();

-- A count tells what lies there, more or less of it, whether it may be used or not: an expired lot that is found is on the book, and stays unusable.
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
    AND d.kind <> 'count'
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

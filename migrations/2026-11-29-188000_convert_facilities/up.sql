-- What a facility served as before a day: a medical point that became a hospital was none the year before, and the figures of that year say so.
-- The facility itself says what it serves as since the last of these days.
CREATE TABLE facility_conversions (
  id uuid CONSTRAINT facility_conversions_pkey PRIMARY KEY,
  facility_id uuid NOT NULL CONSTRAINT facility_conversions_facility_id_fkey REFERENCES facilities,
  -- The first day on which it served as something else.
  converted_on date NOT NULL CONSTRAINT facility_conversions_converted_on_check CHECK (converted_on BETWEEN '2011-01-01' AND '2100-01-01'),
  kinds_before text[] NOT NULL CONSTRAINT facility_conversions_kinds_before_check
    CHECK (cardinality(kinds_before) >= 1 AND siraj_words_distinct(kinds_before)
           AND kinds_before <@ ARRAY['hospital', 'primary_care_center', 'nursing_home', 'medical_point', 'mobile_clinic']),
  kinds text[] NOT NULL CONSTRAINT facility_conversions_kinds_check
    CHECK (cardinality(kinds) >= 1 AND siraj_words_distinct(kinds)
           AND kinds <@ ARRAY['hospital', 'primary_care_center', 'nursing_home', 'medical_point', 'mobile_clinic']),
  note text CONSTRAINT facility_conversions_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT facility_conversions_recorded_by_fkey REFERENCES users,
  CONSTRAINT facility_conversions_kinds_change_check CHECK (NOT (kinds <@ kinds_before AND kinds_before <@ kinds))
);
CREATE UNIQUE INDEX facility_conversions_converted_on_key ON facility_conversions (facility_id, converted_on) WHERE retired_at IS NULL;
CALL siraj_register('facility_conversions', 'facility_id');
CALL siraj_refers('facility_conversions', 'facility_id', 'facilities', false, 'NO KEY UPDATE');
CALL siraj_remember('facility_conversions');

-- One follows the other: each begins where the facility stands, and only the last can be taken back. The facility is held by the reference.
CREATE FUNCTION siraj_conversions_in_order() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM FROM facilities WHERE id = NEW.facility_id FOR NO KEY UPDATE;
  IF EXISTS (SELECT FROM facility_conversions c WHERE c.facility_id = NEW.facility_id AND c.id <> NEW.id AND c.retired_at IS NULL AND c.converted_on > NEW.converted_on) THEN
    RAISE EXCEPTION 'a conversion before another' USING ERRCODE = 'check_violation', TABLE = 'facility_conversions',
      CONSTRAINT = CASE TG_OP WHEN 'INSERT' THEN 'facility_conversions_converted_on_order_check' ELSE 'facility_conversions_last_check' END;
  END IF;
  IF TG_OP = 'INSERT' AND EXISTS (SELECT FROM facilities WHERE id = NEW.facility_id AND opened_on >= NEW.converted_on) THEN
    RAISE EXCEPTION 'a conversion before the opening' USING ERRCODE = 'check_violation', CONSTRAINT = 'facility_conversions_converted_on_order_check', TABLE = 'facility_conversions';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_conversions_in_order() FROM PUBLIC;
CREATE TRIGGER facility_conversions_order AFTER INSERT OR UPDATE ON facility_conversions FOR EACH ROW EXECUTE FUNCTION siraj_conversions_in_order();

CREATE TRIGGER facility_conversions_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON facility_conversions
  FOR EACH STATEMENT EXECUTE FUNCTION totals.turn_version();

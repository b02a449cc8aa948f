-- What a person may do and speak, whether they can be called on; and under which record they stand when they had been entered twice.
ALTER TABLE staff
  ADD COLUMN licence text NOT NULL DEFAULT 'unknown' CONSTRAINT staff_licence_check CHECK (licence IN ('licensed', 'expired', 'none', 'unknown')),
  ADD COLUMN licence_expires_on date CONSTRAINT staff_licence_expires_on_check CHECK (licence_expires_on BETWEEN '1900-01-01' AND '2100-01-01'),
  ADD COLUMN languages text[] NOT NULL DEFAULT '{}' CONSTRAINT staff_languages_check
    CHECK (cardinality(languages) <= 20 AND siraj_words_distinct(languages) AND array_to_string(languages, ' ') ~ '^([a-z]{2,3}( [a-z]{2,3})*)?$'),
  ADD COLUMN availability text NOT NULL DEFAULT 'available' CONSTRAINT staff_availability_check CHECK (availability IN ('available', 'limited', 'unavailable')),
  ADD COLUMN merged_into_id uuid CONSTRAINT staff_merged_into_id_fkey REFERENCES staff,
  ADD COLUMN merge_reason text CONSTRAINT staff_merge_reason_check CHECK (length(merge_reason) BETWEEN 10 AND 500),
  ADD CONSTRAINT staff_licence_day_check CHECK (licence IN ('licensed', 'expired') OR licence_expires_on IS NULL),
  ADD CONSTRAINT staff_merged_self_check CHECK (merged_into_id <> id),
  -- Whoever was merged takes no further part of their own.
  ADD CONSTRAINT staff_merged_retired_check CHECK (merged_into_id IS NULL OR retired_at IS NOT NULL),
  ADD CONSTRAINT staff_merged_why_check CHECK ((merged_into_id IS NULL) = (merge_reason IS NULL));
CREATE INDEX staff_merged_into_idx ON staff (merged_into_id) WHERE merged_into_id IS NOT NULL;
CREATE INDEX staff_languages_idx ON staff USING gin (languages);
-- Held for update as the merge holds it, else two that share it first would wait for each other.
CALL siraj_refers('staff', 'merged_into_id', 'staff', false, 'NO KEY UPDATE');

-- Who a record that names a person speaks of today: chains are kept one step long.
CREATE FUNCTION siraj_person(named uuid) RETURNS uuid LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
  SELECT coalesce(merged_into_id, id) FROM staff WHERE id = named
$$;

-- A redirect leads to a person, never to another redirect.
CREATE FUNCTION siraj_merge_straight() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM staff WHERE id = NEW.merged_into_id AND merged_into_id IS NOT NULL)
     OR EXISTS (SELECT FROM staff WHERE merged_into_id = NEW.id) THEN
    RAISE EXCEPTION 'a redirect to a redirect' USING ERRCODE = 'check_violation', CONSTRAINT = 'staff_merged_chain_check', TABLE = 'staff';
  END IF;
  IF EXISTS (SELECT FROM assignments WHERE staff_id = NEW.id AND retired_at IS NULL) THEN
    RAISE EXCEPTION 'posts were left behind' USING ERRCODE = 'check_violation', CONSTRAINT = 'staff_merged_posts_check', TABLE = 'staff';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_merge_straight() FROM PUBLIC;
CREATE TRIGGER staff_merge_straight AFTER INSERT OR UPDATE OF merged_into_id ON staff FOR EACH ROW
  WHEN (NEW.merged_into_id IS NOT NULL) EXECUTE FUNCTION siraj_merge_straight();

-- Whoever is merged is not gone: what names them stands, and is read as naming whom they were merged into.
CREATE OR REPLACE FUNCTION siraj_refuse_retiring() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  held boolean;
BEGIN
  IF to_jsonb(NEW) ->> 'merged_into_id' IS NOT NULL THEN
    RETURN NULL;
  END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I = $1 AND retired_at IS NULL)', TG_ARGV[0], TG_ARGV[1]) INTO held USING NEW.id;
  IF held THEN
    RAISE EXCEPTION 'records of % stand on it', TG_ARGV[0] USING ERRCODE = 'restrict_violation',
      CONSTRAINT = TG_ARGV[0] || '_' || TG_ARGV[1] || '_held', TABLE = TG_ARGV[0];
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION siraj_refuse_retiring() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  held boolean;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I = $1 AND retired_at IS NULL)', TG_ARGV[0], TG_ARGV[1]) INTO held USING NEW.id;
  IF held THEN
    RAISE EXCEPTION 'records of % stand on it', TG_ARGV[0] USING ERRCODE = 'restrict_violation',
      CONSTRAINT = TG_ARGV[0] || '_' || TG_ARGV[1] || '_held', TABLE = TG_ARGV[0];
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER staff_merge_straight ON staff;
DROP FUNCTION siraj_merge_straight();
DROP FUNCTION siraj_person(uuid);
DROP TRIGGER staff_merged_into_id_retired ON staff;
ALTER TABLE staff
  DROP COLUMN licence, DROP COLUMN licence_expires_on, DROP COLUMN languages, DROP COLUMN availability,
  DROP COLUMN merged_into_id, DROP COLUMN merge_reason;

-- What a claim speaks of: of everything, or of some areas, of a contract; and of the days since one, where it counts what happened.
ALTER TABLE claims
  -- In these areas and below them; none named: everywhere.
  ADD COLUMN area_ids uuid[] NOT NULL DEFAULT '{}'
    CONSTRAINT claims_area_ids_check CHECK (cardinality(area_ids) <= 20 AND siraj_words_distinct(area_ids::text[])),
  ADD COLUMN contract_id uuid CONSTRAINT claims_contract_id_fkey REFERENCES contracts,
  ADD COLUMN since_on date CONSTRAINT claims_since_on_check CHECK (since_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ADD CONSTRAINT claims_since_order_check CHECK (since_on <= as_of),
  -- The money of a campaign is of no area and of no contract, that of a contract of no area; figures of a day have no days before it.
  ADD CONSTRAINT claims_area_figure_check CHECK (cardinality(area_ids) = 0 OR (figure IS NOT NULL AND figure !~ '^(campaign|spending)\.')),
  ADD CONSTRAINT claims_contract_figure_check CHECK (contract_id IS NULL OR (figure IS NOT NULL AND figure !~ '^campaign\.')),
  ADD CONSTRAINT claims_since_figure_check CHECK (since_on IS NULL OR (figure IS NOT NULL AND figure ~ '^(spending|supplies)\.'));
CREATE INDEX claims_contract_idx ON claims (contract_id);
CALL siraj_refers('claims', 'contract_id', 'contracts', true);

-- Every area is there and in use; it is held, so that nobody takes it away meanwhile.
CREATE FUNCTION siraj_claim_areas() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  given uuid;
  retired boolean;
BEGIN
  FOR given IN
    SELECT id FROM unnest(NEW.area_ids) AS id WHERE TG_OP = 'INSERT' OR id <> ALL (OLD.area_ids) ORDER BY id
  LOOP
    SELECT retired_at IS NOT NULL INTO retired FROM areas WHERE id = given FOR SHARE;
    IF retired IS NULL THEN
      RAISE EXCEPTION 'a claim names an area that is not there' USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'claims_area_ids_fkey', TABLE = 'claims';
    ELSIF retired THEN
      RAISE EXCEPTION 'a claim names a retired area' USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'claims_area_ids_retired', TABLE = 'claims';
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_claim_areas() FROM PUBLIC;
CREATE TRIGGER claims_areas AFTER INSERT OR UPDATE OF area_ids ON claims FOR EACH ROW EXECUTE FUNCTION siraj_claim_areas();

-- The other side: an area that claims in use name is not retired, and one that any claim names is not deleted.
CREATE FUNCTION siraj_keep_claimed_area() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM claims WHERE OLD.id = ANY (area_ids) AND (TG_OP = 'DELETE' OR retired_at IS NULL)) THEN
    RAISE EXCEPTION 'claims name this area' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'claims_area_ids_held', TABLE = 'claims';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_keep_claimed_area() FROM PUBLIC;
CREATE TRIGGER claims_area_ids_held AFTER UPDATE OF retired_at ON areas FOR EACH ROW
  WHEN (OLD.retired_at IS NULL AND NEW.retired_at IS NOT NULL) EXECUTE FUNCTION siraj_keep_claimed_area();
CREATE TRIGGER claims_area_ids_named AFTER DELETE ON areas FOR EACH ROW EXECUTE FUNCTION siraj_keep_claimed_area();

-- What speaks of something else is open again, too.
DROP TRIGGER claims_reopen ON claims;
CREATE TRIGGER claims_reopen BEFORE UPDATE ON claims FOR EACH ROW
  WHEN ((NEW.amount, NEW.comparison, NEW.day, NEW.figure, NEW.as_of, NEW.area_ids, NEW.contract_id, NEW.since_on)
        IS DISTINCT FROM (OLD.amount, OLD.comparison, OLD.day, OLD.figure, OLD.as_of, OLD.area_ids, OLD.contract_id, OLD.since_on))
  EXECUTE FUNCTION siraj_reopen_claim();

-- Earlier revisions spoke of everything, all of them.
ALTER TABLE history.claims ADD COLUMN area_ids uuid[] NOT NULL DEFAULT '{}';
ALTER TABLE history.claims ALTER COLUMN area_ids DROP DEFAULT;
CALL siraj_remember('claims');

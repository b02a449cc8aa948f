CALL siraj_forget('claims');
DROP TRIGGER claims_area_ids_named ON areas;
DROP TRIGGER claims_area_ids_held ON areas;
DROP FUNCTION siraj_keep_claimed_area();
DROP TRIGGER claims_areas ON claims;
DROP FUNCTION siraj_claim_areas();
DROP TRIGGER claims_reopen ON claims;
CREATE TRIGGER claims_reopen BEFORE UPDATE ON claims FOR EACH ROW
  WHEN ((NEW.amount, NEW.comparison, NEW.day, NEW.figure, NEW.as_of) IS DISTINCT FROM (OLD.amount, OLD.comparison, OLD.day, OLD.figure, OLD.as_of))
  EXECUTE FUNCTION siraj_reopen_claim();
DROP TRIGGER claims_contract_id_retired ON claims;
DROP TRIGGER claims_contract_id_held ON contracts;
ALTER TABLE claims
  DROP CONSTRAINT claims_since_order_check,
  DROP CONSTRAINT claims_area_figure_check,
  DROP CONSTRAINT claims_contract_figure_check,
  DROP CONSTRAINT claims_since_figure_check,
  DROP COLUMN area_ids, DROP COLUMN contract_id, DROP COLUMN since_on;
ALTER TABLE history.claims DROP COLUMN area_ids, DROP COLUMN contract_id, DROP COLUMN since_on;
CALL siraj_remember('claims');

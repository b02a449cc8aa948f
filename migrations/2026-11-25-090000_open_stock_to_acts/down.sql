ALTER TABLE stock_balances DROP COLUMN reserved;
ALTER TABLE stock_documents DROP COLUMN act, DROP COLUMN act_id, DROP COLUMN witnessed_by;
ALTER TABLE stock_documents DROP CONSTRAINT stock_documents_kind_check;
ALTER TABLE stock_documents ADD CONSTRAINT stock_documents_kind_check
  CHECK (kind IN ('receipt', 'issue', 'transfer', 'loss', 'count', 'return', 'reversal')) NOT VALID;
CREATE OR REPLACE FUNCTION siraj_reverse_document() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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

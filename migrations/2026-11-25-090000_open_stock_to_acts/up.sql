-- The ledger is written by acts other than a person's own document: shipments, counts, production, fuel. Each names itself on its documents.

ALTER TABLE stock_documents
  ADD COLUMN act text CONSTRAINT stock_documents_act_check CHECK (act IN
    ('shipment', 'stock_count', 'controlled_issue', 'production_order', 'repair_job', 'fuel_tank')),
  ADD COLUMN act_id uuid,
  -- The second person, where two are asked for.
  ADD COLUMN witnessed_by uuid CONSTRAINT stock_documents_witnessed_by_fkey REFERENCES users,
  ADD CONSTRAINT stock_documents_act_id_check CHECK ((act IS NULL) = (act_id IS NULL)),
  ADD CONSTRAINT stock_documents_witnessed_by_check CHECK (witnessed_by <> recorded_by),
  DROP CONSTRAINT stock_documents_kind_check,
  ADD CONSTRAINT stock_documents_kind_check CHECK (kind IN ('receipt', 'issue', 'transfer', 'loss', 'count', 'return', 'production', 'reversal'));
CREATE INDEX stock_documents_act_idx ON stock_documents (act_id) WHERE act_id IS NOT NULL;

-- What is set aside for something that has not left yet: it lies there, and is not free. Written by triggers of what sets it aside.
ALTER TABLE stock_balances
  ADD COLUMN reserved bigint NOT NULL DEFAULT 0,
  ADD CONSTRAINT stock_balances_reserved_check CHECK (reserved BETWEEN 0 AND quantity);

-- A document of an act is turned round by its act alone, else the two would tell different stories.
CREATE OR REPLACE FUNCTION siraj_reverse_document() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  was stock_documents;
BEGIN
  IF NEW.reverses_id IS NOT NULL THEN
    SELECT * INTO was FROM stock_documents WHERE id = NEW.reverses_id;
    IF was.reverses_id IS NOT NULL THEN
      RAISE EXCEPTION 'a reversal is not reversed' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_documents_reverses_reversal_check', TABLE = 'stock_documents';
    END IF;
    IF (NEW.act, NEW.act_id) IS DISTINCT FROM (was.act, was.act_id) THEN
      RAISE EXCEPTION 'its act turns it round' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_documents_reverses_act_check', TABLE = 'stock_documents';
    END IF;
    IF (NEW.from_id, NEW.to_id, NEW.occurred_on) IS DISTINCT FROM (was.to_id, was.from_id, was.occurred_on) THEN
      RAISE EXCEPTION 'a reversal turns its document round' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_documents_reversal_check', TABLE = 'stock_documents';
    END IF;
  END IF;
  RETURN NULL;
END $$;

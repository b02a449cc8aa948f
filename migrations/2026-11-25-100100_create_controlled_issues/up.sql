-- What is controlled leaves the book by two persons: the first proposes, the second confirms.

-- Judged before the ledger counts (triggers fire by name). Whoever writes it: an issue, a loss or a count of what is controlled has a second person. A reversal undoes one that had; a shipment and a
-- production order have two ends of their own.
CREATE FUNCTION siraj_movements_witnessed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM added m JOIN stock_documents d ON d.id = m.document_id
    WHERE d.kind IN ('issue', 'loss', 'count') AND d.witnessed_by IS NULL AND coalesce(d.act, '') NOT IN ('shipment', 'production_order')
      AND EXISTS (SELECT FROM lots l JOIN items i ON i.id = l.item_id WHERE l.id = m.lot_id AND i.controlled)
  ) THEN
    RAISE EXCEPTION 'what is controlled takes two persons' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_movements_witness_check', TABLE = 'stock_movements';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_movements_witnessed() FROM PUBLIC;
CREATE TRIGGER stock_movements_by_two AFTER INSERT ON stock_movements REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_movements_witnessed();

CREATE TABLE controlled_issues (
  id uuid CONSTRAINT controlled_issues_pkey PRIMARY KEY,
  from_id uuid NOT NULL CONSTRAINT controlled_issues_from_id_fkey REFERENCES stock_locations,
  -- The account of consumption or of loss.
  to_id uuid NOT NULL CONSTRAINT controlled_issues_to_id_fkey REFERENCES stock_locations
    CONSTRAINT controlled_issues_to_id_check CHECK (to_id IN ('00000000-0000-7000-8000-000000000104', '00000000-0000-7000-8000-000000000105')),
  occurred_on date NOT NULL CONSTRAINT controlled_issues_occurred_on_check CHECK (occurred_on BETWEEN '2011-01-01' AND '2100-01-01'),
  reference text CONSTRAINT controlled_issues_reference_check CHECK (length(reference) BETWEEN 1 AND 200),
  reason text CONSTRAINT controlled_issues_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  adjustment_reason_id uuid CONSTRAINT controlled_issues_adjustment_reason_id_fkey REFERENCES adjustment_reasons,
  -- The ward's own number for whom it is; never a name.
  recipient_reference text CONSTRAINT controlled_issues_recipient_reference_check CHECK (length(recipient_reference) BETWEEN 1 AND 100),
  status text NOT NULL DEFAULT 'proposed'
    CONSTRAINT controlled_issues_status_check CHECK (status IN ('proposed', 'confirmed', 'rejected', 'withdrawn', 'reversed')),
  proposed_by uuid NOT NULL CONSTRAINT controlled_issues_proposed_by_fkey REFERENCES users,
  decided_by uuid CONSTRAINT controlled_issues_decided_by_fkey REFERENCES users,
  -- Why it was rejected, withdrawn or reversed.
  decision_reason text CONSTRAINT controlled_issues_decision_reason_check CHECK (length(decision_reason) BETWEEN 10 AND 500),
  -- What was posted for it.
  document_id uuid CONSTRAINT controlled_issues_document_id_fkey REFERENCES stock_documents,
  -- The transaction that wrote it: its lines come with it, or never.
  written_in bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT controlled_issues_recorded_by_fkey REFERENCES users,
  CONSTRAINT controlled_issues_loss_check CHECK ((to_id = '00000000-0000-7000-8000-000000000105') = (adjustment_reason_id IS NOT NULL)
    AND (adjustment_reason_id IS NULL OR reason IS NOT NULL)),
  CONSTRAINT controlled_issues_decided_check CHECK ((status = 'proposed') = (decided_by IS NULL)),
  CONSTRAINT controlled_issues_second_person_check CHECK (status = 'withdrawn' OR decided_by <> proposed_by),
  CONSTRAINT controlled_issues_withdrawn_check CHECK (status <> 'withdrawn' OR decided_by = proposed_by),
  CONSTRAINT controlled_issues_why_check CHECK ((status IN ('rejected', 'withdrawn', 'reversed')) = (decision_reason IS NOT NULL)),
  CONSTRAINT controlled_issues_posted_check CHECK ((status IN ('confirmed', 'reversed')) = (document_id IS NOT NULL))
);
CREATE INDEX controlled_issues_from_idx ON controlled_issues (from_id, occurred_on);
CREATE INDEX controlled_issues_open_idx ON controlled_issues (from_id) WHERE status = 'proposed';
CALL siraj_register('controlled_issues', 'id', 'written_in');
CALL siraj_refers('controlled_issues', 'from_id', 'stock_locations', false);
CALL siraj_refers('controlled_issues', 'adjustment_reason_id', 'adjustment_reasons', false);
CREATE TRIGGER controlled_issues_place AFTER INSERT OR UPDATE OF from_id ON controlled_issues FOR EACH ROW EXECUTE FUNCTION siraj_refuse_no_place('from_id');
CREATE TRIGGER controlled_issues_adjustment_fits AFTER INSERT ON controlled_issues FOR EACH ROW
  WHEN (NEW.adjustment_reason_id IS NOT NULL) EXECUTE FUNCTION siraj_adjustment_fits();

-- What the first person has signed is not changed under the second one's eyes.
CREATE FUNCTION siraj_controlled_steps() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  decision text[] := '{status,decided_by,decision_reason,document_id,revision,recorded_at,recorded_by}';
BEGIN
  IF (OLD.status, NEW.status) NOT IN (('proposed', 'confirmed'), ('proposed', 'rejected'), ('proposed', 'withdrawn'), ('confirmed', 'reversed'))
     OR to_jsonb(NEW) - decision <> to_jsonb(OLD) - decision
     OR OLD.decided_by IS NOT NULL AND (NEW.decided_by, NEW.document_id) IS DISTINCT FROM (OLD.decided_by, OLD.document_id) THEN
    RAISE EXCEPTION 'an issue is decided once' USING ERRCODE = 'check_violation', CONSTRAINT = 'controlled_issues_step_check', TABLE = 'controlled_issues';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER controlled_issues_steps BEFORE UPDATE ON controlled_issues FOR EACH ROW EXECUTE FUNCTION siraj_controlled_steps();

CREATE TABLE controlled_issue_lines (
  issue_id uuid NOT NULL CONSTRAINT controlled_issue_lines_issue_id_fkey REFERENCES controlled_issues,
  line integer NOT NULL CONSTRAINT controlled_issue_lines_line_check CHECK (line BETWEEN 1 AND 500),
  lot_id uuid NOT NULL CONSTRAINT controlled_issue_lines_lot_id_fkey REFERENCES lots,
  -- In the item's base unit.
  quantity bigint NOT NULL CONSTRAINT controlled_issue_lines_quantity_check CHECK (quantity BETWEEN 1 AND 1000000000000),
  CONSTRAINT controlled_issue_lines_pkey PRIMARY KEY (issue_id, line),
  CONSTRAINT controlled_issue_lines_lot_key UNIQUE (issue_id, lot_id)
);
CREATE INDEX controlled_issue_lines_lot_idx ON controlled_issue_lines (lot_id);
CREATE TRIGGER controlled_issue_lines_append_only BEFORE UPDATE OR DELETE ON controlled_issue_lines FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER controlled_issue_lines_no_truncate BEFORE TRUNCATE ON controlled_issue_lines FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change();
GRANT SELECT, INSERT ON controlled_issue_lines TO siraj_service;

CREATE FUNCTION siraj_controlled_lines() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM added a JOIN controlled_issues c ON c.id = a.issue_id WHERE c.written_in <> pg_current_xact_id()::text::bigint) THEN
    RAISE EXCEPTION 'lines come with their issue' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF EXISTS (SELECT FROM added a JOIN lots l ON l.id = a.lot_id JOIN items i ON i.id = l.item_id WHERE NOT i.controlled) THEN
    RAISE EXCEPTION 'a lot is not controlled' USING ERRCODE = 'check_violation', CONSTRAINT = 'controlled_issue_lines_controlled_check', TABLE = 'controlled_issue_lines';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_controlled_lines() FROM PUBLIC;
CREATE TRIGGER controlled_issue_lines_controlled AFTER INSERT ON controlled_issue_lines REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_controlled_lines();

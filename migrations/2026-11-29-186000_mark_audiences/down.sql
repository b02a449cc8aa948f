CREATE OR REPLACE FUNCTION siraj_publish() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.status <> 'draft' THEN
      RAISE EXCEPTION 'a report begins as a draft' USING ERRCODE = 'check_violation', CONSTRAINT = 'published_reports_draft_check', TABLE = 'published_reports';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.status <> 'draft' THEN
    RAISE EXCEPTION 'what is published or cancelled never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'published_reports_frozen_check', TABLE = 'published_reports';
  END IF;
  IF NEW.status = 'published' THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('siraj:publish', 0));
    IF NEW.number IS DISTINCT FROM (SELECT coalesce(max(number), 0) + 1 FROM published_reports) THEN
      RAISE EXCEPTION 'numbers follow each other' USING ERRCODE = 'check_violation', CONSTRAINT = 'published_reports_next_check', TABLE = 'published_reports';
    END IF;
    -- What was read is what is published.
    IF (NEW.document_hash, NEW.known_at, NEW.as_of, NEW.title, NEW.definition_id, NEW.drafted_by)
       IS DISTINCT FROM (OLD.document_hash, OLD.known_at, OLD.as_of, OLD.title, OLD.definition_id, OLD.drafted_by) THEN
      RAISE EXCEPTION 'publishing changes nothing of a draft' USING ERRCODE = 'check_violation', CONSTRAINT = 'published_reports_frozen_check', TABLE = 'published_reports';
    END IF;
  END IF;
  RETURN NEW;
END $$;
DROP INDEX published_reports_contract_idx;
ALTER TABLE published_reports DROP CONSTRAINT published_reports_partner_check, DROP COLUMN audience;
CALL siraj_forget('report_definitions');
ALTER TABLE report_definitions DROP CONSTRAINT report_definitions_partner_check, DROP COLUMN audience;
ALTER TABLE history.report_definitions DROP COLUMN audience;
CALL siraj_remember('report_definitions');

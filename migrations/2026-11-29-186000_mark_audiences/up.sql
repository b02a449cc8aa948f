-- For whom a report is: the house, which counts everybody, or the partner of one contract, who is told what its grants tell of a month.
-- What was defined and published before is for the house.

ALTER TABLE report_definitions
  ADD COLUMN audience text NOT NULL DEFAULT 'house' CONSTRAINT report_definitions_audience_check CHECK (audience IN ('house', 'partner')),
  ADD CONSTRAINT report_definitions_partner_check
    CHECK (audience = 'house' OR kind = 'figures' AND contract_id IS NOT NULL AND num_nonnulls(campaign_id, area_id) = 0);
-- Revisions of before were for the house as well.
ALTER TABLE history.report_definitions ADD COLUMN audience text NOT NULL DEFAULT 'house';
CALL siraj_remember('report_definitions');

ALTER TABLE published_reports
  ADD COLUMN audience text NOT NULL DEFAULT 'house' CONSTRAINT published_reports_audience_check CHECK (audience IN ('house', 'partner')),
  ADD CONSTRAINT published_reports_partner_check
    CHECK (audience = 'house' OR kind = 'figures' AND contract_id IS NOT NULL AND num_nonnulls(campaign_id, area_id) = 0
      AND extract(day FROM as_of + 1) = 1 AND as_of < (known_at AT TIME ZONE 'UTC')::date);
CREATE INDEX published_reports_contract_idx ON published_reports (contract_id) WHERE audience = 'partner';

-- As before; and what the calendar has drafted is published by somebody else than who wrote the definition that it followed, or wrote it last:
-- one person alone would be both else.
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
    IF (NEW.document_hash, NEW.known_at, NEW.as_of, NEW.title, NEW.definition_id, NEW.drafted_by, NEW.audience)
       IS DISTINCT FROM (OLD.document_hash, OLD.known_at, OLD.as_of, OLD.title, OLD.definition_id, OLD.drafted_by, OLD.audience) THEN
      RAISE EXCEPTION 'publishing changes nothing of a draft' USING ERRCODE = 'check_violation', CONSTRAINT = 'published_reports_frozen_check', TABLE = 'published_reports';
    END IF;
    IF NEW.drafted_by = '00000000-0000-7000-8000-000000000001' AND NEW.published_by IN (
        SELECT recorded_by FROM report_definitions WHERE id = NEW.definition_id
        UNION ALL SELECT recorded_by FROM history.report_definitions WHERE id = NEW.definition_id AND revision = NEW.definition_version) THEN
      RAISE EXCEPTION 'who defined it does not publish it alone' USING ERRCODE = 'check_violation', CONSTRAINT = 'published_reports_published_by_check', TABLE = 'published_reports';
    END IF;
  END IF;
  RETURN NEW;
END $$;

-- Reports that are published: defined once, drafted by one person (or by the calendar), published by another, numbered, signed, and never
-- changed again.

CREATE TABLE report_definitions (
  id uuid CONSTRAINT report_definitions_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT report_definitions_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  title text NOT NULL CONSTRAINT report_definitions_title_check CHECK (length(title) BETWEEN 1 AND 200),
  title_ar text CONSTRAINT report_definitions_title_ar_check CHECK (length(title_ar) BETWEEN 1 AND 200),
  kind text NOT NULL CONSTRAINT report_definitions_kind_check CHECK (kind IN ('figures', 'reconciliation', 'staffing')),
  campaign_id uuid CONSTRAINT report_definitions_campaign_id_fkey REFERENCES campaigns,
  contract_id uuid CONSTRAINT report_definitions_contract_id_fkey REFERENCES contracts,
  area_id uuid CONSTRAINT report_definitions_area_id_fkey REFERENCES areas,
  schedule text NOT NULL DEFAULT 'none' CONSTRAINT report_definitions_schedule_check CHECK (schedule IN ('none', 'monthly')),
  starts_on date CONSTRAINT report_definitions_starts_on_check CHECK (starts_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ends_on date CONSTRAINT report_definitions_ends_on_check CHECK (ends_on BETWEEN '2011-01-01' AND '2100-01-01'),
  due_day smallint CONSTRAINT report_definitions_due_day_check CHECK (due_day BETWEEN 1 AND 28),
  search text GENERATED ALWAYS AS (siraj_search(code, title, title_ar)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT report_definitions_recorded_by_fkey REFERENCES users,
  CONSTRAINT report_definitions_code_key UNIQUE (code),
  CONSTRAINT report_definitions_period_check CHECK (ends_on >= starts_on),
  CONSTRAINT report_definitions_reconciled_check CHECK (kind <> 'reconciliation' OR campaign_id IS NOT NULL),
  CONSTRAINT report_definitions_monthly_check CHECK (CASE schedule
    WHEN 'monthly' THEN num_nulls(starts_on, due_day) = 0 ELSE num_nonnulls(starts_on, ends_on, due_day) = 0 END)
);
CREATE INDEX report_definitions_search_idx ON report_definitions USING gin (search gin_trgm_ops);
CREATE INDEX report_definitions_campaign_idx ON report_definitions (campaign_id);
CREATE INDEX report_definitions_contract_idx ON report_definitions (contract_id);
CREATE INDEX report_definitions_area_idx ON report_definitions (area_id);
CALL siraj_register('report_definitions', 'id');
CALL siraj_refers('report_definitions', 'campaign_id', 'campaigns', true);
CALL siraj_refers('report_definitions', 'contract_id', 'contracts', true);
CALL siraj_refers('report_definitions', 'area_id', 'areas', true);
CALL siraj_remember('report_definitions');

CREATE TABLE published_reports (
  id uuid CONSTRAINT published_reports_pkey PRIMARY KEY,
  number bigint CONSTRAINT published_reports_number_check CHECK (number BETWEEN 1 AND 1000000000),
  definition_id uuid NOT NULL CONSTRAINT published_reports_definition_id_fkey REFERENCES report_definitions,
  -- The revision of the definition that was followed, and what it said.
  definition_version bigint NOT NULL CONSTRAINT published_reports_definition_version_check CHECK (definition_version BETWEEN 1 AND 1000000000),
  kind text NOT NULL CONSTRAINT published_reports_kind_check CHECK (kind IN ('figures', 'reconciliation', 'staffing')),
  title text NOT NULL CONSTRAINT published_reports_title_check CHECK (length(title) BETWEEN 1 AND 200),
  title_ar text CONSTRAINT published_reports_title_ar_check CHECK (length(title_ar) BETWEEN 1 AND 200),
  campaign_id uuid CONSTRAINT published_reports_campaign_id_fkey REFERENCES campaigns,
  contract_id uuid CONSTRAINT published_reports_contract_id_fkey REFERENCES contracts,
  area_id uuid CONSTRAINT published_reports_area_id_fkey REFERENCES areas,
  as_of date NOT NULL CONSTRAINT published_reports_as_of_check CHECK (as_of BETWEEN '2011-01-01' AND '2100-01-01'),
  -- The first day of the month that it reports on by the calendar, and the day by which it should be published.
  period_on date CONSTRAINT published_reports_period_on_check CHECK (period_on BETWEEN '2011-01-01' AND '2100-01-01'),
  due_on date CONSTRAINT published_reports_due_on_check CHECK (due_on BETWEEN '2011-01-01' AND '2100-03-01'),
  known_at timestamptz NOT NULL,
  document bytea NOT NULL CONSTRAINT published_reports_document_check CHECK (octet_length(document) BETWEEN 2 AND 50000000),
  document_hash bytea NOT NULL CONSTRAINT published_reports_document_hash_check CHECK (document_hash = sha256(document)),
  status text NOT NULL DEFAULT 'draft' CONSTRAINT published_reports_status_check CHECK (status IN ('draft', 'published', 'cancelled')),
  drafted_by uuid NOT NULL CONSTRAINT published_reports_drafted_by_fkey REFERENCES users,
  drafted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  reason text CONSTRAINT published_reports_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  published_by uuid CONSTRAINT published_reports_published_by_fkey REFERENCES users,
  published_at timestamptz,
  audit_seal bigint,
  audit_hash bytea,
  signature bytea CONSTRAINT published_reports_signature_check CHECK (octet_length(signature) = 64),
  key_id text CONSTRAINT published_reports_key_id_check CHECK (key_id ~ '^[A-Za-z0-9_-]{1,40}$'),
  public_key bytea CONSTRAINT published_reports_public_key_check CHECK (octet_length(public_key) = 32),
  search text GENERATED ALWAYS AS (siraj_search(title, title_ar)) STORED,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT published_reports_recorded_by_fkey REFERENCES users,
  CONSTRAINT published_reports_number_key UNIQUE (number),
  CONSTRAINT published_reports_audit_fkey FOREIGN KEY (audit_seal, audit_hash) REFERENCES audit_seals (number, hash),
  CONSTRAINT published_reports_whole_check CHECK (
    num_nonnulls(number, published_by, published_at, audit_seal, audit_hash, signature, key_id, public_key) = CASE status WHEN 'published' THEN 8 ELSE 0 END),
  CONSTRAINT published_reports_published_by_check CHECK (published_by <> drafted_by),
  CONSTRAINT published_reports_cancelled_check CHECK ((status = 'cancelled') = (reason IS NOT NULL)),
  CONSTRAINT published_reports_known_at_order_check CHECK (published_at >= known_at)
);
-- A month is drafted once, by whichever node comes first; who cancels it has decided.
CREATE UNIQUE INDEX published_reports_period_key ON published_reports (definition_id, period_on) WHERE period_on IS NOT NULL;
CREATE INDEX published_reports_due_idx ON published_reports (due_on) WHERE status = 'draft';
CREATE INDEX published_reports_search_idx ON published_reports USING gin (search gin_trgm_ops);
CALL siraj_register('published_reports', 'id', 'document');
CALL siraj_refers('published_reports', 'definition_id', 'report_definitions', false);

-- A report begins as a draft; numbers follow each other without a gap; what is published or cancelled never changes.
CREATE FUNCTION siraj_publish() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
REVOKE EXECUTE ON FUNCTION siraj_publish() FROM PUBLIC;
CREATE TRIGGER published_reports_publish BEFORE INSERT OR UPDATE ON published_reports FOR EACH ROW EXECUTE FUNCTION siraj_publish();
CREATE TRIGGER published_reports_no_delete BEFORE DELETE ON published_reports FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER published_reports_no_truncate BEFORE TRUNCATE ON published_reports FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change();

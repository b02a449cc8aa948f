-- Extensions, the service's role, and the machinery every table shares:
-- folding of names, revisions, the audit.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- The role that serves requests: owns nothing, may not delete, cannot touch the audit.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'siraj_service') THEN
    CREATE ROLE siraj_service NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT USAGE ON SCHEMA public TO siraj_service;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- One form for names that readers take for the same: alef, hamza, ta marbuta, yeh and kaf forms,
-- diacritics, tatweel, digits, case and width are folded away.
CREATE FUNCTION siraj_fold(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT btrim(regexp_replace(
    translate(
      regexp_replace(lower(normalize(given, NFKD)), '[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200d]', '', 'g'),
      'ٱآأإىیےکةۀؤئ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹',
      'اااايييكههوي01234567890123456789'),
    '\s+', ' ', 'g'))
$$;
CREATE FUNCTION siraj_search(VARIADIC words text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(siraj_fold(array_to_string(words, ' ')), '')
$$;
-- What a reader types, as a LIKE pattern in which nothing is a wildcard.
CREATE FUNCTION siraj_pattern(typed text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT '%' || replace(replace(replace(siraj_fold(typed), '\', '\\'), '%', '\%'), '_', '\_') || '%'
$$;
CREATE FUNCTION siraj_words_distinct(words text[]) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT cardinality(words) = count(DISTINCT word) AND count(*) FILTER (WHERE word IS NULL) = 0 FROM unnest(words) AS word
$$;

-- Every change of a record is a new revision at a time the database itself names.
CREATE FUNCTION siraj_next_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.id := OLD.id;
  NEW.revision := OLD.revision + 1;
  NEW.recorded_at := clock_timestamp();
  RETURN NEW;
END $$;

-- The audit: who did what to which record, before and after. Written by triggers that run as the
-- owner, so that the service can neither forget a line nor write one.
CREATE TABLE audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY,
  occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor_id uuid NOT NULL,
  resource text NOT NULL,
  record_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  action text NOT NULL CONSTRAINT audit_log_action_check CHECK (action IN ('created', 'changed', 'retired', 'restored')),
  revision bigint,
  before jsonb,
  after jsonb,
  CONSTRAINT audit_log_pkey PRIMARY KEY (id, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX audit_log_subject_idx ON audit_log (subject_id, id);
CREATE TABLE audit_log_other PARTITION OF audit_log DEFAULT;
DO $$ BEGIN
  FOR year IN 2026..2036 LOOP
    EXECUTE format('CREATE TABLE audit_log_%s PARTITION OF audit_log FOR VALUES FROM (%L) TO (%L)',
                   year, make_date(year, 1, 1), make_date(year + 1, 1, 1));
  END LOOP;
END $$;

CREATE FUNCTION siraj_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
  FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change();
-- A trigger on statements is not handed down to the partitions.
DO $$ DECLARE part regclass; BEGIN
  FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'audit_log'::regclass LOOP
    EXECUTE format('CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change()', part);
  END LOOP;
END $$;

-- Arguments: the column that names the record's subject ('id' for a record of its own,
-- the parent's key for a child), then columns that are left out of the copies.
CREATE FUNCTION siraj_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  subject text := coalesce(TG_ARGV[0], 'id');
  hidden text[] := coalesce(TG_ARGV[1:], '{}') || 'search'::text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO audit_log (actor_id, resource, record_id, subject_id, action, revision, after)
    SELECT (a.j ->> 'recorded_by')::uuid, TG_TABLE_NAME, (a.j ->> 'id')::uuid, (a.j ->> subject)::uuid,
           'created', (a.j ->> 'revision')::bigint, a.j - hidden
    FROM (SELECT to_jsonb(n) AS j FROM added n) a;
  ELSE
    INSERT INTO audit_log (actor_id, resource, record_id, subject_id, action, revision, before, after)
    SELECT (a.j ->> 'recorded_by')::uuid, TG_TABLE_NAME, (a.j ->> 'id')::uuid, (a.j ->> subject)::uuid,
           CASE WHEN b.j ->> 'retired_at' IS NULL AND a.j ->> 'retired_at' IS NOT NULL THEN 'retired'
                WHEN b.j ->> 'retired_at' IS NOT NULL AND a.j ->> 'retired_at' IS NULL THEN 'restored'
                ELSE 'changed' END,
           (a.j ->> 'revision')::bigint, b.j - hidden, a.j - hidden
    FROM (SELECT id, to_jsonb(n) AS j FROM added n) a
    JOIN (SELECT id, to_jsonb(o) AS j FROM removed o) b USING (id);
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_audit() FROM PUBLIC;

-- A register table: revisions, audit, and the service's rights (no delete). The grants are part of it,
-- so that a table that was forgotten cannot be served at all.
CREATE PROCEDURE siraj_register(name text, VARIADIC audit_arguments text[]) LANGUAGE plpgsql AS $$
DECLARE
  given text := (SELECT string_agg(quote_literal(word), ', ') FROM unnest(audit_arguments) AS word);
BEGIN
  EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION siraj_next_revision()', name || '_revision', name);
  EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION siraj_audit(%s)', name || '_audit_insert', name, given);
  EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION siraj_audit(%s)', name || '_audit_update', name, given);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO siraj_service', name);
END $$;
GRANT SELECT ON audit_log TO siraj_service;

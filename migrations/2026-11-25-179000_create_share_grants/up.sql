-- What a partner is given of its contract: which facilities, which fields, how precisely, until when. It gives on
-- its days only; two persons give it, and what was given is not changed under way.

ALTER TABLE contracts ADD CONSTRAINT contracts_id_organization_key UNIQUE (id, organization_id);

CREATE TABLE share_grants (
  id uuid CONSTRAINT share_grants_pkey PRIMARY KEY,
  organization_id uuid NOT NULL CONSTRAINT share_grants_organization_id_fkey REFERENCES organizations,
  contract_id uuid NOT NULL,
  -- Of the contract's facilities, these; none named: all of them.
  facility_ids uuid[] NOT NULL DEFAULT '{}' CONSTRAINT share_grants_facility_ids_check
    CHECK (cardinality(facility_ids) <= 500 AND siraj_words_distinct(facility_ids::text[])),
  fields text[] NOT NULL CONSTRAINT share_grants_fields_check
    CHECK (cardinality(fields) >= 1 AND siraj_words_distinct(fields) AND fields <@ ARRAY
      ['facilities', 'facility_names', 'functionality', 'facility_counts', 'staff_counts', 'shipment_counts', 'shipments']),
  precision text NOT NULL CONSTRAINT share_grants_precision_check CHECK (precision IN ('area', 'top_area')),
  -- Fewer people than these are not told.
  smallest_cell integer NOT NULL DEFAULT 5 CONSTRAINT share_grants_smallest_cell_check CHECK (smallest_cell BETWEEN 5 AND 100),
  purpose text NOT NULL CONSTRAINT share_grants_purpose_check CHECK (length(purpose) BETWEEN 10 AND 500),
  starts_on date NOT NULL CONSTRAINT share_grants_starts_on_check CHECK (starts_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ends_on date NOT NULL CONSTRAINT share_grants_ends_on_check CHECK (ends_on BETWEEN '2011-01-01' AND '2100-01-01'),
  status text NOT NULL DEFAULT 'draft' CONSTRAINT share_grants_status_check CHECK (status IN ('draft', 'active', 'ended', 'revoked')),
  -- Whoever wrote the terms last, the other who agreed, and who closed it.
  drafted_by uuid NOT NULL CONSTRAINT share_grants_drafted_by_fkey REFERENCES users,
  activated_by uuid CONSTRAINT share_grants_activated_by_fkey REFERENCES users,
  activated_at timestamptz,
  closed_by uuid CONSTRAINT share_grants_closed_by_fkey REFERENCES users,
  -- Why it was ended or revoked.
  reason text CONSTRAINT share_grants_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  -- Ids are shared as digests with this: the same facility has another id in every grant.
  salt bytea NOT NULL DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
    CONSTRAINT share_grants_salt_check CHECK (octet_length(salt) = 32),
  search text GENERATED ALWAYS AS (siraj_search(purpose)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT share_grants_recorded_by_fkey REFERENCES users,
  -- The contract is the partner's own, and stays so while a grant names it.
  CONSTRAINT share_grants_contract_id_fkey FOREIGN KEY (contract_id, organization_id) REFERENCES contracts (id, organization_id),
  CONSTRAINT share_grants_period_check CHECK (ends_on >= starts_on),
  -- Counts are of a whole contract: two sets that differ by a facility would tell of that facility.
  CONSTRAINT share_grants_whole_check
    CHECK (cardinality(facility_ids) = 0 OR NOT fields && ARRAY['facility_counts', 'staff_counts', 'shipment_counts']),
  -- What is told of a facility needs the facility.
  CONSTRAINT share_grants_rows_check CHECK ('facilities' = ANY (fields) OR NOT fields && ARRAY['facility_names', 'functionality']),
  CONSTRAINT share_grants_second_person_check CHECK (activated_by <> drafted_by),
  CONSTRAINT share_grants_activated_check CHECK ((status = 'draft') = (activated_by IS NULL) AND (activated_by IS NULL) = (activated_at IS NULL)),
  CONSTRAINT share_grants_closed_check
    CHECK ((status IN ('ended', 'revoked')) = (closed_by IS NOT NULL) AND (closed_by IS NULL) = (reason IS NULL)),
  CONSTRAINT share_grants_draft_retired_check CHECK (retired_at IS NULL OR status = 'draft')
);
CREATE INDEX share_grants_organization_idx ON share_grants (organization_id);
CREATE INDEX share_grants_contract_idx ON share_grants (contract_id);
CREATE INDEX share_grants_search_idx ON share_grants USING gin (search gin_trgm_ops);
CALL siraj_register('share_grants', 'id', 'salt');
CALL siraj_refers('share_grants', 'organization_id', 'organizations', false);
CALL siraj_refers('share_grants', 'contract_id', 'contracts', false);

-- A draft is written until a second person agrees; then it is ended or revoked, once, and its terms stay what they were.
CREATE FUNCTION siraj_share_steps() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  acts text[] := '{status,activated_by,activated_at,closed_by,reason,search,revision,recorded_at,recorded_by}';
BEGIN
  IF TG_OP = 'INSERT' OR (OLD.status, NEW.status) = ('draft', 'draft') THEN
    NEW.drafted_by := NEW.recorded_by;
    RETURN NEW;
  END IF;
  IF (OLD.status, NEW.status) NOT IN (('draft', 'active'), ('active', 'ended'), ('active', 'revoked'))
     OR to_jsonb(NEW) - acts <> to_jsonb(OLD) - acts
     OR OLD.activated_by IS NOT NULL AND (NEW.activated_by, NEW.activated_at) IS DISTINCT FROM (OLD.activated_by, OLD.activated_at) THEN
    RAISE EXCEPTION 'a grant goes its way once' USING ERRCODE = 'check_violation', CONSTRAINT = 'share_grants_step_check', TABLE = 'share_grants';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER share_grants_steps BEFORE INSERT OR UPDATE ON share_grants FOR EACH ROW EXECUTE FUNCTION siraj_share_steps();

-- The facilities that are named are the contract's.
CREATE FUNCTION siraj_share_facilities_fit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM unnest(NEW.facility_ids) AS named (id) WHERE NOT EXISTS (
      SELECT FROM contract_facilities s WHERE s.contract_id = NEW.contract_id AND s.facility_id = named.id AND s.retired_at IS NULL)) THEN
    RAISE EXCEPTION 'a facility that the contract does not support' USING ERRCODE = 'foreign_key_violation',
      CONSTRAINT = 'share_grants_facility_ids_fkey', TABLE = 'share_grants';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_share_facilities_fit() FROM PUBLIC;
CREATE TRIGGER share_grants_facilities_fit AFTER INSERT OR UPDATE OF facility_ids, contract_id ON share_grants
  FOR EACH ROW EXECUTE FUNCTION siraj_share_facilities_fit();

-- All grants that ever told numbers of a contract told the same: with two smallest cells, what one hides the other would narrow down,
-- and a month that is told twice would be counted twice.
-- What was read once stays read, so ended ones count. The contract is held, so that of two activations at once the second sees the first.
CREATE FUNCTION siraj_share_cells_agree() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM FROM contracts WHERE id = NEW.contract_id FOR NO KEY UPDATE;
  IF EXISTS (SELECT FROM share_grants g WHERE g.contract_id = NEW.contract_id AND g.id <> NEW.id AND g.status <> 'draft'
             AND g.fields && ARRAY['facility_counts', 'staff_counts', 'shipment_counts'] AND g.smallest_cell <> NEW.smallest_cell) THEN
    RAISE EXCEPTION 'another grant of the contract has another smallest cell' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'share_grants_cells_check', TABLE = 'share_grants';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_share_cells_agree() FROM PUBLIC;
CREATE TRIGGER share_grants_cells_agree AFTER UPDATE OF status ON share_grants FOR EACH ROW
  WHEN (OLD.status = 'draft' AND NEW.status = 'active' AND NEW.fields && ARRAY['facility_counts', 'staff_counts', 'shipment_counts']) EXECUTE FUNCTION siraj_share_cells_agree();

-- The grants through which something is read today: asked at every reading, so that an end takes hold at once, everywhere.
CREATE FUNCTION siraj_open_grants() RETURNS SETOF share_grants LANGUAGE sql STABLE AS $$
  SELECT g.* FROM share_grants g JOIN contracts c ON c.id = g.contract_id JOIN organizations o ON o.id = g.organization_id
  WHERE g.status = 'active' AND g.retired_at IS NULL AND current_date BETWEEN g.starts_on AND g.ends_on
    AND c.retired_at IS NULL AND o.retired_at IS NULL
$$;

-- Keys of machines. Of the secret only its digest is kept, and its first letters to know it by.
CREATE TABLE share_keys (
  id uuid CONSTRAINT share_keys_pkey PRIMARY KEY,
  grant_id uuid NOT NULL CONSTRAINT share_keys_grant_id_fkey REFERENCES share_grants,
  name text NOT NULL CONSTRAINT share_keys_name_check CHECK (length(name) BETWEEN 1 AND 200),
  prefix text NOT NULL CONSTRAINT share_keys_prefix_check CHECK (prefix ~ '^sk_[A-Za-z0-9_-]{8}$'),
  hash bytea NOT NULL CONSTRAINT share_keys_hash_check CHECK (octet_length(hash) = 32),
  expires_on date NOT NULL CONSTRAINT share_keys_expires_on_check CHECK (expires_on BETWEEN '2011-01-01' AND '2100-01-01'),
  -- When it was revoked.
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT share_keys_recorded_by_fkey REFERENCES users,
  CONSTRAINT share_keys_hash_key UNIQUE (hash),
  CONSTRAINT share_keys_id_grant_key UNIQUE (id, grant_id)
);
CREATE INDEX share_keys_grant_idx ON share_keys (grant_id);
CALL siraj_register('share_keys', 'grant_id', 'hash');

-- A key is of a grant that is active, ends with it at the latest, and is revoked once.
CREATE FUNCTION siraj_share_key_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  given record;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.retired_at IS NOT NULL OR to_jsonb(NEW) - '{retired_at,revision,recorded_at,recorded_by}'::text[]
       <> to_jsonb(OLD) - '{retired_at,revision,recorded_at,recorded_by}'::text[] THEN
      RAISE EXCEPTION 'a key is revoked, not changed' USING ERRCODE = 'check_violation', CONSTRAINT = 'share_keys_step_check', TABLE = 'share_keys';
    END IF;
    RETURN NULL;
  END IF;
  SELECT status, ends_on INTO given FROM share_grants WHERE id = NEW.grant_id FOR SHARE;
  IF given.status <> 'active' THEN
    RAISE EXCEPTION 'the grant is not active' USING ERRCODE = 'check_violation', CONSTRAINT = 'share_keys_grant_state_check', TABLE = 'share_keys';
  END IF;
  IF NEW.expires_on NOT BETWEEN current_date AND given.ends_on THEN
    RAISE EXCEPTION 'a key lives within its grant' USING ERRCODE = 'check_violation', CONSTRAINT = 'share_keys_expires_on_check', TABLE = 'share_keys';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_share_key_fits() FROM PUBLIC;
CREATE TRIGGER share_keys_fit AFTER INSERT OR UPDATE ON share_keys FOR EACH ROW EXECUTE FUNCTION siraj_share_key_fits();

-- Every reading through a grant: who, what, when, how many rows; never what they said.
CREATE TABLE share_reads (
  id uuid CONSTRAINT share_reads_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
  grant_id uuid NOT NULL CONSTRAINT share_reads_grant_id_fkey REFERENCES share_grants,
  key_id uuid,
  user_id uuid CONSTRAINT share_reads_user_id_fkey REFERENCES users,
  operation text NOT NULL CONSTRAINT share_reads_operation_check CHECK (operation IN ('facilities', 'figures', 'shipments', 'changes')),
  rows integer NOT NULL CONSTRAINT share_reads_rows_check CHECK (rows BETWEEN 0 AND 1000000),
  read_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT share_reads_key_id_fkey FOREIGN KEY (key_id, grant_id) REFERENCES share_keys (id, grant_id),
  CONSTRAINT share_reads_reader_check CHECK (num_nonnulls(key_id, user_id) = 1)
);
CREATE INDEX share_reads_grant_idx ON share_reads (grant_id, read_at, id);
CREATE INDEX share_reads_key_idx ON share_reads (key_id, read_at) WHERE key_id IS NOT NULL;
CREATE TRIGGER share_reads_append_only BEFORE UPDATE OR DELETE ON share_reads FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER share_reads_no_truncate BEFORE TRUNCATE ON share_reads FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change();
GRANT SELECT, INSERT ON share_reads TO siraj_service;

-- What was told of a contract's month, as it was told first: told again to the digit whatever is corrected later, so that two readings
-- cannot be held against each other. What the smallest cell hides is not in it.
CREATE TABLE share_releases (
  contract_id uuid NOT NULL CONSTRAINT share_releases_contract_id_fkey REFERENCES contracts,
  as_of date NOT NULL CONSTRAINT share_releases_as_of_check CHECK (as_of BETWEEN '2011-01-01' AND '2100-01-01' AND extract(day FROM as_of + 1) = 1),
  smallest_cell integer NOT NULL CONSTRAINT share_releases_smallest_cell_check CHECK (smallest_cell BETWEEN 5 AND 100),
  figures jsonb NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT share_releases_pkey PRIMARY KEY (contract_id, as_of)
);
CREATE TRIGGER share_releases_append_only BEFORE UPDATE OR DELETE ON share_releases FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER share_releases_no_truncate BEFORE TRUNCATE ON share_releases FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change();
GRANT SELECT, INSERT ON share_releases TO siraj_service;

-- The id by which a record is known in one grant.
CREATE FUNCTION siraj_shared_id(salt bytea, id uuid) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT encode(substring(sha256(salt || uuid_send(id)) FROM 1 FOR 16), 'hex')::uuid
$$;

-- The facilities of a grant: those its contract has ever come to support, of them the ones it names. A support of later is not told.
CREATE FUNCTION siraj_granted_facilities(asked uuid) RETURNS TABLE (facility_id uuid) LANGUAGE sql STABLE AS $$
  SELECT DISTINCT s.facility_id FROM siraj_open_grants() g JOIN facility_support s ON s.contract_id = g.contract_id
  WHERE g.id = asked AND lower(s.period) <= current_date AND (cardinality(g.facility_ids) = 0 OR s.facility_id = ANY (g.facility_ids))
$$;

-- What a grant tells of its facilities, each with what it gives and no more. The list and the feed of changes both read this.
CREATE FUNCTION siraj_shared_facilities(asked uuid) RETURNS TABLE (id uuid, content jsonb) LANGUAGE sql STABLE AS $$
  SELECT siraj_shared_id(g.salt, f.id), jsonb_strip_nulls(jsonb_build_object(
    'id', siraj_shared_id(g.salt, f.id),
    'kinds', f.kinds,
    'open', (f.opened_on IS NULL OR f.opened_on <= current_date) AND (f.closed_on IS NULL OR f.closed_on > current_date),
    'area_id', a.id, 'area_code', a.code, 'area_name', a.name,
    'code', CASE WHEN 'facility_names' = ANY (g.fields) THEN f.code END,
    'name', CASE WHEN 'facility_names' = ANY (g.fields) THEN f.name END,
    'name_ar', CASE WHEN 'facility_names' = ANY (g.fields) THEN f.name_ar END,
    'functionality', CASE WHEN 'functionality' = ANY (g.fields) THEN coalesce((
      SELECT s.functionality FROM facility_status s WHERE s.facility_id = f.id AND s.since_on <= current_date AND s.retired_at IS NULL
      ORDER BY s.since_on DESC LIMIT 1), 'unknown') END))
  FROM siraj_open_grants() g
  JOIN facilities f ON f.id IN (SELECT facility_id FROM siraj_granted_facilities(asked)) AND f.retired_at IS NULL
  JOIN area_closure up ON up.area_id = f.area_id
  JOIN areas a ON a.id = up.ancestor_id AND CASE g.precision WHEN 'area' THEN a.id = f.area_id ELSE a.parent_id IS NULL END
  WHERE g.id = asked AND 'facilities' = ANY (g.fields)
$$;

-- What a grant tells of shipments: that something arrived whole, and in which month, once the month is over. Nothing of what is on the road.
CREATE FUNCTION siraj_shared_shipments(asked uuid) RETURNS TABLE (id uuid, content jsonb) LANGUAGE sql STABLE AS $$
  SELECT siraj_shared_id(g.salt, s.id), jsonb_strip_nulls(jsonb_build_object(
    'id', siraj_shared_id(g.salt, s.id),
    'arrived_in', to_char(s.received_on, 'YYYY-MM'),
    'facility_id', CASE WHEN 'facilities' = ANY (g.fields) AND own.facility_id IS NOT NULL THEN siraj_shared_id(g.salt, own.facility_id) END))
  FROM siraj_open_grants() g
  JOIN shipments s ON s.contract_id = g.contract_id AND s.retired_at IS NULL
  LEFT JOIN siraj_granted_facilities(asked) own ON own.facility_id = s.facility_id
  WHERE g.id = asked AND 'shipments' = ANY (g.fields)
    AND s.status NOT IN ('dispatched', 'partially_received') AND s.received_on < date_trunc('month', current_date)::date
    AND (cardinality(g.facility_ids) = 0 OR own.facility_id IS NOT NULL)
$$;

-- What a grant has told of each record, and in which order it came to differ. It is compared with what the grant tells now whenever it is
-- asked: whatever is committed by then is in it, however late, and what only the calendar changes (a month that is over) too.
CREATE TABLE share_feeds (
  grant_id uuid CONSTRAINT share_feeds_pkey PRIMARY KEY CONSTRAINT share_feeds_grant_id_fkey REFERENCES share_grants,
  last_position bigint NOT NULL DEFAULT 0 CONSTRAINT share_feeds_last_position_check CHECK (last_position BETWEEN 0 AND 1000000000000)
);
CREATE TABLE share_items (
  grant_id uuid NOT NULL CONSTRAINT share_items_grant_id_fkey REFERENCES share_feeds,
  resource text NOT NULL CONSTRAINT share_items_resource_check CHECK (resource IN ('facilities', 'shipments')),
  shared_id uuid NOT NULL,
  position bigint NOT NULL CONSTRAINT share_items_position_check CHECK (position BETWEEN 1 AND 1000000000000),
  -- None: it is told no longer.
  content jsonb,
  CONSTRAINT share_items_pkey PRIMARY KEY (grant_id, resource, shared_id)
);
CREATE UNIQUE INDEX share_items_position_key ON share_items (grant_id, position);
GRANT SELECT ON share_feeds, share_items TO siraj_service;

CREATE FUNCTION siraj_share_refresh(asked uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  last bigint;
  changes bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM siraj_open_grants() WHERE id = asked) THEN
    RETURN;
  END IF;
  -- One at a time: two comparisons at once would give two changes one place.
  INSERT INTO share_feeds (grant_id) VALUES (asked) ON CONFLICT (grant_id) DO UPDATE SET last_position = share_feeds.last_position
  RETURNING last_position INTO last;
  WITH told AS (
    SELECT 'facilities' AS resource, id, content FROM siraj_shared_facilities(asked)
    UNION ALL SELECT 'shipments', id, content FROM siraj_shared_shipments(asked)
  ), differing AS (
    SELECT coalesce(t.resource, i.resource) AS resource, coalesce(t.id, i.shared_id) AS id, t.content
    FROM told t FULL JOIN (SELECT * FROM share_items WHERE grant_id = asked) i ON i.resource = t.resource AND i.shared_id = t.id
    WHERE t.content IS DISTINCT FROM i.content
  )
  INSERT INTO share_items (grant_id, resource, shared_id, position, content)
  SELECT asked, resource, id, last + row_number() OVER (ORDER BY resource, id), content FROM differing
  ON CONFLICT (grant_id, resource, shared_id) DO UPDATE SET position = excluded.position, content = excluded.content;
  GET DIAGNOSTICS changes = ROW_COUNT;
  IF changes > 0 THEN
    UPDATE share_feeds SET last_position = last + changes WHERE grant_id = asked;
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_share_refresh(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION siraj_share_refresh(uuid) TO siraj_service;

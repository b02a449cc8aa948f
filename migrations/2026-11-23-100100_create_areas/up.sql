-- Everybody who acts is a row here, the system itself too: records name who recorded them.
CREATE TABLE users (
  id uuid CONSTRAINT users_pkey PRIMARY KEY,
  email text NOT NULL CONSTRAINT users_email_check CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  name text NOT NULL CONSTRAINT users_name_check CHECK (length(name) BETWEEN 1 AND 200),
  role text NOT NULL CONSTRAINT users_role_check CHECK (role IN ('admin', 'manager', 'coordinator', 'clerk', 'partner', 'auditor')),
  status text NOT NULL DEFAULT 'invited' CONSTRAINT users_status_check CHECK (status IN ('invited', 'active', 'disabled')),
  organization_id uuid,
  facility_id uuid,
  -- Raised whenever what the user may do changes: access tokens of an older session are refused.
  session_version bigint NOT NULL DEFAULT 1,
  search text GENERATED ALWAYS AS (siraj_search(email, name)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT users_recorded_by_fkey REFERENCES users,
  CONSTRAINT users_email_key UNIQUE (email),
  CONSTRAINT users_partner_check CHECK ((role = 'partner') = (organization_id IS NOT NULL)),
  CONSTRAINT users_clerk_check CHECK ((role = 'clerk') = (facility_id IS NOT NULL))
);
CREATE INDEX users_search_idx ON users USING gin (search gin_trgm_ops);
INSERT INTO users (id, email, name, role, status, recorded_by) VALUES
  ('00000000-0000-7000-8000-000000000001', 'system@siraj.invalid', 'siraj itself', 'admin', 'disabled', '00000000-0000-7000-8000-000000000001');
CALL siraj_register('users', 'id');

CREATE TABLE areas (
  id uuid CONSTRAINT areas_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT areas_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  pcode text CONSTRAINT areas_pcode_check CHECK (pcode ~ '^[A-Z0-9-]{2,20}$'),
  name text NOT NULL CONSTRAINT areas_name_check CHECK (length(name) BETWEEN 1 AND 200),
  name_ar text CONSTRAINT areas_name_ar_check CHECK (length(name_ar) BETWEEN 1 AND 200),
  kind text NOT NULL CONSTRAINT areas_kind_check CHECK (kind IN ('country', 'governorate', 'district', 'sub_district', 'sector', 'camp')),
  parent_id uuid CONSTRAINT areas_parent_id_fkey REFERENCES areas,
  search text GENERATED ALWAYS AS (siraj_search(code, pcode, name, name_ar)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT areas_recorded_by_fkey REFERENCES users,
  CONSTRAINT areas_code_key UNIQUE (code),
  CONSTRAINT areas_pcode_key UNIQUE (pcode),
  CONSTRAINT areas_parent_check CHECK (parent_id <> id)
);
CREATE INDEX areas_parent_idx ON areas (parent_id);
CREATE INDEX areas_search_idx ON areas USING gin (search gin_trgm_ops);
CALL siraj_register('areas', 'id');

-- Every area with itself and all areas above it: "within" is one indexed look-up, never a recursion.
CREATE TABLE area_closure (
  ancestor_id uuid NOT NULL CONSTRAINT area_closure_ancestor_id_fkey REFERENCES areas,
  area_id uuid NOT NULL CONSTRAINT area_closure_area_id_fkey REFERENCES areas,
  CONSTRAINT area_closure_pkey PRIMARY KEY (ancestor_id, area_id)
);
CREATE INDEX area_closure_area_idx ON area_closure (area_id, ancestor_id);
GRANT SELECT ON area_closure TO siraj_service;

CREATE FUNCTION siraj_area_closure() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  -- One tree, one writer: two moves at once could close a circle that neither of them sees.
  PERFORM pg_advisory_xact_lock(hashtextextended('siraj:area_closure', 0));
  IF TG_OP = 'INSERT' THEN
    INSERT INTO area_closure (ancestor_id, area_id)
    SELECT NEW.id, NEW.id UNION SELECT ancestor_id, NEW.id FROM area_closure WHERE area_id = NEW.parent_id;
  ELSIF NEW.parent_id IS DISTINCT FROM OLD.parent_id THEN
    IF EXISTS (SELECT FROM area_closure WHERE ancestor_id = NEW.id AND area_id = NEW.parent_id) THEN
      RAISE EXCEPTION 'an area cannot lie within itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'areas_parent_check', TABLE = 'areas';
    END IF;
    DELETE FROM area_closure c USING area_closure below, area_closure above
    WHERE below.ancestor_id = NEW.id AND above.area_id = NEW.id AND above.ancestor_id <> NEW.id
      AND c.area_id = below.area_id AND c.ancestor_id = above.ancestor_id;
    INSERT INTO area_closure (ancestor_id, area_id)
    SELECT above.ancestor_id, below.area_id FROM area_closure above, area_closure below
    WHERE above.area_id = NEW.parent_id AND below.ancestor_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_area_closure() FROM PUBLIC;
CREATE TRIGGER areas_closure AFTER INSERT OR UPDATE ON areas FOR EACH ROW EXECUTE FUNCTION siraj_area_closure();

-- Access as points of change: a state holds until the next one, so gaps and overlaps cannot be written.
CREATE TABLE area_access (
  id uuid CONSTRAINT area_access_pkey PRIMARY KEY,
  area_id uuid NOT NULL CONSTRAINT area_access_area_id_fkey REFERENCES areas,
  since_on date NOT NULL CONSTRAINT area_access_since_on_check CHECK (since_on BETWEEN '2011-01-01' AND '2100-01-01'),
  access text NOT NULL CONSTRAINT area_access_access_check CHECK (access IN ('open', 'hard_to_reach', 'besieged', 'unknown')),
  note text CONSTRAINT area_access_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT area_access_recorded_by_fkey REFERENCES users,
  CONSTRAINT area_access_since_on_key UNIQUE (area_id, since_on)
);
CALL siraj_register('area_access', 'area_id');

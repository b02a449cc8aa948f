CREATE TABLE organizations (
  id uuid CONSTRAINT organizations_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT organizations_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  name text NOT NULL CONSTRAINT organizations_name_check CHECK (length(name) BETWEEN 1 AND 200),
  name_ar text CONSTRAINT organizations_name_ar_check CHECK (length(name_ar) BETWEEN 1 AND 200),
  aliases text[] NOT NULL DEFAULT '{}' CONSTRAINT organizations_aliases_check CHECK (cardinality(aliases) <= 20 AND siraj_words_distinct(aliases)),
  roles text[] NOT NULL CONSTRAINT organizations_roles_check
    CHECK (cardinality(roles) >= 1 AND roles <@ ARRAY['own', 'partner', 'donor', 'supplier'] AND siraj_words_distinct(roles)),
  search text GENERATED ALWAYS AS (siraj_search(VARIADIC ARRAY[code, name, name_ar] || aliases)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT organizations_recorded_by_fkey REFERENCES users,
  CONSTRAINT organizations_code_key UNIQUE (code)
);
CREATE INDEX organizations_search_idx ON organizations USING gin (search gin_trgm_ops);
CALL siraj_register('organizations', 'id');
ALTER TABLE users ADD CONSTRAINT users_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations;

-- Every spelling belongs to one organisation: a contract cannot name a partner that is two.
CREATE TABLE organization_names (
  folded text NOT NULL,
  organization_id uuid NOT NULL CONSTRAINT organization_names_organization_id_fkey REFERENCES organizations,
  CONSTRAINT organizations_name_key PRIMARY KEY (folded)
);
CREATE INDEX organization_names_organization_idx ON organization_names (organization_id);
GRANT SELECT ON organization_names TO siraj_service;
CREATE FUNCTION siraj_organization_names() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  DELETE FROM organization_names WHERE organization_id = NEW.id;
  INSERT INTO organization_names (folded, organization_id)
  SELECT DISTINCT siraj_fold(word), NEW.id FROM unnest(ARRAY[NEW.code, NEW.name, NEW.name_ar] || NEW.aliases) AS word WHERE word IS NOT NULL;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_organization_names() FROM PUBLIC;
CREATE TRIGGER organizations_names AFTER INSERT OR UPDATE ON organizations FOR EACH ROW EXECUTE FUNCTION siraj_organization_names();

CREATE TABLE projects (
  id uuid CONSTRAINT projects_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT projects_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  name text NOT NULL CONSTRAINT projects_name_check CHECK (length(name) BETWEEN 1 AND 200),
  name_ar text CONSTRAINT projects_name_ar_check CHECK (length(name_ar) BETWEEN 1 AND 200),
  organization_id uuid CONSTRAINT projects_organization_id_fkey REFERENCES organizations,
  description text CONSTRAINT projects_description_check CHECK (length(description) BETWEEN 1 AND 2000),
  starts_on date NOT NULL CONSTRAINT projects_starts_on_check CHECK (starts_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ends_on date CONSTRAINT projects_ends_on_check CHECK (ends_on BETWEEN '2011-01-01' AND '2100-01-01'),
  search text GENERATED ALWAYS AS (siraj_search(code, name, name_ar)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT projects_recorded_by_fkey REFERENCES users,
  CONSTRAINT projects_code_key UNIQUE (code),
  CONSTRAINT projects_period_check CHECK (ends_on >= starts_on)
);
CREATE INDEX projects_search_idx ON projects USING gin (search gin_trgm_ops);
CREATE INDEX projects_organization_idx ON projects (organization_id);
CALL siraj_register('projects', 'id');

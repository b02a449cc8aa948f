CREATE TABLE facilities (
  id uuid CONSTRAINT facilities_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT facilities_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  name text NOT NULL CONSTRAINT facilities_name_check CHECK (length(name) BETWEEN 1 AND 200),
  name_ar text CONSTRAINT facilities_name_ar_check CHECK (length(name_ar) BETWEEN 1 AND 200),
  aliases text[] NOT NULL DEFAULT '{}' CONSTRAINT facilities_aliases_check CHECK (cardinality(aliases) <= 20 AND siraj_words_distinct(aliases)),
  kinds text[] NOT NULL CONSTRAINT facilities_kinds_check
    CHECK (cardinality(kinds) >= 1 AND siraj_words_distinct(kinds)
           AND kinds <@ ARRAY['hospital', 'primary_care_center', 'nursing_home', 'medical_point', 'mobile_clinic']),
  area_id uuid NOT NULL CONSTRAINT facilities_area_id_fkey REFERENCES areas,
  operator_id uuid CONSTRAINT facilities_operator_id_fkey REFERENCES organizations,
  beds integer CONSTRAINT facilities_beds_check CHECK (beds BETWEEN 0 AND 10000),
  opened_on date CONSTRAINT facilities_opened_on_check CHECK (opened_on BETWEEN '1900-01-01' AND '2100-01-01'),
  closed_on date CONSTRAINT facilities_closed_on_check CHECK (closed_on BETWEEN '1900-01-01' AND '2100-01-01'),
  note text CONSTRAINT facilities_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  -- Two facilities of one area may bear one name only if a person has said that they are two.
  same_name_confirmed boolean NOT NULL DEFAULT false,
  search text GENERATED ALWAYS AS (siraj_search(VARIADIC ARRAY[code, name, name_ar] || aliases)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT facilities_recorded_by_fkey REFERENCES users,
  CONSTRAINT facilities_code_key UNIQUE (code),
  CONSTRAINT facilities_period_check CHECK (closed_on > opened_on)
);
CREATE UNIQUE INDEX facilities_name_key ON facilities (area_id, siraj_fold(name)) WHERE retired_at IS NULL AND NOT same_name_confirmed;
CREATE INDEX facilities_name_idx ON facilities (name, id);
CREATE INDEX facilities_area_idx ON facilities (area_id, code);
CREATE INDEX facilities_search_idx ON facilities USING gin (search gin_trgm_ops);
CALL siraj_register('facilities', 'id');
ALTER TABLE users ADD CONSTRAINT users_facility_id_fkey FOREIGN KEY (facility_id) REFERENCES facilities;

-- Functionality as points of change: each holds until the next, so gaps and overlaps cannot be written.
CREATE TABLE facility_status (
  id uuid CONSTRAINT facility_status_pkey PRIMARY KEY,
  facility_id uuid NOT NULL CONSTRAINT facility_status_facility_id_fkey REFERENCES facilities,
  since_on date NOT NULL CONSTRAINT facility_status_since_on_check CHECK (since_on BETWEEN '2011-01-01' AND '2100-01-01'),
  functionality text NOT NULL CONSTRAINT facility_status_functionality_check CHECK (functionality IN ('full', 'partial', 'none', 'destroyed', 'unknown')),
  causes text[] NOT NULL DEFAULT '{}' CONSTRAINT facility_status_causes_check
    CHECK (siraj_words_distinct(causes) AND causes <@ ARRAY['attack', 'siege', 'no_power', 'no_fuel', 'no_water', 'no_supplies', 'no_staff', 'damage', 'access', 'other']),
  note text CONSTRAINT facility_status_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT facility_status_recorded_by_fkey REFERENCES users,
  CONSTRAINT facility_status_since_on_key UNIQUE (facility_id, since_on)
);
CALL siraj_register('facility_status', 'facility_id');

-- Where a facility stands, sealed. Only the coarse cell, snapped to a fixed grid of a tenth of a degree, is readable.
CREATE TABLE facility_locations (
  id uuid CONSTRAINT facility_locations_pkey PRIMARY KEY,
  facility_id uuid NOT NULL CONSTRAINT facility_locations_facility_id_fkey REFERENCES facilities,
  key_id text NOT NULL CONSTRAINT facility_locations_key_id_check CHECK (length(key_id) BETWEEN 1 AND 64),
  sealed bytea NOT NULL CONSTRAINT facility_locations_sealed_check CHECK (octet_length(sealed) BETWEEN 29 AND 4096),
  coarse_cell text NOT NULL CONSTRAINT facility_locations_coarse_cell_check CHECK (coarse_cell ~ '^-?[0-9]{1,2}\.[0-9],-?[0-9]{1,3}\.[0-9]$'),
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT facility_locations_recorded_by_fkey REFERENCES users,
  CONSTRAINT facility_locations_facility_id_key UNIQUE (facility_id)
);
CALL siraj_register('facility_locations', 'facility_id', 'sealed', 'coarse_cell');

-- Every reading of a sealed field, with its reason.
CREATE TABLE reveals (
  id uuid CONSTRAINT reveals_pkey PRIMARY KEY,
  resource text NOT NULL CONSTRAINT reveals_resource_check CHECK (resource IN ('facility_location', 'staff_identity')),
  record_id uuid NOT NULL,
  reason text NOT NULL CONSTRAINT reveals_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT reveals_recorded_by_fkey REFERENCES users
);
CREATE INDEX reveals_record_idx ON reveals (record_id, id);
CREATE TRIGGER reveals_append_only BEFORE UPDATE OR DELETE ON reveals FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER reveals_no_truncate BEFORE TRUNCATE ON reveals FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER reveals_audit_insert AFTER INSERT ON reveals REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION siraj_audit('record_id');
GRANT SELECT, INSERT ON reveals TO siraj_service;

CREATE TABLE project_facilities (
  id uuid CONSTRAINT project_facilities_pkey PRIMARY KEY,
  project_id uuid NOT NULL CONSTRAINT project_facilities_project_id_fkey REFERENCES projects,
  facility_id uuid NOT NULL CONSTRAINT project_facilities_facility_id_fkey REFERENCES facilities,
  starts_on date CONSTRAINT project_facilities_starts_on_check CHECK (starts_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ends_on date CONSTRAINT project_facilities_ends_on_check CHECK (ends_on BETWEEN '2011-01-01' AND '2100-01-01'),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT project_facilities_recorded_by_fkey REFERENCES users,
  CONSTRAINT project_facilities_period_check CHECK (ends_on >= starts_on),
  CONSTRAINT project_facilities_period_excl EXCLUDE USING gist (project_id WITH =, facility_id WITH =, daterange(starts_on, ends_on, '[]') WITH &&) WHERE (retired_at IS NULL)
);
CREATE INDEX project_facilities_facility_idx ON project_facilities (facility_id);
CALL siraj_register('project_facilities', 'project_id');

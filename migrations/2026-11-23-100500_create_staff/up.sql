-- People, by pseudonym. Names live sealed in staff_identities.
CREATE TABLE staff (
  id uuid CONSTRAINT staff_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT staff_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  cadre text NOT NULL CONSTRAINT staff_cadre_check
    CHECK (cadre IN ('doctor', 'nurse', 'midwife', 'pharmacist', 'technician', 'administrative', 'service')),
  specialty text CONSTRAINT staff_specialty_check CHECK (length(specialty) BETWEEN 1 AND 100),
  gender text CONSTRAINT staff_gender_check CHECK (gender IN ('female', 'male')),
  qualification text CONSTRAINT staff_qualification_check CHECK (length(qualification) BETWEEN 1 AND 200),
  -- Where the person is employed from: who may see the record before any post is held.
  area_id uuid NOT NULL CONSTRAINT staff_area_id_fkey REFERENCES areas,
  search text GENERATED ALWAYS AS (siraj_search(code, specialty, qualification)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT staff_recorded_by_fkey REFERENCES users,
  CONSTRAINT staff_code_key UNIQUE (code)
);
CREATE INDEX staff_area_idx ON staff (area_id);
CREATE INDEX staff_search_idx ON staff USING gin (search gin_trgm_ops);
CALL siraj_register('staff', 'id');

CREATE TABLE staff_identities (
  id uuid CONSTRAINT staff_identities_pkey PRIMARY KEY,
  staff_id uuid NOT NULL CONSTRAINT staff_identities_staff_id_fkey REFERENCES staff,
  key_id text NOT NULL CONSTRAINT staff_identities_key_id_check CHECK (length(key_id) BETWEEN 1 AND 64),
  sealed bytea NOT NULL CONSTRAINT staff_identities_sealed_check CHECK (octet_length(sealed) BETWEEN 29 AND 16384),
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT staff_identities_recorded_by_fkey REFERENCES users,
  CONSTRAINT staff_identities_staff_id_key UNIQUE (staff_id)
);
CALL siraj_register('staff_identities', 'staff_id', 'sealed');

CREATE TABLE assignments (
  id uuid CONSTRAINT assignments_pkey PRIMARY KEY,
  staff_id uuid NOT NULL CONSTRAINT assignments_staff_id_fkey REFERENCES staff,
  facility_id uuid NOT NULL CONSTRAINT assignments_facility_id_fkey REFERENCES facilities,
  cadre text NOT NULL CONSTRAINT assignments_cadre_check
    CHECK (cadre IN ('doctor', 'nurse', 'midwife', 'pharmacist', 'technician', 'administrative', 'service')),
  role text CONSTRAINT assignments_role_check CHECK (length(role) BETWEEN 1 AND 100),
  share_percent smallint NOT NULL DEFAULT 100 CONSTRAINT assignments_share_percent_check CHECK (share_percent BETWEEN 1 AND 100),
  starts_on date NOT NULL CONSTRAINT assignments_starts_on_check CHECK (starts_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ends_on date CONSTRAINT assignments_ends_on_check CHECK (ends_on BETWEEN '2011-01-01' AND '2100-01-01'),
  contract_id uuid CONSTRAINT assignments_contract_id_fkey REFERENCES contracts,
  -- Why this post may take the person over a hundred percent.
  share_waiver text CONSTRAINT assignments_share_waiver_check CHECK (length(share_waiver) BETWEEN 10 AND 500),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT assignments_recorded_by_fkey REFERENCES users,
  CONSTRAINT assignments_period_check CHECK (ends_on >= starts_on),
  CONSTRAINT assignments_same_post_excl EXCLUDE USING gist
    (staff_id WITH =, facility_id WITH =, cadre WITH =, daterange(starts_on, ends_on, '[]') WITH &&) WHERE (retired_at IS NULL)
);
CREATE INDEX assignments_staff_idx ON assignments (staff_id);
CREATE INDEX assignments_facility_idx ON assignments (facility_id);
CREATE INDEX assignments_contract_idx ON assignments (contract_id);
CREATE INDEX assignments_starts_on_idx ON assignments (starts_on, id);
CREATE INDEX assignments_role_idx ON assignments USING gin (siraj_fold(role) gin_trgm_ops);
CALL siraj_register('assignments', 'id');

-- A person's shares add up to a hundred at most on any day, unless a post of that day carries a waiver.
-- The person's row is locked first, so that two posts given at once are judged one after the other.
CREATE FUNCTION siraj_lock_assigned_staff() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  people uuid[];
BEGIN
  -- A post that moves to another person may take with it the waiver that the first one needs.
  IF TG_OP = 'INSERT' THEN
    people := ARRAY(SELECT DISTINCT staff_id FROM added);
  ELSE
    people := ARRAY(SELECT staff_id FROM added UNION SELECT staff_id FROM removed);
  END IF;
  PERFORM FROM staff WHERE id = ANY (people) ORDER BY id FOR NO KEY UPDATE;
  -- Shares rise only where a post begins, and a waiver is missed only from the day after it ends.
  IF EXISTS (
    SELECT FROM (
      SELECT staff_id, starts_on AS day FROM assignments WHERE staff_id = ANY (people) AND retired_at IS NULL
      UNION
      SELECT staff_id, ends_on + 1 FROM assignments
      WHERE staff_id = ANY (people) AND retired_at IS NULL AND share_waiver IS NOT NULL AND ends_on IS NOT NULL
    ) turn
    JOIN assignments held ON held.staff_id = turn.staff_id AND held.retired_at IS NULL
      AND daterange(held.starts_on, held.ends_on, '[]') @> turn.day
    GROUP BY turn.staff_id, turn.day
    HAVING sum(held.share_percent) > 100 AND bool_and(held.share_waiver IS NULL)
  ) THEN
    RAISE EXCEPTION 'shares over one hundred percent' USING ERRCODE = 'check_violation', CONSTRAINT = 'assignments_shares_check', TABLE = 'assignments';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_lock_assigned_staff() FROM PUBLIC;
CREATE TRIGGER assignments_shares_insert AFTER INSERT ON assignments REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_lock_assigned_staff();
CREATE TRIGGER assignments_shares_update AFTER UPDATE ON assignments REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_lock_assigned_staff();

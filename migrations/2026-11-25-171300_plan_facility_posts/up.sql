-- How many of a cadre a facility should have, and from when to when.
CREATE TABLE facility_posts (
  id uuid CONSTRAINT facility_posts_pkey PRIMARY KEY,
  facility_id uuid NOT NULL CONSTRAINT facility_posts_facility_id_fkey REFERENCES facilities,
  cadre text NOT NULL CONSTRAINT facility_posts_cadre_check
    CHECK (cadre IN ('doctor', 'nurse', 'midwife', 'pharmacist', 'technician', 'administrative', 'service')),
  planned integer NOT NULL CONSTRAINT facility_posts_planned_check CHECK (planned BETWEEN 0 AND 10000),
  starts_on date NOT NULL CONSTRAINT facility_posts_starts_on_check CHECK (starts_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ends_on date CONSTRAINT facility_posts_ends_on_check CHECK (ends_on BETWEEN '2011-01-01' AND '2100-01-01'),
  note text CONSTRAINT facility_posts_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT facility_posts_recorded_by_fkey REFERENCES users,
  CONSTRAINT facility_posts_period_check CHECK (ends_on >= starts_on),
  CONSTRAINT facility_posts_plan_excl EXCLUDE USING gist
    (facility_id WITH =, cadre WITH =, daterange(starts_on, ends_on, '[]') WITH &&) WHERE (retired_at IS NULL)
);
CREATE INDEX facility_posts_facility_idx ON facility_posts (facility_id);
CALL siraj_register('facility_posts', 'facility_id');
-- A plan ends with its facility; it does not keep it.
CALL siraj_refers('facility_posts', 'facility_id', 'facilities', false);

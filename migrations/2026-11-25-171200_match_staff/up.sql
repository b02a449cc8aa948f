-- Who might be one person entered twice, although names are sealed.

-- Keyed digests of the folded name and of the phone, cut short so that one of them fits several people. Nothing lists them,
-- and the audit keeps no copy. Those of one key are compared with each other only.
CREATE TABLE staff_match_keys (
  id uuid CONSTRAINT staff_match_keys_pkey PRIMARY KEY,
  staff_id uuid NOT NULL CONSTRAINT staff_match_keys_staff_id_fkey REFERENCES staff,
  key_id text NOT NULL CONSTRAINT staff_match_keys_key_id_check CHECK (length(key_id) BETWEEN 1 AND 64),
  name_keys text[] NOT NULL CONSTRAINT staff_match_keys_name_keys_check
    CHECK (cardinality(name_keys) <= 2 AND siraj_words_distinct(name_keys) AND array_to_string(name_keys, ' ') ~ '^([0-9a-f]{3}( [0-9a-f]{3})*)?$'),
  phone_key text CONSTRAINT staff_match_keys_phone_key_check CHECK (phone_key ~ '^[0-9a-f]{3}$'),
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT staff_match_keys_recorded_by_fkey REFERENCES users,
  CONSTRAINT staff_match_keys_staff_id_key UNIQUE (staff_id)
);
CALL siraj_register('staff_match_keys', 'staff_id', 'name_keys', 'phone_key');
CALL siraj_refers('staff_match_keys', 'staff_id', 'staff', false);

-- Two records that somebody has looked at and said: these are two people.
CREATE TABLE staff_distinctions (
  id uuid CONSTRAINT staff_distinctions_pkey PRIMARY KEY,
  staff_id uuid NOT NULL CONSTRAINT staff_distinctions_staff_id_fkey REFERENCES staff,
  other_id uuid NOT NULL CONSTRAINT staff_distinctions_other_id_fkey REFERENCES staff,
  reason text NOT NULL CONSTRAINT staff_distinctions_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT staff_distinctions_recorded_by_fkey REFERENCES users,
  CONSTRAINT staff_distinctions_self_check CHECK (staff_id <> other_id)
);
-- A pair is told apart once, whichever of the two is named first.
CREATE UNIQUE INDEX staff_distinctions_pair_key ON staff_distinctions (least(staff_id, other_id), greatest(staff_id, other_id)) WHERE retired_at IS NULL;
CREATE INDEX staff_distinctions_staff_idx ON staff_distinctions (staff_id);
CREATE INDEX staff_distinctions_other_idx ON staff_distinctions (other_id);
CALL siraj_register('staff_distinctions', 'staff_id');
CALL siraj_refers('staff_distinctions', 'staff_id', 'staff', false);
CALL siraj_refers('staff_distinctions', 'other_id', 'staff', false);

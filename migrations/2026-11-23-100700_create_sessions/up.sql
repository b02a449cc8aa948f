-- Which areas a coordinator works in. Rows are retired, not deleted.
CREATE TABLE user_areas (
  id uuid CONSTRAINT user_areas_pkey PRIMARY KEY,
  user_id uuid NOT NULL CONSTRAINT user_areas_user_id_fkey REFERENCES users,
  area_id uuid NOT NULL CONSTRAINT user_areas_area_id_fkey REFERENCES areas,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT user_areas_recorded_by_fkey REFERENCES users
);
CREATE UNIQUE INDEX user_areas_area_key ON user_areas (user_id, area_id) WHERE retired_at IS NULL;
CALL siraj_register('user_areas', 'user_id');

-- Password hashes stand apart from the users' rows: nothing that lists, audits or exports users meets them.
CREATE TABLE user_passwords (
  user_id uuid CONSTRAINT user_passwords_pkey PRIMARY KEY CONSTRAINT user_passwords_user_id_fkey REFERENCES users,
  hash text NOT NULL CONSTRAINT user_passwords_hash_check CHECK (hash LIKE '$argon2id$%'),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT, UPDATE ON user_passwords TO siraj_service;

-- Invitations and password resets: shown once, kept as a hash, used once.
CREATE TABLE user_tickets (
  id uuid CONSTRAINT user_tickets_pkey PRIMARY KEY,
  user_id uuid NOT NULL CONSTRAINT user_tickets_user_id_fkey REFERENCES users,
  purpose text NOT NULL CONSTRAINT user_tickets_purpose_check CHECK (purpose IN ('invitation', 'password_reset')),
  token_hash bytea NOT NULL CONSTRAINT user_tickets_token_hash_check CHECK (octet_length(token_hash) = 32),
  issued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  issued_by uuid NOT NULL CONSTRAINT user_tickets_issued_by_fkey REFERENCES users,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  CONSTRAINT user_tickets_token_hash_key UNIQUE (token_hash),
  CONSTRAINT user_tickets_expires_check CHECK (expires_at > issued_at)
);
CREATE INDEX user_tickets_user_idx ON user_tickets (user_id);
GRANT SELECT, INSERT, UPDATE ON user_tickets TO siraj_service;

-- Refresh tokens by hash. A token's successor is derived from it, so a lost answer can be given again.
CREATE TABLE refresh_tokens (
  id uuid CONSTRAINT refresh_tokens_pkey PRIMARY KEY,
  family_id uuid NOT NULL,
  user_id uuid NOT NULL CONSTRAINT refresh_tokens_user_id_fkey REFERENCES users,
  token_hash bytea NOT NULL CONSTRAINT refresh_tokens_token_hash_check CHECK (octet_length(token_hash) = 32),
  session_version bigint NOT NULL,
  issued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The end of the whole family, however often it is renewed.
  expires_at timestamptz NOT NULL,
  spent_at timestamptz,
  ended_at timestamptz,
  CONSTRAINT refresh_tokens_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX refresh_tokens_family_idx ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_user_idx ON refresh_tokens (user_id);
GRANT SELECT, INSERT, UPDATE ON refresh_tokens TO siraj_service;

-- Which answer a request got, so that the same request sent again gets it again.
CREATE TABLE idempotency_keys (
  caller_id uuid NOT NULL CONSTRAINT idempotency_keys_caller_id_fkey REFERENCES users,
  key text NOT NULL CONSTRAINT idempotency_keys_key_check CHECK (length(key) BETWEEN 1 AND 255),
  request_hash bytea NOT NULL CONSTRAINT idempotency_keys_request_hash_check CHECK (octet_length(request_hash) = 32),
  status smallint NOT NULL CONSTRAINT idempotency_keys_status_check CHECK (status BETWEEN 200 AND 299),
  etag text,
  location text,
  body bytea NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller_id, key)
);
CREATE INDEX idempotency_keys_recorded_idx ON idempotency_keys (recorded_at);
GRANT SELECT, INSERT, DELETE ON idempotency_keys TO siraj_service;

-- Who may do what changed: every node hears it and asks again.
CREATE FUNCTION siraj_raise_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.role, NEW.status, NEW.organization_id, NEW.facility_id, NEW.retired_at)
     IS DISTINCT FROM (OLD.role, OLD.status, OLD.organization_id, OLD.facility_id, OLD.retired_at) THEN
    NEW.session_version := greatest(NEW.session_version, OLD.session_version + 1);
  END IF;
  PERFORM pg_notify('siraj_users', NEW.id::text);
  RETURN NEW;
END $$;
CREATE TRIGGER users_session BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION siraj_raise_session();

CREATE FUNCTION siraj_notify_user_areas() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('siraj_users', NEW.user_id::text);
  RETURN NULL;
END $$;
CREATE TRIGGER user_areas_notify AFTER INSERT OR UPDATE ON user_areas FOR EACH ROW EXECUTE FUNCTION siraj_notify_user_areas();

-- Webhooks of share grants: a partner's machine is told that something changed in the feed that it may read, and nothing else.

CREATE TABLE webhooks (
  id uuid CONSTRAINT webhooks_pkey PRIMARY KEY,
  grant_id uuid NOT NULL CONSTRAINT webhooks_grant_id_fkey REFERENCES share_grants,
  url text NOT NULL CONSTRAINT webhooks_url_check CHECK (length(url) <= 500 AND url ~ '^https?://[^[:space:]]+$'),
  -- The secret that signs, sealed for this webhook; and the one before it, which signs as well until its time is over.
  key_id text NOT NULL CONSTRAINT webhooks_key_id_check CHECK (length(key_id) BETWEEN 1 AND 64),
  sealed bytea NOT NULL CONSTRAINT webhooks_sealed_check CHECK (octet_length(sealed) BETWEEN 33 AND 200),
  secret_since timestamptz NOT NULL DEFAULT clock_timestamp(),
  former_key_id text CONSTRAINT webhooks_former_key_id_check CHECK (length(former_key_id) BETWEEN 1 AND 64),
  former_sealed bytea CONSTRAINT webhooks_former_sealed_check CHECK (octet_length(former_sealed) BETWEEN 33 AND 200),
  former_until timestamptz,
  -- Since when nothing is sent to it, and why: its address is gone for good, or failed to the end of all attempts.
  disabled_at timestamptz,
  disabled_reason text CONSTRAINT webhooks_disabled_reason_check CHECK (disabled_reason IN ('gone', 'failing')),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT webhooks_recorded_by_fkey REFERENCES users,
  CONSTRAINT webhooks_former_check CHECK (num_nulls(former_key_id, former_sealed, former_until) IN (0, 3)),
  CONSTRAINT webhooks_disabled_check CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);
CREATE INDEX webhooks_grant_idx ON webhooks (grant_id);
CALL siraj_register('webhooks', 'grant_id', 'sealed', 'former_sealed');

-- A webhook is of a grant that is active and has a feed, one of five at most; it stays with its grant, and what is retired stays retired.
CREATE FUNCTION siraj_webhook_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  given record;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.retired_at IS NOT NULL OR (NEW.id, NEW.grant_id) <> (OLD.id, OLD.grant_id) THEN
      RAISE EXCEPTION 'a webhook stays what it is' USING ERRCODE = 'check_violation', CONSTRAINT = 'webhooks_step_check', TABLE = 'webhooks';
    END IF;
    RETURN NULL;
  END IF;
  -- Held, so that of two at once the second counts the first.
  SELECT status, fields INTO given FROM share_grants WHERE id = NEW.grant_id FOR NO KEY UPDATE;
  IF given.status <> 'active' THEN
    RAISE EXCEPTION 'the grant is not active' USING ERRCODE = 'check_violation', CONSTRAINT = 'webhooks_grant_state_check', TABLE = 'webhooks';
  END IF;
  IF NOT given.fields && ARRAY['facilities', 'shipments'] THEN
    RAISE EXCEPTION 'the grant tells of no changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'webhooks_feed_check', TABLE = 'webhooks';
  END IF;
  IF (SELECT count(*) FROM webhooks WHERE grant_id = NEW.grant_id AND retired_at IS NULL) > 5 THEN
    RAISE EXCEPTION 'five webhooks are enough' USING ERRCODE = 'check_violation', CONSTRAINT = 'webhooks_number_check', TABLE = 'webhooks';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_webhook_fits() FROM PUBLIC;
CREATE TRIGGER webhooks_fit AFTER INSERT OR UPDATE ON webhooks FOR EACH ROW EXECUTE FUNCTION siraj_webhook_fits();

-- How far each webhook has been told of its grant's feed, and when that was looked at. No edit of anybody: it stands apart, so that the
-- webhook's revision and history are those of its keepers.
CREATE TABLE webhook_feeds (
  webhook_id uuid CONSTRAINT webhook_feeds_pkey PRIMARY KEY CONSTRAINT webhook_feeds_webhook_id_fkey REFERENCES webhooks,
  notified_position bigint NOT NULL CONSTRAINT webhook_feeds_notified_position_check CHECK (notified_position BETWEEN 0 AND 1000000000000),
  checked_at timestamptz NOT NULL DEFAULT '-infinity'
);
GRANT SELECT, INSERT, UPDATE ON webhook_feeds TO siraj_service;

-- What is sent, and how that went.
CREATE TABLE webhook_deliveries (
  id uuid CONSTRAINT webhook_deliveries_pkey PRIMARY KEY,
  webhook_id uuid NOT NULL CONSTRAINT webhook_deliveries_webhook_id_fkey REFERENCES webhooks,
  event text NOT NULL CONSTRAINT webhook_deliveries_event_check CHECK (event IN ('shared.changed', 'shared.test')),
  -- As it is signed and sent, each time.
  body text NOT NULL CONSTRAINT webhook_deliveries_body_check CHECK (length(body) BETWEEN 2 AND 1000),
  -- Where the feed had been told to before.
  after_position bigint CONSTRAINT webhook_deliveries_after_position_check CHECK (after_position BETWEEN 0 AND 1000000000000),
  raised_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts integer NOT NULL DEFAULT 0 CONSTRAINT webhook_deliveries_attempts_check CHECK (attempts BETWEEN 0 AND 1000),
  attempted_at timestamptz,
  next_attempt_at timestamptz DEFAULT clock_timestamp(),
  -- Somebody is sending it; who dies doing so is taken for dead by then.
  leased_until timestamptz,
  last_status integer CONSTRAINT webhook_deliveries_last_status_check CHECK (last_status BETWEEN 100 AND 999),
  last_error text CONSTRAINT webhook_deliveries_last_error_check CHECK (last_error IN
    ('address-refused', 'unresolved', 'unreachable', 'tls', 'timeout', 'broken', 'sealed', 'withdrawn')),
  delivered_at timestamptz,
  given_up_at timestamptz,
  CONSTRAINT webhook_deliveries_over_check CHECK (num_nonnulls(next_attempt_at, delivered_at, given_up_at) = 1),
  CONSTRAINT webhook_deliveries_lease_check CHECK (leased_until IS NULL OR next_attempt_at IS NOT NULL),
  CONSTRAINT webhook_deliveries_place_check CHECK ((event = 'shared.changed') = (after_position IS NOT NULL))
);
-- One of a kind at a time: whoever is told late that something changed reads all of it.
CREATE UNIQUE INDEX webhook_deliveries_open_key ON webhook_deliveries (webhook_id, event) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX webhook_deliveries_webhook_idx ON webhook_deliveries (webhook_id, raised_at, id);

-- What was sent stays what it was, and what is over is over.
CREATE FUNCTION siraj_delivery_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.next_attempt_at IS NULL
     OR (NEW.id, NEW.webhook_id, NEW.event, NEW.body, NEW.raised_at) <> (OLD.id, OLD.webhook_id, OLD.event, OLD.body, OLD.raised_at)
     OR NEW.after_position IS DISTINCT FROM OLD.after_position OR NEW.attempts < OLD.attempts THEN
    RAISE EXCEPTION 'a delivery goes its way once' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'webhook_deliveries_step_check', TABLE = 'webhook_deliveries';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER webhook_deliveries_steps BEFORE UPDATE ON webhook_deliveries FOR EACH ROW EXECUTE FUNCTION siraj_delivery_steps();
CREATE TRIGGER webhook_deliveries_kept BEFORE DELETE ON webhook_deliveries FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER webhook_deliveries_no_truncate BEFORE TRUNCATE ON webhook_deliveries FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change();
GRANT SELECT, INSERT, UPDATE ON webhook_deliveries TO siraj_service;

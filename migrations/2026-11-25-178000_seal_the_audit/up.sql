-- The audit sealed into a chain: every seal holds the hashes of its lines and the hash of the seal before it, so that whoever holds one
-- hash can tell whether any line up to it was edited, moved, inserted or cut. Sealing waits for writers; writers never wait for it.

CREATE TABLE audit_seals (
  number bigint CONSTRAINT audit_seals_pkey PRIMARY KEY CONSTRAINT audit_seals_number_check CHECK (number BETWEEN 1 AND 1000000000000),
  from_id bigint NOT NULL CONSTRAINT audit_seals_from_id_check CHECK (from_id BETWEEN 1 AND to_id),
  to_id bigint NOT NULL,
  lines bigint NOT NULL CONSTRAINT audit_seals_lines_check CHECK (lines BETWEEN 1 AND 100000),
  -- Eight bytes of each line's id and thirty-two of its hash, in the order of ids.
  line_hashes bytea NOT NULL CONSTRAINT audit_seals_line_hashes_check CHECK (octet_length(line_hashes) = lines * 40),
  previous_hash bytea NOT NULL CONSTRAINT audit_seals_previous_hash_check CHECK (octet_length(previous_hash) = 32),
  hash bytea NOT NULL CONSTRAINT audit_seals_hash_check CHECK (hash = sha256(previous_hash || int8send(number) || line_hashes)),
  sealed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT audit_seals_number_hash_key UNIQUE (number, hash)
);
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change();
GRANT SELECT ON audit_seals TO siraj_service;

-- The transactions under way that have begun to write a table, by their names among the locks. Whoever writes holds such a lock from before
-- the first row is made until it can be seen by all.
CREATE FUNCTION siraj_writers() RETURNS text[] LANGUAGE sql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(array_agg(DISTINCT l.virtualtransaction), '{}')
  FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
  WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND c.relnamespace = 'public'::regnamespace
$$;

-- Seals the next lines, no more than ten thousand; gives how many, and nothing when it has to be asked again: another seals, or a line
-- with a smaller number may still come.
CREATE FUNCTION siraj_seal_audit() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  latest audit_seals;
  upto bigint;
  writers text[];
  made audit_seals;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('siraj:seal', 0)) THEN
    RETURN NULL;
  END IF;
  SELECT last_value INTO upto FROM audit_log_id_seq;
  -- Whoever was given one of these numbers has ended, or is among them.
  writers := siraj_writers();
  FOR attempt IN 1..100 LOOP
    EXIT WHEN NOT writers && siraj_writers();
    PERFORM pg_sleep(0.01);
  END LOOP;
  IF writers && siraj_writers() THEN
    RETURN NULL;
  END IF;
  SELECT * INTO latest FROM audit_seals ORDER BY number DESC LIMIT 1;
  -- Cut first, hashed afterwards: of a long way that is to be caught up, only this part is hashed.
  SELECT coalesce(latest.number, 0) + 1, min(l.id), max(l.id), count(*),
         string_agg(int8send(l.id) || sha256(convert_to(jsonb_build_array(to_char(l.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           l.actor_id, l.resource, l.record_id, l.subject_id, l.action, l.revision, l.before, l.after)::text, 'UTF8')), ''::bytea ORDER BY l.id),
         coalesce(latest.hash, decode(repeat('00', 32), 'hex'))
  INTO made.number, made.from_id, made.to_id, made.lines, made.line_hashes, made.previous_hash
  FROM (SELECT * FROM audit_log WHERE id > coalesce(latest.to_id, 0) AND id <= upto ORDER BY id LIMIT 10000) AS l;
  IF made.lines > 0 THEN
    INSERT INTO audit_seals (number, from_id, to_id, lines, line_hashes, previous_hash, hash)
    VALUES (made.number, made.from_id, made.to_id, made.lines, made.line_hashes, made.previous_hash,
            sha256(made.previous_hash || int8send(made.number) || made.line_hashes));
  END IF;
  RETURN made.lines;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_seal_audit() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION siraj_seal_audit() TO siraj_service;

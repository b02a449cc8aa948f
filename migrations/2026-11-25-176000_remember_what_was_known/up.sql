-- What was known when. Every revision of a record that gives way to another is kept with the moment it did, and the schema `known` shows
-- every table as it stood at one moment: the same statements, run with `known` first in the search path, answer as they would have then.
-- One mechanism for all tables; the time is the database's own.

CREATE SCHEMA history;
CREATE SCHEMA known;
GRANT USAGE ON SCHEMA history, known TO siraj_service;
REVOKE CREATE ON SCHEMA history, known FROM PUBLIC;

-- The moment that is asked of; none: now.
CREATE FUNCTION siraj_known_at() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(nullif(current_setting('siraj.known_at', true), '')::timestamptz, 'infinity')
$$;

-- Keeps the revisions that an update replaced. The argument: the columns, as a list for SQL.
CREATE FUNCTION siraj_supersede() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  EXECUTE format('INSERT INTO history.%1$I (%2$s, superseded_at) SELECT %3$s, added.recorded_at FROM removed JOIN added ON added.id = removed.id',
                 TG_TABLE_NAME, TG_ARGV[0], TG_ARGV[1]);
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_supersede() FROM PUBLIC;

-- Begins to remember a table, or learns the columns that it has been given since. Whoever drops a table or changes the type of a column
-- calls `siraj_forget` first, and this again afterwards.
CREATE PROCEDURE siraj_remember(name text) LANGUAGE plpgsql AS $$
DECLARE
  columns text;
  given text;
  missing record;
BEGIN
  EXECUTE format('CREATE TABLE IF NOT EXISTS history.%1$I (LIKE public.%1$I)', name);
  EXECUTE format('ALTER TABLE history.%I ADD COLUMN IF NOT EXISTS superseded_at timestamptz NOT NULL', name);
  FOR missing IN
    SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type
    FROM pg_attribute a
    WHERE a.attrelid = format('public.%I', name)::regclass AND a.attnum > 0 AND NOT a.attisdropped
      AND NOT EXISTS (SELECT FROM pg_attribute h WHERE h.attrelid = format('history.%I', name)::regclass AND h.attname = a.attname AND NOT h.attisdropped)
    ORDER BY a.attnum
  LOOP
    EXECUTE format('ALTER TABLE history.%I ADD COLUMN %I %s', name, missing.attname, missing.type);
  END LOOP;
  SELECT string_agg(format('%I', attname), ', ' ORDER BY attnum), string_agg(format('removed.%I', attname), ', ' ORDER BY attnum)
  INTO columns, given
  FROM pg_attribute WHERE attrelid = format('public.%I', name)::regclass AND attnum > 0 AND NOT attisdropped;
  EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON history.%I (id, superseded_at)', name || '_id_idx', name);
  EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER UPDATE ON public.%I REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION siraj_supersede(%L, %L)',
                 name || '_supersede', name, columns, given);
  -- The moment is asked once for a statement, not once for a row.
  EXECUTE format('CREATE OR REPLACE VIEW known.%1$I AS
      SELECT %2$s FROM public.%1$I WHERE recorded_at <= (SELECT siraj_known_at())
    UNION ALL
      SELECT %2$s FROM history.%1$I WHERE recorded_at <= (SELECT siraj_known_at()) AND superseded_at > (SELECT siraj_known_at())', name, columns);
  EXECUTE format('GRANT SELECT ON history.%1$I, known.%1$I TO siraj_service', name);
  EXECUTE format('CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OR DELETE ON history.%2$I FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change()', name || '_append_only', name);
  EXECUTE format('CREATE OR REPLACE TRIGGER %1$I BEFORE TRUNCATE ON history.%2$I FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change()', name || '_no_truncate', name);
END $$;

-- Takes the view away, so that the table may be changed; what is remembered stays.
CREATE PROCEDURE siraj_forget(name text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('DROP VIEW IF EXISTS known.%I CASCADE', name);
END $$;

-- What the audit hides of a table (what is sealed, the road) has no second copy here either; accounts feed no figure.
DO $$ DECLARE name text; BEGIN
  FOR name IN
    SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND t.tgname = c.relname || '_audit_insert' AND t.tgnargs = 1 AND c.relname NOT IN ('users', 'user_areas')
    ORDER BY c.relname
  LOOP
    CALL siraj_remember(name);
  END LOOP;
END $$;

-- The tree of areas as it was known, from the areas themselves.
CREATE VIEW known.area_closure AS
  WITH RECURSIVE up AS (
    SELECT id AS area_id, id AS ancestor_id FROM known.areas
    UNION ALL
    SELECT up.area_id, areas.parent_id FROM up JOIN known.areas ON areas.id = up.ancestor_id WHERE areas.parent_id IS NOT NULL
  )
  SELECT ancestor_id, area_id FROM up;
GRANT SELECT ON known.area_closure TO siraj_service;

-- What supported a facility, as it was known: the view's own text over the tables of `known`.
CREATE PROCEDURE siraj_remember_support() LANGUAGE plpgsql AS $$
DECLARE
  text text := pg_get_viewdef('public.facility_support'::regclass);
  path text := current_setting('search_path');
BEGIN
  PERFORM set_config('search_path', 'known, public', true);
  EXECUTE 'CREATE OR REPLACE VIEW known.facility_support AS ' || text;
  PERFORM set_config('search_path', path, true);
  GRANT SELECT ON known.facility_support TO siraj_service;
END $$;
CALL siraj_remember_support();

-- A clock that is set back must not let a later revision seem to be of earlier: each follows the one it replaces.
CREATE OR REPLACE FUNCTION siraj_next_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.id := OLD.id;
  NEW.revision := OLD.revision + 1;
  NEW.recorded_at := greatest(clock_timestamp(), OLD.recorded_at + interval '1 microsecond');
  RETURN NEW;
END $$;

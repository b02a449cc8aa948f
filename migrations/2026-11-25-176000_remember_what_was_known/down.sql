DO $$ DECLARE name text; BEGIN
  FOR name IN
    SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND t.tgname = c.relname || '_supersede'
  LOOP
    EXECUTE format('DROP TRIGGER %I ON public.%I', name || '_supersede', name);
  END LOOP;
END $$;
DROP SCHEMA known CASCADE;
DROP SCHEMA history CASCADE;
DROP PROCEDURE siraj_remember_support();
DROP PROCEDURE siraj_forget(text);
DROP PROCEDURE siraj_remember(text);
DROP FUNCTION siraj_supersede();
DROP FUNCTION siraj_known_at();
CREATE OR REPLACE FUNCTION siraj_next_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.id := OLD.id;
  NEW.revision := OLD.revision + 1;
  NEW.recorded_at := clock_timestamp();
  RETURN NEW;
END $$;

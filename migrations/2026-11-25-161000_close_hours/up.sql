-- A dip closes the hours of its days, as it closes their documents: whoever is asked about fuel that no generator explains cannot write
-- the explanation afterwards. Hours that come late are written like a paper that comes late: once the dip is turned round.

-- The tank is shared, and whoever dips it holds it alone: hours come before a dip or after it, never beside it. A note may still be added.
CREATE FUNCTION siraj_hours_closed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM FROM fuel_tanks WHERE id IN (NEW.tank_id, OLD.tank_id) ORDER BY id FOR SHARE;
  IF EXISTS (SELECT FROM fuel_dips WHERE tank_id IN (NEW.tank_id, OLD.tank_id) AND reversed_at IS NULL AND dipped_on >= least(NEW.ran_on, OLD.ran_on)) THEN
    RAISE EXCEPTION 'a dip closed the day' USING ERRCODE = 'check_violation', CONSTRAINT = 'generator_hours_dipped_check', TABLE = 'generator_hours';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_hours_closed() FROM PUBLIC;
-- Behind the conflict of an insertion: hours that are there already are sent again without harm.
CREATE TRIGGER generator_hours_closed_insert AFTER INSERT ON generator_hours FOR EACH ROW EXECUTE FUNCTION siraj_hours_closed();
CREATE TRIGGER generator_hours_closed_update AFTER UPDATE ON generator_hours FOR EACH ROW
  WHEN ((OLD.tank_id, OLD.ran_on, OLD.hours, OLD.litres_per_hour, OLD.retired_at) IS DISTINCT FROM
        (NEW.tank_id, NEW.ran_on, NEW.hours, NEW.litres_per_hour, NEW.retired_at))
  EXECUTE FUNCTION siraj_hours_closed();

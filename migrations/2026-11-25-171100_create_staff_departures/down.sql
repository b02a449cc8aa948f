CREATE OR REPLACE FUNCTION siraj_lock_assigned_staff() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
DROP TABLE staff_departures;
DROP FUNCTION siraj_departure_ends_posts();

-- When and why a person left, and when they came back. Nobody is ever removed for having left.
CREATE TABLE staff_departures (
  id uuid CONSTRAINT staff_departures_pkey PRIMARY KEY,
  staff_id uuid NOT NULL CONSTRAINT staff_departures_staff_id_fkey REFERENCES staff,
  -- The last day; the person is away from the day after it.
  departed_on date NOT NULL CONSTRAINT staff_departures_departed_on_check CHECK (departed_on BETWEEN '2011-01-01' AND '2100-01-01'),
  reason text NOT NULL CONSTRAINT staff_departures_reason_check CHECK (reason IN
    ('left', 'contract_ended', 'dismissed', 'transferred', 'displaced', 'detained', 'missing', 'killed', 'died', 'other')),
  note text CONSTRAINT staff_departures_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  -- The first day back.
  returned_on date CONSTRAINT staff_departures_returned_on_check CHECK (returned_on BETWEEN '2011-01-01' AND '2100-01-01'),
  -- The posts that it ended, with the ends that they had: what is taken back gives them back.
  closed_posts jsonb NOT NULL DEFAULT '[]' CONSTRAINT staff_departures_closed_posts_check CHECK (jsonb_typeof(closed_posts) = 'array'),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT staff_departures_recorded_by_fkey REFERENCES users,
  CONSTRAINT staff_departures_return_order_check CHECK (returned_on > departed_on),
  CONSTRAINT staff_departures_no_return_check CHECK (returned_on IS NULL OR reason NOT IN ('killed', 'died')),
  CONSTRAINT staff_departures_period_excl EXCLUDE USING gist
    (staff_id WITH =, daterange(departed_on, returned_on, '[)') WITH &&) WHERE (retired_at IS NULL)
);
CREATE INDEX staff_departures_staff_idx ON staff_departures (staff_id);
-- Why somebody left is not for whoever reads a history: the record itself tells it to those who may know.
CALL siraj_register('staff_departures', 'staff_id', 'reason', 'note');
CALL siraj_refers('staff_departures', 'staff_id', 'staff', false, 'NO KEY UPDATE');

-- Nobody departs from before a post that stands.
CREATE FUNCTION siraj_departure_ends_posts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM FROM staff WHERE id = NEW.staff_id FOR NO KEY UPDATE;
  IF EXISTS (SELECT FROM assignments a WHERE a.staff_id = NEW.staff_id AND a.retired_at IS NULL
             AND daterange(a.starts_on, a.ends_on, '[]') && daterange(NEW.departed_on + 1, NEW.returned_on, '[)')) THEN
    RAISE EXCEPTION 'a post of a day on which the person is away' USING ERRCODE = 'check_violation', CONSTRAINT = 'staff_departures_posts_check', TABLE = 'staff_departures';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_departure_ends_posts() FROM PUBLIC;
CREATE TRIGGER staff_departures_posts AFTER INSERT OR UPDATE ON staff_departures FOR EACH ROW
  WHEN (NEW.retired_at IS NULL) EXECUTE FUNCTION siraj_departure_ends_posts();

-- A person's shares add up to a hundred at most on any day, unless a post of that day carries a waiver; and whoever has left holds no post.
-- The person's row is locked first, so that two posts given at once are judged one after the other.
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
  IF EXISTS (
    SELECT FROM staff_departures d
    JOIN added a ON a.staff_id = d.staff_id AND a.retired_at IS NULL
      AND daterange(a.starts_on, a.ends_on, '[]') && daterange(d.departed_on + 1, d.returned_on, '[)')
    WHERE d.staff_id = ANY (people) AND d.retired_at IS NULL
  ) THEN
    RAISE EXCEPTION 'the person has left' USING ERRCODE = 'check_violation', CONSTRAINT = 'assignments_departed_check', TABLE = 'assignments';
  END IF;
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

-- How many people, posts and shares there are at each facility on any day, without counting them: totals that change in the same
-- transaction as the posts. Derived data, in a schema of its own; written by triggers that run as the owner, read by the service.
CREATE SCHEMA totals;
GRANT USAGE ON SCHEMA totals TO siraj_service;
REVOKE CREATE ON SCHEMA totals FROM PUBLIC;

-- The posts that figures count, in one place for the recount and for the totals. Of a person's posts the one of the most weight gives the
-- cadre that the person counts under. (Its text is read where it is asked: with `known` first in the search path these are the posts as known then.)
CREATE FUNCTION siraj_held_posts() RETURNS TABLE (id uuid, staff_id uuid, code text, facility_id uuid, contract_id uuid, cadre text, share_percent smallint,
  starts_on date, ends_on date, weight integer) LANGUAGE sql STABLE AS $$
  SELECT a.id, a.staff_id, s.code, a.facility_id, a.contract_id, a.cadre, a.share_percent, a.starts_on, a.ends_on,
         a.share_percent * 10 - array_position(ARRAY['doctor', 'nurse', 'midwife', 'pharmacist', 'technician', 'administrative', 'service'], a.cadre)
  FROM assignments a JOIN staff s ON s.id = a.staff_id
  WHERE a.retired_at IS NULL AND s.retired_at IS NULL
$$;

-- What a person is, stretch by stretch: constant between one change of their posts and the next. Whoever holds posts at several facilities
-- at once, or paid by several contracts, has no facility here: where they count depends on what is asked, so they are counted one by one.
CREATE TABLE totals.staff_spans (
  staff_id uuid NOT NULL,
  from_on date NOT NULL,
  until_on date NOT NULL,
  facility_id uuid,
  contract_id uuid,
  cadre text NOT NULL,
  posts integer NOT NULL,
  shares integer NOT NULL,
  CONSTRAINT staff_spans_pkey PRIMARY KEY (staff_id, from_on)
);
CREATE INDEX staff_spans_scattered_idx ON totals.staff_spans USING gist (daterange(from_on, until_on)) WHERE facility_id IS NULL;

-- Changes at a place from a day on. A place is a facility, or the area that facilities stand in; of a facility there is beside the whole what
-- each contract pays (the id of nothing: the whole). Appended, never updated: nobody waits for anybody.
CREATE TABLE totals.changes (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT changes_pkey PRIMARY KEY,
  place_id uuid NOT NULL,
  contract_id uuid NOT NULL,
  day date NOT NULL,
  doctor bigint NOT NULL,
  nurse bigint NOT NULL,
  midwife bigint NOT NULL,
  pharmacist bigint NOT NULL,
  technician bigint NOT NULL,
  administrative bigint NOT NULL,
  service bigint NOT NULL,
  posts bigint NOT NULL,
  shares bigint NOT NULL
);
CREATE INDEX changes_place_idx ON totals.changes (place_id, contract_id);

-- The same, added up by the day, the month and the year: the sum up to any day is one of years, of months and of days, however long the history.
CREATE TABLE totals.days (
  place_id uuid NOT NULL,
  contract_id uuid NOT NULL,
  grain text NOT NULL CONSTRAINT days_grain_check CHECK (grain IN ('day', 'month', 'year')),
  day date NOT NULL,
  doctor bigint NOT NULL,
  nurse bigint NOT NULL,
  midwife bigint NOT NULL,
  pharmacist bigint NOT NULL,
  technician bigint NOT NULL,
  administrative bigint NOT NULL,
  service bigint NOT NULL,
  posts bigint NOT NULL,
  shares bigint NOT NULL,
  CONSTRAINT days_pkey PRIMARY KEY (place_id, contract_id, grain, day)
);
CREATE INDEX days_contract_idx ON totals.days (contract_id, place_id) WHERE contract_id <> '00000000-0000-0000-0000-000000000000';
GRANT SELECT ON totals.staff_spans, totals.changes, totals.days TO siraj_service;

-- The rule: what people are, from their posts. Everything in `totals` follows from it.
-- (In PL/pgSQL, because that keeps its plan from one call to the next.)
CREATE FUNCTION totals.presence(people uuid[]) RETURNS SETOF totals.staff_spans LANGUAGE plpgsql STABLE ROWS 4 AS $$
BEGIN
  RETURN QUERY
  WITH held AS MATERIALIZED (
    SELECT staff_id, facility_id, contract_id, cadre, share_percent, weight, starts_on, coalesce(ends_on + 1, 'infinity') AS until_on
    FROM siraj_held_posts() WHERE staff_id = ANY (people)
  ), stretches AS (
    SELECT staff_id, day, lead(day) OVER (PARTITION BY staff_id ORDER BY day) AS next
    FROM (SELECT staff_id, starts_on AS day FROM held UNION SELECT staff_id, until_on FROM held) AS turns
  ), told AS (
    SELECT s.staff_id, s.day, s.next, min(h.facility_id::text)::uuid AS facility_id, min(h.contract_id::text)::uuid AS contract_id,
           count(DISTINCT h.facility_id) = 1 AND count(DISTINCT coalesce(h.contract_id::text, '')) = 1 AS together,
           (array_agg(h.cadre ORDER BY h.weight DESC))[1] AS cadre, count(*)::integer AS posts, sum(h.share_percent)::integer AS shares
    FROM stretches s JOIN held h ON h.staff_id = s.staff_id AND h.starts_on <= s.day AND h.until_on > s.day
    GROUP BY s.staff_id, s.day, s.next
  )
  SELECT staff_id, day, next, CASE WHEN together THEN facility_id END, CASE WHEN together THEN contract_id END, cadre, posts, shares FROM told;
END $$;
GRANT EXECUTE ON FUNCTION totals.presence(uuid[]) TO siraj_service;

-- What a stretch says of places: a rise where it begins, a fall where it ends; at the facility, in its area, and of whoever pays.
CREATE FUNCTION totals.turns(at uuid, payer uuid, area uuid, cadre text, posts integer, shares integer, from_on date, until_on date, sign integer)
RETURNS TABLE (
  place_id uuid, contract_id uuid, day date, doctor integer, nurse integer, midwife integer, pharmacist integer, technician integer,
  administrative integer, service integer, held integer, percent integer
) LANGUAGE sql IMMUTABLE AS $$
  SELECT p.place_id, p.contract_id, t.day,
         ($4 = 'doctor')::integer * t.way, ($4 = 'nurse')::integer * t.way, ($4 = 'midwife')::integer * t.way,
         ($4 = 'pharmacist')::integer * t.way, ($4 = 'technician')::integer * t.way,
         ($4 = 'administrative')::integer * t.way, ($4 = 'service')::integer * t.way, $5 * t.way, $6 * t.way
  FROM (VALUES ($7, $9), ($8, -$9)) AS t (day, way),
       (VALUES ($1, '00000000-0000-0000-0000-000000000000'::uuid), ($3, '00000000-0000-0000-0000-000000000000'), ($1, $2)) AS p (place_id, contract_id)
  WHERE p.contract_id IS NOT NULL AND t.day < 'infinity'
$$;

-- Adds what was appended to the sums. One at a time; whoever finds another at it goes on without.
CREATE FUNCTION totals.fold() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('siraj:totals', 0)) THEN
    RETURN;
  END IF;
  WITH taken AS (DELETE FROM totals.changes RETURNING *)
  INSERT INTO totals.days AS kept (place_id, contract_id, grain, day, doctor, nurse, midwife, pharmacist, technician, administrative, service, posts, shares)
  SELECT place_id, contract_id, grain, date_trunc(grain, day::timestamp)::date AS first, sum(doctor), sum(nurse), sum(midwife), sum(pharmacist), sum(technician), sum(administrative), sum(service), sum(posts), sum(shares)
  FROM taken, unnest(ARRAY['day', 'month', 'year']) AS grain
  GROUP BY place_id, contract_id, grain, first
  ON CONFLICT (place_id, contract_id, grain, day) DO UPDATE SET doctor = kept.doctor + excluded.doctor, nurse = kept.nurse + excluded.nurse, midwife = kept.midwife + excluded.midwife, pharmacist = kept.pharmacist + excluded.pharmacist, technician = kept.technician + excluded.technician, administrative = kept.administrative + excluded.administrative, service = kept.service + excluded.service, posts = kept.posts + excluded.posts, shares = kept.shares + excluded.shares;
END $$;
REVOKE EXECUTE ON FUNCTION totals.fold() FROM PUBLIC;

-- Brings the totals to what the posts of these people say now. Whoever calls it holds the people's rows, so that of two changes of one
-- person the second sees what the first has written.
CREATE FUNCTION totals.recount(people uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan SET enable_nestloop = on SET jit = off AS $$
DECLARE
  due boolean;
BEGIN
  -- The kept plan is for a few; thousands get one of their own, which never tries every pair.
  IF cardinality(people) > 50 THEN
    PERFORM set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_nestloop', 'off', true);
  END IF;
  WITH now AS MATERIALIZED (
    SELECT * FROM totals.presence(people)
  ), before AS MATERIALIZED (
    SELECT * FROM totals.staff_spans WHERE staff_id = ANY (people)
  ), come AS MATERIALIZED (
    SELECT * FROM now EXCEPT SELECT * FROM before
  ), gone AS MATERIALIZED (
    SELECT * FROM before EXCEPT SELECT * FROM now
  ), places AS MATERIALIZED (
    -- Held, so that nobody moves one to another area meanwhile.
    SELECT id, area_id FROM facilities WHERE id IN (SELECT facility_id FROM come UNION SELECT facility_id FROM gone) FOR SHARE
  ), dropped AS (
    DELETE FROM totals.staff_spans s USING gone g
    WHERE s.staff_id = g.staff_id AND s.from_on = g.from_on AND (g.staff_id, g.from_on) NOT IN (SELECT staff_id, from_on FROM come)
  ), kept AS (
    INSERT INTO totals.staff_spans SELECT * FROM come
    ON CONFLICT (staff_id, from_on) DO UPDATE SET until_on = excluded.until_on, facility_id = excluded.facility_id,
      contract_id = excluded.contract_id, cadre = excluded.cadre, posts = excluded.posts, shares = excluded.shares
  ), turned AS (
    INSERT INTO totals.changes (place_id, contract_id, day, doctor, nurse, midwife, pharmacist, technician, administrative, service, posts, shares)
    SELECT place_id, t.contract_id, day, sum(t.doctor), sum(t.nurse), sum(t.midwife), sum(t.pharmacist), sum(t.technician), sum(t.administrative), sum(t.service), sum(t.held), sum(t.percent)
    FROM (SELECT *, 1 AS sign FROM come UNION ALL SELECT *, -1 FROM gone) AS s JOIN places f ON f.id = s.facility_id,
         LATERAL totals.turns(f.id, s.contract_id, f.area_id, s.cadre, s.posts, s.shares, s.from_on, s.until_on, s.sign) AS t
    GROUP BY place_id, t.contract_id, day
    HAVING (sum(t.doctor), sum(t.nurse), sum(t.midwife), sum(t.pharmacist), sum(t.technician), sum(t.administrative), sum(t.service), sum(t.held), sum(t.percent)) <> (0, 0, 0, 0, 0, 0, 0, 0, 0)
    RETURNING id
  )
  SELECT bool_or(id % 256 = 0) INTO due FROM turned;
  IF due THEN
    PERFORM totals.fold();
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION totals.recount(uuid[]) FROM PUBLIC;

-- Posts that come, change or go. `assignments_shares_…` comes before by its name, and has locked the people.
CREATE FUNCTION totals.follow_posts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM totals.recount(ARRAY(SELECT DISTINCT staff_id FROM added));
  ELSE
    PERFORM totals.recount(ARRAY(SELECT staff_id FROM added UNION SELECT staff_id FROM removed));
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION totals.follow_posts() FROM PUBLIC;
CREATE TRIGGER assignments_totals_insert AFTER INSERT ON assignments REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION totals.follow_posts();
CREATE TRIGGER assignments_totals_update AFTER UPDATE ON assignments REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION totals.follow_posts();

-- People who are retired or restored; the update itself holds their rows.
CREATE FUNCTION totals.follow_staff() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  people uuid[] := ARRAY(SELECT added.id FROM added JOIN removed USING (id) WHERE (added.retired_at IS NULL) <> (removed.retired_at IS NULL));
BEGIN
  IF people <> '{}' THEN
    PERFORM totals.recount(people);
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION totals.follow_staff() FROM PUBLIC;
CREATE TRIGGER staff_totals_update AFTER UPDATE ON staff REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION totals.follow_staff();

-- What there is at a place at the end of a day: the whole, or what a contract pays.
CREATE FUNCTION siraj_totals_at(place uuid, payer uuid, asked date) RETURNS TABLE (doctor bigint, nurse bigint, midwife bigint, pharmacist bigint, technician bigint, administrative bigint, service bigint, posts bigint, shares bigint) LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(doctor), 0)::bigint, coalesce(sum(nurse), 0)::bigint, coalesce(sum(midwife), 0)::bigint, coalesce(sum(pharmacist), 0)::bigint, coalesce(sum(technician), 0)::bigint, coalesce(sum(administrative), 0)::bigint, coalesce(sum(service), 0)::bigint, coalesce(sum(posts), 0)::bigint, coalesce(sum(shares), 0)::bigint FROM (
    SELECT doctor, nurse, midwife, pharmacist, technician, administrative, service, posts, shares FROM totals.days WHERE place_id = place AND contract_id = payer AND grain = 'year' AND day < date_trunc('year', asked::timestamp)::date
    UNION ALL
    SELECT doctor, nurse, midwife, pharmacist, technician, administrative, service, posts, shares FROM totals.days WHERE place_id = place AND contract_id = payer AND grain = 'month' AND day >= date_trunc('year', asked::timestamp)::date
      AND day < date_trunc('month', asked::timestamp)::date
    UNION ALL
    SELECT doctor, nurse, midwife, pharmacist, technician, administrative, service, posts, shares FROM totals.days WHERE place_id = place AND contract_id = payer AND grain = 'day' AND day >= date_trunc('month', asked::timestamp)::date AND day <= asked
    UNION ALL
    SELECT doctor, nurse, midwife, pharmacist, technician, administrative, service, posts, shares FROM totals.changes WHERE place_id = place AND contract_id = payer AND day <= asked
  ) AS rows_up_to_it
$$;

-- A facility that moves takes its totals from its old area to the new one.
CREATE FUNCTION totals.follow_facilities() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO totals.changes (place_id, contract_id, day, doctor, nurse, midwife, pharmacist, technician, administrative, service, posts, shares)
  SELECT w.area_id, '00000000-0000-0000-0000-000000000000', t.day, sum(w.sign * t.doctor), sum(w.sign * t.nurse), sum(w.sign * t.midwife), sum(w.sign * t.pharmacist), sum(w.sign * t.technician), sum(w.sign * t.administrative), sum(w.sign * t.service), sum(w.sign * t.posts), sum(w.sign * t.shares)
  FROM (SELECT place_id, contract_id, day, doctor, nurse, midwife, pharmacist, technician, administrative, service, posts, shares FROM totals.days WHERE grain = 'day'
        UNION ALL SELECT place_id, contract_id, day, doctor, nurse, midwife, pharmacist, technician, administrative, service, posts, shares FROM totals.changes) AS t,
       LATERAL (VALUES (OLD.area_id, -1), (NEW.area_id, 1)) AS w (area_id, sign)
  WHERE t.place_id = NEW.id AND t.contract_id = '00000000-0000-0000-0000-000000000000'
  GROUP BY w.area_id, t.day;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION totals.follow_facilities() FROM PUBLIC;
CREATE TRIGGER facilities_totals_update AFTER UPDATE OF area_id ON facilities FOR EACH ROW
  WHEN (OLD.area_id <> NEW.area_id) EXECUTE FUNCTION totals.follow_facilities();

-- Who is to be counted one by one on a day.
CREATE FUNCTION siraj_scattered_staff(asked date) RETURNS TABLE (staff_id uuid) LANGUAGE sql STABLE AS $$
  SELECT staff_id FROM totals.staff_spans WHERE facility_id IS NULL AND daterange(from_on, until_on) @> asked
$$;

-- Nothing is added up of what was known earlier: there everybody is counted one by one, by the same statement.
CREATE FUNCTION known.siraj_totals_at(place uuid, payer uuid, asked date) RETURNS TABLE (doctor bigint, nurse bigint, midwife bigint, pharmacist bigint, technician bigint, administrative bigint, service bigint, posts bigint, shares bigint) LANGUAGE sql STABLE AS $$
  SELECT 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint WHERE false
$$;
CREATE FUNCTION known.siraj_scattered_staff(asked date) RETURNS TABLE (staff_id uuid) LANGUAGE sql STABLE AS $$
  SELECT id FROM known.staff
$$;

-- Every difference between the totals and what the records say, in a sentence: nothing is believed that can be counted again.
CREATE FUNCTION totals.differences() RETURNS TABLE (told text) LANGUAGE sql STABLE SET enable_nestloop = off SET jit = off AS $$
  WITH counted AS MATERIALIZED (
    SELECT * FROM totals.presence(ARRAY(SELECT DISTINCT staff_id FROM assignments))
  ), turned AS (
    SELECT place_id, t.contract_id, day, ARRAY[sum(doctor), sum(nurse), sum(midwife), sum(pharmacist), sum(technician), sum(administrative), sum(service), sum(held), sum(percent)] AS sums
    FROM counted AS s JOIN facilities f ON f.id = s.facility_id,
         LATERAL totals.turns(f.id, s.contract_id, f.area_id, s.cadre, s.posts, s.shares, s.from_on, s.until_on, 1) AS t
    GROUP BY place_id, t.contract_id, day HAVING (sum(doctor), sum(nurse), sum(midwife), sum(pharmacist), sum(technician), sum(administrative), sum(service), sum(held), sum(percent)) <> (0, 0, 0, 0, 0, 0, 0, 0, 0)
  ), wanted AS (
    SELECT place_id, contract_id, grain, date_trunc(grain, day::timestamp)::date AS first, ARRAY[sum(sums[1])::bigint, sum(sums[2])::bigint, sum(sums[3])::bigint, sum(sums[4])::bigint, sum(sums[5])::bigint, sum(sums[6])::bigint, sum(sums[7])::bigint, sum(sums[8])::bigint, sum(sums[9])::bigint] AS sums
    FROM turned, unnest(ARRAY['day', 'month', 'year']) AS grain GROUP BY 1, 2, 3, 4
  ), kept AS (
    SELECT place_id, contract_id, grain, first, ARRAY[sum(doctor)::bigint, sum(nurse)::bigint, sum(midwife)::bigint, sum(pharmacist)::bigint, sum(technician)::bigint, sum(administrative)::bigint, sum(service)::bigint, sum(posts)::bigint, sum(shares)::bigint] AS sums
    FROM (
      SELECT place_id, contract_id, grain, day AS first, doctor, nurse, midwife, pharmacist, technician, administrative, service, posts, shares FROM totals.days
      UNION ALL
      SELECT place_id, contract_id, grain, date_trunc(grain, day::timestamp)::date, doctor, nurse, midwife, pharmacist, technician, administrative, service, posts, shares FROM totals.changes, unnest(ARRAY['day', 'month', 'year']) AS grain
    ) AS all_rows GROUP BY 1, 2, 3, 4
  )
  SELECT format('person %s from %s: the posts say %s, the stretches kept %s', coalesce(c.staff_id, s.staff_id), coalesce(c.from_on, s.from_on), c, s)
  FROM counted c FULL JOIN totals.staff_spans s ON s.staff_id = c.staff_id AND s.from_on = c.from_on
  WHERE c IS DISTINCT FROM s
  UNION ALL
  SELECT format('place %s, contract %s, %s of %s: the posts say %s, the totals %s', place_id, contract_id, grain, first, w.sums, k.sums)
  FROM wanted w FULL JOIN kept k USING (place_id, contract_id, grain, first)
  WHERE coalesce(w.sums, array_fill(0::bigint, ARRAY[9])) <> coalesce(k.sums, array_fill(0::bigint, ARRAY[9]))
$$;

-- Whether anything that feeds a figure has changed: the sum of these rises with every such change, in the change's own transaction.
-- A writer takes any row that nobody holds, so that nobody waits for anybody.
CREATE TABLE totals.versions (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT versions_pkey PRIMARY KEY,
  version bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 50);
INSERT INTO totals.versions (version) SELECT 1 FROM generate_series(1, 16);
GRANT SELECT ON totals.versions TO siraj_service;
CREATE FUNCTION siraj_figures_version() RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT sum(version)::bigint FROM totals.versions $$;
CREATE FUNCTION totals.turn_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE totals.versions SET version = version + 1
  WHERE id = (SELECT id FROM totals.versions LIMIT 1 FOR UPDATE SKIP LOCKED);
  IF NOT FOUND THEN
    INSERT INTO totals.versions DEFAULT VALUES;
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION totals.turn_version() FROM PUBLIC;
DO $$ DECLARE name text; BEGIN
  FOREACH name IN ARRAY ARRAY['areas', 'facilities', 'facility_status', 'staff', 'assignments', 'projects', 'contracts', 'contract_scopes', 'campaigns',
                              'project_facilities', 'contract_facilities', 'campaign_facilities', 'shipments'] LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION totals.turn_version()', name || '_version', name);
  END LOOP;
END $$;

-- Counts everything anew, as the owner: after rows were loaded without their triggers. Nobody writes posts meanwhile.
CREATE PROCEDURE totals.rebuild() LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE staff, assignments IN SHARE ROW EXCLUSIVE MODE;
  PERFORM pg_advisory_xact_lock(hashtextextended('siraj:totals', 0));
  TRUNCATE totals.staff_spans, totals.changes, totals.days;
  PERFORM totals.recount(ARRAY(SELECT DISTINCT staff_id FROM assignments));
  PERFORM totals.fold();
  UPDATE totals.versions SET version = version + 1;
END $$;
REVOKE EXECUTE ON PROCEDURE totals.rebuild() FROM PUBLIC;
CALL totals.rebuild();

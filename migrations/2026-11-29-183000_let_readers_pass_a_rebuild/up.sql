-- A rebuild of the totals lets readers go on: what TRUNCATE took from them until its end, DELETE leaves as it was. Facilities are locked too:
-- one that moves to another area moves its staff's totals.
CREATE OR REPLACE PROCEDURE totals.rebuild() LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE staff, assignments, facilities IN SHARE ROW EXCLUSIVE MODE;
  PERFORM pg_advisory_xact_lock(hashtextextended('siraj:totals', 0));
  DELETE FROM totals.staff_spans;
  DELETE FROM totals.changes;
  DELETE FROM totals.days;
  PERFORM totals.recount(ARRAY(SELECT DISTINCT staff_id FROM assignments));
  PERFORM totals.fold();
  UPDATE totals.versions SET version = version + 1;
END $$;

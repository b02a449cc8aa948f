CREATE OR REPLACE PROCEDURE totals.rebuild() LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE staff, assignments IN SHARE ROW EXCLUSIVE MODE;
  PERFORM pg_advisory_xact_lock(hashtextextended('siraj:totals', 0));
  TRUNCATE totals.staff_spans, totals.changes, totals.days;
  PERFORM totals.recount(ARRAY(SELECT DISTINCT staff_id FROM assignments));
  PERFORM totals.fold();
  UPDATE totals.versions SET version = version + 1;
END $$;

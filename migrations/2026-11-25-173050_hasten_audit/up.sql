-- The audit of ten thousand rows at once. A plan of the trigger is kept as long as its connection: one that was made for a single row joined the
-- rows before and after by trying every pair, which of ten thousand takes minutes; and each row was written as JSON once a column that is read
-- from it. Now it never tries pairs, and writes each row once.
CREATE OR REPLACE FUNCTION siraj_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET enable_nestloop = off SET jit = off AS $$
DECLARE
  subject text := coalesce(TG_ARGV[0], 'id');
  hidden text[] := coalesce(TG_ARGV[1:], '{}') || 'search'::text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO audit_log (actor_id, resource, record_id, subject_id, action, revision, after)
    SELECT coalesce(a.j ->> 'recorded_by', a.j ->> 'issued_by')::uuid, TG_TABLE_NAME, (a.j ->> 'id')::uuid, (a.j ->> subject)::uuid,
           'created', (a.j ->> 'revision')::bigint, a.j - hidden
    FROM (SELECT to_jsonb(n) AS j FROM added n OFFSET 0) a;
  ELSE
    INSERT INTO audit_log (actor_id, resource, record_id, subject_id, action, revision, before, after)
    SELECT (a.j ->> 'recorded_by')::uuid, TG_TABLE_NAME, (a.j ->> 'id')::uuid, (a.j ->> subject)::uuid,
           CASE WHEN b.j ->> 'retired_at' IS NULL AND a.j ->> 'retired_at' IS NOT NULL THEN 'retired'
                WHEN b.j ->> 'retired_at' IS NOT NULL AND a.j ->> 'retired_at' IS NULL THEN 'restored'
                ELSE 'changed' END,
           (a.j ->> 'revision')::bigint, b.j - hidden, a.j - hidden
    FROM (SELECT id, to_jsonb(n) AS j FROM added n OFFSET 0) a
    JOIN (SELECT id, to_jsonb(o) AS j FROM removed o OFFSET 0) b USING (id);
  END IF;
  RETURN NULL;
END $$;

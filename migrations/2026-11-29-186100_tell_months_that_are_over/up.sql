-- Whatever partners are told of facilities and shipments is of a month that is over, and no two grants of a contract can be held against
-- each other. Keys and deliveries end as they should.

ALTER TABLE share_grants
  DROP CONSTRAINT share_grants_precision_check,
  ADD CONSTRAINT share_grants_precision_check CHECK (precision IN ('area', 'governorate', 'top_area'));
ALTER TABLE share_reads
  DROP CONSTRAINT share_reads_operation_check,
  ADD CONSTRAINT share_reads_operation_check CHECK (operation IN ('facilities', 'figures', 'shipments', 'changes', 'reports'));

-- The area that is told in the place of another: itself, the governorate that it lies in, or the topmost; where no governorate is above it, the topmost.
CREATE FUNCTION siraj_told_area(area uuid, how text) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN how = 'area' THEN area ELSE (
    SELECT a.id FROM area_closure up JOIN areas a ON a.id = up.ancestor_id
    WHERE up.area_id = area AND (a.parent_id IS NULL OR how = 'governorate' AND a.kind = 'governorate')
    ORDER BY a.kind = 'governorate' DESC, a.parent_id IS NULL, a.id LIMIT 1) END
$$;

-- Whether it is open and whether it works is told as of the end of the last month that is over: told by the day, it would say within a
-- minute that a strike has hit.
CREATE OR REPLACE FUNCTION siraj_shared_facilities(asked uuid) RETURNS TABLE (id uuid, content jsonb) LANGUAGE sql STABLE AS $$
  SELECT siraj_shared_id(g.salt, f.id), jsonb_strip_nulls(jsonb_build_object(
    'id', siraj_shared_id(g.salt, f.id),
    'kinds', f.kinds,
    'open', (f.opened_on IS NULL OR f.opened_on <= over.day) AND (f.closed_on IS NULL OR f.closed_on > over.day),
    'area_id', a.id, 'area_code', a.code, 'area_name', a.name,
    'code', CASE WHEN 'facility_names' = ANY (g.fields) THEN f.code END,
    'name', CASE WHEN 'facility_names' = ANY (g.fields) THEN f.name END,
    'name_ar', CASE WHEN 'facility_names' = ANY (g.fields) THEN f.name_ar END,
    'functionality', CASE WHEN 'functionality' = ANY (g.fields) THEN coalesce((
      SELECT s.functionality FROM facility_status s WHERE s.facility_id = f.id AND s.since_on <= over.day AND s.retired_at IS NULL
      ORDER BY s.since_on DESC LIMIT 1), 'unknown') END))
  FROM siraj_open_grants() g
  CROSS JOIN (SELECT date_trunc('month', current_date)::date - 1) AS over (day)
  JOIN facilities f ON f.id IN (SELECT facility_id FROM siraj_granted_facilities(asked)) AND f.retired_at IS NULL
  JOIN areas a ON a.id = siraj_told_area(f.area_id, g.precision)
  WHERE g.id = asked AND 'facilities' = ANY (g.fields)
$$;

-- What was lost, seized or turned back on the way has not arrived, whatever part of it came.
CREATE OR REPLACE FUNCTION siraj_shared_shipments(asked uuid) RETURNS TABLE (id uuid, content jsonb) LANGUAGE sql STABLE AS $$
  SELECT siraj_shared_id(g.salt, s.id), jsonb_strip_nulls(jsonb_build_object(
    'id', siraj_shared_id(g.salt, s.id),
    'arrived_in', to_char(s.received_on, 'YYYY-MM'),
    'facility_id', CASE WHEN 'facilities' = ANY (g.fields) AND own.facility_id IS NOT NULL THEN siraj_shared_id(g.salt, own.facility_id) END))
  FROM siraj_open_grants() g
  JOIN shipments s ON s.contract_id = g.contract_id AND s.retired_at IS NULL
  LEFT JOIN siraj_granted_facilities(asked) own ON own.facility_id = s.facility_id
  WHERE g.id = asked AND 'shipments' = ANY (g.fields)
    AND s.status IN ('received', 'closed') AND s.received_on < date_trunc('month', current_date)::date
    AND (cardinality(g.facility_ids) = 0 OR own.facility_id IS NOT NULL)
$$;

-- What an activation is held against. All grants that ever told numbers of a contract told the same (what was read stays read, so ended ones
-- count); and those that are open tell places and names alike, or one would say what the other keeps. The contract is held, so
-- that of two activations at once the second sees the first.
CREATE OR REPLACE FUNCTION siraj_share_cells_agree() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  counts text[] := ARRAY['facility_counts', 'staff_counts', 'shipment_counts'];
BEGIN
  IF NEW.ends_on < current_date THEN
    RAISE EXCEPTION 'the grant is over before it begins' USING ERRCODE = 'check_violation', CONSTRAINT = 'share_grants_over_check', TABLE = 'share_grants';
  END IF;
  PERFORM FROM contracts WHERE id = NEW.contract_id FOR NO KEY UPDATE;
  IF NEW.fields && counts AND EXISTS (SELECT FROM share_grants g WHERE g.contract_id = NEW.contract_id AND g.id <> NEW.id AND g.status <> 'draft'
             AND g.fields && counts AND g.smallest_cell <> NEW.smallest_cell) THEN
    RAISE EXCEPTION 'another grant of the contract has another smallest cell' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'share_grants_cells_check', TABLE = 'share_grants';
  END IF;
  IF 'facilities' = ANY (NEW.fields) AND EXISTS (SELECT FROM share_grants g WHERE g.contract_id = NEW.contract_id AND g.id <> NEW.id
             AND g.status = 'active' AND g.ends_on >= current_date AND 'facilities' = ANY (g.fields)
             AND (g.precision, 'facility_names' = ANY (g.fields)) <> (NEW.precision, 'facility_names' = ANY (NEW.fields))) THEN
    RAISE EXCEPTION 'another open grant of the contract tells places or names otherwise' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'share_grants_alike_check', TABLE = 'share_grants';
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER share_grants_cells_agree AFTER UPDATE OF status ON share_grants FOR EACH ROW
  WHEN (OLD.status = 'draft' AND NEW.status = 'active') EXECUTE FUNCTION siraj_share_cells_agree();

-- As before, with a name for each of the two things that a key's last day can get wrong.
CREATE OR REPLACE FUNCTION siraj_share_key_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  given record;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.retired_at IS NOT NULL OR to_jsonb(NEW) - '{retired_at,revision,recorded_at,recorded_by}'::text[]
       <> to_jsonb(OLD) - '{retired_at,revision,recorded_at,recorded_by}'::text[] THEN
      RAISE EXCEPTION 'a key is revoked, not changed' USING ERRCODE = 'check_violation', CONSTRAINT = 'share_keys_step_check', TABLE = 'share_keys';
    END IF;
    RETURN NULL;
  END IF;
  SELECT status, ends_on INTO given FROM share_grants WHERE id = NEW.grant_id FOR SHARE;
  IF given.status <> 'active' THEN
    RAISE EXCEPTION 'the grant is not active' USING ERRCODE = 'check_violation', CONSTRAINT = 'share_keys_grant_state_check', TABLE = 'share_keys';
  END IF;
  IF NEW.expires_on < current_date THEN
    RAISE EXCEPTION 'a key that is over' USING ERRCODE = 'check_violation', CONSTRAINT = 'share_keys_over_check', TABLE = 'share_keys';
  END IF;
  IF NEW.expires_on > given.ends_on THEN
    RAISE EXCEPTION 'a key lives within its grant' USING ERRCODE = 'check_violation', CONSTRAINT = 'share_keys_grant_end_check', TABLE = 'share_keys';
  END IF;
  RETURN NULL;
END $$;

-- The open grants that somebody could read through with a key: without one, there is nobody to be told that something changed.
CREATE FUNCTION siraj_heard_grants() RETURNS SETOF share_grants LANGUAGE sql STABLE AS $$
  SELECT g.* FROM siraj_open_grants() g
  WHERE EXISTS (SELECT FROM share_keys k WHERE k.grant_id = g.id AND k.retired_at IS NULL AND k.expires_on >= current_date)
$$;

-- What was sent is kept for 90 days after it ended. A webhook that is disabled keeps what it has missed, to be told of it when it is enabled.
CREATE OR REPLACE TRIGGER webhook_deliveries_kept BEFORE DELETE ON webhook_deliveries FOR EACH ROW
  WHEN ((coalesce(OLD.delivered_at, OLD.given_up_at) < now() - interval '90 days') IS NOT TRUE) EXECUTE FUNCTION siraj_refuse_change();
CREATE INDEX webhook_deliveries_ended_idx ON webhook_deliveries (coalesce(delivered_at, given_up_at)) WHERE next_attempt_at IS NULL;
CREATE FUNCTION siraj_sweep_deliveries() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH swept AS (
    DELETE FROM webhook_deliveries d USING webhooks w
    WHERE w.id = d.webhook_id AND d.next_attempt_at IS NULL AND coalesce(d.delivered_at, d.given_up_at) < now() - interval '90 days'
      AND (d.delivered_at IS NOT NULL OR w.disabled_at IS NULL OR w.retired_at IS NOT NULL)
    RETURNING 1)
  SELECT count(*) FROM swept
$$;
REVOKE EXECUTE ON FUNCTION siraj_sweep_deliveries() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION siraj_sweep_deliveries() TO siraj_service;

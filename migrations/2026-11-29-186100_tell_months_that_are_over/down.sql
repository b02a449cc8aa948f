DROP FUNCTION siraj_sweep_deliveries();
DROP INDEX webhook_deliveries_ended_idx;
CREATE OR REPLACE TRIGGER webhook_deliveries_kept BEFORE DELETE ON webhook_deliveries FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change();
DROP FUNCTION siraj_heard_grants();
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
  IF NEW.expires_on NOT BETWEEN current_date AND given.ends_on THEN
    RAISE EXCEPTION 'a key lives within its grant' USING ERRCODE = 'check_violation', CONSTRAINT = 'share_keys_expires_on_check', TABLE = 'share_keys';
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION siraj_share_cells_agree() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM FROM contracts WHERE id = NEW.contract_id FOR NO KEY UPDATE;
  IF EXISTS (SELECT FROM share_grants g WHERE g.contract_id = NEW.contract_id AND g.id <> NEW.id AND g.status <> 'draft'
             AND g.fields && ARRAY['facility_counts', 'staff_counts', 'shipment_counts'] AND g.smallest_cell <> NEW.smallest_cell) THEN
    RAISE EXCEPTION 'another grant of the contract has another smallest cell' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'share_grants_cells_check', TABLE = 'share_grants';
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION siraj_shared_shipments(asked uuid) RETURNS TABLE (id uuid, content jsonb) LANGUAGE sql STABLE AS $$
  SELECT siraj_shared_id(g.salt, s.id), jsonb_strip_nulls(jsonb_build_object(
    'id', siraj_shared_id(g.salt, s.id),
    'arrived_in', to_char(s.received_on, 'YYYY-MM'),
    'facility_id', CASE WHEN 'facilities' = ANY (g.fields) AND own.facility_id IS NOT NULL THEN siraj_shared_id(g.salt, own.facility_id) END))
  FROM siraj_open_grants() g
  JOIN shipments s ON s.contract_id = g.contract_id AND s.retired_at IS NULL
  LEFT JOIN siraj_granted_facilities(asked) own ON own.facility_id = s.facility_id
  WHERE g.id = asked AND 'shipments' = ANY (g.fields)
    AND s.status NOT IN ('dispatched', 'partially_received') AND s.received_on < date_trunc('month', current_date)::date
    AND (cardinality(g.facility_ids) = 0 OR own.facility_id IS NOT NULL)
$$;
CREATE OR REPLACE FUNCTION siraj_shared_facilities(asked uuid) RETURNS TABLE (id uuid, content jsonb) LANGUAGE sql STABLE AS $$
  SELECT siraj_shared_id(g.salt, f.id), jsonb_strip_nulls(jsonb_build_object(
    'id', siraj_shared_id(g.salt, f.id),
    'kinds', f.kinds,
    'open', (f.opened_on IS NULL OR f.opened_on <= current_date) AND (f.closed_on IS NULL OR f.closed_on > current_date),
    'area_id', a.id, 'area_code', a.code, 'area_name', a.name,
    'code', CASE WHEN 'facility_names' = ANY (g.fields) THEN f.code END,
    'name', CASE WHEN 'facility_names' = ANY (g.fields) THEN f.name END,
    'name_ar', CASE WHEN 'facility_names' = ANY (g.fields) THEN f.name_ar END,
    'functionality', CASE WHEN 'functionality' = ANY (g.fields) THEN coalesce((
      SELECT s.functionality FROM facility_status s WHERE s.facility_id = f.id AND s.since_on <= current_date AND s.retired_at IS NULL
      ORDER BY s.since_on DESC LIMIT 1), 'unknown') END))
  FROM siraj_open_grants() g
  JOIN facilities f ON f.id IN (SELECT facility_id FROM siraj_granted_facilities(asked)) AND f.retired_at IS NULL
  JOIN area_closure up ON up.area_id = f.area_id
  JOIN areas a ON a.id = up.ancestor_id AND CASE g.precision WHEN 'area' THEN a.id = f.area_id ELSE a.parent_id IS NULL END
  WHERE g.id = asked AND 'facilities' = ANY (g.fields)
$$;
CREATE OR REPLACE TRIGGER share_grants_cells_agree AFTER UPDATE OF status ON share_grants FOR EACH ROW
  WHEN (OLD.status = 'draft' AND NEW.status = 'active' AND NEW.fields && ARRAY['facility_counts', 'staff_counts', 'shipment_counts']) EXECUTE FUNCTION siraj_share_cells_agree();
DROP FUNCTION siraj_told_area(uuid, text);
-- What was granted and read meanwhile stays on record.
ALTER TABLE share_reads
  DROP CONSTRAINT share_reads_operation_check,
  ADD CONSTRAINT share_reads_operation_check CHECK (operation IN ('facilities', 'figures', 'shipments', 'changes')) NOT VALID;
ALTER TABLE share_grants
  DROP CONSTRAINT share_grants_precision_check,
  ADD CONSTRAINT share_grants_precision_check CHECK (precision IN ('area', 'top_area')) NOT VALID;

-- What is retired takes no further part, and what others stand on is not retired. Written once, for every reference.

-- A row may not come to name a record that is retired. The record is held, so that nobody retires it meanwhile.
-- Arguments: the column, the table it names, how it is held.
CREATE FUNCTION siraj_refuse_retired() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  named uuid := (to_jsonb(NEW) ->> TG_ARGV[0])::uuid;
  retired boolean;
BEGIN
  IF named IS NULL OR (TG_OP = 'UPDATE' AND named IS NOT DISTINCT FROM (to_jsonb(OLD) ->> TG_ARGV[0])::uuid) THEN
    RETURN NULL;
  END IF;
  EXECUTE format('SELECT retired_at IS NOT NULL FROM %I WHERE id = $1 FOR %s', TG_ARGV[1], TG_ARGV[2]) INTO retired USING named;
  IF retired THEN
    RAISE EXCEPTION '% names a retired record', TG_ARGV[0] USING ERRCODE = 'foreign_key_violation',
      CONSTRAINT = TG_TABLE_NAME || '_' || TG_ARGV[0] || '_retired', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_refuse_retired() FROM PUBLIC;

-- A record may not be retired while others in use name it. Arguments: the table that names it, the column.
CREATE FUNCTION siraj_refuse_retiring() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  held boolean;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I = $1 AND retired_at IS NULL)', TG_ARGV[0], TG_ARGV[1]) INTO held USING NEW.id;
  IF held THEN
    RAISE EXCEPTION 'records of % stand on it', TG_ARGV[0] USING ERRCODE = 'restrict_violation',
      CONSTRAINT = TG_ARGV[0] || '_' || TG_ARGV[1] || '_held', TABLE = TG_ARGV[0];
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_refuse_retiring() FROM PUBLIC;

-- `siraj_refers('assignments', 'staff_id', 'staff', true)`: posts name people in use; whoever has posts is not retired.
-- What a later trigger locks for an update is held so from the start: two who share it first would wait for each other.
CREATE PROCEDURE siraj_refers(name text, reference text, target text, holds boolean, locking text DEFAULT 'SHARE') LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OF %I ON %I FOR EACH ROW EXECUTE FUNCTION siraj_refuse_retired(%L, %L, %L)',
                 name || '_' || reference || '_retired', reference, name, reference, target, locking);
  IF holds THEN
    EXECUTE format('CREATE TRIGGER %I AFTER UPDATE OF retired_at ON %I FOR EACH ROW WHEN (OLD.retired_at IS NULL AND NEW.retired_at IS NOT NULL) EXECUTE FUNCTION siraj_refuse_retiring(%L, %L)',
                   name || '_' || reference || '_held', target, name, reference);
  END IF;
END $$;

CALL siraj_refers('areas', 'parent_id', 'areas', true);
CALL siraj_refers('facilities', 'area_id', 'areas', true);
CALL siraj_refers('facilities', 'operator_id', 'organizations', true);
CALL siraj_refers('staff', 'area_id', 'areas', true);
CALL siraj_refers('assignments', 'staff_id', 'staff', true, 'NO KEY UPDATE');
CALL siraj_refers('assignments', 'facility_id', 'facilities', true);
CALL siraj_refers('assignments', 'contract_id', 'contracts', true);
CALL siraj_refers('projects', 'organization_id', 'organizations', true);
CALL siraj_refers('contracts', 'organization_id', 'organizations', true);
CALL siraj_refers('contracts', 'project_id', 'projects', true);
CALL siraj_refers('contracts', 'renews_id', 'contracts', true, 'NO KEY UPDATE');
CALL siraj_refers('claims', 'campaign_id', 'campaigns', true);
CALL siraj_refers('claims', 'part_of_id', 'claims', true, 'NO KEY UPDATE');
CALL siraj_refers('shipments', 'supplier_id', 'organizations', true);
CALL siraj_refers('shipments', 'facility_id', 'facilities', true);
CALL siraj_refers('shipments', 'campaign_id', 'campaigns', true);
CALL siraj_refers('shipments', 'contract_id', 'contracts', true);
CALL siraj_refers('shipment_lines', 'item_id', 'items', true);
-- A support ends with what it supports; it does not keep it.
CALL siraj_refers('contract_facilities', 'facility_id', 'facilities', false);
CALL siraj_refers('project_facilities', 'facility_id', 'facilities', false);
CALL siraj_refers('campaign_facilities', 'facility_id', 'facilities', false);
CALL siraj_refers('user_areas', 'area_id', 'areas', false);
CALL siraj_refers('users', 'facility_id', 'facilities', false);
CALL siraj_refers('users', 'organization_id', 'organizations', false);

-- What a retired record had for itself is free again. Codes and the spellings of organisations never are: old papers bear them.
ALTER TABLE contracts DROP CONSTRAINT contracts_renews_id_key;
CREATE UNIQUE INDEX contracts_renews_id_key ON contracts (renews_id) WHERE retired_at IS NULL;
ALTER TABLE items DROP CONSTRAINT items_gtin_key;
CREATE UNIQUE INDEX items_gtin_key ON items (gtin) WHERE retired_at IS NULL;
ALTER TABLE areas DROP CONSTRAINT areas_pcode_key;
CREATE UNIQUE INDEX areas_pcode_key ON areas (pcode) WHERE retired_at IS NULL;

CREATE OR REPLACE FUNCTION siraj_contract_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  neighbour record;
BEGIN
  FOR neighbour IN
    SELECT id, organization_id, starts_on FROM contracts
    WHERE (id = NEW.renews_id OR renews_id = NEW.id) AND retired_at IS NULL AND NEW.retired_at IS NULL
    ORDER BY id FOR NO KEY UPDATE
  LOOP
    IF neighbour.organization_id <> NEW.organization_id THEN
      RAISE EXCEPTION 'a renewal is of the same partner' USING ERRCODE = 'check_violation', CONSTRAINT = 'contracts_renews_organization_check', TABLE = 'contracts';
    END IF;
    IF (CASE WHEN neighbour.id = NEW.renews_id THEN neighbour.starts_on >= NEW.starts_on ELSE neighbour.starts_on <= NEW.starts_on END) THEN
      RAISE EXCEPTION 'a renewal starts after what it renews' USING ERRCODE = 'check_violation', CONSTRAINT = 'contracts_renews_order_check', TABLE = 'contracts';
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- The closure of areas is walked in the tree itself: of areas added by one statement the lower may come first.
CREATE OR REPLACE FUNCTION siraj_area_closure() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  -- One tree, one writer: two moves at once could close a circle that neither of them sees.
  PERFORM pg_advisory_xact_lock(hashtextextended('siraj:area_closure', 0));
  IF TG_OP = 'INSERT' THEN
    WITH RECURSIVE above AS (
      SELECT NEW.parent_id AS id WHERE NEW.parent_id IS NOT NULL
      UNION SELECT a.parent_id FROM above JOIN areas a USING (id) WHERE a.parent_id IS NOT NULL
    )
    INSERT INTO area_closure (ancestor_id, area_id) SELECT NEW.id, NEW.id UNION ALL SELECT id, NEW.id FROM above WHERE id <> NEW.id;
    IF EXISTS (SELECT FROM area_closure up JOIN area_closure down ON down.ancestor_id = up.area_id AND down.area_id = up.ancestor_id
               WHERE up.area_id = NEW.id AND up.ancestor_id <> NEW.id) THEN
      RAISE EXCEPTION 'an area cannot lie within itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'areas_parent_check', TABLE = 'areas';
    END IF;
  ELSIF NEW.parent_id IS DISTINCT FROM OLD.parent_id THEN
    IF EXISTS (SELECT FROM area_closure WHERE ancestor_id = NEW.id AND area_id = NEW.parent_id) THEN
      RAISE EXCEPTION 'an area cannot lie within itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'areas_parent_check', TABLE = 'areas';
    END IF;
    DELETE FROM area_closure c USING area_closure below, area_closure above
    WHERE below.ancestor_id = NEW.id AND above.area_id = NEW.id AND above.ancestor_id <> NEW.id
      AND c.area_id = below.area_id AND c.ancestor_id = above.ancestor_id;
    INSERT INTO area_closure (ancestor_id, area_id)
    SELECT above.ancestor_id, below.area_id FROM area_closure above, area_closure below
    WHERE above.area_id = NEW.parent_id AND below.ancestor_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
TRUNCATE area_closure;
WITH RECURSIVE tree AS (
  SELECT id AS ancestor_id, id AS area_id FROM areas
  UNION SELECT tree.ancestor_id, a.id FROM tree JOIN areas a ON a.parent_id = tree.area_id
)
INSERT INTO area_closure SELECT ancestor_id, area_id FROM tree;

-- A support outside of the days of what grants it would never count, and nobody would be told.
-- Arguments: the table of what grants it, the column that names it.
CREATE FUNCTION siraj_support_within() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  granted daterange;
BEGIN
  EXECUTE format('SELECT daterange(starts_on, ends_on, ''[]'') FROM %I WHERE id = $1 FOR SHARE', TG_ARGV[0])
    INTO granted USING (to_jsonb(NEW) ->> TG_ARGV[1])::uuid;
  IF NEW.retired_at IS NULL AND NOT granted && daterange(NEW.starts_on, NEW.ends_on, '[]') THEN
    RAISE EXCEPTION 'a support lies outside of what grants it' USING ERRCODE = 'check_violation', CONSTRAINT = 'support_within_check', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_support_within() FROM PUBLIC;
CREATE TRIGGER contract_facilities_within AFTER INSERT OR UPDATE ON contract_facilities FOR EACH ROW EXECUTE FUNCTION siraj_support_within('contracts', 'contract_id');
CREATE TRIGGER project_facilities_within AFTER INSERT OR UPDATE ON project_facilities FOR EACH ROW EXECUTE FUNCTION siraj_support_within('projects', 'project_id');
CREATE TRIGGER campaign_facilities_within AFTER INSERT OR UPDATE ON campaign_facilities FOR EACH ROW EXECUTE FUNCTION siraj_support_within('campaigns', 'campaign_id');

-- Nor may the days of what grants it be drawn away from under it. Arguments: the supports' table, the column that names it.
CREATE FUNCTION siraj_grant_keeps() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  lost boolean;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I = $1 AND retired_at IS NULL AND NOT $2 && daterange(starts_on, ends_on, ''[]''))', TG_ARGV[0], TG_ARGV[1])
    INTO lost USING NEW.id, daterange(NEW.starts_on, NEW.ends_on, '[]');
  IF lost THEN
    RAISE EXCEPTION 'a support would lie outside of it' USING ERRCODE = 'check_violation', CONSTRAINT = 'support_kept_check', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_grant_keeps() FROM PUBLIC;
CREATE TRIGGER contracts_keep AFTER UPDATE OF starts_on, ends_on ON contracts FOR EACH ROW EXECUTE FUNCTION siraj_grant_keeps('contract_facilities', 'contract_id');
CREATE TRIGGER projects_keep AFTER UPDATE OF starts_on, ends_on ON projects FOR EACH ROW EXECUTE FUNCTION siraj_grant_keeps('project_facilities', 'project_id');
CREATE TRIGGER campaigns_keep AFTER UPDATE OF starts_on, ends_on ON campaigns FOR EACH ROW EXECUTE FUNCTION siraj_grant_keeps('campaign_facilities', 'campaign_id');

-- A contract pays a post on some day at least.
CREATE FUNCTION siraj_post_paid() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM contracts WHERE id = NEW.contract_id AND daterange(starts_on, ends_on, '[]') && daterange(NEW.starts_on, NEW.ends_on, '[]') FOR SHARE) THEN
    RAISE EXCEPTION 'the contract pays no day of the post' USING ERRCODE = 'check_violation', CONSTRAINT = 'assignments_contract_period_check', TABLE = 'assignments';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_post_paid() FROM PUBLIC;
CREATE TRIGGER assignments_paid AFTER INSERT OR UPDATE ON assignments FOR EACH ROW
  WHEN (NEW.contract_id IS NOT NULL AND NEW.retired_at IS NULL) EXECUTE FUNCTION siraj_post_paid();

-- A part is of its whole's campaign, whichever of the two is edited, and a whole is no part of its own.
ALTER TABLE claims ADD CONSTRAINT claims_id_campaign_key UNIQUE (id, campaign_id);
ALTER TABLE claims ADD CONSTRAINT claims_part_of_campaign_fkey FOREIGN KEY (part_of_id, campaign_id) REFERENCES claims (id, campaign_id);
CREATE FUNCTION siraj_claim_parts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  upper uuid := NEW.part_of_id;
BEGIN
  WHILE upper IS NOT NULL LOOP
    IF upper = NEW.id THEN
      RAISE EXCEPTION 'a claim is no part of itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'claims_part_of_check', TABLE = 'claims';
    END IF;
    SELECT part_of_id INTO upper FROM claims WHERE id = upper FOR NO KEY UPDATE;
  END LOOP;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_claim_parts() FROM PUBLIC;
CREATE TRIGGER claims_parts AFTER INSERT OR UPDATE OF part_of_id ON claims FOR EACH ROW EXECUTE FUNCTION siraj_claim_parts();

-- A wrong point of change can be taken back.
ALTER TABLE facility_status ADD COLUMN retired_at timestamptz;
ALTER TABLE facility_status DROP CONSTRAINT facility_status_since_on_key;
CREATE UNIQUE INDEX facility_status_since_on_key ON facility_status (facility_id, since_on) WHERE retired_at IS NULL;
ALTER TABLE area_access ADD COLUMN retired_at timestamptz;
ALTER TABLE area_access DROP CONSTRAINT area_access_since_on_key;
CREATE UNIQUE INDEX area_access_since_on_key ON area_access (area_id, since_on) WHERE retired_at IS NULL;

-- Whoever invites or lets a password be reset has opened an account's door: it stands in the user's history.
CREATE OR REPLACE FUNCTION siraj_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  subject text := coalesce(TG_ARGV[0], 'id');
  hidden text[] := coalesce(TG_ARGV[1:], '{}') || 'search'::text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO audit_log (actor_id, resource, record_id, subject_id, action, revision, after)
    SELECT coalesce(a.j ->> 'recorded_by', a.j ->> 'issued_by')::uuid, TG_TABLE_NAME, (a.j ->> 'id')::uuid, (a.j ->> subject)::uuid,
           'created', (a.j ->> 'revision')::bigint, a.j - hidden
    FROM (SELECT to_jsonb(n) AS j FROM added n) a;
  ELSE
    INSERT INTO audit_log (actor_id, resource, record_id, subject_id, action, revision, before, after)
    SELECT (a.j ->> 'recorded_by')::uuid, TG_TABLE_NAME, (a.j ->> 'id')::uuid, (a.j ->> subject)::uuid,
           CASE WHEN b.j ->> 'retired_at' IS NULL AND a.j ->> 'retired_at' IS NOT NULL THEN 'retired'
                WHEN b.j ->> 'retired_at' IS NOT NULL AND a.j ->> 'retired_at' IS NULL THEN 'restored'
                ELSE 'changed' END,
           (a.j ->> 'revision')::bigint, b.j - hidden, a.j - hidden
    FROM (SELECT id, to_jsonb(n) AS j FROM added n) a
    JOIN (SELECT id, to_jsonb(o) AS j FROM removed o) b USING (id);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER user_tickets_audit_insert AFTER INSERT ON user_tickets REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_audit('user_id', 'token_hash');

-- What has served its time is swept away.
GRANT DELETE ON refresh_tokens TO siraj_service;

-- Words that fold to nothing find nothing.
CREATE OR REPLACE FUNCTION siraj_pattern(typed text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE siraj_fold(typed) WHEN '' THEN '' ELSE '%' || replace(replace(replace(siraj_fold(typed), '\', '\\'), '%', '\%'), '_', '\_') || '%' END
$$;

-- Nothing works before it is open, whichever of the two is edited.
CREATE FUNCTION siraj_status_after_opening() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  PERFORM FROM facilities WHERE id = NEW.facility_id FOR SHARE;
  IF EXISTS (SELECT FROM facilities WHERE id = NEW.facility_id AND opened_on > NEW.since_on) THEN
    RAISE EXCEPTION 'a state before the opening' USING ERRCODE = 'check_violation', CONSTRAINT = 'facility_status_since_on_order_check', TABLE = 'facility_status';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_status_after_opening() FROM PUBLIC;
CREATE TRIGGER facility_status_opening AFTER INSERT ON facility_status FOR EACH ROW EXECUTE FUNCTION siraj_status_after_opening();
CREATE FUNCTION siraj_opening_before_status() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  IF EXISTS (SELECT FROM facility_status WHERE facility_id = NEW.id AND since_on < NEW.opened_on AND retired_at IS NULL) THEN
    RAISE EXCEPTION 'an opening behind a state' USING ERRCODE = 'check_violation', CONSTRAINT = 'facilities_opened_on_order_check', TABLE = 'facilities';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_opening_before_status() FROM PUBLIC;
CREATE TRIGGER facilities_opening AFTER UPDATE OF opened_on ON facilities FOR EACH ROW
  WHEN (NEW.opened_on IS DISTINCT FROM OLD.opened_on) EXECUTE FUNCTION siraj_opening_before_status();

-- That somebody looked stands in the record's history; why is for the auditor alone.
DROP TRIGGER reveals_audit_insert ON reveals;
CREATE TRIGGER reveals_audit_insert AFTER INSERT ON reveals REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION siraj_audit('record_id', 'reason');

-- What runs with the owner's rights never meets a temporary table that somebody has put in the place of a real one.
DO $$ DECLARE f regprocedure; BEGIN
  FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, public, pg_temp', f);
  END LOOP;
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$;

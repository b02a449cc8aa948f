DO $$ BEGIN
  EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database());
END $$;
DROP TRIGGER reveals_audit_insert ON reveals;
CREATE TRIGGER reveals_audit_insert AFTER INSERT ON reveals REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION siraj_audit('record_id');
DROP TRIGGER facilities_opening ON facilities;
DROP FUNCTION siraj_opening_before_status();
DROP TRIGGER facility_status_opening ON facility_status;
DROP FUNCTION siraj_status_after_opening();
CREATE OR REPLACE FUNCTION siraj_pattern(typed text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT '%' || replace(replace(replace(siraj_fold(typed), '\', '\\'), '%', '\%'), '_', '\_') || '%'
$$;
REVOKE DELETE ON refresh_tokens FROM siraj_service;
DROP TRIGGER user_tickets_audit_insert ON user_tickets;
CREATE OR REPLACE FUNCTION siraj_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  subject text := coalesce(TG_ARGV[0], 'id');
  hidden text[] := coalesce(TG_ARGV[1:], '{}') || 'search'::text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO audit_log (actor_id, resource, record_id, subject_id, action, revision, after)
    SELECT (a.j ->> 'recorded_by')::uuid, TG_TABLE_NAME, (a.j ->> 'id')::uuid, (a.j ->> subject)::uuid,
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
-- Points that were taken back would stand again: the way back is closed while there are any.
DROP INDEX area_access_since_on_key;
ALTER TABLE area_access DROP COLUMN retired_at, ADD CONSTRAINT area_access_since_on_key UNIQUE (area_id, since_on);
DROP INDEX facility_status_since_on_key;
ALTER TABLE facility_status DROP COLUMN retired_at, ADD CONSTRAINT facility_status_since_on_key UNIQUE (facility_id, since_on);
DROP TRIGGER claims_parts ON claims;
DROP FUNCTION siraj_claim_parts();
ALTER TABLE claims DROP CONSTRAINT claims_part_of_campaign_fkey;
ALTER TABLE claims DROP CONSTRAINT claims_id_campaign_key;
DROP TRIGGER assignments_paid ON assignments;
DROP FUNCTION siraj_post_paid();
DROP TRIGGER campaigns_keep ON campaigns;
DROP TRIGGER projects_keep ON projects;
DROP TRIGGER contracts_keep ON contracts;
DROP FUNCTION siraj_grant_keeps();
DROP TRIGGER campaign_facilities_within ON campaign_facilities;
DROP TRIGGER project_facilities_within ON project_facilities;
DROP TRIGGER contract_facilities_within ON contract_facilities;
DROP FUNCTION siraj_support_within();
CREATE OR REPLACE FUNCTION siraj_area_closure() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  -- One tree, one writer: two moves at once could close a circle that neither of them sees.
  PERFORM pg_advisory_xact_lock(hashtextextended('siraj:area_closure', 0));
  IF TG_OP = 'INSERT' THEN
    INSERT INTO area_closure (ancestor_id, area_id)
    SELECT NEW.id, NEW.id UNION SELECT ancestor_id, NEW.id FROM area_closure WHERE area_id = NEW.parent_id;
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
CREATE OR REPLACE FUNCTION siraj_contract_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  neighbour record;
BEGIN
  FOR neighbour IN
    SELECT id, organization_id, starts_on FROM contracts WHERE id = NEW.renews_id OR renews_id = NEW.id ORDER BY id FOR NO KEY UPDATE
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
DROP INDEX areas_pcode_key;
ALTER TABLE areas ADD CONSTRAINT areas_pcode_key UNIQUE (pcode);
DROP INDEX items_gtin_key;
ALTER TABLE items ADD CONSTRAINT items_gtin_key UNIQUE (gtin);
DROP INDEX contracts_renews_id_key;
ALTER TABLE contracts ADD CONSTRAINT contracts_renews_id_key UNIQUE (renews_id);
DROP PROCEDURE siraj_refers(text, text, text, boolean, text);
DROP FUNCTION siraj_refuse_retiring() CASCADE;
DROP FUNCTION siraj_refuse_retired() CASCADE;

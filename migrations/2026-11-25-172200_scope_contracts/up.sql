-- What a contract is for beside the facilities it names: whole areas, cadres, categories of items, each with its days.

CREATE TABLE contract_scopes (
  id uuid CONSTRAINT contract_scopes_pkey PRIMARY KEY,
  contract_id uuid NOT NULL CONSTRAINT contract_scopes_contract_id_fkey REFERENCES contracts,
  -- One of these.
  area_id uuid CONSTRAINT contract_scopes_area_id_fkey REFERENCES areas,
  cadre text CONSTRAINT contract_scopes_cadre_check CHECK (cadre IN ('doctor', 'nurse', 'midwife', 'pharmacist', 'technician', 'administrative', 'service')),
  item_category text CONSTRAINT contract_scopes_item_category_check CHECK (item_category IN
    ('equipment', 'emergency_consumables', 'medicines', 'anaesthetics', 'laboratory_kits', 'satellite_and_radio', 'fuel', 'food_and_relief')),
  -- Open days are the contract's own.
  starts_on date CONSTRAINT contract_scopes_starts_on_check CHECK (starts_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ends_on date CONSTRAINT contract_scopes_ends_on_check CHECK (ends_on BETWEEN '2011-01-01' AND '2100-01-01'),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT contract_scopes_recorded_by_fkey REFERENCES users,
  CONSTRAINT contract_scopes_one_check CHECK (num_nonnulls(area_id, cadre, item_category) = 1),
  CONSTRAINT contract_scopes_period_check CHECK (ends_on >= starts_on),
  CONSTRAINT contract_scopes_period_excl EXCLUDE USING gist (contract_id WITH =, (coalesce(area_id::text, cadre, item_category)) WITH =,
    daterange(starts_on, ends_on, '[]') WITH &&) WHERE (retired_at IS NULL)
);
CREATE INDEX contract_scopes_area_idx ON contract_scopes (area_id);
CALL siraj_register('contract_scopes', 'contract_id');
CALL siraj_refers('contract_scopes', 'contract_id', 'contracts', true);
CALL siraj_refers('contract_scopes', 'area_id', 'areas', true);
CREATE TRIGGER contract_scopes_within AFTER INSERT OR UPDATE ON contract_scopes FOR EACH ROW EXECUTE FUNCTION siraj_support_within('contracts', 'contract_id');
CREATE TRIGGER contracts_keep_scopes AFTER UPDATE OF starts_on, ends_on ON contracts FOR EACH ROW EXECUTE FUNCTION siraj_grant_keeps('contract_scopes', 'contract_id');

-- An area in scope supports the facilities that stand in it or below it.
CREATE OR REPLACE VIEW facility_support WITH (security_invoker = true) AS
  SELECT s.facility_id, s.contract_id, c.project_id, NULL::uuid AS campaign_id, c.organization_id,
         daterange(c.starts_on, c.ends_on, '[]') * daterange(s.starts_on, s.ends_on, '[]') AS period
  FROM contract_facilities s JOIN contracts c ON c.id = s.contract_id
  WHERE s.retired_at IS NULL AND c.retired_at IS NULL
UNION ALL
  SELECT s.facility_id, NULL, p.id, NULL, p.organization_id,
         daterange(p.starts_on, p.ends_on, '[]') * daterange(s.starts_on, s.ends_on, '[]')
  FROM project_facilities s JOIN projects p ON p.id = s.project_id
  WHERE s.retired_at IS NULL AND p.retired_at IS NULL
UNION ALL
  SELECT s.facility_id, NULL, NULL, c.id, NULL,
         daterange(c.starts_on, c.ends_on, '[]') * daterange(s.starts_on, s.ends_on, '[]')
  FROM campaign_facilities s JOIN campaigns c ON c.id = s.campaign_id
  WHERE s.retired_at IS NULL AND c.retired_at IS NULL
UNION ALL
  SELECT f.id, s.contract_id, c.project_id, NULL, c.organization_id,
         daterange(c.starts_on, c.ends_on, '[]') * daterange(s.starts_on, s.ends_on, '[]')
  FROM contract_scopes s JOIN contracts c ON c.id = s.contract_id
  JOIN area_closure t ON t.ancestor_id = s.area_id JOIN facilities f ON f.area_id = t.area_id
  WHERE s.retired_at IS NULL AND c.retired_at IS NULL AND f.retired_at IS NULL;

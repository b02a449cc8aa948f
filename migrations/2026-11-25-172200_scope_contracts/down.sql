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
  WHERE s.retired_at IS NULL AND c.retired_at IS NULL;
DROP TRIGGER contracts_keep_scopes ON contracts;
DROP TRIGGER contract_scopes_contract_id_held ON contracts;
DROP TRIGGER contract_scopes_area_id_held ON areas;
DROP TABLE contract_scopes;

-- Reports of supplies and of money; a duty to a partner that a report fulfils.

ALTER TABLE report_definitions
  DROP CONSTRAINT report_definitions_kind_check,
  ADD CONSTRAINT report_definitions_kind_check CHECK (kind IN ('figures', 'reconciliation', 'staffing', 'supplies', 'spending')),
  -- Money is told of contracts: no campaign and no area has a budget.
  ADD CONSTRAINT report_definitions_spending_check CHECK (kind <> 'spending' OR num_nonnulls(campaign_id, area_id) = 0);
ALTER TABLE published_reports
  DROP CONSTRAINT published_reports_kind_check,
  ADD CONSTRAINT published_reports_kind_check CHECK (kind IN ('figures', 'reconciliation', 'staffing', 'supplies', 'spending'));

ALTER TABLE reporting_duties
  ADD COLUMN report_definition_id uuid CONSTRAINT reporting_duties_report_definition_id_fkey REFERENCES report_definitions;
CREATE INDEX reporting_duties_report_definition_idx ON reporting_duties (report_definition_id);
CALL siraj_refers('reporting_duties', 'report_definition_id', 'report_definitions', true);
CALL siraj_remember('reporting_duties');

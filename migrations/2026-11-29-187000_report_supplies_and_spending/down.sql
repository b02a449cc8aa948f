CALL siraj_forget('reporting_duties');
DROP TRIGGER reporting_duties_report_definition_id_held ON report_definitions;
DROP TRIGGER reporting_duties_report_definition_id_retired ON reporting_duties;
ALTER TABLE reporting_duties DROP COLUMN report_definition_id;
ALTER TABLE history.reporting_duties DROP COLUMN report_definition_id;
CALL siraj_remember('reporting_duties');

-- What was published stays, of whatever kind; nothing new of these kinds is taken.
ALTER TABLE published_reports
  DROP CONSTRAINT published_reports_kind_check,
  ADD CONSTRAINT published_reports_kind_check CHECK (kind IN ('figures', 'reconciliation', 'staffing')) NOT VALID;
ALTER TABLE report_definitions
  DROP CONSTRAINT report_definitions_spending_check,
  DROP CONSTRAINT report_definitions_kind_check,
  ADD CONSTRAINT report_definitions_kind_check CHECK (kind IN ('figures', 'reconciliation', 'staffing')) NOT VALID;

DROP TABLE published_reports;
DROP FUNCTION siraj_publish();
CALL siraj_forget('report_definitions');
DROP TABLE history.report_definitions;
DROP TRIGGER report_definitions_campaign_id_held ON campaigns;
DROP TRIGGER report_definitions_contract_id_held ON contracts;
DROP TRIGGER report_definitions_area_id_held ON areas;
DROP TABLE report_definitions;

CALL siraj_forget('organizations');
ALTER TABLE organizations DROP COLUMN form, DROP COLUMN iati_identifier;
ALTER TABLE history.organizations DROP COLUMN form, DROP COLUMN iati_identifier;
CALL siraj_remember('organizations');

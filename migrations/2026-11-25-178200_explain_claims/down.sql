CALL siraj_forget('claims');
DROP TRIGGER claims_reopen ON claims;
DROP FUNCTION siraj_reopen_claim();
ALTER TABLE claims DROP COLUMN explanation, DROP COLUMN state;
ALTER TABLE history.claims DROP COLUMN explanation, DROP COLUMN state;
CALL siraj_remember('claims');

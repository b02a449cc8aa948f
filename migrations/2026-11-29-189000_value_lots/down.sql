CALL siraj_forget('lots');
ALTER TABLE lots DROP COLUMN unit_value, DROP COLUMN currency;
ALTER TABLE history.lots DROP COLUMN unit_value, DROP COLUMN currency;
CALL siraj_remember('lots');

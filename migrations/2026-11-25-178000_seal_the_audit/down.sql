DROP FUNCTION siraj_seal_audit();
DROP FUNCTION siraj_writers();
DROP TABLE audit_seals;

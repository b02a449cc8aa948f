ALTER FUNCTION siraj_supersede() SET search_path = public;
DROP FUNCTION siraj_seal_audit();
DROP FUNCTION siraj_writers();
DROP TABLE audit_seals;

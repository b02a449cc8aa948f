DROP TABLE assignments, staff_identities, staff;
DROP FUNCTION siraj_lock_assigned_staff;

DROP TABLE repair_jobs;
DROP TRIGGER equipment_units_item_id_held ON items;
DROP TABLE equipment_units;
DROP FUNCTION siraj_unit_made();
DROP FUNCTION siraj_repair_begins();
DROP FUNCTION siraj_unit_ends();
DROP FUNCTION siraj_repair_steps();

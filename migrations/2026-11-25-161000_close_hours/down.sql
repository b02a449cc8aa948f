DROP TRIGGER generator_hours_closed_update ON generator_hours;
DROP TRIGGER generator_hours_closed_insert ON generator_hours;
DROP FUNCTION siraj_hours_closed();

DROP FUNCTION siraj_monthly_cost(uuid, text, uuid, integer, date);
DROP FUNCTION siraj_stipend_scale(uuid, text, uuid, date);
-- The triggers that held contracts and areas for it.
DROP TRIGGER stipend_scales_contract_id_held ON contracts;
DROP TRIGGER stipend_scales_area_id_held ON areas;
DROP TABLE stipend_scales;

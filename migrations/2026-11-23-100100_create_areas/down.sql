DROP TABLE area_access, area_closure, areas, users CASCADE;
DROP FUNCTION siraj_area_closure;

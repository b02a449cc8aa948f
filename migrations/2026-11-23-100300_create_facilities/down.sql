ALTER TABLE users DROP CONSTRAINT users_facility_id_fkey;
DROP TABLE project_facilities, reveals, facility_locations, facility_status, facilities;

ALTER TABLE users DROP CONSTRAINT users_organization_id_fkey;
DROP TABLE projects, organization_names, organizations;
DROP FUNCTION siraj_organization_names;

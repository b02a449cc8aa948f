DO $$ DECLARE name text; BEGIN
  FOREACH name IN ARRAY ARRAY['areas', 'facilities', 'facility_status', 'staff', 'assignments', 'projects', 'contracts', 'contract_scopes', 'campaigns',
                              'project_facilities', 'contract_facilities', 'campaign_facilities', 'shipments'] LOOP
    EXECUTE format('DROP TRIGGER %I ON %I', name || '_version', name);
  END LOOP;
END $$;
DROP TRIGGER facilities_totals_update ON facilities;
DROP TRIGGER staff_totals_update ON staff;
DROP TRIGGER assignments_totals_update ON assignments;
DROP TRIGGER assignments_totals_insert ON assignments;
DROP FUNCTION known.siraj_scattered_staff(date);
DROP FUNCTION known.siraj_totals_at(uuid, uuid, date);
DROP FUNCTION siraj_figures_version();
DROP FUNCTION siraj_scattered_staff(date);
DROP FUNCTION siraj_totals_at(uuid, uuid, date);
DROP SCHEMA totals CASCADE;
DROP FUNCTION siraj_held_posts();

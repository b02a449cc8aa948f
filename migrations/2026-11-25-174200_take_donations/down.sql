DROP TRIGGER campaigns_window ON campaigns;
DROP FUNCTION siraj_keep_campaign_window();
DROP TABLE donations;
DROP FUNCTION siraj_judge_gift_in_kind();
DROP FUNCTION siraj_judge_donation();
DROP FUNCTION siraj_campaign_raised(uuid, date);
DROP TABLE donor_identities;
DROP TRIGGER donors_organization_id_held ON organizations;
DROP TABLE donors;
ALTER TABLE reveals DROP CONSTRAINT reveals_resource_check,
  ADD CONSTRAINT reveals_resource_check CHECK (resource IN ('facility_location', 'staff_identity'));

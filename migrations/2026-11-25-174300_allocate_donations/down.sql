DROP TRIGGER donations_keep_allocated ON donations;
DROP FUNCTION siraj_keep_allocated();
DROP TABLE campaign_allocations;
DROP FUNCTION siraj_judge_allocation();
DROP FUNCTION siraj_campaign_allocated(uuid);

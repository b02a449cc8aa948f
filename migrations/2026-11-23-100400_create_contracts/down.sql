DROP TABLE claims, campaign_facilities, campaigns, contract_facilities, contracts;
DROP FUNCTION siraj_contract_chain;

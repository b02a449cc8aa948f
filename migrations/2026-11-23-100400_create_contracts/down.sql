DROP TABLE claims, campaign_facilities, campaigns, contract_facilities, contracts;

DROP VIEW facility_support;

CALL siraj_forget('facility_conversions');
DROP TABLE facility_conversions;
DROP TABLE history.facility_conversions;
DROP FUNCTION siraj_conversions_in_order();

DROP TABLE staff_distinctions;
DROP TABLE staff_match_keys;

DROP TRIGGER requisitions_facility_id_held ON facilities;
DROP TRIGGER requisition_lines_item_id_held ON items;
DROP TABLE requisition_lines, requisitions;

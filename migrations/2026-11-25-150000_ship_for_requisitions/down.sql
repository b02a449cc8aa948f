DROP TRIGGER shipments_answers ON shipments;
DROP FUNCTION siraj_shipment_answers();
DROP TRIGGER shipments_requisition_id_retired ON shipments;
ALTER TABLE shipments DROP COLUMN requisition_id;

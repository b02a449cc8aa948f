DROP TABLE shipment_legs, shipment_discrepancies, shipment_receipt_documents, shipment_receipt_lines, shipment_receipts, shipment_contents CASCADE;
DROP TRIGGER stock_documents_road ON stock_documents;
DROP FUNCTION siraj_discrepancies_explain(), siraj_road_is_the_shipments(), siraj_contents_on_the_road(), siraj_contents_keep(),
  siraj_contents_reserve(), siraj_reserve(uuid[], bigint[], uuid[]), siraj_hold_for_packing(uuid), siraj_contents_usable();
DROP TRIGGER shipments_at_rest ON shipments;
DROP TRIGGER shipments_places ON shipments;
DROP FUNCTION siraj_shipment_at_rest(), siraj_shipment_places();
DROP TRIGGER shipment_lines_lot_id_retired ON shipment_lines;
DROP INDEX shipment_lines_lot_key;
ALTER TABLE shipment_lines DROP COLUMN lot_id,
  ADD COLUMN lot_number text CONSTRAINT shipment_lines_lot_number_check CHECK (length(lot_number) BETWEEN 1 AND 40),
  ADD COLUMN expires_on date CONSTRAINT shipment_lines_expires_on_check CHECK (expires_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ADD COLUMN accepted_quantity bigint CONSTRAINT shipment_lines_accepted_check CHECK (accepted_quantity BETWEEN 0 AND 1000000000000),
  ADD COLUMN rejected_quantity bigint CONSTRAINT shipment_lines_rejected_check CHECK (rejected_quantity BETWEEN 0 AND 1000000000000),
  ADD CONSTRAINT shipment_lines_receipt_check CHECK ((accepted_quantity IS NULL) = (rejected_quantity IS NULL)),
  ADD CONSTRAINT shipment_lines_identity_check CHECK (accepted_quantity + rejected_quantity <= quantity);
CREATE UNIQUE INDEX shipment_lines_lot_key ON shipment_lines (shipment_id, item_id, coalesce(lot_number, '')) WHERE retired_at IS NULL;
DROP TRIGGER shipments_from_id_retired ON shipments;
DROP TRIGGER shipments_to_id_retired ON shipments;
ALTER TABLE shipments
  DROP CONSTRAINT shipments_closed_order_check, DROP CONSTRAINT shipments_packed_order_check, DROP CONSTRAINT shipments_closed_check,
  DROP CONSTRAINT shipments_received_check, DROP CONSTRAINT shipments_dispatched_check, DROP CONSTRAINT shipments_packed_check,
  DROP CONSTRAINT shipments_status_check, DROP CONSTRAINT shipments_to_id_check, DROP CONSTRAINT shipments_transit_check,
  DROP COLUMN from_id, DROP COLUMN to_id, DROP COLUMN packed_on, DROP COLUMN closed_on, DROP COLUMN transit_id,
  ALTER COLUMN facility_id SET NOT NULL,
  ADD CONSTRAINT shipments_status_check CHECK (status IN ('draft', 'dispatched', 'received', 'cancelled')),
  ADD CONSTRAINT shipments_dispatched_check CHECK ((status IN ('dispatched', 'received')) = (dispatched_on IS NOT NULL)),
  ADD CONSTRAINT shipments_received_check CHECK ((status = 'received') = (received_on IS NOT NULL));
ALTER TABLE lots DROP CONSTRAINT lots_id_item_key;
CREATE OR REPLACE FUNCTION siraj_location_keeps() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.retired_at IS NOT NULL AND EXISTS (SELECT FROM stock_balances WHERE location_id = NEW.id AND quantity > 0) THEN
    RAISE EXCEPTION 'something lies there' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'stock_balances_location_id_held', TABLE = 'stock_balances';
  END IF;
  IF NOT OLD.holds THEN
    RAISE EXCEPTION 'the accounts of the world outside stay' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'stock_locations_account_held', TABLE = 'stock_locations';
  END IF;
  RETURN NULL;
END $$;

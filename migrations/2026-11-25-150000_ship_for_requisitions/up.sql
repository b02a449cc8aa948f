-- A shipment may answer a requisition: of the facility that asked.
ALTER TABLE shipments ADD COLUMN requisition_id uuid CONSTRAINT shipments_requisition_id_fkey REFERENCES requisitions;
CREATE INDEX shipments_requisition_idx ON shipments (requisition_id) WHERE requisition_id IS NOT NULL;
CALL siraj_refers('shipments', 'requisition_id', 'requisitions', false);
CREATE FUNCTION siraj_shipment_answers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM requisitions WHERE id = NEW.requisition_id AND facility_id = NEW.facility_id) THEN
    RAISE EXCEPTION 'another facility asked for that' USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'shipments_requisition_id_fkey', TABLE = 'shipments';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_shipment_answers() FROM PUBLIC;
CREATE TRIGGER shipments_answers AFTER INSERT OR UPDATE OF requisition_id, to_id ON shipments FOR EACH ROW
  WHEN (NEW.requisition_id IS NOT NULL) EXECUTE FUNCTION siraj_shipment_answers();

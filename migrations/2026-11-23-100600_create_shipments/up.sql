CREATE TABLE items (
  id uuid CONSTRAINT items_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT items_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  name text NOT NULL CONSTRAINT items_name_check CHECK (length(name) BETWEEN 1 AND 200),
  name_ar text CONSTRAINT items_name_ar_check CHECK (length(name_ar) BETWEEN 1 AND 200),
  synonyms text[] NOT NULL DEFAULT '{}' CONSTRAINT items_synonyms_check CHECK (cardinality(synonyms) <= 20 AND siraj_words_distinct(synonyms)),
  category text NOT NULL CONSTRAINT items_category_check CHECK (category IN
    ('equipment', 'emergency_consumables', 'medicines', 'anaesthetics', 'laboratory_kits', 'satellite_and_radio', 'fuel', 'food_and_relief')),
  -- The smallest unit that is counted; every quantity is a whole number of it.
  base_unit text NOT NULL CONSTRAINT items_base_unit_check CHECK (length(base_unit) BETWEEN 1 AND 40),
  atc_code text CONSTRAINT items_atc_code_check CHECK (atc_code ~ '^[A-Z][0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?$'),
  gtin text CONSTRAINT items_gtin_check CHECK (gtin ~ '^([0-9]{8}|[0-9]{12,14})$'),
  controlled boolean NOT NULL DEFAULT false,
  cold_chain boolean NOT NULL DEFAULT false,
  expiry_tracked boolean NOT NULL DEFAULT true,
  search text GENERATED ALWAYS AS (siraj_search(VARIADIC ARRAY[code, name, name_ar, atc_code, gtin] || synonyms)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT items_recorded_by_fkey REFERENCES users,
  CONSTRAINT items_code_key UNIQUE (code),
  CONSTRAINT items_gtin_key UNIQUE (gtin)
);
CREATE INDEX items_search_idx ON items USING gin (search gin_trgm_ops);
CALL siraj_register('items', 'id');

CREATE TABLE shipments (
  id uuid CONSTRAINT shipments_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT shipments_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  supplier_id uuid CONSTRAINT shipments_supplier_id_fkey REFERENCES organizations,
  facility_id uuid NOT NULL CONSTRAINT shipments_facility_id_fkey REFERENCES facilities,
  campaign_id uuid CONSTRAINT shipments_campaign_id_fkey REFERENCES campaigns,
  contract_id uuid CONSTRAINT shipments_contract_id_fkey REFERENCES contracts,
  -- The later states of a shipment's life join this list with the supplies' ledger.
  status text NOT NULL DEFAULT 'draft' CONSTRAINT shipments_status_check CHECK (status IN ('draft', 'dispatched', 'received', 'cancelled')),
  planned_on date CONSTRAINT shipments_planned_on_check CHECK (planned_on BETWEEN '2011-01-01' AND '2100-01-01'),
  dispatched_on date CONSTRAINT shipments_dispatched_on_check CHECK (dispatched_on BETWEEN '2011-01-01' AND '2100-01-01'),
  received_on date CONSTRAINT shipments_received_on_check CHECK (received_on BETWEEN '2011-01-01' AND '2100-01-01'),
  note text CONSTRAINT shipments_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  search text GENERATED ALWAYS AS (siraj_search(code, note)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT shipments_recorded_by_fkey REFERENCES users,
  CONSTRAINT shipments_code_key UNIQUE (code),
  CONSTRAINT shipments_dispatched_check CHECK ((status IN ('dispatched', 'received')) = (dispatched_on IS NOT NULL)),
  CONSTRAINT shipments_received_check CHECK ((status = 'received') = (received_on IS NOT NULL)),
  CONSTRAINT shipments_order_check CHECK (received_on >= dispatched_on)
);
CREATE INDEX shipments_facility_idx ON shipments (facility_id);
CREATE INDEX shipments_campaign_idx ON shipments (campaign_id);
CREATE INDEX shipments_contract_idx ON shipments (contract_id);
CREATE INDEX shipments_search_idx ON shipments USING gin (search gin_trgm_ops);
CALL siraj_register('shipments', 'id');

CREATE TABLE shipment_lines (
  id uuid CONSTRAINT shipment_lines_pkey PRIMARY KEY,
  shipment_id uuid NOT NULL CONSTRAINT shipment_lines_shipment_id_fkey REFERENCES shipments,
  line integer NOT NULL CONSTRAINT shipment_lines_line_check CHECK (line BETWEEN 1 AND 500),
  item_id uuid NOT NULL CONSTRAINT shipment_lines_item_id_fkey REFERENCES items,
  lot_number text CONSTRAINT shipment_lines_lot_number_check CHECK (length(lot_number) BETWEEN 1 AND 40),
  expires_on date CONSTRAINT shipment_lines_expires_on_check CHECK (expires_on BETWEEN '2011-01-01' AND '2100-01-01'),
  -- In the item's base unit.
  quantity bigint NOT NULL CONSTRAINT shipment_lines_quantity_check CHECK (quantity BETWEEN 1 AND 1000000000000),
  accepted_quantity bigint CONSTRAINT shipment_lines_accepted_check CHECK (accepted_quantity BETWEEN 0 AND 1000000000000),
  rejected_quantity bigint CONSTRAINT shipment_lines_rejected_check CHECK (rejected_quantity BETWEEN 0 AND 1000000000000),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT shipment_lines_recorded_by_fkey REFERENCES users,
  CONSTRAINT shipment_lines_receipt_check CHECK ((accepted_quantity IS NULL) = (rejected_quantity IS NULL)),
  CONSTRAINT shipment_lines_identity_check CHECK (accepted_quantity + rejected_quantity <= quantity)
);
CREATE UNIQUE INDEX shipment_lines_line_key ON shipment_lines (shipment_id, line) WHERE retired_at IS NULL;
CREATE UNIQUE INDEX shipment_lines_lot_key ON shipment_lines (shipment_id, item_id, coalesce(lot_number, '')) WHERE retired_at IS NULL;
CREATE INDEX shipment_lines_item_idx ON shipment_lines (item_id);
CALL siraj_register('shipment_lines', 'shipment_id');

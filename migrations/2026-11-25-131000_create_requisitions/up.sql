-- Requisitions: what a facility asks for, what of it was granted, and how much of that has been sent and has come.

CREATE TABLE requisitions (
  id uuid CONSTRAINT requisitions_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT requisitions_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  facility_id uuid NOT NULL CONSTRAINT requisitions_facility_id_fkey REFERENCES facilities,
  requested_on date NOT NULL CONSTRAINT requisitions_requested_on_check CHECK (requested_on BETWEEN '2011-01-01' AND '2100-01-01'),
  needed_on date CONSTRAINT requisitions_needed_on_check CHECK (needed_on BETWEEN '2011-01-01' AND '2100-01-01'),
  emergency boolean NOT NULL DEFAULT false,
  emergency_reason text CONSTRAINT requisitions_emergency_reason_check CHECK (length(emergency_reason) BETWEEN 10 AND 500),
  note text CONSTRAINT requisitions_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  status text NOT NULL DEFAULT 'draft' CONSTRAINT requisitions_status_check CHECK (status IN
    ('draft', 'submitted', 'approved', 'partly_approved', 'rejected', 'in_fulfilment', 'fulfilled', 'cancelled')),
  -- How often it has been submitted; what every round said is in the history.
  round integer NOT NULL DEFAULT 0 CONSTRAINT requisitions_round_check CHECK (round BETWEEN 0 AND 100),
  submitted_by uuid CONSTRAINT requisitions_submitted_by_fkey REFERENCES users,
  submitted_at timestamptz,
  decided_by uuid CONSTRAINT requisitions_decided_by_fkey REFERENCES users,
  decided_at timestamptz,
  -- Why it was rejected or cancelled.
  reason text CONSTRAINT requisitions_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  search text GENERATED ALWAYS AS (siraj_search(code, note)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT requisitions_recorded_by_fkey REFERENCES users,
  CONSTRAINT requisitions_code_key UNIQUE (code),
  CONSTRAINT requisitions_order_check CHECK (needed_on >= requested_on),
  CONSTRAINT requisitions_emergency_check CHECK (emergency = (emergency_reason IS NOT NULL)),
  CONSTRAINT requisitions_submitted_check CHECK (
    (round = 0) = (submitted_by IS NULL) AND (submitted_by IS NULL) = (submitted_at IS NULL)
    AND (status <> 'draft' OR round = 0) AND (status IN ('draft', 'cancelled') OR round > 0)),
  CONSTRAINT requisitions_decided_check CHECK (
    (decided_by IS NULL) = (decided_at IS NULL) AND (status NOT IN ('draft', 'submitted') OR decided_by IS NULL)
    AND (status IN ('draft', 'submitted', 'cancelled') OR decided_by IS NOT NULL)),
  CONSTRAINT requisitions_why_check CHECK ((status IN ('rejected', 'cancelled')) = (reason IS NOT NULL)),
  -- Nobody grants what they have asked for themselves, in an emergency neither: a second pair of eyes is a message away.
  CONSTRAINT requisitions_second_person_check CHECK (decided_by <> submitted_by)
);
CREATE INDEX requisitions_facility_idx ON requisitions (facility_id);
CREATE INDEX requisitions_requested_on_idx ON requisitions (requested_on, id);
CREATE INDEX requisitions_search_idx ON requisitions USING gin (search gin_trgm_ops);
CALL siraj_register('requisitions', 'id');
CALL siraj_refers('requisitions', 'facility_id', 'facilities', true);

CREATE TABLE requisition_lines (
  id uuid CONSTRAINT requisition_lines_pkey PRIMARY KEY,
  requisition_id uuid NOT NULL CONSTRAINT requisition_lines_requisition_id_fkey REFERENCES requisitions,
  line integer NOT NULL CONSTRAINT requisition_lines_line_check CHECK (line BETWEEN 1 AND 500),
  item_id uuid NOT NULL CONSTRAINT requisition_lines_item_id_fkey REFERENCES items,
  -- All in the item's base unit.
  requested_quantity bigint NOT NULL CONSTRAINT requisition_lines_requested_check CHECK (requested_quantity BETWEEN 1 AND 1000000000000),
  reason text CONSTRAINT requisition_lines_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  -- Null before the approval.
  approved_quantity bigint CONSTRAINT requisition_lines_approved_check CHECK (approved_quantity BETWEEN 0 AND requested_quantity),
  decision_reason text CONSTRAINT requisition_lines_decision_reason_check CHECK (length(decision_reason) BETWEEN 10 AND 500),
  -- Written by what fulfils it. More may come than was sent or granted: that is told, not refused.
  sent_quantity bigint NOT NULL DEFAULT 0 CONSTRAINT requisition_lines_sent_check CHECK (sent_quantity BETWEEN 0 AND 1000000000000),
  received_quantity bigint NOT NULL DEFAULT 0 CONSTRAINT requisition_lines_received_check CHECK (received_quantity BETWEEN 0 AND 1000000000000),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT requisition_lines_recorded_by_fkey REFERENCES users,
  CONSTRAINT requisition_lines_why_check CHECK (approved_quantity >= requested_quantity OR decision_reason IS NOT NULL),
  CONSTRAINT requisition_lines_granted_check CHECK (approved_quantity IS NOT NULL OR sent_quantity + received_quantity = 0)
);
CREATE UNIQUE INDEX requisition_lines_line_key ON requisition_lines (requisition_id, line) WHERE retired_at IS NULL;
CREATE UNIQUE INDEX requisition_lines_item_key ON requisition_lines (requisition_id, item_id) WHERE retired_at IS NULL;
CREATE INDEX requisition_lines_item_idx ON requisition_lines (item_id);
CALL siraj_register('requisition_lines', 'requisition_id');
CALL siraj_refers('requisition_lines', 'item_id', 'items', true);

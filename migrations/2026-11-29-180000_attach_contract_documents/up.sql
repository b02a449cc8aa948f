-- What lies in the folder of a contract beside the paper that was signed: annexes, budgets, reports, letters.

CREATE TABLE contract_documents (
  id uuid CONSTRAINT contract_documents_pkey PRIMARY KEY,
  contract_id uuid NOT NULL CONSTRAINT contract_documents_contract_id_fkey REFERENCES contracts,
  attachment_id uuid NOT NULL CONSTRAINT contract_documents_attachment_id_fkey REFERENCES attachments,
  kind text NOT NULL CONSTRAINT contract_documents_kind_check CHECK (kind IN ('agreement', 'annex', 'budget', 'report', 'correspondence', 'other')),
  title text NOT NULL CONSTRAINT contract_documents_title_check CHECK (length(title) BETWEEN 1 AND 200),
  -- The day that the paper bears.
  dated_on date CONSTRAINT contract_documents_dated_on_check CHECK (dated_on BETWEEN '2011-01-01' AND '2100-01-01'),
  search text GENERATED ALWAYS AS (siraj_search(title)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT contract_documents_recorded_by_fkey REFERENCES users
);
-- A file lies in a folder once.
CREATE UNIQUE INDEX contract_documents_attachment_id_key ON contract_documents (contract_id, attachment_id) WHERE retired_at IS NULL;
CREATE INDEX contract_documents_attachment_idx ON contract_documents (attachment_id);
CALL siraj_register('contract_documents', 'contract_id');
CALL siraj_refers('contract_documents', 'contract_id', 'contracts', true);
CALL siraj_refers('contract_documents', 'attachment_id', 'attachments', true);
-- What a document is, is said once: a wrong one is taken out and put in again.
REVOKE UPDATE ON contract_documents FROM siraj_service;
GRANT UPDATE (retired_at, recorded_by) ON contract_documents TO siraj_service;
CALL siraj_remember('contract_documents');

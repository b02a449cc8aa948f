ALTER TABLE expenditures DROP CONSTRAINT expenditures_stipend_run_id_fkey;
DROP TRIGGER stipend_runs_contract_id_held ON contracts;
DROP TRIGGER stipend_runs_budget_line_id_held ON budget_lines;
DROP TRIGGER stipend_proofs_attachment_id_held ON attachments;
DROP TABLE stipend_entries, stipend_proofs, stipend_payments, stipend_runs;
DROP FUNCTION siraj_stipend_pieces(uuid);
DROP FUNCTION siraj_stipend_proof_fits();
DROP FUNCTION siraj_stipend_run_fits();
DROP FUNCTION siraj_paid_person(uuid);

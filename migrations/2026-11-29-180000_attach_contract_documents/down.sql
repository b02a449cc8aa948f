CALL siraj_forget('contract_documents');
DROP TRIGGER contract_documents_contract_id_held ON contracts;
DROP TRIGGER contract_documents_attachment_id_held ON attachments;
DROP TABLE contract_documents;
DROP TABLE history.contract_documents;

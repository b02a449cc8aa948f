DROP TRIGGER attachments_keep ON attachments;
DROP FUNCTION siraj_keep_attachment();
ALTER TABLE attachments DROP COLUMN uploaded_by;

-- Who sent a file stays on it, whoever edits what is said of it later; and what was said of its bytes is never changed.
ALTER TABLE attachments ADD COLUMN uploaded_by uuid CONSTRAINT attachments_uploaded_by_fkey REFERENCES users;
UPDATE attachments SET uploaded_by = recorded_by;
ALTER TABLE attachments ALTER COLUMN uploaded_by SET NOT NULL;
CREATE INDEX attachments_uploaded_by_idx ON attachments (uploaded_by);

CREATE FUNCTION siraj_keep_attachment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.uploaded_by := NEW.recorded_by;
    RETURN NEW;
  END IF;
  IF (NEW.sha256, NEW.size_bytes, NEW.content_type, NEW.file_name, NEW.uploaded_by)
     IS DISTINCT FROM (OLD.sha256, OLD.size_bytes, OLD.content_type, OLD.file_name, OLD.uploaded_by) THEN
    RAISE EXCEPTION 'the bytes of an attachment are never changed' USING ERRCODE = 'check_violation', CONSTRAINT = 'attachments_fixed_check', TABLE = 'attachments';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER attachments_keep BEFORE INSERT OR UPDATE ON attachments FOR EACH ROW EXECUTE FUNCTION siraj_keep_attachment();

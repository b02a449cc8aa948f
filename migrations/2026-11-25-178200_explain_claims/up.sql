-- How far a claim has come: open until somebody explains its difference, or the publisher corrects it.
ALTER TABLE claims
  ADD COLUMN state text NOT NULL DEFAULT 'open' CONSTRAINT claims_state_check CHECK (state IN ('open', 'explained', 'corrected')),
  ADD COLUMN explanation text CONSTRAINT claims_explanation_check CHECK (length(explanation) BETWEEN 10 AND 500),
  ADD CONSTRAINT claims_explained_check CHECK ((state = 'open') = (explanation IS NULL));

-- What was explained is open again once it says something else.
CREATE FUNCTION siraj_reopen_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.state := 'open';
  NEW.explanation := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER claims_reopen BEFORE UPDATE ON claims FOR EACH ROW
  WHEN ((NEW.amount, NEW.comparison, NEW.day, NEW.figure, NEW.as_of) IS DISTINCT FROM (OLD.amount, OLD.comparison, OLD.day, OLD.figure, OLD.as_of))
  EXECUTE FUNCTION siraj_reopen_claim();

-- Earlier revisions were open, all of them.
ALTER TABLE history.claims ADD COLUMN state text NOT NULL DEFAULT 'open';
ALTER TABLE history.claims ALTER COLUMN state DROP DEFAULT;
CALL siraj_remember('claims');

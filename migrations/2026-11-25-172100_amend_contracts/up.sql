-- From its signature on a contract changes by amendments alone, one after the other; what the partner is to be told is kept row by row.

ALTER TABLE contracts
  ADD COLUMN signature_attachment_id uuid CONSTRAINT contracts_signature_attachment_id_fkey REFERENCES attachments,
  -- How many amendments stand; written by their trigger alone.
  ADD COLUMN amendments integer NOT NULL DEFAULT 0 CONSTRAINT contracts_amendments_check CHECK (amendments BETWEEN 0 AND 1000);
CALL siraj_refers('contracts', 'signature_attachment_id', 'attachments', false);

CREATE TABLE contract_amendments (
  id uuid CONSTRAINT contract_amendments_pkey PRIMARY KEY,
  contract_id uuid NOT NULL CONSTRAINT contract_amendments_contract_id_fkey REFERENCES contracts,
  -- Counted by the database.
  number integer NOT NULL DEFAULT 1 CONSTRAINT contract_amendments_number_check CHECK (number BETWEEN 1 AND 1000),
  kind text NOT NULL CONSTRAINT contract_amendments_kind_check CHECK (kind IN ('no_cost_extension', 'cost_extension', 'top_up', 'reduction', 'scope_change')),
  signed_on date NOT NULL CONSTRAINT contract_amendments_signed_on_check CHECK (signed_on BETWEEN '2011-01-01' AND '2100-01-01'),
  effective_on date NOT NULL CONSTRAINT contract_amendments_effective_on_check CHECK (effective_on BETWEEN '2011-01-01' AND '2100-01-01'),
  -- What it changes, and what that was before.
  ends_on date CONSTRAINT contract_amendments_ends_on_check CHECK (ends_on BETWEEN '2011-01-01' AND '2100-01-01'),
  amount numeric(16,3) CONSTRAINT contract_amendments_amount_check CHECK (amount >= 0 AND amount <= 9999999999999.999),
  monthly_amount numeric(16,3) CONSTRAINT contract_amendments_monthly_amount_check CHECK (monthly_amount >= 0 AND monthly_amount <= 9999999999999.999),
  previous_ends_on date,
  previous_amount numeric(16,3),
  previous_monthly_amount numeric(16,3),
  reason text NOT NULL CONSTRAINT contract_amendments_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  attachment_id uuid CONSTRAINT contract_amendments_attachment_id_fkey REFERENCES attachments,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT contract_amendments_recorded_by_fkey REFERENCES users
);
CREATE UNIQUE INDEX contract_amendments_number_key ON contract_amendments (contract_id, number) WHERE retired_at IS NULL;
CREATE UNIQUE INDEX contract_amendments_same_kind_key ON contract_amendments (contract_id, kind, effective_on) WHERE retired_at IS NULL;
CALL siraj_register('contract_amendments', 'contract_id');
CALL siraj_refers('contract_amendments', 'contract_id', 'contracts', true, 'NO KEY UPDATE');
CALL siraj_refers('contract_amendments', 'attachment_id', 'attachments', false);
REVOKE UPDATE ON contract_amendments FROM siraj_service;
GRANT UPDATE (retired_at, recorded_by) ON contract_amendments TO siraj_service;

CREATE FUNCTION siraj_refuse(violated text, of_table text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', violated USING ERRCODE = 'check_violation', CONSTRAINT = violated, TABLE = of_table;
END $$;

-- What a signed contract says stays as it was signed.
CREATE FUNCTION siraj_contract_terms() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.amendments <> OLD.amendments AND pg_trigger_depth() < 2 THEN
    PERFORM siraj_refuse('contracts_signed_check', 'contracts');
  END IF;
  IF OLD.signed_on IS NOT NULL AND NEW.amendments = OLD.amendments
     AND (NEW.signed_on, NEW.starts_on, NEW.ends_on, NEW.currency, NEW.amount, NEW.monthly_amount, NEW.organization_id, NEW.renews_id)
         IS DISTINCT FROM (OLD.signed_on, OLD.starts_on, OLD.ends_on, OLD.currency, OLD.amount, OLD.monthly_amount, OLD.organization_id, OLD.renews_id) THEN
    PERFORM siraj_refuse('contracts_signed_check', 'contracts');
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_contract_terms() FROM PUBLIC;
CREATE TRIGGER contracts_terms BEFORE UPDATE ON contracts FOR EACH ROW EXECUTE FUNCTION siraj_contract_terms();

-- An amendment is judged against the contract as it stands, which is held; what it finds is kept in it.
CREATE FUNCTION siraj_amend() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  there contracts;
  extends boolean := NEW.kind IN ('no_cost_extension', 'cost_extension');
  pays boolean := NEW.kind IN ('cost_extension', 'top_up', 'reduction');
BEGIN
  SELECT * INTO there FROM contracts WHERE id = NEW.contract_id FOR NO KEY UPDATE;
  IF there.signed_on IS NULL THEN
    PERFORM siraj_refuse('contract_amendments_signed_check', 'contract_amendments');
  END IF;
  IF NEW.signed_on < there.signed_on OR NEW.effective_on NOT BETWEEN there.starts_on AND coalesce(NEW.ends_on, there.ends_on)
     OR NEW.effective_on < (SELECT max(effective_on) FROM contract_amendments WHERE contract_id = NEW.contract_id AND retired_at IS NULL) THEN
    PERFORM siraj_refuse('contract_amendments_order_check', 'contract_amendments');
  END IF;
  IF EXISTS (SELECT FROM contract_amendments WHERE contract_id = NEW.contract_id AND kind = NEW.kind AND effective_on = NEW.effective_on AND retired_at IS NULL) THEN
    RAISE EXCEPTION 'the same kind on the same day' USING ERRCODE = 'unique_violation', CONSTRAINT = 'contract_amendments_same_kind_key', TABLE = 'contract_amendments';
  END IF;
  IF extends <> (NEW.ends_on IS NOT NULL) OR NEW.ends_on <= there.ends_on THEN
    PERFORM siraj_refuse('contract_amendments_extends_check', 'contract_amendments');
  END IF;
  IF pays <> (NEW.amount IS NOT NULL OR NEW.monthly_amount IS NOT NULL)
     OR (NEW.amount IS NOT NULL AND there.amount IS NULL) OR (NEW.monthly_amount IS NOT NULL AND there.monthly_amount IS NULL)
     OR (NEW.kind IN ('cost_extension', 'top_up') AND (NEW.amount < there.amount OR NEW.monthly_amount < there.monthly_amount
         OR (NEW.amount IS NULL OR NEW.amount = there.amount) AND (NEW.monthly_amount IS NULL OR NEW.monthly_amount = there.monthly_amount)))
     OR (NEW.kind = 'reduction' AND (NEW.amount > there.amount OR NEW.monthly_amount > there.monthly_amount
         OR (NEW.amount IS NULL OR NEW.amount = there.amount) AND (NEW.monthly_amount IS NULL OR NEW.monthly_amount = there.monthly_amount))) THEN
    PERFORM siraj_refuse('contract_amendments_pays_check', 'contract_amendments');
  END IF;
  IF NOT siraj_exact(NEW.amount, there.currency) OR NOT siraj_exact(NEW.monthly_amount, there.currency) THEN
    PERFORM siraj_refuse('contract_amendments_exact_check', 'contract_amendments');
  END IF;
  IF EXISTS (SELECT FROM contracts WHERE renews_id = NEW.contract_id AND retired_at IS NULL AND starts_on <= NEW.ends_on) THEN
    PERFORM siraj_refuse('contract_amendments_renewal_check', 'contract_amendments');
  END IF;
  NEW.number := there.amendments + 1;
  NEW.previous_ends_on := there.ends_on;
  NEW.previous_amount := there.amount;
  NEW.previous_monthly_amount := there.monthly_amount;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_amend() FROM PUBLIC;
CREATE TRIGGER contract_amendments_judged BEFORE INSERT ON contract_amendments FOR EACH ROW EXECUTE FUNCTION siraj_amend();

CREATE FUNCTION siraj_amended() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE contracts SET ends_on = coalesce(NEW.ends_on, ends_on), amount = coalesce(NEW.amount, amount),
    monthly_amount = coalesce(NEW.monthly_amount, monthly_amount), amendments = NEW.number, recorded_by = NEW.recorded_by
  WHERE id = NEW.contract_id;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_amended() FROM PUBLIC;
CREATE TRIGGER contract_amendments_applied AFTER INSERT ON contract_amendments FOR EACH ROW EXECUTE FUNCTION siraj_amended();

-- The last amendment is withdrawn while nothing stands on it: the contract is as it was before.
CREATE FUNCTION siraj_withdraw_amendment() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  there contracts;
BEGIN
  IF OLD.retired_at IS NOT NULL THEN
    PERFORM siraj_refuse('contract_amendments_last_check', 'contract_amendments');
  END IF;
  SELECT * INTO there FROM contracts WHERE id = NEW.contract_id FOR NO KEY UPDATE;
  IF there.amendments <> NEW.number THEN
    PERFORM siraj_refuse('contract_amendments_last_check', 'contract_amendments');
  END IF;
  IF NEW.ends_on IS NOT NULL AND (
       EXISTS (SELECT FROM expenditures e JOIN budget_lines l ON l.id = e.budget_line_id WHERE l.contract_id = NEW.contract_id AND e.spent_on > NEW.previous_ends_on
                 AND e.stipend_run_id IS NULL)
       -- People are paid after their month: a run stands on the days of its month. (Runs come with a later migration.)
       OR EXISTS (SELECT FROM stipend_runs WHERE contract_id = NEW.contract_id AND status <> 'cancelled' AND month > NEW.previous_ends_on)
       OR EXISTS (SELECT FROM commitments c JOIN budget_lines l ON l.id = c.budget_line_id WHERE l.contract_id = NEW.contract_id AND c.committed_on > NEW.previous_ends_on)
       OR EXISTS (SELECT FROM budget_lines l JOIN budget_line_months m ON m.budget_line_id = l.id
                  WHERE l.contract_id = NEW.contract_id AND l.retired_at IS NULL AND m.retired_at IS NULL AND m.month > NEW.previous_ends_on)
       OR EXISTS (SELECT FROM contract_facilities WHERE contract_id = NEW.contract_id AND retired_at IS NULL AND starts_on > NEW.previous_ends_on)
       OR EXISTS (SELECT FROM assignments WHERE contract_id = NEW.contract_id AND retired_at IS NULL AND starts_on > NEW.previous_ends_on))
     OR NEW.previous_amount < (SELECT sum(amount) FROM budget_lines WHERE contract_id = NEW.contract_id AND retired_at IS NULL) THEN
    PERFORM siraj_refuse('contract_amendments_stands_check', 'contract_amendments');
  END IF;
  UPDATE contracts SET ends_on = NEW.previous_ends_on, amount = NEW.previous_amount, monthly_amount = NEW.previous_monthly_amount,
    amendments = NEW.number - 1, recorded_by = NEW.recorded_by
  WHERE id = NEW.contract_id;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_withdraw_amendment() FROM PUBLIC;
CREATE TRIGGER contract_amendments_withdrawn AFTER UPDATE OF retired_at ON contract_amendments FOR EACH ROW EXECUTE FUNCTION siraj_withdraw_amendment();

-- What a partner is to be told, by when; and when it was.
CREATE TABLE reporting_duties (
  id uuid CONSTRAINT reporting_duties_pkey PRIMARY KEY,
  contract_id uuid NOT NULL CONSTRAINT reporting_duties_contract_id_fkey REFERENCES contracts,
  title text NOT NULL CONSTRAINT reporting_duties_title_check CHECK (length(title) BETWEEN 1 AND 200),
  kind text NOT NULL CONSTRAINT reporting_duties_kind_check CHECK (kind IN ('narrative', 'financial', 'list')),
  starts_on date NOT NULL CONSTRAINT reporting_duties_starts_on_check CHECK (starts_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ends_on date NOT NULL CONSTRAINT reporting_duties_ends_on_check CHECK (ends_on BETWEEN '2011-01-01' AND '2100-01-01'),
  due_on date NOT NULL CONSTRAINT reporting_duties_due_on_check CHECK (due_on BETWEEN '2011-01-01' AND '2100-01-01'),
  delivered_on date CONSTRAINT reporting_duties_delivered_on_check CHECK (delivered_on BETWEEN '2011-01-01' AND '2100-01-01'),
  attachment_id uuid CONSTRAINT reporting_duties_attachment_id_fkey REFERENCES attachments,
  search text GENERATED ALWAYS AS (siraj_search(title)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT reporting_duties_recorded_by_fkey REFERENCES users,
  CONSTRAINT reporting_duties_period_check CHECK (ends_on >= starts_on),
  CONSTRAINT reporting_duties_order_check CHECK (due_on >= starts_on)
);
CREATE UNIQUE INDEX reporting_duties_same_key ON reporting_duties (contract_id, kind, title, starts_on) WHERE retired_at IS NULL;
CREATE INDEX reporting_duties_due_on_idx ON reporting_duties (due_on, id);
CREATE INDEX reporting_duties_search_idx ON reporting_duties USING gin (search gin_trgm_ops);
CALL siraj_register('reporting_duties', 'id');
CALL siraj_refers('reporting_duties', 'contract_id', 'contracts', true);
CALL siraj_refers('reporting_duties', 'attachment_id', 'attachments', false);

-- Posts that a contract pays, by the day they end and by person: what the report of gaps looks at.
CREATE INDEX assignments_paid_contract_idx ON assignments (contract_id, ends_on) INCLUDE (staff_id, starts_on, facility_id, cadre, share_percent, id) WHERE contract_id IS NOT NULL AND retired_at IS NULL;
CREATE INDEX assignments_staff_days_idx ON assignments (staff_id) INCLUDE (starts_on, ends_on, contract_id) WHERE retired_at IS NULL;

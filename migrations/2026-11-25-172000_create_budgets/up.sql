-- What a contract pays for, line by line: what is planned, what is promised, what is spent. No money moves before a contract is signed.

ALTER TABLE contracts
  ADD COLUMN signed_on date CONSTRAINT contracts_signed_on_check CHECK (signed_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ADD CONSTRAINT contracts_id_currency_key UNIQUE (id, currency);

CREATE TABLE budget_lines (
  id uuid CONSTRAINT budget_lines_pkey PRIMARY KEY,
  contract_id uuid NOT NULL CONSTRAINT budget_lines_contract_id_fkey REFERENCES contracts,
  code text NOT NULL CONSTRAINT budget_lines_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  name text NOT NULL CONSTRAINT budget_lines_name_check CHECK (length(name) BETWEEN 1 AND 200),
  name_ar text CONSTRAINT budget_lines_name_ar_check CHECK (length(name_ar) BETWEEN 1 AND 200),
  category text NOT NULL CONSTRAINT budget_lines_category_check CHECK (category IN
    ('stipends', 'fuel', 'medicines', 'consumables', 'equipment', 'transport', 'running_costs', 'relief', 'overhead', 'other')),
  -- That of the contract: money of several currencies is never added up.
  currency text NOT NULL CONSTRAINT budget_lines_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
  amount numeric(16,3) NOT NULL CONSTRAINT budget_lines_amount_check CHECK (amount > 0 AND amount <= 9999999999999.999),
  -- The cadres it is for; empty where it names none.
  cadres text[] NOT NULL DEFAULT '{}' CONSTRAINT budget_lines_cadres_check
    CHECK (siraj_words_distinct(cadres) AND cadres <@ ARRAY['doctor', 'nurse', 'midwife', 'pharmacist', 'technician', 'administrative', 'service']),
  note text CONSTRAINT budget_lines_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  search text GENERATED ALWAYS AS (siraj_search(code, name, name_ar, note)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT budget_lines_recorded_by_fkey REFERENCES users,
  CONSTRAINT budget_lines_code_key UNIQUE (contract_id, code),
  CONSTRAINT budget_lines_id_currency_key UNIQUE (id, currency),
  CONSTRAINT budget_lines_exact_check CHECK (siraj_exact(amount, currency)),
  CONSTRAINT budget_lines_contract_currency_fkey FOREIGN KEY (contract_id, currency) REFERENCES contracts (id, currency)
);
CREATE INDEX budget_lines_contract_currency_idx ON budget_lines (contract_id, currency);
CREATE INDEX budget_lines_search_idx ON budget_lines USING gin (search gin_trgm_ops);
CALL siraj_register('budget_lines', 'id');
CALL siraj_refers('budget_lines', 'contract_id', 'contracts', true, 'NO KEY UPDATE');

-- What a line is meant to spend in a month.
CREATE TABLE budget_line_months (
  id uuid CONSTRAINT budget_line_months_pkey PRIMARY KEY,
  budget_line_id uuid NOT NULL CONSTRAINT budget_line_months_budget_line_id_fkey REFERENCES budget_lines,
  -- The month's first day.
  month date NOT NULL CONSTRAINT budget_line_months_month_check CHECK (month = date_trunc('month', month)::date AND month BETWEEN '2011-01-01' AND '2100-01-01'),
  amount numeric(16,3) NOT NULL CONSTRAINT budget_line_months_amount_check CHECK (amount > 0 AND amount <= 9999999999999.999),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT budget_line_months_recorded_by_fkey REFERENCES users
);
CREATE UNIQUE INDEX budget_line_months_month_key ON budget_line_months (budget_line_id, month) WHERE retired_at IS NULL;
CALL siraj_register('budget_line_months', 'budget_line_id');

-- The facilities that a line is for; none where it names none.
CREATE TABLE budget_line_facilities (
  id uuid CONSTRAINT budget_line_facilities_pkey PRIMARY KEY,
  budget_line_id uuid NOT NULL CONSTRAINT budget_line_facilities_budget_line_id_fkey REFERENCES budget_lines,
  facility_id uuid NOT NULL CONSTRAINT budget_line_facilities_facility_id_fkey REFERENCES facilities,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT budget_line_facilities_recorded_by_fkey REFERENCES users
);
CREATE UNIQUE INDEX budget_line_facilities_facility_key ON budget_line_facilities (budget_line_id, facility_id) WHERE retired_at IS NULL;
CREATE INDEX budget_line_facilities_facility_idx ON budget_line_facilities (facility_id);
CALL siraj_register('budget_line_facilities', 'budget_line_id');
CALL siraj_refers('budget_line_facilities', 'facility_id', 'facilities', false);

-- Money that is promised and not spent yet: it is no longer free.
CREATE TABLE commitments (
  id uuid CONSTRAINT commitments_pkey PRIMARY KEY,
  budget_line_id uuid NOT NULL CONSTRAINT commitments_budget_line_id_fkey REFERENCES budget_lines,
  supplier_id uuid CONSTRAINT commitments_supplier_id_fkey REFERENCES organizations,
  reference text CONSTRAINT commitments_reference_check CHECK (length(reference) BETWEEN 1 AND 100),
  description text NOT NULL CONSTRAINT commitments_description_check CHECK (length(description) BETWEEN 1 AND 2000),
  amount numeric(16,3) NOT NULL CONSTRAINT commitments_amount_check CHECK (amount > 0 AND amount <= 9999999999999.999),
  currency text NOT NULL CONSTRAINT commitments_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
  committed_on date CONSTRAINT commitments_committed_on_check CHECK (committed_on BETWEEN '2011-01-01' AND '2100-01-01'),
  -- Why it may go over its line.
  override_reason text CONSTRAINT commitments_override_reason_check CHECK (length(override_reason) BETWEEN 10 AND 500),
  -- What was spent of it; written by the expenditures' trigger alone.
  used_amount numeric(16,3) NOT NULL DEFAULT 0 CONSTRAINT commitments_used_amount_check CHECK (used_amount BETWEEN 0 AND amount),
  -- The day the rest of it was let go.
  released_on date CONSTRAINT commitments_released_on_check CHECK (released_on BETWEEN '2011-01-01' AND '2100-01-01'),
  status text GENERATED ALWAYS AS (CASE WHEN used_amount >= amount THEN 'used' WHEN released_on IS NOT NULL THEN 'released' ELSE 'open' END) STORED,
  -- What of it is still held back from its line.
  open_amount numeric(16,3) GENERATED ALWAYS AS (CASE WHEN released_on IS NULL THEN amount - used_amount ELSE 0 END) STORED,
  search text GENERATED ALWAYS AS (siraj_search(reference, description)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT commitments_recorded_by_fkey REFERENCES users,
  CONSTRAINT commitments_id_line_key UNIQUE (id, budget_line_id),
  CONSTRAINT commitments_exact_check CHECK (siraj_exact(amount, currency)),
  -- What is promised is let go, never retired.
  CONSTRAINT commitments_retired_check CHECK (retired_at IS NULL),
  CONSTRAINT commitments_line_currency_fkey FOREIGN KEY (budget_line_id, currency) REFERENCES budget_lines (id, currency)
);
CREATE INDEX commitments_line_idx ON commitments (budget_line_id) INCLUDE (open_amount);
CREATE INDEX commitments_supplier_idx ON commitments (supplier_id);
CREATE INDEX commitments_search_idx ON commitments USING gin (search gin_trgm_ops);
CALL siraj_register('commitments', 'id');
CALL siraj_refers('commitments', 'budget_line_id', 'budget_lines', false, 'NO KEY UPDATE');
CALL siraj_refers('commitments', 'supplier_id', 'organizations', false);
REVOKE UPDATE ON commitments FROM siraj_service;
GRANT UPDATE (released_on, recorded_by) ON commitments TO siraj_service;

-- What was spent. Never edited: a wrong one is turned round, whole and once, by a row of the same amount below nothing.
CREATE TABLE expenditures (
  id uuid CONSTRAINT expenditures_pkey PRIMARY KEY,
  budget_line_id uuid NOT NULL CONSTRAINT expenditures_budget_line_id_fkey REFERENCES budget_lines,
  commitment_id uuid CONSTRAINT expenditures_commitment_id_fkey REFERENCES commitments,
  amount numeric(16,3) NOT NULL CONSTRAINT expenditures_amount_check CHECK (amount <> 0 AND abs(amount) <= 9999999999999.999),
  currency text NOT NULL CONSTRAINT expenditures_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
  -- What was handed over, where that was in another currency, and the rate it was reckoned with, frozen.
  original_amount numeric(16,3) CONSTRAINT expenditures_original_amount_check CHECK (original_amount <> 0 AND abs(original_amount) <= 9999999999999.999),
  original_currency text CONSTRAINT expenditures_original_currency_check CHECK (original_currency ~ '^[A-Z]{3}$'),
  rate numeric(30,16) CONSTRAINT expenditures_rate_check CHECK (rate > 0),
  exchange_rate_id uuid CONSTRAINT expenditures_exchange_rate_id_fkey REFERENCES exchange_rates,
  spent_on date NOT NULL CONSTRAINT expenditures_spent_on_check CHECK (spent_on BETWEEN '2011-01-01' AND '2100-01-01'),
  description text NOT NULL CONSTRAINT expenditures_description_check CHECK (length(description) BETWEEN 1 AND 2000),
  -- Who was paid.
  organization_id uuid CONSTRAINT expenditures_organization_id_fkey REFERENCES organizations,
  attachment_id uuid CONSTRAINT expenditures_attachment_id_fkey REFERENCES attachments,
  -- The run of stipends it stands for: such rows are that run's to write and to turn round.
  stipend_run_id uuid,
  -- Why it may go over its line.
  override_reason text CONSTRAINT expenditures_override_reason_check CHECK (length(override_reason) BETWEEN 10 AND 500),
  reverses_id uuid CONSTRAINT expenditures_reverses_id_fkey REFERENCES expenditures,
  search text GENERATED ALWAYS AS (siraj_search(description)) STORED,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT expenditures_recorded_by_fkey REFERENCES users,
  CONSTRAINT expenditures_reverses_id_key UNIQUE (reverses_id),
  CONSTRAINT expenditures_sign_check CHECK ((reverses_id IS NULL) = (amount > 0)),
  CONSTRAINT expenditures_original_check CHECK (
    (original_amount IS NULL) = (original_currency IS NULL) AND (original_currency IS NULL) = (rate IS NULL)
    AND (original_currency IS NULL OR original_currency <> currency) AND (original_amount IS NULL OR (original_amount > 0) = (amount > 0))),
  CONSTRAINT expenditures_exact_check CHECK (siraj_exact(amount, currency) AND siraj_exact(original_amount, original_currency)),
  CONSTRAINT expenditures_line_currency_fkey FOREIGN KEY (budget_line_id, currency) REFERENCES budget_lines (id, currency),
  CONSTRAINT expenditures_commitment_line_fkey FOREIGN KEY (commitment_id, budget_line_id) REFERENCES commitments (id, budget_line_id)
);
CREATE INDEX expenditures_line_idx ON expenditures (budget_line_id, spent_on) INCLUDE (amount);
CREATE INDEX expenditures_commitment_idx ON expenditures (commitment_id);
CREATE INDEX expenditures_stipend_run_idx ON expenditures (stipend_run_id);
CREATE INDEX expenditures_spent_on_idx ON expenditures (spent_on, id);
CREATE INDEX expenditures_search_idx ON expenditures USING gin (search gin_trgm_ops);
CREATE TRIGGER expenditures_append_only BEFORE UPDATE OR DELETE ON expenditures FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER expenditures_no_truncate BEFORE TRUNCATE ON expenditures FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change();
GRANT SELECT, INSERT ON expenditures TO siraj_service;
CREATE TRIGGER expenditures_audit_insert AFTER INSERT ON expenditures REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_audit('id');
-- What turns something round names what is retired since, and is right to.
CREATE TRIGGER expenditures_budget_line_id_retired AFTER INSERT ON expenditures FOR EACH ROW WHEN (NEW.reverses_id IS NULL)
  EXECUTE FUNCTION siraj_refuse_retired('budget_line_id', 'budget_lines', 'NO KEY UPDATE');
CREATE TRIGGER expenditures_organization_id_retired AFTER INSERT ON expenditures FOR EACH ROW WHEN (NEW.reverses_id IS NULL)
  EXECUTE FUNCTION siraj_refuse_retired('organization_id', 'organizations', 'SHARE');
CREATE TRIGGER expenditures_attachment_id_retired AFTER INSERT ON expenditures FOR EACH ROW WHEN (NEW.reverses_id IS NULL)
  EXECUTE FUNCTION siraj_refuse_retired('attachment_id', 'attachments', 'SHARE');
-- A line that money was spent on is never retired: what was spent is never taken back from the record.
CREATE FUNCTION siraj_budget_line_spent() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM expenditures WHERE budget_line_id = NEW.id) OR EXISTS (SELECT FROM commitments WHERE budget_line_id = NEW.id AND released_on IS NULL) THEN
    RAISE EXCEPTION 'money was spent on it' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'expenditures_budget_line_id_held', TABLE = 'expenditures';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_budget_line_spent() FROM PUBLIC;
CREATE TRIGGER budget_lines_spent AFTER UPDATE OF retired_at ON budget_lines FOR EACH ROW
  WHEN (OLD.retired_at IS NULL AND NEW.retired_at IS NOT NULL) EXECUTE FUNCTION siraj_budget_line_spent();

-- What a partner has paid in.
CREATE TABLE disbursements (
  id uuid CONSTRAINT disbursements_pkey PRIMARY KEY,
  contract_id uuid NOT NULL CONSTRAINT disbursements_contract_id_fkey REFERENCES contracts,
  amount numeric(16,3) NOT NULL CONSTRAINT disbursements_amount_check CHECK (amount > 0 AND amount <= 9999999999999.999),
  currency text NOT NULL CONSTRAINT disbursements_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
  received_on date NOT NULL CONSTRAINT disbursements_received_on_check CHECK (received_on BETWEEN '2011-01-01' AND '2100-01-01'),
  reference text CONSTRAINT disbursements_reference_check CHECK (length(reference) BETWEEN 1 AND 100),
  note text CONSTRAINT disbursements_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  search text GENERATED ALWAYS AS (siraj_search(reference, note)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT disbursements_recorded_by_fkey REFERENCES users,
  CONSTRAINT disbursements_exact_check CHECK (siraj_exact(amount, currency)),
  CONSTRAINT disbursements_contract_currency_fkey FOREIGN KEY (contract_id, currency) REFERENCES contracts (id, currency)
);
CREATE INDEX disbursements_contract_idx ON disbursements (contract_id, currency);
CREATE INDEX disbursements_received_on_idx ON disbursements (received_on, id);
CREATE INDEX disbursements_search_idx ON disbursements USING gin (search gin_trgm_ops);
CALL siraj_register('disbursements', 'id');
CALL siraj_refers('disbursements', 'contract_id', 'contracts', true);

-- The signed contract behind a line, held as it is; what moves money judges its own days by it.
CREATE FUNCTION siraj_signed_contract(of_contract uuid, moving text) RETURNS daterange LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  signed date;
  days daterange;
BEGIN
  SELECT signed_on, daterange(starts_on, ends_on, '[]') INTO signed, days FROM contracts WHERE id = of_contract FOR SHARE;
  IF signed IS NULL THEN
    RAISE EXCEPTION 'the contract is not signed' USING ERRCODE = 'check_violation', CONSTRAINT = moving || '_signed_check', TABLE = moving;
  END IF;
  RETURN days;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_signed_contract(uuid, text) FROM PUBLIC;

-- The lines of a contract come to no more than the contract, where that has an amount. The contract is held, so that lines are judged one after the other.
CREATE FUNCTION siraj_budget_line_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  granted numeric;
BEGIN
  SELECT amount INTO granted FROM contracts WHERE id = NEW.contract_id FOR NO KEY UPDATE;
  IF granted < (SELECT sum(amount) FROM budget_lines WHERE contract_id = NEW.contract_id AND retired_at IS NULL) THEN
    RAISE EXCEPTION 'the lines come to more than the contract' USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_lines_contract_amount_check', TABLE = 'budget_lines';
  END IF;
  IF TG_OP = 'UPDATE' THEN
    IF NEW.contract_id <> OLD.contract_id OR NEW.currency <> OLD.currency THEN
      RAISE EXCEPTION 'a line stays with its contract' USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_lines_contract_fixed_check', TABLE = 'budget_lines';
    END IF;
    IF NEW.amount < OLD.amount AND NEW.amount < (SELECT coalesce(sum(amount), 0) FROM expenditures WHERE budget_line_id = NEW.id)
         + (SELECT coalesce(sum(open_amount), 0) FROM commitments WHERE budget_line_id = NEW.id) THEN
      RAISE EXCEPTION 'more is spent and promised' USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_lines_spent_check', TABLE = 'budget_lines';
    END IF;
  END IF;
  IF NEW.amount < (SELECT sum(amount) FROM budget_line_months WHERE budget_line_id = NEW.id AND retired_at IS NULL) THEN
    RAISE EXCEPTION 'the months come to more than the line' USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_line_months_plan_check', TABLE = 'budget_line_months';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_budget_line_fits() FROM PUBLIC;
CREATE TRIGGER budget_lines_fits AFTER INSERT OR UPDATE ON budget_lines FOR EACH ROW WHEN (NEW.retired_at IS NULL) EXECUTE FUNCTION siraj_budget_line_fits();

-- A month of the plan has a day of the contract; the months come to no more than the line.
CREATE FUNCTION siraj_budget_month_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  granted numeric;
  of_contract uuid;
BEGIN
  SELECT amount, contract_id INTO granted, of_contract FROM budget_lines WHERE id = NEW.budget_line_id FOR NO KEY UPDATE;
  IF NOT EXISTS (SELECT FROM contracts WHERE id = of_contract AND NEW.month BETWEEN date_trunc('month', starts_on)::date AND ends_on FOR SHARE) THEN
    RAISE EXCEPTION 'the month has no day of the contract' USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_line_months_period_check', TABLE = 'budget_line_months';
  END IF;
  IF NOT (SELECT siraj_exact(NEW.amount, currency) FROM budget_lines WHERE id = NEW.budget_line_id) THEN
    RAISE EXCEPTION 'finer than the currency' USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_line_months_exact_check', TABLE = 'budget_line_months';
  END IF;
  IF granted < (SELECT sum(amount) FROM budget_line_months WHERE budget_line_id = NEW.budget_line_id AND retired_at IS NULL) THEN
    RAISE EXCEPTION 'the months come to more than the line' USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_line_months_plan_check', TABLE = 'budget_line_months';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_budget_month_fits() FROM PUBLIC;
CREATE TRIGGER budget_line_months_fits AFTER INSERT OR UPDATE ON budget_line_months FOR EACH ROW WHEN (NEW.retired_at IS NULL) EXECUTE FUNCTION siraj_budget_month_fits();

-- What is spent and promised of a line, against its amount; the line is held. Asked only when a row takes more of it.
CREATE FUNCTION siraj_judge_budget(line uuid, taking text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF (SELECT amount FROM budget_lines WHERE id = line)
     < (SELECT coalesce(sum(amount), 0) FROM expenditures WHERE budget_line_id = line) + (SELECT coalesce(sum(open_amount), 0) FROM commitments WHERE budget_line_id = line) THEN
    RAISE EXCEPTION 'over the budget line' USING ERRCODE = 'check_violation', CONSTRAINT = taking || '_budget_check', TABLE = taking;
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_judge_budget(uuid, text) FROM PUBLIC;

CREATE FUNCTION siraj_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  of_contract uuid;
  days daterange;
BEGIN
  SELECT contract_id INTO of_contract FROM budget_lines WHERE id = NEW.budget_line_id FOR NO KEY UPDATE;
  days := siraj_signed_contract(of_contract, 'commitments');
  IF NOT days @> NEW.committed_on THEN
    RAISE EXCEPTION 'outside of the contract' USING ERRCODE = 'check_violation', CONSTRAINT = 'commitments_committed_on_period_check', TABLE = 'commitments';
  END IF;
  IF NEW.override_reason IS NULL THEN
    PERFORM siraj_judge_budget(NEW.budget_line_id, 'commitments');
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_commit() FROM PUBLIC;
CREATE TRIGGER commitments_judged AFTER INSERT ON commitments FOR EACH ROW EXECUTE FUNCTION siraj_commit();

-- What was promised stays as it was promised, and is let go once.
CREATE FUNCTION siraj_commitment_step() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF OLD.released_on IS NOT NULL AND NEW.released_on IS DISTINCT FROM OLD.released_on THEN
    RAISE EXCEPTION 'it was let go before' USING ERRCODE = 'check_violation', CONSTRAINT = 'commitments_step_check', TABLE = 'commitments';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_commitment_step() FROM PUBLIC;
CREATE TRIGGER commitments_step BEFORE UPDATE ON commitments FOR EACH ROW EXECUTE FUNCTION siraj_commitment_step();

-- Line first, then its contract, then the commitment: everybody takes them in this order.
CREATE FUNCTION siraj_spend() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  of_contract uuid;
  days daterange;
  was expenditures;
  released date;
BEGIN
  SELECT contract_id INTO of_contract FROM budget_lines WHERE id = NEW.budget_line_id FOR NO KEY UPDATE;
  days := siraj_signed_contract(of_contract, 'expenditures');
  IF NEW.reverses_id IS NOT NULL THEN
    SELECT * INTO was FROM expenditures WHERE id = NEW.reverses_id;
    IF was.reverses_id IS NOT NULL OR was.amount <> -NEW.amount OR was.budget_line_id <> NEW.budget_line_id
       OR was.commitment_id IS DISTINCT FROM NEW.commitment_id OR was.stipend_run_id IS DISTINCT FROM NEW.stipend_run_id THEN
      RAISE EXCEPTION 'this turns nothing round' USING ERRCODE = 'check_violation', CONSTRAINT = 'expenditures_reversal_check', TABLE = 'expenditures';
    END IF;
    IF NEW.spent_on < was.spent_on THEN
      RAISE EXCEPTION 'before what it turns round' USING ERRCODE = 'check_violation', CONSTRAINT = 'expenditures_spent_on_order_check', TABLE = 'expenditures';
    END IF;
  -- People are paid after the month they have worked; nothing else is paid for after the end.
  ELSIF NEW.spent_on < lower(days) OR (NEW.spent_on >= upper(days) AND NEW.stipend_run_id IS NULL) THEN
    RAISE EXCEPTION 'outside of the contract' USING ERRCODE = 'check_violation', CONSTRAINT = 'expenditures_spent_on_period_check', TABLE = 'expenditures';
  END IF;
  IF NEW.commitment_id IS NOT NULL THEN
    UPDATE commitments SET used_amount = used_amount + NEW.amount, recorded_by = NEW.recorded_by WHERE id = NEW.commitment_id RETURNING released_on INTO released;
    IF released IS NOT NULL AND NEW.amount > 0 THEN
      RAISE EXCEPTION 'it was let go' USING ERRCODE = 'check_violation', CONSTRAINT = 'expenditures_commitment_released_check', TABLE = 'expenditures';
    END IF;
  ELSIF NEW.amount > 0 AND NEW.override_reason IS NULL THEN
    PERFORM siraj_judge_budget(NEW.budget_line_id, 'expenditures');
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_spend() FROM PUBLIC;
CREATE TRIGGER expenditures_judged AFTER INSERT ON expenditures FOR EACH ROW EXECUTE FUNCTION siraj_spend();

CREATE FUNCTION siraj_disburse() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM siraj_signed_contract(NEW.contract_id, 'disbursements');
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_disburse() FROM PUBLIC;
CREATE TRIGGER disbursements_signed AFTER INSERT OR UPDATE OF contract_id ON disbursements FOR EACH ROW EXECUTE FUNCTION siraj_disburse();

-- Before it is signed a contract may move; not away from the months that are planned, nor below its lines.
CREATE FUNCTION siraj_contract_budgeted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM budget_lines l JOIN budget_line_months m ON m.budget_line_id = l.id AND m.retired_at IS NULL
             WHERE l.contract_id = NEW.id AND l.retired_at IS NULL AND m.month NOT BETWEEN date_trunc('month', NEW.starts_on)::date AND NEW.ends_on) THEN
    RAISE EXCEPTION 'months are planned outside of it' USING ERRCODE = 'check_violation', CONSTRAINT = 'contracts_planned_check', TABLE = 'contracts';
  END IF;
  IF NEW.amount < (SELECT sum(greatest(l.amount, (SELECT coalesce(sum(e.amount), 0) FROM expenditures e WHERE e.budget_line_id = l.id)
                                               + (SELECT coalesce(sum(c.open_amount), 0) FROM commitments c WHERE c.budget_line_id = l.id)))
                   FROM budget_lines l WHERE l.contract_id = NEW.id AND l.retired_at IS NULL) THEN
    RAISE EXCEPTION 'its lines come to more' USING ERRCODE = 'check_violation', CONSTRAINT = 'contracts_budgeted_check', TABLE = 'contracts';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_contract_budgeted() FROM PUBLIC;
CREATE TRIGGER contracts_budgeted AFTER UPDATE OF starts_on, ends_on, amount ON contracts FOR EACH ROW
  WHEN ((NEW.starts_on, NEW.ends_on, NEW.amount) IS DISTINCT FROM (OLD.starts_on, OLD.ends_on, OLD.amount)) EXECUTE FUNCTION siraj_contract_budgeted();

-- Where a campaign's money went: to budget lines, never more than was raised.
CREATE TABLE campaign_allocations (
  id uuid CONSTRAINT campaign_allocations_pkey PRIMARY KEY,
  campaign_id uuid NOT NULL CONSTRAINT campaign_allocations_campaign_id_fkey REFERENCES campaigns,
  budget_line_id uuid NOT NULL CONSTRAINT campaign_allocations_budget_line_id_fkey REFERENCES budget_lines,
  -- In the campaign's currency, and what it was in the line's.
  amount numeric(16,3) NOT NULL CONSTRAINT campaign_allocations_amount_check CHECK (amount > 0 AND amount <= 9999999999999.999),
  campaign_currency text NOT NULL,
  line_currency text NOT NULL,
  line_amount numeric(16,3) NOT NULL CONSTRAINT campaign_allocations_line_amount_check CHECK (line_amount BETWEEN 0 AND 9999999999999.999),
  exchange_rate_id uuid CONSTRAINT campaign_allocations_exchange_rate_id_fkey REFERENCES exchange_rates,
  rate numeric(30,16) CONSTRAINT campaign_allocations_rate_check CHECK (rate > 0),
  allocated_on date NOT NULL CONSTRAINT campaign_allocations_allocated_on_check CHECK (allocated_on BETWEEN '2011-01-01' AND '2100-01-01'),
  note text CONSTRAINT campaign_allocations_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  reverses_id uuid CONSTRAINT campaign_allocations_reverses_id_fkey REFERENCES campaign_allocations,
  reason text CONSTRAINT campaign_allocations_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT campaign_allocations_recorded_by_fkey REFERENCES users,
  CONSTRAINT campaign_allocations_campaign_currency_fkey FOREIGN KEY (campaign_id, campaign_currency) REFERENCES campaigns (id, currency),
  CONSTRAINT campaign_allocations_line_currency_fkey FOREIGN KEY (budget_line_id, line_currency) REFERENCES budget_lines (id, currency),
  CONSTRAINT campaign_allocations_exact_check CHECK (siraj_exact(amount, campaign_currency) AND siraj_exact(line_amount, line_currency)),
  CONSTRAINT campaign_allocations_reversal_check CHECK ((reverses_id IS NULL) = (reason IS NULL)),
  CONSTRAINT campaign_allocations_reverses_id_key UNIQUE (reverses_id)
);
CREATE INDEX campaign_allocations_campaign_idx ON campaign_allocations (campaign_id, allocated_on);
CREATE INDEX campaign_allocations_line_idx ON campaign_allocations (budget_line_id);
CREATE TRIGGER campaign_allocations_append_only BEFORE UPDATE OR DELETE ON campaign_allocations FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER campaign_allocations_no_truncate BEFORE TRUNCATE ON campaign_allocations FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER campaign_allocations_audit_insert AFTER INSERT ON campaign_allocations REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION siraj_audit('id');
GRANT SELECT, INSERT ON campaign_allocations TO siraj_service;
CREATE TRIGGER campaign_allocations_campaign_id_retired AFTER INSERT ON campaign_allocations FOR EACH ROW WHEN (NEW.reverses_id IS NULL)
  EXECUTE FUNCTION siraj_refuse_retired('campaign_id', 'campaigns', 'NO KEY UPDATE');
CREATE TRIGGER campaign_allocations_budget_line_id_retired AFTER INSERT ON campaign_allocations FOR EACH ROW WHEN (NEW.reverses_id IS NULL)
  EXECUTE FUNCTION siraj_refuse_retired('budget_line_id', 'budget_lines', 'SHARE');

-- What stands of a campaign's allocations, in its currency.
CREATE FUNCTION siraj_campaign_allocated(campaign uuid) RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(sum(CASE WHEN reverses_id IS NULL THEN amount ELSE -amount END), 0) FROM campaign_allocations WHERE campaign_id = campaign
$$;

-- The campaign's row is held first, as for donations: both are judged one after the other.
CREATE FUNCTION siraj_judge_allocation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  asked campaigns%ROWTYPE;
  turned campaign_allocations%ROWTYPE;
  found_rate record;
BEGIN
  SELECT * INTO asked FROM campaigns WHERE id = NEW.campaign_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no such campaign' USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'campaign_allocations_campaign_id_fkey', TABLE = 'campaign_allocations';
  END IF;
  IF NEW.reverses_id IS NOT NULL THEN
    SELECT * INTO turned FROM campaign_allocations WHERE id = NEW.reverses_id;
    IF turned.reverses_id IS NOT NULL OR (turned.campaign_id, turned.budget_line_id, turned.amount, turned.line_amount)
       IS DISTINCT FROM (NEW.campaign_id, NEW.budget_line_id, NEW.amount, NEW.line_amount) THEN
      RAISE EXCEPTION 'this allocation cannot be turned round' USING ERRCODE = 'check_violation', CONSTRAINT = 'campaign_allocations_reverses_state_check', TABLE = 'campaign_allocations';
    END IF;
    RETURN NEW;
  END IF;
  NEW.campaign_currency := asked.currency;
  NEW.line_currency := (SELECT currency FROM budget_lines WHERE id = NEW.budget_line_id);
  IF NEW.line_currency IS NULL THEN
    RAISE EXCEPTION 'no such line' USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'campaign_allocations_budget_line_id_fkey', TABLE = 'campaign_allocations';
  END IF;
  IF NEW.allocated_on < asked.starts_on THEN
    RAISE EXCEPTION 'before the campaign' USING ERRCODE = 'check_violation', CONSTRAINT = 'campaign_allocations_window_check', TABLE = 'campaign_allocations';
  END IF;
  IF NEW.line_currency = asked.currency THEN
    NEW.rate := NULL;
    NEW.exchange_rate_id := NULL;
    NEW.line_amount := NEW.amount;
  ELSE
    SELECT told.exchange_rate_id, told.rate INTO found_rate FROM siraj_rate(asked.currency, NEW.line_currency, NEW.allocated_on) told;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'no rate' USING ERRCODE = 'check_violation', CONSTRAINT = 'campaign_allocations_rate_required_check', TABLE = 'campaign_allocations';
    END IF;
    NEW.exchange_rate_id := found_rate.exchange_rate_id;
    NEW.rate := found_rate.rate;
    NEW.line_amount := round(NEW.amount * found_rate.rate, siraj_minor_units(NEW.line_currency));
  END IF;
  IF siraj_campaign_allocated(NEW.campaign_id) + NEW.amount > siraj_campaign_raised(NEW.campaign_id, NULL) THEN
    RAISE EXCEPTION 'more than was raised' USING ERRCODE = 'check_violation', CONSTRAINT = 'campaign_allocations_over_raised_check', TABLE = 'campaign_allocations';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_judge_allocation() FROM PUBLIC;
CREATE TRIGGER campaign_allocations_judge BEFORE INSERT ON campaign_allocations FOR EACH ROW EXECUTE FUNCTION siraj_judge_allocation();

-- What lowers raised leaves what is allocated covered, unless a reason is given.
CREATE FUNCTION siraj_keep_allocated() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF siraj_campaign_allocated(NEW.campaign_id) > siraj_campaign_raised(NEW.campaign_id, NULL) THEN
    RAISE EXCEPTION 'allocated already' USING ERRCODE = 'check_violation', CONSTRAINT = 'donations_allocated_check', TABLE = 'donations';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_keep_allocated() FROM PUBLIC;
CREATE TRIGGER donations_keep_allocated AFTER INSERT ON donations FOR EACH ROW
  WHEN (NEW.override_reason IS NULL AND ((NEW.kind IN ('refund', 'chargeback') AND NEW.reverses_id IS NULL) OR (NEW.kind = 'received' AND NEW.reverses_id IS NOT NULL)))
  EXECUTE FUNCTION siraj_keep_allocated();

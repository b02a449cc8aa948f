-- Stipends: a run pays the people of one contract for one month; an entry is one person's month.

-- Whose month it is: one and the same for all records of a person.
CREATE FUNCTION siraj_paid_person(of_staff uuid) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT siraj_person(of_staff) $$;

CREATE TABLE stipend_runs (
  id uuid CONSTRAINT stipend_runs_pkey PRIMARY KEY,
  contract_id uuid NOT NULL CONSTRAINT stipend_runs_contract_id_fkey REFERENCES contracts,
  -- Its first day.
  month date NOT NULL CONSTRAINT stipend_runs_month_check CHECK (month BETWEEN '2011-01-01' AND '2100-01-01' AND extract(day FROM month) = 1),
  budget_line_id uuid NOT NULL CONSTRAINT stipend_runs_budget_line_id_fkey REFERENCES budget_lines,
  note text CONSTRAINT stipend_runs_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  -- That of the budget line.
  currency text NOT NULL CONSTRAINT stipend_runs_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
  status text NOT NULL DEFAULT 'draft' CONSTRAINT stipend_runs_status_check CHECK (status IN ('draft', 'approved', 'paying', 'closed', 'cancelled')),
  -- Who computed its entries last.
  drafted_by uuid NOT NULL CONSTRAINT stipend_runs_drafted_by_fkey REFERENCES users,
  drafted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The day whose rates were frozen.
  rates_on date CONSTRAINT stipend_runs_rates_on_check CHECK (rates_on BETWEEN '2011-01-01' AND '2100-01-01'),
  approved_by uuid CONSTRAINT stipend_runs_approved_by_fkey REFERENCES users,
  approved_at timestamptz,
  commitment_id uuid CONSTRAINT stipend_runs_commitment_id_fkey REFERENCES commitments,
  closed_by uuid CONSTRAINT stipend_runs_closed_by_fkey REFERENCES users,
  closed_at timestamptz,
  -- Why it was cancelled.
  reason text CONSTRAINT stipend_runs_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT stipend_runs_recorded_by_fkey REFERENCES users,
  -- Nobody approves what they have drafted.
  CONSTRAINT stipend_runs_second_person_check CHECK (approved_by <> drafted_by),
  CONSTRAINT stipend_runs_approved_check CHECK (
    (approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (rates_on IS NULL) AND (approved_by IS NULL) = (commitment_id IS NULL)
    AND (status NOT IN ('approved', 'paying', 'closed') OR approved_by IS NOT NULL) AND (status <> 'draft' OR approved_by IS NULL)),
  CONSTRAINT stipend_runs_closed_check CHECK ((status = 'closed') = (closed_by IS NOT NULL) AND (closed_by IS NULL) = (closed_at IS NULL)),
  CONSTRAINT stipend_runs_why_check CHECK ((status = 'cancelled') = (reason IS NOT NULL)),
  CONSTRAINT stipend_runs_retired_check CHECK (retired_at IS NULL OR status = 'cancelled')
);
CREATE UNIQUE INDEX stipend_runs_month_key ON stipend_runs (contract_id, month) WHERE status <> 'cancelled';
CREATE INDEX stipend_runs_month_idx ON stipend_runs (month, id);
CREATE INDEX stipend_runs_budget_line_idx ON stipend_runs (budget_line_id);
CALL siraj_register('stipend_runs', 'id');
CALL siraj_refers('stipend_runs', 'contract_id', 'contracts', true);
CALL siraj_refers('stipend_runs', 'budget_line_id', 'budget_lines', true);

-- A run is charged to a line of stipends of its own contract, whose currency it takes, and its month shares a day with the contract.
CREATE FUNCTION siraj_stipend_run_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  line record;
BEGIN
  SELECT contract_id, category, currency INTO line FROM budget_lines WHERE id = NEW.budget_line_id FOR SHARE;
  IF line IS NULL OR line.contract_id <> NEW.contract_id OR line.category <> 'stipends' THEN
    RAISE EXCEPTION 'no line of stipends of the contract' USING ERRCODE = 'check_violation', CONSTRAINT = 'stipend_runs_budget_line_check', TABLE = 'stipend_runs';
  END IF;
  PERFORM FROM contracts WHERE id = NEW.contract_id
    AND daterange(starts_on, ends_on, '[]') && daterange(NEW.month, (NEW.month + interval '1 month')::date) FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the contract pays no day of the month' USING ERRCODE = 'check_violation', CONSTRAINT = 'stipend_runs_month_period_check', TABLE = 'stipend_runs';
  END IF;
  NEW.currency := line.currency;
  NEW.drafted_by := NEW.recorded_by;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_stipend_run_fits() FROM PUBLIC;
CREATE TRIGGER stipend_runs_fits BEFORE INSERT ON stipend_runs FOR EACH ROW EXECUTE FUNCTION siraj_stipend_run_fits();
CREATE UNIQUE INDEX stipend_runs_commitment_key ON stipend_runs (commitment_id);

-- What was set aside for a run is spent by that run alone.
CREATE FUNCTION siraj_run_keeps_its_money() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM stipend_runs WHERE commitment_id = NEW.commitment_id AND id IS DISTINCT FROM NEW.stipend_run_id) THEN
    RAISE EXCEPTION 'set aside for a run' USING ERRCODE = 'check_violation', CONSTRAINT = 'expenditures_commitment_run_check', TABLE = 'expenditures';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_run_keeps_its_money() FROM PUBLIC;
CREATE TRIGGER expenditures_commitment_run AFTER INSERT ON expenditures FOR EACH ROW WHEN (NEW.commitment_id IS NOT NULL)
  EXECUTE FUNCTION siraj_run_keeps_its_money();

-- What was handed over at once, in one currency.
CREATE TABLE stipend_payments (
  id uuid CONSTRAINT stipend_payments_pkey PRIMARY KEY,
  run_id uuid NOT NULL CONSTRAINT stipend_payments_run_id_fkey REFERENCES stipend_runs,
  currency text NOT NULL CONSTRAINT stipend_payments_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
  amount numeric(16,3) NOT NULL CONSTRAINT stipend_payments_amount_check CHECK (amount >= 0 AND amount <= 9999999999999.999),
  -- The same in the currency of the run, the sum of its entries.
  charged_amount numeric(16,3) NOT NULL CONSTRAINT stipend_payments_charged_amount_check CHECK (charged_amount >= 0 AND charged_amount <= 9999999999999.999),
  people integer NOT NULL CONSTRAINT stipend_payments_people_check CHECK (people BETWEEN 1 AND 1000000),
  paid_on date NOT NULL CONSTRAINT stipend_payments_paid_on_check CHECK (paid_on BETWEEN '2011-01-01' AND '2100-01-01'),
  method text NOT NULL CONSTRAINT stipend_payments_method_check CHECK (method IN ('cash', 'bank', 'hawala')),
  -- The agent who carried it, and the agent's word for it.
  organization_id uuid CONSTRAINT stipend_payments_organization_id_fkey REFERENCES organizations,
  reference text CONSTRAINT stipend_payments_reference_check CHECK (length(reference) BETWEEN 1 AND 100),
  note text CONSTRAINT stipend_payments_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  -- The expenditure that stands for what of it has not come back; none where all has.
  expenditure_id uuid CONSTRAINT stipend_payments_expenditure_id_fkey REFERENCES expenditures,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT stipend_payments_recorded_by_fkey REFERENCES users,
  CONSTRAINT stipend_payments_exact_check CHECK (siraj_exact(amount, currency))
);
CREATE INDEX stipend_payments_run_idx ON stipend_payments (run_id);
CREATE INDEX stipend_payments_organization_idx ON stipend_payments (organization_id);
-- Who carried it, and under which word, is for those who keep it: the history leaves it out.
CALL siraj_register('stipend_payments', 'run_id', 'organization_id', 'reference');
-- A payment is history: it keeps no organisation in use.
CALL siraj_refers('stipend_payments', 'organization_id', 'organizations', false);

-- What proves a payment: the sheet that people signed, the agent's acknowledgement.
CREATE TABLE stipend_proofs (
  id uuid CONSTRAINT stipend_proofs_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
  payment_id uuid NOT NULL CONSTRAINT stipend_proofs_payment_id_fkey REFERENCES stipend_payments,
  attachment_id uuid NOT NULL CONSTRAINT stipend_proofs_attachment_id_fkey REFERENCES attachments,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT stipend_proofs_recorded_by_fkey REFERENCES users
);
CREATE UNIQUE INDEX stipend_proofs_attachment_key ON stipend_proofs (payment_id, attachment_id) WHERE retired_at IS NULL;
CREATE INDEX stipend_proofs_attachment_idx ON stipend_proofs (attachment_id);
CALL siraj_register('stipend_proofs', 'payment_id');
CALL siraj_refers('stipend_proofs', 'attachment_id', 'attachments', true);
CREATE FUNCTION siraj_stipend_proof_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM attachments WHERE id = NEW.attachment_id AND kind NOT IN ('signature_sheet', 'agent_acknowledgement', 'receipt')) THEN
    RAISE EXCEPTION 'no proof of a payment' USING ERRCODE = 'check_violation', CONSTRAINT = 'stipend_proofs_kind_check', TABLE = 'stipend_proofs';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_stipend_proof_fits() FROM PUBLIC;
CREATE TRIGGER stipend_proofs_fits AFTER INSERT ON stipend_proofs FOR EACH ROW EXECUTE FUNCTION siraj_stipend_proof_fits();

-- One person's month in a run. Entries are made by thousands from posts, scales and rates in use, which the statement reads in the same
-- transaction: their references are held by their keys, without a trigger a row.
CREATE TABLE stipend_entries (
  id uuid CONSTRAINT stipend_entries_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
  run_id uuid NOT NULL CONSTRAINT stipend_entries_run_id_fkey REFERENCES stipend_runs,
  staff_id uuid NOT NULL CONSTRAINT stipend_entries_staff_id_fkey REFERENCES staff,
  -- The person, whichever of their records the post was given to.
  person_id uuid NOT NULL CONSTRAINT stipend_entries_person_id_fkey REFERENCES staff,
  -- Whose month it is: that of the run, or an earlier one that was carried over.
  month date NOT NULL CONSTRAINT stipend_entries_month_check CHECK (month BETWEEN '2011-01-01' AND '2100-01-01' AND extract(day FROM month) = 1),
  -- Of the post that was served most: where the person signs.
  facility_id uuid NOT NULL CONSTRAINT stipend_entries_facility_id_fkey REFERENCES facilities,
  cadre text NOT NULL CONSTRAINT stipend_entries_cadre_check
    CHECK (cadre IN ('doctor', 'nurse', 'midwife', 'pharmacist', 'technician', 'administrative', 'service')),
  days_served smallint NOT NULL CONSTRAINT stipend_entries_days_served_check CHECK (days_served BETWEEN 1 AND 31),
  full_time_days numeric(6,2) NOT NULL CONSTRAINT stipend_entries_full_time_days_check CHECK (full_time_days > 0 AND full_time_days <= 3100),
  -- What the amount was computed from: every post with its scale, share and days.
  posts jsonb NOT NULL CONSTRAINT stipend_entries_posts_check CHECK (jsonb_typeof(posts) = 'array' AND jsonb_array_length(posts) > 0),
  currency text NOT NULL CONSTRAINT stipend_entries_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
  amount numeric(16,3) NOT NULL CONSTRAINT stipend_entries_amount_check CHECK (amount >= 0 AND amount <= 9999999999999.999),
  status text NOT NULL DEFAULT 'drafted' CONSTRAINT stipend_entries_status_check CHECK (status IN
    ('drafted', 'due', 'held', 'paid', 'returned', 'carried', 'lapsed', 'cancelled')),
  -- Frozen by the approval; none where the currency is that of the run.
  exchange_rate_id uuid CONSTRAINT stipend_entries_exchange_rate_id_fkey REFERENCES exchange_rates,
  rate numeric(30,16) CONSTRAINT stipend_entries_rate_check CHECK (rate > 0 AND rate <= 999999999999),
  charged_amount numeric(16,3) CONSTRAINT stipend_entries_charged_amount_check CHECK (charged_amount >= 0 AND charged_amount <= 9999999999999.999),
  payment_id uuid CONSTRAINT stipend_entries_payment_id_fkey REFERENCES stipend_payments,
  -- Why it is held, lapsed or came back.
  reason text CONSTRAINT stipend_entries_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  returned_on date CONSTRAINT stipend_entries_returned_on_check CHECK (returned_on BETWEEN '2011-01-01' AND '2100-01-01'),
  -- Why the person may be paid for this month by another contract too.
  double_pay_waiver text CONSTRAINT stipend_entries_double_pay_waiver_check CHECK (length(double_pay_waiver) BETWEEN 10 AND 500),
  carried_from_id uuid CONSTRAINT stipend_entries_carried_from_id_fkey REFERENCES stipend_entries,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT stipend_entries_recorded_by_fkey REFERENCES users,
  CONSTRAINT stipend_entries_exact_check CHECK (siraj_exact(amount, currency)),
  CONSTRAINT stipend_entries_rated_check CHECK (
    (rate IS NULL) = (exchange_rate_id IS NULL) AND (rate IS NULL OR charged_amount IS NOT NULL)
    AND (status <> 'drafted' OR charged_amount IS NULL) AND (status IN ('drafted', 'cancelled') OR charged_amount IS NOT NULL)),
  CONSTRAINT stipend_entries_paid_check CHECK (
    (status NOT IN ('paid', 'returned') OR payment_id IS NOT NULL) AND (status IN ('paid', 'returned', 'carried') OR payment_id IS NULL)),
  CONSTRAINT stipend_entries_returned_check CHECK ((payment_id IS NOT NULL AND status <> 'paid') = (returned_on IS NOT NULL)),
  CONSTRAINT stipend_entries_why_check CHECK (status NOT IN ('held', 'lapsed', 'returned') OR reason IS NOT NULL),
  -- What was approved is never put away.
  CONSTRAINT stipend_entries_retired_check CHECK (retired_at IS NULL OR status = 'drafted')
);
CREATE UNIQUE INDEX stipend_entries_person_key ON stipend_entries (run_id, person_id, month) WHERE retired_at IS NULL;
-- A person's month is paid once, by whichever contract, unless a waiver says why not.
CREATE UNIQUE INDEX stipend_entries_paid_once_key ON stipend_entries (month, person_id)
  WHERE status IN ('due', 'held', 'paid') AND double_pay_waiver IS NULL AND retired_at IS NULL;
CREATE UNIQUE INDEX stipend_entries_carried_once_key ON stipend_entries (carried_from_id) WHERE status <> 'cancelled' AND retired_at IS NULL;
CREATE INDEX stipend_entries_month_idx ON stipend_entries (month, staff_id);
CREATE INDEX stipend_entries_facility_idx ON stipend_entries (facility_id, run_id);
CREATE INDEX stipend_entries_payment_idx ON stipend_entries (payment_id);
-- The posts are what an amount was computed from, and never change after the draft: they stand in the row, not in every line of its history.
CALL siraj_register('stipend_entries', 'id', 'posts');

-- The posts that a run's contract pays in its month, each with the scales that pay it and the days they share. A scale is looked for once
-- a cadre, area and stretch of days in which no scale begins or ends, not once a post; and no two sets are joined by trying every pair, however few rows were expected of them.
CREATE FUNCTION siraj_stipend_pieces(of_run uuid)
RETURNS TABLE (id uuid, staff_id uuid, person_id uuid, facility_id uuid, cadre text, share_percent smallint, days daterange,
               scale_id uuid, currency text, monthly_amount numeric, served integer)
LANGUAGE sql STABLE ROWS 10000 SET enable_nestloop = off SET jit = off AS $$
  WITH run AS (
    SELECT r.contract_id, daterange(r.month, (r.month + interval '1 month')::date) * daterange(c.starts_on, c.ends_on, '[]') AS days
    FROM stipend_runs r JOIN contracts c ON c.id = r.contract_id WHERE r.id = of_run
  ), posts AS MATERIALIZED (
    SELECT a.id, a.staff_id, siraj_paid_person(a.staff_id) AS person_id, a.facility_id, f.area_id, a.cadre, a.share_percent,
           daterange(a.starts_on, a.ends_on, '[]') * run.days AS days
    FROM run JOIN assignments a ON a.contract_id = run.contract_id AND a.retired_at IS NULL AND daterange(a.starts_on, a.ends_on, '[]') && run.days
    JOIN facilities f ON f.id = a.facility_id
  ), turns AS (
    SELECT lower(days) AS day FROM run WHERE NOT isempty(days)
    UNION SELECT turn.day FROM run JOIN stipend_scales s ON s.retired_at IS NULL AND (s.contract_id IS NULL OR s.contract_id = run.contract_id)
          CROSS JOIN LATERAL (VALUES (s.starts_on), (s.ends_on + 1)) AS turn (day) WHERE run.days @> turn.day
  ), stretches AS (
    SELECT t.day, daterange(t.day, lead(t.day, 1, upper(run.days)) OVER (ORDER BY t.day)) AS days FROM turns t CROSS JOIN run
  ), priced AS MATERIALIZED (
    SELECT k.cadre, k.area_id, s.scale_id, s.currency, s.monthly_amount, range_agg(d.days) AS days
    FROM (SELECT DISTINCT cadre, area_id FROM posts) k CROSS JOIN run CROSS JOIN stretches d
    LEFT JOIN LATERAL siraj_stipend_scale(run.contract_id, k.cadre, k.area_id, d.day) s ON true
    GROUP BY k.cadre, k.area_id, s.scale_id, s.currency, s.monthly_amount
  )
  SELECT p.id, p.staff_id, p.person_id, p.facility_id, p.cadre, p.share_percent, p.days, s.scale_id, s.currency, s.monthly_amount,
         (SELECT sum(upper(part) - lower(part)) FROM unnest(s.days * datemultirange(p.days)) AS part)::integer
  FROM posts p JOIN priced s ON s.cadre = p.cadre AND s.area_id = p.area_id AND s.days && p.days
$$;

-- The months of a run's people that stand in other runs too, whichever of a person's records they name: whether one of the two has a waiver, and
-- whether both would pay. What was carried over and where it came from are one.
CREATE FUNCTION siraj_stipend_pairs(of_run uuid) RETURNS TABLE (id uuid, other_id uuid, waived boolean, both_pay boolean)
LANGUAGE sql STABLE SET enable_nestloop = off SET jit = off AS $$
  WITH mine AS MATERIALIZED (
    SELECT e.*, siraj_paid_person(e.staff_id) AS person FROM stipend_entries e WHERE e.run_id = of_run AND e.retired_at IS NULL AND e.status <> 'cancelled'
  ), theirs AS MATERIALIZED (
    SELECT e.*, siraj_paid_person(e.staff_id) AS person FROM stipend_entries e
    WHERE e.month = ANY (ARRAY(SELECT DISTINCT month FROM mine)) AND e.run_id <> of_run AND e.retired_at IS NULL AND e.status <> 'cancelled'
  )
  SELECT mine.id, theirs.id, num_nonnulls(mine.double_pay_waiver, theirs.double_pay_waiver) > 0,
         mine.status IN ('drafted', 'due', 'held', 'paid') AND theirs.status IN ('drafted', 'due', 'held', 'paid')
  FROM mine JOIN theirs USING (month, person)
  WHERE mine.carried_from_id IS DISTINCT FROM theirs.id AND theirs.carried_from_id IS DISTINCT FROM mine.id
$$;

ALTER TABLE expenditures ADD CONSTRAINT expenditures_stipend_run_id_fkey FOREIGN KEY (stipend_run_id) REFERENCES stipend_runs;

CREATE TABLE contracts (
  id uuid CONSTRAINT contracts_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT contracts_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  name text NOT NULL CONSTRAINT contracts_name_check CHECK (length(name) BETWEEN 1 AND 200),
  name_ar text CONSTRAINT contracts_name_ar_check CHECK (length(name_ar) BETWEEN 1 AND 200),
  -- The partner's own number of the contract.
  number text CONSTRAINT contracts_number_check CHECK (length(number) BETWEEN 1 AND 100),
  organization_id uuid NOT NULL CONSTRAINT contracts_organization_id_fkey REFERENCES organizations,
  project_id uuid CONSTRAINT contracts_project_id_fkey REFERENCES projects,
  renews_id uuid CONSTRAINT contracts_renews_id_fkey REFERENCES contracts,
  starts_on date NOT NULL CONSTRAINT contracts_starts_on_check CHECK (starts_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ends_on date NOT NULL CONSTRAINT contracts_ends_on_check CHECK (ends_on BETWEEN '2011-01-01' AND '2100-01-01'),
  currency text CONSTRAINT contracts_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
  amount numeric(15,2) CONSTRAINT contracts_amount_check CHECK (amount >= 0 AND amount <= 9999999999999.99),
  monthly_amount numeric(15,2) CONSTRAINT contracts_monthly_amount_check CHECK (monthly_amount >= 0 AND monthly_amount <= 9999999999999.99),
  -- The cadres it pays; empty where it names none.
  cadres text[] NOT NULL DEFAULT '{}' CONSTRAINT contracts_cadres_check
    CHECK (siraj_words_distinct(cadres) AND cadres <@ ARRAY['doctor', 'nurse', 'midwife', 'pharmacist', 'technician', 'administrative', 'service']),
  reporting_duties text CONSTRAINT contracts_reporting_duties_check CHECK (length(reporting_duties) BETWEEN 1 AND 2000),
  note text CONSTRAINT contracts_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  search text GENERATED ALWAYS AS (siraj_search(code, number, name, name_ar)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT contracts_recorded_by_fkey REFERENCES users,
  CONSTRAINT contracts_code_key UNIQUE (code),
  CONSTRAINT contracts_renews_id_key UNIQUE (renews_id),
  CONSTRAINT contracts_renews_check CHECK (renews_id <> id),
  CONSTRAINT contracts_money_check CHECK (currency IS NOT NULL OR (amount IS NULL AND monthly_amount IS NULL)),
  CONSTRAINT contracts_period_check CHECK (ends_on >= starts_on)
);
CREATE INDEX contracts_organization_idx ON contracts (organization_id);
CREATE INDEX contracts_search_idx ON contracts USING gin (search gin_trgm_ops);
CALL siraj_register('contracts', 'id');

-- A renewal is of the same partner and starts after what it renews, whichever of the two is edited.
-- Rising days make a circle impossible. The neighbours are locked, so that two edits at once are judged one after the other.
CREATE FUNCTION siraj_contract_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  neighbour record;
BEGIN
  FOR neighbour IN
    SELECT id, organization_id, starts_on FROM contracts WHERE id = NEW.renews_id OR renews_id = NEW.id ORDER BY id FOR NO KEY UPDATE
  LOOP
    IF neighbour.organization_id <> NEW.organization_id THEN
      RAISE EXCEPTION 'a renewal is of the same partner' USING ERRCODE = 'check_violation', CONSTRAINT = 'contracts_renews_organization_check', TABLE = 'contracts';
    END IF;
    IF (CASE WHEN neighbour.id = NEW.renews_id THEN neighbour.starts_on >= NEW.starts_on ELSE neighbour.starts_on <= NEW.starts_on END) THEN
      RAISE EXCEPTION 'a renewal starts after what it renews' USING ERRCODE = 'check_violation', CONSTRAINT = 'contracts_renews_order_check', TABLE = 'contracts';
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_contract_chain() FROM PUBLIC;
CREATE TRIGGER contracts_chain AFTER INSERT OR UPDATE ON contracts FOR EACH ROW EXECUTE FUNCTION siraj_contract_chain();

-- Which facilities a contract supports, and when; open days are the contract's own.
CREATE TABLE contract_facilities (
  id uuid CONSTRAINT contract_facilities_pkey PRIMARY KEY,
  contract_id uuid NOT NULL CONSTRAINT contract_facilities_contract_id_fkey REFERENCES contracts,
  facility_id uuid NOT NULL CONSTRAINT contract_facilities_facility_id_fkey REFERENCES facilities,
  starts_on date CONSTRAINT contract_facilities_starts_on_check CHECK (starts_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ends_on date CONSTRAINT contract_facilities_ends_on_check CHECK (ends_on BETWEEN '2011-01-01' AND '2100-01-01'),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT contract_facilities_recorded_by_fkey REFERENCES users,
  CONSTRAINT contract_facilities_period_check CHECK (ends_on >= starts_on),
  CONSTRAINT contract_facilities_period_excl EXCLUDE USING gist (contract_id WITH =, facility_id WITH =, daterange(starts_on, ends_on, '[]') WITH &&) WHERE (retired_at IS NULL)
);
CREATE INDEX contract_facilities_facility_idx ON contract_facilities (facility_id);
CALL siraj_register('contract_facilities', 'contract_id');

CREATE TABLE campaigns (
  id uuid CONSTRAINT campaigns_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT campaigns_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  name text NOT NULL CONSTRAINT campaigns_name_check CHECK (length(name) BETWEEN 1 AND 200),
  name_ar text CONSTRAINT campaigns_name_ar_check CHECK (length(name_ar) BETWEEN 1 AND 200),
  goal_amount numeric(15,2) NOT NULL CONSTRAINT campaigns_goal_amount_check CHECK (goal_amount > 0 AND goal_amount <= 9999999999999.99),
  currency text NOT NULL CONSTRAINT campaigns_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
  starts_on date NOT NULL CONSTRAINT campaigns_starts_on_check CHECK (starts_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ends_on date CONSTRAINT campaigns_ends_on_check CHECK (ends_on BETWEEN '2011-01-01' AND '2100-01-01'),
  description text CONSTRAINT campaigns_description_check CHECK (length(description) BETWEEN 1 AND 2000),
  search text GENERATED ALWAYS AS (siraj_search(code, name, name_ar)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT campaigns_recorded_by_fkey REFERENCES users,
  CONSTRAINT campaigns_code_key UNIQUE (code),
  CONSTRAINT campaigns_period_check CHECK (ends_on >= starts_on)
);
CREATE INDEX campaigns_search_idx ON campaigns USING gin (search gin_trgm_ops);
CALL siraj_register('campaigns', 'id');

CREATE TABLE campaign_facilities (
  id uuid CONSTRAINT campaign_facilities_pkey PRIMARY KEY,
  campaign_id uuid NOT NULL CONSTRAINT campaign_facilities_campaign_id_fkey REFERENCES campaigns,
  facility_id uuid NOT NULL CONSTRAINT campaign_facilities_facility_id_fkey REFERENCES facilities,
  starts_on date CONSTRAINT campaign_facilities_starts_on_check CHECK (starts_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ends_on date CONSTRAINT campaign_facilities_ends_on_check CHECK (ends_on BETWEEN '2011-01-01' AND '2100-01-01'),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT campaign_facilities_recorded_by_fkey REFERENCES users,
  CONSTRAINT campaign_facilities_period_check CHECK (ends_on >= starts_on),
  CONSTRAINT campaign_facilities_period_excl EXCLUDE USING gist (campaign_id WITH =, facility_id WITH =, daterange(starts_on, ends_on, '[]') WITH &&) WHERE (retired_at IS NULL)
);
CREATE INDEX campaign_facilities_facility_idx ON campaign_facilities (facility_id);
CALL siraj_register('campaign_facilities', 'campaign_id');

-- What was published: a number, its words, its source, its day. Never a figure, only held against one.
CREATE TABLE claims (
  id uuid CONSTRAINT claims_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT claims_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  campaign_id uuid NOT NULL CONSTRAINT claims_campaign_id_fkey REFERENCES campaigns,
  statement text NOT NULL CONSTRAINT claims_statement_check CHECK (length(statement) BETWEEN 1 AND 2000),
  statement_ar text CONSTRAINT claims_statement_ar_check CHECK (length(statement_ar) BETWEEN 1 AND 2000),
  -- What it speaks of: claims of one subject that say different things contradict each other.
  subject text NOT NULL CONSTRAINT claims_subject_check CHECK (subject ~ '^[a-z0-9_.]{1,100}$'),
  comparison text NOT NULL DEFAULT 'equals' CONSTRAINT claims_comparison_check CHECK (comparison IN ('equals', 'at_least', 'more_than')),
  amount numeric(15,2) CONSTRAINT claims_amount_check CHECK (amount >= 0 AND amount <= 9999999999999.99),
  unit text CONSTRAINT claims_unit_check CHECK (length(unit) BETWEEN 1 AND 40),
  day date CONSTRAINT claims_day_check CHECK (day BETWEEN '2011-01-01' AND '2100-01-01'),
  -- The figure it can be held against, by its name in the reports, and the day it speaks of.
  figure text CONSTRAINT claims_figure_check CHECK (figure ~ '^[a-z_]+(\.[a-z_]+)*$'),
  as_of date CONSTRAINT claims_as_of_check CHECK (as_of BETWEEN '2011-01-01' AND '2100-01-01'),
  part_of_id uuid CONSTRAINT claims_part_of_id_fkey REFERENCES claims,
  source text NOT NULL CONSTRAINT claims_source_check CHECK (length(source) BETWEEN 1 AND 500),
  published_on date CONSTRAINT claims_published_on_check CHECK (published_on BETWEEN '2011-01-01' AND '2100-01-01'),
  search text GENERATED ALWAYS AS (siraj_search(code, statement, statement_ar, source)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT claims_recorded_by_fkey REFERENCES users,
  CONSTRAINT claims_code_key UNIQUE (code),
  CONSTRAINT claims_part_of_check CHECK (part_of_id <> id),
  CONSTRAINT claims_figure_amount_check CHECK (figure IS NULL OR amount IS NOT NULL)
);
CREATE INDEX claims_campaign_idx ON claims (campaign_id);
CREATE INDEX claims_search_idx ON claims USING gin (search gin_trgm_ops);
CALL siraj_register('claims', 'id');

-- What a month of full time is paid: by cadre, and where it differs by contract, area and time.

CREATE TABLE stipend_scales (
  id uuid CONSTRAINT stipend_scales_pkey PRIMARY KEY,
  -- None: of every contract that has no scale of its own.
  contract_id uuid CONSTRAINT stipend_scales_contract_id_fkey REFERENCES contracts,
  cadre text NOT NULL CONSTRAINT stipend_scales_cadre_check
    CHECK (cadre IN ('doctor', 'nurse', 'midwife', 'pharmacist', 'technician', 'administrative', 'service')),
  -- The area and all below it; none: everywhere.
  area_id uuid CONSTRAINT stipend_scales_area_id_fkey REFERENCES areas,
  currency text NOT NULL CONSTRAINT stipend_scales_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
  monthly_amount numeric(16,3) NOT NULL CONSTRAINT stipend_scales_monthly_amount_check CHECK (monthly_amount > 0 AND monthly_amount <= 9999999999999.999),
  starts_on date NOT NULL CONSTRAINT stipend_scales_starts_on_check CHECK (starts_on BETWEEN '2011-01-01' AND '2100-01-01'),
  ends_on date CONSTRAINT stipend_scales_ends_on_check CHECK (ends_on BETWEEN '2011-01-01' AND '2100-01-01'),
  note text CONSTRAINT stipend_scales_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT stipend_scales_recorded_by_fkey REFERENCES users,
  CONSTRAINT stipend_scales_exact_check CHECK (siraj_exact(monthly_amount, currency)),
  CONSTRAINT stipend_scales_period_check CHECK (ends_on >= starts_on),
  -- One scale a day of the same contract, cadre and area: for each of the first and the last, none is one of its own.
  CONSTRAINT stipend_scales_period_excl EXCLUDE USING gist (
    (coalesce(contract_id, '00000000-0000-0000-0000-000000000000'::uuid)) WITH =, cadre WITH =,
    (coalesce(area_id, '00000000-0000-0000-0000-000000000000'::uuid)) WITH =, daterange(starts_on, ends_on, '[]') WITH &&) WHERE (retired_at IS NULL)
);
CREATE INDEX stipend_scales_contract_idx ON stipend_scales (contract_id);
CREATE INDEX stipend_scales_area_idx ON stipend_scales (area_id);
CREATE INDEX stipend_scales_cadre_idx ON stipend_scales (cadre);
CALL siraj_register('stipend_scales', 'id');
CALL siraj_refers('stipend_scales', 'contract_id', 'contracts', true);
CALL siraj_refers('stipend_scales', 'area_id', 'areas', true);

-- The scale of a post on a day. The most specific wins: a contract's own before the general ones; among those, that of the nearest area
-- up the tree, and that of everywhere last.
CREATE FUNCTION siraj_stipend_scale(of_contract uuid, of_cadre text, in_area uuid, on_day date)
RETURNS TABLE (scale_id uuid, currency text, monthly_amount numeric) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT s.id, s.currency, s.monthly_amount
  FROM stipend_scales s
  WHERE s.cadre = of_cadre AND s.retired_at IS NULL AND daterange(s.starts_on, s.ends_on, '[]') @> on_day
    AND (s.contract_id IS NULL OR s.contract_id = of_contract)
    AND (s.area_id IS NULL OR EXISTS (SELECT FROM area_closure c WHERE c.ancestor_id = s.area_id AND c.area_id = in_area))
  ORDER BY s.contract_id IS NULL, (SELECT count(*) FROM area_closure above WHERE above.area_id = s.area_id) DESC LIMIT 1
$$;

-- What a post costs a month by its scale, in the currency of the scale: rounded once, half away from zero, to the currency's minor unit.
-- Of many posts: find the scale of every contract, cadre and area once, and sum up the shares.
CREATE FUNCTION siraj_monthly_cost(of_contract uuid, of_cadre text, in_area uuid, share_percent integer, on_day date)
RETURNS TABLE (currency text, amount numeric) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT s.currency, round(s.monthly_amount * share_percent / 100, siraj_minor_units(s.currency))
  FROM siraj_stipend_scale(of_contract, of_cadre, in_area, on_day) s
$$;

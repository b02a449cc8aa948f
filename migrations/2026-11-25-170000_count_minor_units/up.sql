-- Money is exact to the minor unit of its currency: none of a franc CFA, hundredths of a dollar, thousandths of a dinar of Jordan.

-- The digits behind the point that ISO 4217 gives a currency, at most three.
CREATE FUNCTION siraj_minor_units(currency text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE
    WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 0
    WHEN currency IN ('BHD', 'CLF', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'UYW') THEN 3
    ELSE 2 END
$$;
-- Whether an amount is one that can be paid in its currency.
CREATE FUNCTION siraj_exact(amount numeric, currency text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT amount IS NULL OR currency IS NULL OR amount = round(amount, siraj_minor_units(currency))
$$;

ALTER TABLE contracts
  ALTER COLUMN amount TYPE numeric(16,3),
  ALTER COLUMN monthly_amount TYPE numeric(16,3),
  ADD CONSTRAINT contracts_exact_check CHECK (siraj_exact(amount, currency) AND siraj_exact(monthly_amount, currency));
ALTER TABLE campaigns
  ALTER COLUMN goal_amount TYPE numeric(16,3),
  ADD CONSTRAINT campaigns_exact_check CHECK (siraj_exact(goal_amount, currency));

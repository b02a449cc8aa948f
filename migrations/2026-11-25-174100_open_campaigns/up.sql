-- What a campaign says to everybody: whether it does, in which words, and which amounts it suggests.

-- Amounts that rise, all above nothing and payable in their currency.
CREATE FUNCTION siraj_amounts_rise(amounts numeric[], currency text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(bool_and(amount IS NOT NULL AND amount > 0 AND amount <= 9999999999999.999 AND siraj_exact(amount, currency)
                           AND (before IS NULL OR amount > before)), true)
  FROM (SELECT amount, lag(amount) OVER (ORDER BY place) AS before FROM unnest(amounts) WITH ORDINALITY AS given (amount, place)) steps
$$;

ALTER TABLE campaigns
  ADD COLUMN suggested_amounts numeric(16,3)[] NOT NULL DEFAULT '{}',
  ADD COLUMN published boolean NOT NULL DEFAULT false,
  ADD COLUMN public_text text CONSTRAINT campaigns_public_text_check CHECK (length(public_text) BETWEEN 1 AND 2000),
  ADD COLUMN public_text_ar text CONSTRAINT campaigns_public_text_ar_check CHECK (length(public_text_ar) BETWEEN 1 AND 2000),
  ADD CONSTRAINT campaigns_suggested_amounts_check CHECK (siraj_amounts_rise(suggested_amounts, currency) AND cardinality(suggested_amounts) <= 12),
  ADD CONSTRAINT campaigns_id_currency_key UNIQUE (id, currency);

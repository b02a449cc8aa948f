-- What a currency is worth in another on a day: one rule, for whoever reckons with it.

-- The latest rate of the pair in use, told for that day or one of the 31 before it; of several of one day, the one told last. One that was
-- told the other way round is turned round and kept to 16 digits behind the point, so that small coins do not lose what they are worth.
CREATE FUNCTION siraj_rate(from_currency text, to_currency text, on_day date)
RETURNS TABLE (exchange_rate_id uuid, rate numeric, rated_on date) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT told.id, CASE WHEN told.base_currency = from_currency THEN told.rate ELSE round(1.0000000000000000 / told.rate, 16) END, told.rated_on
  FROM exchange_rates told
  WHERE (told.base_currency, told.quote_currency) IN ((from_currency, to_currency), (to_currency, from_currency))
    AND told.rated_on BETWEEN on_day - 31 AND on_day AND told.retired_at IS NULL
  ORDER BY told.rated_on DESC, told.recorded_at DESC, told.id DESC LIMIT 1
$$;

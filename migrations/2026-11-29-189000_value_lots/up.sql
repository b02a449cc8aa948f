-- What a base unit of a lot is worth: a donor's list or an invoice says it once, and what was sent, arrived or was lost is worth so much of it.
ALTER TABLE lots
  ADD COLUMN unit_value numeric(20,8) CONSTRAINT lots_unit_value_check CHECK (unit_value BETWEEN 0.00000001 AND 999999999999),
  ADD COLUMN currency text CONSTRAINT lots_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
  ADD CONSTRAINT lots_money_check CHECK ((unit_value IS NULL) = (currency IS NULL));
CALL siraj_remember('lots');

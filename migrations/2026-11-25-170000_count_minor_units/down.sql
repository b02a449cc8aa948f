-- Amounts of finer parts than hundredths are refused rather than rounded.
ALTER TABLE campaigns DROP CONSTRAINT campaigns_exact_check,
  ADD CONSTRAINT campaigns_hundredths_check CHECK (goal_amount = round(goal_amount, 2));
ALTER TABLE campaigns DROP CONSTRAINT campaigns_hundredths_check, ALTER COLUMN goal_amount TYPE numeric(15,2);
ALTER TABLE contracts DROP CONSTRAINT contracts_exact_check,
  ADD CONSTRAINT contracts_hundredths_check CHECK (amount = round(amount, 2) AND monthly_amount = round(monthly_amount, 2));
ALTER TABLE contracts DROP CONSTRAINT contracts_hundredths_check,
  ALTER COLUMN amount TYPE numeric(15,2), ALTER COLUMN monthly_amount TYPE numeric(15,2);
DROP FUNCTION siraj_exact(numeric, text);
DROP FUNCTION siraj_minor_units(text);

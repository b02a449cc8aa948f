ALTER TABLE campaigns
  DROP CONSTRAINT campaigns_id_currency_key,
  DROP COLUMN suggested_amounts,
  DROP COLUMN published,
  DROP COLUMN public_text,
  DROP COLUMN public_text_ar;
DROP FUNCTION siraj_amounts_rise(numeric[], text);

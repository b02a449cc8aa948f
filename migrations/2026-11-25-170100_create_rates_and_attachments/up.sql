-- Rates between currencies, by day and source, and the files that prove things.

-- One unit of the base currency buys so much of the quote currency. A rate is never edited: a wrong one is retired and told anew,
-- and what was reckoned with it keeps its own copy.
CREATE TABLE exchange_rates (
  id uuid CONSTRAINT exchange_rates_pkey PRIMARY KEY,
  base_currency text NOT NULL CONSTRAINT exchange_rates_base_currency_check CHECK (base_currency ~ '^[A-Z]{3}$'),
  quote_currency text NOT NULL CONSTRAINT exchange_rates_quote_currency_check CHECK (quote_currency ~ '^[A-Z]{3}$'),
  rate numeric(20,8) NOT NULL CONSTRAINT exchange_rates_rate_check CHECK (rate BETWEEN 0.00000001 AND 999999999999),
  rated_on date NOT NULL CONSTRAINT exchange_rates_rated_on_check CHECK (rated_on BETWEEN '2011-01-01' AND '2100-01-01'),
  source text NOT NULL CONSTRAINT exchange_rates_source_check CHECK (length(source) BETWEEN 1 AND 200),
  note text CONSTRAINT exchange_rates_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT exchange_rates_recorded_by_fkey REFERENCES users,
  CONSTRAINT exchange_rates_pair_check CHECK (base_currency <> quote_currency)
);
-- A pair has one rate of a day and source, whichever way round it is told.
CREATE UNIQUE INDEX exchange_rates_day_key ON exchange_rates
  (least(base_currency, quote_currency), greatest(base_currency, quote_currency), rated_on, source) WHERE retired_at IS NULL;
CREATE INDEX exchange_rates_pair_idx ON exchange_rates (base_currency, quote_currency, rated_on);
CALL siraj_register('exchange_rates', 'id');

-- A file, known by the hash of its bytes; the bytes lie in the object store, never here. Its name is a word about it, never a path.
CREATE TABLE attachments (
  id uuid CONSTRAINT attachments_pkey PRIMARY KEY,
  kind text NOT NULL CONSTRAINT attachments_kind_check CHECK (kind IN
    ('contract', 'amendment', 'report', 'invoice', 'receipt', 'signature_sheet', 'agent_acknowledgement', 'waybill', 'photo', 'other')),
  file_name text NOT NULL CONSTRAINT attachments_file_name_check CHECK (length(file_name) BETWEEN 1 AND 255),
  -- What the bytes are, not what the sender says they are.
  content_type text NOT NULL CONSTRAINT attachments_content_type_check CHECK (content_type ~ '^[a-z0-9.+-]+/[a-z0-9.+-]+$' AND length(content_type) <= 100),
  size_bytes bigint NOT NULL CONSTRAINT attachments_size_bytes_check CHECK (size_bytes BETWEEN 1 AND 1073741824),
  sha256 text NOT NULL CONSTRAINT attachments_sha256_check CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  -- The area whose coordinators may read it; none: it is of headquarters.
  area_id uuid CONSTRAINT attachments_area_id_fkey REFERENCES areas,
  scan text NOT NULL DEFAULT 'unscanned' CONSTRAINT attachments_scan_check CHECK (scan IN ('unscanned', 'clean', 'infected')),
  scanned_at timestamptz,
  note text CONSTRAINT attachments_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  search text GENERATED ALWAYS AS (siraj_search(file_name, note)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT attachments_recorded_by_fkey REFERENCES users,
  CONSTRAINT attachments_scanned_check CHECK ((scan = 'unscanned') = (scanned_at IS NULL))
);
CREATE INDEX attachments_sha256_idx ON attachments (sha256);
CREATE INDEX attachments_area_idx ON attachments (area_id);
CREATE INDEX attachments_search_idx ON attachments USING gin (search gin_trgm_ops);
CALL siraj_register('attachments', 'id');
CALL siraj_refers('attachments', 'area_id', 'areas', false);

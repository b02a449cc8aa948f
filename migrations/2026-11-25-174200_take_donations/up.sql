-- Who gives, by pseudonym; what was given, given back and taken off. Rows of money are never changed: what is wrong is turned round.

CREATE TABLE donors (
  id uuid CONSTRAINT donors_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT donors_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  kind text NOT NULL CONSTRAINT donors_kind_check CHECK (kind IN ('person', 'organization')),
  organization_id uuid CONSTRAINT donors_organization_id_fkey REFERENCES organizations,
  note text CONSTRAINT donors_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  search text GENERATED ALWAYS AS (siraj_search(code, note)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT donors_recorded_by_fkey REFERENCES users,
  CONSTRAINT donors_code_key UNIQUE (code),
  CONSTRAINT donors_organization_check CHECK ((kind = 'organization') = (organization_id IS NOT NULL))
);
-- An organisation gives under one pseudonym.
CREATE UNIQUE INDEX donors_organization_id_key ON donors (organization_id) WHERE retired_at IS NULL;
CREATE INDEX donors_search_idx ON donors USING gin (search gin_trgm_ops);
CALL siraj_register('donors', 'id');
CALL siraj_refers('donors', 'organization_id', 'organizations', true);

CREATE TABLE donor_identities (
  id uuid CONSTRAINT donor_identities_pkey PRIMARY KEY,
  donor_id uuid NOT NULL CONSTRAINT donor_identities_donor_id_fkey REFERENCES donors,
  key_id text NOT NULL CONSTRAINT donor_identities_key_id_check CHECK (length(key_id) BETWEEN 1 AND 64),
  sealed bytea NOT NULL CONSTRAINT donor_identities_sealed_check CHECK (octet_length(sealed) BETWEEN 29 AND 16384),
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT donor_identities_recorded_by_fkey REFERENCES users,
  CONSTRAINT donor_identities_donor_id_key UNIQUE (donor_id)
);
CALL siraj_register('donor_identities', 'donor_id', 'sealed');

ALTER TABLE reveals DROP CONSTRAINT reveals_resource_check,
  ADD CONSTRAINT reveals_resource_check CHECK (resource IN ('facility_location', 'staff_identity', 'donor_identity'));

CREATE TABLE donations (
  id uuid CONSTRAINT donations_pkey PRIMARY KEY,
  campaign_id uuid NOT NULL CONSTRAINT donations_campaign_id_fkey REFERENCES campaigns,
  kind text NOT NULL CONSTRAINT donations_kind_check CHECK (kind IN ('received', 'refund', 'fee', 'chargeback', 'in_kind')),
  -- None: whoever gave it did not say who they are.
  donor_id uuid CONSTRAINT donations_donor_id_fkey REFERENCES donors,
  amount numeric(16,3) NOT NULL CONSTRAINT donations_amount_check CHECK (amount > 0 AND amount <= 9999999999999.999),
  currency text NOT NULL CONSTRAINT donations_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
  -- The rate it was reckoned with, frozen: whatever is told of the day later changes nothing here.
  exchange_rate_id uuid CONSTRAINT donations_exchange_rate_id_fkey REFERENCES exchange_rates,
  rate numeric(30,16) CONSTRAINT donations_rate_check CHECK (rate > 0),
  campaign_currency text NOT NULL,
  campaign_amount numeric(16,3) NOT NULL CONSTRAINT donations_campaign_amount_check CHECK (campaign_amount BETWEEN 0 AND 9999999999999.999),
  received_on date NOT NULL CONSTRAINT donations_received_on_check CHECK (received_on BETWEEN '2011-01-01' AND '2100-01-01'),
  channel text CONSTRAINT donations_channel_check CHECK (channel IN ('bank_transfer', 'card', 'online', 'cash', 'cheque', 'hawala', 'other')),
  reference text CONSTRAINT donations_reference_check CHECK (length(reference) BETWEEN 1 AND 100),
  note text CONSTRAINT donations_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  -- The gift that is given back, taken back or charged for.
  gift_id uuid CONSTRAINT donations_gift_id_fkey REFERENCES donations,
  -- What brought a gift in kind into stock.
  stock_document_id uuid CONSTRAINT donations_stock_document_id_fkey REFERENCES stock_documents,
  lot_id uuid CONSTRAINT donations_lot_id_fkey REFERENCES lots,
  attachment_id uuid CONSTRAINT donations_attachment_id_fkey REFERENCES attachments,
  -- The row that this one turns round; it has the same kind and the same amounts.
  reverses_id uuid CONSTRAINT donations_reverses_id_fkey REFERENCES donations,
  reason text CONSTRAINT donations_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  -- Why raised may fall below what has been allocated.
  override_reason text CONSTRAINT donations_override_reason_check CHECK (length(override_reason) BETWEEN 10 AND 500),
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT donations_recorded_by_fkey REFERENCES users,
  CONSTRAINT donations_campaign_currency_fkey FOREIGN KEY (campaign_id, campaign_currency) REFERENCES campaigns (id, currency),
  CONSTRAINT donations_exact_check CHECK (siraj_exact(amount, currency) AND siraj_exact(campaign_amount, campaign_currency)),
  CONSTRAINT donations_gift_required_check CHECK (kind NOT IN ('refund', 'chargeback') OR gift_id IS NOT NULL),
  CONSTRAINT donations_gift_kind_check CHECK (gift_id IS NULL OR kind IN ('refund', 'chargeback', 'fee')),
  CONSTRAINT donations_donor_kind_check CHECK (donor_id IS NULL OR kind IN ('received', 'in_kind')),
  CONSTRAINT donations_stock_check CHECK ((kind = 'in_kind') = (num_nonnulls(stock_document_id, lot_id) = 1)),
  CONSTRAINT donations_reversal_check CHECK ((reverses_id IS NULL) = (reason IS NULL)),
  CONSTRAINT donations_reverses_id_key UNIQUE (reverses_id)
);
CREATE INDEX donations_campaign_idx ON donations (campaign_id, received_on);
CREATE INDEX donations_donor_idx ON donations (donor_id);
CREATE INDEX donations_gift_idx ON donations (gift_id);
CREATE INDEX donations_stock_document_idx ON donations (stock_document_id);
CREATE INDEX donations_lot_idx ON donations (lot_id);
CREATE INDEX donations_received_on_idx ON donations (received_on, id);
CREATE TRIGGER donations_append_only BEFORE UPDATE OR DELETE ON donations FOR EACH ROW EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER donations_no_truncate BEFORE TRUNCATE ON donations FOR EACH STATEMENT EXECUTE FUNCTION siraj_refuse_change();
CREATE TRIGGER donations_audit_insert AFTER INSERT ON donations REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION siraj_audit('id');
GRANT SELECT, INSERT ON donations TO siraj_service;
CREATE TRIGGER donations_campaign_id_retired AFTER INSERT ON donations FOR EACH ROW WHEN (NEW.reverses_id IS NULL)
  EXECUTE FUNCTION siraj_refuse_retired('campaign_id', 'campaigns', 'NO KEY UPDATE');
-- A row names what is in use; the row that turns it round names whatever it named.
CREATE TRIGGER donations_donor_id_retired AFTER INSERT ON donations FOR EACH ROW WHEN (NEW.reverses_id IS NULL)
  EXECUTE FUNCTION siraj_refuse_retired('donor_id', 'donors', 'SHARE');
CREATE TRIGGER donations_attachment_id_retired AFTER INSERT ON donations FOR EACH ROW WHEN (NEW.reverses_id IS NULL)
  EXECUTE FUNCTION siraj_refuse_retired('attachment_id', 'attachments', 'SHARE');
CREATE TRIGGER donations_lot_id_retired AFTER INSERT ON donations FOR EACH ROW WHEN (NEW.reverses_id IS NULL)
  EXECUTE FUNCTION siraj_refuse_retired('lot_id', 'lots', 'SHARE');

-- Raised: what was received, less what was given back and taken back, in the campaign's currency; fees and gifts in kind apart.
-- Without a day, all that is on record.
CREATE FUNCTION siraj_campaign_raised(campaign uuid, until date) RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(sum(campaign_amount * CASE kind WHEN 'received' THEN 1 ELSE -1 END * CASE WHEN reverses_id IS NULL THEN 1 ELSE -1 END), 0)
  FROM donations
  WHERE campaign_id = campaign AND kind IN ('received', 'refund', 'chargeback') AND (until IS NULL OR received_on <= until)
$$;

-- The judge of every row. The campaign's row is held first: rows of one campaign are judged one after the other.
CREATE FUNCTION siraj_judge_donation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  asked campaigns%ROWTYPE;
  gift donations%ROWTYPE;
  turned donations%ROWTYPE;
  back numeric;
  back_there numeric;
  found_rate record;
BEGIN
  SELECT * INTO asked FROM campaigns WHERE id = NEW.campaign_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no such campaign' USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'donations_campaign_id_fkey', TABLE = 'donations';
  END IF;
  NEW.campaign_currency := asked.currency;
  IF NEW.reverses_id IS NOT NULL THEN
    SELECT * INTO turned FROM donations WHERE id = NEW.reverses_id;
    -- A reversal is not turned round; a gift is not while something of it has been given back or charged.
    IF turned.reverses_id IS NOT NULL OR (turned.campaign_id, turned.kind, turned.amount, turned.currency)
       IS DISTINCT FROM (NEW.campaign_id, NEW.kind, NEW.amount, NEW.currency) OR EXISTS (
      SELECT FROM donations of_it WHERE of_it.gift_id = turned.id AND of_it.reverses_id IS NULL
        AND NOT EXISTS (SELECT FROM donations undone WHERE undone.reverses_id = of_it.id)
    ) THEN
      RAISE EXCEPTION 'this row cannot be turned round' USING ERRCODE = 'check_violation', CONSTRAINT = 'donations_reverses_state_check', TABLE = 'donations';
    END IF;
    NEW.campaign_amount := turned.campaign_amount;
    RETURN NEW;
  END IF;
  IF NEW.received_on < asked.starts_on OR (NEW.kind = 'received' AND NEW.received_on > asked.ends_on) THEN
    RAISE EXCEPTION 'outside of the campaign' USING ERRCODE = 'check_violation', CONSTRAINT = 'donations_window_check', TABLE = 'donations';
  END IF;
  IF NEW.gift_id IS NOT NULL THEN
    SELECT * INTO gift FROM donations WHERE id = NEW.gift_id;
    IF NOT FOUND OR gift.campaign_id <> NEW.campaign_id OR gift.kind <> 'received' OR gift.reverses_id IS NOT NULL THEN
      RAISE EXCEPTION 'no gift of money to this campaign' USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'donations_gift_id_fkey', TABLE = 'donations';
    END IF;
    IF EXISTS (SELECT FROM donations WHERE reverses_id = gift.id) THEN
      RAISE EXCEPTION 'the gift was turned round' USING ERRCODE = 'check_violation', CONSTRAINT = 'donations_gift_state_check', TABLE = 'donations';
    END IF;
    IF NEW.received_on < gift.received_on THEN
      RAISE EXCEPTION 'before the gift' USING ERRCODE = 'check_violation', CONSTRAINT = 'donations_gift_order_check', TABLE = 'donations';
    END IF;
  END IF;
  IF NEW.kind IN ('refund', 'chargeback') THEN
    IF NEW.currency <> gift.currency THEN
      RAISE EXCEPTION 'given back in another currency' USING ERRCODE = 'check_violation', CONSTRAINT = 'donations_gift_currency_check', TABLE = 'donations';
    END IF;
    SELECT coalesce(sum(CASE WHEN reverses_id IS NULL THEN amount ELSE -amount END), 0),
           coalesce(sum(CASE WHEN reverses_id IS NULL THEN campaign_amount ELSE -campaign_amount END), 0)
    INTO back, back_there FROM donations WHERE gift_id = gift.id AND kind IN ('refund', 'chargeback');
    IF back + NEW.amount > gift.amount THEN
      RAISE EXCEPTION 'more than was given' USING ERRCODE = 'check_violation', CONSTRAINT = 'donations_over_gift_check', TABLE = 'donations';
    END IF;
    -- At the gift's own rate, and so that all of it given back in parts is all of it.
    NEW.rate := gift.rate;
    NEW.exchange_rate_id := gift.exchange_rate_id;
    NEW.campaign_amount := greatest(0, round(gift.campaign_amount * (back + NEW.amount) / gift.amount, siraj_minor_units(asked.currency)) - back_there);
  ELSIF NEW.currency = asked.currency THEN
    NEW.rate := NULL;
    NEW.exchange_rate_id := NULL;
    NEW.campaign_amount := NEW.amount;
  ELSE
    SELECT told.exchange_rate_id, told.rate INTO found_rate FROM siraj_rate(NEW.currency, asked.currency, NEW.received_on) told;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'no rate' USING ERRCODE = 'check_violation', CONSTRAINT = 'donations_rate_required_check', TABLE = 'donations';
    END IF;
    NEW.exchange_rate_id := found_rate.exchange_rate_id;
    NEW.rate := found_rate.rate;
    NEW.campaign_amount := round(NEW.amount * found_rate.rate, siraj_minor_units(asked.currency));
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_judge_donation() FROM PUBLIC;
CREATE TRIGGER donations_judge BEFORE INSERT ON donations FOR EACH ROW EXECUTE FUNCTION siraj_judge_donation();

-- What brings a gift in kind into stock brings it once, for this campaign or for none, and from the donor where both are known.
CREATE FUNCTION siraj_judge_gift_in_kind() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  giver uuid := (SELECT organization_id FROM donors WHERE id = NEW.donor_id);
BEGIN
  -- Two campaigns at once do not see each other's row of the same gift.
  PERFORM pg_advisory_xact_lock(hashtextextended('siraj:gift:' || coalesce(NEW.stock_document_id, NEW.lot_id)::text, 0));
  IF NEW.stock_document_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM stock_documents d WHERE d.id = NEW.stock_document_id AND d.kind = 'receipt'
      AND (d.campaign_id IS NULL OR d.campaign_id = NEW.campaign_id)
      AND (giver IS NULL OR d.organization_id IS NULL OR d.organization_id = giver)
      AND NOT EXISTS (SELECT FROM stock_documents r WHERE r.reverses_id = d.id)
  ) THEN
    RAISE EXCEPTION 'no receipt of this gift' USING ERRCODE = 'check_violation', CONSTRAINT = 'donations_stock_document_id_check', TABLE = 'donations';
  END IF;
  IF NEW.lot_id IS NOT NULL AND giver IS NOT NULL AND EXISTS (SELECT FROM lots WHERE id = NEW.lot_id AND origin_id IS DISTINCT FROM giver) THEN
    RAISE EXCEPTION 'a lot from somebody else' USING ERRCODE = 'check_violation', CONSTRAINT = 'donations_lot_id_check', TABLE = 'donations';
  END IF;
  IF EXISTS (
    SELECT FROM donations other WHERE other.kind = 'in_kind' AND other.id <> NEW.id AND other.reverses_id IS NULL
      AND (other.stock_document_id = NEW.stock_document_id OR other.lot_id = NEW.lot_id)
      AND NOT EXISTS (SELECT FROM donations undone WHERE undone.reverses_id = other.id)
  ) THEN
    RAISE EXCEPTION 'recorded already' USING ERRCODE = 'unique_violation', CONSTRAINT = 'donations_in_kind_key', TABLE = 'donations';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_judge_gift_in_kind() FROM PUBLIC;
CREATE TRIGGER donations_judge_in_kind AFTER INSERT ON donations FOR EACH ROW WHEN (NEW.kind = 'in_kind' AND NEW.reverses_id IS NULL)
  EXECUTE FUNCTION siraj_judge_gift_in_kind();

-- The days of a campaign still hold what was received in them.
CREATE FUNCTION siraj_keep_campaign_window() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM donations d WHERE d.campaign_id = NEW.id AND d.reverses_id IS NULL
      AND (d.received_on < NEW.starts_on OR (d.kind = 'received' AND d.received_on > NEW.ends_on))
      AND NOT EXISTS (SELECT FROM donations undone WHERE undone.reverses_id = d.id)
  ) THEN
    RAISE EXCEPTION 'gifts outside of the campaign' USING ERRCODE = 'check_violation', CONSTRAINT = 'campaigns_window_check', TABLE = 'campaigns';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_keep_campaign_window() FROM PUBLIC;
CREATE TRIGGER campaigns_window AFTER UPDATE OF starts_on, ends_on ON campaigns FOR EACH ROW EXECUTE FUNCTION siraj_keep_campaign_window();

-- What an item comes packed in, and the one list of trade item numbers that a scanned code is looked up in.

CREATE TABLE item_packs (
  id uuid CONSTRAINT item_packs_pkey PRIMARY KEY,
  item_id uuid NOT NULL CONSTRAINT item_packs_item_id_fkey REFERENCES items,
  line integer NOT NULL CONSTRAINT item_packs_line_check CHECK (line BETWEEN 1 AND 20),
  name text NOT NULL CONSTRAINT item_packs_name_check CHECK (length(name) BETWEEN 1 AND 40),
  name_ar text CONSTRAINT item_packs_name_ar_check CHECK (length(name_ar) BETWEEN 1 AND 40),
  -- How many of the item's base unit are in it. One of them is no pack but the unit itself.
  factor bigint NOT NULL CONSTRAINT item_packs_factor_check CHECK (factor BETWEEN 2 AND 1000000),
  gtin text CONSTRAINT item_packs_gtin_check CHECK (gtin ~ '^([0-9]{8}|[0-9]{12,14})$'),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT item_packs_recorded_by_fkey REFERENCES users
);
CREATE UNIQUE INDEX item_packs_line_key ON item_packs (item_id, line) WHERE retired_at IS NULL;
CREATE UNIQUE INDEX item_packs_name_key ON item_packs (item_id, siraj_fold(name)) WHERE retired_at IS NULL;
CALL siraj_register('item_packs', 'item_id');

-- The packs of an item as it is read: one look for every reader of an item.
CREATE FUNCTION siraj_item_packs(item uuid) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('name', name, 'name_ar', name_ar, 'factor', factor, 'gtin', gtin) ORDER BY line), '[]')
  FROM item_packs WHERE item_id = item AND retired_at IS NULL
$$;

-- Every trade item number in use, in its one form of 14 digits, whatever bears it: an item or one of its packs. Two that look
-- unlike (8 digits, and 14 with zeros before them) are one number to every scanner. Kept by triggers alone.
CREATE TABLE item_gtins (
  gtin text CONSTRAINT item_gtins_gtin_key PRIMARY KEY CONSTRAINT item_gtins_gtin_check CHECK (gtin ~ '^[0-9]{14}$'),
  item_id uuid NOT NULL CONSTRAINT item_gtins_item_id_fkey REFERENCES items,
  -- None: the number is the item's own.
  pack_id uuid CONSTRAINT item_gtins_pack_id_fkey REFERENCES item_packs
);
CREATE INDEX item_gtins_item_idx ON item_gtins (item_id);
GRANT SELECT ON item_gtins TO siraj_service;
-- Of two items that were given one number in two forms, the first to be recorded keeps it here.
INSERT INTO item_gtins (gtin, item_id)
SELECT lpad(gtin, 14, '0'), id FROM items WHERE gtin IS NOT NULL AND retired_at IS NULL ORDER BY recorded_at, id
ON CONFLICT DO NOTHING;

CREATE FUNCTION siraj_keep_item_gtin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.retired_at IS NOT NULL THEN
    -- What a retired item had for itself is free again, its packs' numbers too.
    DELETE FROM item_gtins WHERE item_id = NEW.id;
    RETURN NULL;
  END IF;
  DELETE FROM item_gtins WHERE item_id = NEW.id AND pack_id IS NULL AND gtin IS DISTINCT FROM lpad(NEW.gtin, 14, '0');
  -- Its own number, unless it stands there already for the item itself.
  IF NEW.gtin IS NOT NULL AND NOT EXISTS (SELECT FROM item_gtins WHERE item_id = NEW.id AND pack_id IS NULL) THEN
    INSERT INTO item_gtins (gtin, item_id) VALUES (lpad(NEW.gtin, 14, '0'), NEW.id);
  END IF;
  RETURN NULL;
EXCEPTION WHEN unique_violation THEN
  RAISE EXCEPTION 'the number is another''s' USING ERRCODE = 'unique_violation', CONSTRAINT = 'items_gtin_key', TABLE = 'items';
END $$;
REVOKE EXECUTE ON FUNCTION siraj_keep_item_gtin() FROM PUBLIC;
CREATE TRIGGER items_gtin_insert AFTER INSERT ON items FOR EACH ROW WHEN (NEW.gtin IS NOT NULL) EXECUTE FUNCTION siraj_keep_item_gtin();
CREATE TRIGGER items_gtin_update AFTER UPDATE OF gtin, retired_at ON items FOR EACH ROW
  WHEN (NEW.gtin IS DISTINCT FROM OLD.gtin OR NEW.retired_at IS DISTINCT FROM OLD.retired_at) EXECUTE FUNCTION siraj_keep_item_gtin();

CREATE FUNCTION siraj_keep_pack_gtin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM item_gtins WHERE pack_id = NEW.id;
  END IF;
  IF NEW.gtin IS NOT NULL AND NEW.retired_at IS NULL THEN
    INSERT INTO item_gtins (gtin, item_id, pack_id) VALUES (lpad(NEW.gtin, 14, '0'), NEW.item_id, NEW.id);
  END IF;
  RETURN NULL;
EXCEPTION WHEN unique_violation THEN
  RAISE EXCEPTION 'the number is another''s' USING ERRCODE = 'unique_violation', CONSTRAINT = 'item_packs_gtin_key', TABLE = 'item_packs';
END $$;
REVOKE EXECUTE ON FUNCTION siraj_keep_pack_gtin() FROM PUBLIC;
CREATE TRIGGER item_packs_gtin AFTER INSERT OR UPDATE ON item_packs FOR EACH ROW EXECUTE FUNCTION siraj_keep_pack_gtin();

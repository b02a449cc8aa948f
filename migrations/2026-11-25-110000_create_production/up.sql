-- Making: recipes in versions, and the orders that use lots up and make one which waits for a second person.

CREATE TABLE recipes (
  id uuid CONSTRAINT recipes_pkey PRIMARY KEY,
  -- One code for all versions of a recipe.
  code text NOT NULL CONSTRAINT recipes_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  version integer NOT NULL CONSTRAINT recipes_version_check CHECK (version BETWEEN 1 AND 1000),
  follows_id uuid,
  follows_version integer GENERATED ALWAYS AS (version - 1) STORED,
  name text NOT NULL CONSTRAINT recipes_name_check CHECK (length(name) BETWEEN 1 AND 200),
  name_ar text CONSTRAINT recipes_name_ar_check CHECK (length(name_ar) BETWEEN 1 AND 200),
  item_id uuid NOT NULL,
  expiry_tracked boolean NOT NULL DEFAULT false,
  -- What one batch is expected to give, in the item's base unit.
  batch_size bigint NOT NULL CONSTRAINT recipes_batch_size_check CHECK (batch_size BETWEEN 1 AND 100000000),
  shelf_life_days integer CONSTRAINT recipes_shelf_life_days_check CHECK (shelf_life_days BETWEEN 1 AND 3650),
  search text GENERATED ALWAYS AS (siraj_search(code, name, name_ar)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT recipes_recorded_by_fkey REFERENCES users,
  CONSTRAINT recipes_version_key UNIQUE (code, version),
  CONSTRAINT recipes_whole_key UNIQUE (id, code, version, item_id),
  CONSTRAINT recipes_item_id_fkey FOREIGN KEY (item_id, expiry_tracked) REFERENCES items (id, expiry_tracked),
  -- A version follows the one before it, of the same code and the same product.
  CONSTRAINT recipes_follows_id_fkey FOREIGN KEY (follows_id, code, follows_version, item_id) REFERENCES recipes (id, code, version, item_id),
  CONSTRAINT recipes_first_check CHECK ((version = 1) = (follows_id IS NULL)),
  CONSTRAINT recipes_expiry_check CHECK (expiry_tracked = (shelf_life_days IS NOT NULL))
);
CREATE INDEX recipes_search_idx ON recipes USING gin (search gin_trgm_ops);
CREATE INDEX recipes_item_idx ON recipes (item_id);
CREATE INDEX recipes_follows_idx ON recipes (follows_id);
CALL siraj_register('recipes', 'id');
CALL siraj_refers('recipes', 'item_id', 'items', true);
-- What its product says; what is of no item the foreign key refuses.
CREATE FUNCTION siraj_recipe_tracked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.expiry_tracked := coalesce((SELECT expiry_tracked FROM items WHERE id = NEW.item_id), NEW.shelf_life_days IS NOT NULL);
  RETURN NEW;
END $$;
CREATE TRIGGER recipes_tracked BEFORE INSERT OR UPDATE OF item_id ON recipes FOR EACH ROW EXECUTE FUNCTION siraj_recipe_tracked();

CREATE TABLE recipe_ingredients (
  id uuid CONSTRAINT recipe_ingredients_pkey PRIMARY KEY,
  recipe_id uuid NOT NULL CONSTRAINT recipe_ingredients_recipe_id_fkey REFERENCES recipes,
  line integer NOT NULL CONSTRAINT recipe_ingredients_line_check CHECK (line BETWEEN 1 AND 100),
  item_id uuid NOT NULL CONSTRAINT recipe_ingredients_item_id_fkey REFERENCES items,
  -- For one batch, in the item's base unit.
  quantity bigint NOT NULL CONSTRAINT recipe_ingredients_quantity_check CHECK (quantity BETWEEN 1 AND 100000000),
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT recipe_ingredients_recorded_by_fkey REFERENCES users
);
CREATE UNIQUE INDEX recipe_ingredients_line_key ON recipe_ingredients (recipe_id, line) WHERE retired_at IS NULL;
CREATE UNIQUE INDEX recipe_ingredients_item_key ON recipe_ingredients (recipe_id, item_id) WHERE retired_at IS NULL;
CREATE INDEX recipe_ingredients_item_idx ON recipe_ingredients (item_id);
CALL siraj_register('recipe_ingredients', 'recipe_id');
CALL siraj_refers('recipe_ingredients', 'item_id', 'items', false);

-- What a recipe in use is made of is not retired; a retired recipe keeps nothing.
CREATE FUNCTION siraj_ingredient_kept() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM recipe_ingredients g JOIN recipes r ON r.id = g.recipe_id WHERE g.item_id = NEW.id AND g.retired_at IS NULL AND r.retired_at IS NULL) THEN
    RAISE EXCEPTION 'a recipe is made of it' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'recipe_ingredients_item_id_held', TABLE = 'recipe_ingredients';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_ingredient_kept() FROM PUBLIC;
CREATE TRIGGER recipe_ingredients_item_id_held AFTER UPDATE OF retired_at ON items FOR EACH ROW
  WHEN (OLD.retired_at IS NULL AND NEW.retired_at IS NOT NULL) EXECUTE FUNCTION siraj_ingredient_kept();

-- At the end of the transaction a recipe is made of something, and never of itself.
CREATE FUNCTION siraj_recipe_is_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  recipe uuid := (to_jsonb(NEW) ->> TG_ARGV[0])::uuid;
BEGIN
  IF NOT EXISTS (SELECT FROM recipe_ingredients WHERE recipe_id = recipe AND retired_at IS NULL)
     OR EXISTS (SELECT FROM recipe_ingredients g JOIN recipes r ON r.id = g.recipe_id WHERE r.id = recipe AND g.retired_at IS NULL AND g.item_id = r.item_id) THEN
    RAISE EXCEPTION 'a recipe is made of other things' USING ERRCODE = 'check_violation', CONSTRAINT = 'recipes_ingredients_check', TABLE = 'recipes';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_recipe_is_whole() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER recipes_whole AFTER INSERT OR UPDATE ON recipes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION siraj_recipe_is_whole('id');
CREATE CONSTRAINT TRIGGER recipe_ingredients_whole AFTER INSERT OR UPDATE ON recipe_ingredients DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION siraj_recipe_is_whole('recipe_id');

CREATE TABLE production_orders (
  id uuid CONSTRAINT production_orders_pkey PRIMARY KEY,
  code text NOT NULL CONSTRAINT production_orders_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'),
  recipe_id uuid NOT NULL CONSTRAINT production_orders_recipe_id_fkey REFERENCES recipes,
  -- Where the ingredients lie, and where the product waits.
  place_id uuid NOT NULL CONSTRAINT production_orders_place_id_fkey REFERENCES stock_locations,
  quarantine_id uuid NOT NULL CONSTRAINT production_orders_quarantine_id_fkey REFERENCES stock_locations,
  batches integer NOT NULL CONSTRAINT production_orders_batches_check CHECK (batches BETWEEN 1 AND 10000),
  planned_on date NOT NULL CONSTRAINT production_orders_planned_on_check CHECK (planned_on BETWEEN '2011-01-01' AND '2100-01-01'),
  campaign_id uuid CONSTRAINT production_orders_campaign_id_fkey REFERENCES campaigns,
  contract_id uuid CONSTRAINT production_orders_contract_id_fkey REFERENCES contracts,
  note text CONSTRAINT production_orders_note_check CHECK (length(note) BETWEEN 1 AND 2000),
  status text NOT NULL DEFAULT 'draft' CONSTRAINT production_orders_status_check CHECK (status IN ('draft', 'started', 'completed', 'released', 'rejected', 'cancelled')),
  started_on date CONSTRAINT production_orders_started_on_check CHECK (started_on BETWEEN '2011-01-01' AND '2100-01-01'),
  completed_on date CONSTRAINT production_orders_completed_on_check CHECK (completed_on BETWEEN '2011-01-01' AND '2100-01-01'),
  completed_by uuid CONSTRAINT production_orders_completed_by_fkey REFERENCES users,
  lot_id uuid CONSTRAINT production_orders_lot_id_fkey REFERENCES lots,
  -- What was made, and what of it was seen to be lost on the way, in the item's base unit.
  quantity bigint CONSTRAINT production_orders_quantity_check CHECK (quantity BETWEEN 1 AND 1000000000000),
  lost_quantity bigint CONSTRAINT production_orders_lost_quantity_check CHECK (lost_quantity BETWEEN 0 AND 1000000000000),
  completion_note text CONSTRAINT production_orders_completion_note_check CHECK (length(completion_note) BETWEEN 1 AND 2000),
  decided_on date CONSTRAINT production_orders_decided_on_check CHECK (decided_on BETWEEN '2011-01-01' AND '2100-01-01'),
  decided_by uuid CONSTRAINT production_orders_decided_by_fkey REFERENCES users,
  released_to_id uuid CONSTRAINT production_orders_released_to_id_fkey REFERENCES stock_locations,
  -- Why it was released, rejected or cancelled.
  reason text CONSTRAINT production_orders_reason_check CHECK (length(reason) BETWEEN 10 AND 500),
  search text GENERATED ALWAYS AS (siraj_search(code, note)) STORED,
  retired_at timestamptz,
  revision bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by uuid NOT NULL CONSTRAINT production_orders_recorded_by_fkey REFERENCES users,
  CONSTRAINT production_orders_code_key UNIQUE (code),
  CONSTRAINT production_orders_started_check CHECK (CASE status WHEN 'draft' THEN started_on IS NULL WHEN 'cancelled' THEN true ELSE started_on IS NOT NULL END),
  CONSTRAINT production_orders_completed_check CHECK (
    num_nonnulls(completed_on, completed_by, lot_id, quantity) IN (0, 4)
    AND (completed_on IS NOT NULL OR num_nonnulls(lost_quantity, completion_note) = 0)
    AND CASE WHEN status IN ('draft', 'started') THEN completed_on IS NULL WHEN status = 'cancelled' THEN completed_on IS NULL OR started_on IS NOT NULL ELSE completed_on IS NOT NULL END),
  CONSTRAINT production_orders_decided_check CHECK (
    num_nonnulls(decided_on, decided_by) = CASE WHEN status IN ('released', 'rejected') THEN 2 ELSE 0 END
    AND (released_to_id IS NOT NULL) = (status = 'released')
    AND (reason IS NOT NULL) = (status IN ('released', 'rejected', 'cancelled'))),
  -- Whoever made it does not judge it.
  CONSTRAINT production_orders_second_person_check CHECK (decided_by <> completed_by),
  CONSTRAINT production_orders_started_order_check CHECK (started_on >= planned_on),
  CONSTRAINT production_orders_completed_order_check CHECK (completed_on >= started_on),
  CONSTRAINT production_orders_decided_order_check CHECK (decided_on >= completed_on)
);
CREATE INDEX production_orders_recipe_idx ON production_orders (recipe_id);
CREATE INDEX production_orders_place_idx ON production_orders (place_id);
CREATE INDEX production_orders_lot_idx ON production_orders (lot_id);
CREATE INDEX production_orders_waiting_idx ON production_orders (quarantine_id, lot_id) WHERE status = 'completed';
CREATE INDEX production_orders_search_idx ON production_orders USING gin (search gin_trgm_ops);
CALL siraj_register('production_orders', 'id');
CALL siraj_refers('production_orders', 'recipe_id', 'recipes', false);
CALL siraj_refers('production_orders', 'place_id', 'stock_locations', false);
CALL siraj_refers('production_orders', 'quarantine_id', 'stock_locations', false);
CALL siraj_refers('production_orders', 'released_to_id', 'stock_locations', false);
CALL siraj_refers('production_orders', 'campaign_id', 'campaigns', false);
CALL siraj_refers('production_orders', 'contract_id', 'contracts', false);

-- A recipe that an order uses, or that another version follows, stays as it is. The order holds the recipe when it comes to name it.
CREATE FUNCTION siraj_recipe_stands() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.retired_at IS NOT DISTINCT FROM OLD.retired_at
     AND (EXISTS (SELECT FROM production_orders WHERE recipe_id = OLD.id AND retired_at IS NULL) OR EXISTS (SELECT FROM recipes WHERE follows_id = OLD.id)) THEN
    RAISE EXCEPTION 'a used recipe stays as it is' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'recipes_used_check', TABLE = 'recipes';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_recipe_stands() FROM PUBLIC;
CREATE TRIGGER recipes_stand BEFORE UPDATE ON recipes FOR EACH ROW EXECUTE FUNCTION siraj_recipe_stands();

-- An order is begun by the newest version in use alone, at places of the right kind.
CREATE FUNCTION siraj_production_order_begins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  wrong text;
BEGIN
  SELECT CASE WHEN r.retired_at IS NOT NULL THEN 'recipe_id_retired' ELSE 'recipe_id_superseded' END INTO wrong
  FROM recipes r WHERE r.id = NEW.recipe_id
    AND (r.retired_at IS NOT NULL OR EXISTS (SELECT FROM recipes n WHERE n.code = r.code AND n.version > r.version AND n.retired_at IS NULL));
  IF wrong IS NULL THEN
    SELECT CASE p.id WHEN NEW.place_id THEN 'place_id_kind' ELSE 'quarantine_id_kind' END INTO wrong FROM stock_locations p
    WHERE p.id = NEW.place_id AND p.kind NOT IN ('workshop', 'warehouse') OR p.id = NEW.quarantine_id AND p.kind <> 'quarantine' LIMIT 1;
  END IF;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'the order cannot begin so' USING ERRCODE = 'check_violation', CONSTRAINT = 'production_orders_' || wrong, TABLE = 'production_orders';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_production_order_begins() FROM PUBLIC;
CREATE TRIGGER production_orders_begin AFTER INSERT OR UPDATE OF recipe_id, place_id, quarantine_id, status ON production_orders FOR EACH ROW
  WHEN (NEW.status IN ('draft', 'started')) EXECUTE FUNCTION siraj_production_order_begins();

-- An order never goes back, and what it began with stays.
CREATE FUNCTION siraj_production_order_steps() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (('draft', 'started'), ('draft', 'cancelled'), ('started', 'completed'), ('started', 'cancelled'),
       ('completed', 'released'), ('completed', 'rejected'), ('completed', 'cancelled'))
     OR OLD.status <> 'draft' AND (NEW.code, NEW.recipe_id, NEW.place_id, NEW.quarantine_id, NEW.batches, NEW.planned_on, NEW.campaign_id, NEW.contract_id)
       IS DISTINCT FROM (OLD.code, OLD.recipe_id, OLD.place_id, OLD.quarantine_id, OLD.batches, OLD.planned_on, OLD.campaign_id, OLD.contract_id)
     OR OLD.completed_on IS NOT NULL AND (NEW.completed_on, NEW.completed_by, NEW.lot_id, NEW.quantity, NEW.lost_quantity)
       IS DISTINCT FROM (OLD.completed_on, OLD.completed_by, OLD.lot_id, OLD.quantity, OLD.lost_quantity) THEN
    RAISE EXCEPTION 'an order does not go back' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'production_orders_steps_check', TABLE = 'production_orders';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_production_order_steps() FROM PUBLIC;
CREATE TRIGGER production_orders_steps BEFORE UPDATE ON production_orders FOR EACH ROW EXECUTE FUNCTION siraj_production_order_steps();

-- The lot that an order made. Nothing but the order's release makes it available.
ALTER TABLE lots ADD COLUMN production_order_id uuid CONSTRAINT lots_production_order_id_fkey REFERENCES production_orders;
CREATE INDEX lots_production_order_idx ON lots (production_order_id) WHERE production_order_id IS NOT NULL;
CREATE FUNCTION siraj_lot_waits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM production_orders WHERE id = NEW.production_order_id AND status = 'released') THEN
    RAISE EXCEPTION 'the lot waits for the release of its order' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'lots_production_order_id_waits', TABLE = 'lots';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_lot_waits() FROM PUBLIC;
CREATE TRIGGER lots_wait BEFORE INSERT OR UPDATE ON lots FOR EACH ROW
  WHEN (NEW.production_order_id IS NOT NULL AND NEW.status = 'available') EXECUTE FUNCTION siraj_lot_waits();

-- What has no lots of its own (an instrument) waits as a number: nobody but the order takes of it from its quarantine, unless it is set aside or lost.
CREATE FUNCTION siraj_product_waits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM added m JOIN stock_documents d ON d.id = m.document_id JOIN stock_locations t ON t.id = m.to_id
    JOIN stock_balances b ON b.location_id = m.from_id AND b.lot_id = m.lot_id
    WHERE m.from_holds AND d.act IS DISTINCT FROM 'production_order' AND t.kind NOT IN ('quarantine', 'loss')
      AND b.quantity < (SELECT sum(o.quantity) FROM production_orders o WHERE o.quarantine_id = m.from_id AND o.lot_id = m.lot_id AND o.status = 'completed')) THEN
    RAISE EXCEPTION 'the product waits for the release of its order' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_movements_lot_blocked_check', TABLE = 'stock_movements';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION siraj_product_waits() FROM PUBLIC;
-- After `stock_movements_post`, which has moved the balances: triggers fire in the order of their names.
CREATE TRIGGER stock_movements_wait AFTER INSERT ON stock_movements REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION siraj_product_waits();

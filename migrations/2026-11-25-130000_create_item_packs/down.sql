DROP TRIGGER items_gtin_insert ON items;
DROP TRIGGER items_gtin_update ON items;
DROP TABLE item_gtins;
DROP FUNCTION siraj_item_packs(uuid);
DROP TABLE item_packs;
DROP FUNCTION siraj_keep_item_gtin(), siraj_keep_pack_gtin();

-- Writes src/schema.rs from a migrated database: one table! block a table, generated columns left out.
WITH columns AS (
  SELECT c.relname AS name, a.attnum, a.attname,
         CASE WHEN a.attnotnull THEN kind.word ELSE format('Nullable<%s>', kind.word) END AS rust
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN LATERAL (SELECT CASE format_type(a.atttypid, NULL)
    WHEN 'uuid' THEN 'Uuid' WHEN 'text' THEN 'Text' WHEN 'text[]' THEN 'Array<Text>' WHEN 'uuid[]' THEN 'Array<Uuid>' WHEN 'bigint' THEN 'Int8'
    WHEN 'integer' THEN 'Int4' WHEN 'smallint' THEN 'Int2' WHEN 'boolean' THEN 'Bool' WHEN 'date' THEN 'Date'
    WHEN 'timestamp with time zone' THEN 'Timestamptz' WHEN 'numeric' THEN 'Numeric' WHEN 'numeric[]' THEN 'Array<Numeric>' WHEN 'bytea' THEN 'Bytea'
    WHEN 'jsonb' THEN 'Jsonb' WHEN 'daterange' THEN 'Daterange' END AS word) kind ON true
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
    AND c.relname NOT LIKE '\_\_%'
), keys AS (
  SELECT c.relname AS name, string_agg(a.attname, ', ' ORDER BY array_position(i.indkey::smallint[], a.attnum)) AS key
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
  WHERE i.indisprimary AND c.relnamespace = 'public'::regnamespace GROUP BY 1
), tables AS (
  SELECT name, format(E'    %s (%s) {\n%s    }', name, coalesce((SELECT key FROM keys k WHERE k.name = c.name), 'facility_id'),
    string_agg(format(E'        %s -> %s,\n', attname, rust), '' ORDER BY attnum)) AS block
  FROM columns c GROUP BY name
)
SELECT E'//! Written by the test `the_schema_file_equals_the_migrated_database` from the migrations; never by hand.\n\n'
  || string_agg(E'diesel::table! {\n' || block || E'\n}\n', E'\n' ORDER BY name)
  || E'\ndiesel::allow_tables_to_appear_in_same_query!(\n' || string_agg(E'    ' || name || E',\n', '' ORDER BY name) || E');\n'
FROM tables

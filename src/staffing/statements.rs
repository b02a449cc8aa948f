//! The SQL of staffing: one statement a figure, over one world, prepared once per connection.

use std::marker::PhantomData;

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Bool, Date, Int2, Jsonb, Nullable, Text, Uuid as SqlUuid},
};

use super::world::World;

/// A statement over the world.
pub trait Statement: 'static {
    /// What follows the world.
    const SQL: &'static str;
    /// What it answers with.
    type Row;
}

/// Head-counts, as one document.
pub struct HeadCounts;
/// Turnover, as one document.
pub struct Turnovers;
/// Vacant posts, as one document.
pub struct VacantPosts;
/// The posts behind a head-count.
pub struct PostRows;

/// A statement with what is asked of it.
pub struct Ask<'a, S> {
    world: &'a World,
    of: PhantomData<fn() -> S>,
}

impl<'a, S> Ask<'a, S> {
    /// Asks of a world.
    pub fn new(world: &'a World) -> Self {
        Self { world, of: PhantomData }
    }
}

impl<S: Statement> QueryId for Ask<'_, S> {
    type QueryId = Ask<'static, S>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S: Statement> Query for Ask<'_, S> {
    type SqlType = S::Row;
}

impl<S: Statement> QueryFragment<Pg> for Ask<'_, S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let World { from, to, by, cadre, facility, area, contract, unpaid, gender, areas, own_facility, page } = self.world;
        // Bound once, in this order; the text speaks of them by number.
        out.push_sql("WITH asked AS (SELECT ");
        out.push_bind_param::<Date, _>(from)?;
        out.push_sql(", ");
        out.push_bind_param::<Date, _>(to)?;
        for id in [area, facility, contract] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<SqlUuid>, _>(id)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(cadre)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(gender)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Array<SqlUuid>>, _>(areas)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(own_facility)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(by)?;
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(unpaid)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&page.after_code)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&page.after_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(&page.descending)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&page.limit)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&page.words)?;
        out.push_sql(")");
        out.push_sql(WORLD);
        out.push_sql(S::SQL);
        Ok(())
    }
}

/// $1 first day, $2 last day, $3 area, $4 facility, $5 contract, $6 cadre, $7 gender; the caller's $8 areas, $9 facility; $10 parts,
/// $11 unpaid; of rows $12 and $13 where the page before ended, $14 backwards, $15 how many, $16 words.
///
/// A post that ended on the day before the first is needed too: whoever held it left on the first day.
const WORLD: &str = r"
, realm AS (
  SELECT id, code, name, area_id, daterange(opened_on, closed_on, '[)') AS open FROM facilities
  WHERE retired_at IS NULL AND ($9 IS NULL OR id = $9)
    AND ($8 IS NULL OR area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($8)))
), places AS (
  SELECT id, code, name, area_id, open FROM realm
  WHERE ($4 IS NULL OR id = $4) AND ($3 IS NULL OR area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = $3))
), held AS (
  SELECT a.id, a.staff_id, s.code, coalesce(s.gender, 'unknown') AS gender, a.facility_id, p.area_id, a.cadre, a.share_percent,
         c.id AS payer, daterange(a.starts_on, a.ends_on, '[]') * p.open AS days, daterange(c.starts_on, c.ends_on, '[]') AS pays
  FROM assignments a JOIN staff s ON s.id = a.staff_id JOIN places p ON p.id = a.facility_id
  LEFT JOIN contracts c ON c.id = a.contract_id AND c.retired_at IS NULL
  WHERE a.retired_at IS NULL AND s.retired_at IS NULL AND a.starts_on <= $2 AND (a.ends_on IS NULL OR a.ends_on >= $1 - 1)
    AND ($6 IS NULL OR a.cadre = $6) AND ($7 IS NULL OR coalesce(s.gender, 'unknown') = $7)
), paid AS (
  SELECT id, staff_id, code, gender, facility_id, area_id, cadre, share_percent, payer, days * pays AS days FROM held WHERE payer IS NOT NULL
  UNION ALL
  SELECT id, staff_id, code, gender, facility_id, area_id, cadre, share_percent, NULL,
         unnest(datemultirange(days) - CASE WHEN payer IS NULL THEN '{}' ELSE datemultirange(pays) END)
  FROM held
), posts AS (
  SELECT paid.*, CASE $10 WHEN 'cadre' THEN cadre WHEN 'gender' THEN gender WHEN 'facility' THEN facility_id::text
                          WHEN 'area' THEN area_id::text WHEN 'contract' THEN coalesce(payer::text, 'none') END AS key
  FROM paid WHERE NOT isempty(days) AND ($5 IS NULL OR payer = $5) AND (NOT $11 OR payer IS NULL)
), named AS (
  SELECT id::text AS key, code, name FROM facilities WHERE $10 = 'facility'
  UNION ALL SELECT id::text, code, name FROM areas WHERE $10 = 'area'
  UNION ALL SELECT id::text, code, name FROM contracts WHERE $10 = 'contract'
), known AS (
  SELECT jsonb_build_object(
    'known_at', least(siraj_known_at(), statement_timestamp()),
    'unknown', array_remove(ARRAY[
      CASE WHEN $3 IS NOT NULL AND NOT EXISTS (SELECT FROM areas WHERE id = $3) THEN '/area_id' END,
      CASE WHEN $4 IS NOT NULL AND NOT EXISTS (SELECT FROM realm WHERE id = $4) THEN '/facility_id' END,
      CASE WHEN $5 IS NOT NULL AND NOT EXISTS (SELECT FROM contracts WHERE id = $5) THEN '/contract_id' END], NULL)) AS known
)
";

/// Hundredths of a sum of percents, as people write them.
macro_rules! full_time {
    ($shares:literal) => {
        concat!("to_char(", $shares, " / 100.0, 'FM999999999990.00')")
    };
}

impl Statement for HeadCounts {
    type Row = Jsonb;
    const SQL: &'static str = concat!(
        r"
SELECT known || jsonb_build_object(
  'total', (SELECT jsonb_build_object('people', count(DISTINCT staff_id), 'posts', count(*), 'full_time_equivalents', ",
        full_time!("coalesce(sum(share_percent), 0)"),
        r") FROM posts WHERE days @> $2),
  'cells', (SELECT coalesce(jsonb_agg(jsonb_build_object('key', key, 'code', named.code, 'name', named.name, 'people', people, 'posts', posts,
                                                         'full_time_equivalents', ",
        full_time!("shares"),
        r") ORDER BY named.code, key), '[]')
            FROM (SELECT key, count(DISTINCT staff_id) AS people, count(*) AS posts, sum(share_percent) AS shares
                  FROM posts WHERE days @> $2 AND key IS NOT NULL GROUP BY key) AS cells LEFT JOIN named USING (key)))
FROM known"
    );
}

impl Statement for Turnovers {
    type Row = Jsonb;
    const SQL: &'static str = r"
, spells AS (
  SELECT key, grouping(key) = 1 AS whole, staff_id, unnest(range_agg(days)) AS days
  FROM posts GROUP BY GROUPING SETS ((key, staff_id), (staff_id))
), moved AS (
  SELECT key, whole, count(*) FILTER (WHERE days @> $1 - 1) AS present_at_start, count(*) FILTER (WHERE lower(days) BETWEEN $1 AND $2) AS joined,
         count(*) FILTER (WHERE upper(days) BETWEEN $1 AND $2) AS left, count(*) FILTER (WHERE days @> $2) AS present_at_end
  FROM spells GROUP BY key, whole
), reasons AS (
  SELECT CASE WHEN d.reason IS NULL THEN 'post_ended'
              WHEN $8 IS NULL OR s.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($8)) THEN d.reason
              ELSE 'undisclosed' END AS reason, count(*) AS number
  FROM spells JOIN staff s ON s.id = spells.staff_id
  LEFT JOIN LATERAL (
    SELECT reason FROM staff_departures
    WHERE staff_id = spells.staff_id AND retired_at IS NULL AND departed_on < upper(days) AND (returned_on IS NULL OR returned_on > upper(days))
    LIMIT 1) d ON true
  WHERE whole AND upper(days) BETWEEN $1 AND $2 GROUP BY 1
)
SELECT known || jsonb_build_object(
  'total', coalesce((SELECT jsonb_build_object('present_at_start', present_at_start, 'joined', joined, 'left', moved.left, 'present_at_end', present_at_end)
            FROM moved WHERE whole), jsonb_build_object('present_at_start', 0, 'joined', 0, 'left', 0, 'present_at_end', 0)),
  'left_by_reason', (SELECT coalesce(jsonb_object_agg(reason, number), '{}') FROM reasons),
  'cells', (SELECT coalesce(jsonb_agg(jsonb_build_object('key', key, 'code', named.code, 'name', named.name, 'present_at_start', present_at_start,
              'joined', joined, 'left', moved.left, 'present_at_end', present_at_end) ORDER BY named.code, key), '[]')
            FROM moved LEFT JOIN named USING (key)
            WHERE NOT whole AND key IS NOT NULL AND present_at_start + joined > 0))
FROM known";
}

impl Statement for VacantPosts {
    type Row = Jsonb;
    const SQL: &'static str = concat!(
        r"
, plans AS (
  SELECT fp.facility_id, fp.cadre, fp.planned FROM facility_posts fp JOIN places p ON p.id = fp.facility_id
  WHERE fp.retired_at IS NULL AND fp.starts_on <= $2 AND (fp.ends_on IS NULL OR fp.ends_on >= $2) AND p.open @> $2
), filled AS (
  SELECT facility_id, cadre, count(DISTINCT staff_id) AS filled, sum(share_percent) AS shares FROM posts
  WHERE days @> $2 AND facility_id IN (SELECT facility_id FROM plans) GROUP BY facility_id, cadre
), cells AS (
  SELECT facility_id, cadre, coalesce(planned, 0) AS planned, coalesce(filled, 0) AS filled, coalesce(shares, 0) AS shares,
         greatest(coalesce(planned, 0) - coalesce(filled, 0), 0) AS vacant, greatest(coalesce(filled, 0) - coalesce(planned, 0), 0) AS over_filled
  FROM plans FULL JOIN filled USING (facility_id, cadre) WHERE $6 IS NULL OR cadre = $6
)
SELECT known || jsonb_build_object(
  'total', (SELECT jsonb_build_object('planned', coalesce(sum(planned), 0), 'filled', coalesce(sum(filled), 0),
              'vacant', coalesce(sum(vacant), 0), 'over_filled', coalesce(sum(over_filled), 0)) FROM cells),
  'cells', (SELECT coalesce(jsonb_agg(jsonb_build_object('facility_id', p.id, 'code', p.code, 'name', p.name, 'cadre', cells.cadre, 'planned', planned,
              'filled', filled, 'vacant', vacant, 'over_filled', over_filled, 'full_time_equivalents', ",
        full_time!("shares"),
        r") ORDER BY p.code, cells.cadre), '[]')
            FROM cells JOIN places p ON p.id = cells.facility_id))
FROM known"
    );
}

impl Statement for PostRows {
    type Row = (SqlUuid, Text, SqlUuid, SqlUuid, Text, Int2, Nullable<SqlUuid>);
    const SQL: &'static str = r"
SELECT id, code, staff_id, facility_id, cadre, share_percent, payer FROM posts
WHERE days @> $2 AND ($16 IS NULL OR siraj_fold(code) LIKE siraj_pattern($16))
  AND ($12 IS NULL OR CASE WHEN $14 THEN (code, id) < ($12, $13) ELSE (code, id) > ($12, $13) END)
ORDER BY CASE WHEN $14 THEN code END DESC, CASE WHEN $14 THEN id END DESC, code, id LIMIT $15";
}

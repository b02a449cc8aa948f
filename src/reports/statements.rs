//! The figures' SQL: one statement for all of them, and one for the rows of each sort.
//!
//! All read the same world (what counts on the day, within the scope), so a figure and its rows cannot differ.
//! The text is fixed and its type names it, so that it is prepared once per connection; `sql_query` never is.

use std::marker::PhantomData;

use chrono::NaiveDate;
use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Bool, Date, Int2, Jsonb, Nullable, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

use super::types::FigureScope;

/// A statement over the world of the figures.
pub trait Statement: 'static {
    /// The world it reads.
    const WORLD: &'static str = WORLD;
    /// What follows the world.
    const SQL: &'static str;
    /// What it answers with.
    type Row;
}

/// All figures, as one document. Whoever holds posts at one facility alone is in its totals; the scattered few are counted one by one.
pub struct AllFigures;
/// The facilities behind a figure.
pub struct FacilityRows;
/// The people behind a figure.
pub struct PersonRows;
/// The posts behind a figure.
pub struct PostRows;
/// The shipments behind a figure.
pub struct ShipmentRows;
/// The contracts behind a figure.
pub struct ContractRows;

/// Which rows of a figure, and which page of them.
#[derive(Debug, Clone, Default)]
pub struct RowsPage {
    /// The kind, state or cadre that the figure counts.
    pub word: Option<&'static str>,
    /// Which facilities or posts, where it counts them: a word of [`FacilityRows`] or [`PostRows`].
    pub which: &'static str,
    /// Where the page before ended.
    pub after: Option<(String, Uuid)>,
    /// From the last code to the first.
    pub descending: bool,
    /// How many rows to read.
    pub limit: i64,
    /// Words to look for.
    pub words: Option<String>,
}

/// A statement with what is asked of it.
pub struct Ask<'a, S> {
    scope: &'a FigureScope,
    day: NaiveDate,
    page: RowsPage,
    after_code: Option<String>,
    after_id: Option<Uuid>,
    of: PhantomData<fn() -> S>,
}

impl<'a, S> Ask<'a, S> {
    /// Asks within a scope, of a day.
    pub fn new(scope: &'a FigureScope, day: NaiveDate, page: RowsPage) -> Self {
        let (after_code, after_id) = page.after.clone().unzip();
        Self { scope, day, page, after_code, after_id, of: PhantomData }
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
        // Bound once, in this order; the text speaks of them by number.
        out.push_sql("WITH asked AS (SELECT ");
        out.push_bind_param::<Date, _>(&self.day)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.scope.area)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.scope.campaign)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.scope.contract)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Array<SqlUuid>>, _>(&self.scope.areas)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.scope.facility)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.page.word)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&self.page.which)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.after_code)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.after_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(&self.page.descending)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.page.limit)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.page.words)?;
        out.push_sql("), road AS (SELECT NOT ");
        out.push_bind_param::<Bool, _>(&self.scope.arrived_only)?;
        out.push_sql(" AS shown)");
        out.push_sql(S::WORLD);
        out.push_sql(S::SQL);
        Ok(())
    }
}

/// $1 day, $2 area, $3 campaign, $4 contract; the caller's $5 areas, $6 facility; `road`: whether they may know of what has not arrived.
macro_rules! world {
    ($among:literal) => {
        concat!(
            r"
, support AS MATERIALIZED (
  SELECT facility_id, contract_id, campaign_id FROM facility_support WHERE period @> $1
), paying AS (
  SELECT id, code, name, organization_id, starts_on, ends_on FROM contracts
  WHERE retired_at IS NULL AND ($4 IS NULL OR id = $4)
), places AS (
  -- What was converted later was still what it had been.
  SELECT id, code, name, coalesce(kinds_before, kinds) AS kinds, area_id,
         (opened_on IS NULL OR opened_on <= $1) AND (closed_on IS NULL OR closed_on > $1) AS open,
         id IN (SELECT facility_id FROM support)
           AND ($3 IS NULL OR id IN (SELECT facility_id FROM support WHERE campaign_id = $3))
           AND ($4 IS NULL OR id IN (SELECT facility_id FROM support WHERE contract_id = $4)) AS supported
  FROM facilities LEFT JOIN (
    SELECT DISTINCT ON (facility_id) facility_id, kinds_before FROM facility_conversions
    WHERE retired_at IS NULL AND converted_on > $1 ORDER BY facility_id, converted_on) AS converted ON facility_id = id
  WHERE retired_at IS NULL
    AND ($2 IS NULL OR area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = $2))
    AND ($5 IS NULL OR area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($5)))
    AND ($6 IS NULL OR id = $6)
), counted AS (
  SELECT id, code, name, kinds, area_id FROM places WHERE open AND supported
), held AS (
  SELECT a.id, a.staff_id, a.code, a.facility_id, a.cadre, a.share_percent, a.weight, p.open
  FROM siraj_held_posts() a JOIN places p ON p.id = a.facility_id
  WHERE a.starts_on <= $1 AND (a.ends_on IS NULL OR a.ends_on >= $1)
    ",
            $among,
            r"
    AND ($3 IS NULL OR a.facility_id IN (SELECT facility_id FROM support WHERE campaign_id = $3))
    AND ($4 IS NULL OR a.contract_id IN (SELECT id FROM paying WHERE $1 BETWEEN starts_on AND ends_on))
), posts AS (
  SELECT id, staff_id, code, facility_id, cadre, share_percent, weight FROM held WHERE open
), people AS (
  SELECT DISTINCT ON (staff_id) staff_id AS id, code, cadre,
         count(*) OVER (PARTITION BY staff_id) AS posts, sum(share_percent) OVER (PARTITION BY staff_id) AS share
  FROM posts
  ORDER BY staff_id, weight DESC
), sent AS (
  SELECT * FROM (
    SELECT id, code, facility_id, dispatched_on, received_on, closed_on,
           CASE WHEN status IN ('received', 'closed') AND received_on <= $1 THEN 'received'
                -- What was lost, seized or came back with its rest; or was closed without a receipt, because nothing of it was left to come.
                WHEN (status IN ('lost', 'seized', 'returned') OR status = 'closed' AND received_on IS NULL) AND closed_on <= $1 THEN 'lost'
                ELSE 'dispatched' END AS state
    FROM shipments
    WHERE retired_at IS NULL AND dispatched_on <= $1 AND facility_id IN (SELECT id FROM places)
      AND ($3 IS NULL OR campaign_id = $3) AND ($4 IS NULL OR contract_id IN (SELECT id FROM paying))) AS left_by_then
  WHERE state = 'received' OR (SELECT shown FROM road)
), running AS (
  SELECT id, code, name, organization_id, starts_on, ends_on FROM paying
  WHERE $1 BETWEEN starts_on AND ends_on
    AND (($2 IS NULL AND $3 IS NULL AND $5 IS NULL AND $6 IS NULL)
         OR id IN (SELECT contract_id FROM support WHERE facility_id IN (SELECT id FROM counted)))
)
"
        )
    };
}

pub(super) const WORLD: &str = world!("");
const SCATTERED: &str = world!("AND a.staff_id IN (SELECT staff_id FROM siraj_scattered_staff($1))");

impl Statement for AllFigures {
    type Row = Jsonb;
    const WORLD: &'static str = SCATTERED;
    const SQL: &'static str = r"
, weighed AS (
  -- A whole area without what is not open in it; where only some facilities are asked of, these one by one. What is held at facilities that
  -- are not open is told apart.
  SELECT id, 1 AS open, 0 AS elsewhere FROM areas
  WHERE ($3 IS NULL AND $4 IS NULL AND $6 IS NULL) AND ($2 IS NULL OR id IN (SELECT area_id FROM area_closure WHERE ancestor_id = $2))
    AND ($5 IS NULL OR id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($5)))
  UNION ALL
  SELECT id, -1, 1 FROM places WHERE ($3 IS NULL AND $4 IS NULL AND $6 IS NULL) AND NOT open
  UNION ALL
  SELECT id, open::integer, (NOT open)::integer FROM places WHERE NOT ($3 IS NULL AND $4 IS NULL AND $6 IS NULL)
    AND ($3 IS NULL OR id IN (SELECT facility_id FROM support WHERE campaign_id = $3))
    AND ($4 IS NULL OR EXISTS (SELECT FROM paying WHERE $1 BETWEEN starts_on AND ends_on)
      AND id IN (SELECT place_id FROM totals.days WHERE contract_id = $4 AND contract_id <> '00000000-0000-0000-0000-000000000000'
                 UNION ALL SELECT place_id FROM totals.changes WHERE contract_id = $4))
), kept AS MATERIALIZED (
  SELECT sum(w.open * t.posts) AS posts, sum(w.open * t.shares) AS shares, sum(w.elsewhere * t.posts) AS elsewhere,
         sum(w.open * t.doctor) AS doctor, sum(w.open * t.nurse) AS nurse, sum(w.open * t.midwife) AS midwife,
         sum(w.open * t.pharmacist) AS pharmacist, sum(w.open * t.technician) AS technician,
         sum(w.open * t.administrative) AS administrative, sum(w.open * t.service) AS service
  FROM weighed w, LATERAL siraj_totals_at(w.id, coalesce($4, '00000000-0000-0000-0000-000000000000'), $1) t
), cadres AS (
  SELECT cadre, sum(number)::bigint AS number FROM (
    SELECT cadre, count(*) AS number FROM people GROUP BY cadre
    UNION ALL
    SELECT c.cadre, c.number FROM kept, LATERAL (VALUES ('doctor', doctor), ('nurse', nurse), ('midwife', midwife), ('pharmacist', pharmacist),
      ('technician', technician), ('administrative', administrative), ('service', service)) AS c (cadre, number)) AS both_sorts
  GROUP BY cadre HAVING sum(number) <> 0
), work AS (
  SELECT coalesce(sum(posts), 0)::bigint AS posts, coalesce(sum(shares), 0)::bigint AS shares, coalesce(sum(elsewhere), 0)::bigint AS elsewhere
  FROM (SELECT count(*) FILTER (WHERE open) AS posts, sum(share_percent) FILTER (WHERE open) AS shares, count(*) FILTER (WHERE NOT open) AS elsewhere FROM held
        UNION ALL SELECT posts, shares, elsewhere FROM kept) AS both_sorts
)
SELECT jsonb_build_object(
  'known_at', least(siraj_known_at(), statement_timestamp()),
  -- Only where nothing is on record at that moment: the audit then tells when the first of it came.
  'recorded_since', CASE WHEN NOT EXISTS (SELECT FROM facilities) AND NOT EXISTS (SELECT FROM staff) AND NOT EXISTS (SELECT FROM shipments) AND NOT EXISTS (SELECT FROM contracts)
    THEN (SELECT min(occurred_at) FROM audit_log WHERE resource IN ('facilities', 'staff', 'shipments', 'contracts')) END,
  'campaign', (SELECT jsonb_build_object('id', id, 'code', code, 'name', name, 'name_ar', name_ar) FROM campaigns WHERE id = $3 AND $6 IS NULL),
  'contract', (SELECT jsonb_build_object('id', id, 'code', code, 'name', name, 'name_ar', name_ar) FROM contracts
               WHERE id = $4 AND $6 IS NULL),
  -- Of an area beside their own nothing is told, not even zeros: what lies there is not theirs to count.
  'area', (SELECT jsonb_build_object('id', id, 'code', code, 'name', name, 'name_ar', name_ar) FROM areas WHERE id = $2
           AND ($5 IS NULL OR EXISTS (SELECT FROM area_closure WHERE (area_id = $2 AND ancestor_id = ANY ($5)) OR (ancestor_id = $2 AND area_id = ANY ($5))))
           AND ($6 IS NULL OR EXISTS (SELECT FROM facilities f JOIN area_closure k ON k.area_id = f.area_id WHERE f.id = $6 AND k.ancestor_id = $2))),
  'areas', CASE WHEN $5 IS NOT NULL THEN (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'code', code, 'name', name, 'name_ar', name_ar) ORDER BY code), '[]') FROM areas WHERE id = ANY ($5)) END,
  'facility', (SELECT jsonb_build_object('id', id, 'code', code, 'name', name, 'name_ar', name_ar) FROM facilities WHERE id = $6),
  'total', (SELECT count(*) FROM counted),
  'by_kind', (SELECT coalesce(jsonb_object_agg(kind, number), '{}')
              FROM (SELECT kind, count(*) AS number FROM counted, unnest(kinds) AS kind GROUP BY kind) AS kinds),
  'several', (SELECT coalesce(jsonb_agg(code ORDER BY code), '[]') FROM counted WHERE cardinality(kinds) > 1),
  'by_area', (SELECT coalesce(jsonb_agg(jsonb_build_object('area_id', a.id, 'code', a.code, 'name', a.name, 'total', c.number) ORDER BY a.code), '[]')
              FROM (SELECT area_id, count(*) AS number FROM counted GROUP BY area_id) c JOIN areas a ON a.id = c.area_id),
  'by_functionality', (SELECT coalesce(jsonb_object_agg(state, number), '{}') FROM (
      SELECT coalesce(s.functionality, 'unknown') AS state, count(*) AS number
      FROM counted c LEFT JOIN LATERAL (
        SELECT functionality FROM facility_status WHERE facility_id = c.id AND since_on <= $1 AND retired_at IS NULL ORDER BY since_on DESC LIMIT 1) s ON true
      GROUP BY 1) AS states),
  'not_open', (SELECT count(*) FROM places WHERE supported AND NOT open),
  'not_supported', (SELECT count(*) FROM places WHERE open AND NOT supported),
  'held_elsewhere', (SELECT elsewhere FROM work),
  'people', (SELECT coalesce(sum(number), 0)::bigint FROM cadres),
  'by_cadre', (SELECT coalesce(jsonb_object_agg(cadre, number), '{}') FROM cadres),
  'posts', (SELECT posts FROM work),
  'shares', (SELECT shares FROM work),
  'sent', (SELECT count(*) FROM sent),
  'received', (SELECT count(*) FROM sent WHERE state = 'received'),
  'lost', (SELECT count(*) FROM sent WHERE state = 'lost'),
  'running', (SELECT count(*) FROM running),
  'partners', (SELECT count(DISTINCT organization_id) FROM running),
  'goals', (SELECT coalesce(jsonb_agg(jsonb_build_object('campaign_id', id, 'code', code, 'goal_amount', round(goal_amount, greatest(2, scale(trim_scale(goal_amount))))::text, 'currency', currency) ORDER BY code), '[]')
            FROM campaigns WHERE retired_at IS NULL AND starts_on <= $1 AND (ends_on IS NULL OR ends_on >= $1) AND ($3 IS NULL OR id = $3)))";
}

/// $7 kind, state or cadre, $8 which facilities, $9 and $10 where the page before ended, $11 backwards, $12 how many, $13 words.
macro_rules! one_page {
    ($columns:literal from $world:literal where $condition:literal, found by $words:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM ",
            $world,
            " WHERE ",
            $condition,
            " AND ($13 IS NULL OR siraj_fold(",
            $words,
            ") LIKE siraj_pattern($13))",
            " AND ($9 IS NULL OR CASE WHEN $11 THEN (code, id) < ($9, $10) ELSE (code, id) > ($9, $10) END)",
            " ORDER BY CASE WHEN $11 THEN code END DESC, CASE WHEN $11 THEN id END DESC, code, id LIMIT $12"
        )
    };
}

impl Statement for FacilityRows {
    type Row = (SqlUuid, Text, Text, Array<Text>, SqlUuid);
    const SQL: &'static str = one_page!("id, code, name, kinds, area_id" from "places"
        where "CASE $8
            WHEN 'not_open' THEN supported AND NOT open
            WHEN 'not_supported' THEN open AND NOT supported
            WHEN 'several' THEN open AND supported AND cardinality(kinds) > 1
            WHEN 'functionality' THEN open AND supported AND $7 = coalesce((
              SELECT functionality FROM facility_status WHERE facility_id = places.id AND since_on <= $1 AND retired_at IS NULL
              ORDER BY since_on DESC LIMIT 1), 'unknown')
            ELSE open AND supported AND ($7 IS NULL OR $7 = ANY (kinds)) END",
        found by "code || ' ' || name");
}

impl Statement for PersonRows {
    type Row = (SqlUuid, Text, Text, BigInt, BigInt);
    const SQL: &'static str =
        one_page!("id, code, cadre, posts, share" from "people" where "($7 IS NULL OR cadre = $7)", found by "code");
}

impl Statement for PostRows {
    type Row = (SqlUuid, Text, SqlUuid, SqlUuid, Text, Int2);
    const SQL: &'static str = one_page!("id, code, staff_id, facility_id, cadre, share_percent" from "held" where "open = ($8 <> 'not_open')", found by "code");
}

impl Statement for ShipmentRows {
    type Row = (SqlUuid, Text, SqlUuid, Nullable<Date>, Nullable<Date>, Nullable<Date>);
    const SQL: &'static str = one_page!("id, code, facility_id, dispatched_on, CASE WHEN state = 'received' THEN received_on END, CASE WHEN state = 'lost' THEN closed_on END" from "sent"
        where "($7 IS NULL OR $7 = state)", found by "code");
}

impl Statement for ContractRows {
    type Row = (SqlUuid, Text, Text, SqlUuid, Date, Date);
    const SQL: &'static str = one_page!("id, code, name, organization_id, starts_on, ends_on" from "running" where "true", found by "code || ' ' || name");
}

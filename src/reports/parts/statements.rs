//! The world of the figures, asked of several days in one statement.

use std::{marker::PhantomData, sync::LazyLock};

use chrono::NaiveDate;
use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, Bool, Date, Jsonb, Nullable, Text, Uuid as SqlUuid},
};

use super::super::{
    statements::{AllFigures, Statement, WORLD},
    types::FigureScope,
};

/// A statement over the worlds of several days.
pub trait OverDays: 'static {
    /// Its text: $1 the days, $2 to $6 the scope, $7 and $8 the dimensions.
    fn text() -> &'static str;
    /// What it answers with.
    type Row;
}

/// All figures of each day.
pub struct Series;
/// The figures of two days, and the rows that are behind those of one of them alone.
pub struct Comparison;
/// The figures of a day, and their parts.
pub struct Breakdown;

/// A statement with what is asked of it.
pub struct AskDays<'a, S> {
    scope: &'a FigureScope,
    days: Vec<NaiveDate>,
    by: [Option<&'static str>; 2],
    of: PhantomData<fn() -> S>,
}

impl<'a, S> AskDays<'a, S> {
    /// Asks within a scope, of some days, by some dimensions.
    pub fn new(scope: &'a FigureScope, days: Vec<NaiveDate>, by: [Option<&'static str>; 2]) -> Self {
        Self { scope, days, by, of: PhantomData }
    }
}

impl<S: OverDays> QueryId for AskDays<'_, S> {
    type QueryId = AskDays<'static, S>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S: OverDays> Query for AskDays<'_, S> {
    type SqlType = S::Row;
}

impl<S: OverDays> QueryFragment<Pg> for AskDays<'_, S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // Bound once, in this order; the text speaks of them by number.
        out.push_sql("WITH bound AS (SELECT ");
        out.push_bind_param::<Array<Date>, _>(&self.days)?;
        for id in [&self.scope.area, &self.scope.campaign, &self.scope.contract] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<SqlUuid>, _>(id)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Array<SqlUuid>>, _>(&self.scope.areas)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.scope.facility)?;
        for dimension in &self.by {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(dimension)?;
        }
        out.push_sql("), road AS (SELECT NOT ");
        out.push_bind_param::<Bool, _>(&self.scope.arrived_only)?;
        out.push_sql(" AS shown), days AS (SELECT day, n FROM unnest($1) WITH ORDINALITY AS d (day, n))");
        out.push_sql(S::text());
        Ok(())
    }
}

/// The world of one of the days, with what follows it: the rules' own text, whose day is that of the row around it.
fn of_each_day(world: &str, rest: &str) -> String {
    let text = format!("(WITH asked AS (SELECT days.day){world}{rest})");
    let mut of_day = String::with_capacity(text.len());
    let mut parts = text.split("$1");
    of_day.push_str(parts.next().unwrap_or_default());
    for part in parts {
        // `$10` is another parameter than `$1`.
        let longer = part.starts_with(|next: char| next.is_ascii_digit());
        of_day.push_str(if longer { "$1" } else { "days.day" });
        of_day.push_str(part);
    }
    of_day
}

static SERIES: LazyLock<String> =
    LazyLock::new(|| format!("\nSELECT days.day, {} FROM days ORDER BY days.n", of_each_day(AllFigures::WORLD, AllFigures::SQL)));

impl OverDays for Series {
    type Row = (Date, Jsonb);

    fn text() -> &'static str {
        &SERIES
    }
}

/// Which figures each row stands in, in words.
const WORDS: &str = r"
, told AS (
  SELECT 'facilities' AS sort, id, code, CASE
           WHEN open AND supported THEN ARRAY['all', coalesce(s.functionality, 'unknown')] || kinds || CASE WHEN cardinality(kinds) > 1 THEN ARRAY['several'] ELSE '{}' END
           WHEN supported THEN ARRAY['not_open'] ELSE ARRAY['not_supported'] END AS words
  FROM places LEFT JOIN LATERAL (
    SELECT functionality FROM facility_status WHERE facility_id = places.id AND since_on <= $1 AND retired_at IS NULL ORDER BY since_on DESC LIMIT 1) s ON true
  WHERE open OR supported
  UNION ALL SELECT 'people', id, code, ARRAY['all', cadre] FROM people
  UNION ALL SELECT 'posts', id, code, ARRAY[CASE WHEN open THEN 'all' ELSE 'not_open' END] FROM held
  UNION ALL SELECT 'shipments', id, code, ARRAY['all', state] FROM sent
  UNION ALL SELECT 'contracts', id, code, ARRAY['all'] FROM running
)
SELECT sort, id, code, word FROM told, unnest(words) AS word";

static COMPARISON: LazyLock<String> = LazyLock::new(|| {
    let (figures, rows) = (of_each_day(AllFigures::WORLD, AllFigures::SQL), of_each_day(WORLD, WORDS));
    format!(
        r"
, figures AS (
  SELECT days.n, {figures} AS told FROM days
), moved AS (
  SELECT rows.sort, rows.word, rows.id, min(rows.code) AS code, bool_or(days.n = 2) AS came
  FROM days CROSS JOIN LATERAL {rows} AS rows GROUP BY rows.sort, rows.word, rows.id HAVING count(*) = 1
), ranked AS (
  SELECT moved.*, row_number() OVER (PARTITION BY sort, word, came ORDER BY code, id) AS place FROM moved
), heaps AS (
  SELECT sort, word, came, count(*) AS number,
         jsonb_agg(jsonb_build_object('id', id, 'code', code) ORDER BY code, id) FILTER (WHERE place <= 200) AS rows
  FROM ranked GROUP BY sort, word, came
)
SELECT (SELECT jsonb_agg(told ORDER BY n) FROM figures), (SELECT coalesce(jsonb_agg(to_jsonb(heaps)), '[]') FROM heaps)"
    )
});

impl OverDays for Comparison {
    type Row = (Jsonb, Jsonb);

    fn text() -> &'static str {
        &COMPARISON
    }
}

/// What a row is a part of in one dimension. The cadre is that of the person, who is counted once in each part of the other dimension.
macro_rules! key {
    ($dimension:literal) => {
        concat!(
            "coalesce(CASE ",
            $dimension,
            " WHEN 'area' THEN f.area_id::text WHEN 'kind' THEN k.kind WHEN 'contract' THEN coalesce(c.id::text, 'none') END, '')"
        )
    };
}

/// The kinds of a facility, where they are a dimension; else it stands once.
const KINDS: &str = "unnest(CASE WHEN 'kind' IN ($7, $8) THEN f.kinds ELSE ARRAY[''] END) AS k (kind)";

static BREAKDOWN: LazyLock<String> = LazyLock::new(|| {
    let (one, two) = (key!("$7"), key!("$8"));
    let figures = of_each_day(AllFigures::WORLD, AllFigures::SQL);
    let parts = of_each_day(
        WORLD,
        &format!(
            r"
, spread AS (
  SELECT p.id, p.staff_id, p.code, p.share_percent, p.weight, p.cadre, {one} AS one, {two} AS two
  FROM posts p JOIN places f ON f.id = p.facility_id JOIN assignments a ON a.id = p.id
  LEFT JOIN paying c ON c.id = a.contract_id AND $1 BETWEEN c.starts_on AND c.ends_on
  CROSS JOIN LATERAL {KINDS}
), persons AS (
  SELECT DISTINCT ON (one, two, staff_id) one, two, staff_id, code, cadre FROM spread
  ORDER BY one, two, staff_id, weight DESC
), staff_cells AS (
  SELECT CASE $7 WHEN 'cadre' THEN h.cadre ELSE h.one END AS one, CASE $8 WHEN 'cadre' THEN h.cadre ELSE h.two END AS two,
         count(DISTINCT h.staff_id) AS people, count(*) AS posts, sum(s.share_percent) AS shares
  FROM persons h JOIN spread s ON (s.one, s.two, s.staff_id) = (h.one, h.two, h.staff_id) GROUP BY 1, 2
), stands AS (
  SELECT f.id, f.code, {one} AS one, {two} AS two
  FROM counted f
  LEFT JOIN LATERAL (
    SELECT DISTINCT paying.id FROM support s JOIN paying ON paying.id = s.contract_id WHERE s.facility_id = f.id AND 'contract' IN ($7, $8)) c ON true
  CROSS JOIN LATERAL {KINDS}
  WHERE coalesce('cadre' NOT IN ($7, $8), $7 <> 'cadre')
), place_cells AS (
  SELECT one, two, count(*) AS facilities FROM stands GROUP BY one, two
), named AS (
  SELECT id::text AS key, code, name FROM areas WHERE 'area' IN ($7, $8)
  UNION ALL SELECT id::text, code, name FROM paying WHERE 'contract' IN ($7, $8)
), cells AS (
  SELECT one, two, facilities, coalesce(people, 0) AS people, coalesce(posts, 0) AS posts, coalesce(shares, 0) AS shares
  FROM staff_cells FULL JOIN place_cells USING (one, two)
), twice AS (
  SELECT 'facilities' AS sort, code FROM stands GROUP BY id, code HAVING count(*) > 1
  UNION ALL SELECT 'people', code FROM persons GROUP BY staff_id, code HAVING count(*) > 1
  UNION ALL SELECT 'posts', code FROM spread GROUP BY id, code HAVING count(*) > 1
)
SELECT jsonb_build_object(
  'cells', (SELECT coalesce(jsonb_agg(jsonb_build_object('keys', ARRAY[one, two], 'codes', ARRAY[n.code, m.code], 'names', ARRAY[n.name, m.name],
              'facilities', facilities, 'people', people, 'posts', posts, 'shares', shares) ORDER BY n.code, one, m.code, two), '[]')
            FROM cells LEFT JOIN named n ON n.key = one LEFT JOIN named m ON m.key = two),
  'several', (SELECT coalesce(jsonb_object_agg(sort, told), '{{}}') FROM (
      SELECT sort, jsonb_build_object('number', count(*), 'codes', (array_agg(code ORDER BY code))[1:10]) AS told FROM twice GROUP BY sort) AS heaps))"
        ),
    );
    format!("\nSELECT {figures}, {parts} FROM days")
});

impl OverDays for Breakdown {
    type Row = (Jsonb, Jsonb);

    fn text() -> &'static str {
        &BREAKDOWN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_the_rules_is_that_of_the_row_around_them_and_no_other_parameter_is_touched() {
        let told = of_each_day(WORLD, " SELECT $1, $2, $10, $1");
        assert!(told.ends_with("SELECT days.day, $2, $10, days.day)"), "{told}");
        assert!(!told.contains("$1 ") && told.matches("days.day").count() > 10);
    }
}

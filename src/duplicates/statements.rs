//! The SQL that finds pairs: one statement, prepared once.

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

use super::types::PairFilter;
use crate::{auth::Scope, error::ApiResult, http::PageQuery};

/// Pairs of records that may be of one person.
pub struct Pairs {
    areas: Option<Vec<Uuid>>,
    person: Option<Uuid>,
    words: Option<String>,
    after_rank: Option<i32>,
    after_id: Option<Uuid>,
    descending: bool,
    limit: i64,
}

impl Pairs {
    /// One page of them, within a scope.
    pub fn new(scope: &Scope, filter: &PairFilter, page: &PageQuery) -> ApiResult<Self> {
        let (after_rank, after_id) = page.after::<i32>()?.unzip();
        Ok(Self {
            areas: scope.areas(),
            person: filter.staff_id,
            words: page.q.clone(),
            after_rank,
            after_id,
            descending: page.sort.descending,
            limit: page.rows(),
        })
    }
}

impl QueryId for Pairs {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Pairs {
    type SqlType = (SqlUuid, Integer, SqlUuid, Text, SqlUuid, Text, Array<Text>);
}

impl QueryFragment<Pg> for Pairs {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH asked AS (SELECT ");
        out.push_bind_param::<Nullable<Array<SqlUuid>>, _>(&self.areas)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.person)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.words)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Integer>, _>(&self.after_rank)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.after_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(&self.descending)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(")");
        out.push_sql(PAIRS);
        Ok(())
    }
}

/// $1 the caller's areas, $2 person, $3 words, $4 and $5 where the page before ended, $6 backwards, $7 how many.
///
/// Both are employed from where the caller may merge them: one alone would tell of somebody beyond. Digests of two keys are never equal.
const PAIRS: &str = r"
, people AS MATERIALIZED (
  SELECT s.id, s.code, s.cadre, s.area_id, k.key_id, k.name_keys, k.phone_key
  FROM staff_match_keys k JOIN staff s ON s.id = k.staff_id
  WHERE s.retired_at IS NULL AND ($1 IS NULL OR s.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($1)))
), names AS MATERIALIZED (
  SELECT id, key_id, unnest(name_keys) AS name_key FROM people
), alike AS (
  SELECT a.id AS one, b.id AS other, true AS named, false AS phoned FROM names a JOIN names b USING (key_id, name_key)
  WHERE a.id < b.id AND ($2 IS NULL OR $2 IN (a.id, b.id))
  UNION ALL
  SELECT a.id, b.id, false, true FROM people a JOIN people b USING (key_id, phone_key)
  WHERE a.id < b.id AND ($2 IS NULL OR $2 IN (a.id, b.id))
), pairs AS (
  SELECT one, other, bool_or(named) AS named, bool_or(phoned) AS phoned FROM alike GROUP BY one, other
), judged AS (
  SELECT p.one, a.code, p.other, b.code AS other_code, named, phoned, a.cadre = b.cadre AS same_cadre, a.area_id = b.area_id AS same_area
  FROM pairs p JOIN people a ON a.id = p.one JOIN people b ON b.id = p.other
  WHERE NOT EXISTS (
    SELECT FROM staff_distinctions d
    WHERE d.retired_at IS NULL AND least(d.staff_id, d.other_id) = p.one AND greatest(d.staff_id, d.other_id) = p.other)
), ranked AS (
  SELECT md5(one::text || other::text)::uuid AS id,
         CASE WHEN named AND phoned THEN 1 WHEN named AND same_cadre AND same_area THEN 2 WHEN named AND same_cadre THEN 3
              WHEN phoned AND same_cadre AND same_area THEN 4 END AS rank,
         one, code, other, other_code,
         array_remove(ARRAY[CASE WHEN named THEN 'name' END, CASE WHEN phoned THEN 'phone' END,
                            CASE WHEN same_cadre THEN 'cadre' END, CASE WHEN same_area THEN 'area' END], NULL) AS why
  FROM judged
)
SELECT id, rank, one, code, other, other_code, why FROM ranked
WHERE rank IS NOT NULL AND ($3 IS NULL OR siraj_fold(code || ' ' || other_code) LIKE siraj_pattern($3))
  AND ($4 IS NULL OR CASE WHEN $6 THEN (rank, id) < ($4, $5) ELSE (rank, id) > ($4, $5) END)
ORDER BY CASE WHEN $6 THEN rank END DESC, CASE WHEN $6 THEN id END DESC, rank, id LIMIT $7";

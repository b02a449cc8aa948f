//! The SQL of exports: one statement each, of a day and within the caller's areas.

use std::marker::PhantomData;

use chrono::NaiveDate;
use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Bool, Date, Jsonb, Nullable, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

/// A statement of the exports.
pub trait Statement: 'static {
    /// Its text: $1 day, $2 areas, $3 organisation, $4 and $5 where the page before ended, $6 how many, $7 words, $8 backwards.
    const SQL: &'static str;
    /// What it answers with.
    type Row;
}

/// Who does what where.
pub struct Activities;
/// The cells of the map, with what stands in them.
pub struct Cells;
/// The numbers of a month by area.
pub struct DataValues;
/// The directory, resource by resource.
pub struct Directory;

/// A statement with what is asked of it.
#[derive(Debug)]
pub struct Ask<S> {
    /// The day.
    pub day: NaiveDate,
    /// The caller's areas; none: everything.
    pub areas: Option<Vec<Uuid>>,
    /// Of one organisation.
    pub organization: Option<Uuid>,
    /// Where the page before ended.
    pub after: (Option<String>, Option<Uuid>),
    /// How many rows.
    pub limit: i64,
    /// Words to look for.
    pub words: Option<String>,
    /// From the last to the first.
    pub descending: bool,
    of: PhantomData<fn() -> S>,
}

impl<S> Ask<S> {
    /// Asks of a day, within areas.
    pub fn new(day: NaiveDate, areas: Option<Vec<Uuid>>) -> Self {
        Self {
            day,
            areas,
            organization: None,
            after: (None, None),
            limit: i64::MAX,
            words: None,
            descending: false,
            of: PhantomData,
        }
    }
}

impl<S: Statement> QueryId for Ask<S> {
    type QueryId = Ask<S>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S: Statement> Query for Ask<S> {
    type SqlType = S::Row;
}

impl<S: Statement> QueryFragment<Pg> for Ask<S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH asked AS (SELECT ");
        out.push_bind_param::<Date, _>(&self.day)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Array<SqlUuid>>, _>(&self.areas)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.organization)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.after.0)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<SqlUuid>, _>(&self.after.1)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.words)?;
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(&self.descending)?;
        out.push_sql(")");
        out.push_sql(WORLD);
        out.push_sql(S::SQL);
        Ok(())
    }
}

/// The facilities that stand and are open on the day, within the caller's areas.
const WORLD: &str = r"
, places AS (
  SELECT id, code, name, name_ar, aliases, coalesce(kinds_before, kinds) AS kinds, area_id, operator_id, revision, recorded_at
  FROM facilities LEFT JOIN (
    SELECT DISTINCT ON (facility_id) facility_id, kinds_before FROM facility_conversions
    WHERE retired_at IS NULL AND converted_on > $1 ORDER BY facility_id, converted_on) AS converted ON facility_id = id
  WHERE retired_at IS NULL AND (opened_on IS NULL OR opened_on <= $1) AND (closed_on IS NULL OR closed_on > $1)
    AND ($2 IS NULL OR area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($2)))
)
";

impl Statement for Activities {
    type Row = (
        SqlUuid,
        Text,
        Text,
        Text,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Text>,
        Text,
        Nullable<Text>,
        Nullable<Text>,
        Text,
        Nullable<Text>,
        Text,
        Date,
        Nullable<Date>,
        BigInt,
        Nullable<BigInt>,
    );
    // A campaign is paid for by its donors: no one organisation. People are counted at the ends of months that are over, five and more at three
    // facilities and more: this table is handed on, and from day to day or house to house the numbers would give single people away.
    const SQL: &'static str = r"
, activity AS (
  SELECT coalesce(s.contract_id, s.campaign_id, s.project_id) AS id,
         CASE WHEN s.contract_id IS NOT NULL THEN 'contract' WHEN s.campaign_id IS NOT NULL THEN 'campaign' ELSE 'project' END AS kind,
         s.organization_id, p.area_id, count(DISTINCT p.id) AS facilities
  FROM facility_support s JOIN places p ON p.id = s.facility_id
  WHERE s.period @> $1 AND ($3 IS NULL OR s.organization_id = $3)
  GROUP BY 1, 2, 3, 4
), told AS (
  SELECT md5(a.id::text || a.area_id::text)::uuid AS id, coalesce(c.code, m.code, j.code) AS code, coalesce(c.name, m.name, j.name) AS name, a.kind,
         o.code AS funder_code, o.name AS funder_name,
         (SELECT name FROM organizations WHERE 'own' = ANY (roles) AND retired_at IS NULL ORDER BY code LIMIT 1) AS implementer,
         country.code AS country_code, country.name AS country_name, r.code AS area_code, r.pcode, r.name AS area_name,
         coalesce(c.starts_on, m.starts_on, j.starts_on) AS starts_on, coalesce(c.ends_on, m.ends_on, j.ends_on) AS ends_on, a.facilities,
         CASE WHEN a.kind = 'contract' AND a.facilities >= 3 AND extract(day FROM $1 + 1) = 1 AND $1 < current_date THEN (
           SELECT CASE WHEN count(DISTINCT h.staff_id) >= 5 THEN count(DISTINCT h.staff_id) END FROM assignments h JOIN places p ON p.id = h.facility_id JOIN staff s ON s.id = h.staff_id
           WHERE h.contract_id = a.id AND p.area_id = a.area_id AND h.retired_at IS NULL AND s.retired_at IS NULL
             AND h.starts_on <= $1 AND (h.ends_on IS NULL OR h.ends_on >= $1)) END AS staff
  FROM activity a
  JOIN areas r ON r.id = a.area_id
  LEFT JOIN contracts c ON a.kind = 'contract' AND c.id = a.id
  LEFT JOIN campaigns m ON a.kind = 'campaign' AND m.id = a.id
  LEFT JOIN projects j ON a.kind = 'project' AND j.id = a.id
  LEFT JOIN organizations o ON o.id = a.organization_id
  LEFT JOIN LATERAL (
    SELECT up.code, up.name FROM area_closure k JOIN areas up ON up.id = k.ancestor_id WHERE k.area_id = a.area_id AND up.kind = 'country' LIMIT 1) country ON true
)
SELECT id, code, name, kind, funder_code, funder_name, implementer, 'Health', country_code, country_name, area_code, pcode, area_name, starts_on, ends_on, facilities, staff
FROM told
WHERE ($7 IS NULL OR siraj_fold(code || ' ' || name || ' ' || coalesce(funder_name, '') || ' ' || area_name) LIKE siraj_pattern($7))
  AND ($4 IS NULL OR CASE WHEN $8 THEN (code, id) < ($4, $5) ELSE (code, id) > ($4, $5) END)
ORDER BY CASE WHEN $8 THEN code END DESC, CASE WHEN $8 THEN id END DESC, code, id LIMIT $6";
}

impl Statement for Cells {
    type Row = (Text, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt);
    const SQL: &'static str = r"
SELECT l.coarse_cell, count(*), count(*) FILTER (WHERE 'hospital' = ANY (p.kinds)), count(*) FILTER (WHERE 'primary_care_center' = ANY (p.kinds)),
       count(*) FILTER (WHERE 'nursing_home' = ANY (p.kinds)), count(*) FILTER (WHERE 'medical_point' = ANY (p.kinds)), count(*) FILTER (WHERE 'mobile_clinic' = ANY (p.kinds))
FROM places p JOIN facility_locations l ON l.facility_id = p.id
WHERE $3 IS NULL AND $4 IS NULL AND $5 IS NULL AND $7 IS NULL AND NOT $8
GROUP BY 1 ORDER BY 1 LIMIT $6";
}

impl Statement for DataValues {
    type Row = (Text, Text, BigInt);
    // What counts is what the figures count: facilities that something supports, people at facilities that are open; a person once in an area,
    // by the cadre of the post with the largest share there.
    const SQL: &'static str = r"
, counted AS (
  SELECT p.area_id, p.kinds FROM places p WHERE EXISTS (SELECT FROM facility_support s WHERE s.facility_id = p.id AND s.period @> $1)
), people AS (
  SELECT DISTINCT ON (p.area_id, h.staff_id) p.area_id, h.staff_id, h.cadre
  FROM siraj_held_posts() h JOIN places p ON p.id = h.facility_id
  WHERE h.starts_on <= $1 AND (h.ends_on IS NULL OR h.ends_on >= $1)
  ORDER BY p.area_id, h.staff_id, h.weight DESC
), told AS (
  SELECT 'SIRAJ_FACILITIES' AS element, area_id, count(*) AS number FROM counted GROUP BY area_id
  UNION ALL SELECT 'SIRAJ_FACILITIES_' || upper(kind), area_id, count(*) FROM counted, unnest(kinds) AS kind GROUP BY kind, area_id
  UNION ALL SELECT 'SIRAJ_STAFF', area_id, count(*) FROM people GROUP BY area_id
  UNION ALL SELECT 'SIRAJ_STAFF_' || upper(cadre), area_id, count(*) FROM people GROUP BY cadre, area_id
)
SELECT t.element, a.code, t.number FROM told t JOIN areas a ON a.id = t.area_id
WHERE $3 IS NULL AND $4 IS NULL AND $5 IS NULL AND $7 IS NULL AND NOT $8
ORDER BY a.code, t.element LIMIT $6";
}

impl Statement for Directory {
    type Row = (Text, SqlUuid, Jsonb);
    // A facility is a pair (mCSD): what it is as an organisation, where it is as a location; positions are nobody's here.
    const SQL: &'static str = r"
, told AS (
  SELECT '1-' || a.code AS place, a.id, jsonb_build_object('resourceType', 'Location', 'id', a.id, 'status', 'active', 'mode', 'instance', 'name', a.name,
      'meta', jsonb_build_object('versionId', a.revision::text, 'lastUpdated', a.recorded_at),
      'identifier', jsonb_build_array(jsonb_build_object('system', 'urn:siraj:areas', 'value', a.code)),
      'type', jsonb_build_array(jsonb_build_object('coding', jsonb_build_array(jsonb_build_object(
        'system', 'https://profiles.ihe.net/ITI/mCSD/CodeSystem/IHE.mCSD.Organization.Location.Types', 'code', 'jurisdiction')))))
      || CASE WHEN a.name_ar IS NULL THEN '{}' ELSE jsonb_build_object('alias', jsonb_build_array(a.name_ar)) END
      || CASE WHEN a.parent_id IS NULL OR ($2 IS NOT NULL AND a.parent_id NOT IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($2))) THEN '{}' ELSE jsonb_build_object('partOf', jsonb_build_object('reference', 'Location/' || a.parent_id)) END AS resource
  FROM areas a
  WHERE a.retired_at IS NULL AND ($2 IS NULL OR a.id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($2)))
  UNION ALL
  SELECT '2-' || p.code, p.id, jsonb_build_object('resourceType', 'Organization', 'id', p.id, 'active', true, 'name', p.name,
      'meta', jsonb_build_object('versionId', p.revision::text, 'lastUpdated', p.recorded_at),
      'identifier', jsonb_build_array(jsonb_build_object('system', 'urn:siraj:facilities', 'value', p.code)),
      'type', jsonb_build_array(jsonb_build_object('coding', jsonb_build_array(jsonb_build_object(
        'system', 'https://profiles.ihe.net/ITI/mCSD/CodeSystem/IHE.mCSD.Organization.Location.Types', 'code', 'facility')))))
      || CASE WHEN p.name_ar IS NULL THEN '{}' ELSE jsonb_build_object('alias', jsonb_build_array(p.name_ar)) END
  FROM places p
  UNION ALL
  SELECT '3-' || p.code, md5(p.id::text || 'location')::uuid, jsonb_build_object('resourceType', 'Location', 'id', md5(p.id::text || 'location')::uuid,
      'status', CASE WHEN (SELECT functionality FROM facility_status WHERE facility_id = p.id AND since_on <= $1 AND retired_at IS NULL
                           ORDER BY since_on DESC LIMIT 1) IN ('none', 'destroyed') THEN 'suspended' ELSE 'active' END,
      'mode', 'instance', 'name', p.name,
      'meta', jsonb_build_object('versionId', p.revision::text, 'lastUpdated', p.recorded_at),
      'identifier', jsonb_build_array(jsonb_build_object('system', 'urn:siraj:facilities', 'value', p.code)),
      'type', jsonb_build_array(jsonb_build_object('coding', jsonb_build_array(jsonb_build_object(
        'system', 'https://profiles.ihe.net/ITI/mCSD/CodeSystem/IHE.mCSD.Organization.Location.Types', 'code', 'facility')))) || (
          SELECT jsonb_agg(jsonb_build_object('coding', jsonb_build_array(jsonb_build_object('system', 'urn:siraj:facility-kinds', 'code', kind)))) FROM unnest(p.kinds) AS kind),
      'managingOrganization', jsonb_build_object('reference', 'Organization/' || p.id),
      'partOf', jsonb_build_object('reference', 'Location/' || p.area_id))
  FROM places p
)
SELECT place, id, resource FROM told
WHERE $3 IS NULL AND $7 IS NULL AND NOT $8 AND ($4 IS NULL OR (place, id) > ($4, $5))
ORDER BY place, id LIMIT $6";
}

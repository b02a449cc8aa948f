//! Which changes since a moment bear on rows that entered or left a figure: read from the audit.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::answers::{RestatedChange, RestatedField};
use crate::{db::Conn, error::ApiResult, reports::RowSort};

/// What of each table figures stand on; the rest of a change explains nothing.
const FIELDS: &[(&str, &[&str])] = &[
    ("areas", &["parent_id", "retired_at"]),
    ("assignments", &["staff_id", "facility_id", "cadre", "share_percent", "contract_id", "starts_on", "ends_on", "retired_at"]),
    ("campaigns", &["starts_on", "ends_on", "retired_at"]),
    ("campaign_facilities", &["facility_id", "starts_on", "ends_on", "retired_at"]),
    ("contracts", &["organization_id", "starts_on", "ends_on", "retired_at"]),
    ("contract_facilities", &["facility_id", "starts_on", "ends_on", "retired_at"]),
    ("facilities", &["kinds", "area_id", "opened_on", "closed_on", "retired_at"]),
    ("facility_status", &["since_on", "functionality", "retired_at"]),
    ("projects", &["starts_on", "ends_on", "retired_at"]),
    ("project_facilities", &["facility_id", "starts_on", "ends_on", "retired_at"]),
    (
        "shipments",
        &["facility_id", "campaign_id", "contract_id", "dispatched_on", "received_on", "closed_on", "status", "retired_at"],
    ),
    ("staff", &["retired_at"]),
];

#[derive(QueryableByName)]
struct Entry {
    #[diesel(sql_type = SqlUuid)]
    row_id: Uuid,
    #[diesel(sql_type = Integer)]
    distance: i32,
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = Text)]
    resource: String,
    #[diesel(sql_type = SqlUuid)]
    record_id: Uuid,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: DateTime<Utc>,
    #[diesel(sql_type = SqlUuid)]
    actor_id: Uuid,
    #[diesel(sql_type = Text)]
    actor_role: String,
    #[diesel(sql_type = Nullable<Jsonb>)]
    before: Option<Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    after: Option<Value>,
}

/// A change and how far it is from the row: 0 of the row itself, then of the place and the contract it stands on, then of theirs.
pub type Explanation = (i32, RestatedChange);

/// The changes that bear on rows of one sort, after one moment and up to another; by row, the nearest first.
pub async fn changes(
    conn: &mut Conn,
    sort: RowSort,
    rows: &[Uuid],
    (after, upto): (DateTime<Utc>, DateTime<Utc>),
) -> ApiResult<HashMap<Uuid, Vec<Explanation>>> {
    let mut told: HashMap<Uuid, Vec<Explanation>> = HashMap::new();
    if rows.is_empty() {
        return Ok(told);
    }
    let sort = match sort {
        RowSort::Facilities => "facilities",
        RowSort::People => "people",
        RowSort::Posts => "posts",
        RowSort::Shipments => "shipments",
        RowSort::Contracts => "contracts",
    };
    let entries: Vec<Entry> = diesel::sql_query(ENTRIES)
        .bind::<Array<SqlUuid>, _>(rows)
        .bind::<Timestamptz, _>(after)
        .bind::<Timestamptz, _>(upto)
        .bind::<Text, _>(sort)
        .load(conn)
        .await?;
    for entry in entries {
        let fields = fields_of(&entry.resource, entry.before.as_ref(), entry.after.as_ref());
        if !fields.is_empty() {
            let change = RestatedChange {
                sequence: entry.sequence,
                resource: entry.resource,
                record_id: entry.record_id,
                action: entry.action,
                occurred_at: entry.occurred_at,
                actor_id: entry.actor_id,
                actor_role: entry.actor_role,
                fields,
            };
            told.entry(entry.row_id).or_default().push((entry.distance, change));
        }
    }
    Ok(told)
}

/// What of a change figures stand on, from what to what.
fn fields_of(resource: &str, before: Option<&Value>, after: Option<&Value>) -> Vec<RestatedField> {
    let counted = FIELDS.iter().find(|(name, _)| *name == resource).map_or(&[][..], |(_, fields)| fields);
    let value = |record: Option<&Value>, field: &str| record.map_or(Value::Null, |record| record[field].clone());
    let changed = counted.iter().filter_map(|field| {
        let (from, to) = (value(before, field), value(after, field));
        (from != to).then(|| RestatedField { field: (*field).to_owned(), from, to })
    });
    changed.collect()
}

/// $1 rows, $2 and $3 the moments, $4 what they are. What a row stands on, and has stood on, is looked for in both the present and the
/// history; then the audit is read by its subjects, which is what it is indexed by. A line is written a little after its record.
const ENTRIES: &str = "
WITH all_assignments AS (
  SELECT id, staff_id, facility_id, contract_id FROM public.assignments WHERE $4 IN ('people', 'posts') AND (staff_id = ANY ($1) OR id = ANY ($1))
  UNION SELECT id, staff_id, facility_id, contract_id FROM history.assignments WHERE $4 IN ('people', 'posts') AND (staff_id = ANY ($1) OR id = ANY ($1))
), held AS (
  SELECT CASE $4 WHEN 'people' THEN staff_id ELSE id END AS row_id, id, staff_id, facility_id, contract_id FROM all_assignments
), sent AS (
  SELECT id AS row_id, facility_id, contract_id, campaign_id FROM public.shipments WHERE $4 = 'shipments' AND id = ANY ($1)
  UNION SELECT id, facility_id, contract_id, campaign_id FROM history.shipments WHERE $4 = 'shipments' AND id = ANY ($1)
), supports AS (
  SELECT id, facility_id, contract_id AS granted_by FROM public.contract_facilities UNION SELECT id, facility_id, contract_id FROM history.contract_facilities
  UNION SELECT id, facility_id, project_id FROM public.project_facilities UNION SELECT id, facility_id, project_id FROM history.project_facilities
  UNION SELECT id, facility_id, campaign_id FROM public.campaign_facilities UNION SELECT id, facility_id, campaign_id FROM history.campaign_facilities
), places AS (
  SELECT row_id, row_id AS facility_id, 0 AS distance FROM unnest($1) AS row_id WHERE $4 = 'facilities'
  UNION SELECT row_id, facility_id, 1 FROM held
  UNION SELECT row_id, facility_id, 1 FROM sent
  UNION SELECT granted_by, facility_id, 1 FROM supports WHERE $4 = 'contracts' AND granted_by = ANY ($1)
), lying AS (
  SELECT p.row_id, f.area_id, p.distance FROM places p
  JOIN (SELECT id, area_id FROM public.facilities UNION SELECT id, area_id FROM history.facilities) f ON f.id = p.facility_id
), related AS (
  SELECT row_id, row_id AS subject_id, row_id AS record_id, 0 AS distance FROM unnest($1) AS row_id
  UNION SELECT row_id, id, id, 0 FROM held
  UNION SELECT row_id, staff_id, staff_id, 0 FROM held
  UNION SELECT row_id, contract_id, contract_id, 1 FROM held WHERE contract_id IS NOT NULL
  UNION SELECT row_id, contract_id, contract_id, 1 FROM sent WHERE contract_id IS NOT NULL
  UNION SELECT row_id, campaign_id, campaign_id, 1 FROM sent WHERE campaign_id IS NOT NULL
  UNION SELECT row_id, facility_id, facility_id, distance FROM places
  UNION SELECT p.row_id, s.facility_id, s.id, p.distance FROM places p
    JOIN (SELECT id, facility_id FROM public.facility_status UNION SELECT id, facility_id FROM history.facility_status) s USING (facility_id)
  UNION SELECT p.row_id, s.granted_by, s.id, p.distance FROM places p JOIN supports s USING (facility_id)
  UNION SELECT p.row_id, s.granted_by, s.granted_by, p.distance + 1 FROM places p JOIN supports s USING (facility_id)
  UNION SELECT l.row_id, c.ancestor_id, c.ancestor_id, l.distance + 2 FROM lying l JOIN public.area_closure c ON c.area_id = l.area_id
), entries AS (
  SELECT DISTINCT ON (r.row_id, l.id) r.row_id, r.distance, l.id AS sequence, l.resource, l.record_id, l.action, l.occurred_at, l.actor_id,
         coalesce(u.role, 'manager') AS actor_role, l.before, l.after
  FROM related r
  JOIN audit_log l ON l.subject_id = r.subject_id AND l.record_id = r.record_id AND l.occurred_at > $2
   AND (l.after ->> 'recorded_at')::timestamptz > $2 AND (l.after ->> 'recorded_at')::timestamptz <= $3
  LEFT JOIN users u ON u.id = l.actor_id
  ORDER BY r.row_id, l.id, r.distance
)
SELECT * FROM entries ORDER BY row_id, distance, sequence";

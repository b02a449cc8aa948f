//! Who did what to which record, before and after. Written by the database itself; here it is only read.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Array, Bool, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    db::Conn,
    error::{ApiResult, Faults},
    http::{ListFilter, PageQuery},
    schema::audit_log,
};

/// One change of a record or of what belongs to it.
#[derive(Debug, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = audit_log)]
pub struct HistoryEntry {
    /// Rises with every change anywhere.
    #[diesel(column_name = id)]
    #[serde(rename = "sequence")]
    pub sequence: i64,
    /// The record that changed: the one asked for, or one that belongs to it.
    #[diesel(column_name = record_id)]
    pub id: Uuid,
    /// The table of the record.
    pub resource: String,
    /// `created`, `changed`, `retired` or `restored`.
    pub action: String,
    /// When the database recorded it.
    pub occurred_at: DateTime<Utc>,
    /// Who did it.
    pub actor_id: Uuid,
    /// The revision that the change made.
    pub revision: Option<i64>,
    /// The record as it was; sealed fields are left out.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// The record as it became; sealed fields are left out.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
}

/// A history has no filters of its own: oldest first, or `sort=-sequence` for newest first.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct HistoryFilter {}

impl ListFilter for HistoryFilter {
    const SORTS: &'static [&'static str] = &["sequence"];
}

/// What a support says of a facility is for those who may see the facility.
const WITHIN: &str = "(resource NOT IN ('contract_facilities', 'project_facilities', 'campaign_facilities') OR EXISTS (
    SELECT FROM facilities f JOIN area_closure c ON c.area_id = f.area_id
    WHERE f.id = (coalesce(after, before) ->> 'facility_id')::uuid AND c.ancestor_id = ANY (";
/// How an area is reached, with its notes, is for those who work there.
const WITHIN_AREA: &str = "))) AND (resource <> 'area_access' OR EXISTS (
    SELECT FROM area_closure c WHERE c.area_id = subject_id AND c.ancestor_id = ANY (";

/// The changes of a record and of what belongs to it. Whether the caller may see the record is asked before; what
/// belongs to it and speaks of places outside of `within` (areas) is left out.
pub async fn history(conn: &mut Conn, within: Option<&[Uuid]>, subject: Uuid, page: &PageQuery) -> ApiResult<Vec<HistoryEntry>> {
    read(conn, within, (subject, None), page).await
}

/// The changes of one record of those that belong to another.
pub async fn history_of_part(conn: &mut Conn, subject: Uuid, part: Uuid, page: &PageQuery) -> ApiResult<Vec<HistoryEntry>> {
    read(conn, None, (subject, Some(part)), page).await
}

async fn read(
    conn: &mut Conn,
    within: Option<&[Uuid]>,
    (subject, part): (Uuid, Option<Uuid>),
    page: &PageQuery,
) -> ApiResult<Vec<HistoryEntry>> {
    let mut query = audit_log::table.filter(audit_log::subject_id.eq(subject)).select(HistoryEntry::as_select()).into_boxed();
    if let Some(part) = part {
        query = query.filter(audit_log::record_id.eq(part));
    }
    if let Some(areas) = within {
        // What a run of stipends has paid is of all areas at once; a contract's documents are told with their files.
        query = query.filter(audit_log::resource.ne_all(["stipend_payments", "contract_documents"]));
        let areas = || areas.to_vec();
        let supports = sql::<Bool>(WITHIN).bind::<Array<SqlUuid>, _>(areas());
        query = query.filter(supports.sql(WITHIN_AREA).bind::<Array<SqlUuid>, _>(areas()).sql(")))"));
    }
    let after = page.after::<i64>()?.map(|(sequence, _)| sequence);
    if page.sort.descending {
        query = query.order(audit_log::id.desc());
        if let Some(sequence) = after {
            query = query.filter(audit_log::id.lt(sequence));
        }
    } else {
        query = query.order(audit_log::id.asc());
        if let Some(sequence) = after {
            query = query.filter(audit_log::id.gt(sequence));
        }
    }
    Ok(query.limit(page.rows()).load(conn).await?)
}

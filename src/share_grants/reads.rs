//! The log of readings through a grant, as both sides may read it. It is written in `shared`, with each reading.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    db::Conn,
    error::{ApiResult, Faults},
    http::{ListFilter, PageQuery, keyset},
    schema::share_reads,
};

/// One reading.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = share_reads)]
pub struct ShareRead {
    /// Its id.
    pub id: Uuid,
    /// The machine's key; none where a person read.
    pub key_id: Option<Uuid>,
    /// The person; none where a machine read.
    pub user_id: Option<Uuid>,
    /// What was read: `facilities`, `figures`, `shipments`, `changes` or `reports`.
    pub operation: String,
    /// How many rows were given. What they said is not kept.
    pub rows: i32,
    /// When.
    pub read_at: DateTime<Utc>,
}

/// Which readings to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShareReadFilter {
    /// Those with this key.
    #[deserr(default)]
    pub key_id: Option<Uuid>,
    /// Those by this person.
    #[deserr(default)]
    pub user_id: Option<Uuid>,
}

impl ListFilter for ShareReadFilter {
    const SORTS: &'static [&'static str] = &["read_at"];
}

/// One page of a grant's readings.
pub async fn list(conn: &mut Conn, grant: Uuid, filter: &ShareReadFilter, page: &PageQuery) -> ApiResult<Vec<ShareRead>> {
    let mut query = share_reads::table.filter(share_reads::grant_id.eq(grant)).select(ShareRead::as_select()).into_boxed();
    if let Some(key) = filter.key_id {
        query = query.filter(share_reads::key_id.eq(key));
    }
    if let Some(user) = filter.user_id {
        query = query.filter(share_reads::user_id.eq(user));
    }
    let query = keyset!(query, page, share_reads::id, { "read_at" => share_reads::read_at; DateTime<Utc> });
    Ok(query.load(conn).await?)
}

//! The SQL of share grants.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::{exists, now},
    pg::Pg,
    prelude::*,
    sql_types::{Bool, Timestamptz},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{ShareGrant, ShareGrantFields, ShareGrantFilter, ShareStatus};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code},
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::share_grants,
    types::Reason,
};

/// Grants are made by those who see everything; a partner sees what its own give, and their logs.
fn visible(scope: &Scope) -> Box<dyn BoxableExpression<share_grants::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Everything => Box::new(share_grants::id.eq(share_grants::id)),
        Scope::Organization(organization) => {
            Box::new(share_grants::organization_id.eq(*organization).and(share_grants::status.ne(ShareStatus::Draft)))
        }
        Scope::Areas(_) | Scope::Facility(_) => Box::new(share_grants::id.ne(share_grants::id)),
    }
}

register_store!(share_grants: ShareGrant { fields: ShareGrantFields }, "share-grants", scoped by "/organization_id", visible);

/// Answers what is hidden as what does not exist.
pub async fn ensure_known(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<()> {
    let there = share_grants::table.filter(share_grants::id.eq(id)).filter(visible(scope));
    if diesel::select(exists(there)).get_result(conn).await? { Ok(()) } else { Err(ApiError::new(Code::NotFound)) }
}

/// How far a grant has come, held until the transaction ends.
pub async fn lock(conn: &mut Conn, id: Uuid) -> ApiResult<ShareStatus> {
    type Row = (ShareStatus, Option<DateTime<Utc>>);
    let of_it = (share_grants::status, share_grants::retired_at);
    let (status, retired_at): Row = share_grants::table.find(id).select(of_it).for_no_key_update().first(conn).await?;
    if retired_at.is_some() { Err(ApiError::new(Code::RecordDeleted)) } else { Ok(status) }
}

/// The second person agrees.
pub async fn activate(conn: &mut Conn, by: Uuid, id: Uuid) -> ApiResult<ShareGrant> {
    let agreed = (
        share_grants::status.eq(ShareStatus::Active),
        share_grants::activated_by.eq(by),
        share_grants::activated_at.eq(now.into_sql::<Timestamptz>().nullable()),
        share_grants::recorded_by.eq(by),
    );
    let there = share_grants::table.find(id);
    Ok(diesel::update(there).set(agreed).returning(ShareGrant::as_returning()).get_result(conn).await?)
}

/// It gives no longer.
pub async fn close(conn: &mut Conn, by: Uuid, id: Uuid, status: ShareStatus, reason: &Reason) -> ApiResult<ShareGrant> {
    let closed = (
        share_grants::status.eq(status),
        share_grants::closed_by.eq(by),
        share_grants::reason.eq(reason),
        share_grants::recorded_by.eq(by),
    );
    let there = share_grants::table.find(id);
    Ok(diesel::update(there).set(closed).returning(ShareGrant::as_returning()).get_result(conn).await?)
}

/// One page of grants.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &ShareGrantFilter, page: &PageQuery) -> ApiResult<Vec<ShareGrant>> {
    let mut query = share_grants::table.select(ShareGrant::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, share_grants::retired_at);
    if let Some(organization) = filter.organization_id {
        query = query.filter(share_grants::organization_id.eq(organization));
    }
    if let Some(contract) = filter.contract_id {
        query = query.filter(share_grants::contract_id.eq(contract));
    }
    if let Some(status) = filter.status {
        query = query.filter(share_grants::status.eq(status));
    }
    if let Some(day) = filter.on {
        query = query.filter(share_grants::starts_on.le(day)).filter(share_grants::ends_on.ge(day));
    }
    if let Some(words) = &page.q {
        query = query.filter(share_grants::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, share_grants::id, {
        "recorded_at" => share_grants::recorded_at; DateTime<Utc>,
        "starts_on" => share_grants::starts_on; NaiveDate,
        "ends_on" => share_grants::ends_on; NaiveDate,
    });
    Ok(query.load(conn).await?)
}

//! The SQL of organisations.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;

use super::types::{Organization, OrganizationFields, OrganizationFilter};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::ApiResult,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::organizations,
};

/// The organisations that a scope holds: a partner does not learn who the other partners are.
pub fn visible(scope: &Scope) -> Box<dyn BoxableExpression<organizations::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Everything | Scope::Areas(_) | Scope::Facility(_) => Box::new(organizations::id.eq(organizations::id)),
        Scope::Organization(own) => Box::new(organizations::id.eq(*own)),
    }
}

register_store!(organizations: Organization { fields: OrganizationFields }, "organizations", scoped by "/code", visible);

/// One page of organisations.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &OrganizationFilter, page: &PageQuery) -> ApiResult<Vec<Organization>> {
    let mut query = organizations::table.select(Organization::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, organizations::retired_at);
    if let Some(role) = filter.role {
        query = query.filter(organizations::roles.contains(vec![role.as_str()]));
    }
    if let Some(words) = &page.q {
        query = query.filter(organizations::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, organizations::id, {
        "code" => organizations::code; String,
        "name" => organizations::name; String,
        "recorded_at" => organizations::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

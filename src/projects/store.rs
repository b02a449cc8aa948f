//! The SQL of projects.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;

use super::types::{Project, ProjectFields, ProjectFilter};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::ApiResult,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::projects,
};

/// The projects that a scope holds: a partner's own, everybody else's all.
pub fn visible(scope: &Scope) -> Box<dyn BoxableExpression<projects::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Organization(organization) => Box::new(projects::organization_id.assume_not_null().eq(*organization)),
        Scope::Everything | Scope::Areas(_) | Scope::Facility(_) => Box::new(projects::id.eq(projects::id)),
    }
}

register_store!(projects: Project { fields: ProjectFields }, "projects", scoped by "/organization_id", visible);

/// One page of projects.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &ProjectFilter, page: &PageQuery) -> ApiResult<Vec<Project>> {
    let mut query = projects::table.select(Project::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, projects::retired_at);
    if let Some(organization) = filter.organization_id {
        query = query.filter(projects::organization_id.eq(organization));
    }
    if let Some(day) = filter.on {
        query = query.filter(projects::starts_on.le(day)).filter(projects::ends_on.is_null().or(projects::ends_on.ge(day)));
    }
    if let Some(words) = &page.q {
        query = query.filter(projects::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, projects::id, {
        "code" => projects::code; String,
        "name" => projects::name; String,
        "starts_on" => projects::starts_on; NaiveDate,
        "recorded_at" => projects::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

//! The SQL of areas.

use chrono::{DateTime, Utc};
use diesel::{dsl::exists, pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{Area, AreaFields, AreaFilter};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::ApiResult,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::{area_closure, areas},
};

/// The tree is no secret: every scope holds all of it.
fn visible(_scope: &Scope) -> Box<dyn BoxableExpression<areas::table, Pg, SqlType = Bool>> {
    Box::new(areas::id.eq(areas::id))
}

register_store!(areas: Area { fields: AreaFields }, "areas", scoped by "/parent_id", visible);

/// Whether what happens in this area is the scope's own to record.
pub async fn holds(conn: &mut Conn, scope: &Scope, area: Uuid) -> ApiResult<bool> {
    match scope {
        Scope::Everything => Ok(true),
        Scope::Areas(areas) => {
            let above =
                area_closure::table.filter(area_closure::area_id.eq(area)).filter(area_closure::ancestor_id.eq_any(areas));
            Ok(diesel::select(exists(above)).get_result(conn).await?)
        }
        Scope::Facility(_) | Scope::Organization(_) => Ok(false),
    }
}

/// One page of areas.
pub async fn list(conn: &mut Conn, filter: &AreaFilter, page: &PageQuery) -> ApiResult<Vec<Area>> {
    let mut query = areas::table.select(Area::as_select()).into_boxed();
    query = in_use!(query, filter.retired, areas::retired_at);
    if let Some(kind) = filter.kind {
        query = query.filter(areas::kind.eq(kind));
    }
    if let Some(parent) = filter.parent_id {
        query = query.filter(areas::parent_id.eq(parent));
    }
    if let Some(area) = filter.within {
        let below = area_closure::table.filter(area_closure::ancestor_id.eq(area)).select(area_closure::area_id);
        query = query.filter(areas::id.eq_any(below));
    }
    if let Some(words) = &page.q {
        query = query.filter(areas::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, areas::id, {
        "code" => areas::code; String,
        "name" => areas::name; String,
        "recorded_at" => areas::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

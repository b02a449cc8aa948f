//! The SQL of items.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;

use super::types::{Item, ItemFields, ItemFilter};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::ApiResult,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::items,
};

/// The catalogue is no secret: every scope holds all of it.
fn visible(_scope: &Scope) -> Box<dyn BoxableExpression<items::table, Pg, SqlType = Bool>> {
    Box::new(items::id.eq(items::id))
}

register_store!(items: Item { fields: ItemFields }, "items", scoped by "/code", visible);

/// One page of items.
pub async fn list(conn: &mut Conn, filter: &ItemFilter, page: &PageQuery) -> ApiResult<Vec<Item>> {
    let mut query = items::table.select(Item::as_select()).into_boxed();
    query = in_use!(query, filter.retired, items::retired_at);
    if let Some(category) = filter.category {
        query = query.filter(items::category.eq(category));
    }
    if let Some(controlled) = filter.controlled {
        query = query.filter(items::controlled.eq(controlled.0));
    }
    if let Some(cold_chain) = filter.cold_chain {
        query = query.filter(items::cold_chain.eq(cold_chain.0));
    }
    if let Some(words) = &page.q {
        query = query.filter(items::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, items::id, {
        "code" => items::code; String,
        "name" => items::name; String,
        "recorded_at" => items::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

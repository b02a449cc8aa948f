//! The SQL of adjustment reasons.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;

use super::types::{AdjustmentReason, AdjustmentReasonFields, AdjustmentReasonFilter};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::ApiResult,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::adjustment_reasons,
};

/// The list of reasons is no secret: every scope holds all of it.
fn visible(_scope: &Scope) -> Box<dyn BoxableExpression<adjustment_reasons::table, Pg, SqlType = Bool>> {
    Box::new(adjustment_reasons::id.eq(adjustment_reasons::id))
}

register_store!(adjustment_reasons: AdjustmentReason { fields: AdjustmentReasonFields }, "adjustment-reasons", scoped by "/code", visible);

/// One page of adjustment reasons.
pub async fn list(conn: &mut Conn, filter: &AdjustmentReasonFilter, page: &PageQuery) -> ApiResult<Vec<AdjustmentReason>> {
    let mut query = adjustment_reasons::table.select(AdjustmentReason::as_select()).into_boxed();
    query = in_use!(query, filter.retired, adjustment_reasons::retired_at);
    if let Some(direction) = filter.direction {
        query = query.filter(adjustment_reasons::direction.eq(direction));
    }
    if let Some(words) = &page.q {
        query = query.filter(adjustment_reasons::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, adjustment_reasons::id, {
        "code" => adjustment_reasons::code; String,
        "name" => adjustment_reasons::name; String,
        "recorded_at" => adjustment_reasons::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

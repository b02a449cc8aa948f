//! The SQL of lots.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    rules,
    types::{Lot, LotFields, LotFilter, LotStatus},
};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code, Faults},
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::{items, lots},
    types::Reason,
};

/// A lot is a lot wherever it lies: a recall reaches everybody. Where it lies is told by the stock.
fn visible(_scope: &Scope) -> Box<dyn BoxableExpression<lots::table, Pg, SqlType = Bool>> {
    Box::new(lots::id.eq(lots::id))
}

register_store!(lots: Lot { fields: LotFields }, "lots", scoped by "/item_id", visible, references fits_its_item);

/// A lot says of number and expiry what its item asks for.
async fn fits_its_item(conn: &mut Conn, _: &Scope, fields: &LotFields) -> ApiResult<()> {
    let tracked = items::table.find(fields.item_id).select(items::expiry_tracked).first(conn).await.optional()?;
    let tracked = tracked.ok_or_else(|| ApiError::fault("/item_id", Code::UnknownReference))?;
    let mut faults = Faults::default();
    rules::expiry(&mut faults, tracked, fields);
    Ok(faults.into_result()?)
}

/// Writes a status or a correction, with its reason.
pub async fn put(conn: &mut Conn, by: Uuid, id: Uuid, status: LotStatus, fields: &LotFields, reason: &Reason) -> ApiResult<Lot> {
    Ok(diesel::update(lots::table.find(id))
        .set((fields, lots::status.eq(status), lots::reason.eq(reason), lots::recorded_by.eq(by)))
        .returning(Lot::as_returning())
        .get_result(conn)
        .await?)
}

/// Holds the lot until the transaction ends, so that what is decided about it still holds when it is written.
pub async fn lock(conn: &mut Conn, id: Uuid) -> ApiResult<Lot> {
    let held = lots::table.find(id).filter(lots::retired_at.is_null()).select(Lot::as_select()).for_update();
    Ok(held.first(conn).await?)
}

/// One page of lots.
pub async fn list(conn: &mut Conn, filter: &LotFilter, page: &PageQuery) -> ApiResult<Vec<Lot>> {
    let mut query = lots::table.select(Lot::as_select()).into_boxed();
    query = in_use!(query, filter.retired, lots::retired_at);
    if let Some(item) = filter.item_id {
        query = query.filter(lots::item_id.eq(item));
    }
    if let Some(status) = filter.status {
        query = query.filter(lots::status.eq(status));
    }
    if let Some(day) = filter.expires_until {
        query = query.filter(lots::expires_on.le(day));
    }
    if let Some(words) = &page.q {
        query = query.filter(lots::search.like(siraj_pattern(words)));
    }
    if page.sort.field == "number" {
        query = query.filter(lots::number.is_not_null());
    }
    let query = keyset!(query, page, lots::id, {
        "recorded_at" => lots::recorded_at; DateTime<Utc>,
        "number" => lots::number.assume_not_null(); String,
    });
    Ok(query.load(conn).await?)
}

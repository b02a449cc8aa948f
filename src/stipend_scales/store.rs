//! The SQL of scales.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;

use super::types::{StipendScale, StipendScaleFields, StipendScaleFilter};
use crate::{
    auth::Scope,
    db::{Conn, siraj_fold, siraj_pattern},
    error::ApiResult,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::stipend_scales,
};

/// Scales hold for many places: whoever may read scales reads all of them.
fn visible(_: &Scope) -> Box<dyn BoxableExpression<stipend_scales::table, Pg, SqlType = Bool>> {
    Box::new(stipend_scales::id.eq(stipend_scales::id))
}

register_store!(stipend_scales: StipendScale { fields: StipendScaleFields }, "stipend-scales", scoped by "/area_id", visible);

/// One page of scales.
pub async fn list(conn: &mut Conn, filter: &StipendScaleFilter, page: &PageQuery) -> ApiResult<Vec<StipendScale>> {
    let mut query =
        in_use!(stipend_scales::table.select(StipendScale::as_select()).into_boxed(), filter.retired, stipend_scales::retired_at);
    if let Some(contract) = filter.contract_id {
        query = query.filter(stipend_scales::contract_id.eq(contract));
    }
    if let Some(cadre) = filter.cadre {
        query = query.filter(stipend_scales::cadre.eq(cadre));
    }
    if let Some(area) = filter.area_id {
        query = query.filter(stipend_scales::area_id.eq(area));
    }
    if let Some(day) = filter.on {
        query = query
            .filter(stipend_scales::starts_on.le(day))
            .filter(stipend_scales::ends_on.is_null().or(stipend_scales::ends_on.ge(day)));
    }
    if let Some(currency) = &filter.currency {
        query = query.filter(stipend_scales::currency.eq(currency));
    }
    if let Some(words) = &page.q {
        query = query.filter(siraj_fold(stipend_scales::note).like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, stipend_scales::id, {
        "starts_on" => stipend_scales::starts_on; NaiveDate,
        "cadre" => stipend_scales::cadre; String,
        "recorded_at" => stipend_scales::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

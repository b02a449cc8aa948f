//! The SQL of campaigns.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;

use super::types::{Campaign, CampaignFields, CampaignFilter};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::ApiResult,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::campaigns,
};

/// Campaigns are public: every scope holds all of them.
pub fn visible(_scope: &Scope) -> Box<dyn BoxableExpression<campaigns::table, Pg, SqlType = Bool>> {
    Box::new(campaigns::id.eq(campaigns::id))
}

register_store!(campaigns: Campaign { fields: CampaignFields }, "campaigns", scoped by "/code", visible);

/// One page of campaigns.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &CampaignFilter, page: &PageQuery) -> ApiResult<Vec<Campaign>> {
    let mut query = campaigns::table.select(Campaign::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, campaigns::retired_at);
    if let Some(currency) = &filter.currency {
        query = query.filter(campaigns::currency.eq(currency));
    }
    if let Some(day) = filter.on {
        query = query.filter(campaigns::starts_on.le(day)).filter(campaigns::ends_on.is_null().or(campaigns::ends_on.ge(day)));
    }
    if let Some(words) = &page.q {
        query = query.filter(campaigns::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, campaigns::id, {
        "code" => campaigns::code; String,
        "name" => campaigns::name; String,
        "starts_on" => campaigns::starts_on; NaiveDate,
        "recorded_at" => campaigns::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

//! The SQL of rates.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Bool, Date, Numeric, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{ExchangeRate, ExchangeRateFields, ExchangeRateFilter};
use crate::{
    auth::Scope,
    db::{Conn, siraj_fold, siraj_pattern},
    error::ApiResult,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::exchange_rates,
    types::Currency,
};

/// Rates belong to no place: whoever may read rates reads all of them.
fn visible(_: &Scope) -> Box<dyn BoxableExpression<exchange_rates::table, Pg, SqlType = Bool>> {
    Box::new(exchange_rates::id.eq(exchange_rates::id))
}

register_store!(exchange_rates: ExchangeRate { fields: ExchangeRateFields }, "exchange-rates", scoped by "/base_currency", visible);

/// What a currency is worth in another.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct Rate {
    /// The rate that it comes from.
    #[diesel(sql_type = SqlUuid, column_name = exchange_rate_id)]
    pub id: Uuid,
    /// How many units of the one currency a unit of the other is worth; where the pair was told the other way round, to 16 digits.
    #[diesel(sql_type = Numeric)]
    pub rate: BigDecimal,
    /// The day it was told for.
    #[diesel(sql_type = Date)]
    pub rated_on: NaiveDate,
}

/// The rate from one currency to another on a day: the latest in use that was told for that day or one of the 31 before it.
/// Whoever reckons with it keeps its id and its value. A currency has no rate to itself.
pub async fn on(conn: &mut Conn, from: &Currency, to: &Currency, day: NaiveDate) -> ApiResult<Option<Rate>> {
    Ok(diesel::sql_query("SELECT exchange_rate_id, rate, rated_on FROM siraj_rate($1, $2, $3)")
        .bind::<Text, _>(from)
        .bind::<Text, _>(to)
        .bind::<Date, _>(day)
        .get_result(conn)
        .await
        .optional()?)
}

/// One page of rates.
pub async fn list(conn: &mut Conn, filter: &ExchangeRateFilter, page: &PageQuery) -> ApiResult<Vec<ExchangeRate>> {
    let mut query =
        in_use!(exchange_rates::table.select(ExchangeRate::as_select()).into_boxed(), filter.retired, exchange_rates::retired_at);
    if let Some(currency) = &filter.currency {
        query = query.filter(exchange_rates::base_currency.eq(currency).or(exchange_rates::quote_currency.eq(currency)));
    }
    if let Some(currency) = &filter.base_currency {
        query = query.filter(exchange_rates::base_currency.eq(currency));
    }
    if let Some(currency) = &filter.quote_currency {
        query = query.filter(exchange_rates::quote_currency.eq(currency));
    }
    if let Some(day) = filter.since_on {
        query = query.filter(exchange_rates::rated_on.ge(day));
    }
    if let Some(day) = filter.until_on {
        query = query.filter(exchange_rates::rated_on.le(day));
    }
    if let Some(words) = &page.q {
        query = query.filter(siraj_fold(exchange_rates::source.nullable()).like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, exchange_rates::id, {
        "rated_on" => exchange_rates::rated_on; NaiveDate,
        "base_currency" => exchange_rates::base_currency; String,
        "recorded_at" => exchange_rates::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

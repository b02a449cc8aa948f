//! Who and what loses its line, and who is paid twice.

use chrono::{NaiveDate, Utc};
use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Bool, Date, Jsonb, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    rules::{GAP_RULES, method},
    statements::{DOUBLE, GAP_ROWS, GAPS, GONE},
    types::{DoubleRow, FundingGaps, GapDay, GapRow, Horizon},
};
use crate::{
    auth::Scope,
    db::Conn,
    error::{ApiError, ApiResult},
    http::PageQuery,
};

#[derive(QueryableByName)]
struct Days {
    #[diesel(sql_type = Jsonb)]
    days: serde_json::Value,
}

/// All that loses its line within a horizon, as far as the scope holds it.
pub async fn gaps(conn: &mut Conn, scope: &Scope, horizon: &Horizon) -> ApiResult<FundingGaps> {
    let told: Days = diesel::sql_query(format!("{GONE}{GAPS}"))
        .bind::<Date, _>(horizon.from)
        .bind::<Date, _>(horizon.to)
        .bind::<Nullable<Array<SqlUuid>>, _>(scope.areas())
        .get_result(conn)
        .await?;
    let days: Vec<GapDay> = serde_json::from_value(told.days).map_err(ApiError::internal)?;
    let unpriced: i64 = days.iter().flat_map(|day| &day.contracts).map(|contract| contract.unpriced_posts).sum();
    Ok(FundingGaps {
        from: horizon.from,
        to: horizon.to,
        known_at: Utc::now(),
        days,
        method: method(GAP_RULES, |figure| (figure == "monthly_costs").then_some(unpriced)),
    })
}

/// The posts that lose their line on a day.
pub async fn rows(conn: &mut Conn, scope: &Scope, day: NaiveDate, page: &PageQuery) -> ApiResult<Vec<GapRow>> {
    let (code, id) = page.after::<String>()?.unzip();
    Ok(diesel::sql_query(format!("{GONE}{GAP_ROWS}"))
        .bind::<Date, _>(day)
        .bind::<Date, _>(day)
        .bind::<Nullable<Array<SqlUuid>>, _>(scope.areas())
        .bind::<Nullable<Text>, _>(code)
        .bind::<Nullable<SqlUuid>, _>(id)
        .bind::<Bool, _>(page.sort.descending)
        .bind::<BigInt, _>(page.rows())
        .bind::<Nullable<Text>, _>(page.q.as_ref())
        .load(conn)
        .await?)
}

/// The days on which two contracts pay one person.
pub async fn double(conn: &mut Conn, scope: &Scope, horizon: &Horizon, page: &PageQuery) -> ApiResult<Vec<DoubleRow>> {
    let (day, id): (Option<NaiveDate>, Option<Uuid>) = page.after::<NaiveDate>()?.unzip();
    Ok(diesel::sql_query(DOUBLE)
        .bind::<Date, _>(horizon.from)
        .bind::<Date, _>(horizon.to)
        .bind::<Nullable<Array<SqlUuid>>, _>(scope.areas())
        .bind::<Nullable<Date>, _>(day)
        .bind::<Nullable<SqlUuid>, _>(id)
        .bind::<Bool, _>(page.sort.descending)
        .bind::<BigInt, _>(page.rows())
        .bind::<Nullable<Text>, _>(page.q.as_ref())
        .load(conn)
        .await?)
}

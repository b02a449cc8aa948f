//! The SQL of tanks.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;

use super::types::{FuelTank, FuelTankFields, FuelTankFilter};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code},
    http::{PageQuery, in_use, keyset},
    register::{Record, register_store},
    schema::{fuel_tanks, stock_locations},
    stock_locations::{self as places, StockLocation},
};

/// The tanks that a scope holds: those on its places.
pub fn visible(scope: &Scope) -> Box<dyn BoxableExpression<fuel_tanks::table, Pg, SqlType = Bool> + '_> {
    let own = stock_locations::table.select(stock_locations::id).into_boxed().filter(places::visible(scope));
    match scope {
        Scope::Everything => Box::new(fuel_tanks::id.eq(fuel_tanks::id)),
        _ => Box::new(fuel_tanks::location_id.eq_any(own)),
    }
}

register_store!(fuel_tanks: FuelTank { fields: FuelTankFields }, "fuel-tanks", scoped by "/location_id", visible, references references);

/// A place that the caller may not see is answered as one that does not exist.
async fn references(conn: &mut Conn, scope: &Scope, fields: &FuelTankFields) -> ApiResult<()> {
    match <StockLocation as Record>::load(conn, scope, fields.location_id).await? {
        Some(_) => Ok(()),
        None => Err(ApiError::fault("/location_id", Code::UnknownReference)),
    }
}

/// One page of tanks.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &FuelTankFilter, page: &PageQuery) -> ApiResult<Vec<FuelTank>> {
    let mut query = fuel_tanks::table.select(FuelTank::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, fuel_tanks::retired_at);
    if let Some(facility) = filter.facility_id {
        let stores = stock_locations::table.filter(stock_locations::facility_id.eq(facility)).select(stock_locations::id);
        query = query.filter(fuel_tanks::location_id.eq_any(stores));
    }
    if let Some(location) = filter.location_id {
        query = query.filter(fuel_tanks::location_id.eq(location));
    }
    if let Some(words) = &page.q {
        query = query.filter(fuel_tanks::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, fuel_tanks::id, {
        "code" => fuel_tanks::code; String,
        "name" => fuel_tanks::name; String,
        "recorded_at" => fuel_tanks::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

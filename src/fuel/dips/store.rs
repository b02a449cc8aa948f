//! The SQL of dips. The database reads the book and the tolerance itself, with the tank held.

use diesel::{dsl::now, prelude::*, sql_types::Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    statements::Dips,
    types::{FuelDip, FuelDipFilter, NewFuelDip},
};
use crate::{
    auth::Scope,
    db::Conn,
    error::ApiResult,
    http::PageQuery,
    schema::{fuel_dips, lots, stock_documents},
    stock::Act,
    types::Reason,
};

/// One page of dips.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &FuelDipFilter, page: &PageQuery) -> ApiResult<Vec<FuelDip>> {
    Ok(Dips::page(scope, filter, page)?.get_results(conn).await?)
}

/// The dip, if the scope holds it.
pub async fn find(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<Option<FuelDip>> {
    Ok(Dips::one(scope, id).get_result(conn).await.optional()?)
}

/// Inserts a dip and gives what the book said before it; `None` where the id is taken.
pub async fn insert(conn: &mut Conn, by: Uuid, id: Uuid, new: &NewFuelDip) -> ApiResult<Option<i64>> {
    let row = (
        fuel_dips::id.eq(id),
        fuel_dips::tank_id.eq(new.tank_id),
        fuel_dips::dipped_on.eq(new.dipped_on),
        fuel_dips::litres.eq(new.litres),
        fuel_dips::reason.eq(&new.reason),
        fuel_dips::note.eq(&new.note),
        fuel_dips::recorded_by.eq(by),
    );
    let insert = diesel::insert_into(fuel_dips::table).values(row).on_conflict(fuel_dips::id).do_nothing();
    Ok(insert.returning(fuel_dips::book_litres).get_result(conn).await.optional()?)
}

/// Marks a dip as turned round; whether it counted until now.
pub async fn reverse(conn: &mut Conn, by: Uuid, id: Uuid, reason: &Reason) -> ApiResult<bool> {
    let counted = fuel_dips::table.filter(fuel_dips::id.eq(id)).filter(fuel_dips::reversed_at.is_null());
    let marked = diesel::update(counted)
        .set((
            fuel_dips::reversed_at.eq(now.into_sql::<Timestamptz>().nullable()),
            fuel_dips::reversal_reason.eq(reason),
            fuel_dips::recorded_by.eq(by),
        ))
        .execute(conn)
        .await?;
    Ok(marked == 1)
}

/// The document that a dip posted, if there was a difference.
pub async fn posted(conn: &mut Conn, id: Uuid) -> ApiResult<Option<Uuid>> {
    let of_dip = stock_documents::table
        .filter(stock_documents::act_id.eq(id))
        .filter(stock_documents::act.eq(Act::FuelTank))
        .filter(stock_documents::reverses_id.is_null());
    Ok(of_dip.select(stock_documents::id).first(conn).await.optional()?)
}

/// The one lot of a fuel: what does not expire has no other.
pub async fn lot(conn: &mut Conn, item: Uuid) -> ApiResult<Option<Uuid>> {
    Ok(lots::table.filter(lots::item_id.eq(item)).select(lots::id).first(conn).await.optional()?)
}

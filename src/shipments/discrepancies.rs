//! Discrepancies: where what was sent and what arrived differ, from being found to being settled.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Date, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    discrepancy_types::{DiscrepancyCause, DiscrepancyStatus, NewDiscrepancy, ShipmentDiscrepancy},
    store,
    types::ShipmentStatus,
};
use crate::{
    auth::{Actor, Scope},
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    http::{ListFilter, PageQuery, keyset},
    schema::{shipment_discrepancies, shipments},
    stock::StockLine,
    types::Reason,
};

/// Which discrepancies to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DiscrepancyFilter {
    /// Those of this shipment.
    #[deserr(default)]
    pub shipment_id: Option<Uuid>,
    /// Those of this lot.
    #[deserr(default)]
    pub lot_id: Option<Uuid>,
    /// Those of this cause.
    #[deserr(default)]
    pub cause: Option<DiscrepancyCause>,
    /// Those that have come this far.
    #[deserr(default)]
    pub status: Option<DiscrepancyStatus>,
}

impl ListFilter for DiscrepancyFilter {
    const SORTS: &'static [&'static str] = &["occurred_on", "recorded_at"];
}

/// Records a difference if its id is free; whether it was.
pub async fn insert(conn: &mut Conn, by: Uuid, shipment: Uuid, new: &NewDiscrepancy, id: Uuid) -> ApiResult<bool> {
    let inserted = diesel::insert_into(shipment_discrepancies::table)
        .values((
            (
                shipment_discrepancies::id.eq(id),
                shipment_discrepancies::shipment_id.eq(shipment),
                shipment_discrepancies::lot_id.eq(new.lot_id),
                shipment_discrepancies::cause.eq(new.cause),
                shipment_discrepancies::quantity.eq(new.quantity),
                shipment_discrepancies::occurred_on.eq(new.occurred_on),
            ),
            shipment_discrepancies::on_the_road.eq(true),
            shipment_discrepancies::value.eq(&new.value),
            shipment_discrepancies::currency.eq(&new.currency),
            shipment_discrepancies::note.eq(&new.note),
            shipment_discrepancies::recorded_by.eq(by),
        ))
        .on_conflict(shipment_discrepancies::id)
        .do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted > 0)
}

/// A difference that is none of the road's any more when it is found: a receipt, or an exit of the shipment, has moved its goods.
#[derive(Debug, Clone)]
pub struct Moved {
    pub shipment_id: Uuid,
    pub receipt_id: Option<Uuid>,
    pub lot_id: Uuid,
    pub cause: DiscrepancyCause,
    pub quantity: i64,
    pub occurred_on: NaiveDate,
}

impl Moved {
    /// What of a lot is gone with the rest of its shipment.
    pub fn of(shipment_id: Uuid, line: StockLine, cause: DiscrepancyCause, occurred_on: NaiveDate) -> Self {
        Self { shipment_id, receipt_id: None, lot_id: line.lot_id, cause, quantity: line.quantity, occurred_on }
    }
}

/// What differences account for that are not settled: what is gone, and what never left.
pub async fn on_the_road(conn: &mut Conn, shipment: Uuid) -> ApiResult<(Vec<StockLine>, Vec<StockLine>)> {
    let there: Vec<(Uuid, DiscrepancyCause, i64)> = shipment_discrepancies::table
        .filter(shipment_discrepancies::shipment_id.eq(shipment))
        .filter(shipment_discrepancies::on_the_road.eq(true))
        .select((shipment_discrepancies::lot_id, shipment_discrepancies::cause, shipment_discrepancies::quantity))
        .load(conn)
        .await?;
    let of = |stayed: bool| {
        let mut lots: BTreeMap<Uuid, i64> = BTreeMap::new();
        for (lot, _, quantity) in there.iter().filter(|(_, cause, _)| (*cause == DiscrepancyCause::DocumentError) == stayed) {
            *lots.entry(*lot).or_default() += quantity;
        }
        lots.into_iter().map(|(lot_id, quantity)| StockLine { lot_id, quantity }).collect()
    };
    Ok((of(false), of(true)))
}

/// Records differences whose goods have moved, all in one statement.
pub async fn insert_moved(conn: &mut Conn, by: Uuid, moved: &[Moved]) -> ApiResult<()> {
    if moved.is_empty() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO shipment_discrepancies (id, shipment_id, receipt_id, lot_id, cause, quantity, occurred_on, on_the_road, recorded_by) \
         SELECT given.*, false, $8 FROM unnest($1, $2, $3, $4, $5, $6, $7) AS given",
    )
    .bind::<Array<SqlUuid>, _>(moved.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(moved.iter().map(|one| one.shipment_id).collect::<Vec<_>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(moved.iter().map(|one| one.receipt_id).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(moved.iter().map(|one| one.lot_id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(moved.iter().map(|one| one.cause).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(moved.iter().map(|one| one.quantity).collect::<Vec<_>>())
    .bind::<Array<Date>, _>(moved.iter().map(|one| one.occurred_on).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(by)
    .execute(conn)
    .await?;
    Ok(())
}

/// The goods of what is not settled have left the road with the shipment: lost, seized or come back.
pub async fn leave_the_road(conn: &mut Conn, by: Uuid, shipment: Uuid) -> ApiResult<()> {
    let there = shipment_discrepancies::table
        .filter(shipment_discrepancies::shipment_id.eq(shipment))
        .filter(shipment_discrepancies::on_the_road.eq(true));
    diesel::update(there)
        .set((shipment_discrepancies::on_the_road.eq(false), shipment_discrepancies::recorded_by.eq(by)))
        .execute(conn)
        .await?;
    Ok(())
}

/// What a receipt found is withdrawn with it; whether nothing of it was claimed or settled already.
pub async fn withdraw_with(conn: &mut Conn, by: Uuid, receipt: Uuid, reason: &Reason) -> ApiResult<bool> {
    let of = || shipment_discrepancies::table.filter(shipment_discrepancies::receipt_id.assume_not_null().eq(receipt));
    diesel::update(of().filter(shipment_discrepancies::status.eq(DiscrepancyStatus::Open)))
        .set((
            shipment_discrepancies::status.eq(DiscrepancyStatus::Withdrawn),
            shipment_discrepancies::reason.eq(reason),
            shipment_discrepancies::recorded_by.eq(by),
        ))
        .execute(conn)
        .await?;
    let left: i64 = of().filter(shipment_discrepancies::status.ne(DiscrepancyStatus::Withdrawn)).count().get_result(conn).await?;
    Ok(left == 0)
}

/// What a step writes into a discrepancy; what it leaves out stays.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = shipment_discrepancies)]
pub struct Turn<'a> {
    pub status: DiscrepancyStatus,
    pub on_the_road: bool,
    pub reason: &'a Reason,
    pub claimed_of_id: Option<Uuid>,
    pub settled_on: Option<NaiveDate>,
    pub recorded_by: Uuid,
}

/// Moves a discrepancy of a locked shipment on.
pub async fn turn(conn: &mut Conn, id: Uuid, turn: &Turn<'_>) -> ApiResult<ShipmentDiscrepancy> {
    let there = shipment_discrepancies::table.find(id);
    Ok(diesel::update(there).set(turn).returning(ShipmentDiscrepancy::as_returning()).get_result(conn).await?)
}

/// The discrepancies that a scope holds: those of its shipments.
fn visible(scope: &Scope) -> Box<dyn BoxableExpression<shipment_discrepancies::table, Pg, SqlType = Bool> + '_> {
    if *scope == Scope::Everything {
        return Box::new(shipment_discrepancies::id.eq(shipment_discrepancies::id));
    }
    let held = shipments::table.select(shipments::id).into_boxed().filter(store::visible(scope));
    Box::new(shipment_discrepancies::shipment_id.eq_any(held))
}

/// A discrepancy, if the scope holds it.
pub async fn find(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<ShipmentDiscrepancy> {
    let there = shipment_discrepancies::table.filter(shipment_discrepancies::id.eq(id)).filter(visible(scope));
    let found = there.select(ShipmentDiscrepancy::as_select()).first(conn).await.optional()?;
    found.ok_or_else(|| ApiError::new(Code::NotFound))
}

/// The discrepancies that a person may see: of what is on the road, those who do not send see what receipts have found and they themselves have said.
fn shown(actor: &Actor) -> Box<dyn BoxableExpression<shipment_discrepancies::table, Pg, SqlType = Bool> + '_> {
    if actor.role.sends() {
        return visible(&actor.scope);
    }
    let under_way = shipments::table
        .select(shipments::id)
        .filter(shipments::status.eq_any([ShipmentStatus::Dispatched, ShipmentStatus::PartiallyReceived]));
    let found = shipment_discrepancies::receipt_id.is_not_null().or(shipment_discrepancies::recorded_by.eq(actor.id));
    let arrived = diesel::dsl::not(shipment_discrepancies::shipment_id.eq_any(under_way));
    Box::new(visible(&actor.scope).and(found.or(arrived)))
}

/// A discrepancy, if its reader may see it.
pub async fn find_shown(conn: &mut Conn, actor: &Actor, id: Uuid) -> ApiResult<ShipmentDiscrepancy> {
    let there = shipment_discrepancies::table.filter(shipment_discrepancies::id.eq(id)).filter(shown(actor));
    let found = there.select(ShipmentDiscrepancy::as_select()).first(conn).await.optional()?;
    found.ok_or_else(|| ApiError::new(Code::NotFound))
}

/// One page of discrepancies.
pub async fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: &DiscrepancyFilter,
    page: &PageQuery,
) -> ApiResult<Vec<ShipmentDiscrepancy>> {
    let mut query = shipment_discrepancies::table.select(ShipmentDiscrepancy::as_select()).into_boxed().filter(shown(actor));
    if let Some(shipment) = filter.shipment_id {
        query = query.filter(shipment_discrepancies::shipment_id.eq(shipment));
    }
    if let Some(lot) = filter.lot_id {
        query = query.filter(shipment_discrepancies::lot_id.eq(lot));
    }
    if let Some(cause) = filter.cause {
        query = query.filter(shipment_discrepancies::cause.eq(cause));
    }
    if let Some(status) = filter.status {
        query = query.filter(shipment_discrepancies::status.eq(status));
    }
    let query = keyset!(query, page, shipment_discrepancies::id, {
        "occurred_on" => shipment_discrepancies::occurred_on; NaiveDate,
        "recorded_at" => shipment_discrepancies::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

//! Discrepancies: where what was sent and what arrived differ, with a cause, a quantity and an end.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Date, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    acts::{LossCause, RejectionCause},
    store,
};
use crate::{
    auth::Scope,
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    http::{ListFilter, PageQuery, keyset},
    schema::{shipment_discrepancies, shipments},
    types::{Amount, Currency, LongText, Reason, words},
};

words! {
    /// Why what arrived differs from what was sent.
    DiscrepancyCause {
        /// Less was in the boxes than the papers say.
        Short = "short",
        /// More arrived than was outstanding.
        Over = "over",
        /// It arrived broken.
        Damaged = "damaged",
        /// It arrived past its day.
        Expired = "expired",
        /// It was not what was sent for.
        WrongItem = "wrong_item",
        /// It was lost on the road.
        LostInTransit = "lost_in_transit",
        /// It was seized.
        Seized = "seized",
        /// It was looted.
        Looted = "looted",
        /// It never left: the papers were wrong.
        DocumentError = "document_error",
    }
}

impl DiscrepancyCause {
    /// Whether goods of this cause are still counted as on the road when it is recorded; of the others the receipt has told.
    pub const fn is_of_the_road(self) -> bool {
        matches!(self, Self::Short | Self::LostInTransit | Self::Seized | Self::Looted | Self::DocumentError)
    }
}

impl From<RejectionCause> for DiscrepancyCause {
    fn from(cause: RejectionCause) -> Self {
        match cause {
            RejectionCause::Damaged => Self::Damaged,
            RejectionCause::Expired => Self::Expired,
            RejectionCause::WrongItem => Self::WrongItem,
        }
    }
}

impl From<LossCause> for DiscrepancyCause {
    fn from(cause: LossCause) -> Self {
        match cause {
            LossCause::LostInTransit => Self::LostInTransit,
            LossCause::Looted => Self::Looted,
        }
    }
}

words! {
    /// How far a discrepancy has come.
    DiscrepancyStatus {
        /// Recorded.
        Open = "open",
        /// Claimed of whom it is due.
        Claimed = "claimed",
        /// Made good.
        Settled = "settled",
        /// Borne by us.
        WrittenOff = "written_off",
        /// It was none, or the goods turned up.
        Withdrawn = "withdrawn",
    }
}

/// A difference to be recorded: what is outstanding and will not arrive.
#[derive(Debug, Clone, PartialEq, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"lot_id": "0193a1c2-0000-7000-8000-000000000005", "cause": "seized", "quantity": 200, "occurred_on": "2014-05-24"}))]
pub struct NewDiscrepancy {
    /// Chosen by the client (UUID), or made by the service when absent.
    #[deserr(default)]
    pub id: Option<Uuid>,
    /// The lot.
    pub lot_id: Uuid,
    /// `short`, `lost_in_transit`, `seized`, `looted` or `document_error`; the others are recorded by receipts.
    pub cause: DiscrepancyCause,
    /// How much, in the item's base unit: no more than is outstanding.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub quantity: i64,
    /// The day it happened or was found.
    pub occurred_on: NaiveDate,
    /// What it was worth.
    #[deserr(default)]
    pub value: Option<Amount>,
    /// The currency of the value (ISO 4217).
    #[deserr(default)]
    pub currency: Option<Currency>,
    /// Anything else worth knowing. Never routes or names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
}

/// Of whom a difference is claimed.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"organization_id": "0193a1c2-0000-7000-8000-000000000006", "reason": "Broken before it was handed over."}))]
pub struct DiscrepancyClaim {
    /// The organisation.
    pub organization_id: Uuid,
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

/// How a difference ends.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"settled_on": "2014-06-01", "outcome": "written_off", "reason": "The checkpoint keeps it for good."}))]
pub struct DiscrepancySettlement {
    /// The day it ended.
    pub settled_on: NaiveDate,
    /// `settled` when it was made good, `written_off` when we bear it, `withdrawn` when it was none or the goods turned up.
    pub outcome: SettlementOutcome,
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

words! {
    /// How a difference ends.
    SettlementOutcome {
        /// Made good.
        Settled = "settled",
        /// Borne by us.
        WrittenOff = "written_off",
        /// It was none, or the goods turned up.
        Withdrawn = "withdrawn",
    }
}

impl From<SettlementOutcome> for DiscrepancyStatus {
    fn from(outcome: SettlementOutcome) -> Self {
        match outcome {
            SettlementOutcome::Settled => Self::Settled,
            SettlementOutcome::WrittenOff => Self::WrittenOff,
            SettlementOutcome::Withdrawn => Self::Withdrawn,
        }
    }
}

/// A difference between what was sent and what arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = shipment_discrepancies)]
pub struct ShipmentDiscrepancy {
    /// Its id.
    pub id: Uuid,
    /// The shipment.
    pub shipment_id: Uuid,
    /// The receipt that found it.
    pub receipt_id: Option<Uuid>,
    /// The lot.
    pub lot_id: Uuid,
    /// Why.
    pub cause: DiscrepancyCause,
    /// How much, in the item's base unit.
    pub quantity: i64,
    /// The day it happened or was found.
    pub occurred_on: NaiveDate,
    /// Whether its goods are still counted as on the road; settling takes them off it.
    pub on_the_road: bool,
    /// What it was worth.
    pub value: Option<Amount>,
    /// The currency of the value.
    pub currency: Option<Currency>,
    /// Anything else worth knowing.
    pub note: Option<LongText>,
    /// How far it has come.
    pub status: DiscrepancyStatus,
    /// Why it came to its status.
    pub reason: Option<Reason>,
    /// Of whom it is claimed.
    pub claimed_of_id: Option<Uuid>,
    /// The day it was made good or written off.
    pub settled_on: Option<NaiveDate>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

impl ShipmentDiscrepancy {
    /// Whether these words made it.
    pub fn is_made_of(&self, shipment: Uuid, new: &NewDiscrepancy) -> bool {
        (self.shipment_id, self.lot_id, self.cause, self.quantity, self.occurred_on)
            == (shipment, new.lot_id, new.cause, new.quantity, new.occurred_on)
            && (&self.value, &self.currency, &self.note) == (&new.value, &new.currency, &new.note)
    }
}

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

/// One page of discrepancies.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    filter: &DiscrepancyFilter,
    page: &PageQuery,
) -> ApiResult<Vec<ShipmentDiscrepancy>> {
    let mut query = shipment_discrepancies::table.select(ShipmentDiscrepancy::as_select()).into_boxed().filter(visible(scope));
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

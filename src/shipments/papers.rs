//! The papers that travel with a shipment: the waybill, and the packing list as a sheet.

use chrono::NaiveDate;
use deserr::Deserr;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::types::{Shipment, ShipmentStatus};
use crate::{
    db::Conn,
    error::{ApiResult, Faults},
    http::{ListFilter, PageQuery, keyset},
    schema::{items, lots, shipment_contents, stock_locations},
    types::RecordCode,
};

/// A lot in the boxes, as a reader of paper needs it.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct PackingListLine {
    /// Of the content.
    pub id: Uuid,
    /// The item's code.
    pub item_code: RecordCode,
    /// The item's name in English.
    pub item_name: String,
    /// The item's name in Arabic.
    pub item_name_ar: Option<String>,
    /// Whether its handling is regulated as that of narcotics.
    pub controlled: bool,
    /// Whether it must stay cold on its way.
    pub cold_chain: bool,
    /// The maker's number of the lot.
    pub lot_number: Option<String>,
    /// The last day the lot may be used.
    pub expires_on: Option<NaiveDate>,
    /// How much, in the unit.
    pub quantity: i64,
    /// The unit.
    pub base_unit: String,
}

/// The packing list has no filters of its own.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct PackingListFilter {}

impl ListFilter for PackingListFilter {
    const SORTS: &'static [&'static str] = &["item_code"];
}

/// An end of the road.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct WaybillPlace {
    /// Its code.
    pub code: RecordCode,
    /// Its name in English.
    pub name: String,
    /// Its name in Arabic.
    pub name_ar: Option<String>,
}

/// The paper that goes with a shipment. It names no people and no road.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Waybill {
    /// The shipment.
    pub shipment_id: Uuid,
    /// What people call it.
    pub code: RecordCode,
    /// How far it has come.
    pub status: ShipmentStatus,
    /// Where it comes from.
    pub from: WaybillPlace,
    /// Where it goes.
    pub to: WaybillPlace,
    /// The day it left; null for whoever may not know it.
    pub dispatched_on: Option<NaiveDate>,
    /// What is in the boxes, by item and expiry.
    pub lines: Vec<PackingListLine>,
    /// Whether anything of it must stay cold.
    pub cold_chain: bool,
    /// Whether anything of it is controlled: it is handed over between two persons.
    pub controlled: bool,
}

/// What is in the boxes of a shipment.
macro_rules! listed {
    ($shipment:expr) => {
        shipment_contents::table
            .inner_join(lots::table.on(lots::id.eq(shipment_contents::lot_id)))
            .inner_join(items::table.on(items::id.eq(lots::item_id)))
            .filter(shipment_contents::shipment_id.eq($shipment))
            .filter(shipment_contents::retired_at.is_null())
            .select((
                shipment_contents::id,
                items::code,
                items::name,
                items::name_ar,
                items::controlled,
                items::cold_chain,
                lots::number,
                lots::expires_on,
                shipment_contents::quantity,
                items::base_unit,
            ))
    };
}

/// The waybill of a shipment as its reader is shown it.
pub async fn waybill(conn: &mut Conn, shipment: &Shipment) -> ApiResult<Waybill> {
    let lines = listed!(shipment.row.id).order((items::code, lots::expires_on, lots::id)).load::<PackingListLine>(conn).await?;
    let head = &shipment.row.head;
    Ok(Waybill {
        shipment_id: shipment.row.id,
        code: head.code.clone(),
        status: shipment.row.status,
        from: place(conn, head.from_id).await?,
        to: place(conn, head.to_id).await?,
        dispatched_on: shipment.row.dispatched_on,
        cold_chain: lines.iter().any(|line| line.cold_chain),
        controlled: lines.iter().any(|line| line.controlled),
        lines,
    })
}

async fn place(conn: &mut Conn, id: Uuid) -> ApiResult<WaybillPlace> {
    let place = stock_locations::table.find(id);
    Ok(place.select((stock_locations::code, stock_locations::name, stock_locations::name_ar)).first(conn).await?)
}

/// One page of the packing list of a shipment.
pub async fn list(conn: &mut Conn, shipment: Uuid, page: &PageQuery) -> ApiResult<Vec<PackingListLine>> {
    let mut query = listed!(shipment).into_boxed();
    let query = keyset!(query, page, shipment_contents::id, {
        "item_code" => items::code; String,
    });
    Ok(query.load(conn).await?)
}

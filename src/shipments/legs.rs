//! The legs of a shipment's road: who carries, past which checkpoint, on which days.
//!
//! It endangers people while it lasts. Only those who send shipments see it, and only until the shipment has arrived; carriers,
//! checkpoints and notes stay out of the history too.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{store, types::ShipmentStatus};
use crate::{
    auth::Scope,
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    http::{ListFilter, Merge, New, PageQuery, keyset},
    register::{Fields, register_store},
    schema::{shipment_legs, shipments},
    types::{LongText, ShortText, in_order, within},
};

/// What people say of a leg.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = shipment_legs, treat_none_as_null = true)]
#[schema(example = json!({"shipment_id": "0193a1c2-0000-7000-8000-000000000011", "leg": 1, "carrier": "Partner lorry 2", "departed_on": "2014-05-21"}))]
pub struct ShipmentLegFields {
    /// The shipment.
    pub shipment_id: Uuid,
    /// Its number on the road, from 1 to 20.
    #[schema(minimum = 1, maximum = 20)]
    pub leg: i32,
    /// Who carries. Never names of people.
    #[deserr(default)]
    pub carrier: Option<ShortText>,
    /// The checkpoint it passes.
    #[deserr(default)]
    pub checkpoint: Option<ShortText>,
    /// The day the leg began.
    #[deserr(default)]
    pub departed_on: Option<NaiveDate>,
    /// The day the leg ended.
    #[deserr(default)]
    pub arrived_on: Option<NaiveDate>,
    /// Anything else worth knowing. Never names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl Fields for ShipmentLegFields {
    fn check(&self, faults: &mut Faults) {
        within(faults, "/leg", Some(self.leg), 1, 20);
        in_order(faults, "/arrived_on", self.departed_on, self.arrived_on);
    }
}

/// A leg of a shipment's road.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = shipment_legs)]
pub struct ShipmentLeg {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: ShipmentLegFields,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A leg to be added.
pub type NewShipmentLeg = New<ShipmentLegFields>;
/// What is to change about a leg.
pub type ShipmentLegPatch = Merge<ShipmentLegFields>;

/// Which legs to list: those of shipments that have not arrived.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShipmentLegFilter {
    /// Those of this shipment.
    #[deserr(default)]
    pub shipment_id: Option<Uuid>,
}

impl ListFilter for ShipmentLegFilter {
    const SORTS: &'static [&'static str] = &["leg", "recorded_at"];
}

/// The legs that a scope holds: those of its shipments that have not arrived yet.
fn visible(scope: &Scope) -> Box<dyn BoxableExpression<shipment_legs::table, Pg, SqlType = Bool> + '_> {
    use ShipmentStatus::{Dispatched, Draft, Packed, PartiallyReceived};
    let under_way = shipments::table
        .select(shipments::id)
        .into_boxed()
        .filter(shipments::status.eq_any([Draft, Packed, Dispatched, PartiallyReceived]))
        .filter(store::visible(scope));
    Box::new(shipment_legs::shipment_id.eq_any(under_way))
}

register_store!(shipment_legs: ShipmentLeg { fields: ShipmentLegFields }, "shipment-legs", scoped by "/shipment_id", visible, references of_a_shipment_under_way);

/// A leg is of a shipment that the caller sees and that has not arrived.
async fn of_a_shipment_under_way(conn: &mut Conn, scope: &Scope, fields: &ShipmentLegFields) -> ApiResult<()> {
    let there = shipments::table.filter(shipments::id.eq(fields.shipment_id)).filter(store::visible(scope));
    let there = there.filter(shipments::retired_at.is_null()).select(shipments::id);
    match there.first::<Uuid>(conn).await.optional()? {
        Some(_) => Ok(()),
        None => Err(ApiError::fault("/shipment_id", Code::UnknownReference)),
    }
}

/// One page of legs.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &ShipmentLegFilter, page: &PageQuery) -> ApiResult<Vec<ShipmentLeg>> {
    let mut query = shipment_legs::table.select(ShipmentLeg::as_select()).into_boxed();
    query = query.filter(shipment_legs::retired_at.is_null()).filter(visible(scope));
    if let Some(shipment) = filter.shipment_id {
        query = query.filter(shipment_legs::shipment_id.eq(shipment));
    }
    let query = keyset!(query, page, shipment_legs::id, {
        "leg" => shipment_legs::leg; i32,
        "recorded_at" => shipment_legs::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

//! Traces as they travel.

use chrono::NaiveDate;
use deserr::Deserr;
use diesel::Queryable;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{ApiResult, Code, Faults},
    http::ListFilter,
    lots::LotStatus,
    shipments::ShipmentStatus,
    stock::{Act, DocumentKind},
    types::{RecordCode, words},
};

words! {
    /// How a lot is kin to the one that is traced.
    Kinship {
        /// It is the lot itself.
        Own = "own",
        /// It went into the making of the lot.
        MadeFrom = "made_from",
        /// The lot went into the making of it.
        MadeInto = "made_into",
    }
}

/// A lot of the family of the one that is traced.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct TracedLot {
    /// The lot.
    pub lot_id: Uuid,
    /// Its item's code.
    pub item_code: RecordCode,
    /// Its item's name.
    pub item_name: String,
    /// The unit of its quantities.
    pub base_unit: String,
    /// Its number.
    pub lot_number: Option<String>,
    /// The last day it may be used.
    pub expires_on: Option<NaiveDate>,
    /// Whether it may be used, apart from its expiry.
    pub status: LotStatus,
    /// How it is kin.
    pub kinship: Kinship,
}

/// A place that the lot, or something made of it, has touched.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct TracedPlace {
    /// The place.
    pub location_id: Uuid,
    /// Its code.
    pub location_code: RecordCode,
    /// Its name.
    pub location_name: String,
    /// The facility whose store it is.
    pub facility_id: Option<Uuid>,
    /// The lot: the one that is traced, or one made of it.
    pub lot_id: Uuid,
    /// How many lie there now, in the item's base unit.
    pub on_hand: i64,
    /// How many of them are set aside for shipments.
    pub reserved: i64,
    /// How many came, reversals taken off.
    pub came: i64,
    /// How many of what went were used or handed to patients.
    pub used: i64,
    /// How many of what went were lost.
    pub lost: i64,
    /// The first day on which it touched the place.
    pub first_on: NaiveDate,
    /// The last.
    pub last_on: NaiveDate,
}

/// A shipment that holds the lot, or something made of it.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct TracedShipment {
    /// The shipment.
    pub shipment_id: Uuid,
    /// Its code.
    pub code: RecordCode,
    /// How far it has come.
    pub status: ShipmentStatus,
    /// Where it goes.
    pub to_code: RecordCode,
    /// The lot.
    pub lot_id: Uuid,
    /// How many it holds, in the item's base unit.
    pub quantity: i64,
    /// How many of them are still packed or on the road.
    pub outstanding: i64,
}

/// Where a lot, and what was made of it, came from and went: what a recall must reach. Places and shipments are those that the caller sees.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LotTrace {
    /// The lot, what it was made from, and what was made of it, through any number of productions.
    pub lots: Vec<TracedLot>,
    /// Every place that the lot or its products have touched; first those where something still lies.
    pub places: Vec<TracedPlace>,
    /// Every shipment that holds the lot or its products; first those with something outstanding.
    pub shipments: Vec<TracedShipment>,
}

/// A movement of the lot, or of something made of it.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct TracedMovement {
    /// Of this movement, always the same.
    pub id: Uuid,
    /// The day it happened.
    pub occurred_on: NaiveDate,
    /// The document.
    pub document_id: Uuid,
    /// What act it records.
    pub kind: DocumentKind,
    /// The lot.
    pub lot_id: Uuid,
    /// How many, in the item's base unit.
    pub quantity: i64,
    /// Where it was.
    pub from_code: RecordCode,
    /// Where it went.
    pub to_code: RecordCode,
    /// The number on the paper.
    pub reference: Option<String>,
    /// What wrote it, if it was not a person by hand.
    pub act: Option<Act>,
    /// Which one of them.
    pub act_id: Option<Uuid>,
    /// The document that turned it round, if one did.
    pub reversed_by_id: Option<Uuid>,
}

/// The movements of a lot have no filters of their own: oldest first, or `sort=-occurred_on` for newest first.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct TraceFilter {}

impl ListFilter for TraceFilter {
    const SORTS: &'static [&'static str] = &["occurred_on"];
}

/// What became, at one place, of a lot that somebody paid.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct PaidSupply {
    /// Of this lot and place, always the same.
    pub id: Uuid,
    /// The item's code.
    pub item_code: RecordCode,
    /// The item's name.
    pub item_name: String,
    /// The unit of the quantities.
    pub base_unit: String,
    /// The lot.
    pub lot_id: Uuid,
    /// Its number.
    pub lot_number: Option<String>,
    /// Whether it was made of what was paid, and not bought or given itself.
    pub made_of_it: bool,
    /// How many of the lot they paid, less what went back; null where it was made of what they paid.
    pub paid: Option<i64>,
    /// The part of the whole lot that they paid, in per cent; null where it was made of what they paid.
    pub paid_percent: Option<String>,
    /// The place.
    pub location_id: Uuid,
    /// Its code.
    pub location_code: RecordCode,
    /// The facility whose store it is.
    pub facility_id: Option<Uuid>,
    /// How many of the lot came there, reversals taken off; whoever paid them.
    pub came: i64,
    /// How many were used there or handed to patients.
    pub used: i64,
    /// How many were lost there.
    pub lost: i64,
    /// How many lie there now.
    pub on_hand: i64,
}

/// Who paid: exactly one of the three.
#[expect(clippy::struct_field_names, reason = "a filter is named after the field that it looks at")]
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaidSupplyFilter {
    /// This contract.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// This campaign.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// This organisation, which gave or sold it.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
    /// Of this item alone.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
    /// At this facility alone.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
}

impl ListFilter for PaidSupplyFilter {
    const SORTS: &'static [&'static str] = &["item_code"];
}

impl PaidSupplyFilter {
    /// One payer, and one only.
    pub fn check(&self) -> ApiResult<()> {
        let given =
            [("/contract_id", self.contract_id), ("/campaign_id", self.campaign_id), ("/organization_id", self.organization_id)];
        let named: Vec<&str> = given.iter().filter(|(_, id)| id.is_some()).map(|(pointer, _)| *pointer).collect();
        let mut faults = Faults::default();
        match named.as_slice() {
            [] => faults.add("/contract_id", Code::Required),
            [_, others @ ..] => others.iter().for_each(|pointer| faults.add(*pointer, Code::TooMany)),
        }
        Ok(faults.into_result()?)
    }
}

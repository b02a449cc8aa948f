//! A shipment and its lines as they are stored and travel.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::rules::knows_the_road;
use crate::{
    auth::Role,
    error::{Code, Faults},
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::shipments,
    types::{Flag, LongText, Reason, RecordCode, ShortText, within, words},
};

/// The most lines of one shipment.
const MOST_LINES: usize = 500;
/// The longest number of a lot, in letters.
const LONGEST_LOT: usize = 40;
/// The most of one line, in base units.
const MOST_OF_A_LINE: i64 = 1_000_000_000_000;

words! {
    /// How far a shipment has come.
    ShipmentStatus {
        /// Being put together; may still be edited.
        Draft = "draft",
        /// On its way.
        Dispatched = "dispatched",
        /// Arrived and counted.
        Received = "received",
        /// Will not leave.
        Cancelled = "cancelled",
    }
}

/// What people say of a shipment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"code": "SHP-2014-101", "facility_id": "0193a1c2-0000-7000-8000-000000000003", "planned_on": "2014-05-20",
    "lines": [{"item_id": "0193a1c2-0000-7000-8000-000000000004", "lot_number": "MED04-13A", "expires_on": "2015-06-28", "quantity": 600}]}))]
pub struct ShipmentFields {
    /// What people call it; never used twice.
    pub code: RecordCode,
    /// The organisation that supplies it.
    #[deserr(default)]
    pub supplier_id: Option<Uuid>,
    /// Where it goes.
    pub facility_id: Uuid,
    /// The campaign that pays it.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// The contract that pays it.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// The day it is meant to leave.
    #[deserr(default)]
    pub planned_on: Option<NaiveDate>,
    /// Anything else worth knowing. Never routes or names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
    /// What is in it; a line's number is its place.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<ShipmentLineFields>,
}

/// What people say of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct ShipmentLineFields {
    /// The item.
    pub item_id: Uuid,
    /// The maker's number of the lot; given for items whose expiry is tracked, and only for them.
    #[deserr(default)]
    #[schema(max_length = 40)]
    pub lot_number: Option<ShortText>,
    /// The last day the lot may be used; given as the lot number is.
    #[deserr(default)]
    pub expires_on: Option<NaiveDate>,
    /// How much, in the item's base unit.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub quantity: i64,
}

impl Fields for ShipmentFields {
    fn check(&self, faults: &mut Faults) {
        match self.lines.len() {
            0 => faults.add("/lines", Code::Required),
            1..=MOST_LINES => {}
            _ => faults.add("/lines", Code::TooMany),
        }
        let mut lots = HashSet::new();
        for (index, line) in self.lines.iter().enumerate() {
            within(faults, &format!("/lines/{index}/quantity"), Some(line.quantity), 1, MOST_OF_A_LINE);
            if line.lot_number.as_ref().is_some_and(|lot| lot.as_str().chars().count() > LONGEST_LOT) {
                faults.add(format!("/lines/{index}/lot_number"), Code::TooLong);
            }
            lots.insert((line.item_id, &line.lot_number));
        }
        if lots.len() < self.lines.len() {
            faults.add("/lines", Code::Repeated);
        }
    }
}

/// A shipment without its lines: what stands in its own row of what people said.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[diesel(table_name = shipments, treat_none_as_null = true)]
pub struct ShipmentHead {
    /// What people call it; never used twice.
    pub code: RecordCode,
    /// The organisation that supplies it.
    pub supplier_id: Option<Uuid>,
    /// Where it goes.
    pub facility_id: Uuid,
    /// The campaign that pays it.
    pub campaign_id: Option<Uuid>,
    /// The contract that pays it.
    pub contract_id: Option<Uuid>,
    /// The day it is meant to leave.
    pub planned_on: Option<NaiveDate>,
    /// Anything else worth knowing.
    pub note: Option<LongText>,
}

impl From<&ShipmentFields> for ShipmentHead {
    fn from(fields: &ShipmentFields) -> Self {
        Self {
            code: fields.code.clone(),
            supplier_id: fields.supplier_id,
            facility_id: fields.facility_id,
            campaign_id: fields.campaign_id,
            contract_id: fields.contract_id,
            planned_on: fields.planned_on,
            note: fields.note.clone(),
        }
    }
}

/// A shipment's own row.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = shipments)]
pub struct ShipmentRow {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub head: ShipmentHead,
    /// How far it has come.
    pub status: ShipmentStatus,
    /// The day it left.
    pub dispatched_on: Option<NaiveDate>,
    /// The day it arrived.
    pub received_on: Option<NaiveDate>,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A shipment with its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Shipment {
    #[serde(flatten)]
    pub row: ShipmentRow,
    /// What is in it, in the order of the lines.
    pub lines: Vec<ShipmentLine>,
    /// What people gave: the measure of edits.
    #[serde(skip)]
    #[schema(ignore)]
    pub fields: ShipmentFields,
}

impl Shipment {
    /// A row and its lines as one record.
    pub fn new(row: ShipmentRow, lines: Vec<ShipmentLine>) -> Self {
        let head = row.head.clone();
        let fields = ShipmentFields {
            code: head.code,
            supplier_id: head.supplier_id,
            facility_id: head.facility_id,
            campaign_id: head.campaign_id,
            contract_id: head.contract_id,
            planned_on: head.planned_on,
            note: head.note,
            lines: lines.iter().map(ShipmentLineFields::from).collect(),
        };
        Self { row, lines, fields }
    }
}

/// A line of a shipment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShipmentLine {
    /// Its id: a receipt names it.
    pub id: Uuid,
    /// Its number, from 1.
    pub line: i32,
    /// The item.
    pub item_id: Uuid,
    /// The maker's number of the lot.
    pub lot_number: Option<ShortText>,
    /// The last day the lot may be used.
    pub expires_on: Option<NaiveDate>,
    /// How much was sent, in the item's base unit.
    pub quantity: i64,
    /// How much arrived whole; null before the receipt.
    pub accepted_quantity: Option<i64>,
    /// How much arrived and was refused; null before the receipt.
    pub rejected_quantity: Option<i64>,
    /// How much was sent and did not arrive; null before the receipt.
    pub outstanding: Option<i64>,
}

impl From<&ShipmentLine> for ShipmentLineFields {
    fn from(line: &ShipmentLine) -> Self {
        Self { item_id: line.item_id, lot_number: line.lot_number.clone(), expires_on: line.expires_on, quantity: line.quantity }
    }
}

impl Shipment {
    /// What a reader of this role is shown: when it is on the road is not for everybody; a clerk knows when to expect it.
    #[must_use]
    pub fn shown_to(mut self, role: Role) -> Self {
        if !knows_the_road(role, self.row.received_on.is_some()) {
            self.row.dispatched_on = None;
            self.row.head.note = None;
            if role != Role::Clerk {
                self.row.head.planned_on = None;
            }
        }
        self
    }
}

/// A shipment to be put together.
pub type NewShipment = New<ShipmentFields>;
/// What is to change about a draft; `lines` is replaced whole.
pub type ShipmentPatch = Merge<ShipmentFields>;

/// A shipment leaves.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"dispatched_on": "2014-05-21"}))]
pub struct Dispatch {
    /// The day it left.
    pub dispatched_on: NaiveDate,
}

/// A draft will not leave.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "The supplier could not deliver the anaesthetics."}))]
pub struct Cancellation {
    /// Why; kept as the last line of the note.
    pub reason: Reason,
}

/// A shipment arrived and was counted.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"received_on": "2014-05-27", "lines": [{"line_id": "0193a1c2-0000-7000-8000-000000000005", "accepted_quantity": 580, "rejected_quantity": 8}]}))]
pub struct Receipt {
    /// The day it arrived.
    pub received_on: NaiveDate,
    /// Every line that was sent, exactly once.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<ReceivedLine>,
}

/// What arrived of one line.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct ReceivedLine {
    /// The line.
    pub line_id: Uuid,
    /// How much arrived whole, in the item's base unit.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub accepted_quantity: i64,
    /// How much arrived and was refused.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub rejected_quantity: i64,
}

/// Which shipments to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShipmentFilter {
    /// Those that have come this far.
    #[deserr(default)]
    pub status: Option<ShipmentStatus>,
    /// Those to this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those from this supplier.
    #[deserr(default)]
    pub supplier_id: Option<Uuid>,
    /// Those that this campaign pays.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// Those that this contract pays.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// Those that hold this item.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for ShipmentFilter {
    const SORTS: &'static [&'static str] = &["code", "recorded_at"];
}

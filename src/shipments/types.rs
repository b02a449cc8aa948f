//! A shipment and its lines as they are stored and travel.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::rules::{knows_the_road, repeated_lines};
use crate::{
    auth::Role,
    error::{Code, Faults},
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::shipments,
    types::{Flag, KnownAt, LongText, RecordCode, ShortText, within, words},
};

/// The most lines of one shipment.
const MOST_LINES: usize = 500;
/// The most of one line, in base units.
pub(super) const MOST_OF_A_LINE: i64 = 1_000_000_000_000;

words! {
    /// How far a shipment has come.
    ShipmentStatus {
        /// Being put together; may still be edited.
        Draft = "draft",
        /// In boxes, lot by lot, and set aside where it lies.
        Packed = "packed",
        /// On its way.
        Dispatched = "dispatched",
        /// A part of it was counted in; the rest is outstanding.
        PartiallyReceived = "partially_received",
        /// Nothing of it is outstanding any more.
        Received = "received",
        /// At rest.
        Closed = "closed",
        /// Will not leave.
        Cancelled = "cancelled",
        /// What was outstanding is lost.
        Lost = "lost",
        /// What was outstanding was seized.
        Seized = "seized",
        /// What was outstanding came back.
        Returned = "returned",
    }
}

/// What people say of a shipment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"code": "SHP-2014-101", "from_id": "0193a1c2-0000-7000-8000-000000000009", "to_id": "0193a1c2-0000-7000-8000-00000000000a",
    "planned_on": "2014-05-20", "lines": [{"item_id": "0193a1c2-0000-7000-8000-000000000004", "quantity": 600}]}))]
pub struct ShipmentFields {
    /// What people call it; never used twice.
    pub code: RecordCode,
    /// The organisation that supplies it.
    #[deserr(default)]
    pub supplier_id: Option<Uuid>,
    /// Where it lies: a place, or the account `SUPPLIER` or `DONOR`.
    pub from_id: Uuid,
    /// Where it goes: a store or a warehouse.
    pub to_id: Uuid,
    /// The campaign that pays it.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// The contract that pays it.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// The requisition that it answers: of the facility it goes to, and granted.
    #[deserr(default)]
    pub requisition_id: Option<Uuid>,
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
    /// The lot; when absent, whichever expire first are taken when it is packed. What comes from outside names its lot.
    #[deserr(default)]
    pub lot_id: Option<Uuid>,
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
        for (index, line) in self.lines.iter().enumerate() {
            within(faults, &format!("/lines/{index}/quantity"), Some(line.quantity), 1, MOST_OF_A_LINE);
        }
        for index in repeated_lines(&self.lines) {
            faults.add(format!("/lines/{index}"), Code::Repeated);
        }
        if self.from_id == self.to_id {
            faults.add("/to_id", Code::WrongPlaces);
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
    /// Where it lies: a place, or the account `SUPPLIER` or `DONOR`.
    pub from_id: Uuid,
    /// Where it goes: a store or a warehouse.
    pub to_id: Uuid,
    /// The campaign that pays it.
    pub campaign_id: Option<Uuid>,
    /// The contract that pays it.
    pub contract_id: Option<Uuid>,
    /// The requisition that it answers.
    pub requisition_id: Option<Uuid>,
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
            from_id: fields.from_id,
            to_id: fields.to_id,
            campaign_id: fields.campaign_id,
            contract_id: fields.contract_id,
            requisition_id: fields.requisition_id,
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
    /// The facility it goes to; null where the place is no facility's.
    pub facility_id: Option<Uuid>,
    /// How far it has come.
    pub status: ShipmentStatus,
    /// The day it was packed.
    pub packed_on: Option<NaiveDate>,
    /// The day it left.
    pub dispatched_on: Option<NaiveDate>,
    /// The day of its last receipt.
    pub received_on: Option<NaiveDate>,
    /// The day it came to rest: closed, lost, seized or returned.
    pub closed_on: Option<NaiveDate>,
    /// The location of what is on the road.
    pub transit_id: Option<Uuid>,
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
    /// What is wanted, in the order of the lines.
    pub lines: Vec<ShipmentLine>,
    /// What is in the boxes, lot by lot, and what became of it; empty before it is packed.
    pub contents: Vec<ShipmentContent>,
    /// What people gave: the measure of edits.
    #[serde(skip)]
    #[schema(ignore)]
    pub fields: ShipmentFields,
}

impl Shipment {
    /// A row and its lines as one record.
    pub fn new(row: ShipmentRow, lines: Vec<ShipmentLine>, contents: Vec<ShipmentContent>) -> Self {
        let head = row.head.clone();
        let fields = ShipmentFields {
            code: head.code,
            supplier_id: head.supplier_id,
            from_id: head.from_id,
            to_id: head.to_id,
            campaign_id: head.campaign_id,
            contract_id: head.contract_id,
            requisition_id: head.requisition_id,
            planned_on: head.planned_on,
            note: head.note,
            lines: lines.iter().map(ShipmentLineFields::from).collect(),
        };
        Self { row, lines, contents, fields }
    }

    /// How much of it is outstanding, all lots together.
    pub fn outstanding(&self) -> i64 {
        self.contents.iter().map(|content| content.outstanding).sum()
    }
}

/// A line of a shipment: what is wanted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShipmentLine {
    /// Its id.
    pub id: Uuid,
    /// Its number, from 1.
    pub line: i32,
    /// The item.
    pub item_id: Uuid,
    /// The lot, where one is asked for.
    pub lot_id: Option<Uuid>,
    /// How much is wanted, in the item's base unit.
    pub quantity: i64,
    /// How much less was packed than is wanted; null before it is packed.
    pub shortfall: Option<i64>,
}

/// What is in the boxes of one lot: quantity = accepted + rejected + lost + returned + outstanding.
#[derive(Debug, Clone, PartialEq, Serialize, Queryable, ToSchema)]
pub struct ShipmentContent {
    /// Its id.
    pub id: Uuid,
    /// The line it answers.
    pub line_id: Uuid,
    /// The item.
    pub item_id: Uuid,
    /// The lot.
    pub lot_id: Uuid,
    /// The maker's number of the lot.
    pub lot_number: Option<ShortText>,
    /// The last day the lot may be used.
    pub expires_on: Option<NaiveDate>,
    /// How much was packed, in the item's base unit.
    pub quantity: i64,
    /// How much arrived whole.
    pub accepted: i64,
    /// How much arrived and was refused.
    pub rejected: i64,
    /// How much was lost on the road, as settled.
    pub lost: i64,
    /// How much came back.
    pub returned: i64,
    /// How much is neither: it lies at `from_id` while it is packed, and on the road once it has left.
    pub outstanding: i64,
    /// How much of the outstanding discrepancies account for that are not settled yet.
    pub explained: i64,
}

impl From<&ShipmentLine> for ShipmentLineFields {
    fn from(line: &ShipmentLine) -> Self {
        Self { item_id: line.item_id, lot_id: line.lot_id, quantity: line.quantity }
    }
}

impl Shipment {
    /// Whether people of this role may know when it was on the road.
    pub fn road_is_known_to(&self, role: Role) -> bool {
        let under_way = matches!(self.row.status, ShipmentStatus::Dispatched | ShipmentStatus::PartiallyReceived);
        let settled = !under_way && self.row.received_on.or(self.row.closed_on).is_some();
        knows_the_road(role, settled)
    }

    /// What a reader of this role is shown: when it is on the road is not for everybody; a clerk knows when to expect it.
    #[must_use]
    pub fn shown_to(mut self, role: Role) -> Self {
        if !self.road_is_known_to(role) {
            self.row.packed_on = None;
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
    /// Those from or to this location.
    #[deserr(default)]
    pub location_id: Option<Uuid>,
    /// Those that hold this lot.
    #[deserr(default)]
    pub lot_id: Option<Uuid>,
    /// Those from this supplier.
    #[deserr(default)]
    pub supplier_id: Option<Uuid>,
    /// Those that this campaign pays.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// Those that this contract pays.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// Those that answer this requisition.
    #[deserr(default)]
    pub requisition_id: Option<Uuid>,
    /// Those that hold this item.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for ShipmentFilter {
    const SORTS: &'static [&'static str] = &["code", "recorded_at"];
}

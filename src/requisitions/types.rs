//! A requisition and its lines as they are stored and travel.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{Code, Faults},
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::requisitions,
    types::{Flag, LongText, Reason, RecordCode, happened, in_order, within, words},
};

/// The most lines of one requisition.
const MOST_LINES: usize = 500;
/// The most of one line, in base units.
const MOST_OF_A_LINE: i64 = 1_000_000_000_000;

words! {
    /// How far a requisition has come.
    RequisitionStatus {
        /// Being put together; may be edited.
        Draft = "draft",
        /// Asked for; somebody else decides.
        Submitted = "submitted",
        /// All of it was granted.
        Approved = "approved",
        /// Some of it was granted.
        PartlyApproved = "partly_approved",
        /// None of it was granted; may be edited and submitted again.
        Rejected = "rejected",
        /// Some of what was granted has been sent.
        InFulfilment = "in_fulfilment",
        /// All that was granted has come.
        Fulfilled = "fulfilled",
        /// No longer wanted, or will not be sent.
        Cancelled = "cancelled",
    }
}

/// What people say of a requisition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"code": "REQ-2015-031", "facility_id": "0193a1c2-0000-7000-8000-000000000003", "requested_on": "2015-03-02",
    "needed_on": "2015-03-09", "lines": [{"item_id": "0193a1c2-0000-7000-8000-000000000004", "requested_quantity": 600}]}))]
pub struct RequisitionFields {
    /// What people call it; never used twice.
    pub code: RecordCode,
    /// The facility that asks.
    pub facility_id: Uuid,
    /// The day it asks on.
    pub requested_on: NaiveDate,
    /// The day by which it is needed.
    #[deserr(default)]
    pub needed_on: Option<NaiveDate>,
    /// Whether it cannot wait its turn. It takes a second person all the same.
    #[deserr(default)]
    #[schema(required = false)]
    pub emergency: bool,
    /// Why it cannot wait; given for an emergency, and only then.
    #[deserr(default)]
    pub emergency_reason: Option<Reason>,
    /// Anything else worth knowing. Never routes or names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
    /// What it asks for, an item once; a line's number is its place.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<RequisitionLineFields>,
}

/// What people say of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct RequisitionLineFields {
    /// The item.
    pub item_id: Uuid,
    /// How much, in the item's base unit.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub requested_quantity: i64,
    /// Why so much: 10 to 500 letters.
    #[deserr(default)]
    pub reason: Option<Reason>,
}

impl Fields for RequisitionFields {
    fn check(&self, faults: &mut Faults) {
        happened(faults, "/requested_on", self.requested_on);
        in_order(faults, "/needed_on", Some(self.requested_on), self.needed_on);
        match (self.emergency, &self.emergency_reason) {
            (true, None) => faults.add("/emergency_reason", Code::Required),
            (false, Some(_)) => faults.add("/emergency_reason", Code::UnknownField),
            _ => {}
        }
        match self.lines.len() {
            0 => faults.add("/lines", Code::Required),
            1..=MOST_LINES => {}
            _ => faults.add("/lines", Code::TooMany),
        }
        let mut items = HashSet::new();
        for (index, line) in self.lines.iter().enumerate() {
            within(faults, &format!("/lines/{index}/requested_quantity"), Some(line.requested_quantity), 1, MOST_OF_A_LINE);
            if !items.insert(line.item_id) {
                faults.add(format!("/lines/{index}/item_id"), Code::Repeated);
            }
        }
    }
}

/// A requisition without its lines: what stands in its own row of what people said.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[diesel(table_name = requisitions, treat_none_as_null = true)]
pub struct RequisitionHead {
    /// What people call it; never used twice.
    pub code: RecordCode,
    /// The facility that asks.
    pub facility_id: Uuid,
    /// The day it asks on.
    pub requested_on: NaiveDate,
    /// The day by which it is needed.
    pub needed_on: Option<NaiveDate>,
    /// Whether it cannot wait its turn.
    pub emergency: bool,
    /// Why it cannot wait.
    pub emergency_reason: Option<Reason>,
    /// Anything else worth knowing.
    pub note: Option<LongText>,
}

impl From<&RequisitionFields> for RequisitionHead {
    fn from(fields: &RequisitionFields) -> Self {
        Self {
            code: fields.code.clone(),
            facility_id: fields.facility_id,
            requested_on: fields.requested_on,
            needed_on: fields.needed_on,
            emergency: fields.emergency,
            emergency_reason: fields.emergency_reason.clone(),
            note: fields.note.clone(),
        }
    }
}

/// A requisition's own row.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = requisitions)]
pub struct RequisitionRow {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub head: RequisitionHead,
    /// How far it has come.
    pub status: RequisitionStatus,
    /// How often it has been submitted: 2 is the first time after a rejection.
    pub round: i32,
    /// Who submitted it last.
    pub submitted_by: Option<Uuid>,
    /// When that was.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Who approved or rejected it: never the person who submitted it.
    pub decided_by: Option<Uuid>,
    /// When that was.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was rejected or cancelled.
    pub reason: Option<Reason>,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A requisition with its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Requisition {
    #[serde(flatten)]
    pub row: RequisitionRow,
    /// What it asks for, in the order of the lines.
    pub lines: Vec<RequisitionLine>,
    /// What people gave: the measure of edits.
    #[serde(skip)]
    #[schema(ignore)]
    pub fields: RequisitionFields,
}

impl Requisition {
    /// A row and its lines as one record.
    pub fn new(row: RequisitionRow, lines: Vec<RequisitionLine>) -> Self {
        let head = row.head.clone();
        let given = |line: &RequisitionLine| RequisitionLineFields {
            item_id: line.item_id,
            requested_quantity: line.requested_quantity,
            reason: line.reason.clone(),
        };
        let fields = RequisitionFields {
            code: head.code,
            facility_id: head.facility_id,
            requested_on: head.requested_on,
            needed_on: head.needed_on,
            emergency: head.emergency,
            emergency_reason: head.emergency_reason,
            note: head.note,
            lines: lines.iter().map(given).collect(),
        };
        Self { row, lines, fields }
    }
}

/// A line of a requisition. Every quantity is in the item's base unit.
#[derive(Debug, Clone, PartialEq, Serialize, Queryable, ToSchema)]
pub struct RequisitionLine {
    /// Its id: an approval names it.
    pub id: Uuid,
    /// Its number, from 1.
    pub line: i32,
    /// The item.
    pub item_id: Uuid,
    /// How much is asked for.
    pub requested_quantity: i64,
    /// Why so much.
    pub reason: Option<Reason>,
    /// How much was granted; null before the approval.
    pub approved_quantity: Option<i64>,
    /// Why less was granted than asked for.
    pub decision_reason: Option<Reason>,
    /// How much has been sent.
    pub sent_quantity: i64,
    /// How much has come: more than was sent or granted, where more was delivered.
    pub received_quantity: i64,
}

/// A requisition to be put together.
pub type NewRequisition = New<RequisitionFields>;
/// What is to change about a draft or what was rejected; `lines` is replaced whole.
pub type RequisitionPatch = Merge<RequisitionFields>;

/// What of a requisition is granted.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"lines": [{"line_id": "0193a1c2-0000-7000-8000-000000000005", "approved_quantity": 400, "reason": "The warehouse holds no more."}]}))]
pub struct Approval {
    /// Every line, exactly once.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<ApprovedLine>,
}

/// What of a line is granted.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct ApprovedLine {
    /// The line.
    pub line_id: Uuid,
    /// How much, from nothing to all that is asked for.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub approved_quantity: i64,
    /// Why less than asked for: 10 to 500 letters; required then.
    #[deserr(default)]
    pub reason: Option<Reason>,
}

/// Why a requisition is rejected or cancelled.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "The same was asked for last week and is on its way."}))]
pub struct RequisitionReason {
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

/// Which requisitions to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RequisitionFilter {
    /// Those that have come this far.
    #[deserr(default)]
    pub status: Option<RequisitionStatus>,
    /// Those of this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those that are emergencies, or are not.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub emergency: Option<Flag>,
    /// Those that ask for this item.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for RequisitionFilter {
    const SORTS: &'static [&'static str] = &["code", "requested_on", "recorded_at"];
}

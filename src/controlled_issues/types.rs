//! An issue of something controlled as it is stored and travels, and an entry of the running register.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::Faults,
    http::ListFilter,
    schema::controlled_issues,
    stock::{DocumentKind, StockLine},
    types::{Reason, RecordCode, ShortText, words},
};

words! {
    /// How far an issue of something controlled has come.
    IssueStatus {
        /// The first person has signed; nothing has moved.
        Proposed = "proposed",
        /// The second person has signed; it stands in the ledger.
        Confirmed = "confirmed",
        /// The second person did not agree.
        Rejected = "rejected",
        /// The first person took it back before it was decided.
        Withdrawn = "withdrawn",
        /// Confirmed and taken back: its document is turned round.
        Reversed = "reversed",
    }
}

/// An issue or a loss of something controlled, to be proposed.
#[derive(Debug, Clone, PartialEq, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"from_id": "0193a1c2-0000-7000-8000-000000000009", "to_id": "00000000-0000-7000-8000-000000000104", "occurred_on": "2015-03-20",
    "reference": "NARC-57", "recipient_reference": "Ward B, register 2015-311", "lines": [{"lot_id": "0193a1c2-0000-7000-8000-000000000007", "quantity": 12}]}))]
pub struct NewControlledIssue {
    /// Chosen by the client (UUID), or made by the service when absent.
    #[deserr(default)]
    pub id: Option<Uuid>,
    /// The place it leaves.
    pub from_id: Uuid,
    /// The account `CONSUMPTION` or `LOSS`.
    pub to_id: Uuid,
    /// The day it happened. Confirmed late, it is tested against every day since.
    pub occurred_on: NaiveDate,
    /// The number on the paper.
    #[deserr(default)]
    pub reference: Option<ShortText>,
    /// Why; required of a loss.
    #[deserr(default)]
    pub reason: Option<Reason>,
    /// The reason as data, of the register of adjustment reasons; required of a loss, absent elsewhere.
    #[deserr(default)]
    pub adjustment_reason_id: Option<Uuid>,
    /// For whom it is, as the ward's own register numbers patients, or the ward. Never a name: nobody's name stands in this service's stock.
    #[deserr(default)]
    pub recipient_reference: Option<ShortText>,
    /// What leaves, lot by lot; lots of controlled items alone.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<StockLine>,
}

/// An issue's own row.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = controlled_issues)]
pub struct ControlledIssueRow {
    /// Its id.
    pub id: Uuid,
    /// The place it leaves.
    pub from_id: Uuid,
    /// The account `CONSUMPTION` or `LOSS`.
    pub to_id: Uuid,
    /// The day it happened.
    pub occurred_on: NaiveDate,
    /// The number on the paper.
    pub reference: Option<ShortText>,
    /// Why.
    pub reason: Option<Reason>,
    /// The reason as data, of a loss.
    pub adjustment_reason_id: Option<Uuid>,
    /// For whom it is, by the ward's own number.
    pub recipient_reference: Option<ShortText>,
    /// How far it has come.
    pub status: IssueStatus,
    /// The first person.
    pub proposed_by: Uuid,
    /// The second person; of what was withdrawn, the first.
    pub decided_by: Option<Uuid>,
    /// Why it was rejected, withdrawn or reversed.
    pub decision_reason: Option<Reason>,
    /// The stock document that was posted for it.
    pub document_id: Option<Uuid>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// An issue with its lines. It is decided, never edited.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ControlledIssue {
    #[serde(flatten)]
    pub row: ControlledIssueRow,
    /// What leaves, in the order given.
    pub lines: Vec<StockLine>,
}

impl ControlledIssue {
    /// Whether these words made it.
    pub fn is_made_of(&self, new: &NewControlledIssue) -> bool {
        let row = &self.row;
        (row.from_id, row.to_id, row.occurred_on) == (new.from_id, new.to_id, new.occurred_on)
            && (&row.reference, &row.reason, row.adjustment_reason_id) == (&new.reference, &new.reason, new.adjustment_reason_id)
            && row.recipient_reference == new.recipient_reference
            && self.lines == new.lines
    }
}

/// Why an issue is rejected, withdrawn or reversed.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "The cabinet holds twelve, the paper says ten."}))]
pub struct ControlledReason {
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

/// Which issues to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ControlledIssueFilter {
    /// Those that have come this far.
    #[deserr(default)]
    pub status: Option<IssueStatus>,
    /// Those from this place.
    #[deserr(default)]
    pub location_id: Option<Uuid>,
    /// Those of this item.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
    /// Those of this day or later.
    #[deserr(default)]
    pub since_on: Option<NaiveDate>,
    /// Those of this day or earlier.
    #[deserr(default)]
    pub until_on: Option<NaiveDate>,
}

impl ListFilter for ControlledIssueFilter {
    const SORTS: &'static [&'static str] = &["occurred_on", "recorded_at"];
}

/// An entry of the running register: one movement of one lot.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct RegisterEntry {
    /// The document.
    pub id: Uuid,
    /// Its place in the register: the day, the document and its line.
    pub entry: String,
    /// The day it happened.
    pub occurred_on: NaiveDate,
    /// What act the document records.
    pub kind: DocumentKind,
    /// The place or account on the other side.
    pub other_code: RecordCode,
    /// The lot.
    pub lot_id: Uuid,
    /// The lot's number.
    pub lot_number: Option<String>,
    /// The number on the paper.
    pub reference: Option<String>,
    /// How many came, in the item's base unit.
    pub received: i64,
    /// How many went.
    pub issued: i64,
    /// How many of the item, of all lots, there were after it.
    pub balance: i64,
    /// Who recorded it: the first person.
    pub recorded_by: Uuid,
    /// The second person, where two were asked for.
    pub witnessed_by: Option<Uuid>,
}

/// Of what the register is asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RegisterFilter {
    /// The controlled item.
    pub item_id: Uuid,
}

impl ListFilter for RegisterFilter {
    const SORTS: &'static [&'static str] = &["entry"];
}

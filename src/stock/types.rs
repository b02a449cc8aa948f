//! Documents, movements and balances as they are stored and travel.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::postings::Posting;
use crate::{
    error::Faults,
    http::ListFilter,
    lots::LotStatus,
    schema::stock_documents,
    types::{Reason, RecordCode, ShortText, Whole, words},
};

words! {
    /// What act a document records.
    DocumentKind {
        /// Bought or given, it came in.
        Receipt = "receipt",
        /// Used, or handed to patients.
        Issue = "issue",
        /// From one place to another.
        Transfer = "transfer",
        /// Broken, looted, expired and destroyed; the reason says what.
        Loss = "loss",
        /// A count found more or less.
        Count = "count",
        /// Sent back to whom it came from.
        Return = "return",
        /// Used up in making something, or made.
        Production = "production",
        /// It turns another document round.
        Reversal = "reversal",
    }
}

words! {
    /// What writes documents of its own, and alone may turn them round.
    Act {
        /// A shipment: what left, arrived, was lost or came back.
        Shipment = "shipment",
        /// A count of a place.
        StockCount = "stock_count",
        /// An issue of something controlled, which takes two persons.
        ControlledIssue = "controlled_issue",
        /// A production order: what it used up and what it made.
        ProductionOrder = "production_order",
        /// A job of the workshop: what a repair used up.
        RepairJob = "repair_job",
        /// A fuel tank: what generators burned, what a dip found.
        FuelTank = "fuel_tank",
    }
}

/// A lot in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct StockLine {
    /// The lot; once in a document.
    pub lot_id: Uuid,
    /// How many, in the item's base unit.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub quantity: i64,
}

/// A document to be written: one act of one day.
#[derive(Debug, Clone, PartialEq, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"from_id": "00000000-0000-7000-8000-000000000102", "to_id": "0193a1c2-0000-7000-8000-000000000009", "occurred_on": "2015-03-02",
    "reference": "GRN-118", "lines": [{"lot_id": "0193a1c2-0000-7000-8000-000000000007", "quantity": 10000}]}))]
pub struct NewStockDocument {
    /// Chosen by the client (UUID), or made by the service when absent.
    #[deserr(default)]
    pub id: Option<Uuid>,
    /// Where it was: a place, or the account `SUPPLIER`, `DONOR` or `COUNT-DIFFERENCE`.
    pub from_id: Uuid,
    /// Where it went: a place, or the account `CONSUMPTION`, `LOSS`, `COUNT-DIFFERENCE`, `SUPPLIER` or `DONOR`.
    pub to_id: Uuid,
    /// The day it happened. Written late, it is tested against every day since.
    pub occurred_on: NaiveDate,
    /// The number on the paper.
    #[deserr(default)]
    pub reference: Option<ShortText>,
    /// Why; required of a loss and of a count.
    #[deserr(default)]
    pub reason: Option<Reason>,
    /// The reason as data, of the register of adjustment reasons; required of a loss and of a count, absent elsewhere.
    #[deserr(default)]
    pub adjustment_reason_id: Option<Uuid>,
    /// Who sent or gave it.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
    /// The contract that paid it.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// The campaign that paid it.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// What was moved, lot by lot.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<StockLine>,
}

impl NewStockDocument {
    /// What is posted for it.
    pub fn posting(&self, id: Uuid, kind: DocumentKind) -> Posting {
        Posting {
            id,
            kind,
            occurred_on: self.occurred_on,
            from_id: self.from_id,
            to_id: self.to_id,
            reference: self.reference.clone(),
            reason: self.reason.clone(),
            adjustment_reason_id: self.adjustment_reason_id,
            organization_id: self.organization_id,
            contract_id: self.contract_id,
            campaign_id: self.campaign_id,
            act: None,
            act_id: None,
            witnessed_by: None,
            lines: self.lines.clone(),
        }
    }
}

/// Why a document is turned round.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "Entered twice: the paper of the same day was sent again."}))]
pub struct StockReversal {
    /// Chosen by the client (UUID), or made by the service when absent.
    #[deserr(default)]
    pub id: Option<Uuid>,
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

/// A document's own row.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = stock_documents)]
pub struct StockDocumentRow {
    /// Its id.
    pub id: Uuid,
    /// What act it records.
    pub kind: DocumentKind,
    /// The day it happened.
    pub occurred_on: NaiveDate,
    /// Where it was.
    pub from_id: Uuid,
    /// Where it went.
    pub to_id: Uuid,
    /// The number on the paper.
    pub reference: Option<ShortText>,
    /// Why.
    pub reason: Option<Reason>,
    /// Who sent or gave it.
    pub organization_id: Option<Uuid>,
    /// The contract that paid it.
    pub contract_id: Option<Uuid>,
    /// The campaign that paid it.
    pub campaign_id: Option<Uuid>,
    /// The document that it turns round.
    pub reverses_id: Option<Uuid>,
    /// What wrote it, if it was not a person by hand.
    pub act: Option<Act>,
    /// Which one of them: the shipment, the count, the order …
    pub act_id: Option<Uuid>,
    /// The second person, where two are asked for.
    pub witnessed_by: Option<Uuid>,
    /// The reason as data: of a loss, or of a count.
    pub adjustment_reason_id: Option<Uuid>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A document with its lines. It never changes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StockDocument {
    #[serde(flatten)]
    pub row: StockDocumentRow,
    /// What was moved, in the order given.
    pub lines: Vec<StockLine>,
    /// The document that turned it round, if one did.
    pub reversed_by_id: Option<Uuid>,
}

impl StockDocument {
    /// Whether these words made it.
    pub fn is_made_of(&self, new: &NewStockDocument) -> bool {
        let row = &self.row;
        (row.from_id, row.to_id, row.occurred_on, row.reverses_id) == (new.from_id, new.to_id, new.occurred_on, None)
            && (&row.reference, &row.reason, row.adjustment_reason_id) == (&new.reference, &new.reason, new.adjustment_reason_id)
            && (row.organization_id, row.contract_id, row.campaign_id) == (new.organization_id, new.contract_id, new.campaign_id)
            && self.lines == new.lines
    }
}

/// Which documents to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StockDocumentFilter {
    /// Those of this kind.
    #[deserr(default)]
    pub kind: Option<DocumentKind>,
    /// Those from or to this location.
    #[deserr(default)]
    pub location_id: Option<Uuid>,
    /// Those that move this lot: where it came from and went, in both directions.
    #[deserr(default)]
    pub lot_id: Option<Uuid>,
    /// Those that move this item.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
    /// Those of this adjustment reason.
    #[deserr(default)]
    pub adjustment_reason_id: Option<Uuid>,
    /// Those that this contract paid.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// Those that this shipment, count, order … wrote.
    #[deserr(default)]
    pub act_id: Option<Uuid>,
    /// Those of this day or later.
    #[deserr(default)]
    pub since_on: Option<NaiveDate>,
    /// Those of this day or earlier.
    #[deserr(default)]
    pub until_on: Option<NaiveDate>,
}

impl ListFilter for StockDocumentFilter {
    const SORTS: &'static [&'static str] = &["occurred_on", "recorded_at"];
}

/// How many of a lot lie at a place.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct StockBalance {
    /// Its id.
    pub id: Uuid,
    /// The place.
    pub location_id: Uuid,
    /// The place's code.
    pub location_code: RecordCode,
    /// The item.
    pub item_id: Uuid,
    /// The item's code.
    pub item_code: RecordCode,
    /// The item's name.
    pub item_name: String,
    /// The unit of the quantity.
    pub base_unit: String,
    /// The lot.
    pub lot_id: Uuid,
    /// The lot's number.
    pub lot_number: Option<String>,
    /// The last day it may be used.
    pub expires_on: Option<NaiveDate>,
    /// Whether it may be used, apart from its expiry.
    pub status: LotStatus,
    /// Whether it has expired by the day asked for.
    pub expired: bool,
    /// How many, in the item's base unit.
    pub quantity: i64,
    /// How many of them are set aside for shipments that have not left; asked of a day, 0.
    pub reserved: i64,
}

/// Which balances to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StockBalanceFilter {
    /// At the end of this day; now when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
    /// Those at this place.
    #[deserr(default)]
    pub location_id: Option<Uuid>,
    /// Those in the stores of this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those of this item.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
    /// Those of this lot: every place that holds it.
    #[deserr(default)]
    pub lot_id: Option<Uuid>,
    /// Those that may be used no longer than until this day.
    #[deserr(default)]
    pub expires_until: Option<NaiveDate>,
}

impl ListFilter for StockBalanceFilter {
    const SORTS: &'static [&'static str] = &["item_code"];
}

/// A line of a stock card.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct StockCardLine {
    /// The document.
    pub id: Uuid,
    /// The day it happened.
    pub occurred_on: NaiveDate,
    /// What act it records.
    pub kind: DocumentKind,
    /// The place or account on the other side.
    pub other_code: RecordCode,
    /// The number on the paper.
    pub reference: Option<String>,
    /// How many came (positive) or went (negative), in the item's base unit.
    pub change: i64,
    /// How many there were after it.
    pub balance: i64,
}

/// Of what the stock card is asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StockCardFilter {
    /// The item.
    pub item_id: Uuid,
    /// One of its lots; all of them when absent.
    #[deserr(default)]
    pub lot_id: Option<Uuid>,
}

impl ListFilter for StockCardFilter {
    const SORTS: &'static [&'static str] = &["occurred_on"];
}

/// How many of an item are to be taken from a place.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AllocationQuery {
    /// The item.
    pub item_id: Uuid,
    /// How many, in the item's base unit.
    #[param(value_type = i64, minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub quantity: Whole,
    /// The day they are to be used on; today when absent.
    #[deserr(default)]
    pub used_on: Option<NaiveDate>,
}

/// Which lots to take, the first to expire first, and what is missing. Nothing is set aside: the document that takes them is judged anew.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Allocation {
    /// What to take: the lines of a document.
    pub lines: Vec<AllocatedLot>,
    /// How many are missing.
    pub shortfall: i64,
}

/// How many to take of a lot.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AllocatedLot {
    /// The lot.
    pub lot_id: Uuid,
    /// Its number.
    pub lot_number: Option<String>,
    /// The last day it may be used.
    pub expires_on: Option<NaiveDate>,
    /// How many to take.
    pub quantity: i64,
}

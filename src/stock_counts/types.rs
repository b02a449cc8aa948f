//! A count and its lines as they are stored and travel.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::rules;
use crate::{
    error::Faults,
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::stock_counts,
    types::{LongText, Reason, happened, words},
};

words! {
    /// How far a count has come.
    CountStatus {
        /// Being counted; may still be edited.
        Draft = "draft",
        /// Counted; a second person looks at the differences.
        Counted = "counted",
        /// Agreed to; the differences stand in the ledger.
        Confirmed = "confirmed",
        /// Not agreed to: it is to be counted again, by a new count.
        Rejected = "rejected",
        /// Given up.
        Cancelled = "cancelled",
        /// Agreed to and taken back: its documents are turned round.
        Reversed = "reversed",
    }
}

/// What people say of a count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"location_id": "0193a1c2-0000-7000-8000-000000000009", "counted_on": "2015-04-02", "note": "Both rooms, after the transfer.",
    "lines": [{"lot_id": "0193a1c2-0000-7000-8000-000000000007", "counted_quantity": 2463}]}))]
pub struct StockCountFields {
    /// The place that is counted.
    pub location_id: Uuid,
    /// The day at whose end so much lay there.
    pub counted_on: NaiveDate,
    /// Whether the book is hidden until the count is handed in; true when absent. It may be given up, not taken up again.
    #[deserr(default = true)]
    #[schema(required = false)]
    pub blind: bool,
    /// Whether lots of the place that are not on the sheet count as nothing; true when absent. Else only the lots on the sheet are judged.
    #[deserr(default = true)]
    #[schema(required = false)]
    pub complete: bool,
    /// Anything else worth knowing. Never names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
    /// What was counted, lot by lot; replaced whole by an edit.
    #[deserr(default)]
    #[schema(required = false, max_items = 2000)]
    pub lines: Vec<StockCountLineFields>,
}

/// What people say of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct StockCountLineFields {
    /// The lot; once on a sheet. It may be one that the book does not know at this place.
    pub lot_id: Uuid,
    /// How many lie there, in the item's base unit.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub counted_quantity: i64,
    /// Why there will be a difference, where whoever counts knows it.
    #[deserr(default)]
    pub adjustment_reason_id: Option<Uuid>,
}

impl Fields for StockCountFields {
    fn check(&self, faults: &mut Faults) {
        happened(faults, "/counted_on", self.counted_on);
        rules::sheet(faults, &self.lines);
    }
}

/// A count without its lines: what stands in its own row of what people said.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[diesel(table_name = stock_counts, treat_none_as_null = true)]
pub struct StockCountHead {
    /// The place that is counted.
    pub location_id: Uuid,
    /// The day at whose end so much lay there.
    pub counted_on: NaiveDate,
    /// Whether the book is hidden until the count is handed in.
    pub blind: bool,
    /// Whether lots of the place that are not on the sheet count as nothing.
    pub complete: bool,
    /// Anything else worth knowing.
    pub note: Option<LongText>,
}

impl From<&StockCountFields> for StockCountHead {
    fn from(fields: &StockCountFields) -> Self {
        Self {
            location_id: fields.location_id,
            counted_on: fields.counted_on,
            blind: fields.blind,
            complete: fields.complete,
            note: fields.note.clone(),
        }
    }
}

/// A count's own row.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = stock_counts)]
pub struct StockCountRow {
    /// Its id; the documents that it wrote name it as `act_id`.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub head: StockCountHead,
    /// How far it has come.
    pub status: CountStatus,
    /// Why it was rejected, cancelled or reversed.
    pub reason: Option<Reason>,
    /// Who counted.
    pub counted_by: Option<Uuid>,
    /// The second person, who confirmed or rejected it.
    pub decided_by: Option<Uuid>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A line of a count.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StockCountLine {
    /// The lot.
    pub lot_id: Uuid,
    /// How many lie there, in the item's base unit.
    pub counted_quantity: i64,
    /// Why there is a difference, as whoever counted knew it.
    pub adjustment_reason_id: Option<Uuid>,
    /// Whether it was on the sheet; a lot of the place that was not counts as nothing in a complete count.
    pub listed: bool,
    /// How many the book says; null while a blind count is not handed in. Fixed when a second person has decided.
    pub book_quantity: Option<i64>,
    /// How many more (positive) or less (negative) there are than the book says; null as the book is.
    pub difference: Option<i64>,
}

/// A count with its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StockCount {
    #[serde(flatten)]
    pub row: StockCountRow,
    /// What was counted, in the order of the sheet; then the lots that the sheet does not name and the book does.
    pub lines: Vec<StockCountLine>,
    /// What people gave: the measure of edits.
    #[serde(skip)]
    #[schema(ignore)]
    pub fields: StockCountFields,
}

impl StockCount {
    /// A row and its lines as one record.
    pub fn new(row: StockCountRow, lines: Vec<StockCountLine>) -> Self {
        let sheet = lines.iter().filter(|line| line.listed).map(|line| StockCountLineFields {
            lot_id: line.lot_id,
            counted_quantity: line.counted_quantity,
            adjustment_reason_id: line.adjustment_reason_id,
        });
        let fields = StockCountFields {
            location_id: row.head.location_id,
            counted_on: row.head.counted_on,
            blind: row.head.blind,
            complete: row.head.complete,
            note: row.head.note.clone(),
            lines: sheet.collect(),
        };
        Self { row, lines, fields }
    }
}

/// A count to be begun.
pub type NewStockCount = New<StockCountFields>;
/// What is to change about a draft; `lines` is replaced whole.
pub type StockCountPatch = Merge<StockCountFields>;

/// A second person agrees to the differences.
#[derive(Debug, Clone, Default, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "Counted twice; forty ampoules were broken by the blast.",
    "reasons": [{"lot_id": "0193a1c2-0000-7000-8000-000000000007", "adjustment_reason_id": "00000000-0000-7000-8000-000000000201"}]}))]
pub struct CountConfirmation {
    /// What stands on the documents as their reason; the day of the count when absent.
    #[deserr(default)]
    pub reason: Option<Reason>,
    /// Why there are differences, lot by lot, where the sheet does not say or says it wrongly.
    #[deserr(default)]
    #[schema(required = false)]
    pub reasons: Vec<DifferenceReason>,
}

/// Why a lot's difference is there.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct DifferenceReason {
    /// A lot with a difference.
    pub lot_id: Uuid,
    /// Its reason; of losses where something is gone, of gains where there is more.
    pub adjustment_reason_id: Uuid,
}

/// Why a count is rejected, cancelled or reversed.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "The second room was not counted."}))]
pub struct CountReason {
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

/// Which counts to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StockCountFilter {
    /// Those that have come this far.
    #[deserr(default)]
    pub status: Option<CountStatus>,
    /// Those of this place.
    #[deserr(default)]
    pub location_id: Option<Uuid>,
    /// Those of this day or later.
    #[deserr(default)]
    pub since_on: Option<NaiveDate>,
    /// Those of this day or earlier.
    #[deserr(default)]
    pub until_on: Option<NaiveDate>,
}

impl ListFilter for StockCountFilter {
    const SORTS: &'static [&'static str] = &["counted_on", "recorded_at"];
}

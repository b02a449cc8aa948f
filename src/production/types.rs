//! A production order as it is stored and travels.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::Faults,
    http::{ListFilter, Merge, New},
    lots::LotStatus,
    register::Fields,
    schema::production_orders,
    stock::{ActLine, StockLine},
    types::{Flag, LongText, Reason, RecordCode, ShortText, within, words},
};

words! {
    /// How far a production order has come.
    ProductionStatus {
        /// Being planned; may still be edited.
        Draft = "draft",
        /// The ingredients are taken.
        Started = "started",
        /// The product is made and waits in quarantine.
        Completed = "completed",
        /// A second person has released the product.
        Released = "released",
        /// A second person has rejected the product.
        Rejected = "rejected",
        /// Not made; what was written of it is turned round.
        Cancelled = "cancelled",
    }
}

/// What people say of a production order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = production_orders, treat_none_as_null = true)]
#[schema(example = json!({"code": "PRD-2015-014", "recipe_id": "0193a1c2-0000-7000-8000-000000000011", "place_id": "0193a1c2-0000-7000-8000-000000000012",
    "quarantine_id": "0193a1c2-0000-7000-8000-000000000013", "batches": 2, "planned_on": "2015-03-02"}))]
pub struct ProductionOrderFields {
    /// What people call it; never used twice.
    pub code: RecordCode,
    /// The version of the recipe: the newest in use.
    pub recipe_id: Uuid,
    /// The workshop or warehouse that holds the ingredients.
    pub place_id: Uuid,
    /// The quarantine where the product waits.
    pub quarantine_id: Uuid,
    /// How many batches.
    #[schema(minimum = 1, maximum = 10_000)]
    pub batches: i32,
    /// The day it is meant to begin, and not before.
    pub planned_on: NaiveDate,
    /// The campaign that pays it.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// The contract that pays it.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// Anything else worth knowing.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl Fields for ProductionOrderFields {
    fn check(&self, faults: &mut Faults) {
        within(faults, "/batches", Some(self.batches), 1, 10_000);
    }
}

/// A production order.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = production_orders)]
pub struct ProductionOrder {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: ProductionOrderFields,
    /// How far it has come.
    pub status: ProductionStatus,
    /// The day the ingredients were taken.
    pub started_on: Option<NaiveDate>,
    /// The day the product was made.
    pub completed_on: Option<NaiveDate>,
    /// Who said what was made.
    pub completed_by: Option<Uuid>,
    /// The lot that was made.
    pub lot_id: Option<Uuid>,
    /// How many were made, in the item's base unit.
    pub quantity: Option<i64>,
    /// How many of the missing were seen to be lost: broken, spilt.
    pub lost_quantity: Option<i64>,
    /// What was noted when it was made.
    pub completion_note: Option<LongText>,
    /// The day it was released or rejected.
    pub decided_on: Option<NaiveDate>,
    /// The second person, who released or rejected it.
    pub decided_by: Option<Uuid>,
    /// Where the product went when it was released.
    pub released_to_id: Option<Uuid>,
    /// Why it was released, rejected or cancelled.
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

/// A production order with what follows from its recipe.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProductionOrderReport {
    #[serde(flatten)]
    pub order: ProductionOrder,
    /// What it makes.
    pub item_id: Uuid,
    /// Batches × the size of a batch, in the item's base unit.
    pub expected_quantity: i64,
    /// Expected − made; below zero where more was made. Null before it is completed.
    pub loss_quantity: Option<i64>,
    /// Made ÷ expected, in per cent, a decimal. Null before it is completed.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$")]
    pub yield_percent: Option<String>,
    /// 100 − yield, in per cent, a decimal; below zero where more was made. Null before it is completed.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{2}$")]
    pub loss_percent: Option<String>,
}

/// A production order with the lots it used up and the lot it made: the trace in both directions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProductionOrderSheet {
    #[serde(flatten)]
    pub report: ProductionOrderReport,
    /// What the recipe asks for, and what was taken.
    pub ingredients: Vec<IngredientUse>,
    /// The lots that were used up; none before it is started, none after it is cancelled.
    pub consumed: Vec<ActLine>,
    /// The lot that was made; null before it is completed.
    pub product: Option<ProductLot>,
}

/// What an order takes of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct IngredientUse {
    /// The item.
    pub item_id: Uuid,
    /// What the recipe asks for, in the item's base unit.
    pub planned_quantity: i64,
    /// What was taken.
    pub consumed_quantity: i64,
}

/// The lot that an order made.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct ProductLot {
    /// The lot.
    pub lot_id: Uuid,
    /// Its number.
    pub lot_number: Option<String>,
    /// The last day it may be used.
    pub expires_on: Option<NaiveDate>,
    /// Whether it may be used.
    pub status: LotStatus,
}

/// A production order to be planned.
pub type NewProductionOrder = New<ProductionOrderFields>;
/// What is to change about a draft.
pub type ProductionOrderPatch = Merge<ProductionOrderFields>;

/// The ingredients are taken.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"started_on": "2015-03-03"}))]
pub struct ProductionStart {
    /// The day.
    pub started_on: NaiveDate,
    /// Which lots, and how many of each: of every ingredient something, of nothing else. Absent: by the recipe, the first to expire first.
    #[deserr(default)]
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Option<Vec<StockLine>>,
}

/// The product is made.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"completed_on": "2015-03-04", "lot_number": "SAL-15-014", "quantity": 388, "lost_quantity": 10, "note": "Ten bags leaked at the seam."}))]
pub struct ProductionCompletion {
    /// The day; the lot expires so many days later as the recipe says.
    pub completed_on: NaiveDate,
    /// The number of the lot; required where the item's lots expire, absent elsewhere.
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 40)]
    pub lot_number: Option<ShortText>,
    /// How many were made, in the item's base unit. What is spoilt is made too, and then rejected.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub quantity: i64,
    /// How many of the missing were seen to be lost.
    #[deserr(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub lost_quantity: Option<i64>,
    /// Anything else worth knowing.
    #[deserr(default)]
    pub note: Option<LongText>,
}

/// A second person releases the product.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"released_on": "2015-03-10", "to_id": "0193a1c2-0000-7000-8000-000000000009", "reason": "Sterility and pH of five bags were right."}))]
pub struct ProductionRelease {
    /// The day.
    pub released_on: NaiveDate,
    /// The warehouse, store or workshop where the whole lot goes.
    pub to_id: Uuid,
    /// On what ground: 10 to 500 letters.
    pub reason: Reason,
}

/// A second person rejects the product.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"rejected_on": "2015-03-10", "reason": "Two of five bags grew bacteria."}))]
pub struct ProductionRejection {
    /// The day.
    pub rejected_on: NaiveDate,
    /// On what ground: 10 to 500 letters.
    pub reason: Reason,
}

/// Why an order is cancelled or turned round.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "The quantity was counted in the wrong unit."}))]
pub struct ProductionCancellation {
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

/// Which production orders to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProductionOrderFilter {
    /// Those that have come this far.
    #[deserr(default)]
    pub status: Option<ProductionStatus>,
    /// Those that make this item.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
    /// Those of this version of a recipe.
    #[deserr(default)]
    pub recipe_id: Option<Uuid>,
    /// Those that take their ingredients from this place.
    #[deserr(default)]
    pub place_id: Option<Uuid>,
    /// Those that used up or made this lot: the trace in both directions.
    #[deserr(default)]
    pub lot_id: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for ProductionOrderFilter {
    const SORTS: &'static [&'static str] = &["code", "planned_on", "recorded_at"];
}

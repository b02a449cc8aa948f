//! The answers about funding as they travel.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{
    QueryableByName,
    sql_types::{Array, Bool, Date, Integer, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{ApiResult, Code, Faults},
    http::ListFilter,
    types::{Cadre, Currency, KnownAt, Money, in_order},
};

/// The longest horizon, in days: two years.
const LONGEST: i64 = 731;

/// How a figure is reckoned.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FundingRule {
    /// Which figure.
    pub figure: &'static str,
    /// The rule, in a sentence.
    pub rule: &'static str,
    /// Rises when the rule changes.
    pub version: u32,
    /// How many records the rule left out, where that is counted.
    pub left_out: Option<i64>,
}

/// Of which contract, and of which day.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BudgetQuery {
    /// The contract.
    pub contract_id: Uuid,
    /// The day; today when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

/// How the budget of a contract stands on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BudgetReport {
    /// The day.
    pub as_of: NaiveDate,
    /// As it was known at this moment.
    pub known_at: DateTime<Utc>,
    /// The contract.
    pub contract_id: Uuid,
    /// Its code.
    pub contract_code: String,
    /// The currency of every amount here; absent where the contract has none, and so no lines.
    pub currency: Option<Currency>,
    /// Its lines by their codes.
    pub lines: Vec<BudgetLineReport>,
    /// All of them together.
    pub total: BudgetTotal,
    /// How it is reckoned.
    pub method: Vec<FundingRule>,
}

/// How a budget line stands on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BudgetLineReport {
    /// The line.
    pub id: Uuid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it pays for.
    pub category: String,
    #[serde(flatten)]
    pub figures: BudgetFigures,
}

/// What was planned, promised, spent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BudgetFigures {
    /// What there is in all.
    pub amount: Money,
    /// What the months that had begun were meant to take.
    pub planned_to_date: Money,
    /// What was promised and neither spent nor let go.
    pub committed: Money,
    /// What was spent, less what was turned round.
    pub spent: Money,
    /// Spent against planned to date, in percent; absent where nothing was planned.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]$", example = "93.5")]
    pub burn_rate: Option<String>,
    /// What will have been spent at the end; absent before the first day.
    pub forecast: Option<Money>,
    /// The amount less what was spent.
    pub unspent: Money,
    /// The amount less what was spent and what is promised.
    pub free: Money,
}

/// The lines of a contract together, beside the contract itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BudgetTotal {
    #[serde(flatten)]
    pub figures: BudgetFigures,
    /// What the contract pays in all, where that is known.
    pub contract_amount: Option<Money>,
    /// What of it stands on no line.
    pub unbudgeted: Option<Money>,
    /// What was paid in.
    pub received: Money,
    /// What was paid in, less what was spent.
    pub received_less_spent: Money,
}

/// From which day to which.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Horizon {
    /// The first day.
    pub from: NaiveDate,
    /// The last day, within two years.
    pub to: NaiveDate,
}

impl Horizon {
    /// The days in order, and not too many.
    pub fn check(&self) -> ApiResult<()> {
        let mut faults = Faults::default();
        in_order(&mut faults, "/to", Some(self.from), Some(self.to));
        if (self.to - self.from).num_days() >= LONGEST {
            faults.add("/to", Code::OutOfRange);
        }
        Ok(faults.into_result()?)
    }
}

impl ListFilter for Horizon {
    const SORTS: &'static [&'static str] = &["from_on"];
}

/// Who and what loses its line within a horizon.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FundingGaps {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// As it was known at this moment.
    pub known_at: DateTime<Utc>,
    /// The days on which something loses its line.
    pub days: Vec<GapDay>,
    /// How it is reckoned.
    pub method: Vec<FundingRule>,
}

/// What loses its line on a day.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GapDay {
    /// The first day without a line.
    pub on: NaiveDate,
    /// People, each once.
    pub people: i64,
    /// Their posts.
    pub posts: i64,
    /// Facilities that lose their last support by a contract, each once.
    pub facilities: i64,
    /// By the contract that ended.
    pub contracts: Vec<GapContract>,
}

/// What loses its line with one contract.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GapContract {
    /// The contract.
    pub contract_id: Uuid,
    /// Its code.
    pub code: String,
    /// Its last day.
    pub ends_on: NaiveDate,
    /// People, each once.
    pub people: i64,
    /// Their posts.
    pub posts: i64,
    /// Facilities that lose their last support by a contract.
    pub facilities: i64,
    /// What the posts cost a month by the scales that were in force on the day before: one amount a currency.
    pub monthly_costs: Vec<GapCost>,
    /// How many of the posts have no scale.
    pub unpriced_posts: i64,
    /// What the contract said that it pays a month, a decimal.
    pub monthly_amount: Option<String>,
    /// In what currency.
    pub currency: Option<String>,
    /// The contract that renews it.
    pub follow_up: Option<FollowUp>,
}

/// What posts cost a month.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GapCost {
    /// By ISO 4217.
    pub currency: String,
    /// A decimal, exact to the minor unit.
    pub amount: String,
}

/// The contract that follows.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FollowUp {
    /// The contract.
    pub contract_id: Uuid,
    /// Its code.
    pub code: String,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// How many days from the day of the gap to its start; nothing where it has begun.
    pub days_without: i32,
}

/// Which posts lose their line.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GapRowFilter {
    /// The first day without a line.
    pub on: NaiveDate,
}

impl ListFilter for GapRowFilter {
    const SORTS: &'static [&'static str] = &["staff_code"];
}

/// A post that loses its line.
#[derive(Debug, Clone, Serialize, QueryableByName, ToSchema)]
pub struct GapRow {
    /// The assignment.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// The person's record.
    #[diesel(sql_type = SqlUuid)]
    pub staff_id: Uuid,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub staff_code: String,
    /// Where.
    #[diesel(sql_type = SqlUuid)]
    pub facility_id: Uuid,
    /// As what.
    #[diesel(sql_type = Text)]
    pub cadre: Cadre,
    /// The share of full time, in percent.
    #[diesel(sql_type = SmallInt)]
    pub share_percent: i16,
    /// The contract that paid it the day before.
    #[diesel(sql_type = SqlUuid)]
    pub contract_id: Uuid,
}

/// Days on which two contracts pay one person.
#[derive(Debug, Clone, Serialize, QueryableByName, ToSchema)]
pub struct DoubleRow {
    /// Names the pair.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// The person's record.
    #[diesel(sql_type = SqlUuid)]
    pub staff_id: Uuid,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub staff_code: String,
    /// The two assignments.
    #[diesel(sql_type = Array<SqlUuid>)]
    pub assignment_ids: Vec<Uuid>,
    /// The two contracts.
    #[diesel(sql_type = Array<SqlUuid>)]
    pub contract_ids: Vec<Uuid>,
    /// The two shares of full time, in percent.
    #[diesel(sql_type = Array<SmallInt>)]
    pub share_percents: Vec<i16>,
    /// The first day on which both pay.
    #[diesel(sql_type = Date)]
    pub from_on: NaiveDate,
    /// The last.
    #[diesel(sql_type = Date)]
    pub to_on: NaiveDate,
    /// How many days.
    #[diesel(sql_type = Integer)]
    pub days: i32,
}

/// A line as the database tells it.
#[derive(Debug, Clone, QueryableByName)]
pub struct LineFigures {
    /// The line.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub code: String,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// What it pays for.
    #[diesel(sql_type = Text)]
    pub category: String,
    /// What there is in all.
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
    /// What the months that had begun were meant to take.
    #[diesel(sql_type = Numeric)]
    pub planned: Money,
    /// What is held back.
    #[diesel(sql_type = Numeric)]
    pub committed: Money,
    /// What was spent.
    #[diesel(sql_type = Numeric)]
    pub spent: Money,
    /// Whether it has no plan by month.
    #[diesel(sql_type = Bool)]
    pub unplanned: bool,
}

/// A contract as the report of its budget needs it.
#[derive(Debug, Clone, QueryableByName)]
pub struct ContractFigures {
    /// Its code.
    #[diesel(sql_type = Text)]
    pub code: String,
    /// Its currency.
    #[diesel(sql_type = Nullable<Text>)]
    pub currency: Option<Currency>,
    /// What it pays in all.
    #[diesel(sql_type = Nullable<Numeric>)]
    pub amount: Option<Money>,
    /// Its first day.
    #[diesel(sql_type = Date)]
    pub starts_on: NaiveDate,
    /// Its last day.
    #[diesel(sql_type = Date)]
    pub ends_on: NaiveDate,
    /// What was paid in.
    #[diesel(sql_type = Numeric)]
    pub received: Money,
    /// As it was known at this moment.
    #[diesel(sql_type = Timestamptz)]
    pub known_at: DateTime<Utc>,
}

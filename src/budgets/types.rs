//! A budget line as it is stored and travels.

use bigdecimal::{BigDecimal, Zero};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{Code, Faults},
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::budget_lines,
    types::{Cadre, Currency, Flag, KnownAt, LongText, Money, Name, RecordCode, distinct, words},
};

/// The most months of one plan: ten years.
const MOST_MONTHS: usize = 120;
/// The most facilities that one line names.
const MOST_FACILITIES: usize = 200;

words! {
    /// What a line pays for.
    BudgetCategory {
        /// People.
        Stipends = "stipends",
        /// Fuel.
        Fuel = "fuel",
        /// Medicines.
        Medicines = "medicines",
        /// What is used up.
        Consumables = "consumables",
        /// What lasts.
        Equipment = "equipment",
        /// Moving people and goods.
        Transport = "transport",
        /// Rent, power, repairs.
        RunningCosts = "running_costs",
        /// What is given to people.
        Relief = "relief",
        /// The organisation's own share.
        Overhead = "overhead",
        /// Anything else; the name says what.
        Other = "other",
    }
}

/// What people say of a budget line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"contract_id": "0193a1c2-0000-7000-8000-000000000005", "code": "STIPENDS", "name": "Stipends of medical staff",
    "category": "stipends", "amount": "280000.00", "currency": "USD", "cadres": ["doctor", "nurse"],
    "months": [{"month": "2014-05-01", "amount": "35000.00"}, {"month": "2014-06-01", "amount": "35000.00"}]}))]
pub struct BudgetLineFields {
    /// The contract that pays it; it stays.
    pub contract_id: Uuid,
    /// What people call it; never used twice in its contract.
    pub code: RecordCode,
    /// Its name in English or as it is written there.
    pub name: Name,
    /// Its name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// What it pays for.
    pub category: BudgetCategory,
    /// What there is of it in all.
    pub amount: Money,
    /// The currency of its contract.
    pub currency: Currency,
    /// The cadres it is for; empty where it names none.
    #[deserr(default)]
    #[schema(required = false, max_items = 7)]
    pub cadres: Vec<Cadre>,
    /// The facilities it is for; empty where it names none.
    #[deserr(default)]
    #[schema(required = false, max_items = 200)]
    pub facility_ids: Vec<Uuid>,
    /// What is meant to be spent month by month, in rising order; the months come to no more than the line.
    #[deserr(default)]
    #[schema(required = false, max_items = 120)]
    pub months: Vec<BudgetMonth>,
    /// Anything else worth knowing. Never names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
}

/// What is meant to be spent in a month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct BudgetMonth {
    /// The month's first day; a month of the contract.
    pub month: NaiveDate,
    /// How much, in the line's currency.
    pub amount: Money,
}

impl Fields for BudgetLineFields {
    fn check(&self, faults: &mut Faults) {
        positive(faults, "/amount", &self.amount);
        Money::ensure_exact(faults, "/amount", Some(&self.amount), Some(&self.currency));
        distinct(faults, "/cadres", &self.cadres, Cadre::ALL.len());
        distinct(faults, "/facility_ids", &self.facility_ids, MOST_FACILITIES);
        if self.months.len() > MOST_MONTHS {
            faults.add("/months", Code::TooMany);
        }
        let mut last = None;
        for (index, planned) in self.months.iter().enumerate() {
            let at = |field: &str| format!("/months/{index}/{field}");
            if planned.month.day() != 1 {
                faults.add(at("month"), Code::InvalidDate);
            } else if last == Some(planned.month) {
                faults.add(at("month"), Code::Repeated);
            } else if last > Some(planned.month) {
                faults.add(at("month"), Code::DateOrder);
            }
            last = Some(planned.month);
            positive(faults, &at("amount"), &planned.amount);
            Money::ensure_exact(faults, &at("amount"), Some(&planned.amount), Some(&self.currency));
        }
        if self.months.iter().map(|planned| &planned.amount.0).sum::<BigDecimal>() > self.amount.0 {
            faults.add("/months", Code::OutOfRange);
        }
    }
}

/// Money that moves is more than nothing.
pub fn positive(faults: &mut Faults, pointer: &str, amount: &Money) {
    if amount.0.is_zero() {
        faults.add(pointer, Code::OutOfRange);
    }
}

/// What stands in a line's own row of what people said.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = budget_lines, treat_none_as_null = true)]
pub struct BudgetLineHead {
    /// The contract that pays it.
    pub contract_id: Uuid,
    /// What people call it.
    pub code: RecordCode,
    /// Its name.
    pub name: Name,
    /// Its name in Arabic.
    pub name_ar: Option<Name>,
    /// What it pays for.
    pub category: BudgetCategory,
    /// What there is of it in all.
    pub amount: Money,
    /// The currency of its contract.
    pub currency: Currency,
    /// The cadres it is for.
    pub cadres: Vec<Cadre>,
    /// Anything else worth knowing.
    pub note: Option<LongText>,
}

impl From<&BudgetLineFields> for BudgetLineHead {
    fn from(fields: &BudgetLineFields) -> Self {
        Self {
            contract_id: fields.contract_id,
            code: fields.code.clone(),
            name: fields.name.clone(),
            name_ar: fields.name_ar.clone(),
            category: fields.category,
            amount: fields.amount.clone(),
            currency: fields.currency.clone(),
            cadres: fields.cadres.clone(),
            note: fields.note.clone(),
        }
    }
}

/// A line's own row.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = budget_lines)]
pub struct BudgetLineRow {
    /// Its id.
    pub id: Uuid,
    #[diesel(embed)]
    pub head: BudgetLineHead,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A budget line.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BudgetLine {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    pub fields: BudgetLineFields,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

impl BudgetLine {
    /// A row with what hangs on it.
    pub fn new(row: BudgetLineRow, facility_ids: Vec<Uuid>, months: Vec<BudgetMonth>) -> Self {
        let BudgetLineHead { contract_id, code, name, name_ar, category, amount, currency, cadres, note } = row.head;
        Self {
            id: row.id,
            fields: BudgetLineFields {
                contract_id,
                code,
                name,
                name_ar,
                category,
                amount,
                currency,
                cadres,
                facility_ids,
                months,
                note,
            },
            retired_at: row.retired_at,
            revision: row.revision,
            recorded_at: row.recorded_at,
            recorded_by: row.recorded_by,
        }
    }
}

/// A budget line to be added.
pub type NewBudgetLine = New<BudgetLineFields>;
/// What is to change about a budget line.
pub type BudgetLinePatch = Merge<BudgetLineFields>;

/// Which budget lines to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BudgetLineFilter {
    /// Those of this contract.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// Those of this category.
    #[deserr(default)]
    pub category: Option<BudgetCategory>,
    /// Those that name this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for BudgetLineFilter {
    const SORTS: &'static [&'static str] = &["code", "name", "recorded_at"];
}

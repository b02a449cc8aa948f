//! What is asked of supplies, and what is answered.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::{Actor, Scope},
    error::{ApiError, ApiResult, Code, Faults},
    http::Table,
    types::{KnownAt, OneOrTwo, in_order, words},
};

words! {
    /// What supplies are told by.
    SuppliesPart {
        /// The categories of items.
        Category = "category",
        /// The months.
        Month = "month",
        /// The areas in which the facilities stand.
        Area = "area",
        /// The facilities it was sent to.
        Facility = "facility",
    }
}

/// In which parts, of which days and of what supplies is asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuppliesQuery {
    /// One of `category`, `month`, `area`, `facility`, or two of them with a comma between.
    #[param(value_type = String, pattern = "^(category|month|area|facility)(,(category|month|area|facility))?$", example = "category,month")]
    pub by: OneOrTwo<SuppliesPart>,
    /// What moved on this day or later; from the beginning when absent.
    #[deserr(default)]
    pub from: Option<NaiveDate>,
    /// What moved on this day or before; to the last when absent.
    #[deserr(default)]
    pub to: Option<NaiveDate>,
    /// What was sent into this area or below it.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// What was sent to this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// What this campaign pays.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// What this contract pays.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl SuppliesQuery {
    /// Within what is asked.
    pub fn within(&self) -> Within {
        Within {
            from: self.from,
            to: self.to,
            area_id: self.area_id,
            facility_id: self.facility_id,
            campaign_id: self.campaign_id,
            contract_id: self.contract_id,
            known_at: self.known_at,
        }
    }
}

/// Within what supplies are counted.
#[derive(Debug, Clone, Default)]
pub struct Within {
    /// From this day.
    pub from: Option<NaiveDate>,
    /// To this day.
    pub to: Option<NaiveDate>,
    /// Sent into this area.
    pub area_id: Option<Uuid>,
    /// Sent to this facility.
    pub facility_id: Option<Uuid>,
    /// Paid by this campaign.
    pub campaign_id: Option<Uuid>,
    /// Paid by this contract.
    pub contract_id: Option<Uuid>,
    /// As known at this moment.
    pub known_at: Option<KnownAt>,
}

impl Within {
    /// The days in order; contracts and campaigns are not for clerks.
    pub fn check(&self, actor: &Actor) -> ApiResult<()> {
        // From moment to moment, when something left would show.
        if self.known_at.is_some() && !actor.role.sends() {
            return Err(ApiError::new(Code::Forbidden));
        }
        let mut faults = Faults::default();
        in_order(&mut faults, "/to", self.from, self.to);
        if matches!(actor.scope, Scope::Facility(_)) {
            for (pointer, given) in [("/campaign_id", self.campaign_id), ("/contract_id", self.contract_id)] {
                if given.is_some() {
                    faults.add(pointer, Code::UnknownReference);
                }
            }
        }
        Ok(faults.into_result()?)
    }
}

/// Supplies by their parts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Supplies {
    /// From this day.
    pub from: Option<NaiveDate>,
    /// To this day.
    pub to: Option<NaiveDate>,
    /// As it was known at this moment.
    pub known_at: DateTime<Utc>,
    /// What they are told by.
    pub by: Vec<SuppliesPart>,
    /// The whole of each base unit; units are never added up.
    pub totals: Vec<SuppliesTotal>,
    /// The parts; of a unit they add up to the whole.
    pub cells: Vec<SuppliesCell>,
    /// What is known of the value of what did not arrive as it was sent.
    pub values: Vec<SuppliesValue>,
    /// What the parts were worth, as far as their lots say what a unit is.
    pub worth: Vec<SuppliesWorth>,
    /// So many lots say nothing of their value: they are left out of `worth`.
    pub lots_without_value: i64,
    /// How it is counted.
    pub method: Vec<SuppliesRule>,
}

/// How a figure is counted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SuppliesRule {
    /// Which figure.
    pub figure: &'static str,
    /// The rule, in a sentence.
    pub rule: &'static str,
    /// Rises when the rule changes.
    pub version: u32,
}

/// What moved of one base unit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SuppliesTotal {
    /// The unit that items are counted in.
    pub base_unit: String,
    /// Shipments that have something of it on the road in these days.
    pub shipments: i64,
    /// Put onto the road.
    pub sent: i64,
    /// Came where it was sent.
    pub arrived: i64,
    /// Came into a quarantine.
    pub refused: i64,
    /// Lost, looted, seized.
    pub lost: i64,
    /// Came back.
    pub returned: i64,
}

/// One part, of one base unit. What it was not asked by is absent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SuppliesCell {
    /// The category of items.
    pub category: Option<String>,
    /// The first day of the month.
    pub month: Option<NaiveDate>,
    /// The area.
    pub area_id: Option<Uuid>,
    /// Its code.
    pub area_code: Option<String>,
    /// Its name.
    pub area_name: Option<String>,
    /// The facility.
    pub facility_id: Option<Uuid>,
    /// Its code.
    pub facility_code: Option<String>,
    /// Its name.
    pub facility_name: Option<String>,
    /// The unit that items are counted in.
    pub base_unit: String,
    /// Shipments that have something of it on the road in these days.
    pub shipments: i64,
    /// Put onto the road.
    pub sent: i64,
    /// Came where it was sent.
    pub arrived: i64,
    /// Came into a quarantine.
    pub refused: i64,
    /// Lost, looted, seized.
    pub lost: i64,
    /// Came back.
    pub returned: i64,
}

/// What differences of one part were worth, in one currency.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SuppliesValue {
    /// The category of items.
    pub category: Option<String>,
    /// The first day of the month.
    pub month: Option<NaiveDate>,
    /// The area.
    pub area_id: Option<Uuid>,
    /// The facility.
    pub facility_id: Option<Uuid>,
    /// By ISO 4217.
    pub currency: String,
    /// A decimal.
    pub amount: String,
    /// How many discrepancies tell a value.
    pub discrepancies: i64,
}

/// What one part was worth, in one currency. Decimals; what it was not asked by is absent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SuppliesWorth {
    /// The category of items.
    pub category: Option<String>,
    /// The first day of the month.
    pub month: Option<NaiveDate>,
    /// The area.
    pub area_id: Option<Uuid>,
    /// The facility.
    pub facility_id: Option<Uuid>,
    /// By ISO 4217.
    pub currency: String,
    /// Put onto the road.
    pub sent: String,
    /// Came where it was sent.
    pub arrived: String,
    /// Came into a quarantine.
    pub refused: String,
    /// Lost, looted, seized.
    pub lost: String,
    /// Came back.
    pub returned: String,
}

impl Supplies {
    /// One row a part and unit, with the columns it was asked by.
    pub fn table(&self) -> ApiResult<Table> {
        let of = |column: &str| match column {
            "category" => Some(SuppliesPart::Category),
            "month" => Some(SuppliesPart::Month),
            _ if column.starts_with("area_") => Some(SuppliesPart::Area),
            _ if column.starts_with("facility_") => Some(SuppliesPart::Facility),
            _ => None,
        };
        let mut table = Table::of(&self.cells)?;
        table.keep(|column| of(column).is_none_or(|part| self.by.contains(&part)));
        Ok(table)
    }
}

//! Planning figures and alerts as they travel.

use chrono::NaiveDate;
use deserr::Deserr;
use diesel::Queryable;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{ApiResult, Code, Faults},
    http::ListFilter,
    types::{RecordCode, Whole, happened, within, words},
};

/// How an item stands at a place at the end of a day. Version 2 of the rules: a day on which something of it left is no stock-out day, even
/// if none was left at its end; what had expired counts as absent.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct StockPlan {
    /// Of this place and item, always the same.
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
    /// The unit of the quantities.
    pub base_unit: String,
    /// Stock on hand that may be used: lots that are available today and not expired by the day.
    pub stock_on_hand: i64,
    /// Left out of it: what is expired by the day, in quarantine, on hold or recalled.
    pub unusable: i64,
    /// Of the stock on hand, what expires within `expires_within` days.
    pub near_expiry: i64,
    /// Issued within the window, less what was reversed. Losses, count differences and transfers are left out.
    pub consumed: i64,
    /// The days of the window: from its first day, or from the day the item first lay there, to the day asked for.
    pub window_days: i64,
    /// Of these, the days at whose end none of the item lay there that had not expired, and on which none left either.
    pub stock_out_days: i64,
    /// Average monthly consumption: consumed ÷ (days of the window − stock-out days) × 30.5; null where it was never in stock. A decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$")]
    pub average_monthly: Option<String>,
    /// Months of stock: stock on hand ÷ average monthly consumption; null where nothing is consumed. A decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$")]
    pub months_of_stock: Option<String>,
    /// The first day without stock at this consumption; null where nothing is consumed. Expiry before it is not foreseen.
    pub runs_out_on: Option<NaiveDate>,
    /// The version of these rules.
    pub rule_version: i32,
}

/// Of what the planning figures are asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StockPlanFilter {
    /// At the end of this day; today when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
    /// The window in months, 1 to 24; 3 when absent.
    #[deserr(default)]
    #[param(value_type = Option<i32>, minimum = 1, maximum = 24)]
    pub months: Option<Whole>,
    /// How many days ahead an expiry is near, 0 to 730; 90 when absent.
    #[deserr(default)]
    #[param(value_type = Option<i32>, minimum = 0, maximum = 730)]
    pub expires_within: Option<Whole>,
    /// Those at this place.
    #[deserr(default)]
    pub location_id: Option<Uuid>,
    /// Those in the stores of this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those of this item.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
}

impl ListFilter for StockPlanFilter {
    const SORTS: &'static [&'static str] = &["item_code"];
}

impl StockPlanFilter {
    /// Judges the day and the numbers.
    pub fn check(&self) -> ApiResult<()> {
        let mut faults = Faults::default();
        judge(&mut faults, self.as_of, self.expires_within.map(|whole| whole.0));
        within(&mut faults, "/months", self.months.map(|whole| whole.0), 1, 24);
        Ok(faults.into_result()?)
    }
}

words! {
    /// Why a place needs a hand.
    AlertKind {
        /// It was consumed there at any time, and there is none that may be used.
        StockedOut = "stocked_out",
        /// It lasts for less than the least number of months.
        BelowMinimum = "below_minimum",
        /// A lot expires soon.
        Expiring = "expiring",
        /// A lot has expired and still lies outside of quarantine.
        Expired = "expired",
        /// A lot is recalled and still lies outside of quarantine.
        Recalled = "recalled",
    }
}

/// A place that needs a hand.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct StockAlert {
    /// Of this reason, place, item and lot, always the same.
    pub id: Uuid,
    /// Why.
    pub kind: AlertKind,
    /// The place.
    pub location_id: Uuid,
    /// The place's code.
    pub location_code: RecordCode,
    /// The item.
    pub item_id: Uuid,
    /// The item's code.
    pub item_code: RecordCode,
    /// The lot, where it is one.
    pub lot_id: Option<Uuid>,
    /// The lot's number.
    pub lot_number: Option<String>,
    /// How many lie there.
    pub quantity: i64,
    /// The day it expires; the first day without stock at this consumption; or of what is stocked out, the first day it was: the day asked for,
    /// where the last of it left on that day, or what lies there may not be used.
    pub on_day: Option<NaiveDate>,
}

/// Of what alerts are asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StockAlertFilter {
    /// At the end of this day; today when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
    /// Those for this reason.
    #[deserr(default)]
    pub kind: Option<AlertKind>,
    /// How many days ahead an expiry is told, 0 to 730; 90 when absent.
    #[deserr(default)]
    #[param(value_type = Option<i32>, minimum = 0, maximum = 730)]
    pub expires_within: Option<Whole>,
    /// Less than these months of stock are too few, 1 to 24; 1 when absent.
    #[deserr(default)]
    #[param(value_type = Option<i32>, minimum = 1, maximum = 24)]
    pub minimum_months: Option<Whole>,
    /// Those at this place.
    #[deserr(default)]
    pub location_id: Option<Uuid>,
    /// Those in the stores of this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those of this item.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
}

impl ListFilter for StockAlertFilter {
    const SORTS: &'static [&'static str] = &["item_code"];
}

impl StockAlertFilter {
    /// Judges the day and the numbers.
    pub fn check(&self) -> ApiResult<()> {
        let mut faults = Faults::default();
        judge(&mut faults, self.as_of, self.expires_within.map(|whole| whole.0));
        within(&mut faults, "/minimum_months", self.minimum_months.map(|whole| whole.0), 1, 24);
        Ok(faults.into_result()?)
    }
}

/// The ledger is known until today, and was kept since 2011.
fn judge(faults: &mut Faults, as_of: Option<NaiveDate>, expires_within: Option<i64>) {
    if let Some(day) = as_of {
        happened(faults, "/as_of", day);
        if NaiveDate::from_ymd_opt(2011, 1, 1).is_some_and(|first| day < first) {
            faults.add("/as_of", Code::DateOutOfRange);
        }
    }
    within(faults, "/expires_within", expires_within, 0, 730);
}

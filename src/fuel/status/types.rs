//! How a tank stands, as it travels.

use chrono::NaiveDate;
use deserr::Deserr;
use diesel::Queryable;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{ApiResult, Code, Faults},
    http::ListFilter,
    types::{Flag, RecordCode, Whole, happened, within, words},
};

words! {
    /// Why a tank is an alarm.
    FuelAlarm {
        /// The book says that there is nothing in it.
        Empty = "empty",
        /// No generator in use is fed by it: nobody can say how long it lasts.
        NoGenerator = "no_generator",
        /// A day before the one asked for lacks the hours of a generator in use: what was burned is not known, and no number can be trusted.
        NoHours = "no_hours",
        /// The hours of autonomy are fewer than the tank's threshold.
        BelowThreshold = "below_threshold",
    }
}

/// How a tank stands at the end of a day. Version 2 of the rules: a day without hours is told and is an alarm, no longer a day without use;
/// what was issued by hand before the first hours explains none of them; use is measured up to the newest dip, however old; fuels are not added up.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct FuelStatus {
    /// The tank.
    pub id: Uuid,
    /// The tank's code.
    pub tank_code: RecordCode,
    /// The tank's name.
    pub tank_name: String,
    /// Its place in the ledger.
    pub location_id: Uuid,
    /// Its facility; null where it stands on a warehouse.
    pub facility_id: Option<Uuid>,
    /// The facility's code.
    pub facility_code: Option<RecordCode>,
    /// How much it holds.
    pub capacity_litres: i64,
    /// What the ledger says of the end of the day.
    pub book_litres: i64,
    /// The day of the newest dip until then.
    pub dipped_on: Option<NaiveDate>,
    /// What that dip measured.
    pub dipped_litres: Option<i64>,
    /// What the book does not know of yet. Since the newest dip: recorded hours × litres per hour. Of a tank that was never dipped: the
    /// same, less what was issued by hand since the first day with hours, and not below zero. A decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$")]
    pub burned_since_litres: String,
    /// What is likely left: book less burned since, not below zero. A decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$")]
    pub estimated_litres: String,
    /// The first day of the window over which use is measured: the day after a dip, where there are two, or the first day that anything lay there.
    pub window_starts_on: Option<NaiveDate>,
    /// Its last day: that of the newest dip, however old; the day asked for, where it was never dipped.
    pub window_ends_on: NaiveDate,
    /// The days of the window.
    pub window_days: i64,
    /// Of these, the days at whose end there was nothing in it.
    pub stock_out_days: i64,
    /// What went from it to consumption within the window, less what was turned round.
    pub consumed_litres: i64,
    /// Consumed ÷ (days of the window − stock-out days); null where that is none. A decimal.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{2}$")]
    pub litres_per_day: Option<String>,
    /// What the dips of the window found missing from the book, less what they found more.
    pub burned_litres: i64,
    /// What generators should have burned until these dips. A decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$")]
    pub expected_litres: String,
    /// Burned less expected: above zero is fuel that no generator explains. A decimal.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{2}$")]
    pub unexplained_litres: String,
    /// What all its generators in use burn in an hour, while they run; null where there is none. A decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$")]
    pub litres_per_hour: Option<String>,
    /// Hours run ÷ days that were recorded, all generators together, within the `days` asked for; null where none was recorded. A decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]$")]
    pub hours_per_day: Option<String>,
    /// Until this day the hours of all generators in use are whole; null where there is none.
    pub hours_until_on: Option<NaiveDate>,
    /// How many days before the day asked for lack the hours of a generator in use: days after the newest dip, since the generator was fed by
    /// the tank, and since anything lay in it. A day without running is written as 0 hours.
    pub hours_missing_days: i64,
    /// Hours of autonomy while all generators run: estimated litres ÷ litres per hour, rounded down. A decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]$")]
    pub autonomy_hours: Option<String>,
    /// Days at the use of the window: estimated litres ÷ litres per day, rounded down; null where nothing is used, or it was never dipped. A decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]$")]
    pub autonomy_days: Option<String>,
    /// The same for all tanks of the facility that hold the same fuel, as if it were carried between them: estimated litres ÷ litres per hour. A decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]$")]
    pub facility_autonomy_hours: Option<String>,
    /// Autonomy below this many hours is an alarm.
    pub alarm_hours: i32,
    /// Whether it needs a hand.
    pub alarm: bool,
    /// Why; the first that holds.
    pub reason: Option<FuelAlarm>,
    /// The version of these rules.
    pub rule_version: i32,
}

/// Of what tanks is asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FuelStatusFilter {
    /// At the end of this day; today when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
    /// Over so many days, 1 to 366; 30 when absent.
    #[deserr(default)]
    #[param(value_type = Option<i32>, minimum = 1, maximum = 366)]
    pub days: Option<Whole>,
    /// Those of this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those in this area or below it.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// This tank.
    #[deserr(default)]
    pub tank_id: Option<Uuid>,
    /// `true`: those that need a hand; `false`: the others.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub alarm: Option<Flag>,
}

impl ListFilter for FuelStatusFilter {
    const SORTS: &'static [&'static str] = &["tank_code"];
}

impl FuelStatusFilter {
    /// Judges the day and the number.
    pub fn check(&self) -> ApiResult<()> {
        let mut faults = Faults::default();
        if let Some(day) = self.as_of {
            happened(&mut faults, "/as_of", day);
            if NaiveDate::from_ymd_opt(2011, 1, 1).is_some_and(|first| day < first) {
                faults.add("/as_of", Code::DateOutOfRange);
            }
        }
        within(&mut faults, "/days", self.days.map(|whole| whole.0), 1, 366);
        Ok(faults.into_result()?)
    }
}

//! A dip as it is stored and travels.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::Queryable;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::Faults,
    http::ListFilter,
    types::{Flag, LongText, Reason, RecordCode},
};

/// What was measured in a tank at the end of a day.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"tank_id": "0193a1c2-0000-7000-8000-000000000011", "dipped_on": "2015-03-02", "litres": 3150}))]
pub struct NewFuelDip {
    /// Chosen by the client (UUID), or made by the service when absent.
    #[deserr(default)]
    pub id: Option<Uuid>,
    /// The tank.
    pub tank_id: Uuid,
    /// The day at whose end it was measured. A later dip of the tank must not stand.
    pub dipped_on: NaiveDate,
    /// What was measured, in litres: not more than the tank holds.
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub litres: i64,
    /// Why there is what there is; required where there is more than the book says.
    #[deserr(default)]
    pub reason: Option<Reason>,
    /// Anything else worth knowing. Never coordinates or names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
}

/// Why a dip is turned round.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "The stick was read from the wrong end."}))]
pub struct FuelDipReversal {
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

/// A dip, what the book said before it, and what the generators explain of the difference.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct FuelDip {
    /// Its id; the documents that it posted bear it as `act_id`.
    pub id: Uuid,
    /// The tank.
    pub tank_id: Uuid,
    /// The tank's code.
    pub tank_code: RecordCode,
    /// The tank's facility; null where it stands on a warehouse.
    pub facility_id: Option<Uuid>,
    /// The day at whose end it was measured.
    pub dipped_on: NaiveDate,
    /// What was measured, in litres.
    pub litres: i64,
    /// What the ledger said of the end of that day before the dip.
    pub book_litres: i64,
    /// Measured less book: below zero is what was burned since the dip before, above zero what the book did not know of.
    pub difference_litres: i64,
    /// The day of the dip before; null for the first, which answers for all days until its own.
    pub previous_on: Option<NaiveDate>,
    /// What the generators of the tank should have burned since then: hours × litres per hour. A decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$")]
    pub expected_litres: String,
    /// Burned less expected: above zero is fuel that no generator explains. A decimal.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{2}$")]
    pub unexplained_litres: String,
    /// How much may be unexplained, by the tank's tolerance on the day it was written. A decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$")]
    pub tolerance_litres: String,
    /// Whether more than the tolerance is unexplained, in either direction.
    pub beyond_tolerance: bool,
    /// Why there is what there is.
    pub reason: Option<Reason>,
    /// Anything else worth knowing.
    pub note: Option<LongText>,
    /// When it was turned round: then it no longer counts.
    pub reversed_at: Option<DateTime<Utc>>,
    /// Why it was turned round.
    pub reversal_reason: Option<Reason>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

impl FuelDip {
    /// Whether these words made it.
    pub fn is_made_of(&self, new: &NewFuelDip) -> bool {
        (self.tank_id, self.dipped_on, self.litres) == (new.tank_id, new.dipped_on, new.litres)
            && (&self.reason, &self.note) == (&new.reason, &new.note)
    }
}

/// Which dips to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FuelDipFilter {
    /// Those of this tank.
    #[deserr(default)]
    pub tank_id: Option<Uuid>,
    /// Those of this facility's tanks.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those of this day or later.
    #[deserr(default)]
    pub since_on: Option<NaiveDate>,
    /// Those of this day or earlier.
    #[deserr(default)]
    pub until_on: Option<NaiveDate>,
    /// Those beyond their tolerance, or within it.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub beyond_tolerance: Option<Flag>,
    /// `true`: those that were turned round; else those that count.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub reversed: Option<Flag>,
}

impl ListFilter for FuelDipFilter {
    const SORTS: &'static [&'static str] = &["dipped_on"];
}

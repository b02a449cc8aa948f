//! A tank as it is stored and travels.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{Code, Faults},
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::fuel_tanks,
    types::{Amount, Flag, Name, RecordCode, within, words},
};

/// The largest tank, in litres.
const MOST_LITRES: i64 = 10_000_000;
/// The longest autonomy that an alarm can ask for: a year.
const MOST_HOURS: i32 = 8760;

words! {
    /// What a tolerance is measured in.
    ToleranceUnit {
        /// Litres.
        Litres = "litres",
        /// Per cent of the book before the dip.
        Percent = "percent",
    }
}

/// What people say of a tank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = fuel_tanks, treat_none_as_null = true)]
#[schema(example = json!({"code": "TANK-HOS-01", "name": "Diesel of Cave Hospital", "location_id": "0193a1c2-0000-7000-8000-000000000009",
    "item_id": "0193a1c2-0000-7000-8000-000000000004", "capacity_litres": 5000, "alarm_hours": 24, "tolerance": "5.00", "tolerance_unit": "percent"}))]
pub struct FuelTankFields {
    /// What people call it in reports; never used twice.
    pub code: RecordCode,
    /// Its name in English.
    pub name: Name,
    /// Its name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// Its place in the ledger: a facility's store or a warehouse that holds nothing else. One tank a place.
    pub location_id: Uuid,
    /// Its fuel: an item of category `fuel`, counted in `litre`, without expiry, not controlled.
    pub item_id: Uuid,
    /// How much it holds, in litres.
    #[schema(minimum = 1, maximum = 10_000_000)]
    pub capacity_litres: i64,
    /// Less autonomy than so many hours is an alarm; 24 when absent.
    #[deserr(default = 24)]
    #[schema(required = false, minimum = 1, maximum = 8760, default = 24)]
    pub alarm_hours: i32,
    /// How far what a dip finds may lie from what was expected: a decimal.
    pub tolerance: Amount,
    /// What the tolerance is measured in.
    pub tolerance_unit: ToleranceUnit,
}

impl Fields for FuelTankFields {
    fn check(&self, faults: &mut Faults) {
        within(faults, "/capacity_litres", Some(self.capacity_litres), 1, MOST_LITRES);
        within(faults, "/alarm_hours", Some(self.alarm_hours), 1, MOST_HOURS);
        let most = match self.tolerance_unit {
            ToleranceUnit::Litres => BigDecimal::from(MOST_LITRES),
            ToleranceUnit::Percent => BigDecimal::from(100),
        };
        if self.tolerance.0 > most {
            faults.add("/tolerance", Code::OutOfRange);
        }
    }
}

/// A tank.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = fuel_tanks)]
pub struct FuelTank {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: FuelTankFields,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A tank to be added.
pub type NewFuelTank = New<FuelTankFields>;
/// What is to change about a tank. Its place and its fuel change only before anything came of them.
pub type FuelTankPatch = Merge<FuelTankFields>;

/// Which tanks to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FuelTankFilter {
    /// Those of this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// The one at this place.
    #[deserr(default)]
    pub location_id: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for FuelTankFilter {
    const SORTS: &'static [&'static str] = &["code", "name", "recorded_at"];
}

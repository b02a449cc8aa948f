//! A generator as it is stored and travels.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{Code, Faults},
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::generators,
    types::{Amount, Flag, Name, RecordCode, happened},
};

/// What people say of a generator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = generators, treat_none_as_null = true)]
#[schema(example = json!({"code": "GEN-HOS-01", "name": "Perkins 60 kVA", "facility_id": "0193a1c2-0000-7000-8000-000000000001",
    "tank_id": "0193a1c2-0000-7000-8000-000000000011", "litres_per_hour": "12.50", "since_on": "2013-08-01"}))]
pub struct GeneratorFields {
    /// What people call it in reports; never used twice.
    pub code: RecordCode,
    /// Its name in English.
    pub name: Name,
    /// Its name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// The facility that it gives power to.
    pub facility_id: Uuid,
    /// The tank that feeds it: one of the same facility.
    pub tank_id: Uuid,
    /// What it is expected to burn while it runs, in litres: a decimal from 0.01 to 1000.
    pub litres_per_hour: Amount,
    /// Since when this tank feeds it at this rate. Days that were recorded keep the tank and the rate they had.
    pub since_on: NaiveDate,
}

impl Fields for GeneratorFields {
    fn check(&self, faults: &mut Faults) {
        let rates = BigDecimal::new(1.into(), 2)..=BigDecimal::from(1000);
        if !rates.contains(&self.litres_per_hour.0) {
            faults.add("/litres_per_hour", Code::OutOfRange);
        }
        happened(faults, "/since_on", self.since_on);
    }
}

/// A generator.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = generators)]
pub struct Generator {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: GeneratorFields,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A generator to be added.
pub type NewGenerator = New<GeneratorFields>;
/// What is to change about a generator.
pub type GeneratorPatch = Merge<GeneratorFields>;

/// Which generators to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GeneratorFilter {
    /// Those of this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those that this tank feeds.
    #[deserr(default)]
    pub tank_id: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for GeneratorFilter {
    const SORTS: &'static [&'static str] = &["code", "name", "recorded_at"];
}

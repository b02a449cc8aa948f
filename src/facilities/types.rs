//! A facility as it is stored and travels.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::Faults,
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::facilities,
    types::{Flag, KnownAt, LongText, Name, RecordCode, distinct, in_order, within, words},
};

words! {
    /// What a facility serves as. One facility may serve as several.
    FacilityKind {
        Hospital = "hospital",
        PrimaryCareCenter = "primary_care_center",
        NursingHome = "nursing_home",
        MedicalPoint = "medical_point",
        MobileClinic = "mobile_clinic",
    }
}

/// What people say of a facility.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = facilities, treat_none_as_null = true)]
#[schema(example = json!({"code": "HOS-21", "name": "Cave Hospital", "name_ar": "مستشفى الكهف", "kinds": ["hospital"],
    "area_id": "0193a1c2-0000-7000-8000-000000000001", "beds": 40, "opened_on": "2013-02-01"}))]
pub struct FacilityFields {
    /// What people call it in reports; never used twice.
    pub code: RecordCode,
    /// Its name in English or as it is written there.
    pub name: Name,
    /// Its name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// Other names it is known by.
    #[deserr(default)]
    #[schema(required = false, max_items = 20)]
    pub aliases: Vec<Name>,
    /// What it serves as: one kind or several.
    #[schema(min_items = 1, max_items = 5)]
    pub kinds: Vec<FacilityKind>,
    /// The area it stands in.
    pub area_id: Uuid,
    /// The organisation that runs it.
    #[deserr(default)]
    pub operator_id: Option<Uuid>,
    /// Beds, 0 to 10,000.
    #[deserr(default)]
    #[schema(minimum = 0, maximum = 10000)]
    pub beds: Option<i32>,
    /// The first day it was open; absent when it was always there.
    #[deserr(default)]
    pub opened_on: Option<NaiveDate>,
    /// The first day it was no longer open.
    #[deserr(default)]
    pub closed_on: Option<NaiveDate>,
    /// Anything else worth knowing. Never coordinates or names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
    /// Says that this is not the facility of the same name in the same area.
    #[deserr(default)]
    #[schema(required = false)]
    pub same_name_confirmed: bool,
}

impl Fields for FacilityFields {
    fn check(&self, faults: &mut Faults) {
        if self.kinds.is_empty() {
            faults.add("/kinds", crate::error::Code::Required);
        }
        distinct(faults, "/kinds", &self.kinds, 5);
        distinct(faults, "/aliases", &self.aliases, 20);
        within(faults, "/beds", self.beds, 0, 10_000);
        in_order(faults, "/closed_on", self.opened_on.and_then(|day| day.succ_opt()), self.closed_on);
    }
}

/// A facility.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = facilities)]
pub struct Facility {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: FacilityFields,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A facility to be added.
pub type NewFacility = New<FacilityFields>;
/// What is to change about a facility.
pub type FacilityPatch = Merge<FacilityFields>;

/// Which facilities to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FacilityFilter {
    /// Those that serve as this kind.
    #[deserr(default)]
    pub kind: Option<FacilityKind>,
    /// Those in this area or below it.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// Those run by this organisation.
    #[deserr(default)]
    pub operator_id: Option<Uuid>,
    /// Those open on this day.
    #[deserr(default)]
    pub open_on: Option<NaiveDate>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for FacilityFilter {
    const SORTS: &'static [&'static str] = &["code", "name", "recorded_at"];
}

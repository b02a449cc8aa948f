//! A facility's support as it travels.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::Queryable;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::Faults,
    facilities::FacilityKind,
    http::{ListFilter, Merge, New},
    types::{Flag, KnownAt, Name, RecordCode, in_order},
};

/// What people say of a support.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"facility_id": "0193a1c2-0000-7000-8000-000000000001", "starts_on": "2014-06-01"}))]
pub struct SupportFields {
    /// The facility that is supported.
    pub facility_id: Uuid,
    /// The first day; absent when it is that of what supports.
    #[deserr(default)]
    pub starts_on: Option<NaiveDate>,
    /// The last day; absent when it is that of what supports.
    #[deserr(default)]
    pub ends_on: Option<NaiveDate>,
}

/// What can change about a support: its days. Another facility is another support.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"ends_on": "2014-11-30"}))]
pub struct SupportPeriod {
    /// The first day; absent when it is that of what supports.
    #[deserr(default)]
    pub starts_on: Option<NaiveDate>,
    /// The last day; absent when it is that of what supports.
    #[deserr(default)]
    pub ends_on: Option<NaiveDate>,
}

impl SupportPeriod {
    /// The end may not lie before the start.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        in_order(&mut faults, "/ends_on", self.starts_on, self.ends_on);
        faults.into_result()
    }
}

/// The support of a facility.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct Support {
    /// Its id; a partner is told another.
    pub id: Uuid,
    /// The facility; not told to partners, whose grants give ids of their own.
    #[schema(required = false)]
    pub facility_id: Uuid,
    /// The facility's code.
    pub facility_code: RecordCode,
    /// The facility's name; not told to partners.
    #[schema(required = false)]
    pub facility_name: Name,
    /// What the facility serves as; not told to partners.
    #[schema(required = false)]
    pub facility_kinds: Vec<FacilityKind>,
    /// The first day, where it is not that of what supports.
    pub starts_on: Option<NaiveDate>,
    /// The last day, where it is not that of what supports.
    pub ends_on: Option<NaiveDate>,
    /// When it was retired; not told to partners.
    #[schema(required = false)]
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag; not told to partners.
    #[schema(required = false)]
    pub revision: i64,
    /// When this revision was recorded; not told to partners.
    #[schema(required = false)]
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it; not told to partners.
    #[schema(required = false)]
    pub recorded_by: Uuid,
}

impl Support {
    /// Its days.
    pub fn period(&self) -> SupportPeriod {
        SupportPeriod { starts_on: self.starts_on, ends_on: self.ends_on }
    }

    /// Whether these fields would make this support.
    pub fn is_made_of(&self, fields: &SupportFields) -> bool {
        self.facility_id == fields.facility_id && self.period() == fields.period()
    }
}

impl SupportFields {
    /// Its days.
    pub fn period(&self) -> SupportPeriod {
        SupportPeriod { starts_on: self.starts_on, ends_on: self.ends_on }
    }
}

/// A support to be added.
pub type NewSupport = New<SupportFields>;
/// What is to change about a support.
pub type SupportPatch = Merge<SupportPeriod>;

/// Which supports to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SupportFilter {
    /// Those of this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those whose facility serves as this kind.
    #[deserr(default)]
    pub kind: Option<FacilityKind>,
    /// Those whose own days hold this day.
    #[deserr(default)]
    pub on: Option<NaiveDate>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for SupportFilter {
    const SORTS: &'static [&'static str] = &["facility_code", "recorded_at"];
}

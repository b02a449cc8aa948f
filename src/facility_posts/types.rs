//! A planned post as it is stored and travels.

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
    schema::facility_posts,
    types::{Cadre, Flag, LongText, in_order, within},
};

/// The most of one cadre that are planned for one facility.
const MOST_PLANNED: i32 = 10_000;

/// How many of a cadre a facility should have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = facility_posts, treat_none_as_null = true)]
#[schema(example = json!({"cadre": "nurse", "planned": 12, "starts_on": "2015-01-01", "ends_on": "2015-12-31"}))]
pub struct FacilityPostFields {
    /// What the posts ask for.
    pub cadre: Cadre,
    /// How many people: 0 to 10,000.
    #[schema(minimum = 0, maximum = 10000)]
    pub planned: i32,
    /// The first day of the plan.
    pub starts_on: NaiveDate,
    /// The last day; absent while no end is known.
    #[deserr(default)]
    pub ends_on: Option<NaiveDate>,
    /// What the plan rests on.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl Fields for FacilityPostFields {
    fn check(&self, faults: &mut Faults) {
        within(faults, "/planned", Some(self.planned), 0, MOST_PLANNED);
        in_order(faults, "/ends_on", Some(self.starts_on), self.ends_on);
    }
}

/// A planned number of a cadre at a facility.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = facility_posts)]
pub struct FacilityPost {
    /// Its id.
    pub id: Uuid,
    /// The facility.
    pub facility_id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: FacilityPostFields,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A plan to be added.
pub type NewFacilityPost = New<FacilityPostFields>;
/// What is to change about a plan.
pub type FacilityPostPatch = Merge<FacilityPostFields>;

/// Which plans of a facility to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FacilityPostFilter {
    /// Those of this cadre.
    #[deserr(default)]
    pub cadre: Option<Cadre>,
    /// Those that hold on this day.
    #[deserr(default)]
    pub on: Option<NaiveDate>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for FacilityPostFilter {
    const SORTS: &'static [&'static str] = &["starts_on"];
}

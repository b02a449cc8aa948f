//! An assignment as it is stored and travels.

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
    schema::assignments,
    types::{Cadre, Flag, KnownAt, Reason, ShortText, in_order, within},
};

/// What people say of a post and who holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = assignments, treat_none_as_null = true)]
#[schema(example = json!({"staff_id": "0193a1c2-0000-7000-8000-000000000002", "facility_id": "0193a1c2-0000-7000-8000-000000000003",
    "cadre": "doctor", "role": "emergency doctor", "share_percent": 60, "starts_on": "2014-05-01", "ends_on": "2014-12-31"}))]
pub struct AssignmentFields {
    /// The person who holds the post.
    pub staff_id: Uuid,
    /// Where the post is.
    pub facility_id: Uuid,
    /// What the post asks for; a doctor may hold an administrative post.
    pub cadre: Cadre,
    /// What the post is called.
    #[deserr(default)]
    pub role: Option<ShortText>,
    /// The share of full time, 1 to 100 percent; full time when absent.
    #[deserr(default = 100)]
    #[schema(required = false, minimum = 1, maximum = 100, default = 100)]
    pub share_percent: i16,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day; absent while no end is known.
    #[deserr(default)]
    pub ends_on: Option<NaiveDate>,
    /// The contract that pays it.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// Why the person may work more than full time while this post is held.
    #[deserr(default)]
    pub share_waiver: Option<Reason>,
}

impl Fields for AssignmentFields {
    fn check(&self, faults: &mut Faults) {
        within(faults, "/share_percent", Some(self.share_percent), 1, 100);
        in_order(faults, "/ends_on", Some(self.starts_on), self.ends_on);
    }
}

/// A post and who holds it.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = assignments)]
pub struct Assignment {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: AssignmentFields,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A post to be given.
pub type NewAssignment = New<AssignmentFields>;
/// What is to change about a post.
pub type AssignmentPatch = Merge<AssignmentFields>;

/// Which assignments to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AssignmentFilter {
    /// Those of this person.
    #[deserr(default)]
    pub staff_id: Option<Uuid>,
    /// Those at this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those that this contract pays.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// Posts of this cadre.
    #[deserr(default)]
    pub cadre: Option<Cadre>,
    /// Posts held on this day.
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

impl ListFilter for AssignmentFilter {
    const SORTS: &'static [&'static str] = &["starts_on", "recorded_at"];
}

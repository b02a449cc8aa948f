//! Candidates, distinctions and merges as they travel.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{Code, Faults},
    http::{ListFilter, New},
    register::Fields,
    schema::staff_distinctions,
    types::{Flag, Reason, words},
};

words! {
    /// What two records have in common.
    MatchSign {
        /// Names that may be one name: several other names would fit as well.
        Name = "name",
        /// Telephone numbers that may be one number.
        Phone = "phone",
        /// The cadre.
        Cadre = "cadre",
        /// The area they are employed from.
        Area = "area",
    }
}

/// Two records that may be of one person, by pseudonym.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct StaffPair {
    /// Names the pair.
    pub id: Uuid,
    /// From 1, the likeliest: name and telephone; 2: name, cadre and area; 3: name and cadre; 4: telephone, cadre and area.
    pub rank: i32,
    /// The one record.
    pub staff_id: Uuid,
    /// Its code.
    pub code: String,
    /// The other record.
    pub other_id: Uuid,
    /// Its code.
    pub other_code: String,
    /// What they have in common.
    pub why: Vec<MatchSign>,
}

/// Which pairs to list: the likeliest first.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PairFilter {
    /// Those of this person.
    #[deserr(default)]
    pub staff_id: Option<Uuid>,
}

impl ListFilter for PairFilter {
    const SORTS: &'static [&'static str] = &["rank"];
}

/// That two records are of two people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = staff_distinctions)]
#[schema(example = json!({"other_id": "0193a1c2-0000-7000-8000-000000000009", "reason": "Cousins of one name; both were met in person."}))]
pub struct DistinctionFields {
    /// The record that is of somebody else.
    pub other_id: Uuid,
    /// How that is known. Never names of people.
    pub reason: Reason,
}

impl Fields for DistinctionFields {}

/// A pair to be told apart.
pub type NewDistinction = New<DistinctionFields>;

/// Two records that somebody has told apart.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = staff_distinctions)]
pub struct Distinction {
    /// Its id.
    pub id: Uuid,
    /// The record that it was told of.
    pub staff_id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: DistinctionFields,
    /// When it was taken back.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// Which distinctions of a person to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DistinctionFilter {
    /// `true`: those that were taken back; else those that stand.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for DistinctionFilter {
    const SORTS: &'static [&'static str] = &["recorded_at"];
}

/// That a record is of the same person as another, which takes its place.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"into_id": "0193a1c2-0000-7000-8000-000000000008", "reason": "Entered at both facilities; the papers are of one person."}))]
pub struct StaffMerge {
    /// The record that stays.
    pub into_id: Uuid,
    /// How it is known that they are one.
    pub reason: Reason,
    /// Why the person may work more than full time, where their posts together are more than that.
    #[deserr(default)]
    pub share_waiver: Option<Reason>,
}

impl StaffMerge {
    /// Nobody takes their own place.
    pub fn check(&self, from: Uuid) -> Result<(), Faults> {
        let mut faults = Faults::default();
        if self.into_id == from {
            faults.add("/into_id", Code::MergedIntoItself);
        }
        faults.into_result()
    }
}

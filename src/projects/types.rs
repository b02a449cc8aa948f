//! A project as it is stored and travels.

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
    schema::projects,
    types::{Flag, KnownAt, LongText, Name, RecordCode, in_order},
};

/// What people say of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = projects, treat_none_as_null = true)]
#[schema(example = json!({"code": "NORWAC-STAFF", "name": "Medical staff of both Ghoutas", "name_ar": "كوادر الغوطتين الطبية",
    "organization_id": "0193a1c2-0000-7000-8000-000000000001", "starts_on": "2014-05-01", "ends_on": "2016-02-15"}))]
pub struct ProjectFields {
    /// What people call it in reports; never used twice.
    pub code: RecordCode,
    /// Its name in English or as it is written there.
    pub name: Name,
    /// Its name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// The partner whose project it is; absent when it is our own.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
    /// What is done, and for whom.
    #[deserr(default)]
    pub description: Option<LongText>,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// Its last day; absent while it is open.
    #[deserr(default)]
    pub ends_on: Option<NaiveDate>,
}

impl Fields for ProjectFields {
    fn check(&self, faults: &mut Faults) {
        in_order(faults, "/ends_on", Some(self.starts_on), self.ends_on);
    }
}

/// A project.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = projects)]
pub struct Project {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: ProjectFields,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A project to be added.
pub type NewProject = New<ProjectFields>;
/// What is to change about a project.
pub type ProjectPatch = Merge<ProjectFields>;

/// Which projects to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProjectFilter {
    /// Those of this partner.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
    /// Those that run on this day.
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

impl ListFilter for ProjectFilter {
    const SORTS: &'static [&'static str] = &["code", "name", "starts_on", "recorded_at"];
}

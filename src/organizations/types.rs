//! An organisation as it is stored and travels.

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
    schema::organizations,
    types::{Flag, KnownAt, Name, RecordCode, distinct, words},
};

words! {
    /// What an organisation is to us.
    OrganizationRole {
        /// Our own office.
        Own = "own",
        /// Funds or shares the work by contract.
        Partner = "partner",
        /// Gives.
        Donor = "donor",
        /// Delivers.
        Supplier = "supplier",
    }
}

/// What people say of an organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = organizations, treat_none_as_null = true)]
#[schema(example = json!({"code": "NORWAC", "name": "NORWAC", "name_ar": "نورواك", "aliases": ["NURWAC", "Noorwak"], "roles": ["partner"]}))]
pub struct OrganizationFields {
    /// What people call it in reports; never used twice.
    pub code: RecordCode,
    /// Its name in English or as it writes itself.
    pub name: Name,
    /// Its name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// Other spellings it is met in; none may belong to another organisation.
    #[deserr(default)]
    #[schema(required = false, max_items = 20)]
    pub aliases: Vec<Name>,
    /// What it is to us: one role or several.
    #[schema(min_items = 1, max_items = 4)]
    pub roles: Vec<OrganizationRole>,
}

impl Fields for OrganizationFields {
    fn check(&self, faults: &mut Faults) {
        if self.roles.is_empty() {
            faults.add("/roles", Code::Required);
        }
        distinct(faults, "/roles", &self.roles, 4);
        distinct(faults, "/aliases", &self.aliases, 20);
    }
}

/// An organisation.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = organizations)]
pub struct Organization {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: OrganizationFields,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// An organisation to be added.
pub type NewOrganization = New<OrganizationFields>;
/// What is to change about an organisation.
pub type OrganizationPatch = Merge<OrganizationFields>;

/// Which organisations to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrganizationFilter {
    /// Those that are this to us.
    #[deserr(default)]
    pub role: Option<OrganizationRole>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for OrganizationFilter {
    const SORTS: &'static [&'static str] = &["code", "name", "recorded_at"];
}

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
    types::{Flag, KnownAt, Name, RecordCode, ShortText, distinct, words},
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

words! {
    /// What sort of body an organisation is.
    OrganizationForm {
        /// A state.
        Government = "government",
        /// A part of a state: a province, a town.
        LocalGovernment = "local_government",
        /// Another public body.
        OtherPublic = "other_public",
        /// A non-governmental organisation that works in many countries.
        InternationalNgo = "international_ngo",
        /// One that works in its own country.
        NationalNgo = "national_ngo",
        /// One that works in a region.
        RegionalNgo = "regional_ngo",
        /// One of the country that is helped.
        LocalNgo = "local_ngo",
        /// A body of several states.
        Multilateral = "multilateral",
        /// A foundation.
        Foundation = "foundation",
        /// A company.
        Company = "company",
        /// A school, a university, a research institute.
        Academic = "academic",
        /// Anything else.
        Other = "other",
    }
}

/// What people say of an organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = organizations, treat_none_as_null = true)]
#[schema(example = json!({"code": "NORWAC", "name": "NORWAC", "name_ar": "نورواك", "aliases": ["NURWAC", "Noorwak"], "roles": ["partner"],
    "iati_identifier": "NO-BRC-971277882", "form": "international_ngo"}))]
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
    /// The identifier that it publishes under by IATI: the code of a register and its number there, `NO-BRC-971277882`. No other organisation has it.
    #[deserr(default)]
    #[schema(pattern = r"^[A-Z]{2}-[A-Z0-9]+-[^\s/&|?]{1,60}$", example = "NO-BRC-971277882")]
    pub iati_identifier: Option<ShortText>,
    /// What sort of body it is.
    #[deserr(default)]
    pub form: Option<OrganizationForm>,
}

/// Whether a text is formed as IATI asks of the identifier of an organisation: register, hyphen, number, without `/`, `&`, `|` and `?`.
fn is_iati_identifier(text: &str) -> bool {
    let upper = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let mut parts = text.splitn(3, '-');
    let (Some(country), Some(register), Some(number)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let plain = |letter: char| !letter.is_whitespace() && !matches!(letter, '/' | '&' | '|' | '?');
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && upper(register)
        && (1..=60).contains(&number.chars().count())
        && number.chars().all(plain)
}

impl Fields for OrganizationFields {
    fn check(&self, faults: &mut Faults) {
        if self.roles.is_empty() {
            faults.add("/roles", Code::Required);
        }
        distinct(faults, "/roles", &self.roles, 4);
        distinct(faults, "/aliases", &self.aliases, 20);
        if self.iati_identifier.as_ref().is_some_and(|identifier| !is_iati_identifier(identifier.as_str())) {
            faults.add("/iati_identifier", Code::InvalidFormat);
        }
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

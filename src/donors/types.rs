//! A donor as they are stored and travel.

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
    schema::donors,
    types::{Email, Flag, LongText, Name, RecordCode, ShortText, words},
};

words! {
    /// What a donor is.
    DonorKind {
        Person = "person",
        /// An organisation of the register.
        Organization = "organization",
    }
}

/// What people say of a donor; never a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = donors, treat_none_as_null = true)]
#[schema(example = json!({"code": "D-0117", "kind": "person", "note": "Gives every Ramadan."}))]
pub struct DonorFields {
    /// The pseudonym; never used twice.
    pub code: RecordCode,
    /// What they are.
    pub kind: DonorKind,
    /// The organisation, where it is one; it gives under one pseudonym.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
    /// Anything else worth knowing. Never names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl Fields for DonorFields {
    fn check(&self, faults: &mut Faults) {
        match (self.kind, self.organization_id) {
            (DonorKind::Organization, None) => faults.add("/organization_id", Code::Required),
            (DonorKind::Person, Some(_)) => faults.add("/organization_id", Code::UnknownField),
            _ => {}
        }
    }
}

/// A donor, by pseudonym.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = donors)]
pub struct Donor {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: DonorFields,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A donor to be added.
pub type NewDonor = New<DonorFields>;
/// What is to change about a donor.
pub type DonorPatch = Merge<DonorFields>;

/// Which donors to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DonorFilter {
    /// Those that are this.
    #[deserr(default)]
    pub kind: Option<DonorKind>,
    /// That of this organisation.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for DonorFilter {
    const SORTS: &'static [&'static str] = &["code", "recorded_at"];
}

/// Who a donor is. Not `Debug`: nothing prints it.
#[derive(Clone, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"name": "Jane Example", "email": "jane@donor.example", "address": "1 Example Street"}))]
pub struct DonorIdentity {
    /// The name, as they write it.
    pub name: Name,
    /// The name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// Where they are written to.
    #[deserr(default)]
    pub email: Option<Email>,
    /// How they are called.
    #[deserr(default)]
    pub phone: Option<ShortText>,
    /// Where their receipt is sent.
    #[deserr(default)]
    pub address: Option<LongText>,
    /// The account that gifts come from and are given back to.
    #[deserr(default)]
    pub account: Option<ShortText>,
}

/// An identity as it lies in the table.
#[derive(Queryable, Selectable)]
#[diesel(table_name = crate::schema::donor_identities)]
pub struct SealedIdentity {
    /// The key it was sealed with.
    pub key_id: String,
    /// Nonce, cipher text and tag.
    pub sealed: Vec<u8>,
}

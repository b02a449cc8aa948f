//! A person of the staff as they are stored and travel.

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
    schema::staff,
    types::{Cadre, Flag, KnownAt, Language, Name, RecordCode, ShortText, distinct, words},
};

words! {
    /// A person's gender, for the figures that are asked for by it.
    Gender {
        Female = "female",
        Male = "male",
    }
}

words! {
    /// Whether a person may practise.
    LicenceState {
        /// Holds a licence.
        Licensed = "licensed",
        /// Held one that has run out.
        Expired = "expired",
        /// Never held one, or needs none.
        None = "none",
        /// Nobody has asked.
        Unknown = "unknown",
    }
}

words! {
    /// Whether a person can be called on.
    Availability {
        /// For any duty.
        Available = "available",
        /// For some duties, or some hours.
        Limited = "limited",
        /// For none.
        Unavailable = "unavailable",
    }
}

/// How many languages are kept of one person.
const MOST_LANGUAGES: usize = 20;

/// What people say of a person; never a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = staff, treat_none_as_null = true)]
#[schema(example = json!({"code": "S-0741", "cadre": "doctor", "specialty": "anaesthesia", "gender": "female",
    "qualification": "specialist certificate", "licence": "licensed", "licence_expires_on": "2016-12-31", "languages": ["ar", "en"],
    "availability": "available", "area_id": "0193a1c2-0000-7000-8000-000000000001"}))]
pub struct StaffFields {
    /// The pseudonym; never used twice.
    pub code: RecordCode,
    /// What the person works as.
    pub cadre: Cadre,
    /// The field of work.
    #[deserr(default)]
    pub specialty: Option<ShortText>,
    /// The gender, where it is known.
    #[deserr(default)]
    pub gender: Option<Gender>,
    /// The highest qualification.
    #[deserr(default)]
    pub qualification: Option<Name>,
    /// The area the person is employed from: who may see the record before any post is held.
    pub area_id: Uuid,
    /// Whether the person may practise; the number of the licence is part of the sealed identity.
    #[deserr(default = LicenceState::Unknown)]
    #[schema(required = false)]
    pub licence: LicenceState,
    /// The last day of the licence.
    #[deserr(default)]
    pub licence_expires_on: Option<NaiveDate>,
    /// The languages the person works in, by ISO 639.
    #[deserr(default)]
    #[schema(required = false, max_items = 20)]
    pub languages: Vec<Language>,
    /// Whether the person can be called on.
    #[deserr(default = Availability::Available)]
    #[schema(required = false)]
    pub availability: Availability,
}

impl Fields for StaffFields {
    fn check(&self, faults: &mut Faults) {
        distinct(faults, "/languages", &self.languages, MOST_LANGUAGES);
        if self.licence_expires_on.is_some() && !matches!(self.licence, LicenceState::Licensed | LicenceState::Expired) {
            faults.add("/licence_expires_on", Code::UnknownField);
        }
    }
}

/// A person of the staff, by pseudonym.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = staff)]
pub struct Staff {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: StaffFields,
    /// The record that took this one's place: both were one person.
    pub merged_into_id: Option<Uuid>,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A person to be added.
pub type NewStaff = New<StaffFields>;
/// What is to change about a person.
pub type StaffPatch = Merge<StaffFields>;

/// Which people to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StaffFilter {
    /// Those of this cadre.
    #[deserr(default)]
    pub cadre: Option<Cadre>,
    /// Those of this gender.
    #[deserr(default)]
    pub gender: Option<Gender>,
    /// Those whose licence stands so.
    #[deserr(default)]
    pub licence: Option<LicenceState>,
    /// Those who work in this language.
    #[deserr(default)]
    pub language: Option<Language>,
    /// Those who can be called on so far.
    #[deserr(default)]
    pub availability: Option<Availability>,
    /// Those employed from this area or below it.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// Those with a post at this facility, on the day of `on` or ever.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those with a post on this day.
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

impl ListFilter for StaffFilter {
    const SORTS: &'static [&'static str] = &["code", "recorded_at"];
}

/// Who a person is. Not `Debug`: nothing prints it.
#[derive(Clone, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"name": "Jane Example", "name_ar": "جين مثال", "phone": "+000 000 000", "identity_document": "ID 000000", "licence_number": "L 00000"}))]
pub struct StaffIdentity {
    /// The name as it is written there or in English.
    pub name: Name,
    /// The name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// How the person is reached.
    #[deserr(default)]
    pub phone: Option<ShortText>,
    /// Kind and number of an identity document.
    #[deserr(default)]
    pub identity_document: Option<ShortText>,
    /// The number of the licence to practise.
    #[deserr(default)]
    pub licence_number: Option<ShortText>,
}

/// An identity as it lies in the table.
#[derive(Queryable, Selectable)]
#[diesel(table_name = crate::schema::staff_identities)]
pub struct SealedIdentity {
    /// The key it was sealed with.
    pub key_id: String,
    /// Nonce, cipher text and tag.
    pub sealed: Vec<u8>,
}

/// What finds the second record of a person whose identity is sealed: keyed digests, cut short.
pub struct MatchKeys {
    /// The key behind them.
    pub key_id: String,
    /// Of the folded names.
    pub names: Vec<String>,
    /// Of the telephone number.
    pub phone: Option<String>,
}

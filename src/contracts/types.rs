//! A contract as it is stored and travels.

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
    schema::contracts,
    types::{Cadre, Currency, Flag, KnownAt, LongText, Money, Name, RecordCode, ShortText, distinct, happened, in_order},
};

/// What people say of a contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = contracts, treat_none_as_null = true)]
#[schema(example = json!({"code": "NORWAC-2014", "name": "NORWAC medical staff 2014", "name_ar": "كوادر نورواك الطبية 2014",
    "organization_id": "0193a1c2-0000-7000-8000-000000000001", "starts_on": "2014-05-01", "ends_on": "2014-12-31",
    "currency": "USD", "monthly_amount": "70000.00", "cadres": ["doctor", "nurse"]}))]
pub struct ContractFields {
    /// What people call it in reports; never used twice.
    pub code: RecordCode,
    /// Its name in English or as it is written there.
    pub name: Name,
    /// Its name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// The partner's own number of it.
    #[deserr(default)]
    pub number: Option<ShortText>,
    /// The partner who pays.
    pub organization_id: Uuid,
    /// The project it belongs to.
    #[deserr(default)]
    pub project_id: Option<Uuid>,
    /// The contract that it renews: of the same partner, with an earlier first day.
    #[deserr(default)]
    pub renews_id: Option<Uuid>,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// Its last day.
    pub ends_on: NaiveDate,
    /// The currency of its amounts.
    #[deserr(default)]
    pub currency: Option<Currency>,
    /// What it pays in all, where that is known.
    #[deserr(default)]
    pub amount: Option<Money>,
    /// What it pays a month, where that is known.
    #[deserr(default)]
    pub monthly_amount: Option<Money>,
    /// The cadres it pays; empty where it names none.
    #[deserr(default)]
    #[schema(required = false, max_items = 7)]
    pub cadres: Vec<Cadre>,
    /// The day it was signed, where that was before it was entered; else it is signed by an act. From then on its terms change by
    /// amendments only, and money may move.
    #[deserr(default)]
    pub signed_on: Option<NaiveDate>,
    /// What the partner is to be told, and when.
    #[deserr(default)]
    pub reporting_duties: Option<LongText>,
    /// Anything else worth knowing. Never names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl Fields for ContractFields {
    fn check(&self, faults: &mut Faults) {
        in_order(faults, "/ends_on", Some(self.starts_on), Some(self.ends_on));
        distinct(faults, "/cadres", &self.cadres, Cadre::ALL.len());
        Money::ensure_exact(faults, "/amount", self.amount.as_ref(), self.currency.as_ref());
        Money::ensure_exact(faults, "/monthly_amount", self.monthly_amount.as_ref(), self.currency.as_ref());
        if let Some(day) = self.signed_on {
            happened(faults, "/signed_on", day);
        }
        if self.currency.is_none() && (self.amount.is_some() || self.monthly_amount.is_some()) {
            faults.add("/currency", Code::Required);
        }
    }
}

/// A contract.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = contracts)]
pub struct Contract {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: ContractFields,
    /// The paper that bears the signatures.
    pub signature_attachment_id: Option<Uuid>,
    /// How many amendments stand.
    pub amendments: i32,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A contract to be added.
pub type NewContract = New<ContractFields>;
/// What is to change about a contract.
pub type ContractPatch = Merge<ContractFields>;

/// Which contracts to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContractFilter {
    /// Those of this partner.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
    /// Those of this project.
    #[deserr(default)]
    pub project_id: Option<Uuid>,
    /// Those that run on this day.
    #[deserr(default)]
    pub on: Option<NaiveDate>,
    /// Those in this currency.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub currency: Option<Currency>,
    /// Those that pay this cadre.
    #[deserr(default)]
    pub cadre: Option<Cadre>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for ContractFilter {
    const SORTS: &'static [&'static str] = &["code", "name", "starts_on", "ends_on", "recorded_at"];
}

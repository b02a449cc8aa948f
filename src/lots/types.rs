//! A lot as it is stored and travels.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{Code, Faults},
    http::{ListFilter, New},
    register::Fields,
    schema::lots,
    types::{Currency, Factor, Flag, Name, Reason, ShortText, words},
};

/// The longest number of a lot, in letters.
const LONGEST_NUMBER: usize = 40;

words! {
    /// Whether a lot may be used.
    LotStatus {
        /// Made or received, and not yet released.
        Quarantined = "quarantined",
        /// It may be used until it expires.
        Available = "available",
        /// Not for now.
        OnHold = "on_hold",
        /// Never again: every place that holds it is to set it aside.
        Recalled = "recalled",
    }
}

/// What people say of a lot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = lots, treat_none_as_null = true)]
#[schema(example = json!({"item_id": "0193a1c2-0000-7000-8000-000000000004", "number": "KET-14A", "expires_on": "2016-06-30", "manufacturer": "Generic Pharma"}))]
pub struct LotFields {
    /// The item.
    pub item_id: Uuid,
    /// The maker's number; required where the item's lots expire, absent elsewhere.
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 40)]
    pub number: Option<ShortText>,
    /// The last day it may be used; required where the item's lots expire, absent elsewhere.
    #[deserr(default)]
    pub expires_on: Option<NaiveDate>,
    /// Who made it.
    #[deserr(default)]
    pub manufacturer: Option<Name>,
    /// The organisation it came from.
    #[deserr(default)]
    pub origin_id: Option<Uuid>,
    /// What one base unit of it is worth, as an invoice or a donor's list says; with its currency or not at all.
    #[deserr(default)]
    pub unit_value: Option<Factor>,
    /// The currency of the value (ISO 4217).
    #[deserr(default)]
    pub currency: Option<Currency>,
}

impl Fields for LotFields {
    fn check(&self, faults: &mut Faults) {
        if self.number.as_ref().is_some_and(|number| number.as_str().chars().count() > LONGEST_NUMBER) {
            faults.add("/number", Code::TooLong);
        }
        match (&self.unit_value, &self.currency) {
            (Some(_), None) => faults.add("/currency", Code::Required),
            (None, Some(_)) => faults.add("/unit_value", Code::Required),
            _ => {}
        }
    }
}

/// A lot.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = lots)]
pub struct Lot {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: LotFields,
    /// Whether it may be used, apart from its expiry.
    pub status: LotStatus,
    /// Why it came to this status, or why its facts were corrected.
    pub reason: Option<Reason>,
    /// The production order that made it, if it was made here: it waits in quarantine until that order is released.
    pub production_order_id: Option<Uuid>,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A lot to be added.
pub type NewLot = New<LotFields>;

/// Why a lot is held, released or recalled.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "The maker reports glass splinters in this batch."}))]
pub struct LotReason {
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

/// What was wrong about a lot, and why. Of a recalled lot the maker and the value alone can still be corrected.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"expires_on": "2016-07-31", "reason": "The label was read wrongly at the warehouse."}))]
pub struct LotCorrection {
    /// The maker's number as it is; absent keeps it.
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 40)]
    pub number: Option<ShortText>,
    /// The day of expiry as it is; absent keeps it.
    #[deserr(default)]
    pub expires_on: Option<NaiveDate>,
    /// The maker as it is; absent keeps it.
    #[deserr(default)]
    pub manufacturer: Option<Name>,
    /// What a base unit is worth; absent keeps it.
    #[deserr(default)]
    pub unit_value: Option<Factor>,
    /// The currency of the value; absent keeps it.
    #[deserr(default)]
    pub currency: Option<Currency>,
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

/// Which lots to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LotFilter {
    /// Those of this item.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
    /// Those of this status.
    #[deserr(default)]
    pub status: Option<LotStatus>,
    /// Those that expire on or before this day.
    #[deserr(default)]
    pub expires_until: Option<NaiveDate>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for LotFilter {
    const SORTS: &'static [&'static str] = &["recorded_at", "number"];
}

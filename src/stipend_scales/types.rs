//! A scale as it is stored and travels.

use bigdecimal::Zero;
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
    schema::stipend_scales,
    types::{Cadre, Currency, Flag, LongText, Money, in_order},
};

/// What people say of a scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = stipend_scales, treat_none_as_null = true)]
#[schema(example = json!({"cadre": "doctor", "currency": "USD", "monthly_amount": "500.00", "starts_on": "2014-05-01"}))]
pub struct StipendScaleFields {
    /// The contract it is of; absent, of every contract that has none of its own.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// The cadre of the posts it pays.
    pub cadre: Cadre,
    /// The area it is of, with all below it; absent, of everywhere.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// The currency it pays in.
    pub currency: Currency,
    /// What a month of full time is paid.
    pub monthly_amount: Money,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// Its last day; absent while no end is known.
    #[deserr(default)]
    pub ends_on: Option<NaiveDate>,
    /// Anything else worth knowing.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl Fields for StipendScaleFields {
    fn check(&self, faults: &mut Faults) {
        in_order(faults, "/ends_on", Some(self.starts_on), self.ends_on);
        Money::ensure_exact(faults, "/monthly_amount", Some(&self.monthly_amount), Some(&self.currency));
        if self.monthly_amount.0.is_zero() {
            faults.add("/monthly_amount", Code::OutOfRange);
        }
    }
}

/// A scale of stipends.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = stipend_scales)]
pub struct StipendScale {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: StipendScaleFields,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A scale to be set.
pub type NewStipendScale = New<StipendScaleFields>;
/// What is to change about a scale: runs that were approved keep what they were drafted with.
pub type StipendScalePatch = Merge<StipendScaleFields>;

/// Which scales to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StipendScaleFilter {
    /// Those of this contract alone.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// Those of this cadre.
    #[deserr(default)]
    pub cadre: Option<Cadre>,
    /// Those of this area alone.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// Those that hold on this day.
    #[deserr(default)]
    pub on: Option<NaiveDate>,
    /// Those in this currency.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub currency: Option<Currency>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for StipendScaleFilter {
    const SORTS: &'static [&'static str] = &["starts_on", "cadre", "recorded_at"];
}

//! A rate as it is stored and travels.

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
    schema::exchange_rates,
    types::{Currency, Factor, Flag, LongText, Name, happened},
};

/// What people say of a rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = exchange_rates, treat_none_as_null = true)]
#[schema(example = json!({"base_currency": "USD", "quote_currency": "SYP", "rate": "251.5", "rated_on": "2015-03-31",
    "source": "Exchange office, Douma"}))]
pub struct ExchangeRateFields {
    /// The currency of which one unit is told.
    pub base_currency: Currency,
    /// The currency it is told in.
    pub quote_currency: Currency,
    /// How many units of the quote currency one unit of the base currency is worth.
    pub rate: Factor,
    /// The day it held.
    pub rated_on: NaiveDate,
    /// Who told it; a pair has one rate of a day and source, whichever way round it is told.
    pub source: Name,
    /// Anything else worth knowing.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl Fields for ExchangeRateFields {
    fn check(&self, faults: &mut Faults) {
        happened(faults, "/rated_on", self.rated_on);
        if self.base_currency == self.quote_currency {
            faults.add("/quote_currency", Code::Repeated);
        }
    }
}

/// A rate between two currencies on a day.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = exchange_rates)]
pub struct ExchangeRate {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: ExchangeRateFields,
    /// When it was retired: nothing is reckoned with it from then on, and what was reckoned stays.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A rate to be told.
pub type NewExchangeRate = New<ExchangeRateFields>;

/// Which rates to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExchangeRateFilter {
    /// Those of this currency, on either side.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub currency: Option<Currency>,
    /// Those of one unit of this currency.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub base_currency: Option<Currency>,
    /// Those told in this currency.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub quote_currency: Option<Currency>,
    /// Those of this day or later.
    #[deserr(default)]
    pub since_on: Option<NaiveDate>,
    /// Those of this day or earlier.
    #[deserr(default)]
    pub until_on: Option<NaiveDate>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for ExchangeRateFilter {
    const SORTS: &'static [&'static str] = &["rated_on", "base_currency", "recorded_at"];
}

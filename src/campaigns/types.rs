//! A campaign as it is stored and travels.

use bigdecimal::{BigDecimal, Zero};
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
    schema::campaigns,
    types::{Currency, Flag, KnownAt, LongText, Money, Name, RecordCode, in_order},
};

/// How many amounts a campaign suggests at most.
const MOST_SUGGESTED: usize = 12;

/// What people say of a campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = campaigns, treat_none_as_null = true)]
#[schema(example = json!({"code": "SIRAJ-2015", "name": "Siraj campaign", "name_ar": "حملة سراج", "goal_amount": "1000000.00", "currency": "USD",
    "starts_on": "2015-01-01", "ends_on": "2015-12-31", "suggested_amounts": ["10.00", "20.00", "50.00"], "published": true}))]
pub struct CampaignFields {
    /// What people call it in reports; never used twice.
    pub code: RecordCode,
    /// Its name in English or as it is written there.
    pub name: Name,
    /// Its name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// What it asks for in all, in its currency; more than nothing.
    pub goal_amount: Money,
    /// The currency of the goal.
    pub currency: Currency,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// Its last day; absent while it is open.
    #[deserr(default)]
    pub ends_on: Option<NaiveDate>,
    /// What it is for.
    #[deserr(default)]
    pub description: Option<LongText>,
    /// Amounts that it suggests to give, in its currency: twelve at most, rising.
    #[deserr(default)]
    #[schema(required = false, max_items = 12)]
    pub suggested_amounts: Vec<Money>,
    /// Whether everybody may read its public page: its names, its texts, its sums.
    #[deserr(default)]
    #[schema(required = false)]
    pub published: bool,
    /// What its public page says.
    #[deserr(default)]
    pub public_text: Option<LongText>,
    /// What its public page says in Arabic.
    #[deserr(default)]
    pub public_text_ar: Option<LongText>,
}

impl Fields for CampaignFields {
    fn check(&self, faults: &mut Faults) {
        in_order(faults, "/ends_on", Some(self.starts_on), self.ends_on);
        Money::ensure_exact(faults, "/goal_amount", Some(&self.goal_amount), Some(&self.currency));
        if self.goal_amount.0 == 0 {
            faults.add("/goal_amount", Code::OutOfRange);
        }
        if self.suggested_amounts.len() > MOST_SUGGESTED {
            faults.add("/suggested_amounts", Code::TooMany);
        }
        let mut before = BigDecimal::zero();
        for (index, amount) in self.suggested_amounts.iter().enumerate() {
            let pointer = format!("/suggested_amounts/{index}");
            Money::ensure_exact(faults, &pointer, Some(amount), Some(&self.currency));
            if amount.0 <= before {
                faults.add(pointer, if amount.0 == before && index > 0 { Code::Repeated } else { Code::OutOfRange });
            }
            before.clone_from(&amount.0);
        }
    }
}

/// A campaign.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = campaigns)]
pub struct Campaign {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: CampaignFields,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A campaign to be added.
pub type NewCampaign = New<CampaignFields>;
/// What is to change about a campaign.
pub type CampaignPatch = Merge<CampaignFields>;

/// Which campaigns to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CampaignFilter {
    /// Those that run on this day.
    #[deserr(default)]
    pub on: Option<NaiveDate>,
    /// Those of this currency.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub currency: Option<Currency>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for CampaignFilter {
    const SORTS: &'static [&'static str] = &["code", "name", "starts_on", "recorded_at"];
}

//! A claim as it is stored and travels.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::rules::Figure;
use crate::{
    error::{Code, Faults},
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::claims,
    types::{Amount, Flag, KnownAt, LongText, Mark, Name, Reason, RecordCode, ShortText, distinct, in_order, words},
};

words! {
    /// How a claimed number is meant.
    ClaimComparison {
        /// Exactly this.
        Equals = "equals",
        /// This or more.
        AtLeast = "at_least",
        /// More than this.
        MoreThan = "more_than",
    }
}

impl ClaimComparison {
    /// Whether a number is what was claimed.
    pub fn holds(self, number: &BigDecimal, claimed: &BigDecimal) -> bool {
        match self {
            Self::Equals => number == claimed,
            Self::AtLeast => number >= claimed,
            Self::MoreThan => number > claimed,
        }
    }
}

words! {
    /// How far a claim has come.
    ClaimState {
        /// Nobody has said anything of it.
        Open = "open",
        /// Its difference to the register has been explained.
        Explained = "explained",
        /// Who published it has corrected it.
        Corrected = "corrected",
    }
}

/// What is said of a claim that the register says something else of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"explanation": "One hospital is also a primary care center and stands under both kinds."}))]
pub struct ClaimExplanation {
    /// Why the difference is there, or how it was corrected: 10 to 500 letters.
    pub explanation: Reason,
}

/// The most areas that one claim names.
const MOST_AREAS: usize = 20;

/// What was published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = claims, treat_none_as_null = true)]
#[schema(example = json!({"code": "C18-TOTAL", "campaign_id": "0193a1c2-0000-7000-8000-000000000001", "statement": "44 facilities benefit.",
    "statement_ar": "يستفيد 44 منشأة.", "subject": "facilities.total", "comparison": "equals", "amount": "44", "unit": "facilities",
    "figure": "facilities.total", "as_of": "2015-12-31", "source": "campaign page"}))]
pub struct ClaimFields {
    /// What people call it in reports; never used twice.
    pub code: RecordCode,
    /// The campaign that published it, or of which it was published.
    pub campaign_id: Uuid,
    /// What it says, in English.
    pub statement: LongText,
    /// What it says, in Arabic.
    #[deserr(default)]
    pub statement_ar: Option<LongText>,
    /// What it speaks of: claims of one subject that say different things contradict each other.
    pub subject: Mark,
    /// How its amount is meant.
    #[deserr(default = ClaimComparison::Equals)]
    #[schema(required = false)]
    pub comparison: ClaimComparison,
    /// The number it gives.
    #[deserr(default)]
    pub amount: Option<Amount>,
    /// What the number counts.
    #[deserr(default)]
    pub unit: Option<ShortText>,
    /// The day it gives.
    #[deserr(default)]
    pub day: Option<NaiveDate>,
    /// The figure it can be held against.
    #[deserr(default)]
    pub figure: Option<Figure>,
    /// The day that the figure is taken of; where it is absent, the day that the reconciliation is asked of.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
    /// The first day that the figure counts, where it counts what happened up to `as_of` (`spending.…`, `supplies.…`): supplies from the
    /// beginning when absent, spending of the month of `as_of` alone.
    #[deserr(default)]
    pub since_on: Option<NaiveDate>,
    /// The areas that it speaks of, with what lies below them; everywhere when absent.
    #[deserr(default)]
    #[schema(required = false, max_items = 20)]
    pub area_ids: Vec<Uuid>,
    /// The contract that it speaks of.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// The claim that it is a part of, of the same campaign: parts should add up to their whole.
    #[deserr(default)]
    pub part_of_id: Option<Uuid>,
    /// Where it was published.
    pub source: Name,
    /// When it was published.
    #[deserr(default)]
    pub published_on: Option<NaiveDate>,
}

impl Fields for ClaimFields {
    fn check(&self, faults: &mut Faults) {
        if self.figure.is_some() && self.amount.is_none() {
            faults.add("/amount", Code::Required);
        }
        in_order(faults, "/as_of", self.since_on, self.as_of);
        distinct(faults, "/area_ids", &self.area_ids, MOST_AREAS);
        // What is no figure, or a figure that cannot be narrowed so, is not.
        let fits = |fits: fn(Figure) -> bool| self.figure.is_some_and(fits);
        let narrowed = [
            (
                "/area_ids",
                !self.area_ids.is_empty(),
                fits(|figure| !figure.is_of_campaign() && figure != Figure::LeastMonthSpent),
            ),
            ("/contract_id", self.contract_id.is_some(), fits(|figure| !figure.is_of_campaign())),
            ("/since_on", self.since_on.is_some(), fits(Figure::is_of_span)),
        ];
        for (pointer, _, _) in narrowed.iter().filter(|(_, given, fits)| *given && !fits) {
            faults.add(*pointer, Code::UnknownField);
        }
        if self.unit.as_ref().is_some_and(|unit| unit.as_str().chars().count() > 40) {
            faults.add("/unit", Code::TooLong);
        }
    }
}

/// A claim.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = claims)]
pub struct Claim {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: ClaimFields,
    /// How far it has come; open again once it says something else.
    pub state: ClaimState,
    /// Why it is another number than the register's, or how it was corrected.
    pub explanation: Option<String>,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A claim to be added.
pub type NewClaim = New<ClaimFields>;
/// What is to change about a claim.
pub type ClaimPatch = Merge<ClaimFields>;

/// Which claims to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClaimFilter {
    /// Those of this campaign.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// Those that can be held against this figure.
    #[deserr(default)]
    pub figure: Option<Figure>,
    /// Those that have come so far.
    #[deserr(default)]
    pub state: Option<ClaimState>,
    /// Those of this subject.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub subject: Option<Mark>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for ClaimFilter {
    const SORTS: &'static [&'static str] = &["code", "subject", "recorded_at"];
}

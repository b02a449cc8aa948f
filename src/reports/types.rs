//! Figures as they travel.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::{Actor, Scope},
    claims::{ClaimComparison, ClaimState},
    error::{ApiError, ApiResult, Code, Faults},
    facilities::FacilityKind,
    http::ListFilter,
    types::{Amount, Cadre, KnownAt, Money},
};

/// Of which day and of what the figures are asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FigureQuery {
    /// What was true on this day; today when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
    /// What lies in this area or below it.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// What this campaign supports.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// What this contract supports and pays.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for FigureQuery {
    const SORTS: &'static [&'static str] = &["code"];
}

impl FigureQuery {
    /// The day asked for.
    pub fn day(&self) -> NaiveDate {
        self.as_of.unwrap_or_else(|| Utc::now().date_naive())
    }

    /// What is asked for, within what the caller may know. Partners have their figures through share grants.
    pub fn within(&self, actor: &Actor) -> ApiResult<FigureScope> {
        let asked = FigureScope {
            area: self.area_id,
            campaign: self.campaign_id,
            contract: self.contract_id,
            arrived_only: !actor.role.sends(),
            ..FigureScope::default()
        };
        Ok(match &actor.scope {
            Scope::Everything => asked,
            Scope::Areas(areas) => {
                // In one order: what is asked is also the name of the answer that is kept.
                let mut areas = areas.clone();
                areas.sort_unstable();
                FigureScope { areas: Some(areas), ..asked }
            }
            Scope::Facility(facility) => FigureScope { facility: Some(*facility), ..asked },
            Scope::Organization(_) => return Err(ApiError::new(Code::Forbidden)),
        })
    }
}

/// What is counted: everything, unless it says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FigureScope {
    /// Within this area.
    pub area: Option<Uuid>,
    /// Supported by this campaign.
    pub campaign: Option<Uuid>,
    /// Supported and paid by this contract.
    pub contract: Option<Uuid>,
    /// The caller's areas.
    pub areas: Option<Vec<Uuid>>,
    /// The caller's facility.
    pub facility: Option<Uuid>,
    /// Of shipments those that have arrived: when something left is for those who send it, and from day to day, or from moment to moment,
    /// a number of what is on the road would show it.
    pub arrived_only: bool,
}

/// All figures of a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Figures {
    /// What was true on this day.
    pub as_of: NaiveDate,
    /// As it was known at this moment.
    pub known_at: DateTime<Utc>,
    /// Of what.
    pub scope: ScopeAnswer,
    /// Facilities.
    pub facilities: FacilityFigures,
    /// People and their posts.
    pub staff: StaffFigures,
    /// What was sent.
    pub shipments: ShipmentFigures,
    /// Contracts that run on the day; not for clerks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub contracts: Option<ContractFigures>,
    /// What is asked for; not for clerks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub funding: Option<FundingFigures>,
    /// How each figure is counted.
    pub method: BTreeMap<&'static str, Method>,
}

/// What the figures are narrowed to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ScopeAnswer {
    /// A campaign.
    pub campaign: Option<Named>,
    /// A contract.
    pub contract: Option<Named>,
    /// An area.
    pub area: Option<Named>,
    /// The areas of a coordinator: nothing outside them is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub areas: Option<Vec<Named>>,
    /// The facility of a clerk: nothing else is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub facility: Option<Named>,
    /// `true` where of shipments those alone are counted that have arrived: what is on the road is for those who send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub arrived_only: Option<bool>,
    /// Where nothing was on record at `known_at`: when the first record came. What is told of a moment before it says only that nobody had
    /// written anything yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub recorded_since: Option<DateTime<Utc>>,
}

/// A record by its names.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Named {
    /// Its id.
    pub id: Uuid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its name in Arabic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub name_ar: Option<String>,
}

/// Facilities that are open and supported.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FacilityFigures {
    /// Each counted once.
    pub total: i64,
    /// By kind; one that serves as several kinds stands under each.
    pub by_kind: BTreeMap<FacilityKind, i64>,
    /// The sum over the kinds.
    pub counted_by_kind: i64,
    /// How many serve as several kinds.
    pub of_several_kinds: i64,
    /// By the area they stand in.
    pub by_area: Vec<AreaFigure>,
    /// By whether they work.
    pub by_functionality: BTreeMap<String, i64>,
    /// Why the kinds do not add up to the total, in a sentence; absent where there is nothing to add up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub explanation: Option<String>,
}

/// The facilities of one area.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AreaFigure {
    /// The area.
    pub area_id: Uuid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// How many.
    pub total: i64,
}

/// People who hold a post.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StaffFigures {
    /// Each counted once, however many posts they hold.
    pub total: i64,
    /// By the cadre of their largest post; adds up to the total.
    pub by_cadre: BTreeMap<Cadre, i64>,
    /// Their posts.
    pub posts: i64,
    /// Their shares of full time, added up; a decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$", example = "733.85")]
    pub full_time_equivalents: String,
}

/// Shipments sent up to the day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShipmentFigures {
    /// All that were sent.
    pub total: i64,
    /// Still on their way.
    pub dispatched: i64,
    /// Arrived, with nothing outstanding.
    pub received: i64,
    /// Lost, seized or come back, all of it or its rest.
    pub lost: i64,
}

/// Contracts that run on the day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContractFigures {
    /// How many run.
    pub running: i64,
    /// Of how many partners.
    pub partners: i64,
}

/// What campaigns ask for; what was given joins this with the donations.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FundingFigures {
    /// The goals of the campaigns that run on the day.
    pub goals: Vec<Goal>,
}

/// The goal of a campaign.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the goal's amount is called as it is in the campaign")]
pub struct Goal {
    /// The campaign.
    pub campaign_id: Uuid,
    /// Its code.
    pub code: String,
    /// A decimal.
    pub goal_amount: String,
    /// By ISO 4217.
    pub currency: String,
}

/// How a figure is counted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Method {
    /// The rule, in a sentence.
    pub rule: &'static str,
    /// Rises when the rule changes.
    pub version: u32,
    /// What the rule left out, and how many.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false)]
    pub left_out: BTreeMap<&'static str, i64>,
}

/// Which campaign's claims are held against the figures.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReconciliationQuery {
    /// The campaign.
    pub campaign_id: Uuid,
    /// The day of claims that give none of their own; today when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
}

impl ReconciliationQuery {
    /// The day asked for.
    pub fn day(&self) -> NaiveDate {
        self.as_of.unwrap_or_else(|| Utc::now().date_naive())
    }
}

/// What was published, held against the register.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Reconciliation {
    /// The campaign.
    pub campaign: Named,
    /// As it was known at this moment; absent when no claim can be held against a figure.
    pub known_at: Option<DateTime<Utc>>,
    /// The day of claims that give none of their own.
    pub as_of: NaiveDate,
    /// Its claims by their codes.
    pub claims: Vec<ReconciledClaim>,
    /// How claims are held, and how each of their figures is counted.
    pub method: BTreeMap<&'static str, Method>,
}

/// How a claim stands against the register and the other claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The figure is what was claimed.
    Agrees,
    /// The figure is another.
    Differs,
    /// No figure can be held against it.
    NotComputed,
    /// No figure can be held against it, and another claim says something else.
    Contradicted,
}

/// One claim beside what the register says.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReconciledClaim {
    /// The claim.
    pub id: Uuid,
    /// Its code.
    pub code: String,
    /// What it says, in the reader's language where it is known.
    pub statement: String,
    /// What it speaks of.
    pub subject: String,
    /// How its amount is meant.
    pub comparison: ClaimComparison,
    /// The number it gives.
    pub amount: Option<Amount>,
    /// What the number counts.
    pub unit: Option<String>,
    /// The day it gives.
    pub day: Option<NaiveDate>,
    /// The figure it is held against.
    pub figure: Option<crate::claims::Figure>,
    /// The day that the figure is taken of: its own, or the one asked for.
    pub as_of: Option<NaiveDate>,
    /// The first day that the figure counts, where it counts what happened.
    pub since_on: Option<NaiveDate>,
    /// The areas that the figure is narrowed to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub areas: Vec<Named>,
    /// The contract that the figure is narrowed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub contract: Option<Named>,
    /// What the register counts, where it is a whole number.
    pub computed: Option<i64>,
    /// What the register says of money, in the campaign's currency or the one that the claim names.
    pub computed_amount: Option<Money>,
    /// What the register says less what was claimed; a decimal.
    pub difference: Option<String>,
    /// How it stands.
    pub verdict: Verdict,
    /// Whether somebody has explained it, or it was corrected; `open` where the register says something else, or another claim, and nobody
    /// has. Absent where there is nothing to explain.
    pub state: Option<ClaimState>,
    /// What was said of it.
    pub explanation: Option<String>,
    /// The codes of claims that say something else of the same subject.
    pub contradicted_by: Vec<String>,
    /// Whether its parts add up to it; absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub parts: Option<Parts>,
    /// All this in a sentence.
    pub sentence: String,
}

/// The parts of a claim.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Parts {
    /// The codes of the parts.
    pub claims: Vec<String>,
    /// What they add up to; a decimal.
    pub sum: String,
    /// The sum less the claim; a decimal.
    pub difference: String,
    /// The codes of the facilities that stand under several kinds: what explains a difference.
    pub rows: Vec<String>,
}

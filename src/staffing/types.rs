//! Figures of staffing as they are asked for and told.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::Queryable;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::Faults,
    http::ListFilter,
    types::{Cadre, Flag, KnownAt, words},
};

words! {
    /// The parts that a figure of staffing is told in.
    StaffingPart {
        /// The cadres of the posts.
        Cadre = "cadre",
        /// The facilities.
        Facility = "facility",
        /// The areas in which the facilities stand.
        Area = "area",
        /// The contracts that pay; `none` for what no contract pays.
        Contract = "contract",
        /// The genders; `unknown` where none is recorded.
        Gender = "gender",
    }
}

words! {
    /// A gender, or that it is not recorded.
    GenderPart {
        Female = "female",
        Male = "male",
        Unknown = "unknown",
    }
}

/// Of which day, in which parts and of what staffing is asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StaffingQuery {
    /// What was true on this day; today when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
    /// The parts to tell beside the whole.
    #[deserr(default)]
    pub by: Option<StaffingPart>,
    /// Posts of this cadre.
    #[deserr(default)]
    pub cadre: Option<Cadre>,
    /// Posts at this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Posts in this area or below it.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// Posts that this contract pays then.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// `true`: posts that no contract pays then.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub unpaid: Option<Flag>,
    /// People of this gender.
    #[deserr(default)]
    #[param(inline)]
    pub gender: Option<GenderPart>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for StaffingQuery {
    const SORTS: &'static [&'static str] = &["code"];
}

/// Of which days, in which parts and of what turnover is asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TurnoverQuery {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// The parts to tell beside the whole.
    #[deserr(default)]
    pub by: Option<StaffingPart>,
    /// Posts of this cadre.
    #[deserr(default)]
    pub cadre: Option<Cadre>,
    /// Posts at this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Posts in this area or below it.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// Posts while this contract pays them.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// `true`: posts while no contract pays them.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub unpaid: Option<Flag>,
    /// People of this gender.
    #[deserr(default)]
    #[param(inline)]
    pub gender: Option<GenderPart>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

/// Of which day and of what vacant posts are asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VacancyQuery {
    /// What was true on this day; today when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
    /// Posts of this cadre.
    #[deserr(default)]
    pub cadre: Option<Cadre>,
    /// Posts at this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Posts in this area or below it.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

/// How a figure is counted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StaffingRule {
    /// The rule, in a sentence.
    pub rule: &'static str,
    /// Rises when the rule changes.
    pub version: u32,
}

/// How many there are.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HeadCount {
    /// People, each once.
    pub people: i64,
    /// Their posts.
    pub posts: i64,
    /// Their shares of full time, added up; a decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$", example = "12.50")]
    pub full_time_equivalents: String,
}

/// How many there are of one part.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StaffingCell {
    /// The cadre, the gender, or the id of the facility, area or contract; `none` where no contract pays.
    pub key: String,
    /// The code of the facility, area or contract.
    pub code: Option<String>,
    /// Its name.
    pub name: Option<String>,
    #[serde(flatten)]
    pub count: HeadCount,
}

/// Staffing on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Staffing {
    /// What was true on this day.
    pub as_of: NaiveDate,
    /// As it was known at this moment.
    pub known_at: DateTime<Utc>,
    /// The parts that are told.
    pub by: Option<StaffingPart>,
    /// The whole; each person once.
    pub total: HeadCount,
    /// The parts; each person once in each.
    pub cells: Vec<StaffingCell>,
    /// How each figure is counted.
    pub method: BTreeMap<&'static str, StaffingRule>,
}

/// Who was there, came and went.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Movement {
    /// People present on the day before the first.
    pub present_at_start: i64,
    /// Times that somebody became present; who came twice is counted twice.
    pub joined: i64,
    /// Times that somebody ceased to be present.
    pub left: i64,
    /// People present on the last day: at the start, and joined, less left.
    pub present_at_end: i64,
}

/// Who was there, came and went, of one part.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TurnoverCell {
    /// The cadre, the gender, or the id of the facility, area or contract; `none` where no contract pays.
    pub key: String,
    /// The code of the facility, area or contract.
    pub code: Option<String>,
    /// Its name.
    pub name: Option<String>,
    #[serde(flatten)]
    pub movement: Movement,
}

/// Turnover over some days.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Turnover {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// As it was known at this moment.
    pub known_at: DateTime<Utc>,
    /// The parts that are told.
    pub by: Option<StaffingPart>,
    /// The whole.
    pub total: Movement,
    /// The departures of the whole by reason; `post_ended` where none is recorded, `undisclosed` where the person is employed from
    /// elsewhere. Only for those who may read departures, never by part, and not as known at an earlier moment: departures are not remembered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub left_by_reason: Option<BTreeMap<String, i64>>,
    /// The parts; who moves from one to another leaves the one and joins the other.
    pub cells: Vec<TurnoverCell>,
    /// How each figure is counted.
    pub method: BTreeMap<&'static str, StaffingRule>,
}

/// Planned and filled posts together.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VacancyTotal {
    /// People planned for.
    pub planned: i64,
    /// People who hold such a post.
    pub filled: i64,
    /// What is missing where fewer are there than planned.
    pub vacant: i64,
    /// What is above the plan where more are there than planned.
    pub over_filled: i64,
}

/// A cadre at a facility against its plan.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Vacancy {
    /// The facility.
    pub facility_id: Uuid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The cadre of the posts.
    pub cadre: String,
    #[serde(flatten)]
    pub total: VacancyTotal,
    /// The shares of full time of those who are there, added up; a decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$", example = "2.50")]
    pub full_time_equivalents: String,
}

/// What is vacant on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Vacancies {
    /// What was true on this day.
    pub as_of: NaiveDate,
    /// As it was known at this moment.
    pub known_at: DateTime<Utc>,
    /// All of them together.
    pub total: VacancyTotal,
    /// By facility and cadre.
    pub cells: Vec<Vacancy>,
    /// How each figure is counted.
    pub method: BTreeMap<&'static str, StaffingRule>,
}

/// A post behind a figure of staffing.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct StaffingRow {
    /// The assignment.
    pub id: Uuid,
    /// The code of the person who holds it.
    pub code: String,
    /// The person's record.
    pub staff_id: Uuid,
    /// Where.
    pub facility_id: Uuid,
    /// As what.
    pub cadre: Cadre,
    /// The share of full time, in percent.
    pub share_percent: i16,
    /// The contract that pays it on the day.
    pub contract_id: Option<Uuid>,
}

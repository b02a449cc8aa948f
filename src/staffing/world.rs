//! What is asked for, within what the caller may see; and how it is counted.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::types::{GenderPart, StaffingPart, StaffingQuery, StaffingRule, TurnoverQuery, VacancyQuery};
use crate::{
    auth::Scope,
    error::{ApiError, ApiResult, Code, Faults},
    http::PageQuery,
    types::{Cadre, in_order},
};

/// The posts that are asked for.
#[derive(Debug, Clone)]
pub struct World {
    /// The first day; of a figure of one day, that day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// The parts.
    pub by: Option<StaffingPart>,
    /// Posts of this cadre.
    pub cadre: Option<Cadre>,
    /// Posts at this facility.
    pub facility: Option<Uuid>,
    /// Posts in this area.
    pub area: Option<Uuid>,
    /// Posts that this contract pays.
    pub contract: Option<Uuid>,
    /// Posts that no contract pays.
    pub unpaid: bool,
    /// People of this gender.
    pub gender: Option<GenderPart>,
    /// The caller's areas.
    pub areas: Option<Vec<Uuid>>,
    /// The caller's facility.
    pub own_facility: Option<Uuid>,
    /// Where a page of rows begins and ends.
    pub page: RowsPage,
}

/// A page of rows.
#[derive(Debug, Clone, Default)]
pub struct RowsPage {
    /// Where the page before ended.
    pub after_code: Option<String>,
    /// And its row.
    pub after_id: Option<Uuid>,
    /// From the last code to the first.
    pub descending: bool,
    /// How many rows to read.
    pub limit: i64,
    /// Words to look for.
    pub words: Option<String>,
}

impl RowsPage {
    /// The page asked for.
    pub fn of(page: &PageQuery) -> ApiResult<Self> {
        let (after_code, after_id) = page.after::<String>()?.unzip();
        Ok(Self { after_code, after_id, descending: page.sort.descending, limit: page.rows(), words: page.q.clone() })
    }
}

impl World {
    fn within(scope: &Scope, from: NaiveDate, to: NaiveDate) -> Self {
        let (areas, own_facility) = match scope {
            Scope::Facility(facility) => (None, Some(*facility)),
            scope => (scope.areas(), None),
        };
        Self {
            from,
            to,
            by: None,
            cadre: None,
            facility: None,
            area: None,
            contract: None,
            unpaid: false,
            gender: None,
            areas,
            own_facility,
            page: RowsPage::default(),
        }
    }

    /// The posts of a day.
    pub fn of_day(scope: &Scope, query: &StaffingQuery, today: NaiveDate) -> ApiResult<Self> {
        let day = query.as_of.unwrap_or(today);
        Self {
            by: query.by,
            cadre: query.cadre,
            facility: query.facility_id,
            area: query.area_id,
            contract: query.contract_id,
            unpaid: query.unpaid.is_some_and(|flag| flag.0),
            gender: query.gender,
            ..Self::within(scope, day, day)
        }
        .told_to(scope)
    }

    /// The posts of some days.
    pub fn of_days(scope: &Scope, query: &TurnoverQuery) -> ApiResult<Self> {
        let mut faults = Faults::default();
        in_order(&mut faults, "/to", Some(query.from), Some(query.to));
        faults.into_result()?;
        Self {
            by: query.by,
            cadre: query.cadre,
            facility: query.facility_id,
            area: query.area_id,
            contract: query.contract_id,
            unpaid: query.unpaid.is_some_and(|flag| flag.0),
            gender: query.gender,
            ..Self::within(scope, query.from, query.to)
        }
        .told_to(scope)
    }

    /// The posts and plans of a day.
    pub fn of_plan(scope: &Scope, query: &VacancyQuery, today: NaiveDate) -> Self {
        let day = query.as_of.unwrap_or(today);
        Self { cadre: query.cadre, facility: query.facility_id, area: query.area_id, ..Self::within(scope, day, day) }
    }

    /// Contracts are not for clerks, neither as parts nor by name.
    fn told_to(self, scope: &Scope) -> ApiResult<Self> {
        let clerk = matches!(scope, Scope::Facility(_));
        if clerk && (self.by == Some(StaffingPart::Contract) || self.unpaid) {
            return Err(ApiError::new(Code::Forbidden));
        }
        if clerk && self.contract.is_some() {
            return Err(ApiError::fault("/contract_id", Code::UnknownReference));
        }
        Ok(self)
    }
}

/// How figures are counted: name, rule, version.
type Written = (&'static str, &'static str, u32);

/// How head-counts are made.
pub const HEAD_COUNT: &[Written] = &[
    (
        "people",
        "People on record who hold a post on the day at a facility on record that is open then; each once in the whole and once in each part, \
         so parts may add up to more. A merged record counts as the one that took its place.",
        1,
    ),
    ("posts", "The posts of the same people on the day.", 1),
    ("full_time_equivalents", "The shares of the same posts, added up.", 1),
    (
        "by",
        "By the post: its cadre, its facility and the area that stands in today, the contract that pays it on the day (none, where no contract runs).",
        1,
    ),
];
/// How turnover is counted.
pub const TURNOVER: &[Written] = &[
    (
        "present",
        "A person is present on the days on which they hold a post at an open facility; posts that follow each other without a day between are \
         one presence. At the start: on the day before the first; at the end: on the last day.",
        1,
    ),
    ("joined", "Presences whose first day lies within the days.", 1),
    ("left", "Presences whose first day of absence lies within the days: at the start, and joined, less left, is at the end.", 1),
    (
        "left_by_reason",
        "By the departure on record on the first day of absence; post_ended where none is, undisclosed where the person is employed from outside of the \
         reader's areas.",
        1,
    ),
];
/// How vacant posts are counted.
pub const VACANCIES: &[Written] = &[
    ("planned", "The plan of each facility that is open on the day, by cadre, as it holds on the day.", 1),
    (
        "filled",
        "People who hold a post of the cadre there on the day, whatever its share; full_time_equivalents tells the shares.",
        1,
    ),
    (
        "vacant",
        "Planned less filled, where that is above zero; over_filled is filled less planned. Where a facility has a plan, a cadre that it leaves out is planned as none.",
        1,
    ),
];

fn rules(written: &[Written]) -> BTreeMap<&'static str, StaffingRule> {
    written.iter().map(|(name, rule, version)| (*name, StaffingRule { rule, version: *version })).collect()
}

/// How head-counts are counted.
pub fn of_head_counts() -> BTreeMap<&'static str, StaffingRule> {
    rules(HEAD_COUNT)
}

/// How turnover is counted.
pub fn of_turnover() -> BTreeMap<&'static str, StaffingRule> {
    rules(TURNOVER)
}

/// How vacancies are counted.
pub fn of_vacancies() -> BTreeMap<&'static str, StaffingRule> {
    rules(VACANCIES)
}

//! Each figure at the end of each month, quarter or year.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use deserr::Deserr;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    super::{
        rules,
        store::{Counted, known},
        types::{FigureQuery, FigureScope, Figures, Method, ScopeAnswer},
    },
    statements::{AskDays, Series},
};
use crate::{
    claims::Figure,
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults, Locale},
    http::Table,
    types::{KnownAt, in_order, words},
};

/// The most points of one series: ten years of months.
const MOST_POINTS: usize = 120;

words! {
    /// How far the points of a series lie from each other.
    SeriesStep {
        /// The ends of months.
        Month = "month",
        /// The ends of quarters.
        Quarter = "quarter",
        /// The ends of years.
        Year = "year",
    }
}

impl SeriesStep {
    /// How many months a step takes.
    const fn months(self) -> u32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }

    /// The last day of the step that a day lies in.
    fn end(self, day: NaiveDate) -> Option<NaiveDate> {
        let first = day.with_day(1)?.with_month0(day.month0() / self.months() * self.months())?;
        first.checked_add_months(Months::new(self.months()))?.checked_sub_days(Days::new(1))
    }

    /// The ends that lie from one day to another, no more than one above the most that are told.
    fn ends(self, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
        let next = |end: &NaiveDate| end.checked_add_days(Days::new(1)).and_then(|day| self.end(day));
        std::iter::successors(self.end(from), next).take_while(|end| *end <= to).take(MOST_POINTS + 1).collect()
    }
}

/// Of which days and of what a series is asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SeriesQuery {
    /// The first day; every end of a month (quarter, year) from it on is a point.
    pub from: NaiveDate,
    /// The last day; within 120 points.
    pub to: NaiveDate,
    /// The step; a month when absent.
    #[deserr(default)]
    pub by: Option<SeriesStep>,
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

impl SeriesQuery {
    /// The same question of one day.
    pub fn of_one_day(&self) -> FigureQuery {
        FigureQuery {
            as_of: Some(self.to),
            area_id: self.area_id,
            campaign_id: self.campaign_id,
            contract_id: self.contract_id,
            known_at: self.known_at,
        }
    }

    /// The step.
    pub(super) fn step(&self) -> SeriesStep {
        self.by.unwrap_or(SeriesStep::Month)
    }

    /// The days of the points: at least one, and not too many.
    pub fn days(&self) -> ApiResult<Vec<NaiveDate>> {
        let mut faults = Faults::default();
        in_order(&mut faults, "/to", Some(self.from), Some(self.to));
        faults.into_result()?;
        let days = self.step().ends(self.from, self.to);
        if days.is_empty() || days.len() > MOST_POINTS {
            return Err(ApiError::fault("/to", Code::OutOfRange));
        }
        Ok(days)
    }
}

/// Figures over time.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FigureSeries {
    /// The first day asked for.
    pub from: NaiveDate,
    /// The last day asked for.
    pub to: NaiveDate,
    /// How far the points lie from each other.
    pub by: SeriesStep,
    /// All of it as it was known at this moment.
    pub known_at: DateTime<Utc>,
    /// Of what.
    pub scope: ScopeAnswer,
    /// The points in the order of their days.
    pub points: Vec<SeriesPoint>,
    /// How each figure is counted.
    pub method: BTreeMap<&'static str, Method>,
}

/// The figures of one day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SeriesPoint {
    /// What was true on this day.
    pub as_of: NaiveDate,
    /// The figures by their names, as `/reports/figures/{figure}/rows` opens them; those of contracts not for clerks.
    #[schema(example = json!({"facilities.total": 44, "staff.total": 740}))]
    pub figures: BTreeMap<&'static str, i64>,
    /// The shares of full time, added up; a decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$", example = "733.85")]
    pub full_time_equivalents: String,
    /// What the rules left out: by the rule's name, then in words.
    pub left_out: BTreeMap<&'static str, BTreeMap<&'static str, i64>>,
}

impl SeriesPoint {
    fn of(figures: Figures) -> Self {
        let named = |figure: &Figure| Some((figure.as_str(), figures.value(*figure)?));
        Self {
            as_of: figures.as_of,
            figures: Figure::ALL.iter().filter_map(named).collect(),
            full_time_equivalents: figures.staff.full_time_equivalents,
            left_out: figures
                .method
                .into_iter()
                .map(|(rule, method)| (rule, method.left_out))
                .filter(|(_, left)| !left.is_empty())
                .collect(),
        }
    }
}

/// Reads the figures of each day, in one statement.
pub async fn series(
    conn: &mut Conn,
    scope: &FigureScope,
    query: &SeriesQuery,
    days: Vec<NaiveDate>,
    locale: Locale,
) -> ApiResult<FigureSeries> {
    let read: Vec<(NaiveDate, Value)> = AskDays::<Series>::new(scope, days, [None, None]).get_results(conn).await?;
    let mut told = Vec::with_capacity(read.len());
    for (day, document) in read {
        let counted: Counted = serde_json::from_value(document).map_err(ApiError::internal)?;
        known(scope, &counted)?;
        told.push(counted.told(scope, day, locale));
    }
    let last = told.last().ok_or_else(|| ApiError::internal("a series without a point"))?;
    Ok(FigureSeries {
        from: query.from,
        to: query.to,
        by: query.step(),
        known_at: last.known_at,
        scope: last.scope.clone(),
        method: rules::method(rules::LeftOut::new()),
        points: told.into_iter().map(SeriesPoint::of).collect(),
    })
}

impl FigureSeries {
    /// One row a day, one column a figure.
    pub fn table(&self) -> Table {
        let names: Vec<&str> = Figure::ALL.iter().map(|figure| figure.as_str()).collect();
        let told = |name: &&str| self.points.iter().any(|point| point.figures.contains_key(name));
        let names: Vec<&str> = names.into_iter().filter(told).collect();
        let mut columns = vec!["as_of".to_owned()];
        columns.extend(names.iter().map(ToString::to_string));
        columns.push("staff.full_time_equivalents".to_owned());
        let row = |point: &SeriesPoint| {
            let mut row = vec![Value::from(point.as_of.to_string())];
            row.extend(names.iter().map(|name| point.figures.get(name).map_or(Value::Null, |number| Value::from(*number))));
            row.push(Value::from(point.full_time_equivalents.as_str()));
            row
        };
        Table::new(columns, self.points.iter().map(row).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_points_are_the_ends_that_lie_between_the_days() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let ends = |step: SeriesStep, from: &str, to: &str| {
            step.ends(day(from), day(to)).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(ends(SeriesStep::Month, "2016-01-31", "2016-03-30"), ["2016-01-31", "2016-02-29"]);
        assert_eq!(ends(SeriesStep::Quarter, "2014-11-15", "2015-06-30"), ["2014-12-31", "2015-03-31", "2015-06-30"]);
        assert_eq!(ends(SeriesStep::Year, "2013-01-01", "2015-12-30"), ["2013-12-31", "2014-12-31"]);
        assert!(ends(SeriesStep::Month, "2015-01-02", "2015-01-20").is_empty());
        assert_eq!(ends(SeriesStep::Month, "1990-01-01", "2015-01-20").len(), MOST_POINTS + 1);
    }
}

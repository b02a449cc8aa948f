//! What may happen to a report, and when; which months are to be drafted. Pure.

use chrono::{Datelike, Months, NaiveDate};

use super::types::PublishedReportStatus as Status;
use crate::error::{ApiError, ApiResult, Code};

/// Something that a person does with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is counted again.
    Recompute,
    /// It is published.
    Publish,
    /// It will not be published.
    Cancel,
}

/// Where a step leads: what is published or cancelled stays as it is.
pub fn after(status: Status, step: Step) -> ApiResult<Status> {
    match (status, step) {
        (Status::Draft, Step::Recompute) => Ok(Status::Draft),
        (Status::Draft, Step::Publish) => Ok(Status::Published),
        (Status::Draft, Step::Cancel) => Ok(Status::Cancelled),
        (Status::Published | Status::Cancelled, _) => Err(ApiError::new(Code::WrongState)),
    }
}

/// The first day of the month of a day.
pub fn month_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// The last day of a month.
pub fn last_day(month: NaiveDate) -> NaiveDate {
    month_of(month).checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(month)
}

/// The day of the next month by which the report of a month is due.
pub fn due(month: NaiveDate, due_day: i16) -> Option<NaiveDate> {
    month_of(month).checked_add_months(Months::new(1))?.with_day(u32::try_from(due_day).ok()?)
}

/// The months of a schedule that are over on a day, the first first.
pub fn months(starts_on: NaiveDate, ends_on: Option<NaiveDate>, today: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    let first = month_of(starts_on);
    (0..)
        .map_while(move |number| first.checked_add_months(Months::new(number)))
        .take_while(move |month| last_day(*month) < today && ends_on.is_none_or(|end| *month <= end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn a_month_is_drafted_once_it_is_over_and_is_due_in_the_next() {
        let told = |starts: &str, ends: Option<&str>, today: &str| -> Vec<String> {
            months(day(starts), ends.map(day), day(today)).map(|month| month.to_string()).collect()
        };
        assert_eq!(told("2015-01-15", None, "2015-03-31"), ["2015-01-01", "2015-02-01"]);
        assert_eq!(told("2015-01-15", None, "2015-04-01"), ["2015-01-01", "2015-02-01", "2015-03-01"]);
        assert_eq!(told("2015-01-15", Some("2015-02-01"), "2015-06-01"), ["2015-01-01", "2015-02-01"]);
        assert!(told("2015-01-15", None, "2015-01-31").is_empty());
        assert_eq!((last_day(day("2016-02-01")), due(day("2015-12-01"), 10)), (day("2016-02-29"), Some(day("2016-01-10"))));
    }

    #[test]
    fn only_a_draft_goes_on() {
        for step in [Step::Recompute, Step::Publish, Step::Cancel] {
            assert!(after(Status::Draft, step).is_ok());
            for status in [Status::Published, Status::Cancelled] {
                assert!(after(status, step).is_err_and(|error| error.code == Code::WrongState));
            }
        }
    }
}

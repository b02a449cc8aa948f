//! What may happen to a run, and when. Pure.

use chrono::{Months, NaiveDate};

use super::types::StipendRunStatus as Status;
use crate::error::{ApiError, ApiResult, Code};

/// Something that a person does with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its entries are computed anew.
    Recompute,
    /// A second person agrees.
    Approve,
    /// Money is handed over.
    Pay,
    /// Entries are held back, let go, or come back.
    Sort,
    /// Its open entries are settled, and the rest of its money is free again.
    Close,
    /// It will not be paid.
    Cancel,
}

/// Where a step leads; from any other state it is refused. Once money has been handed over, a run is closed and not cancelled.
pub fn after(status: Status, step: Step) -> ApiResult<Status> {
    match (status, step) {
        (Status::Draft, Step::Recompute) => Ok(Status::Draft),
        (Status::Draft, Step::Approve) => Ok(Status::Approved),
        (Status::Approved | Status::Paying, Step::Pay) => Ok(Status::Paying),
        (Status::Approved | Status::Paying, Step::Sort) => Ok(status),
        (Status::Approved | Status::Paying, Step::Close) => Ok(Status::Closed),
        (Status::Draft | Status::Approved, Step::Cancel) => Ok(Status::Cancelled),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// What was cancelled may be put away.
pub fn retirable(status: Status) -> ApiResult<()> {
    if status == Status::Cancelled { Ok(()) } else { Err(ApiError::new(Code::WrongState)) }
}

/// The day whose rates are frozen where none is named: the last of the month, or today while the month runs.
pub fn rates_on(month: NaiveDate, today: NaiveDate) -> NaiveDate {
    let last = month.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt());
    last.map_or(today, |last| last.min(today))
}

/// Who carried money is told in whole to those who keep it; to others, its last four letters.
pub fn masked(reference: &str) -> String {
    let letters = reference.chars().count();
    let shown: String = reference.chars().skip(letters.saturating_sub(4).max(letters.min(1))).collect();
    format!("…{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_steps_that_are_drawn_lead_anywhere() {
        use Status::{Approved, Cancelled, Closed, Draft, Paying};
        use Step::{Approve, Cancel, Close, Pay, Recompute, Sort};
        let drawn = [
            (Draft, Recompute, Draft),
            (Draft, Approve, Approved),
            (Draft, Cancel, Cancelled),
            (Approved, Pay, Paying),
            (Approved, Sort, Approved),
            (Approved, Close, Closed),
            (Approved, Cancel, Cancelled),
            (Paying, Pay, Paying),
            (Paying, Sort, Paying),
            (Paying, Close, Closed),
        ];
        for from in Status::ALL {
            for step in [Recompute, Approve, Pay, Sort, Close, Cancel] {
                let to = drawn.iter().find(|(start, taken, _)| start == from && *taken == step).map(|(.., to)| *to);
                assert_eq!(after(*from, step).ok(), to, "{from:?} {step:?}");
            }
        }
    }

    #[test]
    fn rates_are_those_of_the_last_day_of_the_month_that_has_been() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        assert_eq!(rates_on(day("2015-02-01"), day("2026-01-01")), day("2015-02-28"));
        assert_eq!(rates_on(day("2026-01-01"), day("2026-01-10")), day("2026-01-10"));
    }

    #[test]
    fn a_reference_shows_four_letters_at_most_and_never_all_of_it() {
        assert_eq!(masked("H-2015-0417"), "…0417");
        assert_eq!(masked("abcd"), "…bcd");
        assert_eq!(masked("a"), "…");
    }
}

//! What may happen to a repair job, and how long its unit could not be used. Pure.

use chrono::NaiveDate;

use super::types::{RepairJob, RepairOutcome, RepairStatus};
use crate::error::{ApiError, ApiResult, Code};

/// Something that moves a job on.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// The workshop begins.
    Start,
    /// It ends so.
    Finish(RepairOutcome),
    /// The unit is given back.
    Return,
    /// There was nothing to repair.
    Cancel,
}

/// Where a step leads; from any other state it is refused.
pub fn after(status: RepairStatus, step: Step) -> ApiResult<RepairStatus> {
    use RepairStatus::{BeyondRepair, Cancelled, InRepair, Repaired, Reported, Returned};
    match (status, step) {
        (Reported, Step::Start) => Ok(InRepair),
        (Reported, Step::Cancel) => Ok(Cancelled),
        (InRepair, Step::Finish(RepairOutcome::Repaired)) => Ok(Repaired),
        (InRepair, Step::Finish(RepairOutcome::BeyondRepair)) => Ok(BeyondRepair),
        (Repaired, Step::Return) => Ok(Returned),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// The job must be in this state.
pub fn only(status: RepairStatus, wanted: RepairStatus) -> ApiResult<()> {
    if status == wanted { Ok(()) } else { Err(ApiError::new(Code::WrongState)) }
}

/// Days the unit could not be used, by today.
pub fn days_unavailable(job: &RepairJob, today: NaiveDate) -> i64 {
    days(job.status, job.fields.reported_on, job.finished_on, job.returned_on, today)
}

fn days(
    status: RepairStatus,
    reported_on: NaiveDate,
    finished_on: Option<NaiveDate>,
    returned_on: Option<NaiveDate>,
    today: NaiveDate,
) -> i64 {
    let until = match status {
        RepairStatus::Cancelled => return 0,
        RepairStatus::Returned => returned_on.unwrap_or(today),
        // From then on there is no unit any more.
        RepairStatus::BeyondRepair => finished_on.unwrap_or(today),
        RepairStatus::Reported | RepairStatus::InRepair | RepairStatus::Repaired => today,
    };
    (until - reported_on).num_days().max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_never_goes_back() {
        use RepairStatus::{BeyondRepair, Cancelled, InRepair, Repaired, Reported, Returned};
        let steps = [
            Step::Start,
            Step::Finish(RepairOutcome::Repaired),
            Step::Finish(RepairOutcome::BeyondRepair),
            Step::Return,
            Step::Cancel,
        ];
        let led: Vec<_> = RepairStatus::ALL
            .iter()
            .flat_map(|status| steps.iter().filter_map(|step| Some((*status, after(*status, *step).ok()?))))
            .collect();
        let all =
            [(Reported, InRepair), (Reported, Cancelled), (InRepair, Repaired), (InRepair, BeyondRepair), (Repaired, Returned)];
        assert_eq!(led, all);
    }

    #[test]
    fn a_unit_cannot_be_used_from_its_report_to_its_return() {
        let day = |day| NaiveDate::from_ymd_opt(2015, 2, day).unwrap_or_default();
        let told = |status, finished, returned| days(status, day(1), finished, returned, day(20));
        assert_eq!(told(RepairStatus::Reported, None, None), 19);
        assert_eq!(told(RepairStatus::Repaired, Some(day(5)), None), 19, "it is not back yet");
        assert_eq!(told(RepairStatus::Returned, Some(day(5)), Some(day(8))), 7);
        assert_eq!(told(RepairStatus::BeyondRepair, Some(day(5)), None), 4);
        assert_eq!(told(RepairStatus::Cancelled, None, None), 0);
        assert_eq!(days(RepairStatus::Reported, day(20), None, None, day(19)), 0, "where it was written it is tomorrow");
    }
}

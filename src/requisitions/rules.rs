//! What may happen to a requisition, and when. Pure.

use std::collections::{HashMap, HashSet};

use super::types::{ApprovedLine, RequisitionLine, RequisitionStatus as Status};
use crate::error::{ApiError, ApiResult, Code, Faults};

/// Something that a person does with a requisition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is asked for.
    Submit,
    /// It is asked for again, after a rejection.
    Resubmit,
    /// All or some of it is granted.
    Approve,
    /// None of it is granted.
    Reject,
    /// It is no longer wanted, or will not be sent.
    Cancel {
        /// Whether somebody does it who could have granted it.
        approver: bool,
    },
}

/// Where a step leads; from any other state it is refused. Until it is granted, whoever asks may take it back; then the approvers
/// alone, and only while nothing has been sent. Whether an approval is one in part follows from its lines.
pub fn after(status: Status, step: Step) -> ApiResult<Status> {
    match (status, step) {
        (Status::Draft, Step::Submit) | (Status::Rejected, Step::Resubmit) => Ok(Status::Submitted),
        (Status::Submitted, Step::Approve) => Ok(Status::Approved),
        (Status::Submitted, Step::Reject) => Ok(Status::Rejected),
        (Status::Draft | Status::Submitted | Status::Rejected, Step::Cancel { .. })
        | (Status::Approved | Status::PartlyApproved, Step::Cancel { approver: true }) => Ok(Status::Cancelled),
        (Status::Approved | Status::PartlyApproved, Step::Cancel { approver: false }) => Err(ApiError::new(Code::Forbidden)),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// What was submitted stays as it was read, until it is rejected.
pub fn editable(status: Status) -> ApiResult<()> {
    match status {
        Status::Draft | Status::Rejected => Ok(()),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// What was never asked for, or is asked for no longer, may be put away.
pub fn retirable(status: Status) -> ApiResult<()> {
    match status {
        Status::Draft | Status::Cancelled => Ok(()),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// Whether goods may be sent for it.
pub fn sendable(status: Status) -> ApiResult<()> {
    match status {
        Status::Approved | Status::PartlyApproved | Status::InFulfilment => Ok(()),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// Whether what was sent and what came is counted for it: what was undone after the last of it came, too.
pub fn countable(status: Status) -> ApiResult<()> {
    match status {
        Status::Fulfilled => Ok(()),
        other => sendable(other),
    }
}

/// An approval names every line once and grants no more of it than was asked for; where less, it says why. Gives whether it is
/// one in full or in part.
pub fn approval(asked: &[RequisitionLine], granted: &[ApprovedLine]) -> Result<Status, Faults> {
    let asked: HashMap<_, _> = asked.iter().map(|line| (line.id, line.requested_quantity)).collect();
    let mut faults = Faults::default();
    let mut named = HashSet::new();
    let mut whole = true;
    for (index, line) in granted.iter().enumerate() {
        let at = |field: &str| format!("/lines/{index}/{field}");
        let Some(requested) = asked.get(&line.line_id) else {
            faults.add(at("line_id"), Code::UnknownReference);
            continue;
        };
        if !named.insert(line.line_id) {
            faults.add(at("line_id"), Code::Repeated);
        }
        if !(0..=*requested).contains(&line.approved_quantity) {
            faults.add(at("approved_quantity"), Code::OutOfRange);
        } else if line.approved_quantity < *requested {
            whole = false;
            if line.reason.is_none() {
                faults.add(at("reason"), Code::Required);
            }
        }
    }
    if named.len() < asked.len() {
        faults.add("/lines", Code::Required);
    }
    if faults.0.is_empty() && granted.iter().all(|line| line.approved_quantity == 0) {
        faults.add("/lines", Code::NothingApproved);
    }
    faults.into_result().map(|()| if whole { Status::Approved } else { Status::PartlyApproved })
}

/// How far a granted requisition has come, by its lines: all of it when nothing that was granted is missing, something once
/// anything has moved; else it is as it was granted.
pub fn fulfilment(lines: &[RequisitionLine]) -> Status {
    let granted = |line: &RequisitionLine| line.approved_quantity.unwrap_or_default();
    if lines.iter().all(|line| line.received_quantity >= granted(line)) {
        Status::Fulfilled
    } else if lines.iter().any(|line| line.sent_quantity > 0 || line.received_quantity > 0) {
        Status::InFulfilment
    } else if lines.iter().all(|line| granted(line) == line.requested_quantity) {
        Status::Approved
    } else {
        Status::PartlyApproved
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::types::Reason;

    fn line(requested: i64, approved: Option<i64>, sent: i64, received: i64) -> RequisitionLine {
        RequisitionLine {
            id: Uuid::from_u128(u128::try_from(requested).expect("a number")),
            line: 1,
            item_id: Uuid::nil(),
            requested_quantity: requested,
            reason: None,
            approved_quantity: approved,
            decision_reason: None,
            sent_quantity: sent,
            received_quantity: received,
        }
    }

    fn granted(line: &RequisitionLine, approved_quantity: i64, reason: Option<&str>) -> ApprovedLine {
        let reason = reason.map(|reason| Reason::parse(reason).expect("a reason"));
        ApprovedLine { line_id: line.id, approved_quantity, reason }
    }

    #[test]
    fn a_requisition_goes_only_these_ways() {
        let steps = [
            Step::Submit,
            Step::Resubmit,
            Step::Approve,
            Step::Reject,
            Step::Cancel { approver: false },
            Step::Cancel { approver: true },
        ];
        let mut led = Vec::new();
        for status in Status::ALL {
            led.extend(steps.iter().filter_map(|step| Some((*status, *step, after(*status, *step).ok()?))));
        }
        let (asker, approver) = (Step::Cancel { approver: false }, Step::Cancel { approver: true });
        let expected = [
            (Status::Draft, Step::Submit, Status::Submitted),
            (Status::Draft, asker, Status::Cancelled),
            (Status::Draft, approver, Status::Cancelled),
            (Status::Submitted, Step::Approve, Status::Approved),
            (Status::Submitted, Step::Reject, Status::Rejected),
            (Status::Submitted, asker, Status::Cancelled),
            (Status::Submitted, approver, Status::Cancelled),
            (Status::Approved, approver, Status::Cancelled),
            (Status::PartlyApproved, approver, Status::Cancelled),
            (Status::Rejected, Step::Resubmit, Status::Submitted),
            (Status::Rejected, asker, Status::Cancelled),
            (Status::Rejected, approver, Status::Cancelled),
        ];
        assert_eq!(led, expected);
    }

    #[test]
    fn an_approval_covers_every_line_within_what_was_asked() {
        let asked = [line(100, None, 0, 0), line(40, None, 0, 0)];
        let [first, second] = &asked;
        let judged = |lines: &[ApprovedLine]| approval(&asked, lines);
        let why = Some("The warehouse holds only sixty.");
        assert_eq!(judged(&[granted(first, 100, None), granted(second, 40, None)]), Ok(Status::Approved));
        assert_eq!(judged(&[granted(second, 40, None), granted(first, 60, why)]), Ok(Status::PartlyApproved));
        assert_eq!(judged(&[granted(first, 100, None), granted(second, 0, why)]), Ok(Status::PartlyApproved));
        let told = |lines: &[ApprovedLine]| {
            judged(lines).expect_err("a fault").0.into_iter().map(|fault| (fault.pointer, fault.code)).collect::<Vec<_>>()
        };
        let fault = |pointer: &str, code| (pointer.to_owned(), code);
        assert_eq!(told(&[granted(first, 0, why), granted(second, 0, why)]), [fault("/lines", Code::NothingApproved)]);
        assert_eq!(told(&[]), [fault("/lines", Code::Required)]);
        assert_eq!(told(&[granted(first, 100, None)]), [fault("/lines", Code::Required)]);
        assert_eq!(
            told(&[
                granted(first, 101, why),
                granted(first, -1, why),
                granted(&line(7, None, 0, 0), 1, None),
                granted(second, 39, None)
            ]),
            [
                fault("/lines/0/approved_quantity", Code::OutOfRange),
                fault("/lines/1/line_id", Code::Repeated),
                fault("/lines/1/approved_quantity", Code::OutOfRange),
                fault("/lines/2/line_id", Code::UnknownReference),
                fault("/lines/3/reason", Code::Required),
            ]
        );
    }

    #[test]
    fn how_far_it_has_come_follows_from_its_lines() {
        let cases = [
            (vec![line(100, Some(100), 0, 0), line(40, Some(40), 0, 0)], Status::Approved),
            (vec![line(100, Some(60), 0, 0), line(40, Some(40), 0, 0)], Status::PartlyApproved),
            (vec![line(100, Some(60), 60, 0), line(40, Some(0), 0, 0)], Status::InFulfilment),
            (vec![line(100, Some(60), 60, 59), line(40, Some(0), 0, 0)], Status::InFulfilment),
            (vec![line(100, Some(60), 60, 60), line(40, Some(40), 40, 39)], Status::InFulfilment),
            (vec![line(100, Some(60), 60, 60), line(40, Some(0), 0, 0)], Status::Fulfilled),
            (vec![line(100, Some(60), 60, 75), line(40, Some(40), 0, 40)], Status::Fulfilled),
        ];
        for (lines, expected) in cases {
            assert_eq!(fulfilment(&lines), expected, "{lines:?}");
        }
    }
}

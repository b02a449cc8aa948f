//! How an issue of something controlled goes. Pure.

use super::types::{ControlledIssue, IssueStatus, NewControlledIssue};
use crate::{
    error::{ApiError, ApiResult, Code, Faults},
    stock::{Act, DocumentKind, Posting, check_lines},
    stock_locations::LocationKind,
    types::happened,
};

/// A decision about what was proposed.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// The second person signs.
    Confirm,
    /// The second person does not.
    Reject,
    /// The first person takes it back.
    Withdraw,
    /// What was confirmed is taken back.
    Reverse,
}

/// Where a step leads; from any other state it is refused.
pub fn after(status: IssueStatus, step: Step) -> ApiResult<IssueStatus> {
    match (status, step) {
        (IssueStatus::Proposed, Step::Confirm) => Ok(IssueStatus::Confirmed),
        (IssueStatus::Proposed, Step::Reject) => Ok(IssueStatus::Rejected),
        (IssueStatus::Proposed, Step::Withdraw) => Ok(IssueStatus::Withdrawn),
        (IssueStatus::Confirmed, Step::Reverse) => Ok(IssueStatus::Reversed),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// Adds what is wrong with a proposal by itself: a loss says why, in words and as data.
pub fn proposal(faults: &mut Faults, new: &NewControlledIssue) {
    happened(faults, "/occurred_on", new.occurred_on);
    check_lines(faults, &new.lines);
    if Some(new.to_id) == LocationKind::Loss.account() {
        for (pointer, given) in [("/reason", new.reason.is_some()), ("/adjustment_reason_id", new.adjustment_reason_id.is_some())]
        {
            if !given {
                faults.add(pointer, Code::Required);
            }
        }
    } else if kind_to(new.to_id).is_none() {
        faults.add("/to_id", Code::WrongPlaces);
    } else if new.adjustment_reason_id.is_some() {
        faults.add("/adjustment_reason_id", Code::UnknownField);
    }
}

/// What act leads to an account; `None` where none does.
fn kind_to(account: uuid::Uuid) -> Option<DocumentKind> {
    use LocationKind::{Consumption, Donor, Loss, Supplier};
    let acts = [
        (Consumption, DocumentKind::Issue),
        (Loss, DocumentKind::Loss),
        (Supplier, DocumentKind::Return),
        (Donor, DocumentKind::Return),
    ];
    acts.iter().find(|(kind, _)| kind.account() == Some(account)).map(|(_, act)| *act)
}

/// The document that an issue becomes.
pub fn posting(issue: &ControlledIssue, witness: uuid::Uuid) -> Posting {
    let row = &issue.row;
    let kind = kind_to(row.to_id).unwrap_or(DocumentKind::Issue);
    Posting {
        reference: row.reference.clone(),
        reason: row.reason.clone(),
        adjustment_reason_id: row.adjustment_reason_id,
        witnessed_by: Some(witness),
        ..Posting::of(Act::ControlledIssue, row.id, kind, row.occurred_on, (row.from_id, row.to_id), issue.lines.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_is_decided_once() {
        use IssueStatus as S;
        for done in [S::Rejected, S::Withdrawn, S::Reversed] {
            for step in [Step::Confirm, Step::Reject, Step::Withdraw, Step::Reverse] {
                assert!(after(done, step).is_err(), "{done:?} {step:?}");
            }
        }
        assert!(after(S::Confirmed, Step::Confirm).is_err() && after(S::Proposed, Step::Reverse).is_err());
    }
}

//! What may happen to a lot. Pure.

use super::types::{LotFields, LotStatus};
use crate::error::{ApiError, ApiResult, Code, Faults};

/// Something that changes whether a lot may be used.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// It is not used for now.
    Hold,
    /// It may be used.
    Release,
    /// It is never used again.
    Recall,
}

/// Where a step leads; from any other state it is refused.
pub fn after(status: LotStatus, step: Step) -> ApiResult<LotStatus> {
    match (status, step) {
        (LotStatus::Available, Step::Hold) => Ok(LotStatus::OnHold),
        (LotStatus::Quarantined | LotStatus::OnHold, Step::Release) => Ok(LotStatus::Available),
        (LotStatus::Quarantined | LotStatus::Available | LotStatus::OnHold, Step::Recall) => Ok(LotStatus::Recalled),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// A number and a day of expiry where the item's lots expire, and nowhere else.
pub fn expiry(faults: &mut Faults, tracked: bool, lot: &LotFields) {
    for (pointer, given) in [("/number", lot.number.is_some()), ("/expires_on", lot.expires_on.is_some())] {
        match (tracked, given) {
            (true, false) => faults.add(pointer, Code::Required),
            (false, true) => faults.add(pointer, Code::UnknownField),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recalled_lot_is_never_used_again() {
        for step in [Step::Hold, Step::Release, Step::Recall] {
            assert!(after(LotStatus::Recalled, step).is_err());
        }
        assert_eq!(after(LotStatus::Quarantined, Step::Release).ok(), Some(LotStatus::Available));
        assert!(after(LotStatus::Quarantined, Step::Hold).is_err());
    }
}

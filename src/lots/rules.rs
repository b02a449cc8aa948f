//! What may happen to a lot. Pure.

use super::types::{LotCorrection, LotFields, LotStatus};
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

/// A correction says something. Number and expiry of a recalled lot stay: every place sets aside what bears that number, and a box
/// must not slip out of the recall by another number for it. A lot that was recalled by mistake is entered anew.
pub fn correctable(status: LotStatus, correction: &LotCorrection) -> ApiResult<()> {
    let names_the_boxes = correction.number.is_some() || correction.expires_on.is_some();
    let values = correction.unit_value.is_some() || correction.currency.is_some();
    if !names_the_boxes && !values && correction.manufacturer.is_none() {
        return Err(ApiError::fault("", Code::Required));
    }
    if names_the_boxes && status == LotStatus::Recalled {
        return Err(ApiError::new(Code::WrongState));
    }
    Ok(())
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
    use crate::types::{Name, Reason, ShortText};

    #[test]
    fn a_recall_goes_on_naming_the_same_boxes() {
        let nothing = LotCorrection {
            number: None,
            expires_on: None,
            manufacturer: None,
            unit_value: None,
            currency: None,
            reason: Reason::parse("The label was read wrongly.").expect("a reason"),
        };
        let number = LotCorrection { number: ShortText::parse("KET-14B").ok(), ..nothing.clone() };
        let maker = LotCorrection { manufacturer: Name::parse("Generic Pharma").ok(), ..nothing.clone() };
        let told = |status, correction| correctable(status, correction).map_err(|error| error.code);
        for status in LotStatus::ALL {
            let expected = if *status == LotStatus::Recalled { Err(Code::WrongState) } else { Ok(()) };
            assert_eq!(told(*status, &number), expected, "{status:?}");
            assert_eq!(told(*status, &maker), Ok(()));
            assert_eq!(told(*status, &nothing), Err(Code::ValidationFailed));
        }
    }

    #[test]
    fn a_recalled_lot_is_never_used_again() {
        for step in [Step::Hold, Step::Release, Step::Recall] {
            assert!(after(LotStatus::Recalled, step).is_err());
        }
        assert_eq!(after(LotStatus::Quarantined, Step::Release).ok(), Some(LotStatus::Available));
        assert!(after(LotStatus::Quarantined, Step::Hold).is_err());
    }
}

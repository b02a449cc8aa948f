//! What may happen to a shipment, and when. Pure.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    acts::{CountedLine, ReceivedLine},
    types::{MOST_OF_A_LINE, ShipmentContent, ShipmentLineFields, ShipmentStatus},
};
use crate::{
    auth::Role,
    error::{ApiError, ApiResult, Code, Faults},
    types::within,
};

/// Something that moves a shipment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is put into boxes.
    Pack,
    /// It is taken out of them again.
    Unpack,
    /// It leaves.
    Dispatch,
    /// Something of it arrives; where that leads follows from what is outstanding then.
    Receive,
    /// A receipt is turned round; where that leads follows as well.
    TurnRound,
    /// A difference is recorded or settled.
    Differ,
    /// What is outstanding is lost.
    Lose,
    /// What is outstanding was seized.
    Seize,
    /// What is outstanding came back.
    Return,
    /// It comes to rest.
    Close,
    /// It will not leave.
    Cancel,
}

impl Step {
    /// The end that it is taken at; either, where there are two.
    pub fn ends(self, from: Uuid, to: Uuid) -> Vec<Uuid> {
        match self {
            Self::Receive | Self::TurnRound => vec![to],
            Self::Differ | Self::Close => vec![from, to],
            Self::Pack | Self::Unpack | Self::Dispatch | Self::Lose | Self::Seize | Self::Return | Self::Cancel => vec![from],
        }
    }
}

/// Who may know when a shipment is on the road (its days and what is noted of it): those who send it; whoever
/// else reads it once it has arrived.
pub fn knows_the_road(role: Role, arrived: bool) -> bool {
    role.sends() || arrived && role != Role::Partner
}

/// Where a step leads; from any other state it is refused. What leads on by quantities alone leads to the state it is in.
pub fn after(status: ShipmentStatus, step: Step) -> ApiResult<ShipmentStatus> {
    use ShipmentStatus::{Cancelled, Closed, Dispatched, Draft, Lost, Packed, PartiallyReceived, Received, Returned, Seized};
    match (status, step) {
        (Draft, Step::Pack) => Ok(Packed),
        (Packed, Step::Unpack) => Ok(Draft),
        (Packed, Step::Dispatch) => Ok(Dispatched),
        (Draft | Packed, Step::Cancel) => Ok(Cancelled),
        // What comes after all the rest is over-delivered.
        (Dispatched | PartiallyReceived | Received, Step::Receive | Step::Differ)
        | (PartiallyReceived | Received, Step::TurnRound) => Ok(status),
        (Dispatched | PartiallyReceived, Step::Lose) => Ok(Lost),
        (Dispatched | PartiallyReceived, Step::Seize) => Ok(Seized),
        (Dispatched | PartiallyReceived, Step::Return) => Ok(Returned),
        (Dispatched | PartiallyReceived | Received, Step::Close) => Ok(Closed),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// The state of a shipment on the road, by what was received and what is outstanding.
pub fn on_the_way(received: bool, outstanding: i64) -> ShipmentStatus {
    match (received, outstanding) {
        (false, _) => ShipmentStatus::Dispatched,
        (true, 0) => ShipmentStatus::Received,
        (true, _) => ShipmentStatus::PartiallyReceived,
    }
}

/// Only a draft is edited: what is packed or has left is as it was sent.
pub fn editable(status: ShipmentStatus) -> ApiResult<()> {
    match status {
        ShipmentStatus::Draft => Ok(()),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// What left, or is set aside to leave, is not retired.
pub fn retirable(status: ShipmentStatus) -> ApiResult<()> {
    match status {
        ShipmentStatus::Draft | ShipmentStatus::Cancelled => Ok(()),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// The lines that say again what a line before them said: an item stands once, unless every line of it names another lot.
pub fn repeated_lines(lines: &[ShipmentLineFields]) -> Vec<usize> {
    let mut open = HashMap::<Uuid, bool>::new();
    let mut lots = HashSet::new();
    let mut repeated = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let before = open.get(&line.item_id).copied();
        let clash = match (before, line.lot_id) {
            (None, _) => false,
            (Some(open), Some(lot)) => open || lots.contains(&lot),
            (Some(_), None) => true,
        };
        if clash {
            repeated.push(index);
        }
        open.insert(line.item_id, before.unwrap_or_default() || line.lot_id.is_none());
        lots.extend(line.lot_id);
    }
    repeated
}

/// What was counted, held against what is outstanding: what is beyond it is over-delivered.
pub fn counted(faults: &mut Faults, contents: &[ShipmentContent], received: &[ReceivedLine]) -> Vec<CountedLine> {
    if received.is_empty() {
        faults.add("/lines", Code::Required);
    }
    if received.len() > 500 {
        faults.add("/lines", Code::TooMany);
    }
    // What discrepancies account for is not there to arrive: who finds it again withdraws the discrepancy first.
    let open: HashMap<Uuid, i64> = contents.iter().map(|one| (one.lot_id, one.outstanding - one.explained)).collect();
    let explained: HashMap<Uuid, i64> = contents.iter().map(|one| (one.lot_id, one.explained)).collect();
    let mut named = HashSet::new();
    let mut counted = Vec::with_capacity(received.len());
    for (index, line) in received.iter().enumerate() {
        let at = |field: &str| format!("/lines/{index}/{field}");
        if !named.insert(line.lot_id) {
            faults.add(at("lot_id"), Code::Repeated);
        }
        let sound = faults.0.len();
        within(faults, &at("accepted_quantity"), Some(line.accepted_quantity), 0, MOST_OF_A_LINE);
        within(faults, &at("rejected_quantity"), Some(line.rejected_quantity), 0, MOST_OF_A_LINE);
        if faults.0.len() > sound {
            continue;
        }
        let explained = explained.get(&line.lot_id).copied().unwrap_or_default();
        let open = open.get(&line.lot_id).copied().unwrap_or_default();
        if line.accepted_quantity == 0 && line.rejected_quantity == 0 {
            faults.add(at("accepted_quantity"), Code::OutOfRange);
        }
        // What is refused beyond what was sent was never ours: it is not counted in.
        if line.rejected_quantity > open {
            faults.add(at("rejected_quantity"), Code::OutOfRange);
            continue;
        }
        match (line.rejected_quantity > 0, line.cause) {
            (true, None) => faults.add(at("cause"), Code::Required),
            (false, Some(_)) => faults.add(at("cause"), Code::UnknownField),
            _ => {}
        }
        let accepted = line.accepted_quantity.min(open - line.rejected_quantity);
        // Somebody has said that it will not come: it would be in the store and on the road at once.
        if line.accepted_quantity > accepted && explained > 0 {
            faults.add(at("accepted_quantity"), Code::OutOfRange);
            continue;
        }
        counted.push(CountedLine {
            lot_id: line.lot_id,
            accepted,
            rejected: line.rejected_quantity,
            over: line.accepted_quantity - accepted,
            cause: line.cause,
        });
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shipment_never_goes_back_but_out_of_its_boxes() {
        use ShipmentStatus as S;
        let steps = [
            Step::Pack,
            Step::Unpack,
            Step::Dispatch,
            Step::Receive,
            Step::TurnRound,
            Step::Differ,
            Step::Lose,
            Step::Seize,
            Step::Return,
            Step::Close,
            Step::Cancel,
        ];
        let led = |from: S| -> Vec<S> { steps.iter().filter_map(|step| after(from, *step).ok()).collect() };
        assert_eq!(led(S::Draft), [S::Packed, S::Cancelled]);
        assert_eq!(led(S::Packed), [S::Draft, S::Dispatched, S::Cancelled]);
        assert_eq!(led(S::Dispatched), [S::Dispatched, S::Dispatched, S::Lost, S::Seized, S::Returned, S::Closed]);
        assert_eq!(led(S::Received), [S::Received, S::Received, S::Received, S::Closed]);
        for rest in [S::Closed, S::Cancelled, S::Lost, S::Seized, S::Returned] {
            assert_eq!(led(rest), []);
        }
    }

    #[test]
    fn an_item_stands_once_unless_every_line_of_it_names_a_lot() {
        let (item, other) = (Uuid::now_v7(), Uuid::now_v7());
        let line = |item_id, lot_id| ShipmentLineFields { item_id, lot_id, quantity: 1 };
        let (a, b) = (Some(Uuid::now_v7()), Some(Uuid::now_v7()));
        assert_eq!(repeated_lines(&[line(item, a), line(other, None), line(item, b)]), [0; 0]);
        assert_eq!(repeated_lines(&[line(item, a), line(item, None)]), [1]);
        assert_eq!(repeated_lines(&[line(item, None), line(item, a)]), [1]);
        assert_eq!(repeated_lines(&[line(item, a), line(item, b), line(item, a), line(item, None)]), [2, 3]);
    }

    #[test]
    fn what_is_beyond_the_outstanding_is_over_delivered() {
        let lot_id = Uuid::now_v7();
        let content = ShipmentContent {
            id: Uuid::now_v7(),
            line_id: Uuid::now_v7(),
            item_id: Uuid::now_v7(),
            lot_id,
            lot_number: None,
            expires_on: None,
            quantity: 100,
            accepted: 20,
            rejected: 0,
            lost: 0,
            returned: 0,
            outstanding: 80,
            explained: 30,
        };
        let line = |accepted_quantity, rejected_quantity| ReceivedLine {
            lot_id,
            accepted_quantity,
            rejected_quantity,
            cause: (rejected_quantity > 0).then_some(super::super::acts::RejectionCause::Damaged),
        };
        let told = |line| {
            let mut faults = Faults::default();
            let counted = counted(&mut faults, std::slice::from_ref(&content), &[line]);
            (faults.0.len(), counted.first().map(|one| (one.accepted, one.rejected, one.over)))
        };
        assert_eq!(told(line(45, 5)), (0, Some((45, 5, 0))));
        assert_eq!(told(line(60, 5)), (1, None), "30 are explained: whoever finds them says so first");
        assert_eq!(told(line(0, 51)), (1, None));
        assert_eq!(told(line(0, 0)).0, 1);
        assert_eq!(told(line(-1, 0)), (1, None));
    }
}

//! What may happen to a shipment, and when. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::types::{ReceivedLine, ShipmentLine, ShipmentLineFields, ShipmentStatus};
use crate::{
    auth::Role,
    error::{ApiError, ApiResult, Code, Faults},
};

/// Something that moves a shipment on.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// It leaves.
    Dispatch,
    /// It arrives.
    Receive,
    /// It will not leave.
    Cancel,
}

/// Who may know when a shipment is on the road (its days and what is noted of it): those who send it; whoever
/// else reads it once it has arrived.
pub fn knows_the_road(role: Role, arrived: bool) -> bool {
    match role {
        Role::Manager | Role::Coordinator => true,
        Role::Admin | Role::Clerk | Role::Auditor => arrived,
        Role::Partner => false,
    }
}

/// Where a step leads; from any other state it is refused.
pub fn after(status: ShipmentStatus, step: Step) -> ApiResult<ShipmentStatus> {
    match (status, step) {
        (ShipmentStatus::Draft, Step::Dispatch) => Ok(ShipmentStatus::Dispatched),
        (ShipmentStatus::Draft, Step::Cancel) => Ok(ShipmentStatus::Cancelled),
        (ShipmentStatus::Dispatched, Step::Receive) => Ok(ShipmentStatus::Received),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// Only a draft is edited: what has left is as it was sent.
pub fn editable(status: ShipmentStatus) -> ApiResult<()> {
    match status {
        ShipmentStatus::Draft => Ok(()),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// What has left counts, and stays.
pub fn retirable(status: ShipmentStatus) -> ApiResult<()> {
    match status {
        ShipmentStatus::Draft | ShipmentStatus::Cancelled => Ok(()),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// A line names a lot and its expiry where its item's lots expire, and only there.
pub fn lots(tracked: &BTreeMap<Uuid, bool>, lines: &[ShipmentLineFields]) -> Faults {
    let mut faults = Faults::default();
    for (index, line) in lines.iter().enumerate() {
        let at = |field: &str| format!("/lines/{index}/{field}");
        let Some(tracked) = tracked.get(&line.item_id) else {
            faults.add(at("item_id"), Code::UnknownReference);
            continue;
        };
        for (field, given) in [("lot_number", line.lot_number.is_some()), ("expires_on", line.expires_on.is_some())] {
            match (tracked, given) {
                (true, false) => faults.add(at(field), Code::Required),
                // A line of such an item has no such field.
                (false, true) => faults.add(at(field), Code::UnknownField),
                _ => {}
            }
        }
    }
    faults
}

/// A receipt names every line that was sent exactly once, and no more of it than was sent.
pub fn receipt(faults: &mut Faults, sent: &[ShipmentLine], received: &[ReceivedLine]) {
    let sent: HashMap<_, _> = sent.iter().map(|line| (line.id, line.quantity)).collect();
    let mut named = HashSet::new();
    for (index, line) in received.iter().enumerate() {
        let at = |field: &str| format!("/lines/{index}/{field}");
        let Some(quantity) = sent.get(&line.line_id) else {
            faults.add(at("line_id"), Code::UnknownReference);
            continue;
        };
        if !named.insert(line.line_id) {
            faults.add(at("line_id"), Code::Repeated);
        }
        // Subtracted, not added: two numbers of 64 bits may not fit into one.
        if !(0..=*quantity).contains(&line.accepted_quantity) {
            faults.add(at("accepted_quantity"), Code::OutOfRange);
        } else if !(0..=quantity - line.accepted_quantity).contains(&line.rejected_quantity) {
            faults.add(at("rejected_quantity"), Code::OutOfRange);
        }
    }
    if named.len() < sent.len() {
        faults.add("/lines", Code::Required);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shipment_never_goes_back() {
        let steps = [Step::Dispatch, Step::Receive, Step::Cancel];
        let led: Vec<_> = ShipmentStatus::ALL
            .iter()
            .flat_map(|status| steps.iter().filter_map(|step| Some((*status, after(*status, *step).ok()?))))
            .collect();
        assert_eq!(
            led,
            [
                (ShipmentStatus::Draft, ShipmentStatus::Dispatched),
                (ShipmentStatus::Draft, ShipmentStatus::Cancelled),
                (ShipmentStatus::Dispatched, ShipmentStatus::Received),
            ]
        );
    }
}

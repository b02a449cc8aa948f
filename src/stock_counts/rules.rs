//! How a count goes, and what its differences become. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::types::{CountConfirmation, CountStatus, StockCountLine, StockCountLineFields, StockCountRow};
use crate::{
    error::{ApiError, ApiResult, Code, Faults},
    stock::{Act, DocumentKind, MOST_LINES, Posting, StockLine},
    stock_locations::LocationKind,
    types::{Reason, within},
};

/// The most lines of one sheet.
const MOST_LOTS: usize = 2_000;
/// The most of one line, in base units.
const MOST_QUANTITY: i64 = 1_000_000_000_000;

/// Something that leads a count on.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// It is handed in.
    Submit,
    /// A second person agrees.
    Confirm,
    /// A second person does not.
    Reject,
    /// It is given up.
    Cancel,
    /// What was agreed to is taken back.
    Reverse,
}

/// Where a step leads; from any other state it is refused.
pub fn after(status: CountStatus, step: Step) -> ApiResult<CountStatus> {
    match (status, step) {
        (CountStatus::Draft, Step::Submit) => Ok(CountStatus::Counted),
        (CountStatus::Counted, Step::Confirm) => Ok(CountStatus::Confirmed),
        (CountStatus::Counted, Step::Reject) => Ok(CountStatus::Rejected),
        (CountStatus::Draft | CountStatus::Counted, Step::Cancel) => Ok(CountStatus::Cancelled),
        (CountStatus::Confirmed, Step::Reverse) => Ok(CountStatus::Reversed),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// Only a draft is edited.
pub fn editable(status: CountStatus) -> ApiResult<()> {
    if status == CountStatus::Draft { Ok(()) } else { Err(ApiError::new(Code::WrongState)) }
}

/// Adds what is wrong with a sheet by itself.
pub fn sheet(faults: &mut Faults, lines: &[StockCountLineFields]) {
    if lines.len() > MOST_LOTS {
        faults.add("/lines", Code::TooMany);
    }
    let mut lots = HashSet::new();
    for (index, line) in lines.iter().enumerate() {
        within(faults, &format!("/lines/{index}/counted_quantity"), Some(line.counted_quantity), 0, MOST_QUANTITY);
        if !lots.insert(line.lot_id) {
            faults.add(format!("/lines/{index}/lot_id"), Code::Repeated);
        }
    }
}

/// The documents that a count's differences become: what is more and what is less apart, reason by reason, as long as a document may be.
/// They are the counter's, witnessed by the second person.
pub fn postings(
    count: &StockCountRow,
    lines: &[StockCountLine],
    given: &CountConfirmation,
    witness: Uuid,
) -> ApiResult<Vec<Posting>> {
    let named = reasons(lines, given)?;
    let account =
        LocationKind::CountDifference.account().ok_or_else(|| ApiError::internal("count differences have no account"))?;
    let mut sorted: BTreeMap<(bool, Option<Uuid>), Vec<StockLine>> = BTreeMap::new();
    for (line, difference) in lines.iter().filter_map(|line| Some((line, line.difference.filter(|by| *by != 0)?))) {
        let reason = named.get(&line.lot_id).copied().or(line.adjustment_reason_id);
        let moved = StockLine { lot_id: line.lot_id, quantity: difference.abs() };
        sorted.entry((difference > 0, reason)).or_default().push(moved);
    }
    let reason = match &given.reason {
        Some(reason) => reason.clone(),
        None => Reason::parse(&format!("Stock count of {}.", count.head.counted_on)).map_err(ApiError::new)?,
    };
    let mut postings = Vec::new();
    for ((more, adjustment_reason_id), moved) in sorted {
        let place = count.head.location_id;
        let ends = if more { (account, place) } else { (place, account) };
        postings.extend(moved.chunks(MOST_LINES).map(|part| Posting {
            reason: Some(reason.clone()),
            adjustment_reason_id,
            witnessed_by: Some(witness),
            ..Posting::of(Act::StockCount, count.id, DocumentKind::Count, count.head.counted_on, ends, part.to_vec())
        }));
    }
    Ok(postings)
}

/// The reasons that the second person names, each of a lot that has a difference.
fn reasons(lines: &[StockCountLine], given: &CountConfirmation) -> ApiResult<HashMap<Uuid, Uuid>> {
    let mut faults = Faults::default();
    let mut named = HashMap::new();
    let different: HashSet<Uuid> =
        lines.iter().filter(|line| line.difference.is_some_and(|by| by != 0)).map(|line| line.lot_id).collect();
    for (index, one) in given.reasons.iter().enumerate() {
        if !different.contains(&one.lot_id) {
            faults.add(format!("/reasons/{index}/lot_id"), Code::UnknownReference);
        } else if named.insert(one.lot_id, one.adjustment_reason_id).is_some() {
            faults.add(format!("/reasons/{index}/lot_id"), Code::Repeated);
        }
    }
    faults.into_result()?;
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_decided_once_and_never_goes_back() {
        use CountStatus as S;
        for done in [S::Rejected, S::Cancelled, S::Reversed] {
            for step in [Step::Submit, Step::Confirm, Step::Reject, Step::Cancel, Step::Reverse] {
                assert!(after(done, step).is_err(), "{done:?} {step:?}");
            }
        }
        assert!(after(S::Draft, Step::Confirm).is_err() && after(S::Confirmed, Step::Cancel).is_err());
        assert_eq!(after(S::Confirmed, Step::Reverse).ok(), Some(S::Reversed));
    }
}

//! What a document is, and what it may say. Pure.

use super::types::{AllocationQuery, DocumentKind, NewStockDocument, StockLine};
use crate::{
    error::{ApiResult, Code, Faults},
    stock_locations::LocationKind,
    types::{happened, within},
};

/// The most lines of one document.
const MOST_LINES: usize = 500;
/// The largest quantity of one line, in the item's base unit.
const MOST_QUANTITY: i64 = 1_000_000_000_000;

/// What kind of act leads from one place to the other; `None` where none does. What is on the road is moved by its shipment alone.
pub fn kind(from: LocationKind, to: LocationKind) -> Option<DocumentKind> {
    use LocationKind::{Consumption, CountDifference, Donor, InTransit, Loss, Supplier};
    match (from, to) {
        (InTransit, _) | (_, InTransit) => None,
        (Supplier | Donor, to) if to.holds() => Some(DocumentKind::Receipt),
        (CountDifference, to) if to.holds() => Some(DocumentKind::Count),
        (from, _) if !from.holds() => None,
        (_, Consumption) => Some(DocumentKind::Issue),
        (_, Loss) => Some(DocumentKind::Loss),
        (_, CountDifference) => Some(DocumentKind::Count),
        (_, Supplier | Donor) => Some(DocumentKind::Return),
        (_, to) if to.holds() => Some(DocumentKind::Transfer),
        _ => None,
    }
}

/// Adds what is wrong with a document by itself.
pub fn document(faults: &mut Faults, document: &NewStockDocument) {
    happened(faults, "/occurred_on", document.occurred_on);
    lines(faults, &document.lines);
}

/// Adds what is wrong with the lines of a document by themselves.
pub fn lines(faults: &mut Faults, lines: &[StockLine]) {
    if lines.is_empty() {
        faults.add("/lines", Code::Required);
    }
    if lines.len() > MOST_LINES {
        faults.add("/lines", Code::TooMany);
    }
    let mut lots = std::collections::HashSet::new();
    for (index, line) in lines.iter().enumerate() {
        within(faults, &format!("/lines/{index}/quantity"), Some(line.quantity), 1, MOST_QUANTITY);
        if !lots.insert(line.lot_id) {
            faults.add(format!("/lines/{index}/lot_id"), Code::Repeated);
        }
    }
}

/// Judges how many are asked for.
pub fn wanted(query: &AllocationQuery) -> ApiResult<()> {
    let mut faults = Faults::default();
    within(&mut faults, "/quantity", Some(query.quantity.0), 1, MOST_QUANTITY);
    Ok(faults.into_result()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_act_is_follows_from_its_two_places() {
        use LocationKind as L;
        let cases = [
            (L::Supplier, L::Warehouse, Some(DocumentKind::Receipt)),
            (L::Donor, L::FacilityStore, Some(DocumentKind::Receipt)),
            (L::Warehouse, L::FacilityStore, Some(DocumentKind::Transfer)),
            (L::FacilityStore, L::Quarantine, Some(DocumentKind::Transfer)),
            (L::FacilityStore, L::Consumption, Some(DocumentKind::Issue)),
            (L::Warehouse, L::Loss, Some(DocumentKind::Loss)),
            (L::Warehouse, L::CountDifference, Some(DocumentKind::Count)),
            (L::CountDifference, L::Warehouse, Some(DocumentKind::Count)),
            (L::Warehouse, L::Supplier, Some(DocumentKind::Return)),
            (L::Supplier, L::Consumption, None),
            (L::Loss, L::Warehouse, None),
            (L::Production, L::Warehouse, None),
            (L::Warehouse, L::Production, None),
            (L::Warehouse, L::InTransit, None),
            (L::InTransit, L::Loss, None),
        ];
        for (from, to, expected) in cases {
            assert_eq!(kind(from, to), expected, "{from:?} to {to:?}");
        }
    }
}

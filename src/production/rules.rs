//! What may happen to a production order, and what follows from its recipe. Pure.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::types::{IngredientUse, ProductionCompletion, ProductionStatus};
use crate::{
    error::{ApiError, ApiResult, Code, Faults},
    recipes::RecipeIngredient,
    stock::StockLine,
    types::within,
};

/// The largest quantity of one lot, in the item's base unit.
const MOST_QUANTITY: i64 = 1_000_000_000_000;
/// The longest number of a lot, in letters.
const LONGEST_LOT: usize = 40;

/// Something that moves an order on.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// The ingredients are taken.
    Start,
    /// The product is made.
    Complete,
    /// The product may be used.
    Release,
    /// The product is never used.
    Reject,
    /// A draft will not be made.
    Cancel,
    /// What was written of it is turned round.
    Reverse,
}

/// Where a step leads; from any other state it is refused.
pub fn after(status: ProductionStatus, step: Step) -> ApiResult<ProductionStatus> {
    use ProductionStatus::{Cancelled, Completed, Draft, Rejected, Released, Started};
    match (status, step) {
        (Draft, Step::Start) => Ok(Started),
        (Started, Step::Complete) => Ok(Completed),
        (Completed, Step::Release) => Ok(Released),
        (Completed, Step::Reject) => Ok(Rejected),
        (Draft, Step::Cancel) | (Started | Completed, Step::Reverse) => Ok(Cancelled),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// Only a draft is edited or retired: what has begun is as it was begun.
pub fn editable(status: ProductionStatus) -> ApiResult<()> {
    if status == ProductionStatus::Draft { Ok(()) } else { Err(ApiError::new(Code::WrongState)) }
}

/// What the recipe asks of these batches.
pub fn wanted(ingredients: &[RecipeIngredient], batches: i32) -> Vec<(Uuid, i64)> {
    ingredients.iter().map(|one| (one.item_id, one.quantity * i64::from(batches))).collect()
}

/// Lines that people give name lots of the recipe's items alone, and of each of these something. How many is theirs to say.
pub fn covers(faults: &mut Faults, ingredients: &[RecipeIngredient], lines: &[StockLine], items: &HashMap<Uuid, Uuid>) {
    let asked: HashSet<Uuid> = ingredients.iter().map(|one| one.item_id).collect();
    let mut given = HashSet::new();
    for (index, line) in lines.iter().enumerate() {
        match items.get(&line.lot_id) {
            Some(item) if asked.contains(item) => drop(given.insert(*item)),
            _ => faults.add(format!("/lines/{index}/lot_id"), Code::UnknownReference),
        }
    }
    if !lines.is_empty() && given.len() < asked.len() {
        faults.add("/lines", Code::Required);
    }
}

/// Adds what is wrong with a completion by itself. A lot has a number where the item's lots expire, and only there.
pub fn completion(faults: &mut Faults, made: &ProductionCompletion, expires: bool) {
    within(faults, "/quantity", Some(made.quantity), 1, MOST_QUANTITY);
    within(faults, "/lost_quantity", made.lost_quantity, 0, MOST_QUANTITY);
    match (&made.lot_number, expires) {
        (None, true) => faults.add("/lot_number", Code::Required),
        (Some(_), false) => faults.add("/lot_number", Code::UnknownField),
        (Some(number), true) if number.as_str().chars().count() > LONGEST_LOT => faults.add("/lot_number", Code::TooLong),
        _ => {}
    }
}

/// What the recipe asks for beside what was taken.
pub fn uses(wanted: Vec<(Uuid, i64)>, taken: impl Iterator<Item = (Uuid, i64)>) -> Vec<IngredientUse> {
    let mut sums: HashMap<Uuid, i64> = HashMap::new();
    for (item, quantity) in taken {
        *sums.entry(item).or_default() += quantity;
    }
    let one = |(item_id, planned_quantity): (Uuid, i64)| IngredientUse {
        item_id,
        planned_quantity,
        consumed_quantity: sums.get(&item_id).copied().unwrap_or_default(),
    };
    wanted.into_iter().map(one).collect()
}

/// A part of a whole in per cent, rounded to the nearest of two decimals; half goes away from zero.
pub fn percent(part: i64, whole: i64) -> String {
    let (part, whole) = (i128::from(part), i128::from(whole).max(1));
    let hundredths = (part.abs() * 20_000 + whole) / (whole * 2);
    let sign = if part < 0 && hundredths > 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_never_goes_back() {
        use ProductionStatus::{Cancelled, Completed, Draft, Rejected, Released, Started};
        let steps = [Step::Start, Step::Complete, Step::Release, Step::Reject, Step::Cancel, Step::Reverse];
        let led: Vec<_> = ProductionStatus::ALL
            .iter()
            .flat_map(|status| steps.iter().filter_map(|step| Some((*status, after(*status, *step).ok()?))))
            .collect();
        let all = [
            (Draft, Started),
            (Draft, Cancelled),
            (Started, Completed),
            (Started, Cancelled),
            (Completed, Released),
            (Completed, Rejected),
            (Completed, Cancelled),
        ];
        assert_eq!(led, all);
    }

    #[test]
    fn yield_and_loss_are_exact() {
        assert_eq!(percent(388, 400), "97.00");
        assert_eq!((percent(1, 3), percent(2, 3)), ("33.33".to_owned(), "66.67".to_owned()));
        assert_eq!((percent(-3, 400), percent(0, 400)), ("-0.75".to_owned(), "0.00".to_owned()));
        assert_eq!(percent(-1, 1_000_000), "0.00", "never a negative nothing");
        assert_eq!(percent(1_000_000_000_000, 1), "100000000000000.00");
    }

    #[test]
    fn given_lines_hold_every_ingredient_and_nothing_else() {
        let [bag, salt, other] = [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)];
        let lot = |number: u128| Uuid::from_u128(10 + number);
        let items = HashMap::from([(lot(1), bag), (lot(2), salt), (lot(3), other)]);
        let recipe = [RecipeIngredient { item_id: bag, quantity: 1 }, RecipeIngredient { item_id: salt, quantity: 9 }];
        let told = |lots: &[u128]| {
            let mut faults = Faults::default();
            let lines: Vec<_> = lots.iter().map(|number| StockLine { lot_id: lot(*number), quantity: 1 }).collect();
            covers(&mut faults, &recipe, &lines, &items);
            faults.0.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
        };
        assert_eq!(told(&[1, 2]), Vec::<String>::new());
        assert_eq!(told(&[1]), ["/lines"]);
        assert_eq!(told(&[1, 2, 3, 4]), ["/lines/2/lot_id", "/lines/3/lot_id"]);
    }
}

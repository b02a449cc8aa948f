//! Which numbers of people a partner is told. Pure.
//!
//! Cells below the smallest are hidden. Taking the others from the total would give them back, so the cells that are next
//! in size hide with them; where there are none, the total hides too. Which of the hidden cells is the small one cannot be
//! said: the rule knows values and no places, so any exchange of the hidden values among their places is told in the same
//! words. Hence every hidden cell may hold at least two values, one below the smallest cell and one not.

use std::collections::BTreeMap;

/// A table of people with its total, as it may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protected<K> {
    /// Each cell: its number, or none where it is hidden.
    pub cells: BTreeMap<K, Option<i64>>,
    /// The sum of all cells, or none where it is hidden.
    pub total: Option<i64>,
}

/// Hides what must not be told of cells that add up to a total. Nobody is no small number: a zero is told.
pub fn protect<K: Ord + Clone>(cells: &BTreeMap<K, i64>, smallest: i64) -> Protected<K> {
    let is_small = |number: i64| number > 0 && number < smallest;
    let total = cells.values().sum();
    if !cells.values().any(|number| is_small(*number)) {
        return Protected { cells: cells.iter().map(|(key, number)| (key.clone(), Some(*number))).collect(), total: Some(total) };
    }
    // All that are next in size, not one of them: a choice between equals would tell them apart.
    let cover = cells.values().copied().filter(|number| *number >= smallest).min();
    let hidden = |number: i64| is_small(number) || Some(number) == cover;
    let told = |number: i64| (!hidden(number)).then_some(number);
    Protected { cells: cells.iter().map(|(key, number)| (key.clone(), told(*number))).collect(), total: cover.map(|_| total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(cells: &[i64]) -> (Vec<Option<i64>>, Option<i64>) {
        let cells: BTreeMap<usize, i64> = cells.iter().copied().enumerate().collect();
        let told = protect(&cells, 5);
        (told.cells.into_values().collect(), told.total)
    }

    #[test]
    fn a_small_cell_hides_with_those_next_in_size_or_with_the_total() {
        assert_eq!(told(&[12, 0, 5]), (vec![Some(12), Some(0), Some(5)], Some(17)));
        assert_eq!(told(&[12, 3, 7]), (vec![Some(12), None, None], Some(22)));
        assert_eq!(told(&[5, 5, 1]), (vec![None, None, None], Some(11)), "equals hide together");
        assert_eq!(told(&[4, 0, 2]), (vec![None, Some(0), None], None));
        assert_eq!(told(&[0, 0]), (vec![Some(0), Some(0)], Some(0)));
    }
}

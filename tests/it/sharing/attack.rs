//! The attack: everything that may be read is held together, and no hidden number may come out.
//!
//! The attacker knows the rule, every answer, and that people are whole. A hidden number is safe while two worlds at least,
//! which differ in it, would have been answered with the same words.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use siraj::shared::{Protected, protect};

use super::{World, month_end};

const SMALLEST: i64 = 5;
/// More than any cell of the worlds that are attacked.
const MOST: i64 = 12;

/// The values that each hidden cell may have, by a rule: all worlds that are told as this one is.
fn attack(told: &Protected<usize>, rule: impl Fn(&BTreeMap<usize, i64>) -> Protected<usize>) -> BTreeMap<usize, BTreeSet<i64>> {
    let hidden: Vec<usize> = told.cells.iter().filter(|(_, number)| number.is_none()).map(|(key, _)| *key).collect();
    let shown: i64 = told.cells.values().flatten().sum();
    let mut world: BTreeMap<usize, i64> = told.cells.iter().map(|(key, number)| (*key, number.unwrap_or_default())).collect();
    let mut possible = BTreeMap::new();
    search(&hidden, told.total.map(|total| total - shown), &mut world, &mut |world| {
        if rule(world) == *told {
            for key in &hidden {
                possible.entry(*key).or_insert_with(BTreeSet::new).insert(world[key]);
            }
        }
    });
    possible
}

/// Every way to fill the hidden cells, within what is left of the total.
fn search(hidden: &[usize], left: Option<i64>, world: &mut BTreeMap<usize, i64>, found: &mut impl FnMut(&BTreeMap<usize, i64>)) {
    let Some((first, rest)) = hidden.split_first() else {
        if left.is_none_or(|left| left == 0) {
            found(world);
        }
        return;
    };
    let values = match left {
        Some(left) if rest.is_empty() => left..=left,
        Some(left) => 0..=left.min(MOST),
        None => 0..=MOST,
    };
    for value in values {
        world.insert(*first, value);
        search(rest, left.map(|left| left - value), world, found);
    }
}

fn world_of(cells: &[i64]) -> BTreeMap<usize, i64> {
    cells.iter().copied().enumerate().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_hidden_number_can_be_worked_out(cells in prop::collection::vec(0_i64..=9, 1..=5), smallest in SMALLEST..=7) {
        let told = protect(&world_of(&cells), smallest);
        for (key, number) in &told.cells {
            prop_assert!(number.is_none_or(|number| number == 0 || number >= smallest), "a small cell is told");
            prop_assert!(number.is_none_or(|number| number == cells[*key]));
        }
        let possible = attack(&told, |world| protect(world, smallest));
        for (key, values) in &possible {
            prop_assert!(values.len() >= 2, "{cells:?}: cell {key} must be {values:?}");
            prop_assert!(values.contains(&cells[*key]));
            prop_assert!(told.total.is_none() || values.iter().any(|value| *value < smallest) && values.iter().any(|value| *value >= smallest));
        }
    }
}

/// The rules that are often taken give numbers away; so the attack finds what there is to find.
#[test]
fn the_attack_breaks_weaker_rules() {
    // Small cells alone hide: the total gives them back.
    let naive = |world: &BTreeMap<usize, i64>| Protected {
        cells: world.iter().map(|(key, number)| (*key, (*number == 0 || *number >= SMALLEST).then_some(*number))).collect(),
        total: Some(world.values().sum()),
    };
    let broken = attack(&naive(&world_of(&[3, 8, 9])), naive);
    assert_eq!(broken[&0], BTreeSet::from([3]));
    // One of two equals hides, by its place: the other one tells which is small.
    let by_place = |world: &BTreeMap<usize, i64>| {
        let mut told = naive(world);
        let next = world.iter().filter(|(_, number)| **number >= SMALLEST).min_by_key(|(key, number)| (**number, **key));
        if let Some((key, _)) = next.filter(|_| told.cells.values().any(Option::is_none)) {
            told.cells.insert(*key, None);
        }
        told
    };
    let broken = attack(&by_place(&world_of(&[5, 5, 1])), by_place);
    assert_eq!(broken[&2], BTreeSet::from([1]));
    let held = attack(&protect(&world_of(&[5, 5, 1]), SMALLEST), |world| protect(world, SMALLEST));
    assert!(held.values().all(|values| values.len() >= 2));
}

/// A table as it was answered, its cells numbered.
fn table(figures: &Value) -> Protected<usize> {
    let cells = figures["staff"]["by_cadre"].as_object().expect("cadres");
    Protected {
        cells: cells.values().enumerate().map(|(key, number)| (key, number.as_i64())).collect(),
        total: figures["staff"]["total"].as_i64(),
    }
}

#[tokio::test]
async fn everything_that_two_grants_give_of_three_months_gives_no_small_number_away() {
    let world = World::start().await;
    let facility = world.facility("HOS-01", &["hospital"]).await;
    let other = world.facility("HOS-02", &["hospital"]).await;
    let since = month_end(5);
    for (cadre, number, ends) in
        [("doctor", 2, None), ("nurse", 5, None), ("midwife", 5, Some(month_end(3))), ("technician", 9, None)]
    {
        world.pays(cadre, number, facility, (since, ends)).await;
    }
    world.pays("midwife", 3, other, (month_end(2), None)).await;
    let whole = world.grant(&["facilities", "facility_names", "facility_counts", "staff_counts"], json!({})).await;
    let another = world.grant(&["facilities", "facility_names", "functionality", "staff_counts", "shipments"], json!({})).await;
    let some = world.grant(&["facilities", "facility_names"], json!({"facility_ids": [other]})).await;
    let mut tables = Vec::new();
    let mut answers = String::new();
    for grant in [whole, another, some] {
        let (_, machine) = world.machine(grant).await;
        answers += &json!(machine.all("/api/v1/shared/facilities").await).to_string();
        answers += &machine.get("/api/v1/shared/changes").await.expect_status(200).text();
        for ago in 1..=4 {
            let answer = machine.get(&format!("/api/v1/shared/figures?as_of={}", month_end(ago))).await;
            if grant == some {
                answer.expect_problem(403, "not-granted");
            } else {
                tables.push((ago, table(&answer.expect_status(200).json())));
            }
        }
        // Somebody leaves between the readings: what was told is told again.
        world.sql.batch_execute("UPDATE assignments SET retired_at = now() WHERE id = (SELECT id FROM assignments WHERE cadre = 'doctor' AND retired_at IS NULL LIMIT 1)").await.unwrap();
    }
    for (ago, told) in &tables {
        assert!(tables.iter().all(|(month, other)| month != ago || other == told), "two grants tell a month in two ways");
        let possible = attack(told, |world| protect(world, SMALLEST));
        assert!(!possible.is_empty(), "two doctors hide in every month");
        for (key, values) in possible {
            assert!(values.len() >= 2, "{ago} months ago, cell {key}: {values:?}");
        }
    }
    // Nothing else that is given says how many people there are, or where they are.
    for word in ["staff", "cadre", "posts", "share_percent", "latitude", "cell"] {
        assert!(!answers.contains(word), "{word}");
    }
    // The person's way is the machine's way: no other door tells more.
    let partner = world.app.partner(world.partner).await;
    for closed in ["reports/figures", "reports/figures/staff.total/rows", "staff", "assignments", "facilities"] {
        partner.get(&format!("/api/v1/{closed}")).await.expect_problem(403, "forbidden");
    }
}

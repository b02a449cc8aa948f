//! Whatever comes, is burned and turned round: the book follows the dips, and a simple model says the same.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::json;
use uuid::Uuid;

use super::{CONSUMPTION, DIPS, Depot, GENERATORS, dip};

/// What may happen to a tank.
#[derive(Debug, Clone)]
enum Act {
    Deliver(u32, i64),
    Issue(u32, i64),
    Hours(u32, i64),
    Dip(u32, i64),
    Reverse(usize),
}

const CAPACITY: i64 = 1000;
/// Beyond the last day on which anything happens.
const END: u32 = 10;

fn act() -> impl Strategy<Value = Act> {
    let day = || 1..9_u32;
    prop_oneof![
        4 => (day(), 100..700_i64).prop_map(|(day, litres)| Act::Deliver(day, litres)),
        2 => (day(), 1..300_i64).prop_map(|(day, litres)| Act::Issue(day, litres)),
        2 => (day(), 0..=240_i64).prop_map(|(day, tenths)| Act::Hours(day, tenths)),
        4 => (day(), 0..=1010_i64).prop_map(|(day, litres)| Act::Dip(day, litres)),
        2 => (0..6_usize).prop_map(Act::Reverse),
    ]
}

/// The same tank, simple enough to be believed.
#[derive(Debug, Default)]
struct Model {
    moves: Vec<(u32, i64)>,
    dips: Vec<Kept>,
    /// What was issued by hand.
    issued: Vec<(u32, i64)>,
    /// Tenths of hours of each day, where anybody said.
    hours: [Option<i64>; END as usize],
}

#[derive(Debug)]
struct Kept {
    id: Uuid,
    day: u32,
    litres: i64,
    book: i64,
    counts: bool,
}

impl Model {
    fn at(&self, day: u32) -> i64 {
        self.moves.iter().filter(|moved| moved.0 <= day).map(|moved| moved.1).sum()
    }

    fn newest(&self) -> u32 {
        self.dips.iter().filter(|dip| dip.counts).map(|dip| dip.day).max().unwrap_or(0)
    }

    /// What the ledger answers to a change on a day, and keeps if it is none.
    fn moved(&mut self, day: u32, litres: i64, closed: bool) -> &'static str {
        self.moves.push((day, litres));
        let verdict = if self.at(END) < 0 {
            "insufficient-stock"
        } else if (day..END).any(|day| self.at(day) < 0) {
            "later-insufficient-stock"
        } else if closed {
            "dip-stands"
        } else if litres > 0 && (day..=END).any(|day| self.at(day) > CAPACITY) {
            "tank-over-capacity"
        } else {
            return "";
        };
        self.moves.pop();
        verdict
    }

    fn dipped(&mut self, id: Uuid, day: u32, litres: i64) -> &'static str {
        if self.newest() > day {
            return "dip-stands";
        }
        if litres > CAPACITY {
            return "validation-failed";
        }
        if self.newest() == day {
            return "duplicate";
        }
        let book = self.at(day);
        let verdict = if litres == book { "" } else { self.moved(day, litres - book, false) };
        if verdict.is_empty() {
            self.dips.push(Kept { id, day, litres, book, counts: true });
        }
        verdict
    }

    fn reversed(&mut self, index: usize) -> &'static str {
        let Kept { day, litres, book, counts, .. } = self.dips[index];
        if !counts {
            return "wrong-state";
        }
        if self.newest() > day {
            return "dip-stands";
        }
        let verdict = if litres == book { "" } else { self.moved(day, book - litres, false) };
        self.dips[index].counts = !verdict.is_empty();
        verdict
    }

    /// What the closed days keep open: what was said of them already.
    fn ran(&mut self, day: u32, tenths: i64) -> &'static str {
        let there = &mut self.hours[day as usize];
        if *there != Some(tenths) && self.dips.iter().any(|dip| dip.counts && dip.day >= day) {
            return "dip-stands";
        }
        *there = Some(tenths);
        ""
    }

    /// Litres, at ten litres an hour, since the dip before; before the first, without what was issued by hand since the first hours.
    fn expected(&self, dip: &Kept) -> i64 {
        let before =
            self.dips.iter().filter(|other| other.counts && other.day < dip.day).map(|other| other.day).max().unwrap_or(0);
        let burned: i64 = (before + 1..=dip.day).filter_map(|day| self.hours[day as usize]).sum();
        let since = (1..=dip.day).find(|day| self.hours[*day as usize].is_some()).unwrap_or(END);
        let by_hand: i64 = self.issued.iter().filter(|(day, _)| (since..=dip.day).contains(day)).map(|(_, litres)| litres).sum();
        if before == 0 { (burned - by_hand).max(0) } else { burned }
    }
}

/// How many sequences are played: `SIRAJ_SEQUENCES`, or enough for every day.
#[expect(clippy::disallowed_methods, reason = "the service reads its environment in config; a test has no config")]
fn sequences() -> u32 {
    std::env::var("SIRAJ_SEQUENCES").ok().and_then(|number| number.parse().ok()).unwrap_or(60)
}

#[test]
fn whatever_comes_is_burned_and_turned_round_the_book_follows_the_dips_and_stays_within_the_tank() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let depot = runtime.block_on(Depot::open());
    let config = Config { cases: sequences(), failure_persistence: None, ..Config::default() };
    let mut stood = 0;
    TestRunner::new(config)
        .run(&prop::collection::vec(act(), 1..16), |acts| runtime.block_on(play(&depot, &acts)))
        .unwrap_or_else(|error| panic!("{error}"));
    for dip in runtime.block_on(depot.manager.all(DIPS)) {
        stood += u32::from(dip["reversed_at"].is_null());
    }
    assert!(stood > sequences() / 4, "almost nothing was dipped");
    runtime.block_on(depot.holds_true());
}

async fn play(depot: &Depot, acts: &[Act]) -> Result<(), TestCaseError> {
    let code = Uuid::now_v7().simple().to_string().to_uppercase();
    let (tank, place) = depot.tank(&code).await;
    let generator = depot.generator(&code, tank, "10").await;
    let date = |day: u32| format!("2015-03-{day:02}");
    let mut model = Model::default();
    for act in acts {
        let id = Uuid::now_v7();
        let (answer, expected) = match *act {
            Act::Deliver(day, litres) => {
                let closed = model.newest() >= day;
                (depot.delivered(place, &date(day), litres).await, model.moved(day, litres, closed))
            }
            Act::Issue(day, litres) => {
                let closed = model.newest() >= day;
                let verdict = model.moved(day, -litres, closed);
                if verdict.is_empty() {
                    model.issued.push((day, litres));
                }
                (depot.moved(&place.to_string(), CONSUMPTION, &date(day), litres).await, verdict)
            }
            Act::Hours(day, tenths) => {
                let path = format!("{GENERATORS}/{generator}/hours/{}", date(day));
                let body = json!({"hours": format!("{}.{}", tenths / 10, tenths % 10)});
                (depot.manager.put_with(&path, "*", &body).await, model.ran(day, tenths))
            }
            Act::Dip(day, litres) => {
                let mut body = dip(tank, &date(day), litres);
                body["id"] = json!(id);
                (depot.manager.post(DIPS, &body).await, model.dipped(id, day, litres))
            }
            Act::Reverse(index) => {
                let Some(dip) = model.dips.get(index).map(|kept| kept.id) else { continue };
                (depot.reversed(dip).await, model.reversed(index))
            }
        };
        let body = answer.json();
        prop_assert_eq!(
            body["code"].as_str().filter(|_| !answer.status.is_success()).unwrap_or_default(),
            expected,
            "{:?} {}",
            act,
            body
        );
    }
    for day in 1..=END {
        let there = depot.book(place, &date(day)).await;
        prop_assert_eq!(there, model.at(day), "day {}", day);
        prop_assert!((0..=CAPACITY).contains(&there));
    }
    for kept in &model.dips {
        let dip = depot.manager.get(&format!("{DIPS}/{}", kept.id)).await.json();
        prop_assert_eq!(dip["reversed_at"].is_null(), kept.counts);
        prop_assert_eq!(&dip["book_litres"], &json!(kept.book));
        if kept.counts {
            prop_assert_eq!(model.at(kept.day), kept.litres, "the book follows the dip");
            prop_assert_eq!(&dip["expected_litres"], &json!(format!("{}.00", model.expected(kept))));
        }
    }
    Ok(())
}

//! Any sequence of documents, late ones and reversals among them, is answered as a simple model says.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::json;
use uuid::Uuid;

use super::{DOCUMENTS, Stores, document, sequences};

/// What may be done to a ledger; places and lots by their number.
#[derive(Debug, Clone)]
enum Act {
    Move { from: usize, to: usize, day: u32, lines: Vec<(usize, i64)> },
    Reverse(usize),
}

/// Warehouse, store, quarantine; then the accounts.
const PLACES: usize = 3;
const ENDS: usize = 7;

fn act() -> impl Strategy<Value = Act> {
    let lines = prop::collection::vec((0..2_usize, 1..6_i64), 1..3);
    let moved = (0..ENDS, 0..ENDS, 1..6_u32, lines).prop_map(|(from, to, day, lines)| Act::Move { from, to, day, lines });
    // Much must come before anything can go.
    let came = (0..PLACES, 1..6_u32, 0..2_usize, 5..20_i64).prop_map(|(to, day, lot, quantity)| Act::Move {
        from: 3,
        to,
        day,
        lines: vec![(lot, quantity)],
    });
    prop_oneof![5 => moved, 3 => came, 2 => (0..12_usize).prop_map(Act::Reverse)]
}

/// The same ledger, simple enough to be believed.
#[derive(Debug, Default)]
struct Model {
    documents: Vec<Kept>,
}

#[derive(Debug, Clone)]
struct Kept {
    id: Uuid,
    from: usize,
    to: usize,
    day: u32,
    lines: Vec<(usize, i64)>,
    /// It turns another round, or has been turned round.
    settled: bool,
}

impl Model {
    fn at(&self, place: usize, lot: usize, day: u32) -> i64 {
        let of_day = self.documents.iter().filter(|kept| kept.day <= day);
        of_day
            .flat_map(|kept| {
                kept.lines
                    .iter()
                    .filter(|line| line.0 == lot)
                    .map(|line| i64::from(kept.to == place) * line.1 - i64::from(kept.from == place) * line.1)
            })
            .sum()
    }

    /// What the ledger must answer, and keeps if it is 201.
    fn judge(&mut self, kept: Kept) -> (u16, &'static str) {
        self.documents.push(kept);
        let all = || (0..PLACES).flat_map(|place| (0..2).map(move |lot| (place, lot)));
        let verdict = if all().any(|(place, lot)| self.at(place, lot, 9) < 0) {
            (409, "insufficient-stock")
        } else if all().any(|(place, lot)| (1..9).any(|day| self.at(place, lot, day) < 0)) {
            (409, "later-insufficient-stock")
        } else {
            return (201, "");
        };
        self.documents.pop();
        verdict
    }

    fn moved(&mut self, id: Uuid, act: (usize, usize, u32, &[(usize, i64)])) -> (u16, &'static str) {
        let (from, to, day, lines) = act;
        let repeated = lines.len() == 2 && lines[0].0 == lines[1].0;
        // 3 donor, 4 consumption, 5 loss, 6 count difference.
        let leads = from != to
            && match (from, to) {
                (3 | 6, to) => to < PLACES,
                (from, _) => from < PLACES,
            };
        if repeated || !leads {
            return (422, "validation-failed");
        }
        self.judge(Kept { id, from, to, day, lines: lines.to_vec(), settled: false })
    }

    fn reversed(&mut self, id: Uuid, index: usize) -> (u16, &'static str) {
        let was = self.documents[index].clone();
        if was.settled {
            return (409, "wrong-state");
        }
        let verdict = self.judge(Kept { id, from: was.to, to: was.from, settled: true, ..was });
        self.documents[index].settled |= verdict.0 == 201;
        verdict
    }
}

#[test]
fn any_sequence_of_documents_late_entries_and_reversals_is_answered_as_the_simple_model_says() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stores = runtime.block_on(Stores::open());
    let item = runtime.block_on(stores.item("MED-01", false));
    let ends = [
        stores.warehouse,
        stores.store,
        stores.quarantine,
        stores.account("DONOR"),
        stores.account("CONSUMPTION"),
        stores.account("LOSS"),
        stores.account("COUNT-DIFFERENCE"),
    ];
    let played = std::sync::atomic::AtomicUsize::new(0);
    // Several at once: each with lots of its own, all in the same places.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let config = Config { cases: sequences().div_ceil(4), failure_persistence: None, ..Config::default() };
                let outcome = TestRunner::new(config).run(&prop::collection::vec(act(), 1..14), |acts| {
                    played.fetch_add(acts.len(), std::sync::atomic::Ordering::Relaxed);
                    runtime.block_on(play(&stores, item, &ends, &acts))
                });
                outcome.unwrap_or_else(|error| panic!("{error}"));
            });
        }
    });
    assert!(played.load(std::sync::atomic::Ordering::Relaxed) > 100, "almost nothing was played");
    assert!(runtime.block_on(stores.holds_true()) > 50);
}

async fn play(stores: &Stores, item: Uuid, ends: &[Uuid; ENDS], acts: &[Act]) -> Result<(), TestCaseError> {
    let mut lots = Vec::new();
    for _ in 0..2 {
        lots.push(stores.lot(item, &Uuid::now_v7().simple().to_string(), "2016-06-30").await);
    }
    let mut model = Model::default();
    for act in acts {
        let id = Uuid::now_v7();
        let (answer, expected) = match act {
            Act::Move { from, to, day, lines } => {
                let given: Vec<_> = lines.iter().map(|(lot, quantity)| (lots[*lot], *quantity)).collect();
                let mut body = document(ends[*from], ends[*to], &format!("2015-01-{day:02}"), &given);
                body["id"] = json!(id);
                (stores.manager.post(DOCUMENTS, &body).await, model.moved(id, (*from, *to, *day, lines)))
            }
            Act::Reverse(index) => {
                let Some(was) = model.documents.get(*index).map(|kept| kept.id) else { continue };
                let body = json!({"id": id, "reason": "As the paper of the day says."});
                let answer = stores.manager.post(&format!("{DOCUMENTS}/{was}/reversal"), &body).await;
                (answer, model.reversed(id, *index))
            }
        };
        let told = answer.json();
        prop_assert_eq!((answer.status.as_u16(), told["code"].as_str().unwrap_or_default()), expected, "{:?} {}", act, told);
    }
    for (place, end) in ends.iter().take(PLACES).enumerate() {
        for (lot, id) in lots.iter().enumerate() {
            for day in [1, 3, 5] {
                let there = stores.quantity(*end, *id, &format!("2015-01-{day:02}")).await;
                prop_assert_eq!(there, model.at(place, lot, day), "place {} lot {} day {}", place, lot, day);
            }
        }
    }
    Ok(())
}

//! Random acts on a line, held against a model that is written here alone.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::json;
use siraj::{
    auth::Actor,
    budgets::{self, NewCommitment, Spending},
    db::Db,
    error::Code,
    types::{LongText, Money, Reason},
};
use uuid::Uuid;

use super::{COMMITMENTS, Purse};

/// All in cents.
const LINE: i64 = 60_000;

#[derive(Debug, Clone)]
enum Act {
    Commit { cents: i64, waived: bool },
    Spend { cents: i64, of: Option<usize>, waived: bool },
    Release(usize),
    Reverse(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (1..20_000_i64, prop::bool::weighted(0.1)).prop_map(|(cents, waived)| Act::Commit { cents, waived }),
        (1..20_000_i64, prop::option::of(0..6_usize), prop::bool::weighted(0.1)).prop_map(|(cents, of, waived)| Act::Spend {
            cents,
            of,
            waived
        }),
        (0..6_usize).prop_map(Act::Release),
        (0..12_usize).prop_map(Act::Reverse),
    ]
}

/// What a line would be if one person kept it on paper.
#[derive(Debug, Default)]
struct Model {
    commitments: Vec<(i64, i64, bool)>,
    spent: Vec<(i64, Option<usize>, bool)>,
    waived: bool,
}

impl Model {
    fn open(&self, of: usize) -> i64 {
        self.commitments.get(of).map_or(0, |(cents, used, released)| if *released { 0 } else { cents - used })
    }

    fn used(&self) -> i64 {
        let spent: i64 = self.spent.iter().filter(|(.., turned)| !turned).map(|(cents, ..)| cents).sum();
        spent + (0..self.commitments.len()).map(|of| self.open(of)).sum::<i64>()
    }

    /// Whether the act is allowed; if it is, it is done.
    fn allows(&mut self, act: &Act) -> bool {
        match *act {
            Act::Commit { cents, waived } => {
                let fits = waived || self.used() + cents <= LINE;
                if fits {
                    self.waived |= waived;
                    self.commitments.push((cents, 0, false));
                }
                fits
            }
            Act::Spend { cents, of: None, waived } => {
                let fits = waived || self.used() + cents <= LINE;
                if fits {
                    self.waived |= waived;
                    self.spent.push((cents, None, false));
                }
                fits
            }
            Act::Spend { cents, of: Some(of), .. } => {
                let fits = self.open(of) >= cents;
                if let (true, Some(commitment)) = (fits, self.commitments.get_mut(of)) {
                    commitment.1 += cents;
                    self.spent.push((cents, Some(of), false));
                }
                fits
            }
            Act::Release(of) => self.commitments.get_mut(of).is_some_and(|commitment| {
                commitment.2 = true;
                true
            }),
            Act::Reverse(which) => {
                let Some((cents, of, turned)) = self.spent.get_mut(which) else { return false };
                let first = !*turned;
                *turned = true;
                if let (true, Some(commitment)) = (first, of.and_then(|of| self.commitments.get_mut(of))) {
                    commitment.1 -= *cents;
                }
                first
            }
        }
    }
}

struct Book {
    db: Db,
    line: Uuid,
    commitments: Vec<Uuid>,
    spent: Vec<Uuid>,
}

fn money(cents: i64) -> Money {
    Money::parse(&format!("{}.{:02}", cents / 100, cents % 100)).expect("money")
}

impl Book {
    async fn act(&mut self, act: &Act) -> Result<(), Code> {
        let by = Actor::system().id;
        let day = NaiveDate::from_ymd_opt(2015, 2, 10).expect("a day");
        let why = Reason::parse("A reason that is long enough.").expect("a reason");
        let words = LongText::parse("Diesel").expect("words");
        let line = self.line;
        match *act {
            Act::Commit { cents, waived } => {
                let new = NewCommitment {
                    budget_line_id: line,
                    amount: money(cents),
                    description: words,
                    override_reason: waived.then_some(why),
                };
                let made = self.db.write(async |conn| budgets::commit(conn, by, &new).await).await.map_err(|error| error.code)?;
                self.commitments.push(made);
            }
            Act::Spend { cents, of, waived } => {
                let commitment_id = match of {
                    None => None,
                    Some(of) => Some(*self.commitments.get(of).ok_or(Code::NotFound)?),
                };
                let new = Spending {
                    budget_line_id: line,
                    commitment_id,
                    amount: money(cents),
                    original: None,
                    spent_on: day,
                    description: words,
                    organization_id: None,
                    stipend_run_id: None,
                    override_reason: waived.then_some(why),
                };
                let made = self.db.write(async |conn| budgets::spend(conn, by, &new).await).await.map_err(|error| error.code)?;
                self.spent.push(made);
            }
            Act::Release(of) => {
                let which = *self.commitments.get(of).ok_or(Code::NotFound)?;
                self.db.write(async |conn| budgets::release(conn, by, which).await).await.map_err(|error| error.code)?;
            }
            Act::Reverse(which) => {
                let which = *self.spent.get(which).ok_or(Code::NotFound)?;
                self.db
                    .write(async |conn| budgets::reverse(conn, by, which, day, &why).await)
                    .await
                    .map_err(|error| error.code)?;
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn random_acts_end_where_a_model_on_paper_ends() {
    let purse = Purse::open().await;
    let owner = purse.app.database.owner().await;
    let mut runner = TestRunner::default();
    let plans = prop::collection::vec(act(), 1..25);
    for turn in 0..12 {
        let code = format!("N{turn}");
        let contract = json!({"code": format!("P-{turn}"), "name": "P", "organization_id": purse.partner, "starts_on": "2015-01-01",
            "ends_on": "2015-04-30", "currency": "USD", "signed_on": "2014-12-20"});
        let contract = crate::support::id_of(&purse.manager.post("/api/v1/contracts", &contract).await.expect_status(201).json());
        let body = super::with(purse.line_body(&code, "600"), &json!({"contract_id": contract}));
        let line = crate::support::id_of(&purse.manager.post(super::LINES, &body).await.expect_status(201).json());
        let db = Db::new(&purse.app.database.service_url(), 1).expect("a pool");
        let mut book = Book { db, line, commitments: Vec::new(), spent: Vec::new() };
        let mut model = Model::default();
        let acts = plans.new_tree(&mut runner).expect("a plan").current();
        for (index, act) in acts.iter().enumerate() {
            let (allowed, done) = (model.allows(act), book.act(act).await);
            assert_eq!(done.is_ok(), allowed, "{done:?} at {index} of {acts:#?}");
            assert!(model.waived || model.used() <= LINE, "over the line without a waiver at {index} of {acts:#?}");
            let row = owner
                .query_one(
                    "SELECT (100 * ((SELECT coalesce(sum(amount), 0) FROM expenditures WHERE budget_line_id = $1)
                       + (SELECT coalesce(sum(open_amount), 0) FROM commitments WHERE budget_line_id = $1)))::bigint",
                    &[&line],
                )
                .await
                .expect("a sum");
            assert_eq!(row.get::<_, i64>(0), model.used(), "the sums part at {index} of {acts:#?}");
        }
        let told = purse.manager.all(&format!("{COMMITMENTS}?budget_line_id={line}")).await;
        let told: BTreeMap<_, _> =
            told.iter().map(|one| (one["id"].as_str().unwrap().to_owned(), one["open_amount"].clone())).collect();
        for (of, id) in book.commitments.iter().enumerate() {
            assert_eq!(told[&id.to_string()], serde_json::to_value(money(model.open(of))).unwrap(), "{acts:#?}");
        }
    }
}

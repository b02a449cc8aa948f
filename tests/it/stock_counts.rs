//! Stories of counts: what truly lies at a place, who agreed to it, and why it differed.

mod held;

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::{
    stock::{COUNT_DIFFERENCE, LOSS, Stores, reason},
    support::{
        client::{Answer, Client, faults},
        id_of,
    },
};

const COUNTS: &str = "/api/v1/stock-counts";
const DOCUMENTS: &str = "/api/v1/stock-documents";
const REASONS: &str = "/api/v1/adjustment-reasons";

/// A store with three lots on the second of January, and a second person.
struct Counted {
    stores: Stores,
    second: Client,
    lots: [Uuid; 3],
}

impl Counted {
    async fn open() -> Self {
        let stores = Stores::open().await;
        let item = stores.item("MED-01", false).await;
        let lots = [
            stores.lot(item, "A", "2016-06-30").await,
            stores.lot(item, "B", "2016-06-30").await,
            stores.lot(item, "C", "2016-06-30").await,
        ];
        let start: Vec<_> = lots.iter().map(|lot| (*lot, 100)).collect();
        stores.moved(&stores.manager, stores.account("DONOR"), stores.store, "2015-01-02", &start).await.expect_status(201);
        let second = stores.app.user(Role::Manager).await;
        Self { stores, second, lots }
    }

    fn sheet(&self, day: &str, lines: &[(Uuid, i64)]) -> Value {
        let lines: Vec<_> = lines.iter().map(|(lot, counted)| json!({"lot_id": lot, "counted_quantity": counted})).collect();
        json!({"location_id": self.stores.store, "counted_on": day, "lines": lines})
    }

    async fn begun(&self, body: &Value) -> String {
        let made = self.stores.manager.post(COUNTS, body).await.expect_status(201).json();
        format!("{COUNTS}/{}", id_of(&made))
    }

    /// A count that the first person has handed in.
    async fn handed_in(&self, body: &Value) -> String {
        let path = self.begun(body).await;
        self.stores.manager.post(&format!("{path}/submission"), &json!({})).await.expect_status(200);
        path
    }

    async fn confirmed(&self, path: &str, body: Value) -> Answer {
        self.second.post(&format!("{path}/confirmation"), &body).await
    }

    async fn at(&self, lot: usize, day: &str) -> i64 {
        self.stores.quantity(self.stores.store, self.lots[lot], day).await
    }

    async fn documents(&self) -> usize {
        self.stores.manager.all(DOCUMENTS).await.len()
    }
}

/// What each line tells: counted, book, difference.
fn told(count: &Value) -> Vec<(Option<i64>, Option<i64>, Option<i64>)> {
    let number = |line: &Value, name: &str| line[name].as_i64();
    let lines = count["lines"].as_array().expect("lines").iter();
    lines.map(|line| (number(line, "counted_quantity"), number(line, "book_quantity"), number(line, "difference"))).collect()
}

fn why() -> Value {
    json!({"reason": "The second room was not counted."})
}

#[tokio::test]
async fn a_blind_count_is_agreed_to_by_a_second_person_and_becomes_documents() {
    let world = Counted::open().await;
    let [a, b, c] = world.lots;
    let manager = &world.stores.manager;
    let unknown = world.stores.lot(world.stores.item("MED-02", false).await, "NEVER-HERE", "2016-06-30").await;
    let path = world.begun(&world.sheet("2015-01-10", &[(a, 90)])).await;
    let draft = manager.get(&path).await.expect_status(200);
    assert_eq!((draft.json()["status"].as_str(), told(&draft.json())), (Some("draft"), vec![(Some(90), None, None)]), "blind");
    let body = json!({"lines": [{"lot_id": a, "counted_quantity": 90, "adjustment_reason_id": reason(4)},
        {"lot_id": b, "counted_quantity": 100}, {"lot_id": unknown, "counted_quantity": 7}]});
    let edited = manager.patch(&path, &draft.header("etag"), &body).await.expect_status(200).json();
    assert_eq!(told(&edited).iter().filter(|line| line.1.is_some()).count(), 0, "an edit tells no book either");
    let handed_in = manager.post(&format!("{path}/submission"), &json!({})).await.expect_status(200).json();
    let expected = vec![
        (Some(90), Some(100), Some(-10)),
        (Some(100), Some(100), Some(0)),
        (Some(7), Some(0), Some(7)),
        // Not on the sheet of a complete count.
        (Some(0), Some(100), Some(-100)),
    ];
    assert_eq!(told(&handed_in), expected);
    assert_eq!(
        (handed_in["lines"][3]["lot_id"].as_str(), &handed_in["lines"][3]["listed"]),
        (Some(c.to_string().as_str()), &json!(false))
    );
    manager.patch(&path, "*", &json!({"note": "Too late."})).await.expect_problem(409, "wrong-state");
    let before = world.documents().await;
    manager.post(&format!("{path}/confirmation"), &json!({})).await.expect_problem(409, "second-person-required");
    assert_eq!(world.documents().await, before, "nothing was written");
    let given =
        json!({"reason": "Counted twice with the same outcome.", "reasons": [{"lot_id": c, "adjustment_reason_id": reason(3)}]});
    let confirmed = world.confirmed(&path, given).await.expect_status(200).json();
    assert_eq!((confirmed["status"].as_str(), told(&confirmed)), (Some("confirmed"), expected.clone()));
    assert_eq!([world.at(0, "2015-01-10").await, world.at(1, "2015-01-10").await, world.at(2, "2015-01-10").await], [90, 100, 0]);
    assert_eq!([world.at(0, "2015-01-09").await, world.at(2, "2015-01-09").await], [100, 100], "on its day, no earlier");
    let posted = manager.all(&format!("{DOCUMENTS}?act_id={}", id_of(&confirmed))).await;
    assert_eq!(posted.len(), 3, "two reasons of losses, and what was found");
    for one in &posted {
        assert_eq!(
            (&one["kind"], &one["act"], &one["occurred_on"]),
            (&json!("count"), &json!("stock_count"), &json!("2015-01-10"))
        );
        assert_eq!((&one["recorded_by"], &one["witnessed_by"]), (&json!(manager.user_id), &json!(world.second.user_id)));
        assert_eq!(one["reason"], "Counted twice with the same outcome.");
    }
    let looted = manager.all(&format!("{DOCUMENTS}?adjustment_reason_id={}", reason(3))).await;
    assert_eq!((looted.len(), &looted[0]["lines"]), (1, &json!([{"lot_id": c, "quantity": 100}])));
    let found = posted.iter().find(|one| one["from_id"] == json!(COUNT_DIFFERENCE)).expect("found");
    assert_eq!(found["lines"], json!([{"lot_id": unknown, "quantity": 7}]));
    // Decided once; its documents are turned round by it alone.
    world.confirmed(&path, json!({})).await.expect_problem(409, "wrong-state");
    manager.post(&format!("{DOCUMENTS}/{}/reversal", id_of(found)), &why()).await.expect_problem(409, "wrong-state");
    let reversed = manager.post(&format!("{path}/reversal"), &why()).await.expect_status(200).json();
    assert_eq!((reversed["status"].as_str(), told(&reversed)), (Some("reversed"), expected), "what was seen stays");
    assert_eq!([world.at(0, "2015-01-10").await, world.at(2, "2015-01-10").await], [100, 100]);
    manager.post(&format!("{path}/reversal"), &why()).await.expect_problem(409, "wrong-state");
    assert!(manager.all(&format!("{path}/history")).await.len() > 5);
    world.stores.holds_true().await;
}

#[tokio::test]
async fn a_count_that_is_not_complete_judges_the_lots_of_its_sheet_alone_and_nothing_to_post_is_fine() {
    let world = Counted::open().await;
    let mut body = world.sheet("2015-01-10", &[(world.lots[0], 100)]);
    body["complete"] = json!(false);
    body["blind"] = json!(false);
    let path = world.begun(&body).await;
    assert_eq!(told(&world.second.get(&path).await.expect_status(200).json()), [(Some(100), Some(100), Some(0))], "not blind");
    let again = world.stores.manager.patch(&path, "*", &json!({"blind": true})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&again), [("/blind".to_owned(), "out-of-range".to_owned())], "the book has been seen");
    world.stores.manager.post(&format!("{path}/submission"), &json!({})).await.expect_status(200);
    let before = world.documents().await;
    assert_eq!(world.confirmed(&path, json!({})).await.expect_status(200).json()["status"], "confirmed");
    assert_eq!((world.documents().await, world.at(1, "2015-01-10").await), (before, 100));
    // Nothing on the sheet and nothing else judged is no count.
    body["lines"] = json!([]);
    let path = world.begun(&body).await;
    let empty =
        world.stores.manager.post(&format!("{path}/submission"), &json!({})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&empty), [("/lines".to_owned(), "required".to_owned())]);
}

#[tokio::test]
async fn what_moved_between_the_count_and_its_confirmation_is_no_difference() {
    let world = Counted::open().await;
    let [a, b, c] = world.lots;
    let (store, used) = (world.stores.store, world.stores.account("CONSUMPTION"));
    let path = world.handed_in(&world.sheet("2015-01-10", &[(a, 90), (b, 100), (c, 100)])).await;
    // Used later, and a late entry of the same day: its end is what was counted.
    world.stores.moved(&world.stores.manager, store, used, "2015-01-12", &[(a, 30)]).await.expect_status(201);
    world.stores.moved(&world.stores.manager, store, used, "2015-01-10", &[(b, 20)]).await.expect_status(201);
    let seen = world.second.get(&path).await.expect_status(200).json();
    assert_eq!(told(&seen)[..2], [(Some(90), Some(100), Some(-10)), (Some(100), Some(80), Some(20))]);
    world.confirmed(&path, json!({})).await.expect_status(200);
    assert_eq!(
        [world.at(0, "2015-01-10").await, world.at(0, "2015-01-12").await, world.at(1, "2015-01-12").await],
        [90, 60, 100]
    );
    // A difference that would make a later day negative is refused, and nothing of it is written.
    let path = world.handed_in(&world.sheet("2015-01-11", &[(a, 20), (b, 130), (c, 100)])).await;
    let before = world.documents().await;
    world.confirmed(&path, json!({})).await.expect_problem(409, "insufficient-stock");
    world
        .stores
        .moved(&world.stores.manager, world.stores.account("DONOR"), store, "2015-01-20", &[(a, 50)])
        .await
        .expect_status(201);
    world.confirmed(&path, json!({})).await.expect_problem(409, "later-insufficient-stock");
    assert_eq!((world.documents().await, world.at(1, "2015-01-31").await), (before + 1, 100), "nothing half-written");
    let still = world.second.get(&path).await.expect_status(200).json();
    assert_eq!((still["status"].as_str(), told(&still)[0].2), (Some("counted"), Some(-70)));
    let rejected = world.second.post(&format!("{path}/rejection"), &why()).await.expect_status(200).json();
    assert_eq!((rejected["status"].as_str(), told(&rejected)[0]), (Some("rejected"), (Some(20), Some(90), Some(-70))));
    world.stores.holds_true().await;
}

#[tokio::test]
async fn a_count_finds_less_and_more_of_what_must_not_be_used() {
    let world = Counted::open().await;
    let [a, b, c] = world.lots;
    let recall = json!({"reason": "The maker reports glass splinters."});
    world.stores.manager.post(&format!("/api/v1/lots/{a}/recalls"), &recall).await.expect_status(200);
    // All of them have expired by then.
    let path = world.handed_in(&world.sheet("2016-07-15", &[(a, 103), (b, 95), (c, 101)])).await;
    world.confirmed(&path, json!({})).await.expect_status(200);
    assert_eq!(
        [world.at(0, "2016-07-15").await, world.at(1, "2016-07-15").await, world.at(2, "2016-07-15").await],
        [103, 95, 101]
    );
    let used = world.stores.account("CONSUMPTION");
    let refused = world.stores.moved(&world.stores.manager, world.stores.store, used, "2016-07-16", &[(a, 1)]).await;
    refused.expect_problem(409, "lot-expired");
    world.stores.holds_true().await;
}

#[tokio::test]
async fn a_wrong_count_is_refused_by_name_and_nothing_is_written() {
    let world = Counted::open().await;
    let [a, ..] = world.lots;
    let manager = &world.stores.manager;
    let refused = async |body: Value| faults(&manager.post(COUNTS, &body).await.expect_problem(422, "validation-failed"));
    let one = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
    assert_eq!(refused(world.sheet("2015-01-10", &[(a, 1), (a, 2)])).await, one("/lines/1/lot_id", "repeated"));
    for counted in [-1, 1_000_000_000_001, i64::MIN, i64::MAX] {
        assert_eq!(refused(world.sheet("2015-01-10", &[(a, counted)])).await, one("/lines/0/counted_quantity", "out-of-range"));
    }
    let mut huge = world.sheet("2015-01-10", &[(a, 1)]);
    huge["lines"][0]["counted_quantity"] = json!(99_999_999_999_999_999_999_999_f64);
    assert_eq!(refused(huge).await, one("/lines/0/counted_quantity", "out-of-range"));
    assert_eq!(refused(world.sheet("2015-01-10", &[(Uuid::now_v7(), 1)])).await, one("/lines", "unknown-reference"));
    let future = (chrono::Utc::now() + chrono::Days::new(5)).date_naive().to_string();
    assert_eq!(refused(world.sheet(&future, &[])).await, one("/counted_on", "date-in-future"));
    assert_eq!(refused(world.sheet("2010-12-31", &[])).await, one("/counted_on", "date-out-of-range"));
    for (place, code) in [(Uuid::now_v7(), "unknown-reference"), (LOSS, "wrong-places"), (COUNT_DIFFERENCE, "wrong-places")] {
        assert_eq!(refused(json!({"location_id": place, "counted_on": "2015-01-10"})).await, one("/location_id", code));
    }
    let mut unknown = world.sheet("2015-01-10", &[(a, 1)]);
    unknown["lines"][0]["adjustment_reason_id"] = json!(Uuid::now_v7());
    assert_eq!(refused(unknown).await, one("/lines", "unknown-reference"));
    let too_many: Vec<_> = (0..2_001).map(|_| (Uuid::now_v7(), 1)).collect();
    assert_eq!(refused(world.sheet("2015-01-10", &too_many)).await, one("/lines", "too-many"));
    assert!(manager.all(COUNTS).await.is_empty(), "nothing was written");
    // One open count a place.
    let path = world.begun(&world.sheet("2015-01-10", &[])).await;
    manager.post(COUNTS, &world.sheet("2015-01-11", &[])).await.expect_problem(409, "count-open");
    world.confirmed(&path, json!({})).await.expect_problem(409, "wrong-state");
    manager.post(&format!("{path}/cancellation"), &json!({"reason": "x"})).await.expect_problem(422, "validation-failed");
    let cancelled = manager.post(&format!("{path}/cancellation"), &why()).await.expect_status(200).json();
    assert_eq!((cancelled["status"].as_str(), told(&cancelled)), (Some("cancelled"), vec![]));
    manager.post(&format!("{path}/submission"), &json!({})).await.expect_problem(409, "wrong-state");
    // The reasons of a confirmation are of lots that differ, and fit them.
    let path = world.handed_in(&world.sheet("2015-01-11", &[(a, 101), (world.lots[1], 100), (world.lots[2], 100)])).await;
    manager.post(&format!("{path}/rejection"), &why()).await.expect_problem(409, "second-person-required");
    let named = |lot: Uuid, number| json!({"reasons": [{"lot_id": lot, "adjustment_reason_id": reason(number)}]});
    let told = async |body| faults(&world.confirmed(&path, body).await.expect_problem(422, "validation-failed"));
    assert_eq!(told(named(world.lots[1], 10)).await, one("/reasons/0/lot_id", "unknown-reference"));
    assert_eq!(told(named(a, 1)).await, one("/adjustment_reason_id", "wrong-direction"));
    assert_eq!((world.at(0, "2015-01-31").await, world.stores.holds_true().await), (100, 3));
    world.confirmed(&path, named(a, 9)).await.expect_status(200);
}

//! Stories of the ledger: what came, lies, went and was lost, on every day.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use siraj::{auth::Role, db::Db, stock::verify};
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Answer, Client, faults},
    id_of,
};

const DOCUMENTS: &str = "/api/v1/stock-documents";
const BALANCES: &str = "/api/v1/stock-balances";
/// Two accounts of the world outside.
pub const LOSS: Uuid = Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0105);
pub const COUNT_DIFFERENCE: Uuid = Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0106);

/// A place to tell stories of stock in.
pub struct Stores {
    pub app: TestApp,
    pub manager: Client,
    pub area: Uuid,
    pub facility: Uuid,
    pub warehouse: Uuid,
    pub store: Uuid,
    pub quarantine: Uuid,
    accounts: BTreeMap<String, Uuid>,
}

impl Stores {
    /// A warehouse, the store of a facility, and a quarantine, in one area.
    pub async fn open() -> Self {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let area = app.area("GHOUTA", None).await;
        let facility = id_of(&app.facility(&manager, "HOS-01", area).await);
        let place = async |code: &str, kind: &str, key: &str, value: Uuid| {
            let body = json!({"code": code, "name": code, "kind": kind, key: value});
            id_of(&manager.post("/api/v1/stock-locations", &body).await.expect_status(201).json())
        };
        let warehouse = place("WH-DRUGS", "warehouse", "area_id", area).await;
        let store = place("ST-HOS-01", "facility_store", "facility_id", facility).await;
        let quarantine = place("QUARANTINE", "quarantine", "area_id", area).await;
        let known = manager.all("/api/v1/stock-locations").await;
        let accounts = known.iter().map(|one| (one["code"].as_str().unwrap().to_owned(), id_of(one))).collect();
        Self { app, manager, area, facility, warehouse, store, quarantine, accounts }
    }

    pub fn account(&self, code: &str) -> Uuid {
        self.accounts[code]
    }

    pub async fn item(&self, code: &str, controlled: bool) -> Uuid {
        let body =
            json!({"code": code, "name": code, "category": "anaesthetics", "base_unit": "ampoule", "controlled": controlled});
        id_of(&self.manager.post("/api/v1/items", &body).await.expect_status(201).json())
    }

    pub async fn lot(&self, item: Uuid, number: &str, expires_on: &str) -> Uuid {
        let body = json!({"item_id": item, "number": number, "expires_on": expires_on});
        id_of(&self.manager.post("/api/v1/lots", &body).await.expect_status(201).json())
    }

    pub async fn moved(&self, by: &Client, from: Uuid, to: Uuid, day: &str, lines: &[(Uuid, i64)]) -> Answer {
        by.post(DOCUMENTS, &document(from, to, day, lines)).await
    }

    pub async fn quantity(&self, place: Uuid, lot: Uuid, as_of: &str) -> i64 {
        let found = self.manager.all(&format!("{BALANCES}?location_id={place}&lot_id={lot}&as_of={as_of}")).await;
        found.first().map_or(0, |balance| balance["quantity"].as_i64().expect("a number"))
    }

    /// Adds the ledger up again and finds nothing.
    pub async fn holds_true(&self) -> i64 {
        let db = Db::new(&self.app.database.service_url(), 1).expect("a pool");
        let verified = verify(&mut db.conn().await.expect("a connection")).await.expect("added up");
        assert_eq!(verified.differences, Vec::<String>::new());
        verified.movements
    }
}

/// A document as it is written by hand; of a loss and of a count with a reason that fits both.
pub fn document(from: Uuid, to: Uuid, day: &str, lines: &[(Uuid, i64)]) -> Value {
    let lines: Vec<_> = lines.iter().map(|(lot, quantity)| json!({"lot_id": lot, "quantity": quantity})).collect();
    let adjusts = to == LOSS || [from, to].contains(&COUNT_DIFFERENCE);
    json!({"from_id": from, "to_id": to, "occurred_on": day, "lines": lines, "reason": "As the paper of the day says.",
        "adjustment_reason_id": adjusts.then(|| reason(10))})
}

/// A reason that comes with the service, by its number: 1 damaged, 4 stolen, 9 found, 10 an entry error.
pub fn reason(number: u128) -> Uuid {
    // The number is written in decimal at the end.
    Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0200 + number / 10 * 16 + number % 10)
}

#[tokio::test]
async fn ketamine_comes_is_moved_used_and_lost_and_every_day_can_be_asked() {
    let stores = Stores::open().await;
    let ketamine = stores.item("ANA-01", true).await;
    let lot = stores.lot(ketamine, "KET-14A", "2016-06-30").await;
    let (donor, used, lost) = (stores.account("DONOR"), stores.account("CONSUMPTION"), stores.account("LOSS"));
    let moves = [
        (donor, stores.warehouse, "2015-03-02", 10_000, "receipt"),
        (stores.warehouse, stores.store, "2015-03-10", 4_000, "transfer"),
    ];
    for (from, to, day, quantity, kind) in moves {
        let made = stores.moved(&stores.manager, from, to, day, &[(lot, quantity)]).await.expect_status(201);
        assert_eq!(made.json()["kind"], kind);
    }
    // What is controlled is used, lost and counted by two.
    let second = stores.app.user(Role::Manager).await;
    let by_two = [
        (stores.store, used, "2015-03-20", 1_500),
        (stores.store, lost, "2015-03-20", 40),
        (stores.warehouse, donor, "2015-04-01", 100),
    ];
    stores
        .moved(&stores.manager, stores.warehouse, donor, "2015-04-01", &[(lot, 100)])
        .await
        .expect_problem(409, "second-person-required");
    for (from, to, day, quantity) in by_two {
        let proposed = stores.manager.post("/api/v1/controlled-issues", &document(from, to, day, &[(lot, quantity)])).await;
        let path = format!("/api/v1/controlled-issues/{}/confirmation", id_of(&proposed.expect_status(201).json()));
        second.post(&path, &json!({})).await.expect_status(200);
    }
    let sheet =
        json!({"location_id": stores.store, "counted_on": "2015-04-02", "lines": [{"lot_id": lot, "counted_quantity": 2_463}]});
    let count = format!(
        "/api/v1/stock-counts/{}",
        id_of(&stores.manager.post("/api/v1/stock-counts", &sheet).await.expect_status(201).json())
    );
    stores.manager.post(&format!("{count}/submission"), &json!({})).await.expect_status(200);
    second.post(&format!("{count}/confirmation"), &json!({})).await.expect_status(200);
    let days = [
        ("2015-03-01", 0, 0),
        ("2015-03-09", 10_000, 0),
        ("2015-03-10", 6_000, 4_000),
        ("2015-03-31", 6_000, 2_460),
        ("2015-04-02", 5_900, 2_463),
    ];
    for (day, warehouse, store) in days {
        assert_eq!(
            (stores.quantity(stores.warehouse, lot, day).await, stores.quantity(stores.store, lot, day).await),
            (warehouse, store),
            "{day}"
        );
    }
    let now = stores.manager.all(&format!("{BALANCES}?item_id={ketamine}")).await;
    let now: BTreeSet<_> = now
        .iter()
        .map(|one| (one["location_code"].as_str().unwrap(), one["quantity"].as_i64().unwrap(), one["expired"].as_bool().unwrap()))
        .collect();
    assert_eq!(now, BTreeSet::from([("ST-HOS-01", 2_463, true), ("WH-DRUGS", 5_900, true)]), "expired by today");
    let card = stores.manager.all(&format!("/api/v1/stock-locations/{}/card?item_id={ketamine}&limit=2", stores.store)).await;
    let card: Vec<_> = card.iter().map(|line| (line["change"].as_i64().unwrap(), line["balance"].as_i64().unwrap())).collect();
    assert_eq!((card.len(), card[0], card[3]), (4, (4_000, 4_000), (3, 2_463)));
    // From a lot to every place and document it touched.
    let trace = stores.manager.all(&format!("{DOCUMENTS}?lot_id={lot}&sort=occurred_on")).await;
    assert_eq!(trace.iter().map(|one| one["kind"].as_str().unwrap()).collect::<Vec<_>>().first(), Some(&"receipt"));
    assert_eq!((trace.len(), stores.holds_true().await), (6, 6));
}

#[tokio::test]
async fn what_would_be_negative_now_or_on_a_later_day_is_refused_and_nothing_is_written() {
    let stores = Stores::open().await;
    let item = stores.item("MED-01", false).await;
    let (lot, other) = (stores.lot(item, "A", "2016-06-30").await, stores.lot(item, "B", "2016-06-30").await);
    let (supplier, used) = (stores.account("SUPPLIER"), stores.account("CONSUMPTION"));
    stores.moved(&stores.manager, supplier, stores.warehouse, "2015-01-10", &[(lot, 10), (other, 10)]).await.expect_status(201);
    stores.moved(&stores.manager, stores.warehouse, used, "2015-01-20", &[(lot, 8)]).await.expect_status(201);
    let refused = async |from, to, day, lines: &[(Uuid, i64)], code| {
        stores.moved(&stores.manager, from, to, day, lines).await.expect_problem(409, code);
    };
    refused(stores.warehouse, used, "2015-01-25", &[(other, 5), (lot, 3)], "insufficient-stock").await;
    refused(stores.warehouse, used, "2015-01-09", &[(lot, 1)], "later-insufficient-stock").await;
    // Two more came later: there are four now, but on the twentieth there were two.
    stores.moved(&stores.manager, supplier, stores.warehouse, "2015-02-01", &[(lot, 2)]).await.expect_status(201);
    refused(stores.warehouse, used, "2015-01-15", &[(lot, 3)], "later-insufficient-stock").await;
    stores.moved(&stores.manager, stores.warehouse, used, "2015-01-15", &[(lot, 2)]).await.expect_status(201);
    assert_eq!(stores.quantity(stores.warehouse, other, "2015-12-31").await, 10, "nothing half-written");
    assert_eq!(stores.quantity(stores.warehouse, lot, "2015-01-20").await, 0);
    stores.holds_true().await;
}

#[tokio::test]
async fn a_wrong_document_is_turned_round_once_and_whole_and_nothing_of_it_is_ever_changed() {
    let stores = Stores::open().await;
    let lot = stores.lot(stores.item("MED-01", false).await, "A", "2016-06-30").await;
    let (supplier, used) = (stores.account("SUPPLIER"), stores.account("CONSUMPTION"));
    let came = id_of(
        &stores.moved(&stores.manager, supplier, stores.warehouse, "2015-01-10", &[(lot, 10)]).await.expect_status(201).json(),
    );
    let went =
        id_of(&stores.moved(&stores.manager, stores.warehouse, used, "2015-01-20", &[(lot, 8)]).await.expect_status(201).json());
    let why = json!({"reason": "Entered twice from the same paper."});
    let turn = async |id: Uuid| stores.manager.post(&format!("{DOCUMENTS}/{id}/reversal"), &why).await;
    turn(came).await.expect_problem(409, "insufficient-stock");
    let back = turn(went).await.expect_status(201).json();
    assert_eq!(
        (&back["kind"], &back["occurred_on"], &back["reverses_id"]),
        (&json!("reversal"), &json!("2015-01-20"), &json!(went))
    );
    assert_eq!(stores.quantity(stores.warehouse, lot, "2015-01-20").await, 10);
    for again in [went, id_of(&back)] {
        turn(again).await.expect_problem(409, "wrong-state");
    }
    let told = stores.manager.get(&format!("{DOCUMENTS}/{went}")).await.expect_status(200).json();
    assert_eq!(told["reversed_by_id"], back["id"]);
    turn(came).await.expect_status(201);
    assert_eq!(stores.quantity(stores.warehouse, lot, "2015-12-31").await, 0);
    // For every role, its owner too.
    let (owner, service) = (stores.app.database.owner().await, stores.app.database.service().await);
    for statement in [
        "UPDATE stock_movements SET quantity = 1",
        "DELETE FROM stock_movements",
        "UPDATE stock_documents SET occurred_on = '2015-01-01'",
        "DELETE FROM stock_documents",
        "TRUNCATE stock_movements",
        "TRUNCATE stock_documents CASCADE",
    ] {
        assert!(owner.execute(statement, &[]).await.is_err() && service.execute(statement, &[]).await.is_err(), "{statement}");
    }
    for statement in [
        "UPDATE stock_balances SET quantity = 1000",
        "UPDATE stock_days SET closing = 1000",
        "INSERT INTO stock_movements SELECT document_id, 9, lot_id, 5, occurred_on, from_id, from_holds, to_id, to_holds FROM stock_movements LIMIT 1",
    ] {
        assert!(service.execute(statement, &[]).await.is_err(), "{statement}");
    }
    assert!(owner.execute("INSERT INTO stock_movements SELECT document_id, 9, gen_random_uuid(), 5, occurred_on, from_id, from_holds, to_id, to_holds FROM stock_movements LIMIT 1", &[]).await.is_err());
    stores.holds_true().await;
}

#[tokio::test]
async fn expired_held_and_recalled_lots_go_nowhere_but_aside() {
    let stores = Stores::open().await;
    let item = stores.item("MED-01", false).await;
    let lot = stores.lot(item, "A", "2015-06-30").await;
    let (supplier, used, lost) = (stores.account("SUPPLIER"), stores.account("CONSUMPTION"), stores.account("LOSS"));
    stores.moved(&stores.manager, supplier, stores.warehouse, "2015-01-10", &[(lot, 100)]).await.expect_status(201);
    let every_use = [(stores.warehouse, used), (stores.warehouse, stores.store), (supplier, stores.warehouse)];
    let refused = async |day: &str, code: &str| {
        for (from, to) in every_use {
            stores.moved(&stores.manager, from, to, day, &[(lot, 1)]).await.expect_problem(409, code);
        }
        for aside in [stores.quarantine, lost, supplier] {
            stores.moved(&stores.manager, stores.warehouse, aside, day, &[(lot, 1)]).await.expect_status(201);
        }
    };
    stores.moved(&stores.manager, stores.warehouse, used, "2015-06-30", &[(lot, 1)]).await.expect_status(201);
    refused("2015-07-01", "lot-expired").await;
    let why = json!({"reason": "The maker reports glass splinters."});
    let act = async |noun: &str| stores.manager.post(&format!("/api/v1/lots/{lot}/{noun}"), &why).await;
    assert_eq!(act("holds").await.expect_status(200).json()["status"], "on_hold");
    refused("2015-06-30", "lot-blocked").await;
    act("releases").await.expect_status(200);
    let corrected = json!({"expires_on": "2015-07-31", "reason": "The label was read wrongly."});
    let lot_path = format!("/api/v1/lots/{lot}");
    assert_eq!(
        stores.manager.post(&format!("{lot_path}/corrections"), &corrected).await.expect_status(200).json()["expires_on"],
        "2015-07-31"
    );
    act("recalls").await.expect_status(200);
    refused("2015-06-30", "lot-recalled").await;
    act("releases").await.expect_problem(409, "wrong-state");
    // Recalled, and still somewhere: every place that holds it.
    let places = stores.manager.all(&format!("{BALANCES}?lot_id={lot}")).await;
    assert_eq!(places.iter().map(|one| one["status"].as_str().unwrap()).collect::<Vec<_>>(), ["recalled"; 2]);
    // The recall goes on naming the same boxes.
    stores.manager.post(&format!("{lot_path}/corrections"), &corrected).await.expect_problem(409, "wrong-state");
    let history = stores.manager.all(&format!("{lot_path}/history")).await;
    assert_eq!((history.len(), &history[3]["before"]["expires_on"]), (5, &json!("2015-06-30")));
    stores.holds_true().await;
}

#[tokio::test]
async fn a_wrong_document_is_refused_by_name() {
    let stores = Stores::open().await;
    let lot = stores.lot(stores.item("MED-01", false).await, "A", "2016-06-30").await;
    let (supplier, used) = (stores.account("SUPPLIER"), stores.account("CONSUMPTION"));
    let told = async |body: Value| faults(&stores.manager.post(DOCUMENTS, &body).await.expect_problem(422, "validation-failed"));
    let one = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
    for quantity in [0, -1, 1_000_000_000_001] {
        let body = document(supplier, stores.warehouse, "2015-01-10", &[(lot, quantity)]);
        assert_eq!(told(body).await, one("/lines/0/quantity", "out-of-range"));
    }
    let mut huge = document(supplier, stores.warehouse, "2015-01-10", &[(lot, 1)]);
    huge["lines"][0]["quantity"] = json!(99_999_999_999_999_999_999_999_f64);
    assert_eq!(told(huge).await, one("/lines/0/quantity", "out-of-range"));
    assert_eq!(
        told(document(supplier, stores.warehouse, "2015-01-10", &[(lot, 1), (lot, 2)])).await,
        one("/lines/1/lot_id", "repeated")
    );
    assert_eq!(told(document(supplier, stores.warehouse, "2015-01-10", &[])).await, one("/lines", "required"));
    assert_eq!(told(document(supplier, used, "2015-01-10", &[(lot, 1)])).await, one("/to_id", "wrong-places"));
    assert_eq!(
        told(document(stores.warehouse, stores.warehouse, "2015-01-10", &[(lot, 1)])).await,
        one("/to_id", "out-of-range")
    );
    assert_eq!(told(document(supplier, Uuid::now_v7(), "2015-01-10", &[(lot, 1)])).await, one("/to_id", "unknown-reference"));
    assert_eq!(
        told(document(supplier, stores.warehouse, "2015-01-10", &[(Uuid::now_v7(), 1)])).await,
        one("/lines", "unknown-reference")
    );
    let tomorrow = (chrono::Utc::now() + chrono::Days::new(5)).date_naive().to_string();
    assert_eq!(told(document(supplier, stores.warehouse, &tomorrow, &[(lot, 1)])).await, one("/occurred_on", "date-in-future"));
    stores.moved(&stores.manager, supplier, stores.warehouse, "2015-01-10", &[(lot, 1)]).await.expect_status(201);
    let mut silent = document(stores.warehouse, stores.account("LOSS"), "2015-01-11", &[(lot, 1)]);
    silent["reason"] = Value::Null;
    assert_eq!(told(silent).await, one("/reason", "required"));
    let lost = |number: Option<u128>| {
        let mut body = document(stores.warehouse, LOSS, "2015-01-11", &[(lot, 1)]);
        body["adjustment_reason_id"] = json!(number.map(reason));
        body
    };
    assert_eq!(told(lost(None)).await, one("/adjustment_reason_id", "required"));
    assert_eq!(told(lost(Some(9))).await, one("/adjustment_reason_id", "wrong-direction"));
    assert_eq!(told(lost(Some(77))).await, one("/adjustment_reason_id", "unknown-reference"));
    let mut found = document(COUNT_DIFFERENCE, stores.warehouse, "2015-01-11", &[(lot, 1)]);
    found["adjustment_reason_id"] = json!(reason(1));
    assert_eq!(told(found).await, one("/adjustment_reason_id", "wrong-direction"));
    let mut used_up = document(stores.warehouse, used, "2015-01-11", &[(lot, 1)]);
    used_up["adjustment_reason_id"] = json!(reason(1));
    assert_eq!(told(used_up).await, one("/adjustment_reason_id", "unknown-field"));
    assert_eq!(stores.holds_true().await, 1);
    // A lot of an item says what the item asks for, and a number means one lot.
    let body = json!({"code": "FUEL", "name": "Fuel", "category": "fuel", "base_unit": "litre", "expiry_tracked": false});
    let fuel = id_of(&stores.manager.post("/api/v1/items", &body).await.expect_status(201).json());
    let lot = async |body: Value, status: u16, code: &str| {
        faults(&stores.manager.post("/api/v1/lots", &body).await.expect_problem(status, code))
    };
    assert_eq!(
        lot(json!({"item_id": fuel, "expires_on": "2016-01-01"}), 422, "validation-failed").await,
        one("/expires_on", "unknown-field")
    );
    stores.manager.post("/api/v1/lots", &json!({"item_id": fuel})).await.expect_status(201);
    lot(json!({"item_id": fuel}), 409, "duplicate").await;
}

#[tokio::test]
async fn the_same_document_sent_again_moves_nothing_twice() {
    let stores = Stores::open().await;
    let lot = stores.lot(stores.item("MED-01", false).await, "A", "2016-06-30").await;
    let mut body = document(stores.account("DONOR"), stores.warehouse, "2015-01-10", &[(lot, 10)]);
    body["id"] = json!(Uuid::now_v7());
    let sent = (0..8).map(|_| {
        let (manager, body) = (stores.manager.clone(), body.clone());
        tokio::spawn(async move { manager.post(DOCUMENTS, &body).await.status.as_u16() })
    });
    let mut statuses = Vec::new();
    for one in sent {
        statuses.push(one.await.expect("an answer"));
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 201]);
    body["lines"][0]["quantity"] = json!(11);
    stores.manager.post(DOCUMENTS, &body).await.expect_problem(409, "record-conflict");
    assert_eq!((stores.quantity(stores.warehouse, lot, "2015-01-10").await, stores.holds_true().await), (10, 1));
}

#[tokio::test]
async fn everybody_sees_and_moves_the_stock_of_their_own_places() {
    let stores = Stores::open().await;
    let (plain, controlled) = (stores.item("MED-01", false).await, stores.item("ANA-01", true).await);
    let (one, two) = (stores.lot(plain, "A", "2016-06-30").await, stores.lot(controlled, "B", "2016-06-30").await);
    let (donor, used) = (stores.account("DONOR"), stores.account("CONSUMPTION"));
    for place in [stores.warehouse, stores.store] {
        stores.moved(&stores.manager, donor, place, "2015-01-10", &[(one, 10), (two, 10)]).await.expect_status(201);
    }
    let elsewhere = stores.app.area("HAMA", None).await;
    let (own, foreign) = (stores.app.coordinator(&[stores.area]).await, stores.app.coordinator(&[elsewhere]).await);
    let (clerk, admin, auditor) =
        (stores.app.clerk(stores.facility).await, stores.app.user(Role::Admin).await, stores.app.user(Role::Auditor).await);
    let seen = async |by: &Client| by.all(BALANCES).await.len();
    let counts = [
        seen(&stores.manager).await,
        seen(&auditor).await,
        seen(&own).await,
        seen(&clerk).await,
        seen(&admin).await,
        seen(&foreign).await,
    ];
    assert_eq!(counts, [4, 4, 4, 2, 2, 0], "an admin sees nothing that is controlled");
    admin.get(DOCUMENTS).await.expect_problem(403, "forbidden");
    admin
        .get(&format!("/api/v1/stock-locations/{}/card?item_id={controlled}", stores.store))
        .await
        .expect_problem(403, "forbidden");
    let issue = async |by: &Client, place: Uuid| stores.moved(by, place, used, "2015-01-11", &[(one, 1)]).await;
    issue(&clerk, stores.store).await.expect_status(201);
    let hidden = issue(&clerk, stores.warehouse).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&hidden), [("/from_id".to_owned(), "unknown-reference".to_owned())]);
    issue(&foreign, stores.store).await.expect_problem(422, "validation-failed");
    issue(&auditor, stores.store).await.expect_problem(403, "forbidden");
    let document = id_of(&stores.manager.all(DOCUMENTS).await[0]);
    foreign.get(&format!("{DOCUMENTS}/{document}")).await.expect_problem(404, "not-found");
    foreign.get(&format!("/api/v1/stock-locations/{}/card?item_id={plain}", stores.store)).await.expect_problem(404, "not-found");
    // Where something lies is not retired; accounts stay as they are.
    own.delete(&format!("/api/v1/stock-locations/{}", stores.store), "*").await.expect_problem(409, "still-in-use");
    stores.manager.delete(&format!("/api/v1/stock-locations/{donor}"), "*").await.expect_problem(409, "still-in-use");
    own.delete(&format!("/api/v1/stock-locations/{}", stores.quarantine), "*").await.expect_status(200);
}

#[tokio::test]
async fn many_writers_on_the_same_lots_never_make_less_than_nothing_and_never_wait_for_each_other() {
    let stores = Stores::open().await;
    let item = stores.item("MED-01", false).await;
    let mut lots = Vec::new();
    for number in 0..5 {
        lots.push(stores.lot(item, &format!("L{number}"), "2016-06-30").await);
    }
    let places = [stores.warehouse, stores.store, stores.quarantine];
    let start: Vec<_> = lots.iter().map(|lot| (*lot, 60)).collect();
    stores.moved(&stores.manager, stores.account("DONOR"), stores.warehouse, "2015-01-01", &start).await.expect_status(201);
    let writers = (0..16_usize).map(|writer| {
        let (manager, lots) = (stores.manager.clone(), lots.clone());
        let used = stores.account("CONSUMPTION");
        tokio::spawn(async move {
            let mut told = BTreeMap::<u16, usize>::new();
            for round in 0..12_usize {
                let from = places[(writer + round) % 3];
                let to = if round % 4 == 3 { used } else { places[(writer + round * 2 + 1) % 3] };
                if from == to {
                    continue;
                }
                // In no order, and not always all of them.
                let lines: Vec<_> = (0..5)
                    .filter(|line| (line + round + writer) % 3 != 0)
                    .map(|line| (lots[(line * 3 + writer) % 5], 7))
                    .collect();
                let day = format!("2015-01-{:02}", 2 + (round * 5 + writer) % 20);
                *told.entry(manager.post(DOCUMENTS, &document(from, to, &day, &lines)).await.status.as_u16()).or_default() += 1;
            }
            told
        })
    });
    let mut told = BTreeMap::<u16, usize>::new();
    for writer in writers.collect::<Vec<_>>() {
        for (status, number) in writer.await.expect("a writer") {
            *told.entry(status).or_default() += number;
        }
    }
    assert_eq!(told.keys().copied().collect::<Vec<_>>(), [201, 409], "{told:?}");
    stores.holds_true().await;
    let left: i64 = stores.manager.all(BALANCES).await.iter().map(|one| one["quantity"].as_i64().unwrap()).sum();
    let used: i64 = stores
        .manager
        .all(&format!("{DOCUMENTS}?kind=issue"))
        .await
        .iter()
        .flat_map(|one| one["lines"].as_array().unwrap().clone())
        .map(|line| line["quantity"].as_i64().unwrap())
        .sum();
    assert_eq!(left + used, 300, "nothing came from nowhere, nothing went nowhere");
}

#[tokio::test]
async fn how_long_the_stock_will_last_is_told_with_what_it_was_made_of() {
    let stores = Stores::open().await;
    let item = stores.item("MED-01", false).await;
    let lot = async |number: &str, expires_on: &str| stores.lot(item, number, expires_on).await;
    let (a, b, c) = (lot("A", "2015-05-15").await, lot("B", "2016-12-31").await, lot("C", "2016-12-31").await);
    let (donor, used) = (stores.account("DONOR"), stores.account("CONSUMPTION"));
    let moved = async |from: Uuid, to: Uuid, day: &str, lines: &[(Uuid, i64)]| {
        id_of(&stores.moved(&stores.manager, from, to, day, lines).await.expect_status(201).json())
    };
    moved(donor, stores.store, "2014-12-01", &[(a, 300)]).await;
    for day in ["2015-01-10", "2015-02-10", "2015-02-20"] {
        moved(stores.store, used, day, &[(a, 100)]).await;
    }
    moved(donor, stores.store, "2015-03-02", &[(a, 20), (b, 130)]).await;
    moved(donor, stores.store, "2015-03-05", &[(c, 50)]).await;
    moved(stores.store, used, "2015-03-10", &[(b, 30)]).await;
    let wrong = moved(stores.store, used, "2015-03-11", &[(b, 10)]).await;
    let why = json!({"reason": "Entered twice from the same paper."});
    stores.manager.post(&format!("{DOCUMENTS}/{wrong}/reversal"), &why).await.expect_status(201);
    stores.manager.post(&format!("/api/v1/lots/{c}/holds"), &why).await.expect_status(200);
    let plans = stores.manager.all(&format!("/api/v1/stock-plans?as_of=2015-03-31&location_id={}", stores.store)).await;
    let told = |name: &str| plans[0][name].clone();
    assert_eq!(plans.len(), 1);
    assert_eq!(
        (told("stock_on_hand"), told("unusable"), told("near_expiry"), told("consumed")),
        (json!(120), json!(50), json!(20), json!(330))
    );
    // Nothing lay there from 21 February to 1 March: on the twentieth the last of it was issued.
    assert_eq!((told("window_days"), told("stock_out_days"), told("rule_version")), (json!(90), json!(9), json!(2)));
    // 330 / 81 days * 30.5 = 124.259; 120 / 124.259 = 0.966; 120 / (330 / 81) = 29.45 days.
    assert_eq!(
        (told("average_monthly"), told("months_of_stock"), told("runs_out_on")),
        (json!("124.26"), json!("0.97"), json!("2015-04-30"))
    );
    // The window begins with the day it first lay there.
    let young = stores.manager.all("/api/v1/stock-plans?as_of=2014-12-10&months=24").await;
    assert_eq!(
        (&young[0]["window_days"], &young[0]["average_monthly"], &young[0]["runs_out_on"]),
        (&json!(10), &json!("0.00"), &Value::Null)
    );
    let alerts = async |query: &str| {
        let told = stores.manager.all(&format!("/api/v1/stock-alerts?{query}")).await;
        told.iter()
            .map(|one| {
                (
                    one["kind"].as_str().unwrap().to_owned(),
                    one["quantity"].as_i64().unwrap(),
                    one["on_day"].as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect::<BTreeSet<_>>()
    };
    let set = |told: &[(&str, i64, &str)]| {
        told.iter().map(|(kind, quantity, day)| ((*kind).to_owned(), *quantity, (*day).to_owned())).collect::<BTreeSet<_>>()
    };
    assert_eq!(alerts("as_of=2015-03-31").await, set(&[("below_minimum", 120, "2015-04-30"), ("expiring", 20, "2015-05-15")]));
    assert_eq!(alerts("as_of=2015-03-31&expires_within=30&kind=expiring").await, set(&[]));
    assert_eq!(alerts("as_of=2015-02-25").await, set(&[("stocked_out", 0, "2015-02-21")]));
    // The last was issued on that very day.
    assert_eq!(alerts("as_of=2015-02-20").await, set(&[("stocked_out", 0, "2015-02-20")]));
    stores.manager.post(&format!("/api/v1/lots/{c}/recalls"), &why).await.expect_status(200);
    assert_eq!(alerts("as_of=2015-05-16&kind=recalled").await, set(&[("recalled", 50, "2016-12-31")]));
    assert_eq!(alerts("as_of=2015-05-16&kind=expired").await, set(&[("expired", 20, "2015-05-15")]));
    // Set aside, it needs no hand any more.
    moved(stores.store, stores.quarantine, "2015-05-16", &[(c, 50), (a, 20)]).await;
    assert_eq!(alerts("as_of=2015-05-16&kind=recalled").await, set(&[]));
    let foreign = stores.app.coordinator(&[stores.app.area("HAMA", None).await]).await;
    assert!(foreign.all("/api/v1/stock-plans").await.is_empty() && foreign.all("/api/v1/stock-alerts").await.is_empty());
    for wrong in ["months=0", "expires_within=731", "as_of=2090-01-01"] {
        stores.manager.get(&format!("/api/v1/stock-plans?{wrong}")).await.expect_problem(422, "validation-failed");
    }
}

#[tokio::test]
async fn what_expired_or_never_came_again_is_missing_however_long_ago_it_was_used() {
    let stores = Stores::open().await;
    let item = stores.item("MED-01", false).await;
    let (old, quick) = (stores.lot(item, "OLD", "2015-02-28").await, stores.lot(item, "QUICK", "2016-12-31").await);
    let (donor, used) = (stores.account("DONOR"), stores.account("CONSUMPTION"));
    let moved = async |from: Uuid, to: Uuid, day: &str, lot: Uuid, quantity: i64| {
        id_of(&stores.moved(&stores.manager, from, to, day, &[(lot, quantity)]).await.expect_status(201).json())
    };
    moved(donor, stores.store, "2015-02-01", old, 50).await;
    moved(stores.store, used, "2015-02-10", old, 40).await;
    // Came and went on one day; and a day on which nothing went after all.
    moved(donor, stores.store, "2015-03-10", quick, 5).await;
    moved(stores.store, used, "2015-03-10", quick, 5).await;
    let why = json!({"reason": "Entered twice from the same paper."});
    let came = moved(donor, stores.store, "2015-03-20", quick, 5).await;
    let went = moved(stores.store, used, "2015-03-20", quick, 5).await;
    for wrong in [went, came] {
        stores.manager.post(&format!("{DOCUMENTS}/{wrong}/reversal"), &why).await.expect_status(201);
    }
    let plan = stores.manager.all("/api/v1/stock-plans?as_of=2015-03-31").await;
    let told = |name: &str| plan[0][name].clone();
    assert_eq!((told("stock_on_hand"), told("unusable"), told("consumed")), (json!(0), json!(10), json!(45)));
    // 28 days of February and 31 of March; from the first of March on it was expired, but the tenth had its own.
    assert_eq!((told("window_days"), told("stock_out_days")), (json!(59), json!(30)));
    let out = async |day: &str| {
        let told = stores.manager.all(&format!("/api/v1/stock-alerts?kind=stocked_out&as_of={day}")).await;
        told.iter().map(|one| one["on_day"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(out("2015-02-28").await, Vec::<String>::new());
    assert_eq!(out("2015-03-09").await, ["2015-03-01"]);
    // A year on the window holds nothing but days without it.
    assert_eq!(out("2016-03-31").await, ["2015-03-11"]);
    // What was never used is not missed.
    let unused = stores.item("MED-02", false).await;
    let lot = stores.lot(unused, "U", "2015-03-31").await;
    moved(donor, stores.store, "2015-02-01", lot, 5).await;
    assert_eq!(out("2016-03-31").await, ["2015-03-11"]);
    stores.holds_true().await;
}

#[tokio::test]
async fn the_first_to_expire_is_taken_first_and_what_is_missing_is_said() {
    let stores = Stores::open().await;
    let item = stores.item("MED-01", false).await;
    let mut lots = Vec::new();
    for (number, expires_on) in [("LATE", "2016-12-31"), ("SOON", "2015-06-30"), ("HELD", "2015-05-31"), ("GONE", "2015-01-31")] {
        lots.push((stores.lot(item, number, expires_on).await, 10));
    }
    stores.moved(&stores.manager, stores.account("DONOR"), stores.store, "2015-01-10", &lots).await.expect_status(201);
    let why = json!({"reason": "The cold chain was broken on its way."});
    stores.manager.post(&format!("/api/v1/lots/{}/holds", lots[2].0), &why).await.expect_status(200);
    let path = format!("/api/v1/stock-locations/{}/allocation?item_id={item}&used_on=2015-03-01", stores.store);
    let told = async |quantity: i64| {
        let told = stores.manager.get(&format!("{path}&quantity={quantity}")).await.expect_status(200).json();
        let lines = told["lines"].as_array().unwrap().iter();
        let lines: Vec<_> =
            lines.map(|line| (line["lot_number"].as_str().unwrap().to_owned(), line["quantity"].as_i64().unwrap())).collect();
        (lines, told["shortfall"].as_i64().unwrap())
    };
    let line = |number: &str, quantity: i64| (number.to_owned(), quantity);
    assert_eq!(told(7).await, (vec![line("SOON", 7)], 0));
    assert_eq!(told(15).await, (vec![line("SOON", 10), line("LATE", 5)], 0));
    assert_eq!(told(25).await, (vec![line("SOON", 10), line("LATE", 10)], 5));
    for wrong in ["0", "-1", "1000000000001", "x"] {
        stores.manager.get(&format!("{path}&quantity={wrong}")).await.expect_problem(422, "validation-failed");
    }
}

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

/// How many sequences are played: `SIRAJ_SEQUENCES`, or enough for every day.
#[expect(clippy::disallowed_methods, reason = "the service reads its environment in config; a test has no config")]
pub fn sequences() -> u32 {
    std::env::var("SIRAJ_SEQUENCES").ok().and_then(|number| number.parse().ok()).unwrap_or(150)
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

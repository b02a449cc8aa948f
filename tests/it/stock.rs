//! Stories of the ledger: what came, lies, went and was lost, on every day.

mod any_sequence;
mod lasting;

use std::collections::{BTreeMap, BTreeSet};

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

/// How many sequences are played: `SIRAJ_SEQUENCES`, or enough for every day.
#[expect(clippy::disallowed_methods, reason = "the service reads its environment in config; a test has no config")]
pub fn sequences() -> u32 {
    std::env::var("SIRAJ_SEQUENCES").ok().and_then(|number| number.parse().ok()).unwrap_or(150)
}

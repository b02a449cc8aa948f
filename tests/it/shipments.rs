//! Stories of shipments; of their steps in `steps`, of what arrives in `arrivals`, of any sequence of all of them in `any_sequence`.

mod any_sequence;
mod arrivals;
mod figures;
mod seen;
mod steps;
mod worth;

use serde_json::{Value, json};
use siraj::{auth::Role, db::Db, stock::verify};
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Answer, Client, faults},
    id_of,
};

const SHIPMENTS: &str = "/api/v1/shipments";
const SUPPLIER: &str = "00000000-0000-7000-8000-000000000101";

/// A warehouse with 1,000 of a medicine in two lots and 5,000 litres of fuel, and the store of a medical point.
struct Place {
    app: TestApp,
    manager: Client,
    area: Uuid,
    facility: Uuid,
    warehouse: Uuid,
    store: Uuid,
    quarantine: Uuid,
    medicine: Uuid,
    fuel: Uuid,
    /// Expires first: 400 of it.
    first: Uuid,
    /// Expires later: 600 of it.
    later: Uuid,
    litres: Uuid,
}

async fn place() -> Place {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    let facility = id_of(&app.facility(&manager, "MPT-01", area).await);
    let location = async |code: &str, kind: &str, key: &str, value: Uuid| {
        let body = json!({"code": code, "name": code, "kind": kind, key: value});
        id_of(&manager.post("/api/v1/stock-locations", &body).await.expect_status(201).json())
    };
    let warehouse = location("WH-DRUGS", "warehouse", "area_id", area).await;
    let store = location("ST-MPT-01", "facility_store", "facility_id", facility).await;
    let quarantine = location("QUARANTINE", "quarantine", "area_id", area).await;
    let item = async |code: &str, category: &str, tracked: bool| {
        let body = json!({"code": code, "name": code, "category": category, "base_unit": "piece", "expiry_tracked": tracked});
        id_of(&manager.post("/api/v1/items", &body).await.expect_status(201).json())
    };
    let (medicine, fuel) = (item("MED-01", "medicines", true).await, item("FUE-01", "fuel", false).await);
    let lot = async |body: Value| id_of(&manager.post("/api/v1/lots", &body).await.expect_status(201).json());
    let first = lot(json!({"item_id": medicine, "number": "MED01-13A", "expires_on": "2015-06-28"})).await;
    let later = lot(json!({"item_id": medicine, "number": "MED01-14A", "expires_on": "2016-06-28"})).await;
    let litres = lot(json!({"item_id": fuel})).await;
    let place = Place { app, manager, area, facility, warehouse, store, quarantine, medicine, fuel, first, later, litres };
    place.stock(place.warehouse, &[(first, 400), (later, 600), (litres, 5000)]).await;
    place
}

impl Place {
    /// So many of these lots come into a place from a supplier.
    async fn stock(&self, to: Uuid, lines: &[(Uuid, i64)]) {
        let lines: Vec<_> = lines.iter().map(|(lot, quantity)| json!({"lot_id": lot, "quantity": quantity})).collect();
        let body = json!({"from_id": SUPPLIER, "to_id": to, "occurred_on": "2014-05-01", "lines": lines});
        self.manager.post("/api/v1/stock-documents", &body).await.expect_status(201);
    }

    /// A shipment of 600 of a medicine, whichever expire first, and 2,000 of fuel.
    fn body(&self, code: &str) -> Value {
        json!({"code": code, "from_id": self.warehouse, "to_id": self.store, "planned_on": "2014-05-20", "lines": [
            {"item_id": self.medicine, "quantity": 600},
            {"item_id": self.fuel, "quantity": 2000},
        ]})
    }

    async fn draft(&self, code: &str) -> (String, Value) {
        let made = self.manager.post(SHIPMENTS, &self.body(code)).await.expect_status(201).json();
        (format!("{SHIPMENTS}/{}", id_of(&made)), made)
    }

    async fn packed(&self, code: &str) -> (String, Value) {
        let (path, _) = self.draft(code).await;
        (path.clone(), self.act(&path, "packing", &json!({"packed_on": "2014-05-20"})).await.expect_status(200).json())
    }

    async fn dispatched(&self, code: &str) -> (String, Value) {
        let (path, _) = self.packed(code).await;
        (path.clone(), self.act(&path, "dispatch", &json!({"dispatched_on": "2014-05-21"})).await.expect_status(200).json())
    }

    async fn act(&self, path: &str, act: &str, body: &Value) -> Answer {
        self.manager.post(&format!("{path}/{act}"), body).await
    }

    async fn read(&self, path: &str) -> Value {
        self.manager.get(path).await.expect_status(200).json()
    }

    /// What lies where, of this lot: (quantity, reserved).
    async fn lies(&self, at: Uuid, lot: Uuid) -> (i64, i64) {
        let found = self.manager.all(&format!("/api/v1/stock-balances?location_id={at}&lot_id={lot}")).await;
        let number = |one: &Value, field: &str| one[field].as_i64().expect("a number");
        found.first().map_or((0, 0), |one| (number(one, "quantity"), number(one, "reserved")))
    }

    /// Adds the ledger up again, holds it against every shipment, and finds nothing.
    async fn holds_true(&self) {
        let db = Db::new(&self.app.database.service_url(), 1).expect("a pool");
        let verified = verify(&mut db.conn().await.expect("a connection")).await.expect("added up");
        assert_eq!(verified.differences, Vec::<String>::new());
    }
}

/// A receipt of these lots: (lot, accepted, rejected).
fn receipt(day: &str, lots: &[(Uuid, i64, i64)]) -> Value {
    let line = |(lot, accepted, rejected): &(Uuid, i64, i64)| {
        let cause = if *rejected > 0 { json!("damaged") } else { Value::Null };
        json!({"lot_id": lot, "accepted_quantity": accepted, "rejected_quantity": rejected, "cause": cause})
    };
    json!({"received_on": day, "lines": lots.iter().map(line).collect::<Vec<_>>()})
}

/// What became of a lot of a shipment: quantity, accepted, rejected, lost, returned, outstanding.
fn fate(shipment: &Value, lot: Uuid) -> [i64; 6] {
    let contents = shipment["contents"].as_array().expect("contents");
    let content = contents.iter().find(|one| one["lot_id"] == json!(lot)).expect("the lot");
    ["quantity", "accepted", "rejected", "lost", "returned", "outstanding"]
        .map(|field| content[field].as_i64().expect("a number"))
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
}

#[tokio::test]
async fn a_shipment_is_put_together_packed_sent_and_received_and_its_history_tells_it() {
    let place = place().await;
    let (path, made) = place.draft("SHP-01").await;
    assert_eq!((&made["status"], &made["facility_id"], &made["contents"]), (&json!("draft"), &json!(place.facility), &json!([])));
    assert!(made["lines"].as_array().unwrap().iter().all(|line| line["shortfall"].is_null()));

    // The first to expire are taken first, and what is packed is not free any more.
    let packed = place.act(&path, "packing", &json!({"packed_on": "2014-05-20"})).await.expect_status(200).json();
    assert_eq!((&packed["status"], fate(&packed, place.first)[0], fate(&packed, place.later)[0]), (&json!("packed"), 400, 200));
    assert_eq!(packed["lines"][0]["shortfall"], 0);
    assert_eq!(
        (place.lies(place.warehouse, place.first).await, place.lies(place.warehouse, place.later).await),
        ((400, 400), (600, 200))
    );

    let sent = place.act(&path, "dispatch", &json!({"dispatched_on": "2014-05-21"})).await.expect_status(200).json();
    let road = sent["transit_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        (place.lies(place.warehouse, place.first).await, place.lies(place.warehouse, place.later).await),
        ((0, 0), (400, 0))
    );
    assert_eq!((place.lies(road, place.later).await, place.lies(road, place.litres).await), ((200, 0), (2000, 0)));

    let clerk = place.app.clerk(place.facility).await;
    let body = receipt("2014-05-27", &[(place.first, 400, 0), (place.later, 200, 0), (place.litres, 2000, 0)]);
    let received = clerk.post(&format!("{path}/receipts"), &body).await.expect_status(201).json();
    assert_eq!(clerk.get(&format!("/api/v1/shipment-receipts/{}", id_of(&received))).await.expect_status(200).json(), received);
    let now = place.read(&path).await;
    assert_eq!(
        (&now["status"], &now["packed_on"], &now["dispatched_on"], &now["received_on"]),
        (&json!("received"), &json!("2014-05-20"), &json!("2014-05-21"), &json!("2014-05-27"))
    );
    assert_eq!(fate(&now, place.later), [200, 200, 0, 0, 0, 0]);
    assert_eq!((place.lies(place.store, place.first).await, place.lies(road, place.litres).await), ((400, 0), (0, 0)));
    let closed = place.act(&path, "closing", &json!({"closed_on": "2014-05-28"})).await.expect_status(200).json();
    assert_eq!(closed["status"], "closed");

    let history = place.manager.all(&format!("{path}/history")).await;
    let steps: Vec<_> =
        history.iter().filter(|one| one["resource"] == "shipments").map(|one| one["after"]["status"].clone()).collect();
    assert_eq!(steps, ["draft", "packed", "dispatched", "received", "closed"]);
    assert!(history.iter().any(|one| one["resource"] == "shipment_receipts" && one["actor_id"] == json!(clerk.user_id)));
    let documents = place.manager.all(&format!("/api/v1/stock-documents?act_id={}", id_of(&made))).await;
    assert_eq!(documents.len(), 2, "what left, and what arrived");
    place.holds_true().await;
}

#[tokio::test]
async fn the_same_shipment_sent_again_is_the_same_and_another_of_its_id_is_refused() {
    let place = place().await;
    let mut body = place.body("SHP-01");
    body["id"] = json!(Uuid::now_v7());
    let made = place.manager.post(SHIPMENTS, &body).await.expect_status(201).json();
    let again = place.manager.post(SHIPMENTS, &body).await.expect_status(200);
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true".to_owned(), made));
    let mut other = body.clone();
    other["lines"][1]["quantity"] = json!(1999);
    place.manager.post(SHIPMENTS, &other).await.expect_problem(409, "record-conflict");
    let problem = place.manager.post(SHIPMENTS, &place.body("SHP-01")).await.expect_problem(409, "duplicate");
    assert_eq!(faults(&problem), pairs(&[("/code", "duplicate")]));
    assert_eq!(place.manager.all(SHIPMENTS).await.len(), 1);
}

#[tokio::test]
async fn lines_of_wrong_values_are_refused_with_every_fault_and_nothing_is_half_written() {
    let place = place().await;
    let told = async |body: Value| faults(&place.manager.post(SHIPMENTS, &body).await.expect_problem(422, "validation-failed"));
    let of = |lines: Value| {
        let mut body = place.body("SHP-01");
        body["lines"] = lines;
        body
    };
    let (medicine, fuel) = (place.medicine, place.fuel);
    assert_eq!(told(of(json!([]))).await, pairs(&[("/lines", "required")]));
    for quantity in [json!(0), json!(-5), json!(1_000_000_000_001_i64)] {
        assert_eq!(
            told(of(json!([{"item_id": fuel, "quantity": quantity}]))).await,
            pairs(&[("/lines/0/quantity", "out-of-range")])
        );
    }
    assert_eq!(told(of(json!([{"item_id": fuel, "quantity": 1.5}]))).await, pairs(&[("/lines/0/quantity", "wrong-type")]));
    let bad = json!([{"item_id": medicine, "lot_id": place.litres, "quantity": 5}, {"item_id": Uuid::now_v7(), "quantity": 5}, {"item_id": fuel, "lot_id": Uuid::now_v7(), "quantity": 5}]);
    let expected = [
        ("/lines/0/lot_id", "unknown-reference"),
        ("/lines/1/item_id", "unknown-reference"),
        ("/lines/2/lot_id", "unknown-reference"),
    ];
    assert_eq!(told(of(bad)).await, pairs(&expected), "a lot of another item is no lot of this one");
    let lot = |lot: Uuid| json!({"item_id": medicine, "lot_id": lot, "quantity": 5});
    let any = json!({"item_id": medicine, "quantity": 5});
    assert_eq!(told(of(json!([lot(place.first), lot(place.later), lot(place.first)]))).await, pairs(&[("/lines/2", "repeated")]));
    assert_eq!(told(of(json!([lot(place.first), any]))).await, pairs(&[("/lines/1", "repeated")]));
    let many: Vec<_> = (0..501).map(|_| json!({"item_id": Uuid::now_v7(), "quantity": 5})).collect();
    assert_eq!(told(of(json!(many))).await, pairs(&[("/lines", "too-many")]));
    let ends = async |from: Value, to: Value| {
        let mut body = place.body("SHP-01");
        (body["from_id"], body["to_id"]) = (from, to);
        told(body).await
    };
    let consumption = "00000000-0000-7000-8000-000000000104";
    assert_eq!(ends(json!(place.store), json!(place.store)).await, pairs(&[("/to_id", "wrong-places")]));
    assert_eq!(ends(json!(consumption), json!(place.store)).await, pairs(&[("/from_id", "wrong-places")]));
    assert_eq!(ends(json!(place.warehouse), json!(SUPPLIER)).await, pairs(&[("/to_id", "wrong-places")]));
    let (here, there) = (json!(Uuid::now_v7()), json!(Uuid::now_v7()));
    assert_eq!(ends(here, there).await, pairs(&[("/from_id", "unknown-reference"), ("/to_id", "unknown-reference")]));
    // What comes from outside names its lot: there is nothing there to choose from.
    assert_eq!(
        ends(json!(SUPPLIER), json!(place.store)).await,
        pairs(&[("/lines/0/lot_id", "required"), ("/lines/1/lot_id", "required")])
    );
    let mut early = place.body("SHP-01");
    early["planned_on"] = json!("2010-01-01");
    assert_eq!(told(early).await, pairs(&[("/planned_on", "date-out-of-range")]));
    let owner = place.app.database.owner().await;
    let rows: i64 = owner
        .query_one("SELECT (SELECT count(*) FROM shipments) + (SELECT count(*) FROM shipment_lines)", &[])
        .await
        .expect("count")
        .get(0);
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn a_draft_is_edited_and_its_lines_are_replaced_whole() {
    let place = place().await;
    let manager = &place.manager;
    let (path, made) = place.draft("SHP-01").await;
    let noted = manager.patch(&path, "\"1\"", &json!({"note": "By the northern road."})).await.expect_status(200).json();
    assert_eq!((&noted["lines"], &noted["note"]), (&made["lines"], &json!("By the northern road.")));
    let lines =
        json!([{"item_id": place.fuel, "quantity": 5}, {"item_id": place.medicine, "lot_id": place.later, "quantity": 7}]);
    let edited = manager.patch(&path, "\"2\"", &json!({"lines": lines})).await.expect_status(200);
    assert_eq!(edited.header("etag"), "\"3\"");
    let shown: Vec<_> =
        edited.json()["lines"].as_array().unwrap().iter().map(|line| (line["line"].clone(), line["quantity"].clone())).collect();
    assert_eq!(shown, [(json!(1), json!(5)), (json!(2), json!(7))]);
    manager.patch(&path, "\"2\"", &json!({"note": null})).await.expect_problem(412, "stale-revision");
    let problem = manager.patch(&path, "*", &json!({"lines": null})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/lines", "required")]));
    let problem = manager.patch(&path, "*", &json!({"status": "received"})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/status", "unknown-field")]));
    // The lines that gave way are still on record.
    let owner = place.app.database.owner().await;
    let kept: i64 =
        owner.query_one("SELECT count(*) FROM shipment_lines WHERE retired_at IS NOT NULL", &[]).await.expect("count").get(0);
    assert_eq!(kept, 2);

    manager.delete(&path, "\"3\"").await.expect_status(200);
    manager.patch(&path, "*", &json!({"note": null})).await.expect_problem(410, "record-deleted");
    place.act(&path, "packing", &json!({"packed_on": "2014-05-21"})).await.expect_problem(410, "record-deleted");
    assert_eq!(manager.get(&path).await.expect_status(200).json()["lines"].as_array().unwrap().len(), 2);
}

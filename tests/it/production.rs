//! Stories of the workshop: recipes, what is made by them, who lets it go, and whom it reached.

mod endings;
mod refused;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use siraj::{auth::Role, db::Db, stock::verify};
use uuid::Uuid;

use crate::{
    stock::reason,
    support::{
        TestApp,
        client::{Answer, Client, faults},
        id_of,
    },
};

const ORDERS: &str = "/api/v1/production-orders";
const RECIPES: &str = "/api/v1/recipes";
const DOCUMENTS: &str = "/api/v1/stock-documents";
const FREE: &str = "/api/v1/free-distributions";

/// A workshop with its quarantine, a warehouse, and the stores of two facilities.
pub struct Works {
    pub app: TestApp,
    pub manager: Client,
    pub second: Client,
    pub facility: Uuid,
    pub workshop: Uuid,
    pub quarantine: Uuid,
    pub warehouse: Uuid,
    pub stores: [Uuid; 2],
    accounts: BTreeMap<String, Uuid>,
}

impl Works {
    pub async fn open() -> Self {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let area = app.area("GHOUTA", None).await;
        let second = app.coordinator(&[area]).await;
        let facility = id_of(&app.facility(&manager, "HOS-01", area).await);
        let other = id_of(&app.facility(&manager, "HOS-02", area).await);
        let place = async |code: &str, kind: &str, key: &str, value: Uuid| {
            let body = json!({"code": code, "name": code, "kind": kind, key: value});
            id_of(&manager.post("/api/v1/stock-locations", &body).await.expect_status(201).json())
        };
        let workshop = place("WORKSHOP", "workshop", "area_id", area).await;
        let quarantine = place("QUARANTINE", "quarantine", "area_id", area).await;
        let warehouse = place("WAREHOUSE", "warehouse", "area_id", area).await;
        let stores = [
            place("ST-1", "facility_store", "facility_id", facility).await,
            place("ST-2", "facility_store", "facility_id", other).await,
        ];
        let known = manager.all("/api/v1/stock-locations").await;
        let accounts = known.iter().map(|one| (one["code"].as_str().unwrap().to_owned(), id_of(one))).collect();
        Self { app, manager, second, facility, workshop, quarantine, warehouse, stores, accounts }
    }

    pub async fn item(&self, code: &str, more: Value) -> Uuid {
        let mut body = json!({"code": code, "name": code, "category": "medicines", "base_unit": "piece"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        id_of(&self.manager.post("/api/v1/items", &body).await.expect_status(201).json())
    }

    /// A lot that came to the workshop.
    pub async fn stocked(&self, item: Uuid, number: Option<(&str, &str)>, day: &str, quantity: i64) -> Uuid {
        let body = match number {
            Some((number, expires_on)) => json!({"item_id": item, "number": number, "expires_on": expires_on}),
            None => json!({"item_id": item}),
        };
        let lot = id_of(&self.manager.post("/api/v1/lots", &body).await.expect_status(201).json());
        self.moved(self.accounts["DONOR"], self.workshop, day, lot, quantity).await.expect_status(201);
        lot
    }

    pub async fn moved(&self, from: Uuid, to: Uuid, day: &str, lot: Uuid, quantity: i64) -> Answer {
        let mut body = json!({"from_id": from, "to_id": to, "occurred_on": day, "lines": [{"lot_id": lot, "quantity": quantity}],
            "reason": "As the paper of the day says."});
        if to == self.account("LOSS") {
            body["adjustment_reason_id"] = json!(reason(1));
        }
        self.manager.post(DOCUMENTS, &body).await
    }

    pub async fn quantity(&self, place: Uuid, lot: Uuid) -> i64 {
        let found = self.manager.all(&format!("/api/v1/stock-balances?location_id={place}&lot_id={lot}")).await;
        found.first().map_or(0, |balance| balance["quantity"].as_i64().unwrap())
    }

    pub async fn item_of(&self, lot: Uuid) -> Uuid {
        let lot = self.manager.get(&format!("/api/v1/lots/{lot}")).await.expect_status(200).json();
        id_of(&json!({"id": lot["item_id"]}))
    }

    pub fn account(&self, code: &str) -> Uuid {
        self.accounts[code]
    }

    /// Saline of bags and salt, one recipe, and some of both: (recipe, [early bags, late bags, salt]).
    pub async fn saline(&self, controlled: bool) -> (Uuid, [Uuid; 3], Uuid) {
        let saline = self.item("SALINE", json!({"controlled": controlled})).await;
        let (bag, salt) = (self.item("BAG", json!({})).await, self.item("SALT", json!({})).await);
        let early = self.stocked(bag, Some(("BAG-EARLY", "2015-12-31")), "2015-01-10", 150).await;
        let late = self.stocked(bag, Some(("BAG-LATE", "2016-12-31")), "2015-01-10", 400).await;
        let grains = self.stocked(salt, Some(("SALT-1", "2018-12-31")), "2015-01-10", 3_600).await;
        let body = json!({"code": "REC-SALINE", "version": 1, "name": "Saline", "name_ar": "محلول ملحي", "item_id": saline, "batch_size": 100,
            "shelf_life_days": 30, "ingredients": [{"item_id": bag, "quantity": 100}, {"item_id": salt, "quantity": 900}]});
        let recipe = id_of(&self.manager.post(RECIPES, &body).await.expect_status(201).json());
        (recipe, [early, late, grains], saline)
    }

    fn order_body(&self, code: &str, recipe: Uuid, batches: i64) -> Value {
        json!({"code": code, "recipe_id": recipe, "place_id": self.workshop, "quarantine_id": self.quarantine, "batches": batches,
            "planned_on": "2015-03-01"})
    }

    pub async fn order(&self, code: &str, recipe: Uuid, batches: i64) -> Uuid {
        id_of(&self.manager.post(ORDERS, &self.order_body(code, recipe, batches)).await.expect_status(201).json())
    }

    pub async fn act(&self, by: &Client, order: Uuid, noun: &str, body: Value) -> Answer {
        by.post(&format!("{ORDERS}/{order}/{noun}"), &body).await
    }

    /// An order that was made: the lot.
    pub async fn made(&self, code: &str, recipe: Uuid, number: &str) -> (Uuid, Uuid) {
        let order = self.order(code, recipe, 1).await;
        self.act(&self.manager, order, "start", json!({"started_on": "2015-03-02"})).await.expect_status(200);
        let body = json!({"completed_on": "2015-03-03", "lot_number": number, "quantity": 90});
        let told = self.act(&self.manager, order, "completion", body).await.expect_status(200).json();
        (order, told["lot_id"].as_str().unwrap().parse().unwrap())
    }

    /// Sends a lot by road on the first of April; it arrives on the same day, or comes to another end.
    async fn sent(&self, code: &str, (from, to): (Uuid, Uuid), lot: Uuid, quantity: i64, end: Option<&str>) {
        let line = json!({"item_id": self.item_of(lot).await, "lot_id": lot, "quantity": quantity});
        let body = json!({"code": code, "from_id": from, "to_id": to, "lines": [line]});
        let shipment = id_of(&self.manager.post("/api/v1/shipments", &body).await.expect_status(201).json());
        let path = format!("/api/v1/shipments/{shipment}");
        self.manager.post(&format!("{path}/packing"), &json!({"packed_on": "2015-04-01"})).await.expect_status(200);
        self.manager.post(&format!("{path}/dispatch"), &json!({"dispatched_on": "2015-04-01"})).await.expect_status(200);
        if let Some(end) = end {
            let body = json!({"returned_on": "2015-04-01", "reason": "The road was closed at noon."});
            self.manager.post(&format!("{path}/{end}"), &body).await.expect_status(200);
        } else {
            let body = json!({"received_on": "2015-04-01", "lines": [{"lot_id": lot, "accepted_quantity": quantity}]});
            self.manager.post(&format!("{path}/receipts"), &body).await.expect_status(201);
        }
    }

    async fn read(&self, order: Uuid) -> Value {
        self.manager.get(&format!("{ORDERS}/{order}")).await.expect_status(200).json()
    }

    /// Adds the ledger up again and finds nothing.
    pub async fn holds_true(&self) -> i64 {
        let db = Db::new(&self.app.database.service_url(), 1).expect("a pool");
        let verified = verify(&mut db.conn().await.expect("a connection")).await.expect("added up");
        assert_eq!(verified.differences, Vec::<String>::new());
        verified.movements
    }
}

pub fn pair(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

pub fn release_body(to: Uuid) -> Value {
    json!({"released_on": "2015-03-10", "to_id": to, "reason": "Sterility of five bags was right."})
}

fn why() -> Value {
    json!({"reason": "It was entered for the wrong day."})
}

#[tokio::test]
async fn saline_is_made_waits_and_is_released_by_a_second_person() {
    let works = Works::open().await;
    let (recipe, [early, late, salt], saline) = works.saline(false).await;
    let order = works.order("PRD-1", recipe, 4).await;
    let started = works.act(&works.manager, order, "start", json!({"started_on": "2015-03-02"})).await.expect_status(200).json();
    assert_eq!(
        (&started["status"], &started["expected_quantity"], &started["yield_percent"]),
        (&json!("started"), &json!(400), &Value::Null)
    );
    // The first to expire first.
    let taken: BTreeMap<_, _> = started["consumed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (id_of(&json!({"id": one["lot_id"]})), one["quantity"].as_i64().unwrap()))
        .collect();
    assert_eq!(taken, BTreeMap::from([(early, 150), (late, 250), (salt, 3_600)]));
    assert_eq!((works.quantity(works.workshop, early).await, works.quantity(works.workshop, late).await), (0, 150));
    let completion = json!({"completed_on": "2015-03-04", "lot_number": "SAL-1", "quantity": 388, "lost_quantity": 10, "note": "Ten bags leaked."});
    let made = works.act(&works.manager, order, "completion", completion).await.expect_status(200).json();
    assert_eq!(
        (&made["loss_quantity"], &made["yield_percent"], &made["loss_percent"], &made["lost_quantity"]),
        (&json!(12), &json!("97.00"), &json!("3.00"), &json!(10))
    );
    let lot = id_of(&json!({"id": made["lot_id"]}));
    assert_eq!(
        (&made["product"]["lot_number"], &made["product"]["expires_on"], &made["product"]["status"]),
        (&json!("SAL-1"), &json!("2015-04-03"), &json!("quarantined"))
    );
    assert_eq!(works.quantity(works.quarantine, lot).await, 388);
    // While it waits, nothing else makes it available or lets it out.
    works.manager.post(&format!("/api/v1/lots/{lot}/releases"), &why()).await.expect_problem(409, "wrong-state");
    works.moved(works.quarantine, works.warehouse, "2015-03-05", lot, 1).await.expect_problem(409, "lot-blocked");
    let service = works.app.database.service().await;
    assert!(
        service.execute("UPDATE lots SET status = 'available' WHERE id = $1", &[&lot]).await.is_err(),
        "not even past the service"
    );
    let release = release_body(works.warehouse);
    works.act(&works.manager, order, "release", release.clone()).await.expect_problem(409, "second-person-required");
    assert_eq!(
        (works.read(order).await["status"].clone(), works.quantity(works.quarantine, lot).await),
        (json!("completed"), 388)
    );
    let released = works.act(&works.second, order, "release", release.clone()).await.expect_status(200).json();
    assert_eq!(
        (&released["status"], &released["decided_by"], &released["product"]["status"]),
        (&json!("released"), &json!(works.second.user_id), &json!("available"))
    );
    assert_eq!((works.quantity(works.quarantine, lot).await, works.quantity(works.warehouse, lot).await), (0, 388));
    for (noun, body) in
        [("release", release), ("start", json!({"started_on": "2015-03-02"})), ("reversal", why()), ("cancellation", why())]
    {
        works.act(&works.second, order, noun, body).await.expect_problem(409, "wrong-state");
    }
    // The trace in both directions.
    for lot in [early, late, salt, lot] {
        let orders = works.manager.all(&format!("{ORDERS}?lot_id={lot}")).await;
        assert_eq!(orders.iter().map(id_of).collect::<Vec<_>>(), [order]);
    }
    let told = works.manager.get(&format!("/api/v1/lots/{lot}")).await.expect_status(200).json();
    assert_eq!((&told["production_order_id"], &told["item_id"]), (&json!(order), &json!(saline)));
    let documents = works.manager.all(&format!("{DOCUMENTS}?act_id={order}&sort=occurred_on")).await;
    assert_eq!(
        documents.iter().map(|one| one["kind"].as_str().unwrap()).collect::<Vec<_>>(),
        ["production", "production", "transfer"]
    );
    works
        .manager
        .post(&format!("{DOCUMENTS}/{}/reversal", id_of(&documents[0])), &why())
        .await
        .expect_problem(409, "wrong-state");
    for (query, found) in [("status=released", 1), ("status=draft", 0), ("q=prd-1", 1)] {
        assert_eq!(
            works.manager.all(&format!("{ORDERS}?{query}&item_id={saline}&place_id={}", works.workshop)).await.len(),
            found,
            "{query}"
        );
    }
    // Held and released again later, as any other lot.
    for noun in ["holds", "releases"] {
        works.manager.post(&format!("/api/v1/lots/{lot}/{noun}"), &why()).await.expect_status(200);
    }
    assert!(works.manager.get(&format!("{ORDERS}?format=csv")).await.expect_status(200).text().contains("97.00"));
    assert_eq!(works.holds_true().await, 8);
}

#[tokio::test]
async fn a_used_recipe_stays_as_it_is_and_the_newest_version_begins_orders() {
    let works = Works::open().await;
    let (recipe, ..) = works.saline(false).await;
    let path = format!("{RECIPES}/{recipe}");
    let first = works.manager.get(&path).await.expect_status(200).json();
    let changed = works.manager.patch(&path, "*", &json!({"batch_size": 110})).await.expect_status(200).json();
    assert_eq!((&changed["batch_size"], &changed["ingredients"]), (&json!(110), &first["ingredients"]));
    let order = works.order("PRD-1", recipe, 1).await;
    for patch in
        [json!({"batch_size": 120}), json!({"ingredients": [{"item_id": first["ingredients"][0]["item_id"], "quantity": 5}]})]
    {
        works.manager.patch(&path, "*", &patch).await.expect_problem(409, "wrong-state");
    }
    assert_eq!(works.manager.get(&path).await.json()["ingredients"], first["ingredients"]);
    // A change is a new version that names what it follows.
    let next = |version: i64, follows: Value| {
        json!({"code": "REC-SALINE", "version": version, "follows_id": follows, "name": "Saline", "item_id": first["item_id"], "batch_size": 120,
            "shelf_life_days": 30, "ingredients": first["ingredients"]})
    };
    let refused = async |body: Value| faults(&works.manager.post(RECIPES, &body).await.expect_problem(422, "validation-failed"));
    assert_eq!(refused(next(2, Value::Null)).await, pair("/follows_id", "required"));
    assert_eq!(refused(next(3, json!(recipe))).await, pair("/follows_id", "unknown-reference"));
    assert_eq!(refused(next(2, json!(Uuid::now_v7()))).await, pair("/follows_id", "unknown-reference"));
    works.manager.post(RECIPES, &next(1, Value::Null)).await.expect_problem(409, "duplicate");
    let second = id_of(&works.manager.post(RECIPES, &next(2, json!(recipe))).await.expect_status(201).json());
    assert_eq!(works.manager.all(&format!("{RECIPES}?code=REC-SALINE")).await.len(), 2);
    let old = works.manager.post(ORDERS, &works.order_body("PRD-2", recipe, 1)).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&old), pair("/recipe_id", "superseded"));
    let late = works.act(&works.manager, order, "start", json!({"started_on": "2015-03-02"})).await;
    assert_eq!(faults(&late.expect_problem(422, "validation-failed")), pair("/recipe_id", "superseded"));
    works.order("PRD-3", second, 1).await;
    // Retired, it makes room for the one before it.
    works.manager.delete(&format!("{RECIPES}/{second}"), "*").await.expect_status(200);
    let retired =
        works.manager.post(ORDERS, &works.order_body("PRD-4", second, 1)).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&retired), pair("/recipe_id", "retired-reference"));
    works.act(&works.manager, order, "start", json!({"started_on": "2015-03-02"})).await.expect_status(200);
    // What a recipe in use is made of stays in the catalogue.
    let item = first["ingredients"][0]["item_id"].as_str().unwrap();
    works.manager.delete(&format!("/api/v1/items/{item}"), "*").await.expect_problem(409, "still-in-use");
}

#[tokio::test]
async fn each_step_is_taken_once_whoever_is_first_and_however_often_it_is_sent() {
    let works = Works::open().await;
    let (recipe, ..) = works.saline(false).await;
    let order = works.order("PRD-1", recipe, 1).await;
    let race = async |clients: [&Client; 4], noun: &'static str, body: Value| {
        let sent = clients.map(|client| {
            let (client, body) = (client.clone(), body.clone());
            tokio::spawn(async move { client.post(&format!("{ORDERS}/{order}/{noun}"), &body).await.status.as_u16() })
        });
        let mut statuses = Vec::new();
        for one in sent {
            statuses.push(one.await.expect("an answer"));
        }
        statuses.sort_unstable();
        statuses
    };
    let (one, two) = (&works.manager, &works.second);
    let third = works.app.user(Role::Manager).await;
    let once = [200, 409, 409, 409];
    assert_eq!(race([one, two, one, two], "start", json!({"started_on": "2015-03-02"})).await, once);
    assert_eq!(
        race([one, one, one, one], "completion", json!({"completed_on": "2015-03-03", "lot_number": "SAL-1", "quantity": 90}))
            .await,
        once
    );
    assert_eq!(race([two, &third, two, &third], "release", release_body(works.warehouse)).await, once);
    assert_eq!(works.manager.all(&format!("{DOCUMENTS}?act_id={order}")).await.len(), 3);
    // The same words under the same key are done once, and told again.
    let again = works.order("PRD-2", recipe, 1).await;
    let (path, body) = (format!("{ORDERS}/{again}/start"), json!({"started_on": "2015-03-02"}));
    let sent = async || works.manager.post_with(&path, &[("idempotency-key", "start-2")], &body).await.expect_status(200);
    let (first, second) = (sent().await, sent().await);
    assert_eq!(first.body, second.body);
    // A recall by hand and a release at once: never a recalled lot that is available.
    let body = json!({"completed_on": "2015-03-03", "lot_number": "SAL-2", "quantity": 90});
    let lot = works.act(one, again, "completion", body).await.expect_status(200).json()["lot_id"].as_str().unwrap().to_owned();
    let (path, recall) = (format!("/api/v1/lots/{lot}/recalls"), why());
    let (released, recalled) =
        tokio::join!(works.act(two, again, "release", release_body(works.warehouse)), one.post(&path, &recall));
    assert_eq!(recalled.status.as_u16(), 200);
    assert!(matches!(released.status.as_u16(), 200 | 409), "{}", released.text());
    assert_eq!(works.manager.get(&format!("/api/v1/lots/{lot}")).await.json()["status"], "recalled");
    works.holds_true().await;
}

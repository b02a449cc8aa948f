//! Stories of the workshop: recipes, what is made by them, who lets it go, and whom it reached.

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
async fn a_wrong_recipe_or_order_is_refused_by_name() {
    let works = Works::open().await;
    let (recipe, ..) = works.saline(false).await;
    let good = works.manager.get(&format!("{RECIPES}/{recipe}")).await.json();
    let bed = works.item("BED", json!({"expiry_tracked": false})).await;
    let told = async |change: Value| {
        let mut body = json!({"code": "REC-2", "version": 1, "name": "Two", "item_id": good["item_id"], "batch_size": 10, "shelf_life_days": 5, "ingredients": good["ingredients"]});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        faults(&works.manager.post(RECIPES, &body).await.expect_problem(422, "validation-failed"))
    };
    let bag = &good["ingredients"][0]["item_id"];
    let cases = [
        (json!({"batch_size": 0}), "/batch_size", "out-of-range"),
        (json!({"version": 0}), "/version", "out-of-range"),
        (json!({"shelf_life_days": null}), "/shelf_life_days", "required"),
        (json!({"shelf_life_days": 4000}), "/shelf_life_days", "out-of-range"),
        (json!({"item_id": bed}), "/shelf_life_days", "unknown-field"),
        (json!({"ingredients": []}), "/ingredients", "required"),
        (json!({"ingredients": [{"item_id": bag, "quantity": 0}]}), "/ingredients/0/quantity", "out-of-range"),
        (
            json!({"ingredients": [{"item_id": bag, "quantity": 1}, {"item_id": bag, "quantity": 2}]}),
            "/ingredients/1/item_id",
            "repeated",
        ),
        (json!({"ingredients": [{"item_id": good["item_id"], "quantity": 1}]}), "/ingredients/0/item_id", "repeated"),
        (json!({"ingredients": [{"item_id": Uuid::now_v7(), "quantity": 1}]}), "/ingredients/0/item_id", "unknown-reference"),
        (json!({"stirred": true}), "/stirred", "unknown-field"),
    ];
    for (change, pointer, code) in cases {
        assert_eq!(told(change.clone()).await, pair(pointer, code), "{change}");
    }
    // Nor past the service: a recipe of itself, or of nothing.
    let owner = works.app.database.owner().await;
    for statement in [
        "UPDATE recipe_ingredients SET retired_at = now()",
        "UPDATE recipe_ingredients g SET item_id = r.item_id FROM recipes r WHERE r.id = g.recipe_id AND g.line = 1",
    ] {
        assert!(owner.execute(statement, &[]).await.is_err(), "{statement}");
    }
    let order = async |change: Value| {
        let mut body = works.order_body("PRD-1", recipe, 1);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        faults(&works.manager.post(ORDERS, &body).await.expect_problem(422, "validation-failed"))
    };
    let cases = [
        (json!({"batches": 0}), "/batches", "out-of-range"),
        (json!({"batches": 10_001}), "/batches", "out-of-range"),
        (json!({"place_id": works.stores[0]}), "/place_id", "wrong-places"),
        (json!({"place_id": works.account("DONOR")}), "/place_id", "wrong-places"),
        (json!({"quarantine_id": works.warehouse}), "/quarantine_id", "wrong-places"),
        (json!({"recipe_id": Uuid::now_v7()}), "/recipe_id", "unknown-reference"),
        (json!({"planned_on": "2009-01-01"}), "/planned_on", "date-out-of-range"),
        (json!({"status": "released"}), "/status", "unknown-field"),
    ];
    for (change, pointer, code) in cases {
        assert_eq!(order(change.clone()).await, pair(pointer, code), "{change}");
    }
    assert!(works.manager.all(ORDERS).await.is_empty() && works.manager.all(RECIPES).await.len() == 1);
}

#[tokio::test]
async fn what_is_short_expired_or_not_of_the_recipe_is_refused_and_nothing_is_written() {
    let works = Works::open().await;
    let (recipe, [early, late, salt], _) = works.saline(false).await;
    let before = works.holds_true().await;
    let start = async |order: Uuid, day: &str, lines: Value| {
        let body = if lines.is_null() { json!({"started_on": day}) } else { json!({"started_on": day, "lines": lines}) };
        works.act(&works.manager, order, "start", body).await
    };
    let large = works.order("PRD-1", recipe, 5).await;
    start(large, "2015-03-02", Value::Null).await.expect_problem(409, "insufficient-stock");
    let order = works.order("PRD-2", recipe, 1).await;
    let line = |lot: Uuid, quantity: i64| json!({"lot_id": lot, "quantity": quantity});
    let other = works.stocked(works.item("SUGAR", json!({})).await, Some(("SUGAR-1", "2018-12-31")), "2015-01-10", 10).await;
    let cases = [
        (json!([line(early, 100), line(salt, 900), line(other, 1)]), "/lines/2/lot_id", "unknown-reference"),
        (json!([line(early, 100), line(salt, 900), line(Uuid::now_v7(), 1)]), "/lines/2/lot_id", "unknown-reference"),
        (json!([line(early, 100), line(late, 10)]), "/lines", "required"),
        (json!([]), "/lines", "required"),
        (json!([line(early, 0), line(salt, 900)]), "/lines/0/quantity", "out-of-range"),
        (json!([line(early, 1), line(early, 2), line(salt, 900)]), "/lines/1/lot_id", "repeated"),
    ];
    for (lines, pointer, code) in cases {
        let problem = start(order, "2015-03-02", lines.clone()).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), pair(pointer, code), "{lines}");
    }
    // The ledger judges the lots by name.
    start(order, "2016-01-02", json!([line(early, 100), line(salt, 900)])).await.expect_problem(409, "lot-expired");
    start(order, "2015-03-02", json!([line(early, 151), line(salt, 900)])).await.expect_problem(409, "insufficient-stock");
    works.manager.post(&format!("/api/v1/lots/{early}/holds"), &why()).await.expect_status(200);
    start(order, "2015-03-02", json!([line(early, 100), line(salt, 900)])).await.expect_problem(409, "lot-blocked");
    works.manager.post(&format!("/api/v1/lots/{early}/recalls"), &why()).await.expect_status(200);
    start(order, "2015-03-02", json!([line(early, 100), line(salt, 900)])).await.expect_problem(409, "lot-recalled");
    let told = works.read(order).await;
    assert_eq!((&told["status"], &told["consumed"]), (&json!("draft"), &json!([])));
    assert_eq!(works.holds_true().await, before + 1, "the sugar alone");
    // What came later cannot be taken earlier: the first to expire leaves it out.
    let bag = works.manager.get(&format!("/api/v1/lots/{late}")).await.json()["item_id"].as_str().unwrap().parse().unwrap();
    works.stocked(bag, Some(("BAG-SOON", "2015-06-30")), "2015-04-01", 500).await;
    let taken = start(order, "2015-03-02", Value::Null).await.expect_status(200).json();
    assert_eq!(taken["consumed"].as_array().unwrap().iter().filter(|one| one["lot_number"] == "BAG-LATE").count(), 1);
    // A deviation is allowed, and told beside the recipe.
    let lines = json!([line(late, 104), line(salt, 950)]);
    let order = works.order("PRD-3", recipe, 1).await;
    let told = start(order, "2015-03-02", lines).await.expect_status(200).json();
    let used: Vec<_> = told["ingredients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["planned_quantity"].clone(), one["consumed_quantity"].clone()))
        .collect();
    assert_eq!(used, [(json!(100), json!(104)), (json!(900), json!(950))]);
    works.holds_true().await;
}

#[tokio::test]
async fn days_are_in_order_and_a_completion_says_what_its_item_asks_for() {
    let works = Works::open().await;
    let (recipe, ..) = works.saline(false).await;
    let order = works.order("PRD-1", recipe, 1).await;
    let soon = (chrono::Utc::now() + chrono::Days::new(5)).date_naive().to_string();
    let refused = async |by: &Client, noun: &str, body: Value| {
        faults(&works.act(by, order, noun, body).await.expect_problem(422, "validation-failed"))
    };
    let at = |day: &str| json!({"started_on": day});
    assert_eq!(refused(&works.manager, "start", at("2015-02-28")).await, pair("/started_on", "date-order"));
    assert_eq!(refused(&works.manager, "start", at(&soon)).await, pair("/started_on", "date-in-future"));
    works
        .act(&works.manager, order, "completion", json!({"completed_on": "2015-03-03", "lot_number": "X", "quantity": 1}))
        .await
        .expect_problem(409, "wrong-state");
    works.act(&works.manager, order, "start", at("2015-03-02")).await.expect_status(200);
    works.manager.patch(&format!("{ORDERS}/{order}"), "*", &json!({"batches": 2})).await.expect_problem(409, "wrong-state");
    works.manager.delete(&format!("{ORDERS}/{order}"), "*").await.expect_problem(409, "wrong-state");
    let done = |change: Value| {
        let mut body = json!({"completed_on": "2015-03-03", "lot_number": "SAL-1", "quantity": 90});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let cases = [
        (json!({"completed_on": "2015-03-01"}), "/completed_on", "date-order"),
        (json!({"completed_on": soon}), "/completed_on", "date-in-future"),
        (json!({"lot_number": null}), "/lot_number", "required"),
        (json!({"lot_number": "L".repeat(41)}), "/lot_number", "too-long"),
        (json!({"quantity": 0}), "/quantity", "out-of-range"),
        (json!({"lost_quantity": -1}), "/lost_quantity", "out-of-range"),
    ];
    for (change, pointer, code) in cases {
        assert_eq!(refused(&works.manager, "completion", done(change.clone())).await, pair(pointer, code), "{change}");
    }
    // A number means one lot.
    let saline = works.read(order).await["item_id"].clone();
    let taken = json!({"item_id": saline, "number": "TAKEN", "expires_on": "2015-12-31"});
    works.manager.post("/api/v1/lots", &taken).await.expect_status(201);
    works.act(&works.manager, order, "completion", done(json!({"lot_number": "TAKEN"}))).await.expect_problem(409, "duplicate");
    works.act(&works.manager, order, "completion", done(json!({}))).await.expect_status(200);
    let release = |change: Value| {
        let mut body = release_body(works.warehouse);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let cases = [
        (json!({"released_on": "2015-03-02"}), "/released_on", "date-order"),
        (json!({"released_on": soon}), "/released_on", "date-in-future"),
        (json!({"to_id": works.quarantine}), "/to_id", "wrong-places"),
        (json!({"to_id": works.account("CONSUMPTION")}), "/to_id", "wrong-places"),
        (json!({"to_id": Uuid::now_v7()}), "/to_id", "unknown-reference"),
        (json!({"reason": "short"}), "/reason", "too-short"),
    ];
    for (change, pointer, code) in cases {
        assert_eq!(refused(&works.second, "release", release(change.clone())).await, pair(pointer, code), "{change}");
    }
    // Past its shelf life it is released to nobody.
    works
        .act(&works.second, order, "release", release(json!({"released_on": "2015-05-01"})))
        .await
        .expect_problem(409, "lot-expired");
    let told = works.read(order).await;
    assert_eq!(
        (&told["status"], &told["product"]["status"]),
        (&json!("completed"), &json!("quarantined")),
        "nothing half-written"
    );
    works.holds_true().await;
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

#[tokio::test]
async fn a_rejected_lot_stays_in_quarantine_until_it_is_destroyed() {
    let works = Works::open().await;
    let (recipe, ..) = works.saline(false).await;
    let (order, lot) = works.made("PRD-1", recipe, "SAL-1").await;
    let body = json!({"rejected_on": "2015-03-10", "reason": "Two of five bags grew bacteria."});
    works.act(&works.manager, order, "rejection", body.clone()).await.expect_problem(409, "second-person-required");
    let told = works.act(&works.second, order, "rejection", body.clone()).await.expect_status(200).json();
    assert_eq!((&told["status"], &told["product"]["status"]), (&json!("rejected"), &json!("recalled")));
    for (noun, body) in [("rejection", body), ("release", release_body(works.warehouse)), ("reversal", why())] {
        works.act(&works.second, order, noun, body).await.expect_problem(409, "wrong-state");
    }
    works.manager.post(&format!("/api/v1/lots/{lot}/releases"), &why()).await.expect_problem(409, "wrong-state");
    works.moved(works.quarantine, works.warehouse, "2015-03-11", lot, 1).await.expect_problem(409, "lot-recalled");
    works.moved(works.quarantine, works.account("LOSS"), "2015-03-11", lot, 90).await.expect_status(201);
    works.holds_true().await;
}

#[tokio::test]
async fn a_wrong_order_is_turned_round_whole_and_its_number_may_be_made_anew() {
    let works = Works::open().await;
    let (recipe, [early, ..], _) = works.saline(false).await;
    let draft = works.order("PRD-0", recipe, 1).await;
    works.act(&works.manager, draft, "reversal", why()).await.expect_problem(409, "wrong-state");
    let told = works.act(&works.manager, draft, "cancellation", why()).await.expect_status(200).json();
    assert_eq!((&told["status"], &told["reason"]), (&json!("cancelled"), &why()["reason"]));
    let (order, lot) = works.made("PRD-1", recipe, "SAL-1").await;
    assert_eq!(works.quantity(works.workshop, early).await, 50);
    works.act(&works.manager, order, "cancellation", why()).await.expect_problem(409, "wrong-state");
    let told = works.act(&works.manager, order, "reversal", why()).await.expect_status(200).json();
    assert_eq!((&told["status"], &told["consumed"]), (&json!("cancelled"), &json!([])));
    assert_eq!((works.quantity(works.workshop, early).await, works.quantity(works.quarantine, lot).await), (150, 0));
    works.act(&works.manager, order, "reversal", why()).await.expect_problem(409, "wrong-state");
    works.manager.post(&format!("/api/v1/lots/{lot}/releases"), &why()).await.expect_problem(409, "wrong-state");
    // What was only started comes back too.
    let begun = works.order("PRD-2", recipe, 1).await;
    works.act(&works.manager, begun, "start", json!({"started_on": "2015-03-02"})).await.expect_status(200);
    works.act(&works.manager, begun, "reversal", why()).await.expect_status(200);
    assert_eq!(works.quantity(works.workshop, early).await, 150);
    let (again, same) = works.made("PRD-3", recipe, "SAL-1").await;
    assert_eq!((same, works.read(again).await["product"]["status"].clone()), (lot, json!("quarantined")));
    // Once something of it has left quarantine, it was made.
    works.moved(works.quarantine, works.account("LOSS"), "2015-03-05", lot, 5).await.expect_status(201);
    works.act(&works.manager, again, "reversal", why()).await.expect_problem(409, "insufficient-stock");
    assert_eq!(works.read(again).await["status"], "completed");
    // The rest of it is released.
    works.act(&works.second, again, "release", release_body(works.warehouse)).await.expect_status(200);
    assert_eq!(works.quantity(works.warehouse, lot).await, 85);
    works.holds_true().await;
}

#[tokio::test]
async fn workshop_goods_without_lots_wait_as_a_number() {
    let works = Works::open().await;
    let bed = works.item("BED", json!({"expiry_tracked": false, "category": "equipment"})).await;
    let pipe = works.item("PIPE", json!({"expiry_tracked": false, "category": "equipment"})).await;
    works.stocked(pipe, None, "2015-01-10", 100).await;
    let lot = works.stocked(bed, None, "2015-01-10", 3).await;
    works.moved(works.workshop, works.quarantine, "2015-01-11", lot, 3).await.expect_status(201);
    let body = json!({"code": "REC-BED", "version": 1, "name": "Hospital bed", "item_id": bed, "batch_size": 1, "ingredients": [{"item_id": pipe, "quantity": 8}]});
    let recipe = id_of(&works.manager.post(RECIPES, &body).await.expect_status(201).json());
    let mut orders = Vec::new();
    for code in ["PRD-1", "PRD-2"] {
        let order = works.order(code, recipe, 2).await;
        works.act(&works.manager, order, "start", json!({"started_on": "2015-03-02"})).await.expect_status(200);
        let numbered = works
            .act(&works.manager, order, "completion", json!({"completed_on": "2015-03-03", "quantity": 2, "lot_number": "B"}))
            .await;
        assert_eq!(faults(&numbered.expect_problem(422, "validation-failed")), pair("/lot_number", "unknown-field"));
        let told = works
            .act(&works.manager, order, "completion", json!({"completed_on": "2015-03-03", "quantity": 2}))
            .await
            .expect_status(200)
            .json();
        assert_eq!(told["lot_id"], json!(lot), "the one lot there is");
        orders.push(order);
    }
    // Three lie there of their own; the four that wait are the orders' alone.
    works.moved(works.quarantine, works.warehouse, "2015-03-04", lot, 4).await.expect_problem(409, "lot-blocked");
    works.moved(works.quarantine, works.warehouse, "2015-03-04", lot, 3).await.expect_status(201);
    works.moved(works.quarantine, works.warehouse, "2015-03-04", lot, 1).await.expect_problem(409, "lot-blocked");
    works.act(&works.second, orders[0], "release", release_body(works.warehouse)).await.expect_status(200);
    let rejection = json!({"rejected_on": "2015-03-10", "reason": "The welds of both beds broke."});
    works.act(&works.second, orders[1], "rejection", rejection).await.expect_status(200);
    // What cannot be told from the good is lost at once.
    assert_eq!((works.quantity(works.quarantine, lot).await, works.quantity(works.warehouse, lot).await), (0, 5));
    let units = "/api/v1/equipment-units";
    let unit = |serial: &str, order: Uuid| json!({"item_id": bed, "serial_number": serial, "production_order_id": order, "facility_id": works.facility, "acquired_on": "2015-03-11"});
    for serial in ["BED-1", "BED-2"] {
        works.manager.post(units, &unit(serial, orders[0])).await.expect_status(201);
    }
    for order in orders {
        let more = works.manager.post(units, &unit("BED-3", order)).await.expect_problem(422, "validation-failed");
        assert_eq!(
            faults(&more),
            pair("/production_order_id", "unknown-reference"),
            "no more than were made, and none that was rejected"
        );
    }
    // All of it lost before it was judged: nothing to release; it is rejected, and nothing is lost twice.
    let order = works.order("PRD-4", recipe, 1).await;
    works.act(&works.manager, order, "start", json!({"started_on": "2015-03-02"})).await.expect_status(200);
    works.act(&works.manager, order, "completion", json!({"completed_on": "2015-03-03", "quantity": 1})).await.expect_status(200);
    works.moved(works.quarantine, works.account("LOSS"), "2015-03-04", lot, 1).await.expect_status(201);
    works.act(&works.second, order, "release", release_body(works.warehouse)).await.expect_problem(409, "insufficient-stock");
    let rejection = json!({"rejected_on": "2015-03-10", "reason": "It was burnt with the shed."});
    works.act(&works.second, order, "rejection", rejection).await.expect_status(200);
    works.holds_true().await;
}

#[tokio::test]
async fn orders_are_of_those_whose_workshop_it_is() {
    let works = Works::open().await;
    let (recipe, ..) = works.saline(true).await;
    let order = works.order("PRD-1", recipe, 1).await;
    let (read, path) = (format!("{ORDERS}/{order}"), format!("{ORDERS}/{order}/start"));
    let foreign = works.app.coordinator(&[works.app.area("HAMA", None).await]).await;
    let body = json!({"started_on": "2015-03-02"});
    let (clerk, admin, auditor) =
        (works.app.clerk(works.facility).await, works.app.user(Role::Admin).await, works.app.user(Role::Auditor).await);
    for hidden in [&foreign, &clerk] {
        hidden.get(&read).await.expect_problem(404, "not-found");
        assert!(hidden.all(ORDERS).await.is_empty());
    }
    foreign.post(&path, &body).await.expect_problem(404, "not-found");
    foreign.patch(&read, "*", &json!({"batches": 2})).await.expect_problem(404, "not-found");
    let blind = foreign.post(ORDERS, &works.order_body("PRD-2", recipe, 1)).await.expect_problem(422, "validation-failed");
    let unknown = |pointer: &str| (pointer.to_owned(), "unknown-reference".to_owned());
    assert_eq!(faults(&blind), [unknown("/place_id"), unknown("/quarantine_id")], "all at once");
    for refused in [&clerk, &admin, &auditor] {
        refused.post(&path, &body).await.expect_problem(403, "forbidden");
    }
    // What may hold what is controlled is not for admins.
    admin.get(&read).await.expect_problem(403, "forbidden");
    auditor.get(&read).await.expect_status(200);
    assert_eq!((works.second.all(ORDERS).await.len(), auditor.all(&format!("{read}/history")).await.len()), (1, 1));
    // Nor does the product go where the second person may not look.
    let area = works.app.area("IDLIB", None).await;
    let place = json!({"code": "FAR", "name": "Far", "kind": "warehouse", "area_id": area});
    let far = id_of(&works.manager.post("/api/v1/stock-locations", &place).await.expect_status(201).json());
    works.manager.post(&path, &body).await.expect_status(200);
    works
        .act(&works.manager, order, "completion", json!({"completed_on": "2015-03-03", "lot_number": "SAL-1", "quantity": 90}))
        .await
        .expect_status(200);
    let out = works.act(&works.second, order, "release", release_body(far)).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&out), pair("/to_id", "unknown-reference"));
    works.holds_true().await;
}

#[tokio::test]
async fn what_of_our_own_making_reached_facilities_is_told_by_month() {
    let works = Works::open().await;
    let (recipe, _, saline) = works.saline(false).await;
    let (order, lot) = works.made("PRD-1", recipe, "SAL-1").await;
    works.act(&works.second, order, "release", release_body(works.warehouse)).await.expect_status(200);
    let [one, two] = works.stores;
    let moved = async |from: Uuid, to: Uuid, day: &str, quantity: i64| {
        id_of(&works.moved(from, to, day, lot, quantity).await.expect_status(201).json())
    };
    moved(works.warehouse, one, "2015-03-12", 30).await;
    let wrong = moved(works.warehouse, one, "2015-03-13", 20).await;
    works.manager.post(&format!("{DOCUMENTS}/{wrong}/reversal"), &why()).await.expect_status(201);
    moved(works.warehouse, two, "2015-04-01", 10).await;
    // Handed on, sent back, and sent back by mistake: none of these is a distribution.
    moved(one, two, "2015-03-20", 5).await;
    let back = moved(one, works.warehouse, "2015-03-21", 4).await;
    works.manager.post(&format!("{DOCUMENTS}/{back}/reversal"), &why()).await.expect_status(201);
    // Nor is what was bought.
    let bought = works.stocked(works.item("GAUZE", json!({})).await, Some(("G", "2016-12-31")), "2015-01-10", 10).await;
    works.moved(works.workshop, one, "2015-03-12", bought, 10).await.expect_status(201);
    let told = async |by: &Client, query: &str| {
        let rows = by.all(&format!("{FREE}?limit=1&{query}")).await;
        let mut rows: Vec<_> = rows
            .iter()
            .map(|row| {
                let text = |name: &str| row[name].as_str().unwrap().to_owned();
                (text("item_code"), text("facility_code"), text("month"), row["quantity"].as_i64().unwrap())
            })
            .collect();
        rows.sort();
        rows
    };
    let row = |facility: &str, month: &str, quantity: i64| ("SALINE".to_owned(), facility.to_owned(), month.to_owned(), quantity);
    // Nor is what a store sets aside and gets back, nor what it sends by road, whether it arrives or comes back.
    moved(one, works.quarantine, "2015-03-22", 6).await;
    moved(works.quarantine, one, "2015-03-23", 6).await;
    for (code, from, to, end) in
        [("SHP-1", one, two, None), ("SHP-2", one, two, Some("return")), ("SHP-3", works.warehouse, two, None)]
    {
        works.sent(code, (from, to), lot, 3, end).await;
    }
    let (march, april) = (row("HOS-01", "2015-03-01", 30), row("HOS-02", "2015-04-01", 13));
    assert_eq!(told(&works.manager, "").await, [march.clone(), april.clone()]);
    assert_eq!(told(&works.manager, "sort=-item_code").await, [march.clone(), april.clone()]);
    assert_eq!(told(&works.manager, "since_on=2015-03-13").await, std::slice::from_ref(&april));
    assert_eq!(
        told(&works.manager, &format!("until_on=2015-03-12&item_id={saline}&q=saline")).await,
        std::slice::from_ref(&march)
    );
    assert_eq!(told(&works.manager, &format!("facility_id={}", works.facility)).await, std::slice::from_ref(&march));
    let clerk = works.app.clerk(works.facility).await;
    let foreign = works.app.coordinator(&[works.app.area("HAMA", None).await]).await;
    assert_eq!((told(&clerk, "").await, told(&foreign, "").await), (vec![march.clone()], vec![]));
    let admin = works.app.user(Role::Admin).await;
    assert_eq!(told(&admin, "").await.len(), 2);
    let owner = works.app.database.owner().await;
    owner.execute("UPDATE items SET controlled = true WHERE id = $1", &[&saline]).await.expect("controlled");
    assert_eq!((told(&admin, "").await.len(), told(&works.second, "").await.len()), (0, 2));
    let csv = works.manager.get(&format!("{FREE}?format=csv")).await.expect_status(200).text();
    assert_eq!(csv.lines().count(), 3);
    let wrong = works.manager.get(&format!("{FREE}?since_on=2015-04-01&until_on=2015-03-01")).await;
    assert_eq!(faults(&wrong.expect_problem(422, "validation-failed")), pair("/until_on", "date-order"));
    works.holds_true().await;
}

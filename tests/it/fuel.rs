//! Stories of fuel: what came into tanks, what was measured, what generators explain of it, and how long the rest lasts.

mod any_sequence;
mod lasting;
mod standing;

use serde_json::{Value, json};
use siraj::{auth::Role, db::Db, stock::verify};
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Answer, Client, faults},
    id_of,
};

const DOCUMENTS: &str = "/api/v1/stock-documents";
const TANKS: &str = "/api/v1/fuel-tanks";
const GENERATORS: &str = "/api/v1/generators";
const DIPS: &str = "/api/v1/fuel-dips";
const STATUS: &str = "/api/v1/fuel-status";
/// The accounts of the world outside are known by their ids.
const SUPPLIER: &str = "00000000-0000-7000-8000-000000000101";
const CONSUMPTION: &str = "00000000-0000-7000-8000-000000000104";

struct Depot {
    app: TestApp,
    manager: Client,
    area: Uuid,
    facility: Uuid,
    diesel: Uuid,
    lot: Uuid,
}

impl Depot {
    /// A hospital and its diesel.
    async fn open() -> Self {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let area = app.area("GHOUTA", None).await;
        let facility = id_of(&app.facility(&manager, "HOS-01", area).await);
        let diesel = item(&manager, "FUE-01", "fuel", "litre", false).await;
        let lot = id_of(&manager.post("/api/v1/lots", &json!({"item_id": diesel})).await.expect_status(201).json());
        Self { app, manager, area, facility, diesel, lot }
    }

    async fn place(&self, code: &str, facility: Uuid) -> Uuid {
        let body = json!({"code": code, "name": code, "kind": "facility_store", "facility_id": facility});
        id_of(&self.manager.post("/api/v1/stock-locations", &body).await.expect_status(201).json())
    }

    /// A tank of 1,000 litres on a place of its own: its id and its place.
    async fn tank(&self, code: &str) -> (Uuid, Uuid) {
        let place = self.place(&format!("ST-{code}"), self.facility).await;
        (id_of(&self.manager.post(TANKS, &self.words(code, place)).await.expect_status(201).json()), place)
    }

    fn words(&self, code: &str, place: Uuid) -> Value {
        json!({"code": code, "name": code, "location_id": place, "item_id": self.diesel, "capacity_litres": 1000,
               "tolerance": "20.00", "tolerance_unit": "litres"})
    }

    async fn generator(&self, code: &str, tank: Uuid, rate: &str) -> Uuid {
        let body = generator(code, self.facility, tank, rate);
        id_of(&self.manager.post(GENERATORS, &body).await.expect_status(201).json())
    }

    async fn moved(&self, from: &str, to: &str, day: &str, litres: i64) -> Answer {
        self.manager.post(DOCUMENTS, &document(from, to, day, self.lot, litres)).await
    }

    async fn delivered(&self, place: Uuid, day: &str, litres: i64) -> Answer {
        self.moved(SUPPLIER, &place.to_string(), day, litres).await
    }

    async fn ran(&self, generator: Uuid, day: &str, hours: &str) -> Answer {
        self.manager.put(&format!("{GENERATORS}/{generator}/hours/{day}"), &json!({"hours": hours})).await
    }

    async fn dipped(&self, tank: Uuid, day: &str, litres: i64) -> Answer {
        self.manager.post(DIPS, &dip(tank, day, litres)).await
    }

    async fn reversed(&self, dip: Uuid) -> Answer {
        self.manager.post(&format!("{DIPS}/{dip}/reversal"), &json!({"reason": "The stick was read from the wrong end."})).await
    }

    async fn book(&self, place: Uuid, day: &str) -> i64 {
        let found = self.manager.all(&format!("/api/v1/stock-balances?location_id={place}&as_of={day}")).await;
        found.first().map_or(0, |balance| balance["quantity"].as_i64().expect("a number"))
    }

    async fn status(&self, query: &str) -> Value {
        let rows = self.manager.all(&format!("{STATUS}?{query}")).await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows[0].clone()
    }

    async fn count(&self, table: &str) -> i64 {
        let owner = self.app.database.owner().await;
        owner.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.expect("a count").get(0)
    }

    async fn holds_true(&self) {
        let db = Db::new(&self.app.database.service_url(), 1).expect("a pool");
        let verified = verify(&mut db.conn().await.expect("a connection")).await.expect("added up");
        assert_eq!(verified.differences, Vec::<String>::new());
    }
}

async fn item(by: &Client, code: &str, category: &str, unit: &str, expires: bool) -> Uuid {
    let body = json!({"code": code, "name": code, "category": category, "base_unit": unit, "expiry_tracked": expires});
    id_of(&by.post("/api/v1/items", &body).await.expect_status(201).json())
}

fn document(from: &str, to: &str, day: &str, lot: Uuid, litres: i64) -> Value {
    json!({"from_id": from, "to_id": to, "occurred_on": day, "lines": [{"lot_id": lot, "quantity": litres}]})
}

fn dip(tank: Uuid, day: &str, litres: i64) -> Value {
    json!({"tank_id": tank, "dipped_on": day, "litres": litres, "reason": "As the stick was read at sunset."})
}

fn generator(code: &str, facility: Uuid, tank: Uuid, rate: &str) -> Value {
    json!({"code": code, "name": code, "facility_id": facility, "tank_id": tank, "litres_per_hour": rate, "since_on": "2015-01-01"})
}

fn told(value: &Value, names: &[&str]) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    names.iter().map(|name| text(&value[*name])).collect()
}

fn one(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

#[tokio::test]
async fn fuel_comes_is_burned_and_dipped_and_what_no_generator_explains_is_shown() {
    let depot = Depot::open().await;
    let (tank, place) = depot.tank("TANK-01").await;
    let perkins = depot.generator("GEN-01", tank, "10.00").await;
    let lister = depot.generator("GEN-02", tank, "2.50").await;
    let clerk = depot.app.clerk(depot.facility).await;
    depot.delivered(place, "2015-03-01", 900).await.expect_status(201);
    let first = clerk.post(DIPS, &dip(tank, "2015-03-01", 900)).await.expect_status(201).json();
    let figures =
        ["book_litres", "difference_litres", "previous_on", "expected_litres", "unexplained_litres", "beyond_tolerance"];
    assert_eq!(told(&first, &figures), ["900", "0", "null", "0.00", "0.00", "false"]);
    for (day, hours) in [("2015-03-02", "8"), ("2015-03-03", "7.5")] {
        let path = format!("{GENERATORS}/{perkins}/hours/{day}");
        clerk.put(&path, &json!({"hours": hours})).await.expect_status(201);
    }
    depot.ran(lister, "2015-03-03", "4").await.expect_status(201);
    // 15.5 h × 10 l + 4 h × 2.5 l = 165 l.
    let second = depot.dipped(tank, "2015-03-03", 730).await.expect_status(201).json();
    assert_eq!(told(&second, &figures), ["900", "-170", "2015-03-01", "165.00", "5.00", "false"]);
    assert_eq!(depot.book(place, "2015-03-03").await, 730);
    let issue = depot.manager.all(&format!("{DOCUMENTS}?act_id={}", second["id"].as_str().unwrap())).await;
    assert_eq!(told(&issue[0], &["kind", "act", "from_id", "to_id"]), ["issue", "fuel_tank", &place.to_string(), CONSUMPTION]);
    // Forty litres went with nobody's hour.
    depot.ran(perkins, "2015-03-04", "1").await.expect_status(201);
    let third = depot.dipped(tank, "2015-03-04", 680).await.expect_status(201).json();
    assert_eq!(told(&third, &figures), ["730", "-50", "2015-03-03", "10.00", "40.00", "true"]);
    // More than the book knew of is found, not burned.
    let fourth = depot.dipped(tank, "2015-03-05", 690).await.expect_status(201).json();
    assert_eq!(told(&fourth, &figures), ["680", "10", "2015-03-04", "0.00", "-10.00", "false"]);
    let found = depot.manager.all(&format!("{DOCUMENTS}?act_id={}", fourth["id"].as_str().unwrap())).await;
    assert_eq!(told(&found[0], &["kind", "to_id"]), ["count", &place.to_string()]);
    let beyond = depot.manager.all(&format!("{DIPS}?tank_id={tank}&beyond_tolerance=true")).await;
    assert_eq!(beyond.iter().map(|one| &one["id"]).collect::<Vec<_>>(), [&third["id"]]);
    // Whoever is asked about them does not write the explanation afterwards; a note may be added.
    let path = format!("{GENERATORS}/{perkins}/hours/2015-03-04");
    clerk.put(&path, &json!({"hours": "4.0"})).await.expect_problem(428, "precondition-required");
    clerk.put_with(&path, "\"9\"", &json!({"hours": "4.0"})).await.expect_problem(412, "stale-revision");
    let closed = clerk.put_with(&path, "\"1\"", &json!({"hours": "4.0"})).await.expect_problem(409, "dip-stands");
    assert_eq!(faults(&closed), one("/ran_on", "dip-stands"));
    clerk.delete(&path, "\"1\"").await.expect_problem(409, "dip-stands");
    depot.ran(lister, "2015-03-04", "16").await.expect_problem(409, "dip-stands");
    clerk.put(&path, &json!({"hours": "1"})).await.expect_status(200);
    let noted = json!({"hours": "1", "note": "Read from the meter."});
    assert_eq!(clerk.put_with(&path, "\"1\"", &noted).await.expect_status(200).json()["revision"], 2);
    // Hours that were wrong are corrected once the dips are turned round, and the past is explained anew.
    for dip in [&fourth, &third] {
        depot.reversed(id_of(dip)).await.expect_status(200);
    }
    assert_eq!(clerk.put_with(&path, "\"2\"", &json!({"hours": "4.0"})).await.expect_status(200).json()["hours"], "4.0");
    let again = depot.dipped(tank, "2015-03-04", 680).await.expect_status(201).json();
    assert_eq!(told(&again, &figures), ["730", "-50", "2015-03-03", "40.00", "10.00", "false"]);
    depot.reversed(id_of(&again)).await.expect_status(200);
    assert_eq!(clerk.delete(&path, "\"3\"").await.expect_status(200).json()["hours"], "4.0");
    let days = clerk.all(&format!("{GENERATORS}/{perkins}/hours?since_on=2015-03-03&limit=1")).await;
    assert_eq!(told(&days[0], &["ran_on", "hours", "litres_per_hour"]), ["2015-03-03", "7.5", "10.00"]);
    assert_eq!(days.len(), 1, "what was taken back is not listed");
    depot.holds_true().await;
}

#[tokio::test]
async fn a_dip_closes_its_days_and_only_the_newest_is_turned_round() {
    let depot = Depot::open().await;
    let (tank, place) = depot.tank("TANK-01").await;
    let store = place.to_string();
    depot.delivered(place, "2015-03-01", 500).await.expect_status(201);
    let early = id_of(&depot.dipped(tank, "2015-03-03", 400).await.expect_status(201).json());
    let late = id_of(&depot.dipped(tank, "2015-03-05", 300).await.expect_status(201).json());
    for day in ["2015-03-01", "2015-03-05"] {
        let refused = depot.delivered(place, day, 10).await.expect_problem(409, "dip-stands");
        assert_eq!(faults(&refused), one("/occurred_on", "dip-stands"));
        depot.moved(&store, CONSUMPTION, day, 10).await.expect_problem(409, "dip-stands");
    }
    let older = depot.dipped(tank, "2015-03-04", 350).await.expect_problem(409, "dip-stands");
    assert_eq!(faults(&older), one("/dipped_on", "dip-stands"));
    assert_eq!(
        faults(&depot.dipped(tank, "2015-03-05", 300).await.expect_problem(409, "duplicate")),
        one("/dipped_on", "duplicate")
    );
    depot.reversed(early).await.expect_problem(409, "dip-stands");
    // What a dip posted is turned round by the dip alone.
    let posted = id_of(&depot.manager.all(&format!("{DOCUMENTS}?act_id={late}")).await[0]);
    let why = json!({"reason": "Entered twice from the same paper."});
    depot.manager.post(&format!("{DOCUMENTS}/{posted}/reversal"), &why).await.expect_problem(409, "wrong-state");
    let turned = depot.reversed(late).await.expect_status(200).json();
    assert!(turned["reversed_at"].is_string() && turned["reversal_reason"].is_string());
    assert_eq!(depot.book(place, "2015-03-05").await, 400);
    depot.reversed(late).await.expect_problem(409, "wrong-state");
    // Now the paper that came late has its day, and the tank is dipped again.
    depot.delivered(place, "2015-03-04", 60).await.expect_status(201);
    let again = depot.dipped(tank, "2015-03-05", 300).await.expect_status(201).json();
    assert_eq!(told(&again, &["book_litres", "previous_on"]), ["460", "2015-03-03"]);
    let gone = depot.manager.all(&format!("{DIPS}?reversed=true")).await;
    assert_eq!(gone.iter().map(id_of).collect::<Vec<_>>(), [late]);
    let history = depot.manager.all(&format!("{TANKS}/{tank}/history")).await;
    assert_eq!(history.iter().filter(|entry| entry["resource"] == "fuel_dips").count(), 4);
    // For the service's own role too.
    let service = depot.app.database.service().await;
    for statement in [
        "UPDATE fuel_dips SET litres = 1",
        "UPDATE fuel_dips SET reversed_at = NULL, reversal_reason = NULL",
        "DELETE FROM fuel_dips",
        // A dip whose book does not follow it.
        "INSERT INTO fuel_dips (id, tank_id, dipped_on, litres, recorded_by) SELECT gen_random_uuid(), tank_id, '2015-03-09', 7, recorded_by FROM fuel_dips LIMIT 1",
    ] {
        assert!(service.execute(statement, &[]).await.is_err(), "{statement}");
    }
    depot.holds_true().await;
}

#[tokio::test]
async fn a_tank_holds_its_own_fuel_and_never_more_than_its_capacity_on_any_day() {
    let depot = Depot::open().await;
    let (tank, place) = depot.tank("TANK-01").await;
    let store = place.to_string();
    let petrol = item(&depot.manager, "FUE-02", "fuel", "litre", false).await;
    let other = id_of(&depot.manager.post("/api/v1/lots", &json!({"item_id": petrol})).await.expect_status(201).json());
    let refused = depot.manager.post(DOCUMENTS, &document(SUPPLIER, &store, "2015-03-01", other, 5)).await;
    assert_eq!(faults(&refused.expect_problem(422, "validation-failed")), one("/lines", "unfit-reference"));
    depot.delivered(place, "2015-03-01", 1001).await.expect_problem(409, "tank-over-capacity");
    depot.delivered(place, "2015-03-01", 1000).await.expect_status(201);
    depot.delivered(place, "2015-03-02", 1).await.expect_problem(409, "tank-over-capacity");
    depot.moved(&store, CONSUMPTION, "2015-03-05", 600).await.expect_status(201);
    // There is room now, but there was none on the fourth.
    depot.delivered(place, "2015-03-04", 100).await.expect_problem(409, "tank-over-capacity");
    // Nor would there have been from the first on, had it come before.
    depot.delivered(place, "2015-02-20", 100).await.expect_problem(409, "tank-over-capacity");
    depot.delivered(place, "2015-03-05", 600).await.expect_status(201);
    assert_eq!(depot.book(place, "2015-03-05").await, 1000);
    let smaller = depot.manager.patch(&format!("{TANKS}/{tank}"), "*", &json!({"capacity_litres": 999})).await;
    assert_eq!(faults(&smaller.expect_problem(409, "tank-over-capacity")), one("/capacity_litres", "tank-over-capacity"));
    let dip = depot.dipped(tank, "2015-03-06", 1001).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&dip), one("/litres", "out-of-range"));
    assert_eq!((depot.count("fuel_dips").await, depot.count("stock_documents").await), (0, 3));
    depot.holds_true().await;
}

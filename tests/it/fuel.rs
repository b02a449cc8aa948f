//! Stories of fuel: what came into tanks, what was measured, what generators explain of it, and how long the rest lasts.

use std::collections::BTreeSet;

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

#[tokio::test]
async fn what_is_wrong_about_tanks_generators_hours_and_dips_is_refused_by_name() {
    let depot = Depot::open().await;
    let (tank, place) = depot.tank("TANK-01").await;
    let perkins = depot.generator("GEN-01", tank, "10").await;
    let before = [depot.count("fuel_tanks").await, depot.count("generators").await];
    let free = depot.place("ST-FREE", depot.facility).await;
    let wrong = async |path: &str, base: &Value, changes: Value, expected: (&str, &str)| {
        let mut body = base.clone();
        changes.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        let refused = depot.manager.post(path, &body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), one(expected.0, expected.1), "{changes}");
    };
    let base = depot.words("TANK-02", free);
    let drug = item(&depot.manager, "MED-01", "medicines", "litre", false).await;
    let gas = item(&depot.manager, "FUE-03", "fuel", "bottle", false).await;
    let aged = item(&depot.manager, "FUE-04", "fuel", "litre", true).await;
    for unfit in [drug, gas, aged] {
        wrong(TANKS, &base, json!({"item_id": unfit}), ("/item_id", "unfit-reference")).await;
    }
    wrong(TANKS, &base, json!({"location_id": SUPPLIER}), ("/location_id", "unfit-reference")).await;
    wrong(TANKS, &base, json!({"location_id": Uuid::now_v7()}), ("/location_id", "unknown-reference")).await;
    wrong(TANKS, &base, json!({"item_id": Uuid::now_v7()}), ("/item_id", "unknown-reference")).await;
    for (name, value) in [
        ("capacity_litres", json!(0)),
        ("capacity_litres", json!(10_000_001)),
        ("capacity_litres", json!(9_223_372_036_854_775_807_i64)),
        ("alarm_hours", json!(0)),
        ("alarm_hours", json!(99_999_999_999_i64)),
        ("tolerance", json!("-1")),
    ] {
        wrong(TANKS, &base, json!({name: value}), (&format!("/{name}"), "out-of-range")).await;
    }
    wrong(TANKS, &base, json!({"tolerance": "100.01", "tolerance_unit": "percent"}), ("/tolerance", "out-of-range")).await;
    wrong(TANKS, &base, json!({"tolerance": 5}), ("/tolerance", "wrong-type")).await;
    wrong(TANKS, &base, json!({"colour": "red"}), ("/colour", "unknown-field")).await;
    let second = depot.manager.post(TANKS, &depot.words("TANK-02", place)).await;
    assert_eq!(faults(&second.expect_problem(409, "duplicate")), one("/location_id", "duplicate"));

    let elsewhere = id_of(&depot.app.facility(&depot.manager, "HOS-02", depot.area).await);
    let base = generator("GEN-02", depot.facility, tank, "10");
    wrong(GENERATORS, &base, json!({"facility_id": elsewhere}), ("/tank_id", "unfit-reference")).await;
    wrong(GENERATORS, &base, json!({"facility_id": Uuid::now_v7()}), ("/facility_id", "unknown-reference")).await;
    wrong(GENERATORS, &base, json!({"tank_id": Uuid::now_v7()}), ("/tank_id", "unknown-reference")).await;
    for rate in ["0", "1000.01", "-2"] {
        wrong(GENERATORS, &base, json!({"litres_per_hour": rate}), ("/litres_per_hour", "out-of-range")).await;
    }
    wrong(GENERATORS, &base, json!({"litres_per_hour": "2.555"}), ("/litres_per_hour", "precision")).await;
    wrong(GENERATORS, &base, json!({"since_on": "2010-12-31"}), ("/since_on", "date-out-of-range")).await;
    let future = (chrono::Utc::now() + chrono::Days::new(5)).date_naive().to_string();
    wrong(GENERATORS, &base, json!({"since_on": future}), ("/since_on", "date-in-future")).await;
    let moved = depot.manager.patch(&format!("{GENERATORS}/{perkins}"), "*", &json!({"facility_id": elsewhere})).await;
    assert_eq!(faults(&moved.expect_problem(422, "validation-failed")), one("/tank_id", "unfit-reference"));

    for (hours, code) in [
        (json!("25"), "out-of-range"),
        (json!("-1"), "out-of-range"),
        (json!("24.5"), "out-of-range"),
        (json!("7.25"), "precision"),
        (json!("99999999999999"), "precision"),
        (json!("1e1"), "invalid-format"),
        (json!(7.5), "wrong-type"),
        (json!("٧"), "arabic-digits"),
        (Value::Null, "required"),
    ] {
        let path = format!("{GENERATORS}/{perkins}/hours/2015-03-01");
        let refused = depot.manager.put(&path, &json!({"hours": hours})).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), one("/hours", code), "{hours}");
    }
    for (day, code) in [
        ("2014-12-31", "date-order"),
        ("2010-01-01", "date-out-of-range"),
        (future.as_str(), "date-in-future"),
        ("x", "invalid-date"),
    ] {
        let refused = depot.ran(perkins, day, "1").await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), one("/ran_on", code));
    }

    let base = dip(tank, "2015-03-01", 10);
    wrong(DIPS, &base, json!({"litres": 1001}), ("/litres", "out-of-range")).await;
    wrong(DIPS, &base, json!({"litres": -1}), ("/litres", "out-of-range")).await;
    wrong(DIPS, &base, json!({"litres": 1.5}), ("/litres", "wrong-type")).await;
    wrong(DIPS, &base, json!({"litres": 9_223_372_036_854_775_807_i64}), ("/litres", "out-of-range")).await;
    wrong(DIPS, &base, json!({"dipped_on": future}), ("/dipped_on", "date-in-future")).await;
    wrong(DIPS, &base, json!({"dipped_on": "2010-12-31"}), ("/dipped_on", "date-out-of-range")).await;
    wrong(DIPS, &base, json!({"tank_id": Uuid::now_v7()}), ("/tank_id", "unknown-reference")).await;
    wrong(DIPS, &base, json!({"reason": Value::Null}), ("/reason", "required")).await;
    depot.manager.get(&format!("{STATUS}?days=0")).await.expect_problem(422, "validation-failed");
    depot.manager.get(&format!("{STATUS}?as_of=2090-01-01")).await.expect_problem(422, "validation-failed");
    assert_eq!([depot.count("fuel_tanks").await, depot.count("generators").await], before);
    for table in ["generator_hours", "fuel_dips", "stock_documents"] {
        assert_eq!(depot.count(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn what_a_tank_stands_on_stays_what_it_is_and_a_full_tank_is_not_retired() {
    let depot = Depot::open().await;
    let (tank, place) = depot.tank("TANK-01").await;
    let perkins = depot.generator("GEN-01", tank, "10").await;
    let held = async |path: String, change: Value| {
        depot.manager.patch(&path, "*", &change).await.expect_problem(409, "still-in-use");
    };
    held(format!("/api/v1/items/{}", depot.diesel), json!({"category": "medicines"})).await;
    held(format!("/api/v1/items/{}", depot.diesel), json!({"base_unit": "barrel"})).await;
    held(format!("/api/v1/items/{}", depot.diesel), json!({"controlled": true})).await;
    let elsewhere = id_of(&depot.app.facility(&depot.manager, "HOS-02", depot.area).await);
    held(format!("/api/v1/stock-locations/{place}"), json!({"facility_id": elsewhere})).await;
    held(format!("{TANKS}/{tank}"), json!({"location_id": depot.place("ST-FREE", depot.facility).await})).await;
    for path in [format!("/api/v1/stock-locations/{place}"), format!("/api/v1/items/{}", depot.diesel), format!("{TANKS}/{tank}")]
    {
        depot.manager.delete(&path, "*").await.expect_problem(409, "still-in-use");
    }
    depot.manager.delete(&format!("{GENERATORS}/{perkins}"), "*").await.expect_status(200);
    depot.ran(perkins, "2015-03-01", "1").await.expect_problem(410, "record-deleted");
    depot.delivered(place, "2015-03-01", 10).await.expect_status(201);
    depot.manager.delete(&format!("{TANKS}/{tank}"), "*").await.expect_problem(409, "still-in-use");
    depot.dipped(tank, "2015-03-02", 0).await.expect_status(201);
    depot.manager.delete(&format!("{TANKS}/{tank}"), "*").await.expect_status(200);
    let refused = depot.dipped(tank, "2015-03-03", 0).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), one("/tank_id", "retired-reference"));
    // Its place is free again.
    depot.manager.post(TANKS, &depot.words("TANK-03", place)).await.expect_status(201);
}

#[tokio::test]
async fn a_generator_that_is_moved_does_not_change_what_was_burned_before() {
    let depot = Depot::open().await;
    let (old, place) = depot.tank("TANK-01").await;
    let (new, _) = depot.tank("TANK-02").await;
    let perkins = depot.generator("GEN-01", old, "10").await;
    depot.delivered(place, "2015-03-01", 500).await.expect_status(201);
    depot.ran(perkins, "2015-03-02", "5").await.expect_status(201);
    let dip = id_of(&depot.dipped(old, "2015-03-02", 450).await.expect_status(201).json());
    let moved = json!({"tank_id": new, "litres_per_hour": "12.00", "since_on": "2015-03-10"});
    depot.manager.patch(&format!("{GENERATORS}/{perkins}"), "*", &moved).await.expect_status(200);
    // Another day from before is no longer known, but what stands may be corrected.
    let refused = depot.ran(perkins, "2015-03-03", "5").await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), one("/ran_on", "date-order"));
    let path = format!("{GENERATORS}/{perkins}/hours/2015-03-02");
    depot.reversed(dip).await.expect_status(200);
    let corrected = depot.manager.put_with(&path, "*", &json!({"hours": "4"})).await.expect_status(200).json();
    assert_eq!(told(&corrected, &["tank_id", "litres_per_hour"]), [old.to_string().as_str(), "10.00"]);
    let dip = depot.dipped(old, "2015-03-02", 450).await.expect_status(201).json();
    assert_eq!(told(&dip, &["expected_litres", "unexplained_litres"]), ["40.00", "10.00"]);
}

#[tokio::test]
async fn how_long_the_fuel_will_last_is_told_with_what_it_was_made_of() {
    let depot = Depot::open().await;
    let (tank, place) = depot.tank("TANK-01").await;
    let of_day = |day: &str| format!("tank_id={tank}&as_of={day}");
    let why = ["alarm", "reason"];
    assert_eq!(told(&depot.status(&of_day("2015-03-01")).await, &why), ["true", "empty"]);
    depot.delivered(place, "2015-03-01", 900).await.expect_status(201);
    assert_eq!(told(&depot.status(&of_day("2015-03-01")).await, &why), ["true", "no_generator"]);
    let perkins = depot.generator("GEN-01", tank, "10").await;
    let lister = depot.generator("GEN-02", tank, "2.50").await;
    let young = depot.status(&of_day("2015-03-01")).await;
    // 900 / 12.5
    assert_eq!(told(&young, &["autonomy_hours", "alarm", "reason", "hours_per_day"]), ["72.0", "false", "null", "null"]);
    assert_eq!(told(&depot.status(&of_day("2015-03-02")).await, &why), ["true", "no_hours"], "the first day is over");
    // Exactly at the threshold is not below it.
    for (hours, reason) in [(73, "below_threshold"), (72, "null"), (24, "null")] {
        depot.manager.patch(&format!("{TANKS}/{tank}"), "*", &json!({"alarm_hours": hours})).await.expect_status(200);
        assert_eq!(told(&depot.status(&of_day("2015-03-01")).await, &why), [(reason != "null").to_string().as_str(), reason]);
    }
    depot.dipped(tank, "2015-03-01", 900).await.expect_status(201);
    for day in 2..=11 {
        depot.ran(perkins, &format!("2015-03-{day:02}"), "6").await.expect_status(201);
    }
    // Of the other one nobody says anything.
    let silent = depot.status(&of_day("2015-03-11")).await;
    assert_eq!(told(&silent, &["reason", "hours_until_on", "hours_missing_days"]), ["no_hours", "2015-03-01", "9"]);
    for day in 2..=10 {
        depot.ran(lister, &format!("2015-03-{day:02}"), "0").await.expect_status(201);
    }
    let whole = depot.status(&of_day("2015-03-11")).await;
    assert_eq!(told(&whole, &["hours_until_on", "hours_missing_days"]), ["2015-03-10", "0"]);
    depot.ran(lister, "2015-03-11", "4").await.expect_status(201);
    depot.dipped(tank, "2015-03-06", 600).await.expect_status(201);
    // The book says 600, but five days of hours have gone over it: 310 litres.
    let now = depot.status(&of_day("2015-03-11")).await;
    assert_eq!(
        told(&now, &["book_litres", "dipped_on", "dipped_litres", "burned_since_litres", "estimated_litres"]),
        ["600", "2015-03-06", "600", "310.00", "290.00"]
    );
    assert_eq!(
        told(&now, &["window_starts_on", "window_ends_on", "window_days", "stock_out_days", "consumed_litres", "litres_per_day"]),
        ["2015-03-02", "2015-03-06", "5", "0", "300", "60.00"]
    );
    // 290 / 12.5 = 23.2; 290 / 60 = 4.83; 64 h over ten days.
    assert_eq!(
        told(&now, &["litres_per_hour", "autonomy_hours", "autonomy_days", "hours_per_day", "alarm", "reason", "rule_version"]),
        ["12.50", "23.2", "4.8", "6.4", "true", "below_threshold", "2"]
    );
    assert_eq!(told(&now, &["burned_litres", "expected_litres", "unexplained_litres"]), ["300", "300.00", "0.00"]);
    let calm = depot.status(&of_day("2015-03-10")).await;
    // 360 / 12.5 = 28.8
    assert_eq!(told(&calm, &["estimated_litres", "autonomy_hours", "alarm", "reason"]), ["360.00", "28.8", "false", "null"]);
    // As it was then, whatever came later.
    let then = depot.status(&of_day("2015-03-05")).await;
    assert_eq!(
        told(&then, &["book_litres", "dipped_on", "burned_since_litres", "estimated_litres"]),
        ["900", "2015-03-01", "240.00", "660.00"]
    );
    // A day without anything is not a day of use.
    depot.dipped(tank, "2015-03-13", 0).await.expect_status(201);
    depot.delivered(place, "2015-03-16", 200).await.expect_status(201);
    depot.dipped(tank, "2015-03-16", 200).await.expect_status(201);
    let out = depot.status(&of_day("2015-03-20")).await;
    // From the second to the sixteenth, without the thirteenth, fourteenth and fifteenth: 900 / 12.
    assert_eq!(told(&out, &["window_days", "stock_out_days", "consumed_litres", "litres_per_day"]), ["15", "3", "900", "75.00"]);
    assert_eq!(told(&out, &["burned_litres", "expected_litres", "unexplained_litres"]), ["900", "610.00", "290.00"]);

    // From then on hours are no longer written: however well the number looks, it is that of the seventeenth.
    let stale = ["autonomy_hours", "reason", "hours_until_on", "hours_missing_days"];
    assert_eq!(told(&out, &stale), ["16.0", "no_hours", "2015-03-16", "3"]);
    for (day, generator) in [17, 18, 19].iter().flat_map(|day| [(day, perkins), (day, lister)]) {
        depot.ran(generator, &format!("2015-03-{day}"), "0").await.expect_status(201);
    }
    assert_eq!(told(&depot.status(&of_day("2015-03-20")).await, &stale), ["16.0", "below_threshold", "2015-03-19", "0"]);
    // Half a year later use is still that from dip to dip.
    let late = depot.status(&of_day("2015-09-20")).await;
    assert_eq!(
        told(&late, &["window_ends_on", "litres_per_day", "autonomy_days", "hours_missing_days"]),
        ["2015-03-16", "75.00", "2.6", "184"]
    );

    // A second tank of the same facility: together as if carried between them. Petrol is not poured into diesel.
    let (spare, reserve) = depot.tank("TANK-02").await;
    depot.delivered(reserve, "2015-03-16", 300).await.expect_status(201);
    let petrol = item(&depot.manager, "FUE-02", "fuel", "litre", false).await;
    let mut words = depot.words("TANK-PETROL", depot.place("ST-PETROL", depot.facility).await);
    words["item_id"] = json!(petrol);
    let other = id_of(&depot.manager.post(TANKS, &words).await.expect_status(201).json());
    depot.dipped(other, "2015-03-19", 500).await.expect_status(201);
    depot.generator("GEN-PETROL", other, "2").await;
    let apart = depot.status(&format!("tank_id={other}&as_of=2015-03-20")).await;
    assert_eq!(told(&apart, &["autonomy_hours", "facility_autonomy_hours", "reason"]), ["250.0", "250.0", "null"]);
    let rows = depot.manager.all(&format!("{STATUS}?as_of=2015-03-20&limit=1")).await;
    let both: Vec<_> =
        rows.iter().map(|row| told(row, &["tank_code", "autonomy_hours", "facility_autonomy_hours", "reason"])).collect();
    assert_eq!(both[..2], [["TANK-01", "16.0", "40.0", "below_threshold"], ["TANK-02", "null", "40.0", "no_generator"]]);
    let backwards = depot.manager.all(&format!("{STATUS}?as_of=2015-03-20&sort=-tank_code&limit=1")).await;
    assert_eq!(backwards.iter().map(id_of).collect::<Vec<_>>(), [other, spare, tank]);
    assert_eq!(
        depot.manager.all(&format!("{STATUS}?as_of=2015-03-20&alarm=false")).await.iter().map(id_of).collect::<Vec<_>>(),
        [other]
    );
    assert_eq!(depot.manager.all(&format!("{STATUS}?as_of=2015-03-20&alarm=true&q=tank-02")).await.len(), 1);
    let csv = depot.manager.get(&format!("{STATUS}?as_of=2015-03-20&format=csv")).await.expect_status(200).text();
    assert!(csv.contains("autonomy_hours") && csv.contains("TANK-02"), "{csv}");
    depot.holds_true().await;
}

#[tokio::test]
async fn a_tank_that_is_never_dipped_lives_by_what_is_issued_and_a_depot_by_its_book() {
    let depot = Depot::open().await;
    let (tank, place) = depot.tank("TANK-01").await;
    let perkins = depot.generator("GEN-01", tank, "10").await;
    depot.delivered(place, "2015-03-01", 500).await.expect_status(201);
    for day in ["2015-03-02", "2015-03-03"] {
        depot.ran(perkins, day, "6").await.expect_status(201);
    }
    depot.moved(&place.to_string(), CONSUMPTION, "2015-03-02", 60).await.expect_status(201);
    // 120 litres of hours, 60 of them issued by hand; the forty before the first hours were of others.
    depot.delivered(place, "2015-02-01", 40).await.expect_status(201);
    depot.moved(&place.to_string(), CONSUMPTION, "2015-02-02", 40).await.expect_status(201);
    let now = depot.status("as_of=2015-03-04").await;
    assert_eq!(
        told(
            &now,
            &["book_litres", "burned_since_litres", "estimated_litres", "window_days", "consumed_litres", "autonomy_days"]
        ),
        ["440", "60.00", "380.00", "30", "60", "null"]
    );
    // Nor does its first dip expect again what was issued by hand: 120 - 60 of hours, 60 burned from the book.
    let first = depot.dipped(tank, "2015-03-03", 380).await.expect_status(201).json();
    assert_eq!(told(&first, &["book_litres", "expected_litres", "unexplained_litres"]), ["440", "60.00", "0.00"]);
    depot.reversed(id_of(&first)).await.expect_status(200);
    let body = json!({"code": "WH-FUEL", "name": "Depot", "kind": "warehouse", "area_id": depot.area});
    let warehouse = id_of(&depot.manager.post("/api/v1/stock-locations", &body).await.expect_status(201).json());
    let bulk = id_of(&depot.manager.post(TANKS, &depot.words("TANK-BULK", warehouse)).await.expect_status(201).json());
    let empty = depot.status(&format!("as_of=2015-03-04&tank_id={bulk}")).await;
    assert_eq!(told(&empty, &["facility_id", "alarm", "reason"]), ["null", "true", "empty"]);
    depot.delivered(warehouse, "2015-03-04", 800).await.expect_status(201);
    // No generator hangs on a depot: that alone is no alarm.
    let stocked = depot.status(&format!("as_of=2015-03-04&tank_id={bulk}")).await;
    assert_eq!(told(&stocked, &["alarm", "autonomy_hours", "facility_autonomy_hours"]), ["false", "null", "null"]);
    // From tank to tank, an ordinary transfer.
    depot.moved(&warehouse.to_string(), &place.to_string(), "2015-03-05", 561).await.expect_problem(409, "tank-over-capacity");
    depot.moved(&warehouse.to_string(), &place.to_string(), "2015-03-05", 560).await.expect_status(201);
    depot.holds_true().await;
}

#[tokio::test]
async fn each_sees_and_writes_what_is_theirs() {
    let depot = Depot::open().await;
    let (tank, place) = depot.tank("TANK-01").await;
    let perkins = depot.generator("GEN-01", tank, "10").await;
    depot.delivered(place, "2015-03-01", 500).await.expect_status(201);
    let made = id_of(&depot.dipped(tank, "2015-03-02", 450).await.expect_status(201).json());
    let hama = depot.app.area("HAMA", None).await;
    let other = id_of(&depot.app.facility(&depot.manager, "HOS-09", hama).await);
    let lists = [TANKS, GENERATORS, DIPS, STATUS];
    let own = [depot.app.coordinator(&[depot.area]).await, depot.app.clerk(depot.facility).await];
    let readers = [depot.app.user(Role::Admin).await, depot.app.user(Role::Auditor).await];
    for reader in own.iter().chain(&readers) {
        for list in lists {
            assert_eq!(reader.all(list).await.len(), 1, "{list}");
        }
    }
    let hours = format!("{GENERATORS}/{perkins}/hours");
    for stranger in [depot.app.coordinator(&[hama]).await, depot.app.clerk(other).await] {
        for list in lists {
            assert!(stranger.all(list).await.is_empty(), "{list}");
        }
        for path in [format!("{TANKS}/{tank}"), format!("{GENERATORS}/{perkins}"), format!("{DIPS}/{made}"), hours.clone()] {
            stranger.get(&path).await.expect_problem(404, "not-found");
        }
        stranger.put(&format!("{hours}/2015-03-03"), &json!({"hours": "1"})).await.expect_problem(404, "not-found");
        stranger
            .post(&format!("{DIPS}/{made}/reversal"), &json!({"reason": "Not mine to turn round."}))
            .await
            .expect_problem(404, "not-found");
        let refused = stranger.post(DIPS, &dip(tank, "2015-03-04", 1)).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), one("/tank_id", "unknown-reference"));
    }
    let foreign = depot.app.coordinator(&[hama]).await;
    let refused = foreign.post(TANKS, &depot.words("TANK-09", place)).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), one("/location_id", "unknown-reference"));
    let refused = foreign.post(GENERATORS, &generator("GEN-09", other, tank, "1")).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), one("/tank_id", "unknown-reference"));
    // A clerk records, and keeps neither tanks nor generators; who only reads writes nothing.
    own[1].post(TANKS, &json!({})).await.expect_problem(403, "forbidden");
    own[1].post(GENERATORS, &json!({})).await.expect_problem(403, "forbidden");
    for reader in &readers {
        reader.post(DIPS, &json!({})).await.expect_problem(403, "forbidden");
        reader.put(&format!("{hours}/2015-03-03"), &json!({})).await.expect_problem(403, "forbidden");
    }
    let organization = json!({"code": "ORG-1", "name": "A donor", "roles": ["donor"]});
    let organization = id_of(&depot.manager.post("/api/v1/organizations", &organization).await.expect_status(201).json());
    let partner = depot.app.partner(organization).await;
    for list in lists {
        partner.get(list).await.expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn a_dip_sent_again_is_done_once_and_of_two_at_once_one_stands() {
    let depot = Depot::open().await;
    let (tank, place) = depot.tank("TANK-01").await;
    depot.delivered(place, "2015-03-01", 900).await.expect_status(201);
    let mut body = dip(tank, "2015-03-02", 800);
    body["id"] = json!(Uuid::now_v7());
    let key = [("idempotency-key", "dip-1")];
    let first = depot.manager.post_with(DIPS, &key, &body).await.expect_status(201).json();
    depot.dipped(tank, "2015-03-03", 700).await.expect_status(201);
    assert_eq!(depot.manager.post_with(DIPS, &key, &body).await.expect_status(201).json(), first);
    // Without the key too, though a later dip stands by now.
    let again = depot.manager.post(DIPS, &body).await.expect_status(200);
    assert_eq!((again.header("idempotent-replayed").as_str(), again.json()), ("true", first));
    body["litres"] = json!(801);
    depot.manager.post(DIPS, &body).await.expect_problem(409, "record-conflict");
    assert_eq!(depot.count("fuel_dips").await, 2);

    // Dips, deliveries and issues at once: each is answered, the book follows the dips, nothing waits for itself.
    let work = (0..24_usize).map(|number| {
        let (manager, lot) = (depot.manager.clone(), depot.lot);
        let day = format!("2015-03-{:02}", 4 + number % 3);
        let (path, body) = match number % 4 {
            0 => (DIPS, dip(tank, &day, 300 + i64::try_from(number).unwrap())),
            1 => (DOCUMENTS, document(&place.to_string(), CONSUMPTION, &day, lot, 3)),
            _ => (DOCUMENTS, document(SUPPLIER, &place.to_string(), &day, lot, 40)),
        };
        tokio::spawn(async move { manager.post(path, &body).await.status.as_u16() })
    });
    let mut statuses = BTreeSet::new();
    for one in work.collect::<Vec<_>>() {
        statuses.insert(one.await.expect("an answer"));
    }
    assert!(statuses.is_subset(&BTreeSet::from([201, 409])) && statuses.contains(&201), "{statuses:?}");
    for dip in depot.manager.all(DIPS).await {
        assert_eq!(depot.book(place, dip["dipped_on"].as_str().unwrap()).await, dip["litres"].as_i64().unwrap(), "{dip}");
    }
    depot.holds_true().await;
}

#[tokio::test]
async fn the_first_that_is_said_of_a_fuel_may_be_a_dip() {
    let depot = Depot::open().await;
    let petrol = item(&depot.manager, "FUE-02", "fuel", "litre", false).await;
    let place = depot.place("ST-PETROL", depot.facility).await;
    let mut words = depot.words("TANK-PETROL", place);
    words["item_id"] = json!(petrol);
    words["tolerance"] = json!("10.00");
    words["tolerance_unit"] = json!("percent");
    let tank = id_of(&depot.manager.post(TANKS, &words).await.expect_status(201).json());
    depot.dipped(tank, "2015-03-01", 0).await.expect_status(201);
    depot.dipped(tank, "2015-03-02", 350).await.expect_status(201);
    // A tenth of the book is 35 litres.
    let at = depot.dipped(tank, "2015-03-03", 315).await.expect_status(201).json();
    assert_eq!(told(&at, &["tolerance_litres", "unexplained_litres", "beyond_tolerance"]), ["35.00", "35.00", "false"]);
    let over = depot.dipped(tank, "2015-03-04", 283).await.expect_status(201).json();
    assert_eq!(told(&over, &["tolerance_litres", "unexplained_litres", "beyond_tolerance"]), ["31.50", "32.00", "true"]);
    assert_eq!(depot.manager.all(&format!("/api/v1/lots?item_id={petrol}")).await.len(), 1);
    depot.holds_true().await;
}

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

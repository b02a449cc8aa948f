//! What tanks, generators and days stand on, and what is refused by name.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{DIPS, Depot, GENERATORS, STATUS, SUPPLIER, TANKS, dip, generator, item, one, told};
use crate::support::{client::faults, id_of};

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

//! How long the fuel will last, who may ask, and dips that are sent twice.

use std::collections::BTreeSet;

use serde_json::json;
use siraj::auth::Role;
use uuid::Uuid;

use super::{
    CONSUMPTION, DIPS, DOCUMENTS, Depot, GENERATORS, STATUS, SUPPLIER, TANKS, dip, document, generator, item, one, told,
};
use crate::support::{client::faults, id_of};

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

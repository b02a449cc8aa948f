//! Stories of what was sent, arrived and was lost, by its parts, held against what became of every shipment.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::{Place, SHIPMENTS, place, receipt};
use crate::support::{
    client::{Client, faults},
    id_of,
};

const SUPPLIES: &str = "/api/v1/reports/supplies";

/// Four shipments: one came in two receipts with some of it broken, one is lost with its rest, one came back, one is on the road.
async fn year() -> Place {
    let place = place().await;
    place.stock(place.warehouse, &[(place.first, 2_000), (place.later, 2_000), (place.litres, 20_000)]).await;
    let (one, _) = place.dispatched("SHP-01").await;
    let mut first = receipt("2014-05-27", &[(place.first, 560, 40)]);
    first["rejected_to_id"] = json!(place.quarantine);
    place.act(&one, "receipts", &first).await.expect_status(201);
    let wrong = place.act(&one, "receipts", &receipt("2014-05-29", &[(place.litres, 1_900, 0)])).await.expect_status(201).json();
    let path = format!("/api/v1/shipment-receipts/{}/reversal", id_of(&wrong));
    place.manager.post(&path, &json!({"reason": "Counted in the wrong store."})).await.expect_status(200);
    place.act(&one, "receipts", &receipt("2014-06-02", &[(place.litres, 2_000, 0)])).await.expect_status(201);
    let (two, _) = place.dispatched("SHP-02").await;
    place.act(&two, "receipts", &receipt("2014-06-01", &[(place.first, 100, 0)])).await.expect_status(201);
    let worth = json!({"lot_id": place.first, "cause": "looted", "quantity": 50, "occurred_on": "2014-05-24", "value": "340.00", "currency": "USD"});
    place.manager.post(&format!("{two}/discrepancies"), &worth).await.expect_status(201);
    place
        .act(&two, "loss", &json!({"lost_on": "2014-06-10", "reason": "Nothing of it was seen again.", "cause": "looted"}))
        .await
        .expect_status(200);
    let (three, _) = place.dispatched("SHP-03").await;
    place
        .act(&three, "return", &json!({"returned_on": "2014-05-30", "reason": "The road was closed for weeks."}))
        .await
        .expect_status(200);
    place.dispatched("SHP-04").await;
    place
}

/// What became of all contents of shipments, by the category: sent, arrived, refused, lost, returned.
async fn recounted(place: &Place, arrived: bool) -> BTreeMap<String, [i64; 5]> {
    let mut sums: BTreeMap<String, [i64; 5]> = BTreeMap::new();
    for shipment in place.manager.all(SHIPMENTS).await {
        let shipment = place.read(&format!("{SHIPMENTS}/{}", id_of(&shipment))).await;
        if arrived && shipment["status"] == "dispatched" {
            continue;
        }
        for content in shipment["contents"].as_array().expect("contents") {
            let category = if content["lot_id"] == json!(place.litres) { "fuel" } else { "medicines" };
            let sum = sums.entry(category.to_owned()).or_default();
            for (place, field) in ["quantity", "accepted", "rejected", "lost", "returned"].iter().enumerate() {
                sum[place] += content[*field].as_i64().expect("a number");
            }
        }
    }
    sums
}

fn sums(cell: &Value) -> [i64; 5] {
    ["sent", "arrived", "refused", "lost", "returned"].map(|field| cell[field].as_i64().expect("a number"))
}

#[tokio::test]
async fn what_was_sent_arrived_and_was_lost_is_what_became_of_every_shipment() {
    let place = year().await;
    let told = place.read(&format!("{SUPPLIES}?by=category")).await;
    let cells: BTreeMap<String, [i64; 5]> = told["cells"]
        .as_array()
        .expect("cells")
        .iter()
        .map(|cell| (cell["category"].as_str().expect("a word").to_owned(), sums(cell)))
        .collect();
    let expected = recounted(&place, false).await;
    assert_eq!(cells, expected);
    assert_eq!(
        (expected["medicines"][2], expected["fuel"][1], expected["fuel"][3]),
        (40, 2_000, 2_000),
        "it is no quiet year: {expected:?}"
    );
    // All is counted in pieces here, so the parts add up to one whole.
    let whole = expected.values().fold([0; 5], |mut whole, one| {
        whole.iter_mut().zip(one).for_each(|(whole, one)| *whole += one);
        whole
    });
    assert_eq!(
        (&told["totals"][0]["base_unit"], sums(&told["totals"][0]), &told["totals"][0]["shipments"]),
        (&json!("piece"), whole, &json!(4))
    );
    for by in ["month", "area", "facility", "month,category", "facility,month"] {
        let told = place.read(&format!("{SUPPLIES}?by={by}")).await;
        let mut added = [0; 5];
        for cell in told["cells"].as_array().expect("cells") {
            added.iter_mut().zip(sums(cell)).for_each(|(added, one)| *added += one);
        }
        assert_eq!(added, whole, "{by}");
    }
    // A receipt that was turned round counts on neither day's sum: 1,900 in May and 1,900 less.
    let months = place.read(&format!("{SUPPLIES}?by=month,category")).await;
    let fuel: Vec<_> = months["cells"]
        .as_array()
        .expect("cells")
        .iter()
        .filter(|cell| cell["category"] == "fuel")
        .map(|cell| (cell["month"].clone(), sums(cell)))
        .collect();
    assert_eq!(fuel, [(json!("2014-05-01"), [8_000, 0, 0, 0, 2_000]), (json!("2014-06-01"), [0, 2_000, 0, 2_000, 0])]);
    let value = &told["values"][0];
    assert_eq!(
        (&value["category"], &value["amount"], &value["currency"], &value["discrepancies"]),
        (&json!("medicines"), &json!("340.00"), &json!("USD"), &json!(1))
    );
    let sheet = place.manager.get(&format!("{SUPPLIES}?by=category&format=csv")).await.expect_status(200).text();
    assert_eq!(
        sheet.lines().next().map(|line| line.trim_start_matches('\u{feff}')),
        Some("category,base_unit,shipments,sent,arrived,refused,lost,returned")
    );
    place.holds_true().await;
}

#[tokio::test]
async fn who_need_not_know_the_road_is_told_of_what_has_come_to_its_end() {
    let place = year().await;
    let without = recounted(&place, true).await;
    for client in [place.app.user(Role::Auditor).await, place.app.clerk(place.facility).await] {
        let told = client.get(&format!("{SUPPLIES}?by=category")).await.expect_status(200).json();
        let cells: BTreeMap<String, [i64; 5]> = told["cells"]
            .as_array()
            .expect("cells")
            .iter()
            .map(|cell| (cell["category"].as_str().expect("a word").to_owned(), sums(cell)))
            .collect();
        assert_eq!(cells, without);
        assert!(told["method"].as_array().expect("rules").iter().any(|rule| rule["figure"] == "road"));
        // Between two moments it would show when something left.
        client.get(&format!("{SUPPLIES}?by=category&known_at=2026-01-01T00:00:00Z")).await.expect_problem(403, "forbidden");
    }
    let elsewhere = place.app.area("ELSEWHERE", None).await;
    let stranger = place.app.coordinator(&[elsewhere]).await;
    assert_eq!(stranger.get(&format!("{SUPPLIES}?by=facility")).await.expect_status(200).json()["cells"], json!([]));
    for (query, pointer) in [
        ("facility_id", "/facility_id"),
        ("area_id", "/area_id"),
        ("campaign_id", "/campaign_id"),
        ("contract_id", "/contract_id"),
    ] {
        let refused =
            place.manager.get(&format!("{SUPPLIES}?by=month&{query}={}", Uuid::now_v7())).await.expect_status(422).json();
        assert_eq!(faults(&refused), [(pointer.to_owned(), "unknown-reference".to_owned())]);
    }
    let hidden = stranger.get(&format!("{SUPPLIES}?by=month&facility_id={}", place.facility)).await.expect_status(422).json();
    assert_eq!(faults(&hidden), [("/facility_id".to_owned(), "unknown-reference".to_owned())]);
    place.app.user(Role::Admin).await.get(&format!("{SUPPLIES}?by=month")).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn figures_tell_who_does_not_send_what_has_arrived_and_nothing_of_the_road() {
    let place = year().await;
    let auditor = place.app.user(Role::Auditor).await;
    let shipments = async |by: &Client, query: &str| {
        let told = by.get(&format!("/api/v1/reports/figures?{query}")).await.expect_status(200).json();
        // The answer says so.
        assert_eq!(told["scope"].get("arrived_only").is_some(), told["shipments"]["dispatched"] == 0, "{told}");
        told["shipments"].clone()
    };
    let all = shipments(&place.manager, "as_of=2014-06-30").await;
    let arrived = all["received"].as_i64().expect("a number");
    assert_eq!((&all["total"], arrived), (&json!(4), 2), "{all}");
    assert_eq!(shipments(&auditor, "as_of=2014-06-30").await, json!({"total": 2, "received": 2, "dispatched": 0}));
    assert_eq!(place.manager.all("/api/v1/reports/figures/shipments.total/rows?as_of=2014-06-30").await.len(), 4);
    assert_eq!(auditor.all("/api/v1/reports/figures/shipments.total/rows?as_of=2014-06-30").await.len(), 2);
    // Neither from day to day nor from moment to moment does anything show when it left.
    assert_eq!(shipments(&auditor, "as_of=2014-05-22").await["total"], 0);
    let left: chrono::DateTime<chrono::Utc> =
        place.app.database.owner().await.query_one("SELECT max(recorded_at) FROM shipments", &[]).await.expect("a moment").get(0);
    for moment in [left, left - chrono::Duration::microseconds(1)] {
        let known = moment.format("%Y-%m-%dT%H:%M:%S%.6fZ");
        assert_eq!(shipments(&auditor, &format!("as_of=2014-06-30&known_at={known}")).await["total"], 2);
    }
    let read = async |path: &str| auditor.get(&format!("/api/v1/reports/figures/{path}")).await.expect_status(200).json();
    let series = read("series?from=2014-05-31&to=2014-06-30&by=month").await;
    let totals: Vec<i64> = series["points"]
        .as_array()
        .expect("points")
        .iter()
        .map(|point| point["figures"]["shipments.total"].as_i64().expect("a number"))
        .collect();
    assert_eq!(totals, [0, 2], "{series}");
    let compared = read("comparison?from=2014-05-22&to=2014-06-30").await;
    let total = compared["figures"].as_array().expect("figures").iter().find(|one| one["figure"] == "shipments.total");
    let total = total.expect("shipments");
    assert_eq!((&total["was"], &total["is"]), (&json!(0), &json!(2)));
}

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
    assert_eq!(all, json!({"total": 4, "received": 1, "lost": 2, "dispatched": 1}));
    assert_eq!(shipments(&auditor, "as_of=2014-06-30").await, json!({"total": 1, "received": 1, "lost": 0, "dispatched": 0}));
    for (figure, those_who_send, others) in [("total", 4, 1), ("received", 1, 1), ("lost", 2, 0), ("dispatched", 1, 0)] {
        let rows = format!("/api/v1/reports/figures/shipments.{figure}/rows?as_of=2014-06-30");
        assert_eq!((place.manager.all(&rows).await.len(), auditor.all(&rows).await.len()), (those_who_send, others), "{figure}");
    }
    // Neither from day to day nor from moment to moment does anything show when it left.
    assert_eq!(shipments(&auditor, "as_of=2014-05-22").await["total"], 0);
    let left: chrono::DateTime<chrono::Utc> =
        place.app.database.owner().await.query_one("SELECT max(recorded_at) FROM shipments", &[]).await.expect("a moment").get(0);
    for moment in [left, left - chrono::Duration::microseconds(1)] {
        let known = moment.format("%Y-%m-%dT%H:%M:%S%.6fZ");
        assert_eq!(shipments(&auditor, &format!("as_of=2014-06-30&known_at={known}")).await["total"], 1);
    }
    let read = async |path: &str| auditor.get(&format!("/api/v1/reports/figures/{path}")).await.expect_status(200).json();
    let series = read("series?from=2014-05-31&to=2014-06-30&by=month").await;
    let totals: Vec<i64> = series["points"]
        .as_array()
        .expect("points")
        .iter()
        .map(|point| point["figures"]["shipments.total"].as_i64().expect("a number"))
        .collect();
    assert_eq!(totals, [0, 1], "{series}");
    let compared = read("comparison?from=2014-05-22&to=2014-06-30").await;
    let total = compared["figures"].as_array().expect("figures").iter().find(|one| one["figure"] == "shipments.total");
    let total = total.expect("shipments");
    assert_eq!((&total["was"], &total["is"]), (&json!(0), &json!(1)));
}

#[tokio::test]
async fn a_shipment_is_on_its_way_until_it_has_come_or_is_lost_and_is_then_one_of_them() {
    let place = year().await;
    let figures = async |day: &str| {
        let told = place.read(&format!("/api/v1/reports/figures?as_of={day}")).await;
        assert_eq!(told["method"]["shipments"]["version"], 2);
        let number = |field: &str| told["shipments"][field].as_i64().expect("a number");
        assert_eq!(number("total"), number("dispatched") + number("received") + number("lost"), "{told}");
        [number("dispatched"), number("received"), number("lost")]
    };
    // One of nine came on 1 June, and the rest was lost on the 10th: until then it is on its way, and it never arrived.
    assert_eq!(figures("2014-05-21").await, [4, 0, 0]);
    assert_eq!(figures("2014-05-30").await, [3, 0, 1], "one came back");
    assert_eq!(figures("2014-06-02").await, [2, 1, 1]);
    assert_eq!(figures("2014-06-09").await, [2, 1, 1]);
    assert_eq!(figures("2014-06-10").await, [1, 1, 2]);
    let lost = place.manager.all("/api/v1/reports/figures/shipments.lost/rows?as_of=2014-06-30").await;
    let told: Vec<_> = lost.iter().map(|row| (row["code"].clone(), row["lost_on"].clone(), row["received_on"].clone())).collect();
    assert_eq!(told, [(json!("SHP-02"), json!("2014-06-10"), Value::Null), (json!("SHP-03"), json!("2014-05-30"), Value::Null)]);
    // What is lost came into this figure and went from that one.
    let compared = place.read("/api/v1/reports/figures/comparison?from=2014-06-02&to=2014-06-30").await;
    let of = |name: &str| {
        let one = compared["figures"].as_array().expect("figures").iter().find(|one| one["figure"] == name).expect("the figure");
        let codes = |rows: &Value| rows.as_array().expect("rows").iter().map(|row| row["code"].clone()).collect::<Vec<_>>();
        (one["difference"].clone(), codes(&one["came"]), codes(&one["went"]))
    };
    assert_eq!(of("shipments.lost"), (json!(1), vec![json!("SHP-02")], vec![]));
    assert_eq!(of("shipments.dispatched"), (json!(-1), vec![], vec![json!("SHP-02")]));
    let series = place.read("/api/v1/reports/figures/series?from=2014-05-01&to=2014-06-30").await;
    let points: Vec<_> =
        series["points"].as_array().expect("points").iter().map(|point| &point["figures"]["shipments.lost"]).collect();
    assert_eq!(points, [&json!(1), &json!(2)]);
    // What is closed though nothing of it ever came did not arrive.
    let (five, _) = place.packed("SHP-05").await;
    let sent = place.act(&five, "dispatch", &json!({"dispatched_on": "2014-06-12"})).await.expect_status(200).json();
    for content in sent["contents"].as_array().expect("contents") {
        let (lot, quantity) = (&content["lot_id"], &content["quantity"]);
        let gone = json!({"lot_id": lot, "cause": "looted", "quantity": quantity, "occurred_on": "2014-06-13"});
        let found = place.manager.post(&format!("{five}/discrepancies"), &gone).await.expect_status(201).json();
        let settled = json!({"outcome": "settled", "settled_on": "2014-06-20", "reason": "The insurer has paid for all of it."});
        place
            .manager
            .post(&format!("/api/v1/shipment-discrepancies/{}/settlement", id_of(&found)), &settled)
            .await
            .expect_status(200);
    }
    place.act(&five, "closing", &json!({"closed_on": "2014-06-25"})).await.expect_status(200);
    assert_eq!(figures("2014-06-24").await, [2, 1, 2]);
    assert_eq!(figures("2014-06-25").await, [1, 1, 3]);
}

#[tokio::test]
async fn the_rows_of_supplies_add_up_to_every_number_of_every_cell() {
    let place = year().await;
    let auditor = place.app.user(Role::Auditor).await;
    let clerk = place.app.clerk(place.facility).await;
    let coordinator = place.app.coordinator(&[place.area]).await;
    for client in [&place.manager, &auditor, &clerk, &coordinator] {
        for by in ["category", "month,category", "area", "facility,month"] {
            let told = client.get(&format!("{SUPPLIES}?by={by}&from=2014-05-01")).await.expect_status(200).json();
            for cell in told["cells"].as_array().expect("cells") {
                let keys: String =
                    [("category", "category"), ("month", "month"), ("area_id", "stands_in_id"), ("facility_id", "facility_id")]
                        .iter()
                        .filter_map(|(key, parameter)| Some(format!("&{parameter}={}", cell[*key].as_str()?)))
                        .collect();
                let unit = cell["base_unit"].as_str().expect("a unit");
                for figure in ["sent", "arrived", "refused", "lost", "returned"] {
                    let path = format!("{SUPPLIES}/rows?from=2014-05-01&figure={figure}&base_unit={unit}{keys}");
                    let rows = client.all(&path).await;
                    let sum: i64 = rows.iter().map(|row| row["quantity"].as_i64().expect("a number")).sum();
                    assert_eq!(Some(sum), cell[figure].as_i64(), "{path}: {rows:?}");
                    assert!(rows.iter().all(|row| row["figure"] == figure), "{rows:?}");
                }
            }
        }
    }
    // In pages, forwards and backwards, they are the same rows; what a receipt brought says which.
    let all = place.manager.all(&format!("{SUPPLIES}/rows")).await;
    let mut backwards = place.manager.all(&format!("{SUPPLIES}/rows?limit=2&sort=-occurred_on")).await;
    backwards.reverse();
    assert_eq!(all, backwards);
    assert!(all.iter().filter(|row| row["figure"] == "arrived").all(|row| row["receipt_id"].is_string()), "{all:?}");
    assert!(all.iter().any(|row| row["quantity"].as_i64() < Some(0)), "a receipt was turned round");
    assert_eq!(place.manager.all(&format!("{SUPPLIES}/rows?q=SHP-04")).await.len(), 2);
    assert!(auditor.all(&format!("{SUPPLIES}/rows?q=SHP-04")).await.is_empty(), "it is on the road");
    auditor.get(&format!("{SUPPLIES}/rows?known_at=2026-01-01T00:00:00Z")).await.expect_problem(403, "forbidden");
    assert!(place.manager.all(&format!("{SUPPLIES}/rows?known_at=2026-01-01T00:00:00Z")).await.is_empty());
    let elsewhere = place.app.area("ELSEWHERE", None).await;
    let stranger = place.app.coordinator(&[elsewhere]).await;
    assert!(stranger.all(&format!("{SUPPLIES}/rows")).await.is_empty());
    let hidden = stranger.get(&format!("{SUPPLIES}/rows?facility_id={}", place.facility)).await.expect_status(422).json();
    assert_eq!(faults(&hidden), [("/facility_id".to_owned(), "unknown-reference".to_owned())]);
    let unknown = clerk.get(&format!("{SUPPLIES}/rows?contract_id={}", Uuid::now_v7())).await.expect_status(422).json();
    assert_eq!(faults(&unknown), [("/contract_id".to_owned(), "unknown-reference".to_owned())]);
    place.app.user(Role::Admin).await.get(&format!("{SUPPLIES}/rows")).await.expect_problem(403, "forbidden");
}

//! Stories of machines: each by its serial number, and what the workshop does for them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    production::{Works, pair},
    support::{
        client::{Answer, Client, faults},
        id_of,
    },
};

const UNITS: &str = "/api/v1/equipment-units";
const JOBS: &str = "/api/v1/repair-jobs";

/// A ventilator at the first facility.
async fn ventilator(works: &Works) -> (Uuid, Uuid) {
    let item = works.item("VENT", json!({"expiry_tracked": false, "category": "equipment"})).await;
    let body = json!({"item_id": item, "serial_number": "VENT-0007", "facility_id": works.facility, "acquired_on": "2014-09-01"});
    (item, id_of(&works.manager.post(UNITS, &body).await.expect_status(201).json()))
}

async fn job(by: &Client, unit: Uuid, day: &str) -> Answer {
    by.post(JOBS, &json!({"unit_id": unit, "reported_on": day, "fault": "The pump stops after ten minutes."})).await
}

#[tokio::test]
async fn a_ventilator_breaks_down_is_repaired_with_parts_and_comes_back() {
    let works = Works::open().await;
    let (_, unit) = ventilator(&works).await;
    let pump = works.stocked(works.item("PUMP", json!({"expiry_tracked": false})).await, None, "2015-01-10", 2).await;
    let clerk = works.app.clerk(works.facility).await;
    let made = id_of(&job(&clerk, unit, "2015-02-01").await.expect_status(201).json());
    assert_eq!(
        faults(&job(&works.manager, unit, "2015-02-02").await.expect_problem(409, "duplicate")),
        pair("/unit_id", "duplicate")
    );
    let act = async |by: &Client, noun: &str, body: Value| by.post(&format!("{JOBS}/{made}/{noun}"), &body).await;
    let ok = async |noun: &str, body: Value| act(&works.second, noun, body).await.expect_status(200).json();
    let refused =
        async |noun: &str, body: Value| faults(&act(&works.second, noun, body).await.expect_problem(422, "validation-failed"));
    act(&clerk, "start", json!({"started_on": "2015-02-03"})).await.expect_problem(403, "forbidden");
    assert_eq!(refused("start", json!({"started_on": "2015-02-03"})).await, pair("/place_id", "required"));
    assert_eq!(
        refused("start", json!({"started_on": "2015-02-03", "place_id": works.warehouse})).await,
        pair("/place_id", "wrong-places")
    );
    assert_eq!(
        refused("start", json!({"started_on": "2015-01-31", "place_id": works.workshop})).await,
        pair("/started_on", "date-order")
    );
    let parts = |quantity: i64| json!({"used_on": "2015-02-04", "lines": [{"lot_id": pump, "quantity": quantity}]});
    act(&works.second, "parts", parts(1)).await.expect_problem(409, "wrong-state");
    assert_eq!(ok("start", json!({"started_on": "2015-02-03", "place_id": works.workshop})).await["status"], "in_repair");
    act(&works.second, "cancellation", json!({"reason": "The plug was loose all the time."}))
        .await
        .expect_problem(409, "wrong-state");
    act(&works.second, "parts", parts(3)).await.expect_problem(409, "insufficient-stock");
    assert_eq!(refused("parts", json!({"used_on": "2015-02-02", "lines": []})).await.len(), 2, "all faults at once");
    let told = ok("parts", parts(1)).await;
    let document = told["parts"][0]["document_id"].clone();
    // Only the job turns its parts round.
    let why = json!({"reason": "The pump was of another job."});
    works
        .manager
        .post(&format!("/api/v1/stock-documents/{}/reversal", document.as_str().unwrap()), &why)
        .await
        .expect_problem(409, "wrong-state");
    let back = json!({"document_id": document.clone(), "reason": "The pump was of another job."});
    assert_eq!(ok("parts-reversals", back.clone()).await["parts"], json!([]));
    assert_eq!(refused("parts-reversals", back).await, pair("/document_id", "unknown-reference"));
    assert_eq!(works.quantity(works.workshop, pump).await, 2);
    // Sent twice, taken once; other lines under the same id are refused.
    let mut numbered = parts(1);
    numbered["id"] = json!(Uuid::now_v7());
    assert_eq!(ok("parts", numbered.clone()).await["parts"][0]["document_id"], numbered["id"]);
    let again = act(&works.second, "parts", numbered.clone()).await.expect_status(200);
    assert_eq!((again.header("idempotent-replayed").as_str(), again.json()["parts"].as_array().unwrap().len()), ("true", 1));
    assert_eq!(works.quantity(works.workshop, pump).await, 1);
    let mut other = parts(2);
    other["id"] = numbered["id"].clone();
    act(&works.second, "parts", other).await.expect_problem(409, "record-conflict");
    let mut turned = parts(1);
    turned["id"] = document;
    act(&works.second, "parts", turned).await.expect_problem(409, "record-conflict");
    let done = |day: &str| json!({"finished_on": day, "outcome": "repaired", "report": "New pump; ran for two hours."});
    assert_eq!(refused("completion", done("2015-02-03")).await, pair("/finished_on", "date-order"), "before its last part");
    ok("completion", done("2015-02-05")).await;
    act(&works.second, "parts", parts(1)).await.expect_problem(409, "wrong-state");
    assert_eq!(refused("return", json!({"returned_on": "2015-02-04"})).await, pair("/returned_on", "date-order"));
    let told = ok("return", json!({"returned_on": "2015-02-07"})).await;
    assert_eq!(
        (&told["status"], &told["days_unavailable"], told["parts"].as_array().unwrap().len()),
        (&json!("returned"), &json!(6), 1)
    );
    act(&works.second, "return", json!({"returned_on": "2015-02-07"})).await.expect_problem(409, "wrong-state");
    let documents = works.manager.all(&format!("/api/v1/stock-documents?act_id={made}&kind=issue")).await;
    assert_eq!((documents.len(), &documents[0]["act"]), (2, &json!("repair_job")));
    // Closed, it makes room for the next.
    job(&works.manager, unit, "2015-03-01").await.expect_status(201);
    let jobs = works.manager.all(&format!("{JOBS}?unit_id={unit}&limit=1")).await;
    assert_eq!(jobs.iter().map(|one| one["status"].as_str().unwrap()).collect::<Vec<_>>(), ["returned", "reported"]);
    assert!(jobs[1]["days_unavailable"].as_i64().unwrap() > 3_000, "open, it counts on");
    assert_eq!(works.holds_true().await, 4);
}

#[tokio::test]
async fn what_is_beyond_repair_is_written_off_and_what_is_in_repair_does_not_end() {
    let works = Works::open().await;
    let (_, unit) = ventilator(&works).await;
    let made = id_of(&job(&works.manager, unit, "2015-02-01").await.expect_status(201).json());
    let end = json!({"ended_on": "2015-02-02", "status": "lost", "reason": "Buried when the upper floor came down."});
    works.manager.post(&format!("{UNITS}/{unit}/end"), &end).await.expect_problem(409, "still-in-use");
    let act = async |noun: &str, body: Value| {
        works.manager.post(&format!("{JOBS}/{made}/{noun}"), &body).await.expect_status(200).json()
    };
    act("start", json!({"started_on": "2015-02-03", "place_id": works.workshop})).await;
    works
        .manager
        .patch(&format!("{JOBS}/{made}"), "*", &json!({"reported_on": "2015-02-02"}))
        .await
        .expect_problem(409, "wrong-state");
    let told = act(
        "completion",
        json!({"finished_on": "2015-02-05", "outcome": "beyond_repair", "report": "The main board is burnt through."}),
    )
    .await;
    assert_eq!((&told["status"], &told["days_unavailable"]), (&json!("beyond_repair"), &json!(4)));
    let told = works.manager.get(&format!("{UNITS}/{unit}")).await.expect_status(200).json();
    assert_eq!(
        (&told["status"], &told["ended_on"], &told["reason"]),
        (&json!("written_off"), &json!("2015-02-05"), &json!("The main board is burnt through."))
    );
    job(&works.manager, unit, "2015-03-01").await.expect_problem(409, "wrong-state");
    works.manager.post(&format!("{UNITS}/{unit}/end"), &end).await.expect_problem(409, "wrong-state");
    works.manager.delete(&format!("{UNITS}/{unit}"), "*").await.expect_problem(409, "still-in-use");
}

#[tokio::test]
async fn a_wrong_unit_is_refused_by_name_and_everybody_sees_their_own() {
    let works = Works::open().await;
    let (item, unit) = ventilator(&works).await;
    let drug = works.item("DRUG", json!({})).await;
    let told = async |change: Value| {
        let mut body =
            json!({"item_id": item, "serial_number": "VENT-0008", "facility_id": works.facility, "acquired_on": "2014-09-01"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        faults(&works.manager.post(UNITS, &body).await.expect_problem(422, "validation-failed"))
    };
    let cases = [
        (json!({"item_id": drug}), "/item_id", "unknown-value"),
        (json!({"item_id": Uuid::now_v7()}), "/item_id", "unknown-reference"),
        (json!({"facility_id": null}), "/facility_id", "required"),
        (json!({"location_id": works.workshop}), "/location_id", "unknown-field"),
        (json!({"facility_id": null, "location_id": works.account("LOSS")}), "/location_id", "wrong-places"),
        (json!({"production_order_id": Uuid::now_v7()}), "/production_order_id", "unknown-reference"),
        (json!({"acquired_on": "2009-01-01"}), "/acquired_on", "date-out-of-range"),
        (json!({"serial_number": ""}), "/serial_number", "required"),
    ];
    for (change, pointer, code) in cases {
        assert_eq!(told(change.clone()).await, pair(pointer, code), "{change}");
    }
    let twin = json!({"item_id": item, "serial_number": "VENT-0007", "facility_id": works.facility, "acquired_on": "2014-09-01"});
    works.manager.post(UNITS, &twin).await.expect_problem(409, "duplicate");
    let early = job(&works.manager, unit, "2014-08-31").await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&early), pair("/reported_on", "date-order"), "before it was ours");
    // Two who report at once: one job.
    let (one, two) = tokio::join!(job(&works.manager, unit, "2015-02-01"), job(&works.second, unit, "2015-02-01"));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let open = works.manager.all(&format!("{JOBS}?status=reported&item_id={item}")).await;
    let foreign = works.app.coordinator(&[works.app.area("HAMA", None).await]).await;
    let clerk = works.app.clerk(works.facility).await;
    for (client, seen) in [(&works.second, 1), (&clerk, 1), (&foreign, 0)] {
        assert_eq!((client.all(UNITS).await.len(), client.all(JOBS).await.len()), (seen, seen));
    }
    foreign.get(&format!("{UNITS}/{unit}")).await.expect_problem(404, "not-found");
    foreign.get(&format!("{JOBS}/{}", id_of(&open[0]))).await.expect_problem(404, "not-found");
    assert_eq!(
        faults(&job(&foreign, unit, "2015-02-01").await.expect_problem(422, "validation-failed")),
        pair("/unit_id", "unknown-reference")
    );
    let why = json!({"reason": "The plug was loose; the unit works."});
    let told = works.second.post(&format!("{JOBS}/{}/cancellation", id_of(&open[0])), &why).await.expect_status(200).json();
    assert_eq!((&told["status"], &told["days_unavailable"]), (&json!("cancelled"), &json!(0)));
    let moved =
        works.second.patch(&format!("{UNITS}/{unit}"), "*", &json!({"facility_id": null, "location_id": works.workshop})).await;
    moved.expect_status(200);
    assert!(clerk.all(UNITS).await.is_empty(), "no longer theirs");
    let end = json!({"ended_on": "2015-03-02", "status": "lost", "reason": "Buried when the upper floor came down."});
    assert_eq!(works.second.post(&format!("{UNITS}/{unit}/end"), &end).await.expect_status(200).json()["status"], "lost");
}

//! Who sees a shipment, its road and its papers, and how it is found.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::{SHIPMENTS, SUPPLIER, pairs, place, receipt};
use crate::support::{client::faults, id_of};

#[tokio::test]
async fn shipments_beyond_a_scope_do_not_exist_and_a_clerk_only_receives() {
    let place = place().await;
    let west = place.app.area("WEST", None).await;
    let there = id_of(&place.app.facility(&place.manager, "MPT-02", west).await);
    let location = json!({"code": "ST-MPT-02", "name": "Store", "kind": "facility_store", "facility_id": there});
    let far = id_of(&place.manager.post("/api/v1/stock-locations", &location).await.expect_status(201).json());
    let (inside, made) = place.dispatched("SHP-01").await;
    let mut body = place.body("SHP-02");
    (body["from_id"], body["to_id"]) = (json!(SUPPLIER), json!(far));
    body["lines"] = json!([{"item_id": place.fuel, "lot_id": place.litres, "quantity": 5}]);
    let outside = place.manager.post(SHIPMENTS, &body).await.expect_status(201).json();
    let hidden = format!("{SHIPMENTS}/{}", id_of(&outside));
    let coordinator = place.app.coordinator(&[place.area]).await;
    let clerk = place.app.clerk(place.facility).await;
    let arrived = receipt("2014-05-27", &[(place.litres, 5, 0)]);
    for reader in [&coordinator, &clerk] {
        let seen = reader.all(SHIPMENTS).await;
        assert_eq!(seen.iter().map(id_of).collect::<Vec<_>>(), [id_of(&made)]);
        assert!(reader.all(&format!("{SHIPMENTS}?facility_id={there}")).await.is_empty());
        let told = reader.get(&hidden).await.expect_problem(404, "not-found");
        let missing = reader.get(&format!("{SHIPMENTS}/{}", Uuid::now_v7())).await.expect_problem(404, "not-found");
        assert_eq!(told["detail"], missing["detail"]);
        reader.post(&format!("{hidden}/receipts"), &arrived).await.expect_problem(404, "not-found");
        for part in ["receipts", "waybill", "packing-list"] {
            reader.get(&format!("{hidden}/{part}")).await.expect_problem(404, "not-found");
        }
    }
    for (act, body) in [("packing", json!({"packed_on": "2014-05-21"})), ("cancellation", json!({"reason": "It is not wanted."}))]
    {
        coordinator.post(&format!("{hidden}/{act}"), &body).await.expect_problem(404, "not-found");
        clerk.post(&format!("{inside}/{act}"), &body).await.expect_problem(403, "forbidden");
    }
    coordinator.patch(&hidden, "*", &json!({"note": null})).await.expect_problem(404, "not-found");
    coordinator.delete(&hidden, "*").await.expect_problem(404, "not-found");
    coordinator.get(&format!("{hidden}/history")).await.expect_problem(404, "not-found");
    body["code"] = json!("SHP-03");
    let problem = coordinator.post(SHIPMENTS, &body).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/to_id", "unknown-reference")]));
    body["to_id"] = json!(place.store);
    let draft = coordinator.post(SHIPMENTS, &body).await.expect_status(201).json();
    let moved = coordinator.patch(&format!("{SHIPMENTS}/{}", id_of(&draft)), "\"1\"", &json!({"to_id": far})).await;
    assert_eq!(faults(&moved.expect_problem(422, "validation-failed")), pairs(&[("/to_id", "unknown-reference")]));
    clerk.post(SHIPMENTS, &place.body("SHP-04")).await.expect_problem(403, "forbidden");
    clerk.patch(&inside, "*", &json!({"note": null})).await.expect_problem(403, "forbidden");
    let auditor = place.app.user(Role::Auditor).await;
    auditor
        .post(&format!("{inside}/receipts"), &receipt("2014-05-27", &[(place.litres, 1, 0)]))
        .await
        .expect_problem(403, "forbidden");
    // Until it has arrived a clerk knows what comes, and when it is planned; not when it left.
    let expected = clerk.get(&inside).await.expect_status(200).json();
    assert_eq!((&expected["dispatched_on"], &expected["planned_on"]), (&Value::Null, &json!("2014-05-20")));
    clerk.post(&format!("{inside}/receipts"), &receipt("2014-05-27", &[(place.litres, 2000, 0)])).await.expect_status(201);
}

#[tokio::test]
async fn the_road_is_seen_by_those_who_send_until_the_shipment_has_arrived() {
    let place = place().await;
    let (path, made) = place.dispatched("SHP-01").await;
    let legs = "/api/v1/shipment-legs";
    let leg = |number: i64| json!({"shipment_id": id_of(&made), "leg": number, "carrier": "Lorry", "checkpoint": "Wafideen", "departed_on": "2014-05-21"});
    let first = place.manager.post(legs, &leg(1)).await.expect_status(201).json();
    let problem = place.manager.post(legs, &leg(1)).await.expect_problem(409, "duplicate");
    assert_eq!(faults(&problem), pairs(&[("/leg", "duplicate")]));
    let mut backwards = leg(21);
    backwards["arrived_on"] = json!("2014-05-20");
    let problem = place.manager.post(legs, &backwards).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/arrived_on", "date-order"), ("/leg", "out-of-range")]));
    let coordinator = place.app.coordinator(&[place.area]).await;
    coordinator.post(legs, &leg(2)).await.expect_status(201);
    assert_eq!(coordinator.all(&format!("{legs}?shipment_id={}", id_of(&made))).await.len(), 2);
    let own = format!("{legs}/{}", id_of(&first));
    let arrived = coordinator.patch(&own, "*", &json!({"arrived_on": "2014-05-22"})).await.expect_status(200).json();
    assert_eq!(arrived["arrived_on"], "2014-05-22");
    for reader in [place.app.clerk(place.facility).await, place.app.user(Role::Admin).await, place.app.user(Role::Auditor).await]
    {
        reader.get(legs).await.expect_problem(403, "forbidden");
        assert!(!reader.get(&path).await.text().contains("Wafideen"));
    }
    let told = place.manager.get(&format!("{path}/history")).await.text();
    assert!(!told.contains("shipment_legs"), "the history of a shipment tells nothing of its road: {told}");
    let told = place.manager.get(&format!("{own}/history")).await.text();
    assert!(!told.contains("Wafideen") && told.contains("departed_on"), "{told}");
    place.app.user(Role::Auditor).await.get(&format!("{path}/history")).await.expect_problem(403, "forbidden");
    let all = receipt("2014-05-27", &[(place.first, 400, 0), (place.later, 200, 0), (place.litres, 2000, 0)]);
    place.act(&path, "receipts", &all).await.expect_status(201);
    assert!(coordinator.all(legs).await.is_empty());
    coordinator.get(&own).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn the_papers_say_what_travels_from_where_to_where() {
    let place = place().await;
    let (path, _) = place.dispatched("SHP-01").await;
    let waybill = place.read(&format!("{path}/waybill")).await;
    assert_eq!((&waybill["from"]["code"], &waybill["to"]["code"]), (&json!("WH-DRUGS"), &json!("ST-MPT-01")));
    let lines: Vec<_> = waybill["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["item_code"].clone(), line["lot_number"].clone(), line["quantity"].clone()))
        .collect();
    assert_eq!(
        lines,
        [
            (json!("FUE-01"), Value::Null, json!(2000)),
            (json!("MED-01"), json!("MED01-13A"), json!(400)),
            (json!("MED-01"), json!("MED01-14A"), json!(200))
        ]
    );
    let csv = place.manager.get(&format!("{path}/packing-list?format=csv")).await.expect_status(200).text();
    assert!(csv.contains("MED01-13A") && csv.lines().count() == 4, "{csv}");
}

#[tokio::test]
async fn shipments_are_listed_with_their_lines_by_state_place_item_and_words() {
    let place = place().await;
    let manager = &place.manager;
    place.draft("SHP-01").await;
    place.dispatched("SHP-02").await;
    let mut body = place.body("SHP-03");
    body["lines"] = json!([{"item_id": place.fuel, "quantity": 3}]);
    body["note"] = json!("بأمر الإدارة");
    let third = manager.post(SHIPMENTS, &body).await.expect_status(201).json();
    let find = async |query: String| -> Vec<String> {
        manager.all(&format!("{SHIPMENTS}?{query}")).await.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(find("limit=1&sort=-code".into()).await, ["SHP-03", "SHP-02", "SHP-01"]);
    assert_eq!(find("sort=recorded_at".into()).await, ["SHP-01", "SHP-02", "SHP-03"]);
    assert_eq!(find("status=dispatched".into()).await, ["SHP-02"]);
    assert_eq!(find(format!("item_id={}", place.medicine)).await, ["SHP-01", "SHP-02"]);
    assert_eq!(find(format!("lot_id={}", place.later)).await, ["SHP-02"]);
    assert_eq!(find(format!("location_id={}", place.warehouse)).await.len(), 3);
    assert_eq!(find(format!("item_id={}&facility_id={}", place.fuel, place.facility)).await.len(), 3);
    assert_eq!(find(format!("campaign_id={}", Uuid::now_v7())).await, [""; 0]);
    assert_eq!(find("q=shp-03".into()).await, ["SHP-03"]);
    assert_eq!(
        find("q=%D8%A7%D9%84%D8%A7%D8%AF%D8%A7%D8%B1%D9%87".into()).await,
        [""; 0],
        "notes are not for everybody to search"
    );
    let listed = manager.all(SHIPMENTS).await;
    assert_eq!(listed[2], third);
    assert_eq!((listed[0]["lines"].as_array().unwrap().len(), listed[1]["contents"].as_array().unwrap().len()), (2, 3));
    let csv = manager.get(&format!("{SHIPMENTS}?format=csv")).await.expect_status(200).text();
    let mut lines = csv.lines();
    assert!(lines.next().unwrap().starts_with("\u{feff}id,"), "{csv}");
    assert!(csv.contains("MED01-13A") && lines.count() == 3, "{csv}");
    manager.get(&format!("{SHIPMENTS}?format=xlsx")).await.expect_status(200);
}

//! Stories of shipments; of their steps in `steps`.

mod steps;

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

const SHIPMENTS: &str = "/api/v1/shipments";

struct Place {
    app: TestApp,
    manager: Client,
    area: Uuid,
    facility: Uuid,
    medicine: Uuid,
    fuel: Uuid,
}

async fn place() -> Place {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    let facility = id_of(&app.facility(&manager, "MPT-01", area).await);
    let (medicine, fuel) = (item(&app, "MED-01", "medicines", true).await, item(&app, "FUE-01", "fuel", false).await);
    Place { app, manager, area, facility, medicine, fuel }
}

async fn item(app: &TestApp, code: &str, category: &str, expiry_tracked: bool) -> Uuid {
    let id = Uuid::now_v7();
    let owner = app.database.owner().await;
    owner.execute("INSERT INTO items (id, code, name, category, base_unit, expiry_tracked, recorded_by) VALUES ($1, $2, $2, $3, 'piece', $4, '00000000-0000-7000-8000-000000000001')", &[&id, &code, &category, &expiry_tracked]).await.expect("item");
    id
}

impl Place {
    /// A shipment of 600 of a medicine in one lot and 2,000 of fuel.
    fn body(&self, code: &str) -> Value {
        json!({"code": code, "facility_id": self.facility, "planned_on": "2014-05-20", "lines": [
            {"item_id": self.medicine, "lot_number": "MED01-13A", "expires_on": "2015-06-28", "quantity": 600},
            {"item_id": self.fuel, "quantity": 2000},
        ]})
    }

    async fn draft(&self, code: &str) -> (String, Value) {
        let made = self.manager.post(SHIPMENTS, &self.body(code)).await.expect_status(201).json();
        (format!("{SHIPMENTS}/{}", id_of(&made)), made)
    }

    async fn dispatched(&self, code: &str) -> (String, Value) {
        let (path, made) = self.draft(code).await;
        self.manager.post(&format!("{path}/dispatch"), &json!({"dispatched_on": "2014-05-21"})).await.expect_status(200);
        (path, made)
    }
}

/// A receipt of these (accepted, rejected) of the lines, in their order.
fn receipt(shipment: &Value, counts: &[(i64, i64)]) -> Value {
    let lines: Vec<_> = shipment["lines"].as_array().unwrap().iter().zip(counts)
        .map(|(line, (accepted, rejected))| json!({"line_id": line["id"], "accepted_quantity": accepted, "rejected_quantity": rejected}))
        .collect();
    json!({"received_on": "2014-05-27", "lines": lines})
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
}

#[tokio::test]
async fn a_shipment_is_put_together_sent_and_received_and_its_history_tells_it() {
    let place = place().await;
    let manager = &place.manager;
    let (path, made) = place.draft("SHP-01").await;
    assert_eq!((&made["status"], &made["dispatched_on"], &made["note"]), (&json!("draft"), &json!(null), &json!(null)));
    let lines = made["lines"].as_array().unwrap();
    assert_eq!(lines.iter().map(|line| line["line"].clone()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        (&lines[0]["lot_number"], &lines[0]["expires_on"], &lines[0]["quantity"]),
        (&json!("MED01-13A"), &json!("2015-06-28"), &json!(600))
    );
    assert!(lines.iter().all(|line| line["outstanding"].is_null() && line["accepted_quantity"].is_null()));

    let sent = manager.post(&format!("{path}/dispatch"), &json!({"dispatched_on": "2014-05-21"})).await.expect_status(200);
    assert_eq!((sent.header("etag"), &sent.json()["status"]), ("\"2\"".to_owned(), &json!("dispatched")));
    let clerk = place.app.clerk(place.facility).await;
    let received =
        clerk.post(&format!("{path}/receipts"), &receipt(&made, &[(580, 8), (2000, 0)])).await.expect_status(200).json();
    assert_eq!(
        (&received["status"], &received["dispatched_on"], &received["received_on"]),
        (&json!("received"), &json!("2014-05-21"), &json!("2014-05-27"))
    );
    let counts: Vec<_> = received["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            ["quantity", "accepted_quantity", "rejected_quantity", "outstanding"].map(|field| line[field].as_i64().unwrap())
        })
        .collect();
    assert_eq!(counts, [[600, 580, 8, 12], [2000, 2000, 0, 0]]);
    assert_eq!(manager.get(&path).await.expect_status(200).json(), received);

    let history = manager.all(&format!("{path}/history")).await;
    let of = |resource: &str| -> Vec<_> {
        history
            .iter()
            .filter(|one| one["resource"] == resource)
            .map(|one| (one["action"].clone(), one["actor_id"].clone()))
            .collect()
    };
    let (manager, clerk) = (json!(manager.user_id), json!(clerk.user_id));
    let (created, changed) = (json!("created"), json!("changed"));
    assert_eq!(
        of("shipments"),
        [(created.clone(), manager.clone()), (changed.clone(), manager.clone()), (changed.clone(), clerk.clone())]
    );
    assert_eq!(
        of("shipment_lines"),
        [(created.clone(), manager.clone()), (created, manager), (changed.clone(), clerk.clone()), (changed, clerk)]
    );
}

#[tokio::test]
async fn the_same_shipment_sent_again_is_the_same_and_another_of_its_id_is_refused() {
    let place = place().await;
    let mut body = place.body("SHP-01");
    body["id"] = json!(Uuid::now_v7());
    let made = place.manager.post(SHIPMENTS, &body).await.expect_status(201).json();
    let again = place.manager.post(SHIPMENTS, &body).await.expect_status(200);
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true".to_owned(), made));
    let mut other = body.clone();
    other["lines"][1]["quantity"] = json!(1999);
    place.manager.post(SHIPMENTS, &other).await.expect_problem(409, "record-conflict");
    let problem = place.manager.post(SHIPMENTS, &place.body("SHP-01")).await.expect_problem(409, "duplicate");
    assert_eq!(faults(&problem), pairs(&[("/code", "duplicate")]));
    assert_eq!(place.manager.all(SHIPMENTS).await.len(), 1);
}

#[tokio::test]
async fn lines_of_wrong_values_are_refused_with_every_fault_and_nothing_is_half_written() {
    let place = place().await;
    let told = async |lines: Value| {
        let mut body = place.body("SHP-01");
        body["lines"] = lines;
        faults(&place.manager.post(SHIPMENTS, &body).await.expect_problem(422, "validation-failed"))
    };
    let (medicine, fuel) = (place.medicine, place.fuel);
    assert_eq!(told(json!([])).await, pairs(&[("/lines", "required")]));
    assert_eq!(told(json!([{"item_id": fuel, "quantity": 0}])).await, pairs(&[("/lines/0/quantity", "out-of-range")]));
    assert_eq!(told(json!([{"item_id": fuel, "quantity": 1.5}])).await, pairs(&[("/lines/0/quantity", "wrong-type")]));
    let bad = json!([{"item_id": medicine, "quantity": 5}, {"item_id": fuel, "lot_number": "F1", "expires_on": "2015-01-01", "quantity": 5}, {"item_id": Uuid::now_v7(), "quantity": 5}]);
    let expected = [
        ("/lines/0/expires_on", "required"),
        ("/lines/0/lot_number", "required"),
        ("/lines/1/expires_on", "unknown-field"),
        ("/lines/1/lot_number", "unknown-field"),
        ("/lines/2/item_id", "unknown-reference"),
    ];
    assert_eq!(told(bad).await, pairs(&expected));
    let lot = |lot: &str| json!({"item_id": medicine, "lot_number": lot, "expires_on": "2015-01-01", "quantity": 5});
    assert_eq!(told(json!([lot("A"), lot("B"), lot("A")])).await, pairs(&[("/lines", "repeated")]));
    assert_eq!(told(json!([lot(&"A".repeat(41))])).await, pairs(&[("/lines/0/lot_number", "too-long")]));
    assert_eq!(told((0..501).map(|number| lot(&format!("L{number}"))).collect()).await, pairs(&[("/lines", "too-many")]));
    let mut body = place.body("SHP-01");
    (body["facility_id"], body["planned_on"]) = (json!(Uuid::now_v7()), json!("2010-01-01"));
    let problem = place.manager.post(SHIPMENTS, &body).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/facility_id", "unknown-reference")]));
    body["facility_id"] = json!(place.facility);
    let problem = place.manager.post(SHIPMENTS, &body).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/planned_on", "date-out-of-range")]));
    body["planned_on"] = json!(null);
    let owner = place.app.database.owner().await;
    let rows: i64 = owner
        .query_one("SELECT (SELECT count(*) FROM shipments) + (SELECT count(*) FROM shipment_lines)", &[])
        .await
        .expect("count")
        .get(0);
    assert_eq!(rows, 0);
    // Five hundred are not too many.
    body["lines"] = (0..500).map(|number| lot(&format!("L{number}"))).collect();
    assert_eq!(place.manager.post(SHIPMENTS, &body).await.expect_status(201).json()["lines"][499]["line"], 500);
}

#[tokio::test]
async fn a_draft_is_edited_and_its_lines_are_replaced_whole() {
    let place = place().await;
    let manager = &place.manager;
    let (path, made) = place.draft("SHP-01").await;
    let noted = manager.patch(&path, "\"1\"", &json!({"note": "By the northern road."})).await.expect_status(200).json();
    assert_eq!((&noted["lines"], &noted["note"]), (&made["lines"], &json!("By the northern road.")));
    let lines = json!([{"item_id": place.fuel, "quantity": 5}, {"item_id": place.medicine, "lot_number": "B", "expires_on": "2015-01-01", "quantity": 7}]);
    let edited = manager.patch(&path, "\"2\"", &json!({"lines": lines})).await.expect_status(200);
    assert_eq!(edited.header("etag"), "\"3\"");
    let shown: Vec<_> =
        edited.json()["lines"].as_array().unwrap().iter().map(|line| (line["line"].clone(), line["quantity"].clone())).collect();
    assert_eq!(shown, [(json!(1), json!(5)), (json!(2), json!(7))]);
    manager.patch(&path, "\"2\"", &json!({"note": null})).await.expect_problem(412, "stale-revision");
    let problem = manager.patch(&path, "*", &json!({"lines": null})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/lines", "required")]));
    let problem = manager.patch(&path, "*", &json!({"status": "received"})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/status", "unknown-field")]));
    // The lines that gave way are still on record.
    let owner = place.app.database.owner().await;
    let kept: i64 =
        owner.query_one("SELECT count(*) FROM shipment_lines WHERE retired_at IS NOT NULL", &[]).await.expect("count").get(0);
    assert_eq!(kept, 2);

    manager.delete(&path, "\"3\"").await.expect_status(200);
    manager.patch(&path, "*", &json!({"note": null})).await.expect_problem(410, "record-deleted");
    manager
        .post(&format!("{path}/dispatch"), &json!({"dispatched_on": "2014-05-21"}))
        .await
        .expect_problem(410, "record-deleted");
    assert_eq!(manager.get(&path).await.expect_status(200).json()["lines"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn shipments_beyond_a_scope_do_not_exist_and_a_clerk_only_receives() {
    let place = place().await;
    let west = place.app.area("WEST", None).await;
    let there = id_of(&place.app.facility(&place.manager, "MPT-02", west).await);
    let (inside, made) = place.dispatched("SHP-01").await;
    let mut body = place.body("SHP-02");
    body["facility_id"] = json!(there);
    let outside = place.manager.post(SHIPMENTS, &body).await.expect_status(201).json();
    let hidden = format!("{SHIPMENTS}/{}", id_of(&outside));
    let coordinator = place.app.coordinator(&[place.area]).await;
    let clerk = place.app.clerk(place.facility).await;
    for reader in [&coordinator, &clerk] {
        let seen = reader.all(SHIPMENTS).await;
        assert_eq!(seen.iter().map(id_of).collect::<Vec<_>>(), [id_of(&made)]);
        assert!(reader.all(&format!("{SHIPMENTS}?facility_id={there}")).await.is_empty());
        let told = reader.get(&hidden).await.expect_problem(404, "not-found");
        let missing = reader.get(&format!("{SHIPMENTS}/{}", Uuid::now_v7())).await.expect_problem(404, "not-found");
        assert_eq!(told["detail"], missing["detail"]);
        reader
            .post(&format!("{hidden}/receipts"), &receipt(&outside, &[(600, 0), (2000, 0)]))
            .await
            .expect_problem(404, "not-found");
    }
    let day = json!({"dispatched_on": "2014-05-21"});
    coordinator.post(&format!("{hidden}/dispatch"), &day).await.expect_problem(404, "not-found");
    coordinator.patch(&hidden, "*", &json!({"note": null})).await.expect_problem(404, "not-found");
    coordinator.delete(&hidden, "*").await.expect_problem(404, "not-found");
    coordinator.get(&format!("{hidden}/history")).await.expect_problem(404, "not-found");
    (body["code"], body["lines"][0]["quantity"]) = (json!("SHP-03"), json!(1));
    let problem = coordinator.post(SHIPMENTS, &body).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/facility_id", "unknown-reference")]));
    body["facility_id"] = json!(place.facility);
    let draft = coordinator.post(SHIPMENTS, &body).await.expect_status(201).json();
    let moved = coordinator.patch(&format!("{SHIPMENTS}/{}", id_of(&draft)), "\"1\"", &json!({"facility_id": there})).await;
    assert_eq!(faults(&moved.expect_problem(422, "validation-failed")), pairs(&[("/facility_id", "unknown-reference")]));
    let stayed = coordinator.get(&format!("{SHIPMENTS}/{}", id_of(&draft))).await.expect_status(200);
    assert_eq!((stayed.header("etag"), stayed.json()), ("\"1\"".to_owned(), draft));
    body["code"] = json!("SHP-04");
    clerk.post(SHIPMENTS, &body).await.expect_problem(403, "forbidden");
    clerk.post(&format!("{inside}/dispatch"), &day).await.expect_problem(403, "forbidden");
    clerk.patch(&inside, "*", &json!({"note": null})).await.expect_problem(403, "forbidden");
    place
        .app
        .user(Role::Auditor)
        .await
        .post(&format!("{inside}/receipts"), &receipt(&made, &[(1, 0), (1, 0)]))
        .await
        .expect_problem(403, "forbidden");
    clerk.post(&format!("{inside}/receipts"), &receipt(&made, &[(600, 0), (2000, 0)])).await.expect_status(200);
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
    assert_eq!(find(format!("item_id={}&facility_id={}", place.fuel, place.facility)).await.len(), 3);
    assert_eq!(find(format!("campaign_id={}", Uuid::now_v7())).await, [""; 0]);
    assert_eq!(find("q=%D8%A7%D9%84%D8%A7%D8%AF%D8%A7%D8%B1%D9%87".into()).await, ["SHP-03"], "spellings are one");
    let listed = manager.all(SHIPMENTS).await;
    assert_eq!(listed[2], third);
    assert_eq!(listed[0]["lines"].as_array().unwrap().len(), 2);
    let csv = manager.get(&format!("{SHIPMENTS}?format=csv")).await.expect_status(200).text();
    let mut lines = csv.lines();
    assert!(lines.next().unwrap().starts_with("\u{feff}id,"), "{csv}");
    assert!(csv.contains("MED01-13A") && lines.count() == 3, "{csv}");
    manager.get(&format!("{SHIPMENTS}?format=xlsx")).await.expect_status(200);
}

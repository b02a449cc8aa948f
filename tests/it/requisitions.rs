//! Stories of requisitions: a facility asks, somebody else grants, shipments fulfil.

mod once;

use serde_json::{Value, json};
use siraj::{
    auth::{Actor, Role},
    db::Db,
    error::Code,
    requisitions::{Moved, fulfil},
};
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Answer, Client, faults},
    id_of,
};

const PATH: &str = "/api/v1/requisitions";
const WHY: &str = "The warehouse holds no more than this.";

/// A facility whose clerk asks, and those who decide.
struct Desk {
    app: TestApp,
    manager: Client,
    coordinator: Client,
    clerk: Client,
    facility: Uuid,
    ketamine: Uuid,
    gauze: Uuid,
}

impl Desk {
    async fn open() -> Self {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let area = app.area("GHOUTA", None).await;
        let facility = id_of(&app.facility(&manager, "HOS-01", area).await);
        let item = async |code: &str, controlled: bool| {
            let body =
                json!({"code": code, "name": code, "category": "anaesthetics", "base_unit": "vial", "controlled": controlled});
            id_of(&manager.post("/api/v1/items", &body).await.expect_status(201).json())
        };
        let (ketamine, gauze) = (item("ANA-01", true).await, item("CON-01", false).await);
        let (coordinator, clerk) = (app.coordinator(&[area]).await, app.clerk(facility).await);
        Self { app, manager, coordinator, clerk, facility, ketamine, gauze }
    }

    fn body(&self, code: &str) -> Value {
        json!({"code": code, "facility_id": self.facility, "requested_on": "2015-03-02", "needed_on": "2015-03-09",
            "lines": [{"item_id": self.ketamine, "requested_quantity": 100}, {"item_id": self.gauze, "requested_quantity": 40}]})
    }

    async fn draft(&self, code: &str) -> Uuid {
        id_of(&self.clerk.post(PATH, &self.body(code)).await.expect_status(201).json())
    }

    async fn submitted(&self, code: &str) -> Uuid {
        let id = self.draft(code).await;
        act(&self.clerk, id, "submission", &json!({})).await.expect_status(200);
        id
    }

    async fn find(&self, id: Uuid) -> Value {
        self.manager.get(&format!("{PATH}/{id}")).await.expect_status(200).json()
    }

    /// An approval of these quantities, in the order of the lines, with a reason beside each.
    async fn approval(&self, id: Uuid, quantities: &[i64]) -> Value {
        let lines = self.find(id).await["lines"].as_array().expect("lines").clone();
        let lines: Vec<_> = lines
            .iter()
            .zip(quantities)
            .map(|(line, quantity)| json!({"line_id": line["id"], "approved_quantity": quantity, "reason": WHY}))
            .collect();
        json!({"lines": lines})
    }

    async fn approved(&self, code: &str, quantities: &[i64]) -> Uuid {
        let id = self.submitted(code).await;
        act(&self.coordinator, id, "approval", &self.approval(id, quantities).await).await.expect_status(200);
        id
    }

    /// What a shipment would tell: item, sent, received.
    async fn moved(&self, id: Uuid, moved: &[(Uuid, i64, i64)]) -> Result<(), Code> {
        let moved: Vec<_> =
            moved.iter().map(|(item_id, sent, received)| Moved { item_id: *item_id, sent: *sent, received: *received }).collect();
        let done = self.db().write(async |conn| fulfil(conn, Actor::system().id, id, &moved).await).await;
        done.map_err(|error| error.code)
    }

    fn db(&self) -> Db {
        Db::new(&self.app.database.service_url(), 1).expect("a pool")
    }

    async fn stands(&self, id: Uuid) -> (String, Vec<(i64, i64)>) {
        let there = self.find(id).await;
        let number = |value: &Value| value.as_i64().expect("a number");
        let lines = there["lines"].as_array().expect("lines").iter();
        let lines = lines.map(|line| (number(&line["sent_quantity"]), number(&line["received_quantity"]))).collect();
        (there["status"].as_str().expect("a status").to_owned(), lines)
    }

    async fn written(&self) -> i64 {
        let question =
            "SELECT (SELECT sum(revision) FROM requisitions)::bigint + (SELECT sum(revision) FROM requisition_lines)::bigint";
        let row = self.app.database.owner().await.query_one(question, &[]).await.expect("counted");
        row.get::<_, Option<i64>>(0).unwrap_or_default()
    }
}

async fn act(by: &Client, id: Uuid, act: &str, body: &Value) -> Answer {
    by.post(&format!("{PATH}/{id}/{act}"), body).await
}

fn told(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
}

#[tokio::test]
async fn a_hospital_asks_is_granted_less_and_gets_it() {
    let desk = Desk::open().await;
    let made = desk.clerk.post(PATH, &desk.body("REQ-001")).await.expect_status(201).json();
    assert_eq!((&made["status"], &made["round"], &made["submitted_by"]), (&json!("draft"), &json!(0), &Value::Null));
    let id = id_of(&made);
    let path = format!("{PATH}/{id}");
    let more = json!({"emergency": true, "emergency_reason": "Two operations a day since the weekend.",
        "lines": [{"item_id": desk.ketamine, "requested_quantity": 120, "reason": "The last box was opened today."}, {"item_id": desk.gauze, "requested_quantity": 40}]});
    desk.clerk.patch(&path, "\"1\"", &more).await.expect_status(200);
    let submitted = act(&desk.clerk, id, "submission", &json!({})).await.expect_status(200).json();
    assert_eq!((&submitted["status"], &submitted["round"]), (&json!("submitted"), &json!(1)));
    assert_eq!(submitted["submitted_by"], json!(desk.clerk.user_id));
    let approved = act(&desk.coordinator, id, "approval", &desk.approval(id, &[60, 40]).await).await.expect_status(200).json();
    assert_eq!((&approved["status"], &approved["decided_by"]), (&json!("partly_approved"), &json!(desk.coordinator.user_id)));
    let first = &approved["lines"][0];
    assert_eq!(
        (&first["requested_quantity"], &first["approved_quantity"], &first["decision_reason"]),
        (&json!(120), &json!(60), &json!(WHY))
    );

    let stands =
        async |status: &str, lines: &[(i64, i64)]| assert_eq!(desk.stands(id).await, (status.to_owned(), lines.to_vec()));
    desk.moved(id, &[(desk.ketamine, 60, 0)]).await.expect("sent");
    stands("in_fulfilment", &[(60, 0), (0, 0)]).await;
    desk.moved(id, &[(desk.ketamine, 0, 60), (desk.gauze, 40, 39)]).await.expect("received");
    stands("in_fulfilment", &[(60, 60), (40, 39)]).await;
    // More is delivered than was sent: it is told, and the requisition is fulfilled.
    desk.moved(id, &[(desk.gauze, 0, 5)]).await.expect("received");
    stands("fulfilled", &[(60, 60), (40, 44)]).await;
    // What is undone brings it back, step by step, to as it was granted.
    desk.moved(id, &[(desk.ketamine, 0, -10)]).await.expect("undone");
    stands("in_fulfilment", &[(60, 50), (40, 44)]).await;
    desk.moved(id, &[(desk.ketamine, -60, -50), (desk.gauze, -40, -44)]).await.expect("undone");
    stands("partly_approved", &[(0, 0), (0, 0)]).await;

    let history = desk.manager.all(&format!("{path}/history")).await;
    let states: Vec<_> = history
        .iter()
        .filter(|entry| entry["resource"] == "requisitions")
        .map(|entry| entry["after"]["status"].as_str().unwrap())
        .collect();
    let expected =
        ["draft", "draft", "submitted", "partly_approved", "in_fulfilment", "fulfilled", "in_fulfilment", "partly_approved"];
    assert_eq!(states, expected);
}

#[tokio::test]
async fn what_was_rejected_is_edited_and_submitted_again_and_its_history_keeps_the_rounds() {
    let desk = Desk::open().await;
    let id = desk.submitted("REQ-001").await;
    let path = format!("{PATH}/{id}");
    act(&desk.clerk, id, "resubmission", &json!({})).await.expect_problem(409, "wrong-state");
    let old = desk.approval(id, &[100, 40]).await;
    let why = json!({"reason": "Gauze was sent last week; ask for ketamine alone."});
    let rejected = act(&desk.coordinator, id, "rejection", &why).await.expect_status(200).json();
    assert_eq!((&rejected["status"], &rejected["reason"]), (&json!("rejected"), &why["reason"]));
    act(&desk.clerk, id, "submission", &json!({})).await.expect_problem(409, "wrong-state");
    act(&desk.coordinator, id, "approval", &old).await.expect_problem(409, "wrong-state");
    let less = json!({"lines": [{"item_id": desk.ketamine, "requested_quantity": 80}]});
    let edited = desk.clerk.patch(&path, "*", &less).await.expect_status(200).json();
    assert_eq!((&edited["status"], &edited["reason"]), (&json!("rejected"), &why["reason"]), "still rejected while it is edited");
    let again = act(&desk.clerk, id, "resubmission", &json!({})).await.expect_status(200).json();
    assert_eq!((&again["status"], &again["round"], &again["reason"]), (&json!("submitted"), &json!(2), &Value::Null));
    assert_eq!(again["decided_by"], Value::Null);
    // The lines of the first round are nobody's to grant any more.
    let problem = act(&desk.coordinator, id, "approval", &old).await.expect_problem(422, "validation-failed");
    assert_eq!(
        faults(&problem),
        told(&[("/lines", "required"), ("/lines/0/line_id", "unknown-reference"), ("/lines/1/line_id", "unknown-reference")])
    );
    let approved = act(&desk.coordinator, id, "approval", &desk.approval(id, &[80]).await).await.expect_status(200).json();
    assert_eq!((&approved["status"], &approved["round"]), (&json!("approved"), &json!(2)));
    let history = desk.manager.all(&format!("{path}/history")).await;
    let rounds: Vec<_> = history
        .iter()
        .filter(|entry| entry["resource"] == "requisitions")
        .map(|entry| (entry["after"]["round"].as_i64().unwrap(), entry["after"]["status"].as_str().unwrap()))
        .collect();
    let expected = [(0, "draft"), (1, "submitted"), (1, "rejected"), (1, "rejected"), (2, "submitted"), (2, "approved")];
    assert_eq!(rounds, expected);
}

#[tokio::test]
async fn nobody_decides_on_what_they_have_submitted_themselves_not_even_in_an_emergency() {
    let desk = Desk::open().await;
    let mut body = desk.body("REQ-001");
    body["emergency"] = json!(true);
    body["emergency_reason"] = json!("Two operations a day since the weekend.");
    let id = id_of(&desk.coordinator.post(PATH, &body).await.expect_status(201).json());
    act(&desk.coordinator, id, "submission", &json!({})).await.expect_status(200);
    let (before, whole) = (desk.written().await, desk.approval(id, &[100, 40]).await);
    act(&desk.coordinator, id, "approval", &whole).await.expect_problem(409, "second-person-required");
    act(&desk.coordinator, id, "rejection", &json!({"reason": WHY})).await.expect_problem(409, "second-person-required");
    act(&desk.clerk, id, "approval", &whole).await.expect_problem(403, "forbidden");
    act(&desk.clerk, id, "rejection", &json!({"reason": WHY})).await.expect_problem(403, "forbidden");
    assert_eq!(desk.written().await, before);
    let approved = act(&desk.manager, id, "approval", &whole).await.expect_status(200).json();
    assert_eq!(approved["status"], "approved");
}

#[tokio::test]
async fn all_faults_of_a_requisition_are_told_and_nothing_is_written() {
    let desk = Desk::open().await;
    let line = |item: Uuid, quantity: Value| json!({"item_id": item, "requested_quantity": quantity});
    let with = |changes: Value| {
        let mut body = desk.body("REQ-001");
        siraj::http::merge(&mut body, &changes);
        body
    };
    let refused = async |body: &Value, expected: &[(&str, &str)]| {
        let problem = desk.clerk.post(PATH, body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), told(expected), "{body}");
    };
    let (ketamine, gauze) = (desk.ketamine, desk.gauze);
    refused(
        &with(json!({"requested_on": "2030-01-01", "needed_on": "2029-01-01"})),
        &[("/needed_on", "date-order"), ("/requested_on", "date-in-future")],
    )
    .await;
    refused(&with(json!({"requested_on": "2010-12-31"})), &[("/requested_on", "date-out-of-range")]).await;
    refused(&with(json!({"needed_on": "2015-03-01"})), &[("/needed_on", "date-order")]).await;
    refused(
        &with(json!({"needed_on": "2015-02-30", "status": "approved"})),
        &[("/needed_on", "invalid-date"), ("/status", "unknown-field")],
    )
    .await;
    refused(&with(json!({"emergency": true})), &[("/emergency_reason", "required")]).await;
    refused(&with(json!({"emergency_reason": WHY})), &[("/emergency_reason", "unknown-field")]).await;
    refused(&with(json!({"lines": []})), &[("/lines", "required")]).await;
    refused(
        &with(json!({"lines": [line(ketamine, json!(0)), line(gauze, json!(-5))]})),
        &[("/lines/0/requested_quantity", "out-of-range"), ("/lines/1/requested_quantity", "out-of-range")],
    )
    .await;
    refused(
        &with(json!({"lines": [line(ketamine, json!(1_000_000_000_001_i64)), line(ketamine, json!(i64::MAX))]})),
        &[
            ("/lines/0/requested_quantity", "out-of-range"),
            ("/lines/1/item_id", "repeated"),
            ("/lines/1/requested_quantity", "out-of-range"),
        ],
    )
    .await;
    refused(
        &with(json!({"lines": [line(ketamine, json!(1.5)), line(gauze, json!("12")), {"item_id": "x", "approved_quantity": 1}]})),
        &[
            ("/lines/0/requested_quantity", "wrong-type"),
            ("/lines/1/requested_quantity", "wrong-type"),
            ("/lines/2/approved_quantity", "unknown-field"),
            ("/lines/2/item_id", "invalid-format"),
            ("/lines/2/requested_quantity", "required"),
        ],
    )
    .await;
    let many: Vec<_> = (0..501).map(|_| line(Uuid::now_v7(), json!(1))).collect();
    refused(&with(json!({"lines": many})), &[("/lines", "too-many")]).await;
    let nowhere = json!({"facility_id": Uuid::now_v7(), "lines": [line(ketamine, json!(1)), line(Uuid::now_v7(), json!(1))]});
    refused(&with(nowhere), &[("/facility_id", "unknown-reference"), ("/lines/1/item_id", "unknown-reference")]).await;
    desk.manager.delete(&format!("/api/v1/items/{gauze}"), "*").await.expect_status(200);
    refused(&desk.body("REQ-001"), &[("/lines", "retired-reference")]).await;
    let other = id_of(&desk.app.facility(&desk.manager, "HOS-02", desk.app.area("HAMA", None).await).await);
    refused(&with(json!({"facility_id": other, "lines": [line(ketamine, json!(1))]})), &[("/facility_id", "unknown-reference")])
        .await;
    assert_eq!(desk.written().await, 0);
    // What others stand on stays.
    desk.clerk.post(PATH, &with(json!({"lines": [line(ketamine, json!(1))]}))).await.expect_status(201);
    for path in [format!("/api/v1/items/{ketamine}"), format!("/api/v1/facilities/{}", desk.facility)] {
        desk.manager.delete(&path, "*").await.expect_problem(409, "still-in-use");
    }
}

#[tokio::test]
async fn an_approval_covers_every_line_grants_no_more_than_was_asked_and_says_why_less() {
    let desk = Desk::open().await;
    let (id, other) = (desk.submitted("REQ-001").await, desk.submitted("REQ-002").await);
    let lines = desk.find(id).await["lines"].clone();
    let (first, second) = (&lines[0]["id"], &lines[1]["id"]);
    let foreign = desk.find(other).await["lines"][0]["id"].clone();
    let before = desk.written().await;
    let grant = |line: &Value, quantity: i64| json!({"line_id": line, "approved_quantity": quantity});
    let cases: &[(Value, &[(&str, &str)])] = &[
        (json!([grant(first, 101), grant(second, 40)]), &[("/lines/0/approved_quantity", "out-of-range")]),
        (
            json!([grant(first, -1), grant(second, i64::MAX)]),
            &[("/lines/0/approved_quantity", "out-of-range"), ("/lines/1/approved_quantity", "out-of-range")],
        ),
        (json!([grant(first, 99), grant(second, 40)]), &[("/lines/0/reason", "required")]),
        (json!([grant(first, 100)]), &[("/lines", "required")]),
        (json!([]), &[("/lines", "required")]),
        (json!([grant(first, 100), grant(first, 100)]), &[("/lines", "required"), ("/lines/1/line_id", "repeated")]),
        (json!([grant(first, 100), grant(second, 40), grant(&foreign, 1)]), &[("/lines/2/line_id", "unknown-reference")]),
        (
            json!([{"line_id": first, "approved_quantity": 0, "reason": WHY}, {"line_id": second, "approved_quantity": 0, "reason": WHY}]),
            &[("/lines", "nothing-approved")],
        ),
        (
            json!([{"line_id": first, "approved_quantity": 1.5, "reason": "short"}, {"line_id": second, "quantity": 1}]),
            &[
                ("/lines/0/approved_quantity", "wrong-type"),
                ("/lines/0/reason", "too-short"),
                ("/lines/1/approved_quantity", "required"),
                ("/lines/1/quantity", "unknown-field"),
            ],
        ),
    ];
    for (lines, expected) in cases {
        let problem =
            act(&desk.coordinator, id, "approval", &json!({"lines": lines})).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), told(expected), "{lines}");
    }
    let problem =
        act(&desk.coordinator, id, "rejection", &json!({"reason": "no"})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), told(&[("/reason", "too-short")]));
    assert_eq!(desk.written().await, before);
    act(&desk.coordinator, id, "approval", &json!({"lines": [grant(first, 100), grant(second, 40)]})).await.expect_status(200);
}

//! Stories of what is controlled: it leaves by two persons, and every movement stands in the running register.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::{
    stock::{COUNT_DIFFERENCE, LOSS, Stores, document, reason},
    support::{
        client::{Client, faults},
        id_of,
    },
};

const ISSUES: &str = "/api/v1/controlled-issues";
const DOCUMENTS: &str = "/api/v1/stock-documents";

/// A store that holds a hundred of two lots of ketamine, and a second person.
struct Cabinet {
    stores: Stores,
    second: Client,
    ketamine: Uuid,
    lots: [Uuid; 2],
    used: Uuid,
}

impl Cabinet {
    async fn open() -> Self {
        let stores = Stores::open().await;
        let ketamine = stores.item("ANA-01", true).await;
        let lots = [stores.lot(ketamine, "KET-1", "2016-06-30").await, stores.lot(ketamine, "KET-2", "2016-06-30").await];
        let start = [(lots[0], 100), (lots[1], 100)];
        stores.moved(&stores.manager, stores.account("DONOR"), stores.store, "2015-03-01", &start).await.expect_status(201);
        let second = stores.app.user(Role::Manager).await;
        let used = stores.account("CONSUMPTION");
        Self { stores, second, ketamine, lots, used }
    }

    fn body(&self, day: &str, lines: &[(Uuid, i64)]) -> Value {
        document(self.stores.store, self.used, day, lines)
    }

    async fn proposed(&self, body: &Value) -> String {
        let made = self.stores.manager.post(ISSUES, body).await.expect_status(201).json();
        assert_eq!((&made["status"], &made["document_id"]), (&json!("proposed"), &Value::Null));
        format!("{ISSUES}/{}", id_of(&made))
    }

    async fn register(&self, by: &Client) -> Vec<Value> {
        let path = format!("/api/v1/stock-locations/{}/controlled-register?item_id={}&limit=2", self.stores.store, self.ketamine);
        by.all(&path).await
    }
}

fn why() -> Value {
    json!({"reason": "The cabinet holds twelve, the paper says ten."})
}

#[tokio::test]
async fn ketamine_is_issued_by_two_and_every_movement_stands_in_the_register() {
    let cabinet = Cabinet::open().await;
    let [one, two] = cabinet.lots;
    let (manager, second, store) = (&cabinet.stores.manager, &cabinet.second, cabinet.stores.store);
    let mut body = cabinet.body("2015-03-20", &[(one, 12), (two, 3)]);
    body["reference"] = json!("NARC-57");
    body["recipient_reference"] = json!("Ward B, register 2015-311");
    let path = cabinet.proposed(&body).await;
    assert_eq!(cabinet.stores.quantity(store, one, "2015-12-31").await, 100, "nothing has moved");
    manager.post(&format!("{path}/confirmation"), &json!({})).await.expect_problem(409, "second-person-required");
    manager.post(&format!("{path}/rejection"), &why()).await.expect_problem(409, "second-person-required");
    let confirmed = second.post(&format!("{path}/confirmation"), &json!({})).await.expect_status(200).json();
    assert_eq!((&confirmed["status"], &confirmed["decided_by"]), (&json!("confirmed"), &json!(second.user_id)));
    second.post(&format!("{path}/confirmation"), &json!({})).await.expect_problem(409, "wrong-state");
    let posted =
        manager.get(&format!("{DOCUMENTS}/{}", confirmed["document_id"].as_str().unwrap())).await.expect_status(200).json();
    assert_eq!(
        (&posted["act"], &posted["act_id"], &posted["kind"]),
        (&json!("controlled_issue"), &confirmed["id"], &json!("issue"))
    );
    assert_eq!((&posted["recorded_by"], &posted["witnessed_by"]), (&json!(manager.user_id), &json!(second.user_id)));
    // A loss, with its reason as data; and a transfer, which one person writes.
    let mut lost = document(store, LOSS, "2015-03-22", &[(two, 2)]);
    lost["adjustment_reason_id"] = json!(reason(1));
    let lost = cabinet.proposed(&lost).await;
    second.post(&format!("{lost}/confirmation"), &json!({})).await.expect_status(200);
    cabinet.stores.moved(manager, store, cabinet.stores.warehouse, "2015-03-25", &[(one, 40)]).await.expect_status(201);
    let entries = cabinet.register(manager).await;
    let line = |entry: &Value| {
        let number = |name: &str| entry[name].as_i64().unwrap();
        (
            entry["occurred_on"].as_str().unwrap()[8..].to_owned(),
            entry["lot_number"].as_str().unwrap().to_owned(),
            number("received"),
            number("issued"),
            number("balance"),
        )
    };
    let told: Vec<_> = entries.iter().map(line).collect();
    let expected = [
        ("01", "KET-1", 100, 0, 100),
        ("01", "KET-2", 100, 0, 200),
        ("20", "KET-1", 0, 12, 188),
        ("20", "KET-2", 0, 3, 185),
        ("22", "KET-2", 0, 2, 183),
        ("25", "KET-1", 0, 40, 143),
    ];
    let expected: Vec<_> =
        expected.iter().map(|(day, lot, came, went, left)| ((*day).to_owned(), (*lot).to_owned(), *came, *went, *left)).collect();
    assert_eq!(told, expected);
    assert_eq!((&entries[2]["other_code"], &entries[2]["reference"]), (&json!("CONSUMPTION"), &json!("NARC-57")));
    assert_eq!((&entries[2]["recorded_by"], &entries[2]["witnessed_by"]), (&json!(manager.user_id), &json!(second.user_id)));
    let path_of = |sort: &str| {
        format!("/api/v1/stock-locations/{store}/controlled-register?item_id={}&limit=1&sort={sort}", cabinet.ketamine)
    };
    let backwards: Vec<_> = manager.all(&path_of("-entry")).await.iter().map(line).collect();
    assert_eq!(backwards, told.into_iter().rev().collect::<Vec<_>>());
    // Its document is turned round by it alone.
    manager.post(&format!("{DOCUMENTS}/{}/reversal", id_of(&posted)), &why()).await.expect_problem(409, "wrong-state");
    let reversed = manager.post(&format!("{path}/reversal"), &why()).await.expect_status(200).json();
    assert_eq!((&reversed["status"], &reversed["decided_by"]), (&json!("reversed"), &json!(second.user_id)));
    assert_eq!(cabinet.stores.quantity(store, two, "2015-03-20").await, 100);
    assert_eq!(cabinet.register(manager).await.len(), 8);
    assert_eq!(manager.all(&format!("{ISSUES}?item_id={}&status=reversed", cabinet.ketamine)).await.len(), 1);
    assert_eq!(manager.all(&format!("{path}/history")).await.len(), 3);
    cabinet.stores.holds_true().await;
}

#[tokio::test]
async fn one_person_alone_issues_loses_and_counts_nothing_that_is_controlled() {
    let cabinet = Cabinet::open().await;
    let [one, _] = cabinet.lots;
    let (manager, store) = (&cabinet.stores.manager, cabinet.stores.store);
    let plain = cabinet.stores.lot(cabinet.stores.item("MED-01", false).await, "A", "2016-06-30").await;
    cabinet.stores.moved(manager, cabinet.stores.account("DONOR"), store, "2015-03-01", &[(plain, 10)]).await.expect_status(201);
    // Also more than there is: that two are asked for comes first.
    for (from, to, quantity) in [
        (store, cabinet.used, 1),
        (store, LOSS, 1),
        (store, COUNT_DIFFERENCE, 1),
        (COUNT_DIFFERENCE, store, 1),
        (store, cabinet.used, 999),
    ] {
        let refused = cabinet.stores.moved(manager, from, to, "2015-03-20", &[(plain, 1), (one, quantity)]).await;
        refused.expect_problem(409, "second-person-required");
    }
    assert_eq!(cabinet.stores.quantity(store, plain, "2015-12-31").await, 10, "nothing half-written");
    // For every role, the owner too.
    let owner = cabinet.stores.app.database.owner().await;
    let alone = "WITH d AS (INSERT INTO stock_documents (id, kind, occurred_on, from_id, from_holds, to_id, to_holds, recorded_by)
          SELECT gen_random_uuid(), 'issue', '2015-03-20', m.to_id, true, '00000000-0000-7000-8000-000000000104', false, d.recorded_by
          FROM stock_movements m JOIN stock_documents d ON d.id = m.document_id WHERE m.lot_id = $1 RETURNING *)
        INSERT INTO stock_movements SELECT id, 1, $1, 1, occurred_on, from_id, from_holds, to_id, to_holds FROM d";
    let refused = owner.execute(alone, &[&one]).await.expect_err("one person");
    assert_eq!(refused.as_db_error().and_then(|error| error.constraint()), Some("stock_movements_witness_check"));
    cabinet.stores.holds_true().await;
}

#[tokio::test]
async fn a_proposal_is_withdrawn_by_the_first_and_rejected_by_the_second() {
    let cabinet = Cabinet::open().await;
    let (manager, second) = (&cabinet.stores.manager, &cabinet.second);
    let path = cabinet.proposed(&cabinet.body("2015-03-20", &[(cabinet.lots[0], 5)])).await;
    second.post(&format!("{path}/cancellation"), &why()).await.expect_problem(403, "forbidden");
    manager.post(&format!("{path}/reversal"), &why()).await.expect_problem(409, "wrong-state");
    assert_eq!(manager.post(&format!("{path}/cancellation"), &why()).await.expect_status(200).json()["status"], "withdrawn");
    second.post(&format!("{path}/confirmation"), &json!({})).await.expect_problem(409, "wrong-state");
    let path = cabinet.proposed(&cabinet.body("2015-03-20", &[(cabinet.lots[0], 5)])).await;
    second.post(&format!("{path}/rejection"), &json!({})).await.expect_problem(422, "validation-failed");
    let rejected = second.post(&format!("{path}/rejection"), &why()).await.expect_status(200).json();
    assert_eq!((&rejected["status"], &rejected["decision_reason"]), (&json!("rejected"), &why()["reason"]));
    manager.post(&format!("{path}/cancellation"), &why()).await.expect_problem(409, "wrong-state");
    // The ledger judges on the day of the issue, and nothing is half-decided.
    let path = cabinet.proposed(&cabinet.body("2015-03-20", &[(cabinet.lots[0], 101)])).await;
    second.post(&format!("{path}/confirmation"), &json!({})).await.expect_problem(409, "insufficient-stock");
    assert_eq!(second.get(&path).await.expect_status(200).json()["status"], "proposed");
    let service = cabinet.stores.app.database.service().await;
    for statement in [
        "UPDATE controlled_issues SET occurred_on = '2015-03-21' WHERE status = 'proposed'",
        "UPDATE controlled_issues SET status = 'proposed', decided_by = NULL, decision_reason = NULL WHERE status = 'rejected'",
        "UPDATE controlled_issues SET status = 'rejected', decided_by = proposed_by, decision_reason = 'By the same person.' WHERE status = 'proposed'",
        "UPDATE controlled_issue_lines SET quantity = 1",
        "INSERT INTO controlled_issue_lines SELECT issue_id, 9, lot_id, 1 FROM controlled_issue_lines LIMIT 1",
        "DELETE FROM controlled_issue_lines",
    ] {
        assert!(service.execute(statement, &[]).await.is_err(), "{statement}");
    }
    assert_eq!(cabinet.stores.holds_true().await, 2);
}

#[tokio::test]
async fn a_wrong_proposal_is_refused_by_name_and_the_same_one_again_is_answered_the_same() {
    let cabinet = Cabinet::open().await;
    let (manager, store, [lot, _]) = (&cabinet.stores.manager, cabinet.stores.store, cabinet.lots);
    let plain = cabinet.stores.lot(cabinet.stores.item("MED-01", false).await, "A", "2016-06-30").await;
    let refused = async |body: Value| faults(&manager.post(ISSUES, &body).await.expect_problem(422, "validation-failed"));
    let one = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
    let used = cabinet.used;
    assert_eq!(refused(document(store, used, "2015-03-20", &[(lot, 1), (lot, 1)])).await, one("/lines/1/lot_id", "repeated"));
    for quantity in [0, -1, i64::MAX] {
        assert_eq!(
            refused(document(store, used, "2015-03-20", &[(lot, quantity)])).await,
            one("/lines/0/quantity", "out-of-range")
        );
    }
    assert_eq!(refused(document(store, used, "2015-03-20", &[])).await, one("/lines", "required"));
    assert_eq!(refused(document(store, used, "2015-03-20", &[(plain, 1)])).await, one("/lines", "not-controlled"));
    assert_eq!(refused(document(store, used, "2015-03-20", &[(Uuid::now_v7(), 1)])).await, one("/lines", "unknown-reference"));
    assert_eq!(
        refused(document(store, cabinet.stores.warehouse, "2015-03-20", &[(lot, 1)])).await,
        one("/to_id", "wrong-places")
    );
    assert_eq!(refused(document(used, used, "2015-03-20", &[(lot, 1)])).await, one("/from_id", "wrong-places"));
    assert_eq!(refused(document(Uuid::now_v7(), used, "2015-03-20", &[(lot, 1)])).await, one("/from_id", "unknown-reference"));
    let future = (chrono::Utc::now() + chrono::Days::new(5)).date_naive().to_string();
    assert_eq!(refused(document(store, used, &future, &[(lot, 1)])).await, one("/occurred_on", "date-in-future"));
    let mut lost = document(store, LOSS, "2015-03-20", &[(lot, 1)]);
    (lost["reason"], lost["adjustment_reason_id"]) = (Value::Null, Value::Null);
    assert_eq!(refused(lost).await, [one("/adjustment_reason_id", "required"), one("/reason", "required")].concat());
    let mut given = document(store, used, "2015-03-20", &[(lot, 1)]);
    given["adjustment_reason_id"] = json!(reason(1));
    assert_eq!(refused(given).await, one("/adjustment_reason_id", "unknown-field"));
    assert!(manager.all(ISSUES).await.is_empty(), "nothing was written");
    // A reason of what was found explains no loss.
    let mut found = document(store, LOSS, "2015-03-20", &[(lot, 1)]);
    found["adjustment_reason_id"] = json!(reason(9));
    assert_eq!(refused(found).await, one("/adjustment_reason_id", "wrong-direction"));
    let mut body = document(store, used, "2015-03-20", &[(lot, 5)]);
    body["id"] = json!(Uuid::now_v7());
    manager.post(ISSUES, &body).await.expect_status(201);
    manager.post(ISSUES, &body).await.expect_status(200);
    // Two second persons at once, and both again: one wins.
    let third = cabinet.stores.app.user(Role::Manager).await;
    let path = format!("{ISSUES}/{}/confirmation", body["id"].as_str().unwrap());
    let sent = [&third, &cabinet.second, &third, &cabinet.second].map(|by| {
        let (by, path) = (by.clone(), path.clone());
        tokio::spawn(async move { by.post(&path, &json!({})).await.status.as_u16() })
    });
    let mut statuses = Vec::new();
    for one in sent {
        statuses.push(one.await.expect("an answer"));
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    manager.post(ISSUES, &body).await.expect_status(200);
    body["lines"][0]["quantity"] = json!(6);
    manager.post(ISSUES, &body).await.expect_problem(409, "record-conflict");
    assert_eq!((cabinet.stores.quantity(store, lot, "2015-03-20").await, cabinet.stores.holds_true().await), (95, 3));
}

#[tokio::test]
async fn what_is_controlled_is_seen_by_those_who_hold_its_place_and_never_by_an_admin() {
    let cabinet = Cabinet::open().await;
    let app = &cabinet.stores.app;
    let elsewhere = app.area("HAMA", None).await;
    let (own, foreign) = (app.coordinator(&[cabinet.stores.area]).await, app.coordinator(&[elsewhere]).await);
    let (clerk, admin, auditor) =
        (app.clerk(cabinet.stores.facility).await, app.user(Role::Admin).await, app.user(Role::Auditor).await);
    let body = cabinet.body("2015-03-20", &[(cabinet.lots[0], 5)]);
    let path = format!("{ISSUES}/{}", id_of(&clerk.post(ISSUES, &body).await.expect_status(201).json()));
    for reader in [&own, &clerk, &auditor, &cabinet.second] {
        reader.get(&path).await.expect_status(200);
        assert_eq!((reader.all(ISSUES).await.len(), cabinet.register(reader).await.len()), (1, 2));
    }
    let register = |place: Uuid, item: Uuid| format!("/api/v1/stock-locations/{place}/controlled-register?item_id={item}");
    for closed in [path.clone(), ISSUES.to_owned(), register(cabinet.stores.store, cabinet.ketamine)] {
        admin.get(&closed).await.expect_problem(403, "forbidden");
    }
    foreign.get(&path).await.expect_problem(404, "not-found");
    foreign.get(&format!("{path}/history")).await.expect_problem(404, "not-found");
    foreign.post(&format!("{path}/confirmation"), &json!({})).await.expect_problem(404, "not-found");
    foreign.get(&register(cabinet.stores.store, cabinet.ketamine)).await.expect_problem(404, "not-found");
    clerk.get(&register(cabinet.stores.warehouse, cabinet.ketamine)).await.expect_problem(404, "not-found");
    assert!(foreign.all(ISSUES).await.is_empty());
    auditor.post(&format!("{path}/confirmation"), &json!({})).await.expect_problem(403, "forbidden");
    let hidden = foreign.post(ISSUES, &body).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&hidden), [("/from_id".to_owned(), "unknown-reference".to_owned())]);
    let plain = cabinet.stores.item("MED-01", false).await;
    let refused = own.get(&register(cabinet.stores.store, plain)).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/item_id".to_owned(), "not-controlled".to_owned())]);
    own.post(&format!("{path}/confirmation"), &json!({})).await.expect_status(200);
    assert_eq!(cabinet.register(&clerk).await.len(), 3);
}

//! Stories of contracts, their renewals, and the facilities they support.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

const PATH: &str = "/api/v1/contracts";

async fn organization(app: &TestApp, code: &str) -> Uuid {
    let id = Uuid::now_v7();
    let text = "INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ($1, $2, $2, '{partner}', '00000000-0000-7000-8000-000000000001')";
    app.database.owner().await.execute(text, &[&id, &code]).await.expect("organization");
    id
}

fn contract(code: &str, organization: Uuid, starts: &str, ends: &str) -> Value {
    json!({"code": code, "name": format!("Contract {code}"), "organization_id": organization, "starts_on": starts, "ends_on": ends})
}

fn with(mut body: Value, more: &Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn made(client: &Client, body: &Value) -> Uuid {
    id_of(&client.post(PATH, body).await.expect_status(201).json())
}

fn at(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

#[tokio::test]
async fn a_contract_is_made_read_found_edited_retired_and_its_history_tells_it() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let norwac = organization(&app, "NORWAC").await;
    let money = json!({"currency": "USD", "monthly_amount": "70000", "cadres": ["doctor", "nurse"], "name_ar": "كوادر نورواك", "number": "N/14-2"});
    let body = with(contract("NORWAC-2014", norwac, "2014-05-01", "2014-12-31"), &money);
    let answer = manager.post_with(PATH, &[("idempotency-key", "one")], &body).await.expect_status(201);
    let record = answer.json();
    assert_eq!((record["monthly_amount"].clone(), record["amount"].clone()), (json!("70000.00"), Value::Null));
    let again = manager.post_with(PATH, &[("idempotency-key", "one")], &body).await.expect_status(201);
    assert_eq!((again.json(), again.header("idempotent-replayed")), (record.clone(), "true".to_owned()));
    let path = format!("{PATH}/{}", id_of(&record));
    assert_eq!(manager.get(&path).await.expect_status(200).json(), record);
    made(&manager, &contract("IRC-2015", organization(&app, "IRC").await, "2015-01-01", "2015-12-31")).await;

    for (query, expected) in [
        ("", vec!["IRC-2015", "NORWAC-2014"]),
        ("?sort=starts_on", vec!["NORWAC-2014", "IRC-2015"]),
        ("?sort=-ends_on", vec!["IRC-2015", "NORWAC-2014"]),
        ("?on=2014-12-31", vec!["NORWAC-2014"]),
        ("?on=2015-01-01", vec!["IRC-2015"]),
        ("?currency=USD", vec!["NORWAC-2014"]),
        ("?cadre=nurse", vec!["NORWAC-2014"]),
        ("?q=نوروآك", vec!["NORWAC-2014"]),
        ("?q=14-2", vec!["NORWAC-2014"]),
        ("?retired=true", vec![]),
    ] {
        let codes: Vec<_> = manager.all(&format!("{PATH}{query}")).await.iter().map(|one| one["code"].clone()).collect();
        assert_eq!(codes, expected, "{query}");
    }
    let edited = manager.patch(&path, "\"1\"", &json!({"amount": "560000.5", "number": null})).await.expect_status(200).json();
    assert_eq!((edited["amount"].clone(), edited["number"].clone()), (json!("560000.50"), Value::Null));
    manager.patch(&path, "\"1\"", &json!({"name": "Late"})).await.expect_problem(412, "stale-revision");
    manager.delete(&path, "\"2\"").await.expect_status(200);
    manager.patch(&path, "*", &json!({"name": "Gone"})).await.expect_problem(410, "record-deleted");
    let history = manager.all(&format!("{path}/history")).await;
    assert_eq!(history.iter().map(|one| one["action"].clone()).collect::<Vec<_>>(), ["created", "changed", "retired"]);
}

#[tokio::test]
async fn all_faults_of_a_contract_are_told_at_once() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let norwac = organization(&app, "NORWAC").await;
    let body = with(
        contract("NORWAC-2014", norwac, "2014-05-01", "2014-04-30"),
        &json!({"amount": "1.00", "cadres": ["doctor", "nurse", "doctor"]}),
    );
    let refused = manager.post(PATH, &body).await.expect_problem(422, "validation-failed");
    let expected = [("/cadres/2", "repeated"), ("/currency", "required"), ("/ends_on", "date-order")];
    assert_eq!(faults(&refused), expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    for (more, pointer, code) in [
        (json!({"currency": "XYZ"}), "/currency", "unknown-currency"),
        (json!({"currency": "USD", "amount": 70000}), "/amount", "wrong-type"),
        (json!({"currency": "USD", "amount": "٧٠٠٠٠"}), "/amount", "arabic-digits"),
        (json!({"currency": "USD", "monthly_amount": "1.005"}), "/monthly_amount", "precision"),
        (json!({"cadres": ["pilot"]}), "/cadres/0", "unknown-value"),
        (json!({"organization_id": Uuid::now_v7()}), "/organization_id", "unknown-reference"),
        (json!({"project_id": Uuid::now_v7()}), "/project_id", "unknown-reference"),
        (json!({"renews_id": Uuid::now_v7()}), "/renews_id", "unknown-reference"),
        (json!({"starts_on": "2005-01-01"}), "/starts_on", "date-out-of-range"),
    ] {
        let body = with(contract("NORWAC-2014", norwac, "2014-05-01", "2014-12-31"), &more);
        let refused = manager.post(PATH, &body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), at(pointer, code), "{more}");
    }
    assert!(manager.all(PATH).await.is_empty());
    let id = made(
        &manager,
        &with(contract("NORWAC-2014", norwac, "2014-05-01", "2014-12-31"), &json!({"currency": "USD", "amount": "5"})),
    )
    .await;
    let refused =
        manager.patch(&format!("{PATH}/{id}"), "*", &json!({"currency": null})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), at("/currency", "required"));
    let twice =
        manager.post(PATH, &contract("NORWAC-2014", norwac, "2015-01-01", "2015-12-31")).await.expect_problem(409, "duplicate");
    assert_eq!(faults(&twice), at("/code", "duplicate"));
}

#[tokio::test]
async fn renewals_are_a_chain_without_forks_of_one_partner_in_rising_order() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let (norwac, irc) = (organization(&app, "NORWAC").await, organization(&app, "IRC").await);
    let first = made(&manager, &contract("N-1", norwac, "2014-05-01", "2014-12-31")).await;
    let renewal = |code: &str, partner: Uuid, starts: &str, renews: Uuid| {
        with(contract(code, partner, starts, "2015-12-31"), &json!({"renews_id": renews}))
    };
    let refused = manager.post(PATH, &renewal("N-2", irc, "2015-01-01", first)).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), at("/renews_id", "unknown-reference"));
    for day in ["2014-05-01", "2014-04-30"] {
        let refused = manager.post(PATH, &renewal("N-2", norwac, day, first)).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), at("/starts_on", "date-order"), "{day}");
    }
    let second = made(&manager, &renewal("N-2", norwac, "2015-01-01", first)).await;
    let fork = manager.post(PATH, &renewal("N-3", norwac, "2015-06-01", first)).await.expect_problem(409, "duplicate");
    assert_eq!(faults(&fork), at("/renews_id", "duplicate"));
    let own = Uuid::now_v7();
    let body = with(renewal("N-3", norwac, "2015-06-01", own), &json!({"id": own}));
    let itself = manager.post(PATH, &body).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&itself), at("/renews_id", "unknown-reference"));

    // The other end of the chain is held to the same.
    let (first, second) = (format!("{PATH}/{first}"), format!("{PATH}/{second}"));
    let later = json!({"starts_on": "2015-01-01", "ends_on": "2015-12-31"});
    let refused = manager.patch(&first, "*", &later).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), at("/starts_on", "date-order"));
    manager.patch(&first, "*", &json!({"organization_id": irc})).await.expect_problem(422, "validation-failed");
    let circle = json!({"renews_id": second.rsplit('/').next().unwrap()});
    manager.patch(&first, "*", &circle).await.expect_problem(422, "validation-failed");
    assert_eq!(manager.get(&first).await.header("etag"), "\"1\"");
    manager.patch(&second, "*", &json!({"starts_on": "2014-05-02"})).await.expect_status(200);
}

#[tokio::test]
async fn a_partner_reads_its_own_contracts_and_only_managers_write() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let (norwac, irc) = (organization(&app, "NORWAC").await, organization(&app, "IRC").await);
    let own = made(&manager, &contract("N-1", norwac, "2014-05-01", "2014-12-31")).await;
    let other = made(&manager, &contract("I-1", irc, "2014-05-01", "2014-12-31")).await;
    let area = app.area("EAST", None).await;
    let facility = id_of(&app.facility(&manager, "MPT-01", area).await);
    manager.post(&format!("{PATH}/{other}/facilities"), &json!({"facility_id": facility})).await.expect_status(201);
    let partner = app.partner(norwac).await;
    assert_eq!(partner.all(PATH).await.iter().map(id_of).collect::<Vec<_>>(), [own]);
    assert!(partner.all(&format!("{PATH}?organization_id={irc}")).await.is_empty());
    partner.get(&format!("{PATH}/{own}")).await.expect_status(200);
    for tail in ["", "/facilities"] {
        let hidden = partner.get(&format!("{PATH}/{other}{tail}")).await.expect_problem(404, "not-found");
        let missing = partner.get(&format!("{PATH}/{}{tail}", Uuid::now_v7())).await.expect_problem(404, "not-found");
        assert_eq!((&hidden["detail"], &hidden["title"]), (&missing["detail"], &missing["title"]));
    }
    partner.get(&format!("{PATH}/{own}/history")).await.expect_problem(403, "forbidden");
    let coordinator = app.coordinator(&[area]).await;
    assert_eq!(coordinator.all(PATH).await.len(), 2);
    app.clerk(facility).await.get(PATH).await.expect_problem(403, "forbidden");
    for client in [&partner, &coordinator, &app.user(Role::Admin).await, &app.user(Role::Auditor).await] {
        let body = contract("N-9", norwac, "2014-05-01", "2014-12-31");
        client.post(PATH, &body).await.expect_problem(403, "forbidden");
        client.delete(&format!("{PATH}/{own}"), "*").await.expect_problem(403, "forbidden");
        let body = json!({"facility_id": facility});
        client.post(&format!("{PATH}/{own}/facilities"), &body).await.expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn the_support_of_a_facility_is_added_edited_retired_and_stands_in_the_contracts_history() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let id = made(&manager, &contract("N-1", organization(&app, "NORWAC").await, "2014-05-01", "2014-12-31")).await;
    let area = app.area("EAST", None).await;
    let (first, second) =
        (id_of(&app.facility(&manager, "MPT-01", area).await), id_of(&app.facility(&manager, "MPT-02", area).await));
    let path = format!("{PATH}/{id}/facilities");
    let chosen = Uuid::now_v7();
    let body = json!({"id": chosen, "facility_id": first, "ends_on": "2014-06-30"});
    let answer = manager.post(&path, &body).await.expect_status(201);
    let support = answer.json();
    assert_eq!(answer.header("location"), format!("{path}/{chosen}"));
    assert_eq!(
        (support["facility_code"].clone(), support["facility_name"].clone()),
        (json!("MPT-01"), json!("Medical point MPT-01"))
    );
    assert_eq!(support["facility_kinds"], json!(["medical_point"]));
    let again = manager.post(&path, &body).await.expect_status(200);
    assert_eq!((again.json(), again.header("idempotent-replayed")), (support.clone(), "true".to_owned()));
    let other = json!({"id": chosen, "facility_id": second});
    manager.post(&path, &other).await.expect_problem(409, "record-conflict");

    let overlap =
        manager.post(&path, &json!({"facility_id": first, "starts_on": "2014-06-30"})).await.expect_problem(409, "overlap");
    assert_eq!(faults(&overlap), at("/starts_on", "overlap"));
    let next = manager.post(&path, &json!({"facility_id": first, "starts_on": "2014-07-01"})).await.expect_status(201).json();
    manager.post(&path, &json!({"facility_id": second})).await.expect_status(201);
    for (body, pointer, code) in [
        (json!({}), "/facility_id", "required"),
        (json!({"facility_id": Uuid::now_v7()}), "/facility_id", "unknown-reference"),
        (json!({"facility_id": second, "starts_on": "2014-07-01", "ends_on": "2014-06-30"}), "/ends_on", "date-order"),
        (json!({"facility_id": second, "share": 5}), "/share", "unknown-field"),
    ] {
        let refused = manager.post(&path, &body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), at(pointer, code), "{body}");
    }
    assert_eq!(manager.all(&format!("{path}?limit=2")).await.len(), 3);
    assert_eq!(
        manager.all(&format!("{path}?on=2014-06-30&facility_id={first}")).await.iter().map(id_of).collect::<Vec<_>>(),
        [chosen]
    );
    assert_eq!(manager.all(&format!("{path}?q=mpt-02")).await.len(), 1);

    let one = format!("{path}/{chosen}");
    manager
        .send(reqwest::Method::PATCH, &one, &[("content-type", "application/json")], Some(b"{}".to_vec()))
        .await
        .expect_problem(428, "precondition-required");
    manager.patch(&one, "\"1\"", &json!({"ends_on": null})).await.expect_problem(409, "overlap");
    let refused = manager.patch(&one, "\"1\"", &json!({"facility_id": second})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), at("/facility_id", "unknown-field"));
    let edited = manager.patch(&one, "\"1\"", &json!({"starts_on": "2014-06-01"})).await.expect_status(200);
    assert_eq!((edited.header("etag"), edited.json()["starts_on"].clone()), ("\"2\"".to_owned(), json!("2014-06-01")));
    let stale = manager.patch(&one, "\"1\"", &json!({"starts_on": "2014-06-02"})).await.expect_problem(412, "stale-revision");
    assert_eq!(stale["present"]["starts_on"], "2014-06-01");
    manager.delete(&one, "\"2\"").await.expect_status(200);
    manager.delete(&one, "*").await.expect_problem(410, "record-deleted");
    manager.post(&path, &body).await.expect_problem(410, "record-deleted");
    manager.patch(&format!("{path}/{}", id_of(&next)), "*", &json!({"starts_on": null})).await.expect_status(200);
    manager.patch(&format!("{path}/{}", Uuid::now_v7()), "*", &json!({})).await.expect_problem(404, "not-found");
    manager.delete(&format!("{PATH}/{}/facilities/{chosen}", Uuid::now_v7()), "*").await.expect_problem(404, "not-found");
    let changes: Vec<_> = manager
        .all(&format!("{PATH}/{id}/history"))
        .await
        .iter()
        .map(|one| (one["resource"].clone(), one["action"].clone()))
        .collect();
    let of = |action: &str| changes.iter().filter(|(resource, what)| resource == "contract_facilities" && what == action).count();
    assert_eq!((changes.len(), of("created"), of("changed"), of("retired")), (7, 3, 2, 1));
    manager.delete(&format!("{PATH}/{id}"), "*").await.expect_status(200);
    manager.post(&path, &json!({"facility_id": second})).await.expect_problem(410, "record-deleted");
}

#[tokio::test]
async fn partners_read_codes_and_coordinators_read_their_areas() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let norwac = organization(&app, "NORWAC").await;
    let id = made(&manager, &contract("N-1", norwac, "2014-05-01", "2014-12-31")).await;
    let (east, west) = (app.area("EAST", None).await, app.area("WEST", None).await);
    let path = format!("{PATH}/{id}/facilities");
    for (code, area) in [("MPT-01", east), ("MPT-02", west)] {
        let facility = id_of(&app.facility(&manager, code, area).await);
        manager.post(&path, &json!({"facility_id": facility})).await.expect_status(201);
    }
    let partner = app.partner(norwac).await;
    let seen = partner.all(&path).await;
    assert_eq!(seen.iter().map(|one| one["facility_code"].clone()).collect::<Vec<_>>(), ["MPT-01", "MPT-02"]);
    // Codes and days, and nothing that joins them to what a grant tells, or says when it was recorded.
    let whole = manager.all(&path).await;
    for (one, own) in seen.iter().zip(&whole) {
        assert_eq!(one.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "facility_code", "starts_on", "ends_on"]);
        assert_ne!(one["id"], own["id"]);
    }
    for asked in [
        "kind=medical_point",
        "retired=true",
        "sort=recorded_at",
        &format!("facility_id={}", whole[0]["facility_id"].as_str().unwrap()),
    ] {
        partner.get(&format!("{path}?{asked}")).await.expect_problem(403, "forbidden");
    }
    let mut codes: Vec<_> = partner
        .all(&format!("{path}?limit=1&sort=-facility_code"))
        .await
        .iter()
        .map(|one| one["facility_code"].clone())
        .collect();
    codes.reverse();
    assert_eq!(codes, ["MPT-01", "MPT-02"]);
    // What has not begun is not told.
    let later = id_of(&app.facility(&manager, "MPT-03", west).await);
    let coming = made(&manager, &contract("N-2", norwac, "2015-01-01", "2030-12-31")).await;
    manager
        .post(&format!("{PATH}/{coming}/facilities"), &json!({"facility_id": later, "starts_on": "2030-01-01"}))
        .await
        .expect_status(201);
    assert!(partner.all(&format!("{PATH}/{coming}/facilities")).await.is_empty());
    // What is not shown cannot be searched either, nor does it stand in an export.
    assert!(partner.all(&format!("{path}?q=Medical")).await.is_empty());
    assert_eq!(partner.all(&format!("{path}?q=MPT-02")).await.len(), 1);
    assert!(!partner.get(&format!("{path}?format=csv")).await.expect_status(200).text().contains("Medical point MPT"));
    let coordinator = app.coordinator(&[west]).await;
    let seen = coordinator.all(&path).await;
    assert_eq!(seen.iter().map(|one| one["facility_name"].clone()).collect::<Vec<_>>(), ["Medical point MPT-02"]);
}

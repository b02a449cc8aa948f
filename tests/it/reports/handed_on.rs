//! Who reads reports, and what one that is handed on must not say: what can be guessed and tried, and what is on the road.

use serde_json::{Value, json};
use siraj::{
    auth::Role,
    db::Db,
    keys::{digest_of, hex},
    publishing,
};
use uuid::Uuid;

use super::{
    SYSTEM, World,
    publishing::{define, draft, hospital, publish},
};
use crate::support::{client::faults, id_of};

const REPORTS: &str = "/api/v1/published-reports";

async fn document(world: &World, report: &Value) -> Value {
    world.manager.get(&format!("{REPORTS}/{}/document", id_of(report))).await.expect_status(200).json()
}

/// A shipment of the contract that left on a day and is on the road.
async fn convoy(world: &World, code: &str, facility: Uuid) {
    let text = format!(
        "SET session_replication_role = replica;
         INSERT INTO shipments (id, code, facility_id, contract_id, status, packed_on, dispatched_on, from_id, to_id, transit_id, recorded_by)
         VALUES (gen_random_uuid(), '{code}', '{facility}', '{}', 'dispatched', '2015-06-29', '2015-06-29', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '{SYSTEM}');
         SET session_replication_role = origin",
        world.contract
    );
    world.sql.batch_execute(&text).await.expect("on the road");
}

async fn found(world: &World) -> Vec<String> {
    let db = Db::new(&world.app.database.service_url(), 1).expect("a pool");
    publishing::verify(&db, None).await.expect("checked").faults
}

#[tokio::test]
async fn the_hash_of_a_document_tells_nothing_that_could_be_guessed() {
    let world = World::start().await;
    hospital(&world).await;
    let definition = define(&world, "ALL", &json!({})).await;
    let drafted = draft(&world, definition, "2015-06-30").await;
    let first = document(&world, &drafted).await;
    assert_eq!((&first["form"], &first["audience"]), (&json!("siraj-document-3"), &json!("house")));
    assert_eq!(first["salt"].as_str().expect("random bytes").len(), 43, "32 bytes");
    // Another document that says the same has another hash: knowing all of it but the bytes is not enough.
    let path = format!("{REPORTS}/{}/recomputation", id_of(&drafted));
    let again = world.manager.post(&path, &json!({})).await.expect_status(200).json();
    let second = document(&world, &again).await;
    assert_ne!(first["salt"], second["salt"]);
    assert_eq!(first["figures"]["staff"], second["figures"]["staff"]);
    let mut guessed = first.clone();
    guessed["known_at"] = second["known_at"].clone();
    guessed["figures"]["known_at"] = second["figures"]["known_at"].clone();
    let mut bytes = serde_json::to_vec_pretty(&guessed).unwrap();
    bytes.push(b'\n');
    assert_ne!(hex(&digest_of(&bytes)), again["document_hash"].as_str().unwrap());
    guessed["salt"] = second["salt"].clone();
    let mut bytes = serde_json::to_vec_pretty(&guessed).unwrap();
    bytes.push(b'\n');
    assert_eq!(hex(&digest_of(&bytes)), again["document_hash"].as_str().unwrap(), "nothing else differs");
}

#[tokio::test]
async fn what_is_on_the_road_stands_in_no_document_and_shows_in_no_restatement() {
    let world = World::start().await;
    let (facility, _) = hospital(&world).await;
    convoy(&world, "SHP-1", facility).await;
    let second = world.app.user(Role::Manager).await;
    let auditor = world.app.user(Role::Auditor).await;
    let definition = define(&world, "ALL", &json!({})).await;
    publish(&second, &draft(&world, definition, "2015-06-30").await).await;
    let told = world.manager.get(&format!("{REPORTS}/1/document")).await.expect_status(200).json();
    assert_eq!(told["figures"]["shipments"], json!({"total": 0, "dispatched": 0, "received": 0, "lost": 0}));

    // One of before counted it. It holds as it is, by the rule that it was made with.
    let drafted = draft(&world, definition, "2015-06-30").await;
    let mut before = document(&world, &drafted).await;
    before["form"] = json!("siraj-document-2");
    before["figures"]["shipments"] = json!({"total": 1, "dispatched": 1, "received": 0});
    for part in ["salt", "audience"] {
        before.as_object_mut().unwrap().shift_remove(part);
    }
    before["figures"]["scope"].as_object_mut().unwrap().shift_remove("arrived_only");
    let bytes = serde_json::to_vec_pretty(&before).unwrap();
    let write = "UPDATE published_reports SET document = $1, document_hash = sha256($1) WHERE id = $2";
    world.sql.execute(write, &[&bytes, &id_of(&drafted)]).await.expect("as of before");
    let rewritten = world.manager.get(&format!("{REPORTS}/{}", id_of(&drafted))).await.expect_status(200).json();
    publish(&second, &rewritten).await;
    assert_eq!(found(&world).await, Vec::<String>::new());
    let envelope = world.manager.get(&format!("{REPORTS}/2/envelope")).await.expect_status(200);
    publishing::check_envelope(&envelope.body, None).expect("an envelope of before holds");

    // Another leaves, and is entered late: whoever does not send hears of it by neither.
    convoy(&world, "SHP-2", facility).await;
    for number in [1, 2] {
        let restated = auditor.get(&format!("{REPORTS}/{number}/restatement")).await.expect_status(200).json();
        assert!(!restated.to_string().contains("shipments"), "{restated}");
    }
    let restated = world.manager.get(&format!("{REPORTS}/1/restatement")).await.expect_status(200).json();
    assert_eq!(restated["figures"], json!([]), "what never stood there is not restated");
}

#[tokio::test]
async fn reports_are_read_by_the_house_and_published_by_managers() {
    let world = World::start().await;
    let definition = define(&world, "ALL", &json!({})).await;
    draft(&world, definition, "2015-06-30").await;
    let body = json!({"definition_id": definition, "as_of": "2015-06-30"});
    for role in [Role::Admin, Role::Auditor] {
        let client = world.app.user(role).await;
        assert_eq!(client.all(REPORTS).await.len(), 1);
        assert_eq!(client.all("/api/v1/report-definitions").await.len(), 1);
        client.post(REPORTS, &body).await.expect_problem(403, "forbidden");
    }
    let others = [world.app.coordinator(&[world.east]).await, world.app.partner(world.partner).await];
    for client in &others {
        client.get(REPORTS).await.expect_problem(403, "forbidden");
        client.get(&format!("/api/v1/report-definitions/{definition}/history")).await.expect_problem(403, "forbidden");
    }
    for (body, pointer, code) in [
        (json!({"definition_id": Uuid::now_v7(), "as_of": "2015-06-30"}), "/definition_id", "unknown-reference"),
        (json!({"definition_id": definition, "as_of": "2099-06-30"}), "/as_of", "date-out-of-range"),
        (json!({"definition_id": definition}), "/as_of", "required"),
    ] {
        let refused = world.manager.post(REPORTS, &body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), [(pointer.to_owned(), code.to_owned())]);
    }
}

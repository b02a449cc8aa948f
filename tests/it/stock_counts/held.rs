//! Counts that meet others, and what the database holds them to.

use serde_json::json;
use siraj::auth::Role;
use uuid::Uuid;

use super::{COUNTS, Counted, DOCUMENTS, REASONS, told, why};
use crate::{
    stock::{LOSS, document, reason},
    support::{client::faults, id_of},
};

#[tokio::test]
async fn of_two_confirmations_at_once_one_wins_and_the_same_request_again_is_answered_the_same() {
    let world = Counted::open().await;
    let [a, b, c] = world.lots;
    let third = world.stores.app.user(Role::Manager).await;
    let mut body = world.sheet("2015-01-10", &[(a, 90), (b, 100), (c, 100)]);
    body["id"] = json!(Uuid::now_v7());
    let path = world.handed_in(&body).await;
    world.stores.manager.post(COUNTS, &body).await.expect_status(200);
    body["note"] = json!("Something else.");
    world.stores.manager.post(COUNTS, &body).await.expect_problem(409, "record-conflict");
    // Meanwhile others use what is being counted.
    let (store, used) = (world.stores.store, world.stores.account("CONSUMPTION"));
    let confirmations = (0..8).map(|number| {
        let (by, path) = (if number % 2 == 0 { third.clone() } else { world.second.clone() }, path.clone());
        tokio::spawn(async move { by.post(&format!("{path}/confirmation"), &json!({})).await.status.as_u16() })
    });
    let uses = (0..8).map(|number| {
        let (by, path) = (world.stores.manager.clone(), DOCUMENTS.to_owned());
        let body = document(store, used, "2015-01-09", &[(if number % 2 == 0 { a } else { b }, 5)]);
        tokio::spawn(async move { by.post(&path, &body).await.status.as_u16() })
    });
    let mut statuses = Vec::new();
    for one in confirmations.chain(uses).collect::<Vec<_>>() {
        statuses.push(one.await.expect("an answer"));
    }
    statuses[..8].sort_unstable();
    assert_eq!(statuses[..8], [200, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(statuses[8..], [201; 8]);
    // What was posted is what the book said when it was confirmed; what was used after is on the book as any late entry is.
    let count = world.second.get(&path).await.expect_status(200).json();
    let lines = told(&count);
    let (posted_a, posted_b) = (lines[0].2.unwrap(), lines[1].2.unwrap());
    assert_eq!([world.at(0, "2015-01-10").await, world.at(1, "2015-01-10").await], [80 + posted_a, 80 + posted_b]);
    world.stores.holds_true().await;
    // A decision under a key is made once.
    let path = world.handed_in(&world.sheet("2015-01-11", &[(a, 50), (b, 50), (c, 50)])).await;
    let key = [("idempotency-key", "confirm-once")];
    let first = world.second.post_with(&format!("{path}/confirmation"), &key, &json!({})).await.expect_status(200);
    let again = world.second.post_with(&format!("{path}/confirmation"), &key, &json!({})).await.expect_status(200);
    assert_eq!((first.json(), again.header("idempotent-replayed").as_str()), (again.json(), "true"));
    world.stores.holds_true().await;
}

#[tokio::test]
async fn a_confirmation_waits_for_what_is_under_way_at_its_place_and_counts_it() {
    let world = Counted::open().await;
    let [a, b, c] = world.lots;
    let path = world.handed_in(&world.sheet("2015-01-10", &[(a, 90), (b, 100), (c, 100)])).await;
    let writer = world.stores.app.database.owner().await;
    let (store, by) = (world.stores.store, world.stores.manager.user_id.expect("a user"));
    writer.batch_execute("BEGIN").await.expect("begun");
    let used = "WITH d AS (INSERT INTO stock_documents (id, kind, occurred_on, from_id, from_holds, to_id, to_holds, recorded_by)
          VALUES (gen_random_uuid(), 'issue', '2015-01-09', $1, true, '00000000-0000-7000-8000-000000000104', false, $2) RETURNING *)
        INSERT INTO stock_movements SELECT id, 1, $3, 4, occurred_on, from_id, from_holds, to_id, to_holds FROM d";
    writer.execute(used, &[&store, &by, &a]).await.expect("used");
    let (second, confirmation) = (world.second.clone(), format!("{path}/confirmation"));
    let confirmed = tokio::spawn(async move { second.post(&confirmation, &json!({})).await });
    let watcher = world.stores.app.database.owner().await;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while watcher.query_one(waiting, &[]).await.expect("an answer").get::<_, i64>(0) == 0 {}
    writer.batch_execute("COMMIT").await.expect("committed");
    let confirmed = confirmed.await.expect("an answer").expect_status(200).json();
    assert_eq!(told(&confirmed)[0], (Some(90), Some(96), Some(-6)));
    assert_eq!(world.at(0, "2015-01-10").await, 90);
    world.stores.holds_true().await;
}

#[tokio::test]
async fn a_sheet_longer_than_a_document_becomes_several() {
    let world = Counted::open().await;
    let owner = world.stores.app.database.owner().await;
    let made = "INSERT INTO lots (id, item_id, number, expires_on, recorded_by)
        SELECT gen_random_uuid(), item_id, 'L' || n, '2016-06-30', recorded_by FROM lots, generate_series(1, 1001) n WHERE number = 'A' RETURNING id";
    let lots: Vec<(Uuid, i64)> = owner.query(made, &[]).await.expect("lots").iter().map(|row| (row.get(0), 3)).collect();
    let mut body = world.sheet("2015-01-10", &lots);
    body["complete"] = json!(false);
    let path = world.handed_in(&body).await;
    let confirmed = world.confirmed(&path, json!({})).await.expect_status(200).json();
    let posted = world.stores.manager.all(&format!("{DOCUMENTS}?act_id={}", id_of(&confirmed))).await;
    let mut lengths: Vec<_> = posted.iter().map(|one| one["lines"].as_array().expect("lines").len()).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [1, 500, 500]);
    assert_eq!(world.stores.holds_true().await, 3 + 1_001);
    world.stores.manager.post(&format!("{path}/reversal"), &why()).await.expect_status(200);
    world.stores.holds_true().await;
}

#[tokio::test]
async fn counts_and_register_of_a_place_are_seen_by_those_who_hold_it() {
    let world = Counted::open().await;
    let app = &world.stores.app;
    let elsewhere = app.area("HAMA", None).await;
    let (own, foreign) = (app.coordinator(&[world.stores.area]).await, app.coordinator(&[elsewhere]).await);
    let (clerk, admin, auditor) =
        (app.clerk(world.stores.facility).await, app.user(Role::Admin).await, app.user(Role::Auditor).await);
    let sheet = world.sheet("2015-01-10", &[(world.lots[0], 99), (world.lots[1], 100), (world.lots[2], 100)]);
    let path = format!("{COUNTS}/{}", id_of(&clerk.post(COUNTS, &sheet).await.expect_status(201).json()));
    clerk.post(&format!("{path}/submission"), &json!({})).await.expect_status(200);
    for reader in [&own, &clerk, &auditor, &world.second] {
        reader.get(&path).await.expect_status(200);
        assert_eq!(reader.all(COUNTS).await.len(), 1);
    }
    foreign.get(&path).await.expect_problem(404, "not-found");
    foreign.post(&format!("{path}/confirmation"), &json!({})).await.expect_problem(404, "not-found");
    foreign.get(&format!("{path}/history")).await.expect_problem(404, "not-found");
    assert!(foreign.all(COUNTS).await.is_empty());
    admin.get(&path).await.expect_problem(403, "forbidden");
    auditor.post(&format!("{path}/confirmation"), &json!({})).await.expect_problem(403, "forbidden");
    let hidden = foreign.post(COUNTS, &sheet).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&hidden), [("/location_id".to_owned(), "unknown-reference".to_owned())]);
    let warehouse = json!({"location_id": world.stores.warehouse, "counted_on": "2015-01-10"});
    let hidden = clerk.post(COUNTS, &warehouse).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&hidden), [("/location_id".to_owned(), "unknown-reference".to_owned())]);
    own.post(&format!("{path}/confirmation"), &json!({})).await.expect_status(200);
    assert_eq!(own.all(&format!("{COUNTS}?status=confirmed&since_on=2015-01-10&until_on=2015-01-10")).await.len(), 1);
    assert_eq!(own.all(&format!("{COUNTS}?q=st-hos")).await.len(), 1);
}

#[tokio::test]
async fn the_database_holds_a_count_to_its_way_whoever_writes() {
    let world = Counted::open().await;
    let path = world.handed_in(&world.sheet("2015-01-10", &[(world.lots[0], 99)])).await;
    let service = world.stores.app.database.service().await;
    let first = world.stores.manager.user_id.expect("a user");
    for statement in [
        "UPDATE stock_counts SET status = 'draft', counted_by = NULL",
        "UPDATE stock_counts SET counted_on = '2015-01-11'",
        "UPDATE stock_counts SET counted_by = '00000000-0000-7000-8000-000000000001'",
        "UPDATE stock_counts SET status = 'confirmed'",
        "UPDATE stock_count_lines SET counted_quantity = 100",
        "UPDATE stock_count_lines SET retired_at = now()",
        "INSERT INTO stock_count_lines (id, count_id, line, lot_id, counted_quantity, recorded_by) SELECT gen_random_uuid(), count_id, 9, gen_random_uuid(), 1, recorded_by FROM stock_count_lines",
        "DELETE FROM stock_count_lines",
    ] {
        assert!(service.execute(statement, &[]).await.is_err(), "{statement}");
    }
    let alone = service.execute("UPDATE stock_counts SET status = 'confirmed', decided_by = $1", &[&first]).await;
    let refused = alone.expect_err("one person");
    assert_eq!(refused.as_db_error().and_then(|error| error.constraint()), Some("stock_counts_second_person_check"));
    world.confirmed(&path, json!({})).await.expect_status(200);
    assert!(service.execute("UPDATE stock_count_lines SET book_quantity = 99", &[]).await.is_err());
}

#[tokio::test]
async fn reasons_of_losses_are_a_register_like_any_other() {
    let world = Counted::open().await;
    let manager = &world.stores.manager;
    let seeded = manager.all(&format!("{REASONS}?direction=loss")).await;
    assert!(seeded.len() >= 8 && seeded.iter().all(|one| one["name_ar"].is_string()), "{seeded:?}");
    assert_eq!(manager.get(&format!("{REASONS}/{}", reason(3))).await.expect_status(200).json()["code"], "LOOTED");
    let body = json!({"code": "FLOODED", "name": "Flooded", "name_ar": "غمرته المياه", "direction": "loss"});
    let made = manager.post(REASONS, &body).await.expect_status(201);
    manager.post(REASONS, &body).await.expect_problem(409, "duplicate");
    let (id, path) = (id_of(&made.json()), format!("{REASONS}/{}", id_of(&made.json())));
    let turned = manager.patch(&path, &made.header("etag"), &json!({"direction": "either"})).await.expect_status(200);
    let mut lost = document(world.stores.store, LOSS, "2015-01-11", &[(world.lots[0], 1)]);
    lost["adjustment_reason_id"] = json!(id);
    manager.post(DOCUMENTS, &lost).await.expect_status(201);
    manager.patch(&path, &turned.header("etag"), &json!({"direction": "gain"})).await.expect_problem(409, "still-in-use");
    let retired = manager.delete(&path, &turned.header("etag")).await.expect_status(200);
    assert!(retired.json()["retired_at"].is_string());
    let refused = manager.post(DOCUMENTS, &lost).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/adjustment_reason_id".to_owned(), "retired-reference".to_owned())]);
    assert_eq!(manager.all(&format!("{path}/history")).await.len(), 3);
    let (clerk, admin) = (world.stores.app.clerk(world.stores.facility).await, world.stores.app.user(Role::Admin).await);
    assert_eq!(clerk.all(REASONS).await.len(), 11);
    clerk.post(REASONS, &json!({"code": "X-1", "name": "X", "direction": "loss"})).await.expect_problem(403, "forbidden");
    admin.post(REASONS, &json!({"code": "X-1", "name": "X", "direction": "loss"})).await.expect_status(201);
    let wrong = manager
        .post(REASONS, &json!({"code": "x", "name": "", "direction": "up"}))
        .await
        .expect_problem(422, "validation-failed");
    assert_eq!(faults(&wrong).len(), 3);
}

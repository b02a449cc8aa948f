//! Who may have been entered twice, found although names are sealed.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::{STAFF, World, told};
use crate::support::{client::faults, id_of};

const PAIRS: &str = "/api/v1/staff-duplicates";

async fn seal(world: &World, person: Uuid, identity: &Value) {
    world.app.coordinator(&[world.country]).await.put(&format!("{STAFF}/{person}/identity"), identity).await.expect_status(204);
}

/// Seals a name of somebody else. A digest is short, so that another name may have the same one by chance: then the next name is taken.
async fn seal_another(world: &World, person: Uuid) {
    let owner = world.app.database.owner().await;
    let alike = "SELECT count(*) FROM staff_match_keys a JOIN staff_match_keys b ON a.staff_id <> b.staff_id AND a.name_keys && b.name_keys WHERE a.staff_id = $1";
    for name in ["Samir Nasser", "Layla Jabbour", "Rima Shami", "Farid Tawil"] {
        seal(world, person, &json!({"name": name})).await;
        if owner.query_one(alike, &[&person]).await.expect("count").get::<_, i64>(0) == 0 {
            return;
        }
    }
    panic!("four names of one digest");
}

fn codes(pairs: &[Value]) -> Vec<(String, String, i64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    pairs.iter().map(|one| (text(&one["code"]), text(&one["other_code"]), one["rank"].as_i64().unwrap())).collect()
}

#[tokio::test]
async fn two_spellings_of_one_name_make_a_pair_and_the_answer_knows_no_name() {
    let world = World::start().await;
    let arabic = world.person("S-0001").await;
    let latin = world.person("S-0002").await;
    let elsewhere = world.person_of("S-0003", &json!({"area_id": world.west})).await;
    let nurse = world.person_of("S-0004", &json!({"cadre": "nurse", "area_id": world.west})).await;
    let other = world.person("S-0005").await;
    seal(&world, arabic, &json!({"name": "محمد الخطيب", "phone": "+963 944 123 456"})).await;
    seal(&world, latin, &json!({"name": "Mohammed El Khateeb", "phone": "0944 123456"})).await;
    seal(&world, elsewhere, &json!({"name": "Muhammad Khatib", "name_ar": "مُحَمَّد خطيب"})).await;
    seal(&world, nurse, &json!({"name": "Mohamad Alkhatib"})).await;
    seal_another(&world, other).await;

    let pairs = world.manager.all(PAIRS).await;
    let two = |one: &str, other: &str, rank| (one.to_owned(), other.to_owned(), rank);
    assert_eq!(codes(&pairs[..1]), [two("S-0001", "S-0002", 1)]);
    assert_eq!(pairs[0]["why"], json!(["name", "phone", "cadre", "area"]));
    let mut rest = codes(&pairs[1..]);
    rest.sort();
    // A nurse of that name in another area is nobody's second record.
    assert_eq!(rest, [two("S-0001", "S-0003", 3), two("S-0002", "S-0003", 3)]);
    assert_eq!(codes(&world.manager.all(&format!("{PAIRS}?staff_id={elsewhere}&limit=1")).await).len(), 2);
    assert_eq!(codes(&world.manager.all(&format!("{PAIRS}?sort=-rank&limit=1")).await)[2], two("S-0001", "S-0002", 1));
    // A coordinator is told of pairs of their own people only.
    assert_eq!(codes(&world.coordinator.all(PAIRS).await), [two("S-0001", "S-0002", 1)]);
    for reader in [world.app.user(Role::Admin).await, world.app.user(Role::Auditor).await, world.app.clerk(world.here).await] {
        reader.get(PAIRS).await.expect_problem(403, "forbidden");
    }
    let csv = world.manager.get(&format!("{PAIRS}?format=csv")).await.expect_status(200).text();
    for told in [serde_json::to_string(&pairs).unwrap(), csv] {
        assert!(
            !told.to_lowercase().contains("khat")
                && !told.contains("خطيب")
                && ["944 123", "944123"].iter().all(|number| !told.contains(number)),
            "{told}"
        );
    }
    // Another name takes the pair away; the history has no digest.
    seal_another(&world, latin).await;
    assert!(world.coordinator.all(PAIRS).await.is_empty());
    let owner = world.app.database.owner().await;
    let kept: i64 = owner
        .query_one("SELECT count(*) FROM audit_log WHERE resource = 'staff_match_keys' AND (after ? 'name_keys' OR after ? 'phone_key' OR before ? 'name_keys')", &[])
        .await
        .expect("count")
        .get(0);
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn digests_are_cut_short_and_those_of_another_key_are_not_compared() {
    let world = World::start().await;
    let (one, two) = (world.person("S-0001").await, world.person("S-0002").await);
    for person in [one, two] {
        seal(&world, person, &json!({"name": "Ahmad Khatib", "name_ar": "أحمد الخطيب", "phone": "0944123456"})).await;
    }
    let owner = world.app.database.owner().await;
    let rows = owner.query("SELECT name_keys, phone_key FROM staff_match_keys", &[]).await.expect("keys");
    let keys: Vec<(Vec<String>, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(keys[0], keys[1]);
    // Both spellings are one form, so one digest of twelve bits.
    assert!(keys[0].0.len() == 1 && keys[0].0[0].len() == 3 && keys[0].1.len() == 3, "{keys:?}");
    assert_eq!(world.manager.all(PAIRS).await.len(), 1);
    owner.execute("UPDATE staff_match_keys SET key_id = 'older' WHERE staff_id = $1", &[&two]).await.expect("rotated");
    assert!(world.manager.all(PAIRS).await.is_empty());
    for (set, constraint) in [
        ("name_keys = '{abcd}'", "staff_match_keys_name_keys_check"),
        ("phone_key = 'abcdef'", "staff_match_keys_phone_key_check"),
        ("key_id = ''", "staff_match_keys_key_id_check"),
    ] {
        let error = owner.execute(&format!("UPDATE staff_match_keys SET {set}"), &[]).await.expect_err(set);
        assert_eq!(error.as_db_error().and_then(|error| error.constraint()), Some(constraint), "{set}");
    }
}

#[tokio::test]
async fn a_pair_that_was_told_apart_is_not_shown_again_until_that_is_taken_back() {
    let world = World::start().await;
    let (one, two) = (world.person("S-0001").await, world.person("S-0002").await);
    for person in [one, two] {
        seal(&world, person, &json!({"name": "Ahmad Khatib"})).await;
    }
    let path = format!("{STAFF}/{two}/distinctions");
    let body = json!({"id": Uuid::now_v7(), "other_id": one, "reason": "Cousins of one name; both were met."});
    let told_apart = world.coordinator.post(&path, &body).await.expect_status(201).json();
    world.coordinator.post(&path, &body).await.expect_status(200);
    assert!(world.manager.all(PAIRS).await.is_empty());
    // From the other side it is the same pair.
    let again = json!({"other_id": two, "reason": "Said once more by somebody else."});
    let problem = world.manager.post(&format!("{STAFF}/{one}/distinctions"), &again).await.expect_problem(409, "duplicate");
    assert_eq!(faults(&problem), told("/other_id", "duplicate"));
    assert_eq!(world.manager.all(&format!("{STAFF}/{one}/distinctions")).await.len(), 1);
    // Who was told apart is not merged.
    let merge = json!({"into_id": one, "reason": "The papers are of one person."});
    world.manager.post(&format!("{STAFF}/{two}/merge"), &merge).await.expect_problem(409, "wrong-state");
    let address = format!("{path}/{}", id_of(&told_apart));
    world.manager.delete(&address, "\"9\"").await.expect_problem(412, "stale-revision");
    world.manager.delete(&address, "\"1\"").await.expect_status(200);
    world.manager.delete(&address, "*").await.expect_problem(410, "record-deleted");
    world.manager.post(&path, &body).await.expect_problem(410, "record-deleted");
    assert_eq!(world.manager.all(PAIRS).await.len(), 1);

    let refused =
        async |body: Value| faults(&world.coordinator.post(&path, &body).await.expect_problem(422, "validation-failed"));
    let reason = "Two people, as everybody knows.";
    assert_eq!(refused(json!({"other_id": two, "reason": reason})).await, told("/other_id", "unknown-reference"));
    assert_eq!(refused(json!({"other_id": Uuid::now_v7(), "reason": reason})).await, told("/other_id", "unknown-reference"));
    let hidden = world.person_of("S-0003", &json!({"area_id": world.west})).await;
    assert_eq!(refused(json!({"other_id": hidden, "reason": reason})).await, told("/other_id", "unknown-reference"));
    assert_eq!(refused(json!({"other_id": one, "reason": "short"})).await, told("/reason", "too-short"));
    world.manager.post(&path, &json!({"other_id": hidden, "reason": reason})).await.expect_status(201);
    // Whom a coordinator may not know of is not told by a distinction either.
    assert!(world.coordinator.all(&path).await.is_empty());
    let beside = world.app.coordinator(&[world.west]).await;
    beside.get(&path).await.expect_problem(404, "not-found");
}

//! Who left, why, and who came back.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::{POSTS, STAFF, World, told};
use crate::support::{client::faults, id_of};

fn leaving(day: &str, reason: &str) -> Value {
    json!({"departed_on": day, "reason": reason})
}

fn pair(from: &str, to: Option<&str>) -> (String, Option<String>) {
    (from.to_owned(), to.map(ToOwned::to_owned))
}

#[tokio::test]
async fn leaving_ends_the_posts_and_nobody_gives_another_until_the_person_is_back() {
    let world = World::start().await;
    let (manager, person) = (&world.manager, world.person("S-0001").await);
    world.post(person, 50, ("2013-01-01", None)).await;
    world.post_at(person, world.there, 50, ("2013-06-01", Some("2014-12-31"))).await;
    world.post_at(person, world.there, 20, ("2013-01-01", Some("2013-02-01"))).await;
    let path = format!("{STAFF}/{person}/departures");
    let left = manager.post(&path, &leaving("2014-03-01", "displaced")).await.expect_status(201);
    assert_eq!(left.header("location"), format!("{path}/{}", id_of(&left.json())));
    assert_eq!(left.json()["returned_on"], json!(null));
    let mut days = world.days(person).await;
    days.sort();
    let end = Some("2014-03-01");
    assert_eq!(days, [pair("2013-01-01", Some("2013-02-01")), pair("2013-01-01", end), pair("2013-06-01", end)]);

    // Neither a new post nor an old one that is drawn out reaches beyond the day.
    let wanted = World::wanted(person, world.here, "nurse", 10, ("2014-03-02", None));
    let problem = manager.post(POSTS, &wanted).await.expect_problem(409, "person-departed");
    assert_eq!(faults(&problem), told("/staff_id", "person-departed"));
    let post = manager.all(&format!("{POSTS}?staff_id={person}&facility_id={}", world.here)).await;
    let address = format!("{POSTS}/{}", id_of(&post[0]));
    manager.patch(&address, "*", &json!({"ends_on": null})).await.expect_problem(409, "person-departed");
    // What was before it can still be written down.
    manager
        .post(POSTS, &World::wanted(person, world.here, "nurse", 10, ("2013-02-02", Some("2013-05-31"))))
        .await
        .expect_status(201);

    let act = format!("{path}/{}/return", id_of(&left.json()));
    let back = |day: &str| json!({"returned_on": day});
    let problem = manager.post(&act, &back("2014-03-01")).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), told("/returned_on", "date-order"));
    manager.post(&act, &back("2014-05-01")).await.expect_status(200);
    manager.post(&act, &back("2014-06-01")).await.expect_problem(409, "wrong-state");
    manager
        .post(POSTS, &World::wanted(person, world.here, "doctor", 50, ("2014-04-30", None)))
        .await
        .expect_problem(409, "person-departed");
    manager.post(POSTS, &World::wanted(person, world.here, "doctor", 50, ("2014-05-01", None))).await.expect_status(201);
    // They may leave again, but not while they are away.
    let problem = manager.post(&path, &leaving("2014-04-01", "left")).await.expect_problem(409, "overlap");
    assert_eq!(faults(&problem), told("/departed_on", "overlap"));
    manager.post(&path, &leaving("2014-09-01", "transferred")).await.expect_status(201);
    let reasons: Vec<_> = manager.all(&path).await.iter().map(|one| one["reason"].clone()).collect();
    assert_eq!(reasons, ["displaced", "transferred"]);
    let actions: Vec<_> = manager
        .all(&format!("{STAFF}/{person}/history"))
        .await
        .into_iter()
        .filter(|one| one["resource"] == "staff_departures")
        .collect();
    assert_eq!(actions.iter().map(|one| one["action"].clone()).collect::<Vec<_>>(), ["created", "changed", "created"]);
    assert!(actions.iter().all(|one| one["after"]["reason"].is_null() && one["after"]["departed_on"].is_string()), "{actions:?}");
}

#[tokio::test]
async fn a_departure_before_a_post_that_begins_later_is_refused_and_nothing_is_written() {
    let world = World::start().await;
    let (manager, person) = (&world.manager, world.person("S-0001").await);
    world.post(person, 50, ("2013-01-01", None)).await;
    let later = world.post_at(person, world.there, 50, ("2014-06-01", None)).await;
    let path = format!("{STAFF}/{person}/departures");
    let problem = manager.post(&path, &leaving("2014-03-01", "killed")).await.expect_problem(409, "posts-after-departure");
    assert_eq!(faults(&problem), told("/departed_on", "posts-after-departure"));
    assert!(world.days(person).await.contains(&pair("2013-01-01", None)) && manager.all(&path).await.is_empty());
    manager.delete(&format!("{POSTS}/{later}"), "*").await.expect_status(200);
    let left = manager.post(&path, &leaving("2014-03-01", "killed")).await.expect_status(201).json();
    // Nobody comes back from there.
    let act = format!("{path}/{}/return", id_of(&left));
    manager.post(&act, &json!({"returned_on": "2014-05-01"})).await.expect_problem(409, "wrong-state");
}

#[tokio::test]
async fn a_departure_told_in_error_is_taken_back_and_the_posts_go_on() {
    let world = World::start().await;
    let (manager, person) = (&world.manager, world.person("S-0001").await);
    world.post(person, 50, ("2013-01-01", Some("2015-12-31"))).await;
    let changed = world.post_at(person, world.there, 50, ("2013-01-01", None)).await;
    let path = format!("{STAFF}/{person}/departures");
    let body =
        json!({"id": Uuid::now_v7(), "departed_on": "2014-03-01", "reason": "missing", "note": "Not seen since the raid."});
    let left = manager.post(&path, &body).await.expect_status(201).json();
    manager.post(&path, &body).await.expect_status(200);
    let mut other = body.clone();
    other["reason"] = json!("left");
    manager.post(&path, &other).await.expect_problem(409, "record-conflict");
    // One post was ended earlier meanwhile: that stands.
    manager.patch(&format!("{POSTS}/{changed}"), "*", &json!({"ends_on": "2014-02-01"})).await.expect_status(200);
    let address = format!("{path}/{}", id_of(&left));
    manager.delete(&address, "\"7\"").await.expect_problem(412, "stale-revision");
    let retired = manager.delete(&address, "\"1\"").await.expect_status(200).json();
    assert!(retired["retired_at"].is_string());
    let mut days = world.days(person).await;
    days.sort();
    assert_eq!(days, [pair("2013-01-01", Some("2014-02-01")), pair("2013-01-01", Some("2015-12-31"))]);
    assert!(manager.all(&path).await.is_empty());
    assert_eq!(manager.all(&format!("{path}?retired=true")).await.len(), 1);
    manager.delete(&address, "*").await.expect_problem(410, "record-deleted");
    manager.post(&path, &body).await.expect_problem(410, "record-deleted");
    manager.post(&format!("{address}/return"), &json!({"returned_on": "2014-05-01"})).await.expect_problem(410, "record-deleted");
}

#[tokio::test]
async fn a_post_keeps_no_contract_that_pays_none_of_the_days_left_and_has_it_again() {
    let world = World::start().await;
    let (manager, person) = (&world.manager, world.person("S-0001").await);
    let partner = Uuid::now_v7();
    let owner = world.app.database.owner().await;
    owner.execute("INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ($1, 'NORWAC', 'NORWAC', '{partner}', '00000000-0000-7000-8000-000000000001')", &[&partner]).await.expect("organization");
    let contract = json!({"code": "NORWAC-2015", "name": "NORWAC 2015", "organization_id": partner, "starts_on": "2015-01-01", "ends_on": "2015-12-31"});
    let contract = id_of(&manager.post("/api/v1/contracts", &contract).await.expect_status(201).json());
    let post = world.post(person, 100, ("2014-01-01", None)).await;
    let address = format!("{POSTS}/{post}");
    manager.patch(&address, "*", &json!({"contract_id": contract})).await.expect_status(200);
    let path = format!("{STAFF}/{person}/departures");
    let left = manager.post(&path, &leaving("2014-06-30", "left")).await.expect_status(201).json();
    let ended = manager.get(&address).await.json();
    assert_eq!((&ended["ends_on"], &ended["contract_id"]), (&json!("2014-06-30"), &json!(null)));
    manager.delete(&format!("{path}/{}", id_of(&left)), "*").await.expect_status(200);
    let again = manager.get(&address).await.json();
    assert_eq!((&again["ends_on"], &again["contract_id"]), (&json!(null), &json!(contract)));
}

#[tokio::test]
async fn why_somebody_left_is_told_to_those_who_employ_them_to_managers_and_to_auditors() {
    let world = World::start().await;
    let person = world.person("S-0001").await;
    world.post_at(person, world.there, 100, ("2013-01-01", Some("2014-12-31"))).await;
    let path = format!("{STAFF}/{person}/departures");
    let body = json!({"departed_on": "2014-03-01", "reason": "detained", "note": "Taken at the crossing."});
    let left = world.coordinator.post(&path, &body).await.expect_status(201).json();
    for reader in [&world.coordinator, &world.manager, &world.app.user(Role::Auditor).await] {
        assert_eq!(reader.all(&path).await[0]["reason"], "detained");
    }
    // Whoever only gives them a post knows the person, and not why they left; in no history either.
    let beside = world.app.coordinator(&[world.west]).await;
    beside.get(&format!("{STAFF}/{person}")).await.expect_status(200);
    beside.get(&path).await.expect_problem(403, "forbidden");
    beside.post(&path, &leaving("2014-05-01", "left")).await.expect_problem(403, "forbidden");
    beside.delete(&format!("{path}/{}", id_of(&left)), "*").await.expect_problem(403, "forbidden");
    let history = beside.get(&format!("{STAFF}/{person}/history")).await.expect_status(200).text();
    assert!(!history.contains("detained") && !history.contains("crossing"), "{history}");
    for reader in [world.app.user(Role::Admin).await, world.app.clerk(world.there).await] {
        reader.get(&path).await.expect_problem(403, "forbidden");
    }
    let stranger = world.person_of("S-0002", &json!({"area_id": world.west})).await;
    world.coordinator.get(&format!("{STAFF}/{stranger}/departures")).await.expect_problem(404, "not-found");
    // Of another person there is no such departure.
    let address = format!("{STAFF}/{stranger}/departures/{}", id_of(&left));
    world.manager.delete(&address, "*").await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn a_departure_of_wrong_values_is_refused() {
    let world = World::start().await;
    let path = format!("{STAFF}/{}/departures", world.person("S-0001").await);
    let refused = async |body: Value| faults(&world.manager.post(&path, &body).await.expect_problem(422, "validation-failed"));
    let two = |one: (&str, &str), other: (&str, &str)| [told(one.0, one.1), told(other.0, other.1)].concat();
    assert_eq!(refused(json!({"reason": "bored"})).await, two(("/departed_on", "required"), ("/reason", "unknown-value")));
    let tomorrow = chrono::Utc::now().date_naive() + chrono::Days::new(9);
    assert_eq!(refused(leaving(&tomorrow.to_string(), "left")).await, told("/departed_on", "date-in-future"));
    assert_eq!(refused(leaving("2010-12-31", "left")).await, told("/departed_on", "date-out-of-range"));
    assert!(world.manager.all(&path).await.is_empty());
}

#[tokio::test]
async fn a_post_and_a_departure_at_once_never_both_stand() {
    let world = World::start().await;
    for number in 0..8 {
        let person = world.person(&format!("S-{number:04}")).await;
        let path = format!("{STAFF}/{person}/departures");
        let (wanted, left) =
            (World::wanted(person, world.here, "doctor", 100, ("2014-06-01", None)), leaving("2014-03-01", "left"));
        let (post, departure) = tokio::join!(world.manager.post(POSTS, &wanted), world.coordinator.post(&path, &left));
        let outcome = (post.status.as_u16(), departure.status.as_u16());
        assert!(matches!(outcome, (201, 409) | (409, 201)), "{outcome:?}");
    }
}

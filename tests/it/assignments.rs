//! Stories of assignments.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use futures_util::future::join_all;
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::{
    staff::person,
    support::{
        TestApp,
        client::{Client, faults},
        id_of,
    },
};

const ASSIGNMENTS: &str = "/api/v1/assignments";

struct Place {
    app: TestApp,
    manager: Client,
    area: Uuid,
    facility: Uuid,
    person: Uuid,
}

async fn place() -> Place {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    let facility = id_of(&app.facility(&manager, "MPT-01", area).await);
    let person = id_of(&person(&manager, "S-0001", area).await);
    Place { app, manager, area, facility, person }
}

fn post(person: Uuid, facility: Uuid, cadre: &str, share: i32, starts_on: &str, ends_on: Option<&str>) -> Value {
    json!({"staff_id": person, "facility_id": facility, "cadre": cadre, "share_percent": share, "starts_on": starts_on, "ends_on": ends_on})
}

#[tokio::test]
async fn a_post_is_given_ended_and_retired_and_its_history_tells_it() {
    let Place { manager, facility, person, .. } = &place().await;
    let body = json!({"staff_id": person, "facility_id": facility, "cadre": "doctor", "role": "emergency doctor", "starts_on": "2013-01-01"});
    let made = manager.post(ASSIGNMENTS, &body).await.expect_status(201).json();
    assert_eq!((&made["share_percent"], &made["ends_on"], &made["contract_id"]), (&json!(100), &json!(null), &json!(null)));
    let path = format!("{ASSIGNMENTS}/{}", id_of(&made));
    let ended =
        manager.patch(&path, "\"1\"", &json!({"ends_on": "2013-12-31", "share_percent": 50})).await.expect_status(200).json();
    assert_eq!((&ended["ends_on"], &ended["share_percent"]), (&json!("2013-12-31"), &json!(50)));
    // Nobody said full time: a null does not put it back.
    let problem = manager.patch(&path, "\"2\"", &json!({"share_percent": null})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [("/share_percent".to_owned(), "required".to_owned())]);
    let problem = manager.patch(&path, "\"2\"", &json!({"share": null})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [("/share".to_owned(), "unknown-field".to_owned())]);
    manager.patch(&path, "\"2\"", &json!({"share_percent": 100})).await.expect_status(200);
    manager.delete(&path, "\"3\"").await.expect_status(200);
    manager.patch(&path, "\"4\"", &json!({"role": null})).await.expect_problem(410, "record-deleted");
    let actions: Vec<_> = manager.all(&format!("{path}/history")).await.iter().map(|one| one["action"].clone()).collect();
    assert_eq!(actions, ["created", "changed", "changed", "retired"]);
}

#[tokio::test]
async fn a_post_of_wrong_values_is_refused_with_every_fault() {
    let Place { manager, facility, person, .. } = &place().await;
    let told = async |body: Value| faults(&manager.post(ASSIGNMENTS, &body).await.expect_problem(422, "validation-failed"));
    let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    let body = post(*person, *facility, "doctor", 101, "2013-02-01", Some("2013-01-31"));
    assert_eq!(told(body).await, pairs(&[("/ends_on", "date-order"), ("/share_percent", "out-of-range")]));
    let mut body = post(*person, *facility, "surgeon", 100, "2013-02-01", None);
    body["share_waiver"] = json!("short");
    assert_eq!(told(body).await, pairs(&[("/cadre", "unknown-value"), ("/share_waiver", "too-short")]));
    let body = post(Uuid::now_v7(), Uuid::now_v7(), "doctor", 100, "2013-02-01", None);
    assert_eq!(told(body).await, pairs(&[("/facility_id", "unknown-reference"), ("/staff_id", "unknown-reference")]));
    let mut body = post(*person, *facility, "doctor", 100, "2013-02-01", None);
    body["contract_id"] = json!(Uuid::now_v7());
    assert_eq!(told(body).await, pairs(&[("/contract_id", "unknown-reference")]));
    assert_eq!(
        told(post(*person, *facility, "doctor", 100, "2010-12-31", None)).await,
        pairs(&[("/starts_on", "date-out-of-range")])
    );
    assert!(manager.all(ASSIGNMENTS).await.is_empty());
}

#[tokio::test]
async fn the_same_post_is_not_held_twice_at_once_until_it_is_retired() {
    let Place { manager, facility, person, .. } = &place().await;
    let held = post(*person, *facility, "doctor", 10, "2013-01-01", Some("2013-12-31"));
    let first = manager.post(ASSIGNMENTS, &held).await.expect_status(201).json();
    let twice = post(*person, *facility, "doctor", 10, "2013-12-31", None);
    let problem = manager.post(ASSIGNMENTS, &twice).await.expect_problem(409, "overlap");
    assert_eq!(faults(&problem), [("/starts_on".to_owned(), "overlap".to_owned())]);
    // Another cadre is another post, and the day after is another time.
    manager.post(ASSIGNMENTS, &post(*person, *facility, "nurse", 10, "2013-12-31", None)).await.expect_status(201);
    let later =
        manager.post(ASSIGNMENTS, &post(*person, *facility, "doctor", 10, "2014-01-01", None)).await.expect_status(201).json();
    let path = format!("{ASSIGNMENTS}/{}", id_of(&later));
    manager.patch(&path, "*", &json!({"starts_on": "2013-06-01"})).await.expect_problem(409, "overlap");
    manager.delete(&format!("{ASSIGNMENTS}/{}", id_of(&first)), "*").await.expect_status(200);
    manager.patch(&path, "\"1\"", &json!({"starts_on": "2013-06-01"})).await.expect_status(200);
}

#[tokio::test]
async fn shares_stay_within_full_time_unless_a_post_says_why_not() {
    let Place { app, manager, area, facility, person, .. } = &place().await;
    let second = id_of(&app.facility(manager, "MPT-02", *area).await);
    manager.post(ASSIGNMENTS, &post(*person, *facility, "doctor", 60, "2013-01-01", Some("2013-12-31"))).await.expect_status(201);
    let over = post(*person, second, "doctor", 41, "2013-12-31", None);
    let problem = manager.post(ASSIGNMENTS, &over).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [("/share_percent".to_owned(), "shares-over-full".to_owned())]);
    let fits =
        manager.post(ASSIGNMENTS, &post(*person, second, "doctor", 40, "2013-12-31", None)).await.expect_status(201).json();
    let path = format!("{ASSIGNMENTS}/{}", id_of(&fits));
    let problem = manager.patch(&path, "*", &json!({"share_percent": 41})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [("/share_percent".to_owned(), "shares-over-full".to_owned())]);
    let waived = json!({"share_percent": 100, "share_waiver": "Night shifts while the siege lasts."});
    manager.patch(&path, "*", &waived).await.expect_status(200);
    // The waiver cannot be taken back while it is needed.
    manager.patch(&path, "*", &json!({"share_waiver": null})).await.expect_problem(422, "validation-failed");
    manager.patch(&path, "*", &json!({"share_waiver": null, "starts_on": "2014-01-01"})).await.expect_status(200);
}

#[tokio::test]
async fn a_waiver_that_is_needed_cannot_be_carried_off() {
    let Place { app, manager, area, facility, person: one, .. } = &place().await;
    let second = id_of(&app.facility(manager, "MPT-02", *area).await);
    let two = id_of(&person(manager, "S-0002", *area).await);
    let mut waived = post(*one, *facility, "nurse", 10, "2013-01-01", None);
    waived["share_waiver"] = json!("Night shifts while the siege lasts.");
    let waived = manager.post(ASSIGNMENTS, &waived).await.expect_status(201).json();
    for place in [*facility, second] {
        manager.post(ASSIGNMENTS, &post(*one, place, "doctor", 60, "2013-01-01", None)).await.expect_status(201);
    }
    let path = format!("{ASSIGNMENTS}/{}", id_of(&waived));
    let bare = json!({"share_waiver": null});
    // From July on the two posts would stand without it.
    let shortened = json!({"ends_on": "2013-06-30"});
    for patch in [bare, shortened, json!({"staff_id": two})] {
        let problem = manager.patch(&path, "*", &patch).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), [("/share_percent".to_owned(), "shares-over-full".to_owned())]);
    }
    manager.delete(&path, "*").await.expect_problem(422, "validation-failed");
    assert_eq!(manager.all(&format!("{ASSIGNMENTS}?staff_id={one}")).await.len(), 3);
}

#[tokio::test]
async fn posts_are_found_by_person_place_cadre_contract_and_day() {
    let Place { app, manager, area, facility, person: one, .. } = &place().await;
    let second = id_of(&app.facility(manager, "MPT-02", *area).await);
    let two = id_of(&person(manager, "S-0002", *area).await);
    let (organization, contract) = (Uuid::now_v7(), Uuid::now_v7());
    let owner = app.database.owner().await;
    owner.batch_execute(&format!("INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ('{organization}', 'NORWAC', 'NORWAC', '{{partner}}', '00000000-0000-7000-8000-000000000001');
        INSERT INTO contracts (id, code, name, organization_id, starts_on, ends_on, recorded_by) VALUES ('{contract}', 'C-01', 'A contract', '{organization}', '2014-01-01', '2014-12-31', '00000000-0000-7000-8000-000000000001')")).await.expect("a contract");
    let mut paid = post(two, second, "nurse", 100, "2014-05-01", Some("2014-12-31"));
    paid["contract_id"] = json!(contract);
    paid["role"] = json!("ward sister");
    for body in [
        post(*one, *facility, "doctor", 50, "2013-01-01", Some("2013-12-31")),
        post(*one, second, "administrative", 50, "2013-07-01", None),
        paid,
    ] {
        manager.post(ASSIGNMENTS, &body).await.expect_status(201);
    }
    let find = async |query: String| -> Vec<String> {
        manager
            .all(&format!("{ASSIGNMENTS}?{query}"))
            .await
            .iter()
            .map(|one| one["starts_on"].as_str().unwrap().to_owned())
            .collect()
    };
    let (first, other, third) = ("2013-01-01", "2013-07-01", "2014-05-01");
    assert_eq!(find(format!("staff_id={one}&limit=1")).await, [first, other]);
    assert_eq!(find(format!("facility_id={second}&sort=-starts_on")).await, [third, other]);
    assert_eq!(find(format!("contract_id={contract}")).await, [third]);
    assert_eq!(find("cadre=administrative".into()).await, [other]);
    assert_eq!(find("on=2013-12-31".into()).await, [first, other]);
    assert_eq!(find("on=2014-01-01".into()).await, [other]);
    assert_eq!(find("q=SISTER".into()).await, [third]);
    assert_eq!(find("sort=-recorded_at".into()).await, [third, other, first]);
    assert_eq!(find("retired=true".into()).await, [""; 0]);
    let csv = manager.get(&format!("{ASSIGNMENTS}?format=csv")).await.expect_status(200).text();
    assert!(csv.starts_with("\u{feff}id,staff_id,facility_id,cadre,role,share_percent,"), "{csv}");
}

#[tokio::test]
async fn a_coordinator_gives_posts_only_to_people_and_at_places_they_see() {
    let Place { app, manager, facility: here, person: local, area, .. } = &place().await;
    let west = app.area("WEST", None).await;
    let there = id_of(&app.facility(manager, "MPT-02", west).await);
    let stranger = id_of(&person(manager, "S-0002", west).await);
    let coordinator = app.coordinator(&[*area]).await;
    let refused =
        async |body: Value| faults(&coordinator.post(ASSIGNMENTS, &body).await.expect_problem(422, "validation-failed"));
    let unknown = |pointer: &str| vec![(pointer.to_owned(), "unknown-reference".to_owned())];
    assert_eq!(refused(post(*local, there, "doctor", 50, "2013-01-01", None)).await, unknown("/facility_id"));
    assert_eq!(refused(post(stranger, *here, "doctor", 50, "2013-01-01", None)).await, unknown("/staff_id"));
    let held =
        coordinator.post(ASSIGNMENTS, &post(*local, *here, "doctor", 50, "2013-01-01", None)).await.expect_status(201).json();
    let elsewhere =
        manager.post(ASSIGNMENTS, &post(*local, there, "doctor", 50, "2013-01-01", None)).await.expect_status(201).json();
    let path = format!("{ASSIGNMENTS}/{}", id_of(&held));
    let moved = coordinator.patch(&path, "*", &json!({"facility_id": there})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&moved), unknown("/facility_id"));

    let clerk = app.clerk(*here).await;
    for reader in [&coordinator, &clerk] {
        let seen = reader.all(&format!("{ASSIGNMENTS}?staff_id={local}")).await;
        assert_eq!(seen.iter().map(id_of).collect::<Vec<_>>(), [id_of(&held)]);
        let hidden = reader.get(&format!("{ASSIGNMENTS}/{}", id_of(&elsewhere))).await.expect_problem(404, "not-found");
        let missing = reader.get(&format!("{ASSIGNMENTS}/{}", Uuid::now_v7())).await.expect_problem(404, "not-found");
        assert_eq!(hidden["detail"], missing["detail"]);
    }
    coordinator.delete(&format!("{ASSIGNMENTS}/{}", id_of(&elsewhere)), "*").await.expect_problem(404, "not-found");
    clerk.post(ASSIGNMENTS, &post(*local, *here, "nurse", 10, "2013-01-01", None)).await.expect_problem(403, "forbidden");
    // A person's history does not tell of posts beyond the reader's scope.
    let history = coordinator.get(&format!("/api/v1/staff/{local}/history")).await.expect_status(200).text();
    assert!(!history.contains(&there.to_string()));
}

#[tokio::test]
async fn of_twenty_posts_of_sixty_percent_given_at_once_one_is_held() {
    let Place { app, manager, area, person, .. } = &place().await;
    let mut facilities = Vec::new();
    for number in 10..30 {
        facilities.push(id_of(&app.facility(manager, &format!("MPT-{number}"), *area).await));
    }
    let at_once = join_all(facilities.iter().map(async |facility| {
        manager.post(ASSIGNMENTS, &post(*person, *facility, "doctor", 60, "2013-01-01", None)).await.status.as_u16()
    }));
    let mut statuses = at_once.await;
    statuses.sort_unstable();
    assert_eq!(statuses, [&[201][..], &[422; 19]].concat());
    assert_eq!(manager.all(ASSIGNMENTS).await.len(), 1);
}

#[tokio::test]
async fn one_post_given_eight_times_at_once_is_held_once() {
    let Place { manager, person, facility, .. } = &place().await;
    let body = post(*person, *facility, "doctor", 10, "2013-01-01", None);
    let mut statuses = join_all((0..8).map(async |_| manager.post(ASSIGNMENTS, &body).await.status.as_u16())).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [&[201][..], &[409; 7]].concat());
}

/// A post as chance gives it: (person, facility, cadre, share, first day, length in days or open, waived).
type Chance = (usize, usize, usize, i32, u64, Option<u64>, bool);

fn chances() -> impl Strategy<Value = Vec<Chance>> {
    let waived = prop::bool::weighted(0.3);
    let one = (0..2_usize, 0..3_usize, 0..2_usize, 30..=90_i32, 0..8_u64, prop::option::weighted(0.85, 0..12_u64), waived);
    prop::collection::vec(one, 4..16)
}

fn day(number: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2013, 1, 1).unwrap() + Days::new(number)
}

/// Counts every day by itself, from nothing but the records that were answered.
fn recount(posts: &[&Value]) -> Result<(), String> {
    for number in 0..32 {
        let today = day(number).to_string();
        let (mut shares, mut waived, mut held) = (HashMap::<&str, i64>::new(), HashMap::<&str, bool>::new(), HashMap::new());
        for post in posts {
            let begun = post["starts_on"].as_str().unwrap() <= today.as_str();
            let over = post["ends_on"].as_str().is_some_and(|end| end < today.as_str());
            if !begun || over {
                continue;
            }
            let person = post["staff_id"].as_str().unwrap();
            *shares.entry(person).or_default() += post["share_percent"].as_i64().unwrap();
            *waived.entry(person).or_default() |= post["share_waiver"].is_string();
            *held.entry((person, post["facility_id"].to_string(), post["cadre"].to_string())).or_insert(0) += 1;
        }
        if let Some(person) = shares.iter().find(|(person, share)| **share > 100 && !waived[*person]) {
            return Err(format!("{today}: {person:?} works over full time"));
        }
        if let Some(post) = held.iter().find(|(_, times)| **times > 1) {
            return Err(format!("{today}: {post:?} is held twice"));
        }
    }
    Ok(())
}

#[test]
fn no_set_of_posts_ever_holds_one_twice_or_a_person_over_full_time() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (app, manager, facilities, area) = runtime.block_on(async {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let area = app.area("GHOUTA", None).await;
        let mut facilities = Vec::new();
        for number in 0..3 {
            facilities.push(id_of(&app.facility(&manager, &format!("MPT-{number:02}"), area).await));
        }
        (app, manager, facilities, area)
    });
    let case = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 40,
        failure_persistence: None,
        max_shrink_iters: 60,
        ..ProptestConfig::default()
    });
    let ran = runner.run(&chances(), |chances| {
        case.set(case.get() + 1);
        runtime.block_on(async {
            let people = [
                id_of(&person(&manager, &format!("S-{}-0", case.get()), area).await),
                id_of(&person(&manager, &format!("S-{}-1", case.get()), area).await),
            ];
            let mut held: Vec<Value> = Vec::new();
            for (who, place, cadre, share, from, length, waived) in chances {
                let end = length.map(|length| day(from + length).to_string());
                let mut body = post(
                    people[who],
                    facilities[place],
                    ["doctor", "nurse"][cadre],
                    share,
                    &day(from).to_string(),
                    end.as_deref(),
                );
                if waived {
                    body["share_waiver"] = json!("As chance would have it.");
                }
                let answer = manager.post(ASSIGNMENTS, &body).await;
                let now: Vec<&Value> = held.iter().chain([&body]).collect();
                match (answer.status.as_u16(), recount(&now)) {
                    (201, Ok(())) => held.push(body),
                    (409 | 422, Err(_)) => {}
                    // Refused without need, or taken against the rule.
                    (status, count) => return Err(TestCaseError::fail(format!("{status} where the recount says {count:?}"))),
                }
            }
            let mut stored = Vec::new();
            for one in people {
                stored.extend(manager.all(&format!("{ASSIGNMENTS}?staff_id={one}")).await);
            }
            prop_assert_eq!(stored.len(), held.len());
            recount(&stored.iter().collect::<Vec<_>>()).map_err(TestCaseError::fail)
        })
    });
    // The service's tasks end with the runtime they run on.
    runtime.block_on(async move { drop(app) });
    ran.expect("the rules hold");
}

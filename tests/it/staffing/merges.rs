//! Two records of one person become one, and nothing that names either is lost.

use futures_util::future::join_all;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::{POSTS, STAFF, World, told};
use crate::support::{
    client::{Client, faults},
    id_of,
};

fn into(person: Uuid) -> Value {
    json!({"into_id": person, "reason": "The papers at both facilities are of one person."})
}

/// The same person, who does not follow where an answer leads.
fn standing_still(client: &Client) -> Client {
    let http = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
    Client { http, ..client.clone() }
}

async fn merge(world: &World, from: Uuid, survivor: Uuid) -> Value {
    world.manager.post(&format!("{STAFF}/{from}/merge"), &into(survivor)).await.expect_status(200).json()
}

async fn leads_to(world: &World, from: Uuid) -> String {
    standing_still(&world.manager).get(&format!("{STAFF}/{from}")).await.expect_status(308).header("location")
}

#[tokio::test]
async fn a_merged_record_leads_to_the_one_that_took_its_place_and_counts_no_longer() {
    let world = World::start().await;
    let (one, two) = (world.person("S-0001").await, world.person("S-0002").await);
    world.post(one, 50, ("2014-01-01", None)).await;
    let moved = world.post_at(two, world.there, 50, ("2014-01-01", None)).await;
    let left = json!({"departed_on": "2013-06-30", "reason": "displaced"});
    let left = world.manager.post(&format!("{STAFF}/{two}/departures"), &left).await;
    // They hold a post after it: first the return.
    left.expect_problem(409, "posts-after-departure");
    assert_eq!(world.report("staffing?as_of=2014-06-01").await["total"]["people"], 2);

    let survivor = world.manager.post(&format!("{STAFF}/{two}/merge"), &into(one)).await.expect_status(200);
    assert_eq!((id_of(&survivor.json()), survivor.header("etag")), (one, "\"1\"".to_owned()));
    assert_eq!(leads_to(&world, two).await, format!("{STAFF}/{one}"));
    // A reader that follows arrives.
    assert_eq!(world.manager.get(&format!("{STAFF}/{two}")).await.expect_status(200).json()["code"], "S-0001");
    let post = world.manager.get(&format!("{POSTS}/{moved}")).await.expect_status(200).json();
    assert_eq!(post["staff_id"], json!(one));
    let count = world.report("staffing?as_of=2014-06-01").await["total"].clone();
    assert_eq!(count, json!({"people": 1, "posts": 2, "full_time_equivalents": "1.00"}));
    let figures = world.report("figures?as_of=2014-06-01").await["staff"].clone();
    assert_eq!((&figures["total"], &figures["posts"]), (&json!(1), &json!(2)));
    for list in [STAFF.to_owned(), format!("{STAFF}?retired=true")] {
        assert!(world.manager.all(&list).await.iter().all(|person| person["code"] != "S-0002"), "{list}");
    }
    // Nothing new names it, nothing is done with it, and its history tells what became of it.
    let problem = world.manager.post(POSTS, &World::wanted(two, world.here, "nurse", 1, ("2015-01-01", None))).await;
    assert_eq!(faults(&problem.expect_problem(422, "validation-failed")), told("/staff_id", "retired-reference"));
    world.manager.patch(&format!("{STAFF}/{two}"), "*", &json!({"cadre": "nurse"})).await.expect_problem(410, "record-deleted");
    world.manager.delete(&format!("{STAFF}/{two}"), "*").await.expect_problem(410, "record-deleted");
    let history = world.manager.all(&format!("{STAFF}/{two}/history")).await;
    let last = history.last().unwrap();
    assert_eq!((&last["action"], &last["after"]["merged_into_id"]), (&json!("retired"), &json!(one)));
    assert_eq!(last["after"]["merge_reason"], into(one)["reason"]);
    let of_post = world.manager.all(&format!("{POSTS}/{moved}/history")).await;
    assert_eq!(of_post[1]["before"]["staff_id"], json!(two));

    // What names the old record, whichever table it stands in, is read as naming the new one.
    let owner = world.app.database.owner().await;
    let person: Uuid = owner.query_one("SELECT siraj_person($1)", &[&two]).await.expect("a person").get(0);
    assert_eq!(person, one);
    assert_eq!(owner.query_one("SELECT siraj_person($1)", &[&one]).await.expect("a person").get::<_, Uuid>(0), one);
}

#[tokio::test]
async fn a_post_that_both_records_hold_is_held_once_and_no_day_is_lost() {
    let world = World::start().await;
    let (one, two) = (world.person("S-0001").await, world.person("S-0002").await);
    world.post(one, 60, ("2014-01-01", Some("2014-03-31"))).await;
    world.post(one, 60, ("2014-06-01", Some("2014-06-30"))).await;
    let long = world.post(two, 60, ("2014-02-01", Some("2014-12-31"))).await;
    let twice = world.post(two, 40, ("2014-01-15", Some("2014-01-31"))).await;
    merge(&world, two, one).await;
    let mut days = world.days(one).await;
    days.sort();
    let pair = |from: &str, to: &str| (from.to_owned(), Some(to.to_owned()));
    assert_eq!(
        days,
        [
            pair("2014-01-01", "2014-03-31"),
            pair("2014-04-01", "2014-05-31"),
            pair("2014-06-01", "2014-06-30"),
            pair("2014-07-01", "2014-12-31")
        ]
    );
    assert_eq!(world.manager.get(&format!("{POSTS}/{long}")).await.json()["starts_on"], "2014-04-01");
    assert!(world.manager.get(&format!("{POSTS}/{twice}")).await.json()["retired_at"].is_string());
    assert_eq!(world.days(two).await, []);
}

#[tokio::test]
async fn more_than_full_time_together_asks_for_a_waiver_and_nothing_is_written_without_it() {
    let world = World::start().await;
    let (one, two) = (world.person("S-0001").await, world.person("S-0002").await);
    world.post(one, 60, ("2014-01-01", None)).await;
    let other = world.post_at(two, world.there, 60, ("2014-06-01", None)).await;
    let path = format!("{STAFF}/{two}/merge");
    let problem = world.manager.post(&path, &into(one)).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), told("/share_waiver", "shares-over-full"));
    assert_eq!(world.days(two).await.len(), 1);
    world.manager.get(&format!("{STAFF}/{two}")).await.expect_status(200);
    let mut waived = into(one);
    waived["share_waiver"] = json!("Works nights at the second point.");
    let key = [("idempotency-key", "merge-1")];
    let first = world.manager.post_with(&path, &key, &waived).await.expect_status(200).json();
    assert_eq!(world.manager.post_with(&path, &key, &waived).await.expect_status(200).json(), first);
    world.manager.post(&path, &waived).await.expect_problem(410, "record-deleted");
    assert_eq!(world.manager.get(&format!("{POSTS}/{other}")).await.json()["share_waiver"], waived["share_waiver"]);
}

#[tokio::test]
async fn chains_lead_to_the_last_record_at_once_and_circles_are_refused() {
    let world = World::start().await;
    let mut people = Vec::new();
    for number in 1..=5 {
        people.push(world.person(&format!("S-{number:04}")).await);
    }
    let [a, b, c, d, retired] = people[..] else { panic!("five") };
    let refused = async |from: Uuid, to: Uuid| {
        let answer = world.manager.post(&format!("{STAFF}/{from}/merge"), &into(to)).await;
        faults(&answer.expect_problem(422, "validation-failed"))
    };
    assert_eq!(refused(a, a).await, told("/into_id", "merged-into-itself"));
    merge(&world, a, b).await;
    assert_eq!(refused(b, a).await, told("/into_id", "merge-circle"));
    assert_eq!(refused(c, a).await, told("/into_id", "merged-reference"));
    merge(&world, b, c).await;
    merge(&world, c, d).await;
    for from in [a, b, c] {
        assert_eq!(leads_to(&world, from).await, format!("{STAFF}/{d}"));
        assert_eq!(refused(d, from).await, told("/into_id", "merge-circle"));
    }
    world.manager.delete(&format!("{STAFF}/{retired}"), "*").await.expect_status(200);
    assert_eq!(refused(d, retired).await, told("/into_id", "retired-reference"));
    assert_eq!(refused(d, Uuid::now_v7()).await, told("/into_id", "unknown-reference"));
    world.manager.post(&format!("{STAFF}/{retired}/merge"), &into(d)).await.expect_problem(410, "record-deleted");
    world.manager.post(&format!("{STAFF}/{a}/merge"), &into(d)).await.expect_problem(410, "record-deleted");
    let missing = json!({"reason": "short"});
    let problem = world.manager.post(&format!("{STAFF}/{d}/merge"), &missing).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [told("/into_id", "required"), told("/reason", "too-short")].concat());
    // The last of them can be retired, and is still where the others lead.
    world.manager.delete(&format!("{STAFF}/{d}"), "*").await.expect_status(200);
    assert_eq!(leads_to(&world, a).await, format!("{STAFF}/{d}"));

    // The database holds the same, whoever writes.
    let owner = world.app.database.owner().await;
    let (free, busy) = (world.person("S-0006").await, world.person("S-0007").await);
    world.post(busy, 100, ("2014-01-01", None)).await;
    let write = async |from: Uuid, to: Uuid| {
        let text =
            "UPDATE staff SET merged_into_id = $2, merge_reason = 'Written past the service.', retired_at = now() WHERE id = $1";
        let error = owner.execute(text, &[&from, &to]).await.expect_err("refused");
        error.as_db_error().and_then(|error| error.constraint()).unwrap_or_default().to_owned()
    };
    assert_eq!(write(free, a).await, "staff_merged_chain_check");
    assert_eq!(write(free, d).await, "staff_merged_into_id_retired");
    assert_eq!(write(busy, free).await, "staff_merged_posts_check");
    assert_eq!(write(d, free).await, "staff_merged_chain_check");
    let bare = owner
        .execute("UPDATE staff SET merged_into_id = $2, merge_reason = 'Not retired at all.' WHERE id = $1", &[&free, &busy])
        .await;
    assert_eq!(bare.expect_err("refused").as_db_error().and_then(|error| error.constraint()), Some("staff_merged_retired_check"));
}

#[tokio::test]
async fn departures_move_too_and_one_told_twice_is_told_once() {
    let world = World::start().await;
    let (one, two) = (world.person("S-0001").await, world.person("S-0002").await);
    let leave = async |person: Uuid, day: &str| {
        let body = json!({"departed_on": day, "reason": "displaced"});
        id_of(&world.manager.post(&format!("{STAFF}/{person}/departures"), &body).await.expect_status(201).json())
    };
    let back = async |person: Uuid, departure: Uuid, day: &str| {
        let act = format!("{STAFF}/{person}/departures/{departure}/return");
        world.manager.post(&act, &json!({"returned_on": day})).await.expect_status(200);
    };
    world.post(two, 100, ("2013-01-01", None)).await;
    let gone = leave(two, "2013-06-30").await;
    // The same person at work elsewhere while the other record says that they are away: first somebody says when they came back.
    world.post(one, 100, ("2014-01-01", None)).await;
    let path = format!("{STAFF}/{two}/merge");
    let problem = world.manager.post(&path, &into(one)).await.expect_problem(409, "posts-after-departure");
    assert_eq!(faults(&problem), told("/departed_on", "posts-after-departure"));
    back(two, gone, "2014-01-01").await;
    let late = leave(one, "2015-03-31").await;
    let also = leave(two, "2015-04-15").await;
    merge(&world, two, one).await;
    let kept = world.manager.all(&format!("{STAFF}/{one}/departures")).await;
    assert_eq!(kept.iter().map(id_of).collect::<Vec<_>>(), [gone, late]);
    let owner = world.app.database.owner().await;
    let retired: bool = owner
        .query_one("SELECT retired_at IS NOT NULL FROM staff_departures WHERE id = $1", &[&also])
        .await
        .expect("there")
        .get(0);
    assert!(retired);
}

#[tokio::test]
async fn two_absences_that_contradict_each_other_are_not_merged_away() {
    let world = World::start().await;
    let (one, two) = (world.person("S-0001").await, world.person("S-0002").await);
    let leave = async |person: Uuid, day: &str, reason: &str| {
        let body = json!({"departed_on": day, "reason": reason});
        id_of(&world.manager.post(&format!("{STAFF}/{person}/departures"), &body).await.expect_status(201).json())
    };
    let away = leave(one, "2015-03-31", "displaced").await;
    let dead = leave(two, "2015-06-01", "killed").await;
    let refused = world.manager.post(&format!("{STAFF}/{two}/merge"), &into(one)).await;
    assert_eq!(faults(&refused.json()), told("/into_id", "overlap"), "{}", refused.text());
    for (person, departure) in [(one, away), (two, dead)] {
        let there = world.manager.all(&format!("{STAFF}/{person}/departures")).await;
        assert_eq!(there.iter().map(id_of).collect::<Vec<_>>(), [departure], "nothing was written");
    }
}

#[tokio::test]
async fn whoever_employs_both_merges_and_whoever_sees_the_person_may_follow() {
    let world = World::start().await;
    let (one, two) = (world.person("S-0001").await, world.person("S-0002").await);
    let beyond = world.person_of("S-0003", &json!({"area_id": world.west})).await;
    let guest = world.person_of("S-0004", &json!({"area_id": world.west})).await;
    world.post(guest, 10, ("2014-01-01", None)).await;
    let path = |person: Uuid| format!("{STAFF}/{person}/merge");
    let coordinator = &world.coordinator;
    let problem = coordinator.post(&path(one), &into(beyond)).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), told("/into_id", "unknown-reference"));
    coordinator.post(&path(beyond), &into(one)).await.expect_problem(404, "not-found");
    coordinator.post(&path(one), &into(guest)).await.expect_problem(403, "forbidden");
    coordinator.post(&path(guest), &into(one)).await.expect_problem(403, "forbidden");
    for role in [Role::Admin, Role::Auditor] {
        world.app.user(role).await.post(&path(one), &into(two)).await.expect_problem(403, "forbidden");
    }
    coordinator.post(&path(two), &into(one)).await.expect_status(200);
    // A record that lay in the west leads on for whoever sees the one that took its place, and for nobody else.
    merge(&world, beyond, one).await;
    standing_still(coordinator).get(&format!("{STAFF}/{beyond}")).await.expect_status(308);
    world.post(one, 10, ("2014-01-01", None)).await;
    standing_still(&world.app.clerk(world.here).await).get(&format!("{STAFF}/{two}")).await.expect_status(308);
    let beside = world.app.coordinator(&[world.west]).await;
    standing_still(&beside).get(&format!("{STAFF}/{beyond}")).await.expect_problem(404, "not-found");
    standing_still(&world.app.clerk(world.there).await).get(&format!("{STAFF}/{two}")).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn merges_at_once_leave_one_record_to_which_all_others_lead() {
    let world = World::start().await;
    for round in 0..4 {
        let mut people = Vec::new();
        for number in 0..4 {
            people.push(world.person(&format!("S-{round}-{number}")).await);
        }
        let mut wanted = Vec::new();
        for from in 0..4 {
            for to in (0..4).filter(|to| *to != from) {
                wanted.push((people[from], people[to]));
            }
        }
        let merges = wanted.iter().map(|(from, to)| {
            let manager = world.manager.clone();
            async move {
                loop {
                    let answer = manager.post(&format!("{STAFF}/{from}/merge"), &into(*to)).await;
                    // Whoever is told to come again comes again.
                    if answer.status != 503 {
                        return answer.status.as_u16();
                    }
                }
            }
        });
        let answers = join_all(merges).await;
        assert!(answers.iter().all(|status| [200, 410, 422].contains(status)), "{answers:?}");
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 3, "{answers:?}");
        let owner = world.app.database.owner().await;
        let rows =
            owner.query("SELECT DISTINCT siraj_person(id) FROM staff WHERE id = ANY ($1)", &[&people]).await.expect("people");
        assert_eq!(rows.len(), 1);
    }
}

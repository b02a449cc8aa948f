//! Stories of grants and keys: two persons give, one takes back, and what is over is over at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::{World, in_days};
use crate::support::client::{Client, faults};

#[tokio::test]
async fn a_grant_takes_two_persons_and_keeps_its_terms() {
    let world = World::start().await;
    let grant = world.draft(&["facilities"], json!({})).await;
    let path = format!("/api/v1/share-grants/{grant}");
    let activation = format!("{path}/activation");
    world
        .manager
        .post_with(&activation, &[("if-match", "\"1\"")], &json!({}))
        .await
        .expect_problem(409, "second-person-required");
    // Whoever writes the terms last cannot be the one who agrees to them.
    let edit = json!({"purpose": "Another report, to another donor."});
    let edited = world.second.patch(&path, "*", &edit).await.expect_status(200).json();
    assert_eq!(edited["drafted_by"], json!(world.second.user_id));
    world.second.post_with(&activation, &[("if-match", "\"2\"")], &json!({})).await.expect_problem(409, "second-person-required");
    // `*` agrees to what nobody has read.
    world.manager.post_with(&activation, &[("if-match", "*")], &json!({})).await.expect_problem(428, "precondition-required");
    world.manager.post(&activation, &json!({})).await.expect_problem(428, "precondition-required");
    world.manager.post_with(&activation, &[("if-match", "\"1\"")], &json!({})).await.expect_problem(412, "stale-revision");
    let active = world.manager.post_with(&activation, &[("if-match", "\"2\"")], &json!({})).await.expect_status(200).json();
    assert_eq!((active["status"].clone(), active["activated_by"].clone()), (json!("active"), json!(world.manager.user_id)));

    for refused in [
        world.manager.patch(&path, "*", &json!({"precision": "top_area"})).await,
        world.manager.delete(&path, "*").await,
        world.second.post_with(&activation, &[("if-match", "*")], &json!({})).await,
    ] {
        refused.expect_problem(409, "wrong-state");
    }
    let short =
        world.manager.post(&format!("{path}/end"), &json!({"reason": "over"})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&short), [("/reason".to_owned(), "too-short".to_owned())]);
    let ended = world.close(grant, "end").await.expect_status(200).json();
    assert_eq!((ended["status"].clone(), ended["closed_by"].clone()), (json!("ended"), json!(world.manager.user_id)));
    world.close(grant, "revocation").await.expect_problem(409, "wrong-state");

    let history = world.manager.all(&format!("{path}/history")).await;
    assert_eq!(history.len(), 4, "{history:?}");
    assert!(!json!(history).to_string().contains("salt"), "the history gives the ids away");
    let listed = world.manager.all("/api/v1/share-grants?status=ended&q=another%20DONOR").await;
    assert_eq!(listed.len(), 1);

    let draft = world.draft(&["facilities"], json!({})).await;
    world.close(draft, "revocation").await.expect_problem(409, "wrong-state");
    world.manager.delete(&format!("/api/v1/share-grants/{draft}"), "*").await.expect_status(200);
    world.activate(draft).await.expect_problem(410, "record-deleted");
    world.app.user(Role::Admin).await.get(&path).await.expect_status(200);
    for closed in [world.app.partner(world.partner).await, world.app.coordinator(&[world.east]).await] {
        closed.get(&path).await.expect_problem(403, "forbidden");
        closed.post("/api/v1/share-grants", &world.terms(&["facilities"], json!({}))).await.expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn terms_that_would_give_too_much_are_refused() {
    let world = World::start().await;
    let facility = world.facility("HOS-01", &["hospital"]).await;
    let (other, elsewhere) = (world.organization("NORWAC").await, world.app.facility(&world.manager, "MPT-09", world.east).await);
    for (fields, more, pointer, code) in [
        (&["facilities"][..], json!({"organization_id": other}), "/contract_id", "unknown-reference"),
        (&["facilities"], json!({"contract_id": Uuid::now_v7()}), "/contract_id", "unknown-reference"),
        (&["facilities"], json!({"facility_ids": [elsewhere["id"]]}), "/facility_ids", "unknown-reference"),
        (&["facilities"], json!({"facility_ids": [facility, facility]}), "/facility_ids/1", "repeated"),
        (&["facilities", "staff_counts"], json!({"facility_ids": [facility]}), "/facility_ids", "whole-contract-only"),
        (&["facility_names", "staff_counts"], json!({}), "/fields", "required"),
        (&["functionality"], json!({}), "/fields", "required"),
        (&[], json!({}), "/fields", "required"),
        (&["facilities"], json!({"smallest_cell": 4}), "/smallest_cell", "out-of-range"),
        (&["facilities"], json!({"precision": "coordinates"}), "/precision", "unknown-value"),
        (&["facilities"], json!({"purpose": "report"}), "/purpose", "too-short"),
        (&["facilities"], json!({"ends_on": "2015-01-01"}), "/ends_on", "date-order"),
        (&["facilities"], json!({"ends_on": null}), "/ends_on", "required"),
        (&["facilities"], json!({"starts_on": "2015-01-01", "ends_on": "2015-06-30"}), "/ends_on", "date-in-past"),
    ] {
        let refused = world.manager.post("/api/v1/share-grants", &world.terms(fields, more.clone())).await;
        assert_eq!(faults(&refused.expect_problem(422, "validation-failed")), [(pointer.to_owned(), code.to_owned())], "{more}");
    }
    // A draft that nobody agreed to in time is over.
    let late = world.draft(&["facilities"], json!({})).await;
    let past = "UPDATE share_grants SET starts_on = '2015-01-01', ends_on = current_date - 1 WHERE id = $1";
    world.sql.execute(past, &[&late]).await.expect("a past");
    let refused = world.activate(late).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/ends_on".to_owned(), "date-in-past".to_owned())]);
    // The contract stays that of the partner whom the grant names.
    world.grant(&["facilities"], json!({"facility_ids": [facility]})).await;
    world
        .manager
        .patch(&format!("/api/v1/contracts/{}", world.contract), "*", &json!({"organization_id": other}))
        .await
        .expect_problem(422, "validation-failed");
}

#[tokio::test]
async fn what_one_hides_the_other_does_not_narrow_down() {
    let world = World::start().await;
    let first = world.grant(&["staff_counts"], json!({"smallest_cell": 10})).await;
    // What was read once stays read: an ended grant counts too.
    world.close(first, "end").await.expect_status(200);
    let finer = world.draft(&["staff_counts"], json!({"smallest_cell": 5})).await;
    let refused = world.activate(finer).await.expect_problem(409, "cells-differ");
    assert_eq!(faults(&refused), [("/smallest_cell".to_owned(), "cells-differ".to_owned())]);
    world.grant(&["staff_counts"], json!({"smallest_cell": 10})).await;
    world.grant(&["facilities"], json!({"smallest_cell": 5})).await;
    // Two activations at once: the second sees the first.
    let other = World::start().await;
    let (five, ten) =
        (other.draft(&["staff_counts"], json!({})).await, other.draft(&["staff_counts"], json!({"smallest_cell": 10})).await);
    let holdup = crate::support::database::Holdup::of(&other.app.database, "share_grants").await;
    let (one, two, ()) = tokio::join!(other.activate(five), other.activate(ten), holdup.release(2));
    let mut answers = [one.status.as_u16(), two.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [200, 409]);
}

#[tokio::test]
async fn open_grants_of_a_contract_tell_places_and_names_alike() {
    let world = World::start().await;
    let first = world.grant(&["facilities"], json!({"precision": "top_area"})).await;
    for (fields, more) in [
        (&["facilities"][..], json!({"precision": "area"})),
        (&["facilities"], json!({"precision": "governorate"})),
        (&["facilities", "facility_names"], json!({"precision": "top_area"})),
    ] {
        let other = world.draft(fields, more).await;
        let refused = world.activate(other).await.expect_problem(409, "grants-differ");
        assert_eq!(faults(&refused).into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>(), ["/fields", "/precision"]);
    }
    // What says nothing of places may be told as precisely as it likes, and so may whatever is alike.
    world.grant(&["staff_counts"], json!({"precision": "area"})).await;
    world.grant(&["facilities", "functionality"], json!({"precision": "top_area"})).await;
    let other = world.contract("IRC-2", world.partner).await;
    world.grant(&["facilities", "facility_names"], json!({"contract_id": other})).await;
    // What is over is held against nobody.
    world.close(first, "end").await.expect_status(200);
    let second = world.manager.all("/api/v1/share-grants?status=active").await;
    for grant in second.iter().filter(|grant| grant["precision"] == "top_area") {
        world.close(crate::support::id_of(grant), "end").await.expect_status(200);
    }
    world.grant(&["facilities", "facility_names"], json!({"precision": "governorate"})).await;
}

#[tokio::test]
async fn the_database_itself_holds_what_a_grant_is() {
    let world = World::start().await;
    let grant = world.grant(&["facilities"], json!({})).await;
    let service = world.app.database.service().await;
    for (change, constraint) in [
        ("fields = '{facilities,staff_counts}'", "share_grants_step_check"),
        ("status = 'draft', activated_by = NULL, activated_at = NULL", "share_grants_step_check"),
        ("ends_on = '2099-01-01'", "share_grants_step_check"),
        ("retired_at = now()", "share_grants_step_check"),
        ("salt = sha256('x')", "share_grants_step_check"),
        ("status = 'ended'", "share_grants_closed_check"),
    ] {
        let refused =
            service.execute(&format!("UPDATE share_grants SET {change} WHERE id = $1"), &[&grant]).await.expect_err(change);
        assert_eq!(refused.as_db_error().and_then(|error| error.constraint()), Some(constraint), "{change}");
    }
    let (key, _) = world.machine(grant).await;
    let id: Uuid = key["id"].as_str().unwrap().parse().unwrap();
    let longer =
        service.execute("UPDATE share_keys SET expires_on = '2099-01-01' WHERE id = $1", &[&id]).await.expect_err("longer");
    assert_eq!(longer.as_db_error().and_then(|error| error.constraint()), Some("share_keys_step_check"));
    for table in ["share_reads", "share_releases"] {
        for client in [&service, &world.sql] {
            let statement = format!("DELETE FROM {table}");
            let denied = client.batch_execute(&format!("INSERT INTO share_reads (grant_id, key_id, operation, rows) VALUES ('{grant}', '{id}', 'changes', 0); \
                INSERT INTO share_releases (contract_id, as_of, smallest_cell, figures) VALUES ('{}', '2015-01-31', 5, '{{}}') ON CONFLICT DO NOTHING; {statement}", world.contract)).await;
            assert_eq!(
                denied.expect_err(&statement).code().map(tokio_postgres::error::SqlState::code),
                Some("42501"),
                "{statement}"
            );
        }
    }
    service
        .batch_execute("INSERT INTO share_items VALUES (gen_random_uuid(), 'facilities', gen_random_uuid(), 1)")
        .await
        .expect_err("an item of its own");
}

#[tokio::test]
async fn a_key_is_shown_once_and_lives_within_its_grant() {
    let world = World::start().await;
    let draft = world.draft(&["facilities"], json!({})).await;
    let keys = |grant: Uuid| format!("/api/v1/share-grants/{grant}/keys");
    let body = json!({"name": "Reporting server", "expires_on": in_days(30)});
    world.manager.post(&keys(draft), &body).await.expect_problem(409, "wrong-state");
    world.activate(draft).await.expect_status(200);
    for (late, code) in [("2015-01-01".to_owned(), "date-in-past"), (in_days(61), "beyond-grant")] {
        let refused = world.manager.post(&keys(draft), &json!({"name": "x", "expires_on": late})).await;
        assert_eq!(faults(&refused.expect_problem(422, "validation-failed")), [("/expires_on".to_owned(), code.to_owned())]);
    }
    world.manager.post(&keys(Uuid::now_v7()), &body).await.expect_problem(404, "not-found");
    let (key, machine) = world.machine(draft).await;
    let secret = key["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 46);
    assert_eq!(key["prefix"], secret[..11]);
    machine.get("/api/v1/shared/facilities").await.expect_status(200);
    let listed = world.manager.all(&keys(draft)).await;
    assert_eq!((listed.len(), listed[0].get("secret"), listed[0]["last_used_on"].clone()), (1, None, json!(in_days(0))));
    assert_eq!((&key["alive"], &listed[0]["alive"]), (&json!(true), &json!(true)));
    // It stands nowhere: neither it nor its digest.
    let dump: String = world
        .sql
        .query_one("SELECT string_agg(to_jsonb(a)::text, ' ') || (SELECT string_agg(to_jsonb(k)::text, ' ') FROM share_keys k) FROM audit_log a", &[])
        .await
        .expect("all lines")
        .get(0);
    assert!(!dump.contains(&secret[3..]));
    let history = json!(world.manager.all(&format!("/api/v1/share-grants/{draft}/history")).await).to_string();
    assert!(history.contains("share_keys") && !history.contains("hash"));

    let almost = |text: String| Client::new(&world.app.url, Some(text));
    let upper = secret.to_uppercase().replacen("SK_", "sk_", 1);
    for wrong in [format!("sk_{}", "A".repeat(43)), secret[..45].to_owned(), format!("{secret}A"), "sk_".to_owned(), upper] {
        almost(wrong).get("/api/v1/shared/grants").await.expect_problem(401, "invalid-token");
    }
}

#[tokio::test]
async fn a_key_asks_so_often_and_no_oftener() {
    let world = World::start().await;
    let grant = world.grant(&["facilities"], json!({})).await;
    let ((_, machine), (_, other)) = (world.machine(grant).await, world.machine(grant).await);
    let mut refused = 0;
    for _ in 0..140 {
        let answer = machine.get("/api/v1/shared/grants").await;
        if answer.status.as_u16() == 429 {
            refused += 1;
            assert!(!answer.header("retry-after").is_empty());
        }
    }
    assert!((1..=20).contains(&refused), "{refused}");
    other.get("/api/v1/shared/grants").await.expect_status(200);
}

/// What ends a key, each in a world of its own.
#[tokio::test]
async fn what_is_over_is_over_at_once_on_every_node() {
    for end in ["key", "end", "revocation", "contract", "day"] {
        let world = World::start().await;
        let grant = world.grant(&["facilities"], json!({})).await;
        let (key, machine) = world.machine(grant).await;
        let far = machine.at(&world.app.second_node());
        let partner = world.app.partner(world.partner).await;
        for reader in [&machine, &far] {
            reader.get("/api/v1/shared/facilities").await.expect_status(200);
        }
        match end {
            "key" => {
                let path = format!("/api/v1/share-grants/{grant}/keys/{}", key["id"].as_str().unwrap());
                world.manager.delete(&path, "\"7\"").await.expect_problem(412, "stale-revision");
                let revoked = world.manager.delete(&path, "\"1\"").await.expect_status(200).json();
                assert!(revoked["revoked_at"].is_string());
                world.manager.delete(&path, "*").await.expect_problem(410, "record-deleted");
                assert_eq!(world.manager.all(&format!("/api/v1/share-grants/{grant}/keys?revoked=true")).await.len(), 1);
            }
            "contract" => {
                drop(world.manager.delete(&format!("/api/v1/contracts/{}", world.contract), "*").await.expect_status(200));
            }
            "day" => {
                let statement = "SET session_replication_role = replica; UPDATE share_grants SET starts_on = '2015-01-01', ends_on = current_date - 1";
                world.sql.batch_execute(statement).await.expect("yesterday");
            }
            act => drop(world.close(grant, act).await.expect_status(200)),
        }
        for reader in [&machine, &far] {
            reader.get("/api/v1/shared/facilities").await.expect_problem(401, "invalid-token");
        }
        let keys = world.manager.all(&format!("/api/v1/share-grants/{grant}/keys?revoked={}", end == "key")).await;
        assert_eq!((keys.len(), keys[0]["alive"].clone()), (1, json!(false)), "{end}");
        let left = partner.all("/api/v1/shared/grants").await;
        assert_eq!(left.len(), usize::from(end == "key"), "{end}");
    }
}

#[tokio::test]
async fn no_reading_that_begins_after_a_revocation_succeeds() {
    let world = World::start().await;
    world.facility("HOS-01", &["hospital"]).await;
    let grant = world.grant(&["facilities"], json!({})).await;
    let far = world.app.second_node();
    let (over, readings) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut machines = Vec::new();
    for number in 0..4 {
        let (_, machine) = world.machine(grant).await;
        machines.push(if number % 2 == 0 { machine } else { machine.at(&far) });
    }
    let read = async |machine: &Client| {
        let mut late = 0;
        loop {
            let begun_after = over.load(Ordering::SeqCst);
            let answer = machine.get("/api/v1/shared/facilities").await;
            match answer.status.as_u16() {
                200 if begun_after => late += 1,
                200 => {
                    readings.fetch_add(1, Ordering::SeqCst);
                }
                401 => return late,
                // Whoever waits too long is told to wait.
                429 => tokio::task::yield_now().await,
                other => panic!("{other}: {}", answer.text()),
            }
        }
    };
    let revoke = async {
        while readings.load(Ordering::SeqCst) < 40 {
            tokio::task::yield_now().await;
        }
        world.close(grant, "revocation").await.expect_status(200);
        over.store(true, Ordering::SeqCst);
    };
    let (a, b, c, d, ()) = tokio::join!(read(&machines[0]), read(&machines[1]), read(&machines[2]), read(&machines[3]), revoke);
    assert_eq!(a + b + c + d, 0);
}

#[tokio::test]
async fn both_sides_see_who_read_what() {
    let world = World::start().await;
    world.facility("HOS-01", &["hospital"]).await;
    world.facility("HOS-02", &["hospital"]).await;
    let grant = world.grant(&["facilities", "staff_counts"], json!({})).await;
    let (key, machine) = world.machine(grant).await;
    let partner = world.app.partner(world.partner).await;
    machine.get("/api/v1/shared/facilities").await.expect_status(200);
    machine.get("/api/v1/shared/figures").await.expect_status(200);
    machine.get("/api/v1/shared/changes").await.expect_status(200);
    partner.get("/api/v1/shared/facilities?format=csv").await.expect_status(200);
    machine.get("/api/v1/shared/shipments").await.expect_problem(403, "not-granted");
    let path = format!("/api/v1/share-grants/{grant}/reads");
    let told = |reads: &[Value]| -> Vec<(Value, Value, bool)> {
        reads.iter().map(|one| (one["operation"].clone(), one["rows"].clone(), one["key_id"].is_string())).collect()
    };
    let expected = [("facilities", 2, true), ("figures", 1, true), ("changes", 2, true), ("facilities", 2, false)]
        .map(|(operation, rows, by_key)| (json!(operation), json!(rows), by_key));
    for reader in [&world.manager, &partner, &world.app.user(Role::Auditor).await] {
        assert_eq!(told(&reader.all(&path).await), expected);
    }
    assert_eq!(world.manager.all(&format!("{path}?key_id={}", key["id"].as_str().unwrap())).await.len(), 3);
    assert_eq!(world.manager.all(&format!("{path}?user_id={}", partner.user_id.unwrap())).await.len(), 1);
    let stranger = world.app.partner(world.organization("NORWAC").await).await;
    let hidden = stranger.get(&path).await.expect_problem(404, "not-found");
    let missing = stranger.get(&format!("/api/v1/share-grants/{}/reads", Uuid::now_v7())).await.expect_problem(404, "not-found");
    assert_eq!(hidden["errors"], missing["errors"]);
    world.app.user(Role::Admin).await.get(&path).await.expect_problem(403, "forbidden");
}

//! Stories of those who keep webhooks: secrets, addresses, roles.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::{Wired, World};
use crate::support::client::faults;

#[tokio::test]
async fn a_rotated_secret_signs_beside_the_one_before_for_a_day() {
    let wired = Wired::start().await;
    let rotation = format!("{}/secret", wired.path());
    wired.world.manager.post(&rotation, &json!({})).await.expect_problem(428, "precondition-required");
    wired.world.manager.post_with(&rotation, &[("if-match", "\"7\"")], &json!({})).await.expect_problem(412, "stale-revision");
    let shown = wired.world.manager.post_with(&rotation, &[("if-match", "\"1\"")], &json!({})).await.expect_status(200);
    assert_eq!((shown.header("cache-control"), shown.header("etag")), ("no-store".to_owned(), "\"2\"".to_owned()));
    let second = shown.json()["secret"].as_str().expect("a secret").to_owned();
    assert_ne!(second, wired.secret);
    let hours = (super::moment(&shown.json()["former_until"]) - super::moment(&shown.json()["secret_since"])).num_hours();
    assert_eq!(hours, 24);

    wired.change("HOS-02").await;
    assert_eq!(wired.deliver().await, 1);
    let event = wired.receiver.heard().pop().expect("an event");
    assert_eq!(event.signatures(), [event.signed_by(&second), event.signed_by(&wired.secret)]);

    // The day is over.
    wired.world.sql.execute("UPDATE webhooks SET former_until = now() - interval '1 second'", &[]).await.expect("a day");
    wired.change("HOS-03").await;
    assert_eq!(wired.deliver().await, 1);
    let event = wired.receiver.heard().pop().expect("an event");
    assert_eq!(event.signatures(), [event.signed_by(&second)]);
    // Rotated twice within a day: the first signs no longer.
    let third = wired.world.manager.post_with(&rotation, &[("if-match", "*")], &json!({})).await.expect_status(200).json();
    wired.world.manager.post(&format!("{}/tests", wired.path()), &json!({})).await.expect_status(201);
    assert_eq!(wired.deliver().await, 1);
    let event = wired.receiver.heard().pop().expect("an event");
    assert_eq!(event.signatures(), [event.signed_by(third["secret"].as_str().expect("a secret")), event.signed_by(&second)]);
}

#[tokio::test]
async fn the_secret_stands_nowhere_but_in_the_answer_that_showed_it() {
    crate::sealed_locations::log();
    let wired = Wired::start().await;
    let world = &wired.world;
    let rotated = world.manager.post_with(&format!("{}/secret", wired.path()), &[("if-match", "*")], &json!({})).await;
    let secrets = [wired.secret.clone(), rotated.expect_status(200).json()["secret"].as_str().expect("a secret").to_owned()];
    wired.change("HOS-02").await;
    wired.receiver.always(500);
    assert_eq!(wired.deliver().await, 1);
    let mut texts = Vec::new();
    for path in ["", "/deliveries", "/history", "?format=csv"] {
        texts.push(world.manager.get(&format!("{}{path}", wired.path())).await.text());
    }
    texts.push(world.manager.get(&World::hooks(wired.grant)).await.expect_status(200).text());
    texts.push(world.manager.get(&format!("/api/v1/share-grants/{}/history", wired.grant)).await.expect_status(200).text());
    texts
        .push(world.manager.patch(&wired.path(), "\"1\"", &json!({"url": "https://x.example/"})).await.expect_status(412).text());
    texts.push(world.manager.patch(&wired.path(), "*", &json!({"secret": secrets[0]})).await.expect_status(422).text());
    texts.push(format!("{:?}", wired.receiver.heard()));
    texts.push(String::from_utf8_lossy(&crate::sealed_locations::log().lock().unwrap()).into_owned());
    assert!(texts[0].contains(&wired.receiver.url()) && texts[5].contains("webhooks"), "they were read");
    let tables =
        "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1";
    for row in world.sql.query(tables, &[]).await.expect("tables") {
        let table: String = row.get(0);
        let dump = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
        texts.push(world.sql.query_one(&dump, &[]).await.expect("a dump").get(0));
    }
    for secret in &secrets {
        let bare = secret.strip_prefix("whsec_").expect("a secret");
        let bytes = BASE64_STANDARD.decode(bare).expect("base64");
        let hex: String = siraj::keys::hex(&bytes);
        for text in &texts {
            assert!(!text.contains(bare) && !text.contains(&hex), "in {}", text.chars().take(300).collect::<String>());
        }
    }
    // Sealed for one webhook: in the place of another's it opens nothing.
    let (other, _) = world.hook(wired.grant, &wired.receiver.url()).await;
    let swap = "UPDATE webhooks o SET sealed = w.sealed, key_id = w.key_id FROM webhooks w WHERE o.id = $1 AND w.id = $2";
    world.sql.execute(swap, &[&other, &wired.webhook]).await.expect("swapped");
    world.manager.post(&format!("{}/{other}/tests", World::hooks(wired.grant)), &json!({})).await.expect_status(201);
    // What failed before may be due again by now.
    assert!(wired.deliver().await >= 1);
    let told = world.manager.all(&format!("{}/{other}/deliveries", World::hooks(wired.grant))).await;
    assert_eq!((&told[0]["last_error"], &told[0]["status"]), (&json!("sealed"), &json!("given_up")));
}

#[tokio::test]
async fn an_address_that_may_not_be_is_refused_by_its_own_name() {
    let wired = Wired::start().await;
    let long = format!("https://reports.example/{}", "a".repeat(500));
    for (url, code) in [
        (json!("http://203.0.113.9/hook"), "https-required"),
        (json!("https://user:word@reports.example/"), "credentials-in-url"),
        (json!("https://reports.example:22/"), "port-refused"),
        (json!("https://10.0.0.1/"), "private-address"),
        (json!("https://[::ffff:192.168.1.1]/"), "private-address"),
        (json!("https://169.254.169.254/latest"), "private-address"),
        (json!("reports.example"), "invalid-format"),
        (json!("ftp://reports.example/"), "invalid-format"),
        (json!("https://reports.example/#part"), "invalid-format"),
        (json!(long), "too-long"),
        (json!(""), "required"),
        (json!("https://reports.example/\u{202e}"), "invalid-text"),
        (json!(7), "wrong-type"),
        (Value::Null, "required"),
    ] {
        let body = json!({"url": url});
        for refused in [
            wired.world.manager.post(&World::hooks(wired.grant), &body).await,
            wired.world.manager.patch(&wired.path(), "*", &body).await,
        ] {
            let problem = refused.expect_problem(422, "validation-failed");
            assert_eq!(faults(&problem), [("/url".to_owned(), code.to_owned())], "{body}");
            assert!(!problem.to_string().contains("word@"), "a value is not told again");
        }
    }
    let moved = wired.world.manager.patch(&wired.path(), "\"1\"", &json!({"url": "https://Reports.Example"})).await;
    assert_eq!(moved.expect_status(200).json()["url"], "https://reports.example/");
    wired
        .world
        .manager
        .patch(&wired.path(), "\"1\"", &json!({"url": "https://x.example"}))
        .await
        .expect_problem(412, "stale-revision");
    let same = wired.world.manager.patch(&wired.path(), "*", &json!({"url": "https://reports.example/"})).await;
    assert_eq!(same.expect_status(200).json()["revision"], 2, "nothing has changed");
}

#[tokio::test]
async fn a_grant_has_five_webhooks_at_most_and_only_one_that_tells_changes_has_any() {
    let wired = Wired::start().await;
    let (world, path) = (&wired.world, World::hooks(wired.grant));
    for number in 2..=5 {
        world.hook(wired.grant, &format!("https://reports.example/{number}")).await;
    }
    let one_more = json!({"url": "https://reports.example/6"});
    world.manager.post(&path, &one_more).await.expect_problem(409, "webhooks-full");
    world.manager.delete(&wired.path(), "\"7\"").await.expect_problem(412, "stale-revision");
    let retired = world.manager.delete(&wired.path(), "\"1\"").await.expect_status(200).json();
    assert!(retired["retired_at"].is_string());
    // What is retired is over.
    let any = [("if-match", "*")];
    for act in ["secret", "activation", "tests"] {
        let refused = world.manager.post_with(&format!("{}/{act}", wired.path()), &any, &json!({})).await;
        refused.expect_problem(410, "record-deleted");
    }
    world.manager.patch(&wired.path(), "*", &one_more).await.expect_problem(410, "record-deleted");
    world.manager.delete(&wired.path(), "*").await.expect_problem(410, "record-deleted");
    assert_eq!(world.manager.all(&format!("{path}?retired=true")).await.len(), 1);
    world.facility("HOS-02", &["hospital"]).await;
    let (one, two) = tokio::join!(world.manager.post(&path, &one_more), world.second.post(&path, &one_more));
    let mut answers = [one.status.as_u16(), two.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [201, 409], "of two at once the second counts the first");

    let counts = world.grant(&["staff_counts"], json!({})).await;
    world.manager.post(&World::hooks(counts), &one_more).await.expect_problem(409, "tells-no-changes");
    let draft = world.draft(&["facilities"], json!({})).await;
    world.manager.post(&World::hooks(draft), &one_more).await.expect_problem(409, "wrong-state");
}

#[tokio::test]
async fn those_who_keep_grants_keep_webhooks_and_auditors_read_them() {
    let wired = Wired::start().await;
    let world = &wired.world;
    let lists = [World::hooks(wired.grant), wired.path(), format!("{}/deliveries", wired.path())];
    for reader in [world.app.user(Role::Admin).await, world.app.user(Role::Auditor).await] {
        for path in &lists {
            reader.get(path).await.expect_status(200);
        }
        reader.post(&lists[0], &json!({"url": "https://reports.example/"})).await.expect_problem(403, "forbidden");
        reader.delete(&lists[1], "*").await.expect_problem(403, "forbidden");
        reader.post(&format!("{}/tests", wired.path()), &json!({})).await.expect_problem(403, "forbidden");
    }
    let (_, machine) = world.machine(wired.grant).await;
    for closed in [world.app.partner(world.partner).await, world.app.coordinator(&[world.east]).await, machine] {
        for path in &lists {
            closed.get(path).await.expect_problem(403, "forbidden");
        }
    }
    // Another grant's webhook is nobody's here.
    let other = world.grant(&["facilities", "facility_names"], json!({})).await;
    for grant in [other, Uuid::now_v7()] {
        let elsewhere = format!("{}/{}", World::hooks(grant), wired.webhook);
        for path in ["", "/deliveries", "/history"] {
            world.manager.get(&format!("{elsewhere}{path}")).await.expect_problem(404, "not-found");
        }
        for act in ["secret", "activation", "tests"] {
            let refused = world.manager.post_with(&format!("{elsewhere}/{act}"), &[("if-match", "*")], &json!({})).await;
            refused.expect_problem(404, "not-found");
        }
        world.manager.patch(&elsewhere, "*", &json!({"url": "https://x.example/"})).await.expect_problem(404, "not-found");
        world.manager.delete(&elsewhere, "*").await.expect_problem(404, "not-found");
    }
    let new = json!({"url": "https://reports.example/"});
    world.manager.post(&World::hooks(Uuid::now_v7()), &new).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn the_database_itself_holds_what_a_delivery_is() {
    let wired = Wired::start().await;
    wired.change("HOS-02").await;
    let service = wired.world.app.database.service().await;
    for (change, constraint) in [
        ("UPDATE webhook_deliveries SET body = '{\"type\":\"x\"}'", "webhook_deliveries_step_check"),
        ("UPDATE webhook_deliveries SET attempts = attempts - 1", "webhook_deliveries_step_check"),
        ("UPDATE webhook_deliveries SET delivered_at = now()", "webhook_deliveries_over_check"),
        ("UPDATE webhooks SET url = 'ftp://reports.example'", "webhooks_url_check"),
        ("UPDATE webhooks SET disabled_reason = 'gone'", "webhooks_disabled_check"),
    ] {
        let refused = service.execute(change, &[]).await.expect_err(change);
        assert_eq!(refused.as_db_error().and_then(|error| error.constraint()), Some(constraint), "{change}");
    }
    assert_eq!(wired.deliver().await, 1);
    let again = "UPDATE webhook_deliveries SET next_attempt_at = now(), delivered_at = NULL";
    let refused = service.execute(again, &[]).await.expect_err("what is over");
    assert_eq!(refused.as_db_error().and_then(|error| error.constraint()), Some("webhook_deliveries_step_check"));
    for client in [&service, &wired.world.sql] {
        let refused = client.execute("DELETE FROM webhook_deliveries", &[]).await.expect_err("a delivery less");
        assert_eq!(refused.code().map(tokio_postgres::error::SqlState::code), Some("42501"));
    }
}

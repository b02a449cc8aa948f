//! Stories of sending: what fails is tried again, where nobody may be sent nothing is.

use chrono::Utc;
use serde_json::{Value, json};

use super::{Wired, moment};
use crate::sharing::receiver::Receiver;

const SYSTEM: &str = "00000000-0000-7000-8000-000000000001";

#[tokio::test]
async fn a_receiver_that_fails_gets_it_again_at_the_stated_times_and_is_disabled_after_the_last() {
    let wired = Wired::start().await;
    wired.change("HOS-02").await;
    wired.receiver.always(503);
    let waits = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    for (made, wait) in waits.into_iter().enumerate() {
        assert_eq!(wired.deliver().await, 1);
        assert_eq!(wired.deliver().await, 0, "not before its time");
        let delivery = wired.only().await;
        assert_eq!((&delivery["status"], &delivery["attempts"]), (&json!("waiting"), &json!(made + 1)));
        assert_eq!(delivery["last_status"], 503);
        let waited = (moment(&delivery["next_attempt_at"]) - moment(&delivery["attempted_at"])).num_milliseconds();
        assert!((wait * 1_000..wait * 1_100 + 5_000).contains(&waited), "attempt {made}: {waited}");
        wired.world.due().await;
    }
    // Meanwhile more has changed: who is told late reads all of it, so there is one event still.
    wired.world.facility("HOS-03", &["hospital"]).await;
    wired.world.minute().await;
    assert_eq!(wired.courier.notice().await.expect("noticed"), 0);
    assert_eq!(wired.deliver().await, 1);
    let heard = wired.receiver.heard();
    assert_eq!(heard.len(), 10);
    assert!(heard.iter().all(|event| event.body == heard[0].body && event.header("webhook-id") == heard[0].header("webhook-id")));
    assert!(
        heard.iter().all(|event| event.signatures() == [event.signed_by(&wired.secret)]),
        "each attempt is signed for its time"
    );

    let delivery = wired.only().await;
    assert_eq!((&delivery["status"], &delivery["attempts"]), (&json!("given_up"), &json!(10)));
    let hook = wired.world.manager.all(&super::World::hooks(wired.grant)).await.pop().expect("a webhook");
    assert_eq!((&hook["disabled_reason"], &hook["recorded_by"]), (&json!("failing"), &json!(SYSTEM)));
    wired.world.minute().await;
    assert_eq!((wired.courier.notice().await.expect("noticed"), wired.deliver().await), (0, 0));

    // Enabled again, it is told of what it has missed, from where it was told last.
    wired.receiver.always(200);
    let activation = format!("{}/activation", wired.path());
    let enabled = wired.world.manager.post(&activation, &json!({})).await.expect_status(200).json();
    assert_eq!((&enabled["disabled_at"], &enabled["disabled_reason"]), (&Value::Null, &Value::Null));
    wired.world.manager.post(&activation, &json!({})).await.expect_problem(409, "wrong-state");
    assert_eq!((wired.courier.notice().await.expect("noticed"), wired.deliver().await), (1, 1));
    let again = wired.receiver.heard().pop().expect("an event");
    // Another marker of the same place: whoever asks with either is told the same.
    let (_, machine) = wired.world.machine(wired.grant).await;
    let mut told = Vec::new();
    for event in [&again, &heard[0]] {
        let after = event.json()["data"]["after"].as_str().expect("a marker").to_owned();
        told.push(machine.get(&format!("/api/v1/shared/changes?after={after}")).await.expect_status(200).json()["items"].clone());
    }
    assert!(told[0] == told[1] && !told[0].as_array().expect("items").is_empty(), "{told:?}");
    assert_ne!(again.header("webhook-id"), heard[0].header("webhook-id"));
    let waiting = wired.world.manager.all(&format!("{}/deliveries?status=waiting", wired.path())).await;
    let over = wired.world.manager.all(&format!("{}/deliveries?status=given_up", wired.path())).await;
    assert_eq!((waiting.len(), over.len()), (0, 1));
}

#[tokio::test]
async fn an_address_that_is_gone_disables_at_once() {
    let wired = Wired::start().await;
    wired.change("HOS-02").await;
    wired.receiver.always(410);
    assert_eq!(wired.deliver().await, 1);
    let hook = wired.hook().await;
    assert_eq!((&hook["disabled_reason"], &hook["revision"]), (&json!("gone"), &json!(2)));
    wired.world.due().await;
    assert_eq!(wired.deliver().await, 0);
    let delivery = wired.only().await;
    assert_eq!((&delivery["status"], &delivery["last_status"]), (&json!("given_up"), &json!(410)));
    let auditor = wired.world.app.user(siraj::auth::Role::Auditor).await;
    let history = auditor.all(&format!("{}/history", wired.path())).await;
    assert_eq!(history.len(), 2);
    assert_eq!((&history[1]["actor_id"], &history[1]["after"]["disabled_reason"]), (&json!(SYSTEM), &json!("gone")));
}

#[tokio::test]
async fn a_test_is_sent_once_and_to_a_disabled_webhook_too() {
    let wired = Wired::start().await;
    let tests = format!("{}/tests", wired.path());
    let key = [("idempotency-key", "one test")];
    let made = wired.world.manager.post_with(&tests, &key, &json!({})).await.expect_status(201).json();
    assert_eq!((&made["event"], &made["status"], &made["attempts"]), (&json!("shared.test"), &json!("waiting"), &json!(0)));
    assert_eq!(wired.world.manager.post_with(&tests, &key, &json!({})).await.json()["id"], made["id"]);
    wired.world.manager.post(&tests, &json!({})).await.expect_problem(409, "wrong-state");
    assert_eq!(wired.deliver().await, 1);
    let event = wired.receiver.heard().pop().expect("an event");
    assert_eq!(
        (event.json()["type"].clone(), event.json()["data"].clone()),
        (json!("shared.test"), json!({"grant": wired.grant}))
    );
    assert_eq!(event.signatures(), [event.signed_by(&wired.secret)]);

    // A failing test is told and not tried again, and disables nothing.
    wired.receiver.always(500);
    wired.world.manager.post(&tests, &json!({})).await.expect_status(201);
    assert_eq!(wired.deliver().await, 1);
    assert_eq!(wired.deliveries().await[1]["status"], "given_up");
    assert_eq!(wired.hook().await["disabled_at"], Value::Null);

    wired.change("HOS-02").await;
    wired.receiver.always(410);
    assert_eq!(wired.deliver().await, 1);
    assert!(wired.hook().await["disabled_at"].is_string());
    wired.receiver.always(200);
    wired.world.manager.post(&tests, &json!({})).await.expect_status(201);
    assert_eq!(wired.deliver().await, 1);
    assert_eq!(wired.deliveries().await.pop().expect("a delivery")["status"], "delivered");
    assert!(wired.hook().await["disabled_at"].is_string(), "whoever tries decides whether to enable");
}

#[tokio::test]
async fn a_private_address_without_permission_is_refused_and_told_as_such() {
    let wired = Wired::start().await;
    wired.change("HOS-02").await;
    // The operator has taken the permission back: the address itself, and names that lead there.
    let strict = wired.world.courier(&[]);
    let https = |host: &str| json!({"url": format!("https://{host}:{}/hook", wired.receiver.port)});
    for (edit, word) in
        [(None, "address-refused"), (Some(https("localhost")), "address-refused"), (Some(https("127.0.0.1")), "address-refused")]
    {
        if let Some(edit) = edit {
            wired.world.manager.patch(&wired.path(), "*", &edit).await.expect_status(200);
        }
        assert_eq!(strict.deliver().await.expect("delivered"), 1);
        let delivery = wired.only().await;
        assert_eq!((&delivery["last_error"], &delivery["last_status"]), (&json!(word), &Value::Null), "{delivery}");
        wired.world.due().await;
    }
    assert_eq!(wired.receiver.heard().len(), 0);
    // Where it is allowed, what answers there speaks no TLS; and where nobody listens nobody answers.
    assert_eq!(wired.deliver().await, 1);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let nobody = json!({"url": format!("http://localhost:{}/hook", closed.port())});
    wired.world.manager.patch(&wired.path(), "*", &nobody).await.expect_status(200);
    wired.world.due().await;
    assert_eq!(wired.deliver().await, 1);
    let errors = "SELECT string_agg(last_error, ' ') FROM webhook_deliveries";
    assert_eq!(wired.world.sql.query_one(errors, &[]).await.expect("errors").get::<_, String>(0), "unreachable");
    let back = json!({"url": format!("http://localhost:{}/hook", wired.receiver.port)});
    wired.world.manager.patch(&wired.path(), "*", &back).await.expect_status(200);
    wired.world.due().await;
    assert_eq!(wired.deliver().await, 1);
    assert_eq!(wired.receiver.heard().len(), 1, "a name that leads where it is allowed");
}

#[tokio::test]
async fn what_speaks_no_tls_is_told_as_such() {
    let wired = Wired::start().await;
    wired.change("HOS-02").await;
    let edit = json!({"url": format!("https://localhost:{}/hook", wired.receiver.port)});
    wired.world.manager.patch(&wired.path(), "*", &edit).await.expect_status(200);
    assert_eq!(wired.deliver().await, 1);
    let delivery = wired.only().await;
    assert_eq!(delivery["last_error"], "tls");
    assert_eq!(wired.receiver.heard().len(), 0);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let wired = Wired::start().await;
    let elsewhere = Receiver::start().await;
    wired.change("HOS-02").await;
    for status in [301, 302, 307, 308] {
        wired.receiver.always_with(status, &format!("location: {}\r\n", elsewhere.url()));
        assert_eq!(wired.deliver().await, 1);
        let delivery = wired.only().await;
        assert_eq!((&delivery["last_status"], &delivery["status"]), (&json!(status), &json!("waiting")));
        wired.world.due().await;
    }
    assert_eq!((wired.receiver.heard().len(), elsewhere.heard().len()), (4, 0));
    assert!(Utc::now() > moment(&wired.hook().await["recorded_at"]));
}

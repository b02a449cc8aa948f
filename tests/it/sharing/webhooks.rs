//! Stories of webhooks: a partner's machine is told that something changed, by whom it can prove, and nothing else.

mod keepers;
mod sending;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use siraj::{config::Networks, db::Db, webhooks::Courier};
use uuid::Uuid;

use super::{World, receiver::Receiver};
use crate::support::id_of;

/// Networks that the tests' receivers are in.
const ALLOWED: &[&str] = &["127.0.0.0/8", "::1/128"];

/// A grant with a webhook that leads to a receiver, and what carries its events.
struct Wired {
    world: World,
    grant: Uuid,
    receiver: Receiver,
    webhook: Uuid,
    secret: String,
    /// The one key that the grant has at first.
    key: Uuid,
    courier: Courier,
}

impl World {
    fn hooks(grant: Uuid) -> String {
        format!("/api/v1/share-grants/{grant}/webhooks")
    }

    /// What carries events on one more node.
    fn courier(&self, networks: &[&str]) -> Courier {
        let db = Db::new(&self.app.database.service_url(), 2).expect("a pool");
        let keys = self.app.keys.clone().into_inner();
        Courier::new(db, keys, Networks::parse(networks).expect("networks")).expect("a courier")
    }

    /// A webhook, and its secret.
    async fn hook(&self, grant: Uuid, url: &str) -> (Uuid, String) {
        let made = self.manager.post(&Self::hooks(grant), &json!({"url": url})).await.expect_status(201);
        assert_eq!(made.header("cache-control"), "no-store");
        assert_eq!(made.header("etag"), "\"1\"");
        let shown = made.json();
        (id_of(&shown), shown["secret"].as_str().expect("a secret").to_owned())
    }

    /// The minute after which feeds are looked at again is over.
    async fn minute(&self) {
        self.sql.execute("UPDATE webhook_feeds SET checked_at = '-infinity'", &[]).await.expect("a minute");
    }

    /// The time of the next attempt has come.
    async fn due(&self) {
        let text = "UPDATE webhook_deliveries SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL";
        self.sql.execute(text, &[]).await.expect("due");
    }
}

impl Wired {
    async fn start() -> Self {
        Self::giving(&["facilities", "facility_names"]).await
    }

    async fn giving(fields: &[&str]) -> Self {
        let world = World::start().await;
        world.facility("HOS-01", &["hospital"]).await;
        let grant = world.grant(fields, json!({})).await;
        let key = id_of(&world.machine(grant).await.0);
        let receiver = Receiver::start().await;
        let (webhook, secret) = world.hook(grant, &receiver.url()).await;
        let courier = world.courier(ALLOWED);
        Self { world, grant, receiver, webhook, secret, key, courier }
    }

    fn path(&self) -> String {
        format!("{}/{}", World::hooks(self.grant), self.webhook)
    }

    async fn hook(&self) -> Value {
        self.world.manager.get(&self.path()).await.expect_status(200).json()
    }

    async fn deliveries(&self) -> Vec<Value> {
        self.world.manager.all(&format!("{}/deliveries", self.path())).await
    }

    /// The one delivery that there is.
    async fn only(&self) -> Value {
        let mut deliveries = self.deliveries().await;
        assert_eq!(deliveries.len(), 1, "{deliveries:?}");
        deliveries.remove(0)
    }

    /// Something of the grant changes, and its event is raised.
    async fn change(&self, code: &str) {
        self.world.facility(code, &["medical_point"]).await;
        self.world.minute().await;
        assert_eq!(self.courier.notice().await.expect("noticed"), 1);
    }

    async fn deliver(&self) -> usize {
        self.courier.deliver().await.expect("delivered")
    }
}

fn moment(value: &Value) -> DateTime<Utc> {
    value.as_str().expect("a moment").parse().expect("a moment")
}

#[tokio::test]
async fn a_change_within_the_grant_arrives_signed_and_says_nothing_else() {
    let wired = Wired::start().await;
    let (_, machine) = wired.world.machine(wired.grant).await;
    // What there is already is no change.
    assert_eq!(wired.courier.notice().await.expect("noticed"), 0);
    let facility = wired.world.facility("HOS-02", &["hospital"]).await;
    assert_eq!(wired.courier.notice().await.expect("noticed"), 0, "no finer than by the minute");
    wired.world.minute().await;
    assert_eq!(wired.courier.notice().await.expect("noticed"), 1);
    assert_eq!(wired.deliver().await, 1);

    let heard = wired.receiver.heard();
    let [event] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!(event.line, "POST /hook HTTP/1.1");
    assert_eq!(event.header("content-type"), "application/json");
    assert_eq!(event.signatures(), [event.signed_by(&wired.secret)]);
    let sent: i64 = event.header("webhook-timestamp").parse().expect("seconds");
    assert!((Utc::now().timestamp() - sent).abs() < 30);
    let said = event.json();
    let names = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        (names(&said), names(&said["data"])),
        (vec!["type".to_owned(), "timestamp".into(), "data".into()], vec!["grant".to_owned(), "after".into()])
    );
    assert_eq!((&said["type"], &said["data"]["grant"]), (&json!("shared.changed"), &json!(wired.grant)));
    for word in ["HOS", "Cave", "hospital", "facilit", "EAST", "IRC", &facility.to_string()] {
        assert!(!event.body.contains(word), "{word} in {}", event.body);
    }
    // With its key the receiver reads what it was called for.
    let after = said["data"]["after"].as_str().expect("a marker");
    let changes = machine.get(&format!("/api/v1/shared/changes?after={after}")).await.expect_status(200).json();
    let told: Vec<&Value> = changes["items"].as_array().expect("items").iter().map(|item| &item["record"]["code"]).collect();
    assert_eq!(told, [&json!("HOS-02")]);

    wired.world.minute().await;
    assert_eq!((wired.courier.notice().await.expect("noticed"), wired.deliver().await), (0, 0), "told once");
    let delivery = wired.only().await;
    assert_eq!(delivery["id"], event.header("webhook-id"));
    assert_eq!(delivery["status"], "delivered");
    assert_eq!(
        (&delivery["event"], &delivery["attempts"], &delivery["last_status"]),
        (&json!("shared.changed"), &json!(1), &json!(204))
    );
    assert!(delivery["delivered_at"].is_string() && delivery["next_attempt_at"].is_null() && delivery["last_error"].is_null());
    // Nobody read anything on the partner's behalf.
    let reads = wired.world.manager.all(&format!("/api/v1/share-grants/{}/reads", wired.grant)).await;
    assert_eq!(reads.len(), 1, "{reads:?}");
}

#[tokio::test]
async fn nothing_outside_of_the_grant_raises_an_event() {
    let wired = Wired::giving(&["facilities"]).await;
    let world = &wired.world;
    // A facility that the contract does not support, people, a shipment that is not given, and of a facility what is not told.
    world.app.facility(&world.manager, "MPT-09", world.east).await;
    let told = world.facility("HOS-02", &["hospital"]).await;
    world.minute().await;
    assert_eq!(wired.courier.notice().await.expect("noticed"), 1);
    assert_eq!(wired.deliver().await, 1);
    let first = super::month_end(2);
    world.pays("doctor", 7, told, (first, None)).await;
    world.arrived("SHP-1", told, first).await;
    let edit = json!({"name": "Another name", "beds": 40});
    world.manager.patch(&format!("/api/v1/facilities/{told}"), "*", &edit).await.expect_status(200);
    let status = json!({"functionality": "partial"});
    let today = Utc::now().date_naive();
    world.manager.put(&format!("/api/v1/facilities/{told}/statuses/{today}"), &status).await.expect_status(201);
    world.minute().await;
    assert_eq!((wired.courier.notice().await.expect("noticed"), wired.deliver().await), (0, 0));
    // What another grant tells is of its own webhooks.
    let other = world.grant(&["facilities", "functionality"], json!({})).await;
    world.machine(other).await;
    let elsewhere = Receiver::start().await;
    world.hook(other, &elsewhere.url()).await;
    let before = super::month_end(1);
    world.manager.put(&format!("/api/v1/facilities/{told}/statuses/{before}"), &status).await.expect_status(201);
    world.minute().await;
    assert_eq!((wired.courier.notice().await.expect("noticed"), wired.deliver().await), (1, 1));
    assert_eq!((wired.receiver.heard().len(), elsewhere.heard().len()), (1, 1));
}

#[tokio::test]
async fn a_grant_that_is_over_sends_nothing_more() {
    for end in ["end", "revocation", "day"] {
        let wired = Wired::start().await;
        wired.change("HOS-02").await;
        if end == "day" {
            let statement = "SET session_replication_role = replica; UPDATE share_grants SET starts_on = '2015-01-01', ends_on = current_date - 1; SET session_replication_role = origin";
            wired.world.sql.batch_execute(statement).await.expect("yesterday");
        } else {
            wired.world.close(wired.grant, end).await.expect_status(200);
        }
        assert_eq!(wired.deliver().await, 0, "{end}");
        wired.world.facility("HOS-03", &["hospital"]).await;
        wired.world.minute().await;
        assert_eq!(wired.courier.notice().await.expect("noticed"), 0);
        assert_eq!(wired.deliver().await, 0);
        assert_eq!(wired.receiver.heard().len(), 0, "{end}");
        // What waited is withdrawn, and nothing new is begun.
        let delivery = wired.only().await;
        assert_eq!((&delivery["status"], &delivery["last_error"]), (&json!("given_up"), &json!("withdrawn")));
        wired.world.manager.post(&format!("{}/tests", wired.path()), &json!({})).await.expect_problem(409, "wrong-state");
        if end != "day" {
            let refused = wired.world.manager.post(&World::hooks(wired.grant), &json!({"url": "https://reports.example/"})).await;
            refused.expect_problem(409, "wrong-state");
        }
        wired.world.manager.delete(&wired.path(), "*").await.expect_status(200);
    }
}

#[tokio::test]
async fn without_a_key_that_lives_nothing_is_sent_and_nothing_is_lost() {
    let wired = Wired::start().await;
    let world = &wired.world;
    wired.change("HOS-02").await;
    let path = format!("/api/v1/share-grants/{}/keys/{}", wired.grant, wired.key);
    world.manager.delete(&path, "*").await.expect_status(200);
    assert_eq!(wired.deliver().await, 0);
    world.facility("HOS-03", &["hospital"]).await;
    world.minute().await;
    assert_eq!((wired.courier.notice().await.expect("noticed"), wired.deliver().await), (0, 0));
    world.manager.post(&format!("{}/tests", wired.path()), &json!({})).await.expect_problem(409, "no-live-key");
    assert_eq!((wired.receiver.heard().len(), &wired.only().await["status"]), (0, &json!("waiting")));
    // Another key, and what waited is sent.
    world.machine(wired.grant).await;
    assert_eq!((wired.deliver().await, wired.receiver.heard().len()), (1, 1));
}

#[tokio::test]
async fn deliveries_are_kept_for_ninety_days_after_they_ended() {
    let wired = Wired::start().await;
    let world = &wired.world;
    let sweep = async || {
        let db = Db::new(&world.app.database.service_url(), 1).expect("a pool");
        siraj::webhooks::sweep(&mut db.conn().await.expect("a connection")).await.expect("swept");
    };
    let aged = async |days: i32| {
        let text = format!(
            "SET session_replication_role = replica; UPDATE webhook_deliveries SET delivered_at = now() - interval '{days} days' WHERE delivered_at IS NOT NULL;
             UPDATE webhook_deliveries SET given_up_at = now() - interval '{days} days' WHERE given_up_at IS NOT NULL; SET session_replication_role = origin"
        );
        world.sql.batch_execute(&text).await.expect("aged");
    };
    wired.change("HOS-02").await;
    assert_eq!(wired.deliver().await, 1);
    wired.receiver.always(410);
    wired.change("HOS-03").await;
    assert_eq!(wired.deliver().await, 1);
    aged(89).await;
    sweep().await;
    assert_eq!(wired.deliveries().await.len(), 2);
    for client in [&world.sql, &world.app.database.service().await] {
        client.batch_execute("DELETE FROM webhook_deliveries").await.expect_err("nobody deletes what is young");
    }
    aged(91).await;
    sweep().await;
    // It is gone, and disabled its webhook: what was missed waits for it to be enabled.
    assert_eq!(wired.only().await["status"], "given_up");
    wired.receiver.always(204);
    world.manager.post(&format!("{}/activation", wired.path()), &json!({})).await.expect_status(200);
    sweep().await;
    assert!(wired.deliveries().await.is_empty());
}

#[tokio::test]
async fn two_nodes_raise_once_and_send_once() {
    let wired = Wired::start().await;
    for _ in 0..4 {
        wired.world.hook(wired.grant, &wired.receiver.url()).await;
    }
    let other = wired.world.courier(ALLOWED);
    wired.world.facility("HOS-02", &["hospital"]).await;
    wired.world.minute().await;
    let (here, there) = tokio::join!(wired.courier.notice(), other.notice());
    assert_eq!(here.expect("noticed") + there.expect("noticed"), 5);
    let (here, there) = tokio::join!(wired.courier.deliver(), other.deliver());
    assert_eq!(here.expect("delivered") + there.expect("delivered"), 5);
    let mut ids: Vec<_> = wired.receiver.heard().iter().map(|event| event.header("webhook-id").to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((wired.receiver.heard().len(), ids.len()), (5, 5));
}

#[tokio::test]
async fn who_dies_while_sending_is_succeeded_and_records_nothing_late() {
    let wired = Wired::start().await;
    wired.change("HOS-02").await;
    let gate = std::sync::Arc::new(tokio::sync::Notify::new());
    wired.receiver.once_behind(&gate, 500);
    let other = wired.world.courier(ALLOWED);
    let late = async {
        // The first node hangs: while its minute runs, nobody else sends.
        while wired.receiver.heard().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(other.deliver().await.expect("delivered"), 0);
        let over = "UPDATE webhook_deliveries SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL";
        assert_eq!(wired.world.sql.execute(over, &[]).await.expect("over"), 1);
        assert_eq!(other.deliver().await.expect("delivered"), 1);
        gate.notify_one();
    };
    let (sent, ()) = tokio::join!(wired.courier.deliver(), late);
    sent.expect("delivered");
    let heard = wired.receiver.heard();
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0].header("webhook-id"), heard[1].header("webhook-id"), "its receiver knows it again");
    let delivery = wired.only().await;
    assert_eq!(
        (&delivery["status"], &delivery["attempts"], &delivery["last_status"]),
        (&json!("delivered"), &json!(2), &json!(204))
    );
}

#[tokio::test]
async fn a_courier_works_by_itself_and_finishes_what_is_under_way_when_it_is_told_to_stop() {
    let wired = Wired::start().await;
    wired.world.facility("HOS-02", &["hospital"]).await;
    wired.world.minute().await;
    let gate = std::sync::Arc::new(tokio::sync::Notify::new());
    wired.receiver.once_behind(&gate, 202);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let story = async {
        while wired.receiver.heard().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        stop.send_replace(true);
        gate.notify_one();
    };
    let both = async { tokio::join!(wired.courier.run(stopped), story) };
    tokio::time::timeout(std::time::Duration::from_secs(30), both).await.expect("it stops");
    let delivery = wired.only().await;
    assert_eq!((&delivery["status"], &delivery["last_status"]), (&json!("delivered"), &json!(202)));
}

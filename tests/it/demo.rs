//! What the demo shows over HTTP once its people have played their story: the figures of `demo/README.md`.

use std::collections::BTreeMap;

use reqwest::Client;
use serde_json::{Value, json};

/// The demo's manager looks around.
struct Manager<'a> {
    http: &'a Client,
    service: &'a str,
    token: String,
}

impl<'a> Manager<'a> {
    async fn sign_in(http: &'a Client, service: &'a str, password: &str) -> Self {
        Self::sign_in_as("manager", http, service, password).await
    }

    /// Another of the demo's people.
    async fn sign_in_as(name: &str, http: &'a Client, service: &'a str, password: &str) -> Self {
        let body = json!({"email": format!("{name}@demo.siraj.example"), "password": password}).to_string();
        let login = http.post(format!("{service}/api/v1/auth/login")).header("content-type", "application/json").body(body);
        let signed: Value = serde_json::from_str(&login.send().await.unwrap().text().await.unwrap()).unwrap();
        Self { http, service, token: signed["access_token"].as_str().unwrap().to_owned() }
    }

    async fn list(&self, query: &str) -> Vec<Value> {
        let join = if query.contains('?') { '&' } else { '?' };
        let asked = self.http.get(format!("{}/api/v1/{query}{join}limit=200", self.service));
        let answer = asked.header("authorization", format!("Bearer {}", self.token)).send().await.unwrap();
        let told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        told["items"].as_array().unwrap_or_else(|| panic!("{query}: {told}")).clone()
    }

    /// What an address answers with.
    async fn read(&self, path: &str) -> String {
        let asked = self.http.get(format!("{}/api/v1/{path}", self.service));
        let answer = asked.header("authorization", format!("Bearer {}", self.token)).send().await.unwrap();
        let (status, told) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {told}");
        told
    }

    /// The one record that a query finds.
    async fn one(&self, query: &str) -> Value {
        let found = self.list(query).await;
        assert_eq!(found.len(), 1, "{query}: {found:?}");
        found[0].clone()
    }
}

/// The whole story, once, however often the demo was started.
pub async fn tells_its_story(http: &Client, service: &str, password: &str) {
    let manager = Manager::sign_in(http, service, password).await;
    everything_was_done_once(&manager).await;
    requisitions_are_fulfilled(&manager).await;
    ten_items_are_made_and_given(&manager).await;
    fuel_lasts_as_long_as_it_says(&manager).await;
    what_is_published_is_signed_and_shows_a_map(&manager).await;
    the_partner_is_given_what_two_managers_agreed_to(&manager, password).await;
}

async fn everything_was_done_once(manager: &Manager<'_>) {
    let promised = [
        ("controlled-issues?status=confirmed", 3),
        ("stock-counts?status=confirmed", 1),
        ("shipment-discrepancies?status=claimed", 1),
        ("shipment-discrepancies?status=settled", 1),
        ("stock-alerts?kind=recalled", 3),
        ("requisitions?status=fulfilled", 3),
        ("requisitions?status=in_fulfilment", 1),
        ("requisitions?status=approved", 1),
        ("requisitions?status=rejected", 1),
        ("requisitions?status=submitted", 1),
        ("requisitions?status=draft", 1),
        ("requisitions?emergency=true", 1),
        ("shipments?q=SHP-2015-20", 4),
        ("recipes", 11),
        ("production-orders?status=released", 11),
        ("production-orders?status=completed", 1),
        ("production-orders?status=draft", 1),
        ("fuel-tanks", 4),
        ("fuel-dips", 8),
        ("equipment-units", 11),
        ("repair-jobs?status=reported", 1),
    ];
    for (query, many) in promised {
        let told = manager.list(query).await;
        assert_eq!(told.len(), many, "{query}: {told:?}");
    }
    let repaired = manager.one("repair-jobs?status=returned").await;
    assert_eq!(repaired["days_unavailable"], 6, "{repaired}");
}

async fn requisitions_are_fulfilled(manager: &Manager<'_>) {
    let numbers = |asked: &Value| -> Vec<[i64; 4]> {
        let of = |line: &Value| {
            ["requested_quantity", "approved_quantity", "sent_quantity", "received_quantity"]
                .map(|name| line[name].as_i64().unwrap())
        };
        asked["lines"].as_array().unwrap().iter().map(of).collect()
    };
    let in_part = manager.one("requisitions?q=REQ-2015-102").await;
    assert_eq!(numbers(&in_part), [[600, 400, 400, 400], [100, 100, 100, 100], [100, 100, 100, 100]]);
    assert!(in_part["lines"][0]["decision_reason"].is_string(), "{in_part}");
    let on_the_road = manager.one("requisitions?q=REQ-2015-104").await;
    assert_eq!(numbers(&on_the_road), [[80, 80, 80, 80], [60, 60, 60, 35]]);
}

async fn ten_items_are_made_and_given(manager: &Manager<'_>) {
    let order = manager.one("production-orders?q=PRD-2015-101").await;
    assert_eq!((&order["expected_quantity"], &order["quantity"], &order["loss_quantity"]), (&json!(200), &json!(196), &json!(4)));
    assert_eq!((&order["yield_percent"], &order["loss_percent"]), (&json!("98.00"), &json!("2.00")));
    assert_ne!(order["decided_by"], order["completed_by"], "a second person released it");
    let mut given: BTreeMap<String, i64> = BTreeMap::new();
    for row in manager.list("free-distributions").await {
        *given.entry(row["item_code"].as_str().unwrap().to_owned()).or_default() += row["quantity"].as_i64().unwrap();
    }
    let promised = [120, 400, 80, 80, 1000, 100, 35, 150, 60, 100];
    let promised = promised.into_iter().zip(1..).map(|(quantity, number)| (format!("LOC-{number:02}"), quantity));
    assert_eq!(given, promised.collect(), "C17: ten drug items, free of charge");
}

async fn fuel_lasts_as_long_as_it_says(manager: &Manager<'_>) {
    let tanks = manager.list("fuel-status?as_of=2015-12-31").await;
    let told: Vec<_> = tanks.iter().map(|tank| (&tank["tank_code"], &tank["autonomy_hours"], &tank["reason"])).collect();
    let promised = [
        (json!("TANK-HOS-01"), json!("114.3"), Value::Null),
        (json!("TANK-HOS-03"), json!("17.3"), json!("below_threshold")),
        (json!("TANK-HOS-04"), json!("103.0"), Value::Null),
        (json!("TANK-HOS-05"), json!("70.0"), json!("no_hours")),
    ];
    assert_eq!(told, promised.iter().map(|(tank, hours, reason)| (tank, hours, reason)).collect::<Vec<_>>());
    let beyond = manager.one("fuel-dips?beyond_tolerance=true").await;
    assert_eq!((&beyond["tank_code"], &beyond["unexplained_litres"]), (&json!("TANK-HOS-04"), &json!("240.00")));
}

async fn what_is_published_is_signed_and_shows_a_map(manager: &Manager<'_>) {
    let document: Value = serde_json::from_str(&manager.read("published-reports/1/document").await).unwrap();
    let figures = &document["figures"];
    assert_eq!((&document["as_of"], &figures["facilities"]["total"]), (&json!("2015-12-31"), &json!(44)));
    assert_eq!((&figures["staff"]["total"], &figures["staff"]["by_cadre"]["doctor"]), (&json!(740), &json!(170)));
    let squares = json!([
        {"cell": "33.4,36.1", "at_least": 5}, {"cell": "33.4,36.3", "at_least": 5}, {"cell": "33.5,36.4", "at_least": 10}
    ]);
    assert_eq!(document["map"]["cells"], squares);
    assert_eq!(manager.list("published-reports?state=published").await.len(), 1);
    let envelope = manager.read("published-reports/1/envelope").await;
    let keys = siraj::publishing::read_keys(&manager.read("public/signing-keys").await);
    let checked = siraj::publishing::check_envelope(envelope.as_bytes(), Some(&keys)).expect("it holds");
    assert_eq!(checked.trusted, Some(true), "signed with the key that the service shows");
    let iati = manager.read("exports/iati").await;
    assert!(iati.contains("XX-DEMO-SIRAJ-NORWAC-2015-B"), "{iati}");
    crate::exports::iati::assert_valid(&iati);
}

async fn the_partner_is_given_what_two_managers_agreed_to(manager: &Manager<'_>, password: &str) {
    let grant = manager.one("share-grants").await;
    assert_eq!(grant["status"], "active");
    assert_ne!(grant["drafted_by"], grant["activated_by"], "a second person activated it");
    let keys = manager.list(&format!("share-grants/{}/keys", grant["id"].as_str().unwrap())).await;
    assert_eq!((keys.len(), keys[0].get("secret")), (1, None));
    let partner = Manager::sign_in_as("partner", manager.http, manager.service, password).await;
    let told: Value = serde_json::from_str(&partner.read("shared/figures?as_of=2015-12-31").await).unwrap();
    assert!(told.to_string().contains("196"), "196 people are paid by it: {told}");
    let definition = manager.one("report-definitions?schedule=monthly").await;
    assert_eq!(definition["contract_id"], grant["contract_id"]);
}

//! Stories of doors: who comes in where, asked of every operation of the document.

use reqwest::Method;
use serde_json::{Value, json};
use siraj::{auth::Role, openapi::OPEN_OPERATIONS};
use uuid::Uuid;

use crate::{
    sharing::World,
    support::{TestApp, client::Client},
};

/// An operation of the document: (its id, method, address with random ids, its pattern).
struct Operation {
    id: String,
    method: Method,
    pattern: String,
}

impl Operation {
    fn all() -> Vec<Self> {
        let document = serde_json::to_value(siraj::app::document()).expect("a document");
        let mut all = Vec::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("an item") {
                let Ok(method) = method.to_uppercase().parse() else { continue };
                let Some(id) = operation["operationId"].as_str() else { continue };
                all.push(Self { id: id.to_owned(), method, pattern: path.clone() });
            }
        }
        all
    }

    fn is_open(&self) -> bool {
        OPEN_OPERATIONS.contains(&self.id.as_str())
    }

    fn takes_a_body(&self) -> bool {
        matches!(self.method, Method::POST | Method::PUT | Method::PATCH)
    }

    /// Its address, with an id of nothing in every place.
    fn address(&self) -> String {
        let part = |part: &str| if part.starts_with('{') { Uuid::now_v7().to_string() } else { part.to_owned() };
        self.pattern.split('/').map(part).collect::<Vec<_>>().join("/")
    }

    async fn call(&self, client: &Client, more: &[(&str, &str)]) -> crate::support::client::Answer {
        let mut headers = vec![("if-match", "*"), ("content-type", "application/json")];
        headers.extend(more);
        let body = self.takes_a_body().then(|| b"{}".to_vec());
        client.send(self.method.clone(), &self.address(), &headers, body).await
    }
}

#[test]
fn the_document_names_every_open_door_and_asks_for_a_token_at_all_others() {
    let operations = Operation::all();
    assert!(operations.len() > 20);
    for open in OPEN_OPERATIONS {
        assert!(operations.iter().any(|one| one.id == *open), "{open} is no operation");
    }
    let document = serde_json::to_value(siraj::app::document()).expect("a document");
    for one in &operations {
        let told = &document["paths"][&one.pattern][one.method.as_str().to_lowercase()];
        assert_eq!(told["security"].is_null(), one.is_open(), "{}", one.id);
        let documented = told["responses"].as_object().expect("responses");
        assert!(documented.contains_key("401") && documented.contains_key("429"), "{}", one.id);
    }
    let mut ids: Vec<_> = operations.iter().map(|one| &one.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), operations.len(), "an operation id stands twice");
}

#[tokio::test]
async fn no_operation_opens_without_a_token_or_with_a_false_one() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let garbage = Client::new(&app.url, Some("eyJhbGciOiJub25lIn0.e30.".to_owned()));
    for one in Operation::all().iter().filter(|one| !one.is_open()) {
        let refused = one.call(&stranger, &[]).await;
        assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"siraj\"", "{}", one.id);
        assert_eq!(refused.expect_problem(401, "unauthenticated")["errors"], json!([]), "{}", one.id);
        one.call(&garbage, &[]).await.expect_problem(401, "invalid-token");
        one.call(&stranger, &[("authorization", "Basic YWRtaW46YWRtaW4=")]).await.expect_problem(401, "invalid-token");
    }
}

#[tokio::test]
async fn an_open_operation_gives_nothing_for_an_empty_body() {
    let app = TestApp::start().await;
    for one in Operation::all().iter().filter(|one| one.is_open()) {
        let answer = one.call(&app.stranger(), &[]).await;
        match one.id.as_str() {
            // Public by their nature: keys that everybody checks with, what a number's statement says, what a campaign publishes.
            "list_signing_keys" => drop(answer.expect_status(200)),
            "verify_report" | "read_public_campaign" => drop(answer.expect_problem(404, "not-found")),
            _ => drop(answer.expect_problem(422, "validation-failed")),
        }
    }
}

#[tokio::test]
async fn a_partner_reads_nothing_of_the_register() {
    let app = TestApp::start().await;
    let organization = Uuid::now_v7();
    app.database
        .owner()
        .await
        .execute(
            "INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ($1, 'ORG-1', 'An organisation', '{donor}', '00000000-0000-7000-8000-000000000001')",
            &[&organization],
        )
        .await
        .expect("organisation");
    let partner = app.partner(organization).await;
    let closed = [
        "facilities",
        "staff",
        "assignments",
        "shipments",
        "requisitions",
        "barcodes",
        "users",
        "reveals",
        "budget-lines",
        "commitments",
        "expenditures",
        "disbursements",
    ];
    let mut asked = 0;
    for one in Operation::all() {
        let collection = one.pattern.split('/').nth(3).unwrap_or_default();
        if closed.contains(&collection) {
            one.call(&partner, &[]).await.expect_problem(403, "forbidden");
            asked += 1;
        }
    }
    assert!(asked >= 10);
}

#[tokio::test]
async fn a_machine_opens_what_is_shared_and_no_other_door() {
    let world = World::start().await;
    let grant = world.grant(&["facilities"], json!({})).await;
    let operations = Operation::all();
    let mut opened = Vec::new();
    // A key asks 120 times a minute.
    for some in operations.chunks(100) {
        let (_, machine) = world.machine(grant).await;
        for one in some.iter().filter(|one| !one.is_open()) {
            let answer = one.call(&machine, &[]).await;
            match answer.json()["code"].as_str() {
                Some("forbidden") => {}
                _ => opened.push(one.id.clone()),
            }
        }
    }
    let shared = [
        "list_shared_grants",
        "list_shared_facilities",
        "read_shared_figures",
        "list_shared_shipments",
        "read_shared_changes",
        "list_shared_reports",
        "read_shared_report_document",
        "read_shared_report_envelope",
        "read_shared_report_pages",
        "read_shared_report_workbook",
    ];
    assert_eq!(opened, shared);
}

#[tokio::test]
async fn an_id_of_nothing_is_answered_by_a_refusal_and_never_by_a_failure() {
    let app = TestApp::start().await;
    let clients = [app.user(Role::Admin).await, app.user(Role::Manager).await, app.user(Role::Auditor).await];
    for one in Operation::all().iter().filter(|one| one.pattern.contains('{')) {
        for client in &clients {
            let answer = one.call(client, &[]).await;
            let status = answer.status.as_u16();
            // A value beside the id is judged before the id is looked for.
            let takes_more = one.takes_a_body()
                || one.pattern.ends_with("_on}")
                || matches!(one.id.as_str(), "list_stock_card" | "allocate_stock" | "list_controlled_register");
            let judged_first = takes_more && status == 422;
            assert!(matches!(status, 403 | 404) || judged_first, "{} {status} {}", one.id, answer.text());
        }
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_which_are_right() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let operations = Operation::all();
    for one in &operations {
        let mut right: Vec<&str> =
            operations.iter().filter(|other| other.pattern == one.pattern).map(|other| other.method.as_str()).collect();
        right.sort_unstable();
        for wrong in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"] {
            if right.contains(&wrong) {
                continue;
            }
            let method = Method::from_bytes(wrong.as_bytes()).expect("a method");
            let refused = stranger.send(method, &one.address(), &[("x-http-method-override", "GET")], None).await;
            let allow = refused.header("allow");
            let mut allowed: Vec<&str> = allow.split(", ").collect();
            allowed.sort_unstable();
            assert_eq!(allowed, right, "{wrong} {}", one.pattern);
            refused.expect_problem(405, "method-not-allowed");
        }
    }
}

#[tokio::test]
async fn a_token_in_the_address_or_two_in_the_headers_are_refused() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let token = manager.token.clone().expect("a token");
    let stranger = app.stranger();
    for name in ["access_token", "token", "refresh_token"] {
        stranger.get(&format!("/api/v1/facilities?{name}={token}")).await.expect_problem(400, "token-in-url");
        manager.get(&format!("/api/v1/facilities?{name}=x")).await.expect_problem(400, "token-in-url");
    }
    let twice = [("authorization", "Bearer x")];
    manager.send(Method::GET, "/api/v1/me", &twice, None).await.expect_problem(400, "malformed-header");
    let nowhere: Value = manager.get("/api/v1/nowhere").await.expect_problem(404, "not-found");
    assert_eq!(nowhere["errors"], json!([]));
}

//! Stories of donations: what a campaign was given, gave back, and what it tells of it.

mod imported;
mod limits;
mod public;

use reqwest::Method;
use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::{
    exchange_rates::rate,
    stock::Stores,
    support::{
        TestApp,
        client::{Answer, Client, faults},
        id_of,
    },
};

const CAMPAIGNS: &str = "/api/v1/campaigns";
const DONATIONS: &str = "/api/v1/donations";
const ALLOCATIONS: &str = "/api/v1/campaign-allocations";

/// A campaign of the year 2015 that asks for 1,000 USD.
struct Appeal {
    app: TestApp,
    manager: Client,
    campaign: Uuid,
}

impl Appeal {
    async fn open() -> Self {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let campaign = appeal(&manager, "SIRAJ-2015").await;
        Self { app, manager, campaign }
    }

    /// A row of money with these further words.
    fn row(&self, kind: &str, amount: &str, day: &str, more: &Value) -> Value {
        let mut body =
            json!({"campaign_id": self.campaign, "kind": kind, "amount": amount, "currency": "USD", "received_on": day});
        siraj::http::merge(&mut body, more);
        body
    }

    async fn post(&self, kind: &str, amount: &str, day: &str, more: Value) -> Answer {
        self.manager.post(DONATIONS, &self.row(kind, amount, day, &more)).await
    }

    async fn add(&self, kind: &str, amount: &str, day: &str, more: Value) -> Value {
        self.post(kind, amount, day, more).await.expect_status(201).json()
    }

    async fn gift(&self, amount: &str) -> Uuid {
        id_of(&self.add("received", amount, "2015-03-02", json!({})).await)
    }

    async fn funds(&self, query: &str) -> Value {
        self.manager.get(&format!("{CAMPAIGNS}/{}/funds{query}", self.campaign)).await.expect_status(200).json()
    }

    /// A budget line of a contract in this currency, kept by the owner: the story is not about it.
    async fn line(&self, code: &str, currency: &str) -> Uuid {
        let (organization, contract, line) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let system = "'00000000-0000-7000-8000-000000000001'";
        let database = self.app.database.owner().await;
        let text = format!(
            "INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ('{organization}', 'ORG-{code}', 'Partner {code}', '{{partner}}', {system});
             INSERT INTO contracts (id, code, name, organization_id, starts_on, ends_on, currency, amount, recorded_by)
             VALUES ('{contract}', 'K-{code}', 'Contract {code}', '{organization}', '2015-01-01', '2015-12-31', '{currency}', 1000000, {system});
             INSERT INTO budget_lines (id, contract_id, code, name, category, currency, amount, recorded_by)
             VALUES ('{line}', '{contract}', '{code}', 'Line {code}', 'medicines', '{currency}', 100000, {system})"
        );
        database.batch_execute(&text).await.expect("a line");
        line
    }

    async fn allocate(&self, line: Uuid, amount: &str) -> Answer {
        let body = json!({"campaign_id": self.campaign, "budget_line_id": line, "amount": amount, "allocated_on": "2015-04-01"});
        self.manager.post(ALLOCATIONS, &body).await
    }

    async fn reverse(&self, path: &str, id: Uuid, more: Value) -> Answer {
        let mut body = json!({"reason": "Entered twice by mistake."});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.manager.post(&format!("{path}/{id}/reversal"), &body).await
    }
}

async fn appeal(manager: &Client, code: &str) -> Uuid {
    let body = json!({"code": code, "name": "Siraj", "goal_amount": "1000", "currency": "USD", "starts_on": "2015-01-01", "ends_on": "2015-12-31"});
    id_of(&manager.post(CAMPAIGNS, &body).await.expect_status(201).json())
}

/// Money in the least part of a dollar, so that the tests add up without the code they test.
fn cents(amount: &Value) -> i64 {
    let text = amount.as_str().expect("money");
    let (whole, part) = text.split_once('.').expect("a point");
    let (sign, whole) = whole.strip_prefix('-').map_or((1, whole), |whole| (-1, whole));
    sign * (whole.parse::<i64>().expect("digits") * 100 + part.parse::<i64>().expect("digits"))
}

/// What is raised, by adding up the rows of the list.
async fn raised_by_rows(by: &Client, campaign: Uuid) -> i64 {
    let rows = by.all(&format!("{DONATIONS}?campaign_id={campaign}&limit=200")).await;
    let sign = |row: &Value| match row["kind"].as_str().unwrap() {
        "received" => 1,
        "refund" | "chargeback" => -1,
        _ => 0,
    };
    let turned = |row: &Value| if row["reverses_id"].is_null() { 1 } else { -1 };
    rows.iter().map(|row| sign(row) * turned(row) * cents(&row["campaign_amount"])).sum()
}

async fn allocated_by_rows(by: &Client, campaign: Uuid) -> i64 {
    let rows = by.all(&format!("{ALLOCATIONS}?campaign_id={campaign}&limit=200")).await;
    rows.iter().map(|row| if row["reverses_id"].is_null() { 1 } else { -1 } * cents(&row["amount"])).sum()
}

#[tokio::test]
async fn a_campaign_is_given_gives_back_and_tells_what_it_has() {
    let appeal = Appeal::open().await;
    rate(&appeal.manager, ("EUR", "USD"), "1.0759", "2015-03-01").await;
    let first = appeal.gift("100").await;
    let euros = appeal.add("received", "50", "2015-04-01", json!({"currency": "EUR", "channel": "hawala"})).await;
    // Told 31 days before: for a later day it would not do.
    assert_eq!((&euros["campaign_amount"], &euros["rate"]), (&json!("53.80"), &json!("1.0759")));
    appeal.add("fee", "2.50", "2015-03-02", json!({"gift_id": first, "reference": "FEE-1"})).await;
    let refund = appeal.add("refund", "30", "2015-05-01", json!({"gift_id": first})).await;
    appeal.add("chargeback", "20", "2015-05-02", json!({"gift_id": first})).await;
    let funds = appeal.funds("?as_of=2015-12-31").await;
    for (name, expected) in [
        ("goal_amount", json!("1000.00")),
        ("received_amount", json!("153.80")),
        ("refunded_amount", json!("30.00")),
        ("charged_back_amount", json!("20.00")),
        ("raised_amount", json!("103.80")),
        ("fees_amount", json!("2.50")),
        ("net_amount", json!("101.30")),
        ("remaining_amount", json!("896.20")),
        ("percent_raised", json!("10.38")),
        ("days_left", json!(1)),
        ("gifts", json!(2)),
        ("allocated_amount", json!("0.00")),
        ("unallocated_amount", json!("103.80")),
    ] {
        assert_eq!(funds[name], expected, "{name}");
    }
    assert_eq!(raised_by_rows(&appeal.manager, appeal.campaign).await, cents(&funds["raised_amount"]));
    let months = funds["by_month"].as_array().unwrap();
    let of = |month: &Value| (month["month"].clone(), month["raised_amount"].clone(), month["gifts"].clone());
    assert_eq!(
        months.iter().map(of).collect::<Vec<_>>(),
        [
            (json!("2015-03-01"), json!("100.00"), json!(1)),
            (json!("2015-04-01"), json!("53.80"), json!(1)),
            (json!("2015-05-01"), json!("-50.00"), json!(0)),
        ]
    );
    let early = appeal.funds("?as_of=2015-03-31").await;
    assert_eq!((&early["raised_amount"], &early["gifts"], &early["days_left"]), (&json!("100.00"), &json!(1), &json!(276)));

    // What is wrong is turned round, and is gone on every day.
    let turned = appeal.reverse(DONATIONS, id_of(&refund), json!({})).await.expect_status(201).json();
    assert_eq!((&turned["reverses_id"], &turned["received_on"]), (&refund["id"], &refund["received_on"]));
    let there = appeal.manager.get(&format!("{DONATIONS}/{}", id_of(&refund))).await.expect_status(200).json();
    assert_eq!(there["reversed_by_id"], turned["id"]);
    assert_eq!(appeal.funds("?as_of=2015-05-01").await["raised_amount"], "153.80");
    // A rate that is told later changes nothing that was reckoned.
    rate(&appeal.manager, ("EUR", "USD"), "1.5", "2015-04-02").await;
    assert_eq!(appeal.funds("?as_of=2015-12-31").await["received_amount"], "153.80");
    for (query, number) in [("?kind=refund", 2), ("?q=fee", 1), ("?since_on=2015-05-02", 1), ("?until_on=2015-03-31", 2)] {
        assert_eq!(appeal.manager.all(&format!("{DONATIONS}{query}")).await.len(), number, "{query}");
    }
    assert_eq!(appeal.manager.all(&format!("{DONATIONS}?gift_id={first}")).await.len(), 4);
}

#[tokio::test]
async fn a_gift_given_back_in_parts_leaves_nothing_behind() {
    let appeal = Appeal::open().await;
    rate(&appeal.manager, ("EUR", "USD"), "1.0759", "2015-03-01").await;
    let gift = id_of(&appeal.add("received", "10", "2015-03-02", json!({"currency": "EUR"})).await);
    let mut parts = Vec::new();
    for part in ["3.33", "3.33", "3.34"] {
        let row = appeal.add("refund", part, "2015-03-09", json!({"currency": "EUR", "gift_id": gift})).await;
        parts.push(row["campaign_amount"].as_str().unwrap().to_owned());
    }
    assert_eq!(parts, ["3.58", "3.59", "3.59"], "10.76 in all");
    assert_eq!(appeal.funds("").await["raised_amount"], "0.00");
}

#[tokio::test]
async fn a_wrong_row_of_money_is_refused_by_its_name() {
    let appeal = Appeal::open().await;
    let other = super::donations::appeal(&appeal.manager, "OTHER-2015").await;
    let gift = appeal.gift("100").await;
    let fee = id_of(&appeal.add("fee", "1", "2015-03-03", json!({})).await);
    let donor =
        id_of(&appeal.manager.post("/api/v1/donors", &json!({"code": "D-1", "kind": "person"})).await.expect_status(201).json());
    let nothing = Uuid::now_v7();
    let cases = [
        ("received", "0", "2015-03-02", json!({}), "/amount", "out-of-range"),
        ("received", "1.005", "2015-03-02", json!({}), "/amount", "precision"),
        ("received", "1", "2014-12-31", json!({}), "/received_on", "outside-period"),
        ("received", "1", "2016-01-01", json!({}), "/received_on", "outside-period"),
        ("received", "1", "2035-01-01", json!({}), "/received_on", "date-in-future"),
        ("received", "1", "2015-03-02", json!({"currency": "EUR"}), "/currency", "missing-rate"),
        ("received", "1", "2015-03-02", json!({"campaign_id": nothing}), "/campaign_id", "unknown-reference"),
        ("received", "1", "2015-03-02", json!({"donor_id": nothing}), "/donor_id", "unknown-reference"),
        ("received", "1", "2015-03-02", json!({"attachment_id": nothing}), "/attachment_id", "unknown-reference"),
        ("received", "1", "2015-03-02", json!({"gift_id": gift}), "/gift_id", "unknown-field"),
        ("refund", "1", "2015-03-02", json!({}), "/gift_id", "required"),
        ("refund", "1", "2015-03-02", json!({"gift_id": nothing}), "/gift_id", "unknown-reference"),
        ("refund", "1", "2015-03-04", json!({"gift_id": fee}), "/gift_id", "unknown-reference"),
        ("refund", "1", "2015-03-02", json!({"gift_id": gift, "campaign_id": other}), "/gift_id", "unknown-reference"),
        ("refund", "1", "2015-03-01", json!({"gift_id": gift}), "/received_on", "date-order"),
        ("refund", "1", "2015-03-02", json!({"gift_id": gift, "currency": "EUR"}), "/gift_id", "unfit-reference"),
        ("refund", "1", "2015-03-02", json!({"gift_id": gift, "donor_id": donor}), "/donor_id", "unknown-field"),
        ("fee", "1", "2015-03-02", json!({"override_reason": "It has to be so."}), "/override_reason", "unknown-field"),
        ("in_kind", "1", "2015-03-02", json!({}), "/stock_document_id", "required"),
        ("in_kind", "1", "2015-03-02", json!({"stock_document_id": nothing}), "/stock_document_id", "unknown-reference"),
        ("received", "1", "2015-03-02", json!({"lot_id": nothing}), "/lot_id", "unknown-field"),
    ];
    for (kind, amount, day, more, pointer, code) in cases {
        let told = format!("{kind} {more}");
        let refused = appeal.post(kind, amount, day, more).await;
        let refused = faults(&refused.expect_problem(422, "validation-failed"));
        assert_eq!(refused, [(pointer.to_owned(), code.to_owned())], "{told}");
    }
    let over =
        appeal.post("refund", "100.01", "2015-03-02", json!({"gift_id": gift})).await.expect_problem(409, "refund-over-gift");
    assert_eq!(faults(&over), [("/amount".to_owned(), "refund-over-gift".to_owned())]);
    appeal.add("chargeback", "60", "2015-03-02", json!({"gift_id": gift})).await;
    appeal.post("refund", "40.01", "2015-03-02", json!({"gift_id": gift})).await.expect_problem(409, "refund-over-gift");
    // What something stands on is not turned round, nor a reversal, nor one thing twice.
    appeal.reverse(DONATIONS, gift, json!({})).await.expect_problem(409, "wrong-state");
    let turned = id_of(&appeal.reverse(DONATIONS, fee, json!({})).await.expect_status(201).json());
    appeal.reverse(DONATIONS, fee, json!({})).await.expect_problem(409, "wrong-state");
    appeal.reverse(DONATIONS, turned, json!({})).await.expect_problem(409, "wrong-state");
    appeal.reverse(DONATIONS, nothing, json!({})).await.expect_problem(404, "not-found");
    let second = appeal.gift("5").await;
    appeal.reverse(DONATIONS, second, json!({})).await.expect_status(201);
    let late = appeal.post("refund", "1", "2015-03-02", json!({"gift_id": second})).await.expect_problem(409, "wrong-state");
    assert_eq!(faults(&late), [("/gift_id".to_owned(), "wrong-state".to_owned())]);
    assert_eq!(appeal.manager.all(&format!("{DONATIONS}?campaign_id={other}")).await.len(), 0, "nothing was written");
    // A rate can make more of an amount than there is room for.
    rate(&appeal.manager, ("KWD", "USD"), "999999", "2015-03-01").await;
    let vast = appeal.post("received", "9999999999999", "2015-03-02", json!({"currency": "KWD"})).await;
    assert_eq!(faults(&vast.expect_problem(422, "validation-failed")), [("/amount".to_owned(), "out-of-range".to_owned())]);
}

#[tokio::test]
async fn the_same_row_sent_again_is_written_once() {
    let appeal = Appeal::open().await;
    let gift = appeal.gift("10").await;
    let id = Uuid::now_v7();
    let all = appeal.row("refund", "10", "2015-03-02", &json!({"gift_id": gift, "id": id}));
    appeal.manager.post(DONATIONS, &all).await.expect_status(201);
    appeal.manager.post(DONATIONS, &all).await.expect_status(200);
    let other = appeal.row("refund", "9", "2015-03-02", &json!({"gift_id": gift, "id": id}));
    appeal.manager.post(DONATIONS, &other).await.expect_problem(409, "record-conflict");
    let turn = json!({"id": Uuid::now_v7()});
    appeal.reverse(DONATIONS, id, turn.clone()).await.expect_status(201);
    appeal.reverse(DONATIONS, id, turn).await.expect_status(200);
    assert_eq!(appeal.manager.all(DONATIONS).await.len(), 3);
    let database = appeal.app.database.owner().await;
    assert!(database.execute("UPDATE donations SET amount = 1", &[]).await.is_err(), "rows of money are never changed");
}

#[tokio::test]
async fn a_gift_in_kind_names_what_brought_it_into_stock() {
    let stores = Stores::open().await;
    let campaign = appeal(&stores.manager, "SIRAJ-2015").await;
    let item = stores.item("GAUZE", false).await;
    let lot = stores.lot(item, "L-1", "2018-01-01").await;
    let donor = stores.account("DONOR");
    let receipt = id_of(
        &stores.moved(&stores.manager, donor, stores.warehouse, "2015-03-02", &[(lot, 500)]).await.expect_status(201).json(),
    );
    let issue = id_of(
        &stores
            .moved(&stores.manager, stores.warehouse, stores.account("CONSUMPTION"), "2015-03-03", &[(lot, 5)])
            .await
            .expect_status(201)
            .json(),
    );
    let row = |key: &str, id: Uuid| json!({"campaign_id": campaign, "kind": "in_kind", "amount": "750", "currency": "USD", "received_on": "2015-03-02", key: id});
    let post = async |body: Value| stores.manager.post(DONATIONS, &body).await;
    let unfit = post(row("stock_document_id", issue)).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&unfit), [("/stock_document_id".to_owned(), "unfit-reference".to_owned())]);
    let gift = post(row("stock_document_id", receipt)).await.expect_status(201).json();
    post(row("stock_document_id", receipt)).await.expect_problem(409, "duplicate");
    let funds = stores.manager.get(&format!("{CAMPAIGNS}/{campaign}/funds")).await.expect_status(200).json();
    let told = [&funds["in_kind_amount"], &funds["raised_amount"], &funds["gifts"], &funds["gifts_in_kind"]];
    assert_eq!(told, [&json!("750.00"), &json!("0.00"), &json!(0), &json!(1)]);
    // Turned round, it can be told again: by its lot, if that came from the donor.
    let reversal = json!({"reason": "The wrong document was named."});
    stores.manager.post(&format!("{DONATIONS}/{}/reversal", id_of(&gift)), &reversal).await.expect_status(201);
    post(row("lot_id", lot)).await.expect_status(201);
    let organization = json!({"code": "MSF", "name": "A giver", "roles": ["donor"]});
    let organization = id_of(&stores.manager.post("/api/v1/organizations", &organization).await.expect_status(201).json());
    let giver = json!({"code": "D-1", "kind": "organization", "organization_id": organization});
    let giver = id_of(&stores.manager.post("/api/v1/donors", &giver).await.expect_status(201).json());
    let second = stores.lot(item, "L-2", "2018-01-01").await;
    let mut body = row("lot_id", second);
    body["donor_id"] = json!(giver);
    let unfit = post(body).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&unfit), [("/lot_id".to_owned(), "unfit-reference".to_owned())]);
}

#[tokio::test]
async fn donors_are_known_by_pseudonym_and_their_names_are_sealed() {
    let app = TestApp::start().await;
    let (manager, auditor) = (app.user(Role::Manager).await, app.user(Role::Auditor).await);
    let coordinator = app.coordinator(&[app.area("EAST", None).await]).await;
    let donor = manager.post("/api/v1/donors", &json!({"code": "D-0117", "kind": "person"})).await.expect_status(201).json();
    let path = format!("/api/v1/donors/{}", id_of(&donor));
    for (body, pointer, code) in [
        (json!({"code": "D-2", "kind": "organization"}), "/organization_id", "required"),
        (json!({"code": "D-2", "kind": "person", "organization_id": Uuid::now_v7()}), "/organization_id", "unknown-field"),
        (
            json!({"code": "D-2", "kind": "organization", "organization_id": Uuid::now_v7()}),
            "/organization_id",
            "unknown-reference",
        ),
    ] {
        let refused = manager.post("/api/v1/donors", &body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), [(pointer.to_owned(), code.to_owned())]);
    }
    manager.post("/api/v1/donors", &json!({"code": "D-0117", "kind": "person"})).await.expect_problem(409, "duplicate");
    let identity = json!({"name": "Jane Example", "email": "jane@donor.example"});
    manager.put(&format!("{path}/identity"), &identity).await.expect_status(204);
    let reveal = json!({"reason": "The receipt came back by post."});
    for client in [&manager, &auditor] {
        client.post(&format!("{path}/reveals"), &reveal).await.expect_problem(403, "forbidden");
    }
    coordinator.put(&format!("{path}/identity"), &identity).await.expect_problem(403, "forbidden");
    let read = coordinator.post(&format!("{path}/reveals"), &reveal).await.expect_status(200);
    assert_eq!((read.header("cache-control"), read.json()["name"].clone()), ("no-store".to_owned(), json!("Jane Example")));
    assert_eq!(auditor.all("/api/v1/reveals?resource=donor_identity").await.len(), 1);
    let history = auditor.get(&format!("{path}/history")).await.expect_status(200).text();
    assert!(history.contains("donor_identities") && !history.contains("Jane"));
    manager.patch(&path, "*", &json!({"note": "Gives every Ramadan."})).await.expect_status(200);
    assert_eq!(auditor.all("/api/v1/donors?q=ramadan&kind=person").await.len(), 1);
    manager.delete(&path, "*").await.expect_status(200);
    assert!(manager.all("/api/v1/donors").await.is_empty());
    let campaign = appeal(&manager, "SIRAJ-2015").await;
    for client in [&coordinator, &app.user(Role::Admin).await] {
        for address in [DONATIONS, ALLOCATIONS, &format!("{CAMPAIGNS}/{campaign}/funds")] {
            client.get(address).await.expect_problem(403, "forbidden");
        }
    }
    auditor.get(&format!("{CAMPAIGNS}/{campaign}/funds")).await.expect_status(200);
    let none = auditor.send(Method::POST, DONATIONS, &[("content-type", "application/json")], Some(b"{}".to_vec())).await;
    none.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn funds_are_told_as_they_were_known_and_say_by_which_rules() {
    let appeal = Appeal::open().await;
    let gift = appeal.gift("350").await;
    let then = appeal.funds("?as_of=2015-12-31").await;
    assert_eq!((&then["raised_amount"], &then["method"]["raised_amount"]["left_out"]), (&json!("350.00"), &json!(0)));
    appeal.reverse(DONATIONS, gift, json!({})).await.expect_status(201);
    let now = appeal.funds("?as_of=2015-12-31").await;
    assert_eq!((&now["raised_amount"], &now["method"]["raised_amount"]["left_out"]), (&json!("0.00"), &json!(2)));
    assert_eq!(
        (&now["method"]["raised_amount"]["version"], &now["method"]["fees_amount"]["left_out"]),
        (&json!(1), &Value::Null)
    );
    let moment = then["known_at"].as_str().expect("a moment");
    assert_eq!(appeal.funds(&format!("?as_of=2015-12-31&known_at={moment}")).await, then);
}

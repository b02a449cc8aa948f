//! Stories of signed contracts: amendments, chains, and what partners are to be told.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

const PATH: &str = "/api/v1/contracts";
const WHY: &str = "Deliveries were delayed by the siege.";

struct Office {
    app: TestApp,
    manager: Client,
    partner: Uuid,
}

impl Office {
    async fn open() -> Self {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let partner = json!({"code": "NORWAC", "name": "NORWAC", "roles": ["partner"]});
        let partner = id_of(&manager.post("/api/v1/organizations", &partner).await.expect_status(201).json());
        Self { app, manager, partner }
    }

    async fn contract(&self, code: &str, starts: &str, ends: &str, more: &Value) -> Uuid {
        let mut body = json!({"code": code, "name": code, "organization_id": self.partner, "starts_on": starts, "ends_on": ends,
            "currency": "USD", "amount": "1000", "monthly_amount": "250"});
        siraj::http::merge(&mut body, more);
        id_of(&self.manager.post(PATH, &body).await.expect_status(201).json())
    }

    async fn sign(&self, contract: Uuid) {
        let path = format!("{PATH}/{contract}/signature");
        self.manager.post(&path, &json!({"signed_on": "2014-12-20"})).await.expect_status(200);
    }

    async fn find(&self, contract: Uuid) -> Value {
        self.manager.get(&format!("{PATH}/{contract}")).await.expect_status(200).json()
    }
}

fn amendment(kind: &str, effective: &str, more: &Value) -> Value {
    let mut body = json!({"kind": kind, "signed_on": "2015-03-20", "effective_on": effective, "reason": WHY});
    siraj::http::merge(&mut body, more);
    body
}

fn at(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

#[tokio::test]
async fn a_signed_contract_changes_by_amendments_alone_and_each_keeps_what_was_before() {
    let office = Office::open().await;
    let id = office.contract("N-1", "2015-01-01", "2015-04-30", &json!({})).await;
    let (path, amendments) = (format!("{PATH}/{id}"), format!("{PATH}/{id}/amendments"));
    let longer = amendment("no_cost_extension", "2015-04-15", &json!({"ends_on": "2015-05-31"}));
    office.manager.post(&amendments, &longer).await.expect_problem(409, "contract-not-signed");
    office.manager.patch(&path, "*", &json!({"signed_on": "2014-12-20"})).await.expect_problem(422, "validation-failed");
    office.manager.patch(&path, "*", &json!({"ends_on": "2015-04-29"})).await.expect_status(200);
    office.manager.patch(&path, "*", &json!({"ends_on": "2015-04-30"})).await.expect_status(200);
    let future = office.manager.post(&format!("{path}/signature"), &json!({"signed_on": "2034-01-01"})).await;
    assert_eq!(faults(&future.expect_problem(422, "validation-failed")), at("/signed_on", "date-in-future"));
    office.sign(id).await;
    office
        .manager
        .post(&format!("{path}/signature"), &json!({"signed_on": "2014-12-21"}))
        .await
        .expect_problem(409, "contract-signed");
    for change in [
        json!({"ends_on": "2015-06-30"}),
        json!({"starts_on": "2014-12-31"}),
        json!({"currency": "EUR"}),
        json!({"amount": "1001"}),
        json!({"monthly_amount": null}),
        json!({"organization_id": id_of(&office.manager.post("/api/v1/organizations", &json!({"code": "O2", "name": "Other", "roles": ["partner"]})).await.json())}),
    ] {
        office.manager.patch(&path, "*", &change).await.expect_problem(409, "contract-signed");
        break_free(&office, &change).await;
    }
    office.manager.patch(&path, "*", &json!({"note": "Kept in the blue folder."})).await.expect_status(200);

    let made = office.manager.post(&amendments, &longer).await.expect_status(201).json();
    assert_eq!(
        (&made["number"], &made["previous_ends_on"], &made["ends_on"]),
        (&json!(1), &json!("2015-04-30"), &json!("2015-05-31"))
    );
    let mut again = longer.clone();
    again["id"] = made["id"].clone();
    assert_eq!(office.manager.post(&amendments, &again).await.expect_status(200).json(), made);
    again["ends_on"] = json!("2015-06-01");
    office.manager.post(&amendments, &again).await.expect_problem(409, "record-conflict");
    let more = amendment("top_up", "2015-05-01", &json!({"amount": "1500", "monthly_amount": "300"}));
    let more = office.manager.post(&amendments, &more).await.expect_status(201).json();
    assert_eq!(
        (&more["number"], &more["previous_amount"], &more["previous_monthly_amount"]),
        (&json!(2), &json!("1000.00"), &json!("250.00"))
    );
    office.manager.post(&amendments, &amendment("scope_change", "2015-05-01", &json!({}))).await.expect_status(201);
    let there = office.find(id).await;
    assert_eq!((&there["ends_on"], &there["amount"], &there["amendments"]), (&json!("2015-05-31"), &json!("1500.00"), &json!(3)));
    let numbers: Vec<_> = office.manager.all(&amendments).await.iter().map(|one| one["number"].clone()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let history = office.manager.all(&format!("{path}/history")).await;
    assert_eq!(history.iter().filter(|one| one["resource"] == "contract_amendments").count(), 3);
    let partner = office.app.partner(office.partner).await;
    assert_eq!(partner.all(&amendments).await.len(), 3);
    partner.post(&amendments, &longer).await.expect_problem(403, "forbidden");
}

/// Nothing was written by what was refused.
async fn break_free(office: &Office, change: &Value) {
    let rows = office.app.database.owner().await;
    let row =
        rows.query_one("SELECT ends_on::text, amount::text FROM contracts WHERE code = 'N-1'", &[]).await.expect("a contract");
    assert_eq!((row.get::<_, String>(0), row.get::<_, String>(1)), ("2015-04-30".to_owned(), "1000.000".to_owned()), "{change}");
}

#[tokio::test]
async fn what_an_amendment_may_not_be_is_told() {
    let office = Office::open().await;
    let id = office.contract("N-1", "2015-01-01", "2015-04-30", &json!({})).await;
    let renewal = json!({"renews_id": id});
    office.contract("N-2", "2015-06-01", "2015-12-31", &renewal).await;
    office.sign(id).await;
    let path = format!("{PATH}/{id}/amendments");
    let ends = |day: &str| json!({"ends_on": day});
    for (body, expected) in [
        (amendment("no_cost_extension", "2015-04-15", &json!({})), at("/ends_on", "required")),
        (
            amendment("no_cost_extension", "2015-04-15", &json!({"ends_on": "2015-05-01", "amount": "2"})),
            at("/amount", "unknown-field"),
        ),
        (amendment("scope_change", "2015-04-15", &json!({"monthly_amount": "2"})), at("/monthly_amount", "unknown-field")),
        (
            amendment("top_up", "2015-04-15", &ends("2015-05-01")),
            vec![("/amount".to_owned(), "required".to_owned()), ("/ends_on".to_owned(), "unknown-field".to_owned())],
        ),
        (amendment("no_cost_extension", "2015-04-15", &ends("2015-04-30")), at("/ends_on", "changes-nothing")),
        (amendment("no_cost_extension", "2014-12-31", &ends("2015-05-01")), at("/effective_on", "date-order")),
        (amendment("no_cost_extension", "2015-05-02", &ends("2015-05-01")), at("/effective_on", "date-order")),
        (amendment("top_up", "2015-04-15", &json!({"amount": "2000.001"})), at("/amount", "precision")),
        (
            amendment("top_up", "2015-04-15", &json!({"amount": "1000"})),
            vec![
                ("/amount".to_owned(), "changes-nothing".to_owned()),
                ("/monthly_amount".to_owned(), "changes-nothing".to_owned()),
            ],
        ),
        (
            amendment("reduction", "2015-04-15", &json!({"amount": "1001"})),
            vec![
                ("/amount".to_owned(), "changes-nothing".to_owned()),
                ("/monthly_amount".to_owned(), "changes-nothing".to_owned()),
            ],
        ),
    ] {
        let problem = office.manager.post(&path, &body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), expected, "{body}");
    }
    let into = office.manager.post(&path, &amendment("no_cost_extension", "2015-04-15", &ends("2015-06-01"))).await;
    assert_eq!(faults(&into.expect_problem(409, "runs-into-renewal")), at("/ends_on", "runs-into-renewal"));
    assert!(office.manager.all(&path).await.is_empty());
    office.manager.post(&path, &amendment("no_cost_extension", "2015-04-15", &ends("2015-05-15"))).await.expect_status(201);
    let twice = office.manager.post(&path, &amendment("no_cost_extension", "2015-04-15", &ends("2015-05-20"))).await;
    assert_eq!(faults(&twice.expect_problem(409, "overlapping-amendment")), at("/effective_on", "overlapping-amendment"));
    office
        .manager
        .post(&path, &amendment("scope_change", "2015-04-14", &json!({})))
        .await
        .expect_problem(422, "validation-failed");
    // Below what its lines come to it is not reduced.
    let line = json!({"contract_id": id, "code": "FUEL", "name": "Fuel", "category": "fuel", "amount": "700", "currency": "USD"});
    office.manager.post("/api/v1/budget-lines", &line).await.expect_status(201);
    office
        .manager
        .post(&path, &amendment("reduction", "2015-05-01", &json!({"amount": "699.99"})))
        .await
        .expect_problem(409, "over-contract");
    office.manager.post(&path, &amendment("reduction", "2015-05-01", &json!({"amount": "700"}))).await.expect_status(201);
}

#[tokio::test]
async fn the_last_amendment_is_withdrawn_while_nothing_stands_on_it() {
    let office = Office::open().await;
    let id = office.contract("N-1", "2015-01-01", "2015-04-30", &json!({})).await;
    office.sign(id).await;
    let path = format!("{PATH}/{id}/amendments");
    let extension = amendment("no_cost_extension", "2015-04-15", &json!({"ends_on": "2015-05-31"}));
    let first = id_of(&office.manager.post(&path, &extension).await.expect_status(201).json());
    let more = amendment("top_up", "2015-05-01", &json!({"amount": "1500"}));
    let second = id_of(&office.manager.post(&path, &more).await.expect_status(201).json());
    office.manager.delete(&format!("{path}/{first}"), "*").await.expect_problem(409, "wrong-state");
    let line =
        json!({"contract_id": id, "code": "FUEL", "name": "Fuel", "category": "fuel", "amount": "1200", "currency": "USD"});
    let line = id_of(&office.manager.post("/api/v1/budget-lines", &line).await.expect_status(201).json());
    office.manager.delete(&format!("{path}/{second}"), "*").await.expect_problem(409, "amendment-stands");
    office.manager.patch(&format!("/api/v1/budget-lines/{line}"), "*", &json!({"amount": "900"})).await.expect_status(200);
    office.manager.delete(&format!("{path}/{second}"), "*").await.expect_status(200);
    office.manager.delete(&format!("{path}/{second}"), "*").await.expect_problem(410, "record-deleted");
    assert_eq!(office.find(id).await["amount"], json!("1000.00"));
    let spent =
        json!({"budget_line_id": line, "amount": "5", "currency": "USD", "spent_on": "2015-05-10", "description": "Diesel"});
    office.manager.post("/api/v1/expenditures", &spent).await.expect_status(201);
    office.manager.delete(&format!("{path}/{first}"), "*").await.expect_problem(409, "amendment-stands");
    assert_eq!(office.manager.all(&format!("{path}?retired=true")).await.len(), 1);
    // Its number is free again.
    let next = office.manager.post(&path, &more).await.expect_status(201).json();
    assert_eq!(next["number"], json!(2));
}

#[tokio::test]
async fn a_chain_tells_its_links_and_the_days_between() {
    let office = Office::open().await;
    let first = office.contract("N-1", "2014-05-01", "2014-12-31", &json!({})).await;
    let second = office.contract("N-2", "2015-01-01", "2015-04-30", &json!({"renews_id": first})).await;
    let third = office.contract("N-3", "2015-05-16", "2016-02-15", &json!({"renews_id": second})).await;
    office.contract("X-1", "2015-05-16", "2016-02-15", &json!({})).await;
    for id in [first, second, third] {
        let chain = office.manager.get(&format!("{PATH}/{id}/chain")).await.expect_status(200).json();
        let links: Vec<_> =
            chain["contracts"].as_array().unwrap().iter().map(|one| (one["code"].clone(), one["gap_days"].clone())).collect();
        assert_eq!(links, [(json!("N-1"), Value::Null), (json!("N-2"), json!(0)), (json!("N-3"), json!(15))]);
    }
    office.manager.get(&format!("{PATH}/{}/chain", Uuid::now_v7())).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn duties_are_made_from_a_schedule_told_and_late_by_the_day() {
    let office = Office::open().await;
    let id = office.contract("N-1", "2014-05-01", "2014-12-31", &json!({})).await;
    let schedule = json!({"title": "Financial report", "kind": "financial", "frequency": "quarterly", "days_after": 30});
    let path = format!("{PATH}/{id}/reporting-schedule");
    let made = office.manager.post(&path, &schedule).await.expect_status(200).json();
    let due: Vec<_> = made["duties"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["starts_on"].clone(), one["ends_on"].clone(), one["due_on"].clone()))
        .collect();
    assert_eq!(
        due,
        [
            (json!("2014-05-01"), json!("2014-07-31"), json!("2014-08-30")),
            (json!("2014-08-01"), json!("2014-10-31"), json!("2014-11-30")),
            (json!("2014-11-01"), json!("2014-12-31"), json!("2015-01-30")),
        ]
    );
    let again = office.manager.post(&path, &schedule).await.expect_status(200).json();
    assert_eq!(again["duties"], json!([]), "made once");
    let mut wrong = schedule.clone();
    wrong["days_after"] = json!(366);
    office.manager.post(&path, &wrong).await.expect_problem(422, "validation-failed");
    let duties = "/api/v1/reporting-duties";
    let first = id_of(&made["duties"][0]);
    let delivery = format!("{duties}/{first}/delivery");
    office.manager.post(&delivery, &json!({"delivered_on": "2014-09-04"})).await.expect_status(200);
    office.manager.post(&delivery, &json!({"delivered_on": "2014-09-05"})).await.expect_problem(409, "wrong-state");
    let states = async |client: &Client, query: &str| {
        let all = client.all(&format!("{duties}?contract_id={id}&{query}")).await;
        all.iter().map(|one| (one["state"].as_str().unwrap().to_owned(), one["days_late"].as_i64().unwrap())).collect::<Vec<_>>()
    };
    let told = |expected: &[(&str, i64)]| expected.iter().map(|(state, days)| ((*state).to_owned(), *days)).collect::<Vec<_>>();
    assert_eq!(states(&office.manager, "as_of=2014-09-03").await, told(&[("late", 4), ("due", 0), ("due", 0)]));
    assert_eq!(states(&office.manager, "as_of=2014-12-02").await, told(&[("delivered", 5), ("late", 2), ("due", 0)]));
    assert_eq!(states(&office.manager, "as_of=2014-12-02&state=late").await, told(&[("late", 2)]));
    assert_eq!(states(&office.manager, "as_of=2014-12-02&state=due").await, told(&[("due", 0)]));
    assert_eq!(states(&office.manager, "as_of=2014-12-02&state=delivered").await, told(&[("delivered", 5)]));
    assert_eq!(states(&office.app.partner(office.partner).await, "state=late").await.len(), 2);
    let body = json!({"contract_id": id, "title": "List of posts", "kind": "list", "starts_on": "2014-05-01", "ends_on": "2014-05-31", "due_on": "2014-06-05"});
    let one = id_of(&office.manager.post(duties, &body).await.expect_status(201).json());
    office.manager.post(duties, &body).await.expect_problem(409, "duplicate");
    let mut early = body.clone();
    early["due_on"] = json!("2014-04-30");
    office.manager.post(duties, &early).await.expect_problem(422, "validation-failed");
    office.manager.delete(&format!("{duties}/{one}"), "*").await.expect_status(200);
    office.manager.get(&format!("{duties}/{one}")).await.expect_status(200);
}

#[tokio::test]
async fn an_area_in_scope_supports_its_facilities_on_its_days() {
    let office = Office::open().await;
    let (ghouta, other) = (office.app.area("GHOUTA", None).await, office.app.area("IDLIB", None).await);
    let east = office.app.area("EAST", Some(ghouta)).await;
    office.app.facility(&office.manager, "HOS-01", east).await;
    office.app.facility(&office.manager, "HOS-02", other).await;
    let id = office.contract("N-1", "2015-01-01", "2015-04-30", &json!({})).await;
    let path = "/api/v1/contract-scopes";
    let body = json!({"contract_id": id, "area_id": ghouta, "starts_on": "2015-02-01"});
    let scope = id_of(&office.manager.post(path, &body).await.expect_status(201).json());
    let supported = async |day: &str| {
        let figures = office.manager.get(&format!("/api/v1/reports/figures?as_of={day}")).await.expect_status(200).json();
        figures["facilities"]["total"].as_i64().unwrap()
    };
    for (day, expected) in [("2015-01-31", 0), ("2015-02-01", 1), ("2015-04-30", 1), ("2015-05-01", 0)] {
        assert_eq!(supported(day).await, expected, "{day}");
    }
    office.manager.post(path, &json!({"contract_id": id, "cadre": "nurse"})).await.expect_status(201);
    office.manager.post(path, &json!({"contract_id": id, "item_category": "fuel"})).await.expect_status(201);
    let twice = office.manager.post(path, &json!({"contract_id": id, "area_id": ghouta, "starts_on": "2015-03-01"})).await;
    assert_eq!(faults(&twice.expect_problem(409, "overlap")), at("/starts_on", "overlap"));
    for (more, pointer, code) in [
        (json!({}), "/area_id", "required"),
        (json!({"area_id": ghouta, "cadre": "nurse"}), "/cadre", "unknown-field"),
        (json!({"area_id": Uuid::now_v7()}), "/area_id", "unknown-reference"),
        (json!({"cadre": "doctor", "starts_on": "2015-05-01"}), "/starts_on", "outside-period"),
    ] {
        let mut body = json!({"contract_id": id});
        siraj::http::merge(&mut body, &more);
        let problem = office.manager.post(path, &body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), at(pointer, code), "{more}");
    }
    let partner = office.app.partner(office.partner).await;
    assert_eq!(partner.all(&format!("{path}?contract_id={id}&on=2015-03-01")).await.len(), 3);
    // The contract may not be drawn away from under it, nor the area retired.
    let earlier = office.manager.patch(&format!("{PATH}/{id}"), "*", &json!({"ends_on": "2015-01-31"})).await;
    assert_eq!(faults(&earlier.expect_problem(422, "validation-failed")), at("/ends_on", "outside-period"));
    office.manager.delete(&format!("/api/v1/areas/{ghouta}"), "*").await.expect_problem(409, "still-in-use");
    office.manager.patch(&format!("{path}/{scope}"), "*", &json!({"ends_on": "2015-03-31"})).await.expect_status(200);
    assert_eq!(supported("2015-04-01").await, 0);
    office.manager.delete(&format!("{path}/{scope}"), "*").await.expect_status(200);
    assert_eq!(supported("2015-03-01").await, 0);
}

#[tokio::test]
async fn nothing_is_signed_on_a_day_to_come() {
    let office = Office::open().await;
    let body = json!({"code": "N-9", "name": "N-9", "organization_id": office.partner, "starts_on": "2015-01-01", "ends_on": "2015-12-31",
        "signed_on": "2034-12-20"});
    let refused = office.manager.post(PATH, &body).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/signed_on".to_owned(), "date-in-future".to_owned())]);
}

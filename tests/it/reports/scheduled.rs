//! Definitions of reports, those that are drafted by the month, and what becomes of claims.

use serde_json::{Value, json};
use siraj::{auth::Role, db::Db, publishing};
use uuid::Uuid;

use super::{
    World,
    publishing::{define, publish},
};
use crate::support::{client::faults, id_of};

const DEFINITIONS: &str = "/api/v1/report-definitions";
const REPORTS: &str = "/api/v1/published-reports";

#[tokio::test]
async fn reports_of_the_month_are_drafted_by_themselves_once_whichever_node_comes_first() {
    let world = World::start().await;
    let definition = define(
        &world,
        "NORWAC-MONTHLY",
        &json!({"kind": "staffing", "contract_id": world.contract, "schedule": "monthly", "starts_on": "2015-01-15", "ends_on": "2015-03-01", "due_day": 10}),
    )
    .await;
    let other = define(&world, "GONE", &json!({"schedule": "monthly", "starts_on": "2015-01-01", "due_day": 1})).await;
    world.manager.delete(&format!("{DEFINITIONS}/{other}"), "*").await.expect_status(200);
    let nodes = [
        Db::new(&world.app.database.service_url(), 2).expect("a pool"),
        Db::new(&world.app.database.service_url(), 2).expect("a pool"),
    ];
    let mut drafted = 0;
    for _ in 0..4 {
        let (one, two) = tokio::join!(publishing::keep_up(&nodes[0]), publishing::keep_up(&nodes[1]));
        drafted += one.expect("kept up") + two.expect("kept up");
    }
    assert_eq!(drafted, 3, "each month once");
    let late = world.manager.all(&format!("{REPORTS}?state=late&sort=as_of")).await;
    let told: Vec<_> =
        late.iter().map(|report| (report["period_on"].clone(), report["as_of"].clone(), report["due_on"].clone())).collect();
    let month = |first: &str, last: &str, due: &str| (json!(first), json!(last), json!(due));
    assert_eq!(
        told,
        [
            month("2015-01-01", "2015-01-31", "2015-02-10"),
            month("2015-02-01", "2015-02-28", "2015-03-10"),
            month("2015-03-01", "2015-03-31", "2015-04-10")
        ]
    );
    assert_eq!(late[0]["drafted_by"], super::SYSTEM);
    // The machine has drafted it; somebody publishes it who did not define what it drafts. What was cancelled is not drafted again.
    let alone = json!({"document_hash": late[0]["document_hash"]});
    let publication = format!("{REPORTS}/{}/publication", id_of(&late[0]));
    world.manager.post(&publication, &alone).await.expect_problem(409, "second-person-required");
    // Nor do they by letting somebody else touch the definition afterwards.
    let second = world.app.user(Role::Manager).await;
    let touched = json!({"title_ar": "كوادر"});
    second.patch(&format!("{DEFINITIONS}/{definition}"), "*", &touched).await.expect_status(200);
    for either in [&world.manager, &second] {
        either.post(&publication, &alone).await.expect_problem(409, "second-person-required");
    }
    assert_eq!(publish(&world.app.user(Role::Manager).await, &late[0]).await["number"], 1);
    let reason = json!({"reason": "The contract was suspended that month."});
    world.manager.post(&format!("{REPORTS}/{}/cancellation", id_of(&late[1])), &reason).await.expect_status(200);
    assert_eq!(publishing::keep_up(&nodes[0]).await.expect("kept up"), 0);
    assert_eq!(world.manager.all(&format!("{REPORTS}?state=late")).await.len(), 1);
    assert_eq!(world.manager.all(&format!("{REPORTS}?definition_id={definition}&kind=staffing&as_of=2015-01-31")).await.len(), 1);
    let twice = format!(
        "INSERT INTO published_reports (id, definition_id, definition_version, kind, title, as_of, period_on, known_at, document, document_hash, drafted_by, recorded_by)
         SELECT gen_random_uuid(), definition_id, 1, kind, title, as_of, period_on, known_at, document, document_hash, drafted_by, recorded_by FROM published_reports WHERE id = '{}'",
        id_of(&late[1])
    );
    let error = world.sql.batch_execute(&twice).await.expect_err("a month twice");
    assert_eq!(error.as_db_error().and_then(|error| error.constraint()), Some("published_reports_period_key"));
}

#[tokio::test]
async fn a_definition_says_what_it_needs_and_every_edit_is_a_version() {
    let world = World::start().await;
    let definition = |more: Value| {
        let mut body = json!({"code": "ALL", "title": "All", "kind": "figures"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let cases: [(Value, &[(&str, &str)]); 11] = [
        (json!({"audience": "partner", "kind": "staffing"}), &[("/contract_id", "required"), ("/kind", "unknown-value")]),
        (
            json!({"audience": "partner", "contract_id": world.contract, "area_id": world.east, "campaign_id": Uuid::now_v7()}),
            &[("/area_id", "unknown-field"), ("/campaign_id", "unknown-field")],
        ),
        (json!({"kind": "reconciliation"}), &[("/campaign_id", "required")]),
        (json!({"schedule": "monthly"}), &[("/due_day", "required"), ("/starts_on", "required")]),
        (json!({"due_day": 5, "ends_on": "2015-01-01"}), &[("/due_day", "unknown-field"), ("/ends_on", "unknown-field")]),
        (
            json!({"schedule": "monthly", "starts_on": "2015-02-01", "ends_on": "2015-01-01", "due_day": 29}),
            &[("/due_day", "out-of-range"), ("/ends_on", "date-order")],
        ),
        (json!({"schedule": "weekly"}), &[("/schedule", "unknown-value")]),
        (json!({"contract_id": Uuid::now_v7()}), &[("/contract_id", "unknown-reference")]),
        (json!({"campaign_id": Uuid::now_v7()}), &[("/campaign_id", "unknown-reference")]),
        (json!({"area_id": Uuid::now_v7()}), &[("/area_id", "unknown-reference")]),
        (json!({"schedule": "monthly", "starts_on": "2001-01-01", "due_day": 1}), &[("/starts_on", "date-out-of-range")]),
    ];
    for (more, expected) in cases {
        let refused = world.manager.post(DEFINITIONS, &definition(more.clone())).await.expect_problem(422, "validation-failed");
        let expected: Vec<_> = expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect();
        assert_eq!(faults(&refused), expected, "{more}");
    }
    let made =
        world.manager.post(DEFINITIONS, &definition(json!({"contract_id": world.contract}))).await.expect_status(201).json();
    let path = format!("{DEFINITIONS}/{}", id_of(&made));
    world.manager.post(DEFINITIONS, &definition(json!({}))).await.expect_problem(409, "duplicate");
    world.manager.delete(&format!("/api/v1/contracts/{}", world.contract), "*").await.expect_problem(409, "still-in-use");
    let moment = made["recorded_at"].as_str().unwrap();
    let edited =
        world.manager.patch(&path, "\"1\"", &json!({"title_ar": "الكل", "contract_id": null})).await.expect_status(200).json();
    assert_eq!((&edited["revision"], &edited["audience"]), (&json!(2), &json!("house")), "unless it says otherwise");
    let then = world.manager.get(&format!("{DEFINITIONS}?known_at={moment}")).await.expect_status(200).json();
    assert_eq!((&then["items"][0]["revision"], &then["items"][0]["contract_id"]), (&json!(1), &json!(world.contract)));
    for (query, many) in [("q=الكل", 1), ("kind=staffing", 0), ("schedule=none", 1), ("retired=true", 0)] {
        assert_eq!(world.manager.all(&format!("{DEFINITIONS}?{query}")).await.len(), many, "{query}");
    }
    assert_eq!(world.manager.all(&format!("{path}/history")).await.len(), 2);
    world.manager.delete(&path, "\"2\"").await.expect_status(200);
    let draft = json!({"definition_id": id_of(&made), "as_of": "2015-06-30"});
    let refused = world.manager.post(REPORTS, &draft).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/definition_id".to_owned(), "retired-reference".to_owned())]);
    // The same is held by the database.
    for (change, constraint) in [
        ("kind = 'reconciliation'", "report_definitions_reconciled_check"),
        ("audience = 'all'", "report_definitions_audience_check"),
        ("audience = 'partner'", "report_definitions_partner_check"),
        ("schedule = 'monthly'", "report_definitions_monthly_check"),
        ("kind = 'other'", "report_definitions_kind_check"),
        ("schedule = 'weekly'", "report_definitions_schedule_check"),
        ("schedule = 'monthly', starts_on = '2015-01-01', due_day = 29", "report_definitions_due_day_check"),
        (
            "schedule = 'monthly', starts_on = '2015-01-01', due_day = 1, ends_on = '2014-01-01'",
            "report_definitions_period_check",
        ),
        ("schedule = 'monthly', starts_on = '2001-01-01', due_day = 1", "report_definitions_starts_on_check"),
        (
            "schedule = 'monthly', starts_on = '2015-01-01', due_day = 1, ends_on = '2101-01-01'",
            "report_definitions_ends_on_check",
        ),
        ("code = 'x'", "report_definitions_code_check"),
        ("title = ''", "report_definitions_title_check"),
        ("title_ar = ''", "report_definitions_title_ar_check"),
    ] {
        let error = world.sql.batch_execute(&format!("UPDATE report_definitions SET {change}")).await.expect_err(change);
        assert_eq!(error.as_db_error().and_then(|error| error.constraint()), Some(constraint), "{change}");
    }
}

#[tokio::test]
async fn a_claim_is_open_until_it_is_explained_or_corrected_and_open_again_once_it_says_something_else() {
    let world = World::start().await;
    let campaign = world.campaign("SIRAJ-2015").await;
    let claim = json!({"code": "TOTAL", "campaign_id": campaign, "statement": "44 facilities.", "subject": "total", "source": "a page",
        "amount": "44", "figure": "facilities.total", "as_of": "2015-12-31"});
    let claim = world.manager.post("/api/v1/claims", &claim).await.expect_status(201).json();
    assert_eq!((&claim["state"], &claim["explanation"]), (&json!("open"), &Value::Null));
    let path = format!("/api/v1/claims/{}", id_of(&claim));
    let act = async |act: &str, body: Value| world.manager.post(&format!("{path}/{act}"), &body).await;
    let why = json!({"explanation": "One hospital is also a primary care center."});
    act("reopening", json!({})).await.expect_problem(409, "wrong-state");
    let refused = act("explanation", json!({"explanation": "short"})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/explanation".to_owned(), "too-short".to_owned())]);
    let explained = act("explanation", why.clone()).await.expect_status(200).json();
    assert_eq!((&explained["state"], &explained["explanation"]), (&json!("explained"), &why["explanation"]));
    act("explanation", why.clone()).await.expect_problem(409, "wrong-state");
    let told =
        world.manager.get(&format!("/api/v1/reports/reconciliation?campaign_id={campaign}")).await.expect_status(200).json();
    assert_eq!((&told["claims"][0]["state"], &told["claims"][0]["explanation"]), (&json!("explained"), &why["explanation"]));
    assert_eq!(world.manager.all("/api/v1/claims?state=explained").await.len(), 1);
    assert!(world.manager.all("/api/v1/claims?state=open").await.is_empty());
    // Its words may be mended; another number is another claim.
    let mended = world.manager.patch(&path, "*", &json!({"statement": "44 facilities benefit."})).await.expect_status(200).json();
    assert_eq!(mended["state"], "explained");
    let other = world.manager.patch(&path, "*", &json!({"amount": "45"})).await.expect_status(200).json();
    assert_eq!((&other["state"], &other["explanation"]), (&json!("open"), &Value::Null));
    let corrected = act("correction", json!({"explanation": "The page says 45 since March."})).await.expect_status(200).json();
    assert_eq!(corrected["state"], "corrected");
    act("explanation", why.clone()).await.expect_problem(409, "wrong-state");
    act("reopening", json!({})).await.expect_status(200);
    // As it was known before it was explained, it was open.
    let moment = claim["recorded_at"].as_str().unwrap();
    let then = world.manager.get(&format!("/api/v1/claims?known_at={moment}")).await.expect_status(200).json();
    assert_eq!((&then["items"][0]["state"], &then["items"][0]["amount"]), (&json!("open"), &json!("44.00")));
    let auditor = world.app.user(Role::Auditor).await;
    auditor.post(&format!("{path}/explanation"), &why).await.expect_problem(403, "forbidden");
    world.manager.delete(&path, "*").await.expect_status(200);
    act("explanation", why).await.expect_problem(410, "record-deleted");
    for (change, constraint) in [
        ("state = 'closed', explanation = 'Long enough to be one.'", "claims_state_check"),
        ("state = 'explained'", "claims_explained_check"),
        ("state = 'explained', explanation = 'short'", "claims_explanation_check"),
    ] {
        let error = world.sql.batch_execute(&format!("UPDATE claims SET {change}")).await.expect_err(change);
        assert_eq!(error.as_db_error().and_then(|error| error.constraint()), Some(constraint), "{change}");
    }
}

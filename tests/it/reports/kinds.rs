//! Reports of supplies, of money and of a campaign: what they tell, held against the figures of the same day; and what corrections change of them.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use siraj::{auth::Role, db::Db, imports::demo_sheets, keys::hex, publishing};
use uuid::Uuid;

use super::{World, pages::sheets, publishing::publish};
use crate::{
    imports::load,
    support::{
        TestApp,
        client::{Client, faults},
        id_of,
    },
};

const DAY: &str = "2015-12-31";
const DEFINITIONS: &str = "/api/v1/report-definitions";
const REPORTS: &str = "/api/v1/published-reports";

/// The demo's register, and two managers of it.
struct Demo {
    app: TestApp,
    manager: Client,
    second: Client,
}

impl Demo {
    async fn load() -> Self {
        let app = TestApp::start().await;
        assert_eq!(load(&app, &demo_sheets().expect("the demo")).await.faults, []);
        let (manager, second) = (app.user(Role::Manager).await, app.user(Role::Manager).await);
        Self { app, manager, second }
    }

    async fn one(&self, query: &str) -> Value {
        let found = self.manager.all(&format!("/api/v1/{query}")).await;
        assert_eq!(found.len(), 1, "{query}");
        found[0].clone()
    }

    /// Defines, drafts and publishes a report; gives its document.
    async fn published(&self, code: &str, more: &Value) -> Value {
        let mut definition = json!({"code": code, "title": format!("Report {code}"), "title_ar": "تقرير"});
        definition.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let definition = id_of(&self.manager.post(DEFINITIONS, &definition).await.expect_status(201).json());
        let draft = json!({"definition_id": definition, "as_of": DAY});
        let drafted = self.manager.post(REPORTS, &draft).await.expect_status(201).json();
        let report = publish(&self.second, &drafted).await;
        let told = self.manager.get(&format!("{REPORTS}/{}/document", id_of(&report))).await.expect_status(200).json();
        assert_eq!(told["form"], "siraj-document-3");
        told
    }

    async fn restated(&self, number: i64) -> Value {
        self.manager.get(&format!("{REPORTS}/{number}/restatement")).await.expect_status(200).json()
    }

    /// What `siraj verify` finds.
    async fn faults(&self) -> Vec<String> {
        let db = Db::new(&self.app.database.service_url(), 1).expect("a pool");
        let known = [hex(self.app.keys.publishing()[0].public())];
        publishing::verify(&db, Some(&known)).await.expect("checked").faults
    }

    /// A sheet of the workbook of a report.
    async fn sheet(&self, number: i64, name: &str) -> Vec<Vec<String>> {
        let book = self.manager.get(&format!("{REPORTS}/{number}/workbook")).await.expect_status(200);
        let found = sheets(&book.body).into_iter().find(|(one, _)| one == name);
        found.unwrap_or_else(|| panic!("no sheet {name}")).1
    }
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_else(|| panic!("{field} of {row}"))
}

#[tokio::test]
async fn a_report_of_supplies_tells_what_has_arrived_and_nothing_of_the_road() {
    let demo = Demo::load().await;
    let told = demo.published("SUPPLIES", &json!({"kind": "supplies"})).await;
    // An auditor need not know the road either.
    let auditor = demo.app.user(Role::Auditor).await;
    let counted = auditor.get(&format!("/api/v1/reports/supplies?by=category,month&to={DAY}")).await.expect_status(200).json();
    let cells = |rows: &Value| -> BTreeMap<[String; 3], i64> {
        let cell = |row: &Value| {
            (["category", "month", "base_unit"].map(|field| text(row, field).to_owned()), row["arrived"].as_i64().unwrap())
        };
        rows.as_array().unwrap().iter().map(cell).filter(|(_, arrived)| *arrived != 0).collect()
    };
    let (told_cells, counted_cells) = (cells(&told["supplies"]["cells"]), cells(&counted["cells"]));
    assert!(told_cells.len() > 50 && told_cells == counted_cells, "{told_cells:?}");
    for word in ["\"sent\"", "\"lost\"", "\"returned\"", "\"shipments\":"] {
        assert!(!told["supplies"].to_string().contains(word), "{word}");
    }
    let sheet = demo.sheet(1, "Supplies").await;
    assert_eq!(sheet.len(), told_cells.len());
    assert_eq!(demo.faults().await, Vec::<String>::new());

    // An item turns out to be of another category: each month and both categories are told.
    let item = demo.one("items?q=MED-01").await;
    demo.manager
        .patch(&format!("/api/v1/items/{}", id_of(&item)), "*", &json!({"category": "anaesthetics"}))
        .await
        .expect_status(200);
    let restated = demo.restated(1).await;
    let moved: BTreeMap<&str, i64> = restated["figures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(one, "figure"), text(one, "difference").parse().unwrap()))
        .collect();
    assert!(moved.len() > 4 && moved.values().sum::<i64>() == 0, "{moved:?}");
    assert!(moved.keys().all(|figure| figure.starts_with("supplies.arrived.") && figure.ends_with("/vial")), "{moved:?}");
    let sentence = text(&restated, "sentence");
    assert!(sentence.contains("Arrived of Medicines in ") && !sentence.contains("supplies."), "{sentence}");
    assert_eq!(demo.faults().await, Vec::<String>::new(), "what was published stands");

    // Those who do not read supplies do not read reports of them.
    let admin = demo.app.user(Role::Admin).await;
    for file in ["", "/document", "/envelope", "/workbook", "/restatement"] {
        admin.get(&format!("{REPORTS}/1{file}")).await.expect_problem(404, "not-found");
    }
    assert!(admin.all(REPORTS).await.is_empty());
    auditor.get(&format!("{REPORTS}/1/document")).await.expect_status(200);
}

#[tokio::test]
async fn a_report_of_money_tells_it_by_contract_and_month_and_what_came_in_since() {
    let demo = Demo::load().await;
    let told = demo.published("MONEY", &json!({"kind": "spending"})).await;
    let query = format!("/api/v1/reports/spending?by=partner,contract&to={DAY}");
    let counted = demo.manager.get(&query).await.expect_status(200).json();
    assert_eq!(told["spending"]["totals"], counted["totals"]);
    let rows = |rows: &Value| -> Vec<Vec<String>> {
        let fields = ["partner_code", "contract_code", "currency", "planned", "received", "spent"];
        rows.as_array().unwrap().iter().map(|row| fields.map(|field| text(row, field).to_owned()).to_vec()).collect()
    };
    assert!(rows(&counted["cells"]).len() > 4);
    assert_eq!(rows(&told["spending"]["by_contract"]), rows(&counted["cells"]));
    assert!(told["spending"]["by_contract"].to_string().contains("كوادر نورواك"), "names in Arabic");
    let months =
        demo.manager.get(&format!("/api/v1/reports/spending?by=category,month&to={DAY}")).await.expect_status(200).json();
    assert_eq!(told["spending"]["by_category"].as_array().unwrap().len(), months["cells"].as_array().unwrap().len());
    assert_eq!(demo.sheet(1, "Spending").await.len(), months["cells"].as_array().unwrap().len());
    assert_eq!(demo.sheet(1, "Spending by contract").await.len(), rows(&counted["cells"]).len());

    let contract = demo.one("contracts?q=NORWAC-2015-B").await;
    let paid = json!({"contract_id": id_of(&contract), "amount": "1000.50", "currency": "USD", "received_on": "2015-12-30"});
    demo.manager.post("/api/v1/disbursements", &paid).await.expect_status(201);
    let restated = demo.restated(1).await;
    let differences: Vec<_> =
        restated["figures"].as_array().unwrap().iter().map(|one| (text(one, "figure"), text(one, "difference"))).collect();
    let expected = [("spending.received.by_contract.NORWAC-2015-B/USD", "1000.5"), ("spending.received.total.USD", "1000.5")];
    assert_eq!(differences, expected);
    let headers = [("accept-language", "ar")];
    let arabic =
        demo.manager.send(Method::GET, &format!("{REPORTS}/1/restatement"), &headers, None).await.expect_status(200).json();
    assert!(text(&arabic, "sentence").contains("المستلَم من الشركاء، NORWAC-2015-B (USD): كان "), "{}", arabic["sentence"]);
    assert_eq!(demo.faults().await, Vec::<String>::new());

    // No campaign and no area has a budget.
    let campaign = demo.one("campaigns").await;
    let of_campaign = json!({"code": "WRONG", "title": "Wrong", "kind": "spending", "campaign_id": id_of(&campaign)});
    let refused = demo.manager.post(DEFINITIONS, &of_campaign).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/campaign_id".to_owned(), "unknown-field".to_owned())]);
    let write = format!("UPDATE report_definitions SET campaign_id = '{}'", id_of(&campaign));
    let error = demo.app.database.owner().await.batch_execute(&write).await.expect_err("held by the database");
    assert_eq!(error.as_db_error().and_then(|error| error.constraint()), Some("report_definitions_spending_check"));
}

#[tokio::test]
async fn a_report_of_a_campaign_tells_what_it_raised_beside_its_goal() {
    let demo = Demo::load().await;
    let campaign = id_of(&demo.one("campaigns").await);
    let told = demo.published("CAMPAIGN", &json!({"kind": "figures", "campaign_id": campaign})).await;
    let funds = demo.manager.get(&format!("/api/v1/campaigns/{campaign}/funds?as_of={DAY}")).await.expect_status(200).json();
    assert_eq!((text(&told["funds"], "raised"), text(&told["funds"], "goal")), (text(&funds, "raised_amount"), "1000000.00"));
    assert_eq!(told["figures"]["scope"]["campaign"]["name_ar"], "حملة سراج");
    assert_eq!(
        demo.sheet(1, "Funds").await,
        [["SIRAJ-2015", "USD", "1000000.00", text(&funds, "raised_amount"), text(&funds, "remaining_amount")]]
    );
    let gift = json!({"campaign_id": campaign, "kind": "received", "amount": "25", "currency": "USD", "received_on": "2015-12-30",
        "channel": "cash", "reference": "LATE-1", "donor_id": id_of(&demo.manager.all("/api/v1/donors").await[0])});
    demo.manager.post("/api/v1/donations", &gift).await.expect_status(201);
    let restated = demo.restated(1).await;
    let told: Vec<_> =
        restated["figures"].as_array().unwrap().iter().map(|one| (text(one, "figure"), text(one, "difference"))).collect();
    assert_eq!(told, [("funds.raised", "25"), ("funds.remaining", "-25")]);
    assert!(text(&restated, "sentence").contains("Raised by the campaign: "), "{restated}");
    assert_eq!(demo.faults().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_month_that_is_published_fulfils_the_duty_that_names_its_report() {
    let world = World::start().await;
    let fields = json!({"code": "MONTHLY", "title": "NORWAC", "title_ar": "نورواك", "kind": "figures", "contract_id": world.contract,
        "schedule": "monthly", "starts_on": "2015-01-01", "ends_on": "2015-03-31", "due_day": 10});
    let definition = id_of(&world.manager.post(DEFINITIONS, &fields).await.expect_status(201).json());
    let schedule = json!({"title": "Monthly report", "kind": "list", "frequency": "monthly", "days_after": 10, "report_definition_id": definition});
    let path = format!("/api/v1/contracts/{}/reporting-schedule", world.contract);
    let made = world.manager.post(&path, &schedule).await.expect_status(200).json();
    assert!(made["duties"].as_array().unwrap().iter().all(|duty| duty["report_definition_id"] == json!(definition)));
    let unknown =
        json!({"title": "Other", "kind": "list", "frequency": "once", "days_after": 10, "report_definition_id": Uuid::now_v7()});
    let refused = world.manager.post(&path, &unknown).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/report_definition_id".to_owned(), "unknown-reference".to_owned())]);
    // What a duty stands on is not retired.
    world.manager.delete(&format!("{DEFINITIONS}/{definition}"), "*").await.expect_problem(409, "still-in-use");

    // A month that could not be drafted is late as well as one that waits for its second person.
    let late = async || -> Vec<(String, bool)> {
        let months = world.manager.all("/api/v1/late-reports").await;
        months.iter().map(|month| (text(month, "period_on").to_owned(), month["published_report_id"].is_string())).collect()
    };
    let month = |month: &str, drafted: bool| (format!("2015-{month}-01"), drafted);
    assert_eq!(late().await, [month("01", false), month("02", false), month("03", false)]);
    let db = Db::new(&world.app.database.service_url(), 2).expect("a pool");
    publishing::keep_up(&db).await.expect("kept up");
    assert_eq!(late().await, [month("01", true), month("02", false), month("03", false)]);
    for _ in 0..2 {
        publishing::keep_up(&db).await.expect("kept up");
    }
    let drafts = world.manager.all(&format!("{REPORTS}?sort=due_on")).await;
    let titles: Vec<_> = drafts.iter().map(|draft| (text(draft, "title"), text(draft, "title_ar"))).collect();
    assert_eq!(
        titles,
        [
            ("NORWAC: January 2015", "نورواك: كانون الثاني 2015"),
            ("NORWAC: February 2015", "نورواك: شباط 2015"),
            ("NORWAC: March 2015", "نورواك: آذار 2015")
        ]
    );
    let again =
        world.manager.post(&format!("{REPORTS}/{}/recomputation", id_of(&drafts[0])), &json!({})).await.expect_status(200).json();
    assert_eq!(again["title"], "NORWAC: January 2015");
    let second = world.app.user(Role::Manager).await;
    let reason = json!({"reason": "The contract was suspended that month."});
    world.manager.post(&format!("{REPORTS}/{}/cancellation", id_of(&drafts[1])), &reason).await.expect_status(200);
    assert_eq!(publish(&second, &drafts[2]).await["number"], 1);
    assert_eq!(publish(&second, &again).await["number"], 2);
    assert_eq!(late().await, []);
    let duties = world.manager.all("/api/v1/reporting-duties?sort=due_on").await;
    let delivered: Vec<_> = duties.iter().take(4).map(|duty| duty["delivered_on"].is_string()).collect();
    assert_eq!(delivered, [true, false, true, false], "each month that was published, and no other");
    // Numbers first, what has none last, page by page.
    let mut numbers = Vec::new();
    let mut after = String::new();
    loop {
        let page = world.manager.get(&format!("{REPORTS}?sort=number&limit=1{after}")).await.expect_status(200).json();
        numbers.extend(page["items"].as_array().unwrap().iter().map(|report| report["number"].as_i64()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(numbers, [Some(1), Some(2), None]);
    let backwards = world.manager.all(&format!("{REPORTS}?sort=-number&limit=1")).await;
    assert_eq!(backwards.iter().map(|report| report["number"].as_i64()).collect::<Vec<_>>(), [None, Some(2), Some(1)]);
}

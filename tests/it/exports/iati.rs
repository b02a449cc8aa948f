//! Stories of the activities of IATI, judged by the standard's own schema in a tool of others.

use std::{path::Path, process::Command};

use serde_json::json;
use siraj::auth::Role;
use uuid::Uuid;

use super::{SYSTEM, World};
use crate::support::{client::faults, id_of};

const IATI: &str = "/api/v1/exports/iati";

/// Asks xmllint of a file: whether it liked it, and what it said.
fn xmllint(arguments: &[&str], text: &str) -> (bool, String) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("the activities");
    let asked = Command::new("xmllint").arg("--nonet").args(arguments).arg(file.path()).output();
    let asked = asked.expect("xmllint (`scripts/prepare.sh test` installs it)");
    let said = [asked.stdout, asked.stderr].concat();
    (asked.status.success(), String::from_utf8_lossy(&said).trim().to_owned())
}

/// What the standard's schema says of a file.
fn judged(text: &str) -> (bool, String) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/exports/iati/iati-activities-schema.xsd");
    xmllint(&["--noout", "--schema", schema.to_str().expect("a path")], text)
}

#[track_caller]
pub fn assert_valid(text: &str) {
    let (valid, said) = judged(text);
    assert!(valid, "{said}\n{text}");
}

fn is_valid(text: &str) -> bool {
    judged(text).0
}

/// What an expression of `XPath` says of a file.
#[track_caller]
fn told(text: &str, xpath: &str) -> String {
    let (found, said) = xmllint(&["--xpath", xpath], text);
    assert!(found, "{xpath}: {said}");
    said
}

impl World {
    /// Our office and the partner get their identifiers; a contract of some money is signed and used. Its id.
    async fn published_contract(&self) -> Uuid {
        let own = self.manager.get("/api/v1/organizations?role=own").await.expect_status(200).json();
        for (id, identifier, form) in
            [(id_of(&own["items"][0]), "TR-MERSIS-0123", "national_ngo"), (self.partner, "NO-BRC-971277882", "international_ngo")]
        {
            let path = format!("/api/v1/organizations/{id}");
            let patch = json!({"iati_identifier": identifier, "form": form});
            self.manager.patch(&path, "*", &patch).await.expect_status(200);
        }
        let terms = json!({"code": "N-2015", "name": "Staff & medicines <2015>", "name_ar": "كوادر وأدوية", "organization_id": self.partner,
            "starts_on": "2015-01-15", "ends_on": "2015-12-31", "currency": "USD", "amount": "1000", "signed_on": "2014-12-20"});
        let contract = id_of(&self.manager.post("/api/v1/contracts", &terms).await.expect_status(201).json());
        self.manager
            .post(&format!("/api/v1/contracts/{contract}/facilities"), &json!({"facility_id": self.hospital}))
            .await
            .expect_status(201);
        let line = async |code: &str, category: &str, amount: &str, months: serde_json::Value| {
            let body = json!({"contract_id": contract, "code": code, "name": code, "category": category, "amount": amount, "currency": "USD", "months": months});
            id_of(&self.manager.post("/api/v1/budget-lines", &body).await.expect_status(201).json())
        };
        let months = json!([{"month": "2015-01-01", "amount": "100"}, {"month": "2015-02-01", "amount": "150.50"}]);
        let staff = line("STAFF", "stipends", "300", months).await;
        line("EQUIPMENT", "equipment", "100", json!([])).await;
        for (amount, day) in [("500", "2015-01-20"), ("250.25", "2015-03-05")] {
            let paid = json!({"contract_id": contract, "amount": amount, "currency": "USD", "received_on": day});
            self.manager.post("/api/v1/disbursements", &paid).await.expect_status(201);
        }
        let spend = async |amount: &str, day: &str| {
            let spent = json!({"budget_line_id": staff, "amount": amount, "currency": "USD", "spent_on": day, "description": "Paid at Facility HOS-01"});
            id_of(&self.manager.post("/api/v1/expenditures", &spent).await.expect_status(201).json())
        };
        spend("40", "2015-02-03").await;
        spend("20.75", "2015-02-17").await;
        let wrong = spend("11", "2015-02-18").await;
        let back = json!({"spent_on": "2015-04-02", "reason": "Told twice by mistake."});
        self.manager.post(&format!("/api/v1/expenditures/{wrong}/reversal"), &back).await.expect_status(201);
        contract
    }
}

#[tokio::test]
async fn a_signed_contract_is_an_activity_that_the_schema_of_the_standard_accepts() {
    let world = World::start().await;
    world.published_contract().await;
    let answer = world.manager.get(IATI).await.expect_status(200);
    assert_eq!(answer.header("content-type"), "application/xml; charset=utf-8");
    let text = answer.text();
    assert_valid(&text);
    let activity = "/iati-activities/iati-activity";
    for (xpath, expected) in [
        ("string(/iati-activities/@version)", "2.03"),
        ("count(/iati-activities/iati-activity)", "1"),
        ("string({}/iati-identifier)", "TR-MERSIS-0123-N-2015"),
        ("string({}/@humanitarian)", "1"),
        ("string({}/@default-currency)", "USD"),
        ("string({}/reporting-org/@ref)", "TR-MERSIS-0123"),
        ("string({}/reporting-org/@type)", "22"),
        ("string({}/title/narrative[1])", "Staff & medicines <2015>"),
        ("string({}/title/narrative[@xml:lang='ar'])", "كوادر وأدوية"),
        ("string({}/participating-org[@role='1']/@ref)", "NO-BRC-971277882"),
        ("string({}/participating-org[@role='1']/@type)", "21"),
        ("string({}/participating-org[@role='4']/narrative)", "The office"),
        ("string({}/activity-status/@code)", "3"),
        ("string({}/activity-date[@type='1']/@iso-date)", "2015-01-15"),
        ("string({}/activity-date[@type='4']/@iso-date)", "2015-12-31"),
        ("string({}/recipient-country/@code)", "SY"),
        ("count({}/recipient-country/@percentage)", "0"),
        // 300 of 400 for people, 100 for equipment.
        ("string({}/sector[@code='12220']/@percentage)", "75.00"),
        ("string({}/sector[@code='12230']/@percentage)", "25.00"),
        // The months of the plan within the days of the contract, and what has no month: 300 + 100 - 250.50.
        ("count({}/budget)", "3"),
        ("string({}/budget[1]/period-start/@iso-date)", "2015-01-15"),
        ("string({}/budget[1]/period-end/@iso-date)", "2015-01-31"),
        ("string({}/budget[3]/value)", "149.5"),
        ("sum({}/budget/value)", "400"),
        ("sum({}/transaction[transaction-type/@code='1']/value)", "750.25"),
        ("string({}/transaction[transaction-type/@code='1'][1]/provider-org/@ref)", "NO-BRC-971277882"),
        ("string({}/transaction[transaction-type/@code='1'][2]/transaction-date/@iso-date)", "2015-03-05"),
        // By the month: 71.75 in February, 11 turned round in April.
        ("count({}/transaction[transaction-type/@code='4'])", "2"),
        ("string({}/transaction[transaction-type/@code='4'][1]/transaction-date/@iso-date)", "2015-02-28"),
        ("string({}/transaction[transaction-type/@code='4'][1]/value)", "71.75"),
        ("string({}/transaction[transaction-type/@code='4'][2]/value)", "-11"),
        ("count(//location | //point | //pos)", "0"),
    ] {
        assert_eq!(told(&text, &xpath.replace("{}", activity)), expected, "{xpath}\n{text}");
    }
    // What was spent is what the figures of money say; a file of others reads the same.
    let spending = world.manager.get("/api/v1/reports/spending?by=contract").await.expect_status(200).json();
    assert_eq!(spending["totals"][0]["spent"], "60.75");
    for kept in ["HOS-01", "Facility", "Hospital", "East", "EAST", "Paid at", "2015-02-17"] {
        assert!(!text.contains(kept), "{kept} is told:\n{text}");
    }
}

#[tokio::test]
async fn a_topmost_area_that_is_no_country_is_not_named_and_what_is_retired_is_a_change() {
    let world = World::start().await;
    let contract = world.published_contract().await;
    let before = told(&world.manager.get(IATI).await.expect_status(200).text(), "string(//@last-updated-datetime)");
    for camp in ["QATARIM", "ATMA"] {
        let root = world.app.area(camp, None).await;
        let body = json!({"code": format!("MPT-{camp}"), "name": "A tent", "kinds": ["medical_point"], "area_id": root, "opened_on": "2014-01-01"});
        let tent = id_of(&world.manager.post("/api/v1/facilities", &body).await.expect_status(201).json());
        let support = json!({"facility_id": tent});
        world.manager.post(&format!("/api/v1/contracts/{contract}/facilities"), &support).await.expect_status(201);
    }
    let text = world.manager.get(IATI).await.expect_status(200).text();
    assert_valid(&text);
    assert_eq!(told(&text, "count(//recipient-region)"), "1");
    assert_eq!(told(&text, "count(//recipient-region/narrative)"), "0");
    assert_eq!(told(&text, "sum(//recipient-region/@percentage | //recipient-country/@percentage)"), "100");
    assert!(!text.contains("QATARIM") && !text.contains("ATMA"), "{text}");

    // The file tells seconds.
    world.sql.batch_execute("SELECT pg_sleep(1.1)").await.expect("a second");
    let paid = world.manager.get(&format!("/api/v1/disbursements?contract_id={contract}")).await.expect_status(200).json();
    let last = id_of(&paid["items"][1]);
    world.manager.delete(&format!("/api/v1/disbursements/{last}"), "*").await.expect_status(200);
    let text = world.manager.get(IATI).await.expect_status(200).text();
    assert_eq!(told(&text, "count(//transaction[transaction-type/@code='1'])"), "1");
    assert!(told(&text, "string(//@last-updated-datetime)") > before, "{before}\n{text}");
}

#[tokio::test]
async fn the_schema_refuses_what_is_not_of_the_standard() {
    let world = World::start().await;
    world.published_contract().await;
    let text = world.manager.get(IATI).await.expect_status(200).text();
    assert!(is_valid(&text));
    for (was, wrong) in [
        ("<activity-status", "<activity-state"),
        ("iso-date=\"2015-01-15\"", "iso-date=\"15.1.2015\""),
        ("version=\"2.03\"", ""),
        (" role=\"1\"", ""),
    ] {
        assert!(text.contains(was) && !is_valid(&text.replacen(was, wrong, 1)), "{was}");
    }
}

#[tokio::test]
async fn many_activities_are_one_valid_file_each_of_them_once() {
    let world = World::start().await;
    world.published_contract().await;
    let more = format!(
        "INSERT INTO contracts (id, code, name, organization_id, starts_on, ends_on, signed_on, recorded_by)
         SELECT gen_random_uuid(), 'MORE-' || lpad(n::text, 4, '0'), 'More ' || n, $1, '2016-01-01', '2030-12-31', '2015-12-01', '{SYSTEM}' FROM generate_series(1, 399) n"
    );
    world.sql.execute(&more, &[&world.partner]).await.expect("contracts");
    let text = world.manager.get(IATI).await.expect_status(200).text();
    assert_valid(&text);
    // The first 200, the other 200, and nothing behind them.
    assert_eq!(text.matches("<iati-activity ").count(), 400);
    assert_eq!(text.matches("<iati-identifier>TR-MERSIS-0123-MORE-0399</iati-identifier>").count(), 1);
    // A contract that supports nothing and has no lines: health, in a region that is not named.
    let activity = "//iati-activity[iati-identifier='TR-MERSIS-0123-MORE-0001']";
    for (xpath, expected) in [
        ("string({}/recipient-region/@code)", "998"),
        ("string({}/sector/@code)", "12220"),
        ("string({}/activity-status/@code)", "2"),
        ("count({}/budget | {}/transaction | {}/@default-currency)", "0"),
    ] {
        assert_eq!(told(&text, &xpath.replace("{}", activity)), expected, "{xpath}");
    }
    let other = format!("{IATI}?organization_id={}", Uuid::now_v7());
    world.manager.get(&other).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn nothing_is_told_under_no_identifier_nor_of_what_is_not_signed_nor_to_others() {
    let world = World::start().await;
    let refused = world.manager.get(IATI).await.expect_problem(409, "reporter-unidentified");
    let own = world.manager.get("/api/v1/organizations?role=own").await.expect_status(200).json();
    // It says which record lacks what.
    let lacking = format!("/organizations/{}/iati_identifier", id_of(&own["items"][0]));
    assert_eq!(faults(&refused), [(lacking, "required".to_owned())]);
    let path = format!("/api/v1/organizations/{}", id_of(&own["items"][0]));
    for wrong in ["NORWAC", "no-brc-1", "NO-BRC-", "NO-BRC-1/2", "NO-BRC-1 2", "NOR-BRC-1"] {
        let refused =
            world.manager.patch(&path, "*", &json!({"iati_identifier": wrong})).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), [("/iati_identifier".to_owned(), "invalid-format".to_owned())], "{wrong}");
    }
    world.manager.patch(&path, "*", &json!({"iati_identifier": "XM-OWN-1"})).await.expect_status(200);
    let partner = format!("/api/v1/organizations/{}", world.partner);
    world.manager.patch(&partner, "*", &json!({"iati_identifier": "XM-OWN-1"})).await.expect_problem(409, "duplicate");
    // The contract of this world was never signed.
    world.manager.get(IATI).await.expect_problem(404, "not-found");
    world.app.user(Role::Admin).await.get(IATI).await.expect_problem(403, "forbidden");
    for client in [
        world.app.coordinator(&[world.east]).await,
        world.app.clerk(world.hospital).await,
        world.app.partner(world.partner).await,
    ] {
        client.get(IATI).await.expect_problem(403, "forbidden");
    }
    world.app.user(Role::Auditor).await.get(IATI).await.expect_problem(404, "not-found");
}

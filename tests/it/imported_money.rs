//! Stories of money that comes by sheets: rates, scales, budgets, what was promised, spent and received.

use serde_json::{Value, json};
use siraj::{auth::Role, imports::Sheet};

use crate::{
    imports::{load, sheet, told},
    support::{TestApp, client::Client, id_of},
};

const LINES: [&str; 6] = ["contract_code", "code", "name", "category", "amount", "currency"];
const MONTHS: [&str; 4] = ["contract_code", "budget_line_code", "month", "amount"];
const COMMITMENTS: [&str; 8] =
    ["contract_code", "budget_line_code", "supplier_code", "reference", "description", "amount", "currency", "committed_on"];
const EXPENDITURES: [&str; 9] = [
    "contract_code",
    "budget_line_code",
    "commitment_reference",
    "amount",
    "currency",
    "original_amount",
    "original_currency",
    "spent_on",
    "description",
];

/// Two contracts, of which the second is not signed, each with a line of the same code.
fn ground() -> Vec<Sheet> {
    vec![
        sheet("areas", &["code", "name", "kind"], &[&["A-1", "One", "country"]]),
        sheet("organizations", &["code", "name", "roles"], &[&["P-1", "Partner", "partner"], &["S-1", "Supplier", "supplier"]]),
        sheet(
            "facilities",
            &["code", "name", "kinds", "area_code"],
            &[&["HOS-1", "One", "hospital", "A-1"], &["HOS-2", "Two", "hospital", "A-1"]],
        ),
        sheet(
            "contracts",
            &["code", "name", "organization_code", "starts_on", "ends_on", "signed_on", "currency"],
            &[
                &["C-1", "One", "P-1", "2015-01-01", "2015-06-30", "2014-12-01", "USD"],
                &["C-2", "Two", "P-1", "2015-01-01", "2015-06-30", "", "USD"],
            ],
        ),
        sheet(
            "exchange_rates",
            &["base_currency", "quote_currency", "rate", "rated_on", "source"],
            &[&["USD", "SYP", "200", "2015-01-31", "Exchange office"]],
        ),
        sheet(
            "stipend_scales",
            &["contract_code", "cadre", "area_code", "currency", "monthly_amount", "starts_on"],
            &[&["", "nurse", "", "USD", "300", "2015-01-01"], &["C-1", "nurse", "A-1", "SYP", "60000", "2015-01-01"]],
        ),
        sheet(
            "budget_lines",
            &["contract_code", "code", "name", "category", "amount", "currency", "facility_codes"],
            &[
                &["C-1", "FUEL", "Fuel", "fuel", "1000", "USD", "HOS-1 | HOS-2"],
                &["C-2", "FUEL", "Fuel of the second", "fuel", "500", "USD", ""],
            ],
        ),
        sheet("budget_line_months", &MONTHS, &[&["C-1", "FUEL", "2015-01-01", "300"], &["C-1", "FUEL", "2015-02-01", "250.50"]]),
        sheet(
            "disbursements",
            &["contract_code", "amount", "currency", "received_on", "reference"],
            &[&["C-1", "800", "USD", "2015-01-05", "First"]],
        ),
        sheet("commitments", &COMMITMENTS, &[&["C-1", "FUEL", "S-1", "PO-1", "Diesel", "400", "USD", "2015-01-10"]]),
        sheet(
            "expenditures",
            &EXPENDITURES,
            &[
                &["C-1", "FUEL", "PO-1", "150", "USD", "", "", "2015-01-20", "Diesel, first part"],
                &["C-1", "FUEL", "", "", "", "10001", "SYP", "2015-02-20", "Cans"],
            ],
        ),
    ]
}

async fn budget(by: &Client, contract: &str, on: &str) -> Value {
    let contract = by.all("/api/v1/contracts").await.into_iter().find(|one| one["code"] == contract).expect("a contract");
    by.get(&format!("/api/v1/reports/budgets?contract_id={}&as_of={on}", id_of(&contract))).await.expect_status(200).json()
}

/// What is told of a cell: sheet, row, column, code.
type Fault<'a> = (&'a str, usize, &'a str, &'a str);

#[tokio::test]
async fn a_budget_comes_by_sheets_and_again_to_nothing_new() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    assert_eq!(load(&app, &ground()).await.faults, []);
    let report = budget(&manager, "C-1", "2015-02-28").await;
    let line = &report["lines"][0];
    // 10,001 pounds at a two-hundredth of a dollar are 50.005 dollars, rounded away from nothing.
    assert_eq!(
        (&line["planned_to_date"], &line["spent"], &line["committed"]),
        (&json!("550.50"), &json!("200.01"), &json!("250.00"))
    );
    assert_eq!((&line["free"], &report["total"]["received"]), (&json!("549.99"), &json!("800.00")));
    let lines = manager.all("/api/v1/budget-lines?sort=name").await;
    assert_eq!(lines.iter().map(|line| line["facility_ids"].as_array().map(Vec::len)).collect::<Vec<_>>(), [Some(2), Some(0)]);
    let scales = manager.all("/api/v1/stipend-scales").await;
    assert_eq!(scales.iter().filter(|scale| scale["contract_id"].is_null()).count(), 1);

    let again = load(&app, &ground()).await;
    assert_eq!(again.faults, []);
    assert!(again.tables.iter().all(|(_, added, _)| *added == 0), "{:?}", again.tables);
    // A sheet of its own finds the line and the commitment that another one brought.
    let more = [sheet(
        "expenditures",
        &EXPENDITURES,
        &[&["C-1", "FUEL", "PO-1", "250", "USD", "", "", "2015-03-20", "Diesel, the rest"]],
    )];
    assert_eq!(load(&app, &more).await.faults, []);
    let used = manager.all("/api/v1/commitments").await.remove(0);
    assert_eq!((&used["status"], &used["used_amount"]), (&json!("used"), &json!("400.00")));
}

#[tokio::test]
async fn a_row_of_money_that_says_something_else_than_the_register_is_refused() {
    let app = TestApp::start().await;
    load(&app, &ground()).await;
    let cases: [(Sheet, Fault<'_>); 7] = [
        (
            sheet("budget_lines", &LINES, &[&["C-1", "FUEL", "Fuel", "fuel", "1001", "USD"]]),
            ("budget_lines", 2, "code", "record-conflict"),
        ),
        (
            sheet(
                "disbursements",
                &["contract_code", "amount", "currency", "received_on", "reference"],
                &[&["C-1", "801", "USD", "2015-01-05", "First"]],
            ),
            ("disbursements", 2, "contract_code", "record-conflict"),
        ),
        (
            sheet("commitments", &COMMITMENTS, &[&["C-1", "FUEL", "S-1", "PO-1", "Diesel", "401", "USD", "2015-01-10"]]),
            ("commitments", 2, "contract_code", "record-conflict"),
        ),
        (
            sheet("expenditures", &EXPENDITURES, &[&["C-1", "FUEL", "", "", "", "10002", "SYP", "2015-02-20", "Cans"]]),
            ("expenditures", 2, "contract_code", "record-conflict"),
        ),
        (
            sheet(
                "exchange_rates",
                &["base_currency", "quote_currency", "rate", "rated_on", "source"],
                &[&["USD", "SYP", "201", "2015-01-31", "Exchange office"]],
            ),
            ("exchange_rates", 2, "base_currency", "record-conflict"),
        ),
        (
            sheet(
                "stipend_scales",
                &["contract_code", "cadre", "area_code", "currency", "monthly_amount", "starts_on"],
                &[&["", "nurse", "", "USD", "301", "2015-01-01"]],
            ),
            ("stipend_scales", 2, "contract_code", "record-conflict"),
        ),
        (
            sheet(
                "disbursements",
                &["contract_code", "amount", "currency", "received_on", "reference"],
                &[&["C-1", "1", "USD", "2015-01-06", ""]],
            ),
            ("disbursements", 2, "reference", "required"),
        ),
    ];
    for (one, expected) in cases {
        assert_eq!(told(&load(&app, std::slice::from_ref(&one)).await), [expected], "{one:?}");
    }
}

#[tokio::test]
async fn money_that_cannot_be_is_told_by_its_cell() {
    let app = TestApp::start().await;
    load(&app, &ground()).await;
    let spend = |cells: [&str; 9]| sheet("expenditures", &EXPENDITURES, &[&cells]);
    let cases: [(Vec<Sheet>, &[Fault<'_>]); 9] = [
        (
            vec![sheet("budget_line_months", &MONTHS, &[&["C-1", "FUEL", "2015-01-01", "1"]])],
            &[("budget_line_months", 1, "", "required")],
        ),
        (
            vec![
                sheet("budget_lines", &LINES, &[&["C-1", "NEW", "New", "fuel", "100", "USD"]]),
                sheet("budget_line_months", &MONTHS, &[&["C-1", "OLD", "2015-01-01", "1"], &["C-1", "NEW", "2015-01-02", "1"]]),
            ],
            &[
                ("budget_line_months", 2, "budget_line_code", "unknown-reference"),
                ("budget_line_months", 3, "month", "invalid-date"),
            ],
        ),
        (
            vec![
                sheet("budget_lines", &LINES, &[&["C-1", "NEW", "New", "fuel", "100", "USD"]]),
                sheet("budget_line_months", &MONTHS, &[&["C-1", "NEW", "2015-01-01", "60"], &["C-1", "NEW", "2015-02-01", "41"]]),
            ],
            &[("budget_lines", 2, "", "out-of-range")],
        ),
        (
            vec![sheet(
                "budget_lines",
                &LINES,
                &[&["C-1", "NEW", "New", "fuel", "1", "USD"], &["C-1", "NEW", "New", "fuel", "1", "USD"]],
            )],
            &[("budget_lines", 3, "code", "repeated")],
        ),
        (
            vec![spend(["C-1", "DIESEL", "", "1", "USD", "", "", "2015-01-20", "A"])],
            &[("expenditures", 2, "budget_line_code", "unknown-reference")],
        ),
        (
            vec![spend(["C-1", "FUEL", "PO-9", "1", "USD", "", "", "2015-01-20", "A"])],
            &[("expenditures", 2, "commitment_reference", "unknown-reference")],
        ),
        (
            vec![spend(["C-1", "FUEL", "", "", "", "100", "EUR", "2015-01-20", "A"])],
            &[("expenditures", 2, "spent_on", "missing-rate")],
        ),
        (
            vec![spend(["C-1", "FUEL", "", "1", "EUR", "", "", "2015-01-20", "A"])],
            &[("expenditures", 2, "currency", "currency-mismatch")],
        ),
        (
            vec![spend(["C-1", "FUEL", "", "551", "USD", "", "", "2015-01-20", "A"])],
            &[("expenditures", 2, "amount", "over-budget")],
        ),
    ];
    for (sheets, expected) in cases {
        assert_eq!(told(&load(&app, &sheets).await), expected, "{sheets:?}");
    }
    // Before a contract is signed no money moves.
    let early = load(&app, &[spend(["C-2", "FUEL", "", "1", "USD", "", "", "2015-01-20", "A"])]).await;
    assert_eq!(early.faults[0].code.as_str(), "contract-not-signed");
}

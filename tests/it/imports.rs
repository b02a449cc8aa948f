//! Stories of spreadsheets: the demo campaign in, the campaign's figures out.

use std::path::Path;

use serde_json::{Value, json};
use siraj::{
    auth::{Actor, Role},
    db::Db,
    error::{ApiError, ApiResult, Code},
    imports::{self, Sheet, Summary},
};

use crate::support::{TestApp, client::Client, id_of};

/// Imports as the command line does: whole or nothing.
pub async fn load(app: &TestApp, sheets: &[Sheet]) -> Summary {
    let db = Db::new(&app.database.service_url(), 1).expect("a pool");
    // A machine that is busy with a hundred databases may let the first connection in later than a request would wait.
    while db.conn().await.is_err() {}
    let told = std::cell::RefCell::new(Summary::default());
    let done: ApiResult<()> = db
        .write(async |conn| {
            let summary = imports::import(conn, &Actor::system(), sheets, &|_| {}).await?;
            let whole = summary.faults.is_empty();
            told.replace(summary);
            if whole { Ok(()) } else { Err(ApiError::new(Code::ValidationFailed)) }
        })
        .await;
    let summary = told.into_inner();
    assert_eq!(done.is_ok(), summary.faults.is_empty(), "{:?}", done.err());
    summary
}

async fn figures(by: &Client, query: &str) -> Value {
    by.get(&format!("/api/v1/reports/figures?{query}")).await.expect_status(200).json()
}

/// The figures that the demo's README promises: day, facilities, counted by kind, staff, doctors, posts, full-time equivalents.
const PROMISED: [(&str, i64, i64, i64, i64, i64, &str); 3] = [
    ("2012-12-31", 9, 9, 96, 24, 96, "95.60"),
    ("2014-12-31", 31, 32, 512, 118, 529, "507.10"),
    ("2015-12-31", 44, 45, 740, 170, 767, "733.85"),
];

async fn keeps_its_promise(by: &Client) {
    for (day, facilities, by_kind, staff, doctors, posts, equivalents) in PROMISED {
        let told = figures(by, &format!("as_of={day}")).await;
        assert_eq!(told["facilities"]["total"], facilities, "{day}");
        assert_eq!(told["facilities"]["counted_by_kind"], by_kind, "{day}");
        assert_eq!(told["staff"]["total"], staff, "{day}");
        assert_eq!(told["staff"]["by_cadre"]["doctor"], doctors, "{day}");
        assert_eq!(told["staff"]["posts"], posts, "{day}");
        assert_eq!(told["staff"]["full_time_equivalents"], equivalents, "{day}");
    }
}

#[tokio::test]
async fn the_demo_campaign_comes_to_44_facilities_and_740_staff_and_a_changed_record_changes_the_figure() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let sheets = imports::demo_sheets().expect("the demo");
    assert_eq!(load(&app, &sheets).await.faults, []);
    keeps_its_promise(&manager).await;
    let told = figures(&manager, "as_of=2015-12-31").await;
    assert_eq!(
        told["facilities"]["by_kind"],
        json!({"hospital": 13, "primary_care_center": 9, "nursing_home": 4, "medical_point": 19})
    );
    assert_eq!(told["facilities"]["of_several_kinds"], 1);
    assert_eq!(
        told["facilities"]["explanation"],
        "44 facilities; 45 counted by kind, because 1 facility serves as several kinds (HOS-09)."
    );
    for figure in ["facilities.total", "facilities.by_kind.medical_point", "staff.total", "staff.by_cadre.doctor", "staff.posts"]
    {
        let rows = manager.all(&format!("/api/v1/reports/figures/{figure}/rows?as_of=2015-12-31&limit=200")).await.len() as u64;
        let pointer = format!("/{}", figure.replace('.', "/"));
        assert_eq!(told.pointer(&pointer).and_then(Value::as_u64), Some(rows), "{figure}");
    }

    let several = manager.all("/api/v1/facilities?q=HOS-09").await;
    let path = format!("/api/v1/facilities/{}", id_of(&several[0]));
    manager.patch(&path, "*", &json!({"kinds": ["hospital"]})).await.expect_status(200);
    let changed = figures(&manager, "as_of=2015-12-31").await;
    assert_eq!(changed["facilities"]["total"], 44);
    assert_eq!(changed["facilities"]["counted_by_kind"], 44);
    // People work there and shipments went there: it is closed, not retired.
    manager.delete(&path, "*").await.expect_problem(409, "still-in-use");
    manager.patch(&path, "*", &json!({"closed_on": "2015-12-31"})).await.expect_status(200);
    let closed = figures(&manager, "as_of=2015-12-31").await;
    assert_eq!(closed["facilities"]["total"], 43);
    let left_out = closed["method"]["staff.total"]["left_out"]["posts_at_facilities_not_open"].as_i64().expect("a number");
    assert!(left_out > 0, "its people are not counted without a word");
    assert!(closed["staff"]["total"].as_i64().expect("a number") < 740);
}

#[tokio::test]
async fn the_claims_of_the_campaign_are_held_against_its_records() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    load(&app, &imports::demo_sheets().expect("the demo")).await;
    let campaign = id_of(&manager.all("/api/v1/campaigns").await[0]);
    let told = manager.get(&format!("/api/v1/reports/reconciliation?campaign_id={campaign}")).await.expect_status(200).json();
    let claims = told["claims"].as_array().or_else(|| told["items"].as_array()).expect("claims");
    let claim = |code: &str| claims.iter().find(|claim| claim["code"] == code).unwrap_or_else(|| panic!("{code}"));
    let total = claim("C18-TOTAL");
    assert_eq!((&total["computed"], &total["verdict"]), (&json!(44), &json!("agrees")));
    assert!(total["parts"].to_string().contains("45") && total["parts"].to_string().contains("HOS-09"), "{total}");
    assert_eq!(claim("C2-A")["verdict"], "contradicted");
    assert_eq!(claim("C2-A")["contradicted_by"], json!(["C2-B"]));
    for number in 1..=19 {
        let fact = format!("C{number}");
        let told_of =
            |claim: &Value| claim["code"].as_str().is_some_and(|code| code == fact || code.starts_with(&format!("{fact}-")));
        assert!(claims.iter().any(told_of), "{fact}");
    }
}

#[tokio::test]
async fn the_same_campaign_from_files_and_from_a_workbook_gives_the_same_figures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    let from_files = imports::read_sheets(&folder).expect("the demo");
    let workbook = tempfile::Builder::new().suffix(".xlsx").tempfile().expect("a file");
    let mut book = rust_xlsxwriter::Workbook::new();
    for sheet in &from_files {
        let page = book.add_worksheet().set_name(&sheet.name).expect("a name");
        let lines = std::iter::once(&sheet.columns).chain(sheet.rows.iter().map(|(_, cells)| cells));
        for (row, cells) in lines.enumerate() {
            for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                page.write_string(u32::try_from(row).unwrap(), u16::try_from(column).unwrap(), cell).expect("a cell");
            }
        }
    }
    book.save(workbook.path()).expect("saved");
    let from_book = imports::read_sheets(workbook.path()).expect("the workbook");
    for sheets in [from_files, from_book] {
        let app = TestApp::start().await;
        assert_eq!(load(&app, &sheets).await.faults, []);
        keeps_its_promise(&app.user(Role::Manager).await).await;
    }
}

#[tokio::test]
async fn an_import_that_is_run_again_changes_nothing() {
    let app = TestApp::start().await;
    let sheets = imports::demo_sheets().expect("the demo");
    load(&app, &sheets).await;
    let owner = app.database.owner().await;
    let count = async || owner.query_one("SELECT count(*) FROM audit_log", &[]).await.expect("a count").get::<_, i64>(0);
    let before = count().await;
    let again = load(&app, &sheets).await;
    assert_eq!(again.faults, []);
    assert!(again.tables.iter().all(|(_, added, _)| *added == 0), "{:?}", again.tables);
    assert_eq!(count().await, before, "nothing was written");
}

pub fn sheet(name: &str, columns: &[&str], rows: &[&[&str]]) -> Sheet {
    let own = |cells: &[&str]| cells.iter().map(ToString::to_string).collect::<Vec<_>>();
    let rows = rows.iter().enumerate().map(|(index, cells)| (index + 2, own(cells))).collect();
    Sheet { name: name.to_owned(), columns: own(columns), rows }
}

#[tokio::test]
async fn every_wrong_cell_is_named_and_nothing_is_written() {
    let app = TestApp::start().await;
    let sheets = [
        sheet("areas", &["code", "name", "kind"], &[&["A-1", "One", "country"]]),
        sheet(
            "facilities",
            &["code", "name", "kinds", "area_code", "beds", "colour"],
            &[&["HOS-1", "Good", "hospital", "A-1", "3", "red"], &["HOS-2", "", "clinic", "NOWHERE", "many", ""]],
        ),
        sheet("hospitals", &["code"], &[]),
    ];
    let summary = load(&app, &sheets).await;
    let mut told: Vec<_> =
        summary.faults.iter().map(|one| (one.sheet.as_str(), one.row, one.column.as_str(), one.code.as_str())).collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("facilities", 1, "colour", "unknown-field"),
            ("facilities", 3, "area_code", "unknown-reference"),
            ("facilities", 3, "beds", "wrong-type"),
            ("facilities", 3, "kinds", "unknown-value"),
            ("facilities", 3, "name", "required"),
            ("hospitals", 1, "", "unknown-value"),
        ]
    );
    assert!(app.user(Role::Manager).await.all("/api/v1/areas").await.is_empty());
}

/// A day that has not come.
pub fn soon() -> String {
    (chrono::Utc::now() + chrono::Days::new(10)).date_naive().to_string()
}

pub fn told(summary: &Summary) -> Vec<(&str, usize, &str, &str)> {
    let mut told: Vec<_> =
        summary.faults.iter().map(|one| (one.sheet.as_str(), one.row, one.column.as_str(), one.code.as_str())).collect();
    told.sort_unstable();
    told
}

#[tokio::test]
async fn areas_may_stand_in_any_order_and_never_in_a_circle() {
    let app = TestApp::start().await;
    let columns = ["code", "name", "kind", "parent_code"];
    let circle = [sheet("areas", &columns, &[&["AA", "A", "district", "BB"], &["BB", "B", "district", "AA"]])];
    assert_eq!(told(&load(&app, &circle).await), [("areas", 2, "parent_code", "out-of-range")]);
    let below_first = [sheet(
        "areas",
        &columns,
        &[&["CAMP", "Camp", "camp", "TOWN"], &["TOWN", "Town", "district", "LAND"], &["LAND", "Land", "country", ""]],
    )];
    assert_eq!(load(&app, &below_first).await.faults, []);
    let manager = app.user(Role::Manager).await;
    let land = id_of(&manager.all("/api/v1/areas?q=LAND").await[0]);
    assert_eq!(manager.all(&format!("/api/v1/areas?within={land}")).await.len(), 3);
}

#[tokio::test]
async fn no_row_is_lost_without_a_word() {
    let app = TestApp::start().await;
    let areas = sheet("areas", &["code", "name", "kind"], &[&["A-1", "One", "country"]]);
    let places = ["code", "name", "kinds", "area_code", "opened_on"];
    let twice = [
        areas.clone(),
        sheet("facilities", &places, &[&["HOS-1", "One", "hospital", "A-1", ""], &["HOS-1", "Two", "hospital", "A-1", ""]]),
    ];
    assert_eq!(told(&load(&app, &twice).await), [("facilities", 3, "code", "repeated")]);
    let status = |day: &str, word: &str| {
        sheet("facility_status", &["facility_code", "since_on", "functionality"], &[&["HOS-1", day, word]])
    };
    let place = sheet("facilities", &places, &[&["HOS-1", "One", "hospital", "A-1", "2013-01-01"]]);
    let early = [areas.clone(), place.clone(), status("2012-12-31", "full")];
    assert_eq!(told(&load(&app, &early).await), [("facility_status", 2, "since_on", "date-order")]);
    let future = [areas.clone(), place.clone(), status(&soon(), "full")];
    assert_eq!(told(&load(&app, &future).await), [("facility_status", 2, "since_on", "date-in-future")]);
    assert_eq!(load(&app, &[areas.clone(), place.clone(), status("2013-05-01", "full")]).await.faults, []);
    // A corrected row is not taken for one that is there already.
    let corrected = [areas, place, status("2013-05-01", "destroyed")];
    assert_eq!(told(&load(&app, &corrected).await), [("facility_status", 2, "facility_code", "record-conflict")]);
}

#[tokio::test]
async fn a_shipment_from_a_sheet_goes_no_other_way_than_one_through_the_api() {
    let app = TestApp::start().await;
    let before = [
        sheet("areas", &["code", "name", "kind"], &[&["A-1", "One", "country"]]),
        sheet("facilities", &["code", "name", "kinds", "area_code"], &[&["HOS-1", "One", "hospital", "A-1"]]),
        sheet(
            "items",
            &["code", "name", "category", "base_unit", "expiry_tracked"],
            &[&["FUEL", "Fuel", "fuel", "litre", "false"]],
        ),
        sheet("stock_locations", &["code", "name", "kind", "facility_code"], &[&["ST-1", "Store", "facility_store", "HOS-1"]]),
        sheet("lots", &["item_code", "number"], &[&["FUEL", ""]]),
    ];
    assert_eq!(load(&app, &before).await.faults, []);
    let heads = |dispatched: &str, received: &str| {
        let columns = ["code", "from_code", "to_code", "dispatched_on", "received_on"];
        sheet("shipments", &columns, &[&["S-1", "SUPPLIER", "ST-1", dispatched, received]])
    };
    let lines = |shipment: &str, accepted: &str, rejected: &str| {
        sheet(
            "shipment_lines",
            &["shipment_code", "line", "item_code", "quantity", "accepted_quantity", "rejected_quantity", "rejection_cause"],
            &[&[shipment, "1", "FUEL", "10", accepted, rejected, if rejected == "1" { "damaged" } else { "" }]],
        )
    };
    let arrived = |code| ("shipment_lines", 2, "accepted_quantity", code);
    let cases = [
        (heads("", "2014-01-02"), lines("S-1", "10", "0"), ("shipments", 2, "dispatched_on", "required")),
        (heads("2014-01-01", "2014-01-02"), lines("S-1", "", ""), arrived("required")),
        (heads("2014-01-01", ""), lines("S-1", "10", "0"), arrived("wrong-state")),
        (heads("2014-01-01", "2014-01-02"), lines("S-1", "10", "1"), arrived("out-of-range")),
        (heads("2014-01-02", "2014-01-01"), lines("S-1", "10", "0"), ("shipments", 2, "received_on", "date-order")),
        (heads(&soon(), ""), lines("S-1", "", ""), ("shipments", 2, "dispatched_on", "date-in-future")),
    ];
    for (head, line, expected) in cases {
        assert_eq!(told(&load(&app, &[head, line]).await), [expected]);
    }
    assert_eq!(load(&app, &[heads("2014-01-01", "2014-01-02"), lines("S-1", "9", "1")]).await.faults, []);
    // What is on record is not corrected by a sheet, and not passed over in silence.
    let corrected = [heads("2014-01-01", "2014-01-03"), lines("S-1", "9", "1")];
    assert_eq!(told(&load(&app, &corrected).await), [("shipments", 2, "code", "record-conflict")]);
    let alone = [
        sheet("shipments", &["code", "from_code", "to_code"], &[&["S-2", "SUPPLIER", "ST-1"]]),
        sheet(
            "shipment_lines",
            &["shipment_code", "line", "item_code", "quantity"],
            &[&["S-2", "1", "FUEL", "5"], &["S-1", "1", "FUEL", "5"]],
        ),
    ];
    assert_eq!(told(&load(&app, &alone).await), [("shipment_lines", 3, "shipment_code", "unknown-reference")]);
}

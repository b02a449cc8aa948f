//! Stories of a ledger that came by sheets: the demo's year of supplies, and what a sheet may not say.

use serde_json::Value;
use siraj::{auth::Role, db::Db, imports};

use crate::{
    imports::{load, sheet, soon, told},
    support::{TestApp, client::Client},
};

/// Adds the ledger up again and finds nothing; how many movements there are.
async fn holds_true(app: &TestApp) -> i64 {
    let db = Db::new(&app.database.service_url(), 1).expect("a pool");
    let verified = siraj::stock::verify(&mut db.conn().await.expect("a connection")).await.expect("added up");
    assert_eq!(verified.differences, Vec::<String>::new());
    verified.movements
}

/// The one of a list that has these codes of place and item.
fn at<'a>(all: &'a [Value], place: &str, item: &str) -> &'a Value {
    let of = |one: &&Value| one["location_code"] == place && one["item_code"] == item;
    all.iter().find(of).unwrap_or_else(|| panic!("{place} {item}"))
}

async fn alerts(by: &Client, kind: &str) -> Vec<Value> {
    by.all(&format!("/api/v1/stock-alerts?as_of=2015-12-31&kind={kind}&limit=200")).await
}

#[tokio::test]
async fn the_year_of_supplies_comes_to_what_the_sheets_add_up_to_and_again_to_nothing_new() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let sheets = imports::demo_sheets().expect("the demo");
    assert_eq!(load(&app, &sheets).await.faults, []);
    let movements = holds_true(&app).await;
    // Counted from the files alone; see `demo/README.md`.
    let plans = manager.all("/api/v1/stock-plans?as_of=2015-12-31&limit=200").await;
    let promised = [
        ("ST-HOS-01", "MED-01", 467, 1267, 0, "420.04", "1.11"),
        ("ST-PCC-01", "LOC-02", 0, 378, 35, "202.26", "0.00"),
        ("ST-HOS-02", "MED-04", 0, 258, 5, "90.45", "0.00"),
        ("ST-HOS-03", "CON-01", 0, 340, 62, "345.67", "0.00"),
    ];
    for (place, item, on_hand, consumed, days_without, average, months) in promised {
        let plan = at(&plans, place, item);
        assert_eq!((&plan["stock_on_hand"], &plan["consumed"]), (&on_hand.into(), &consumed.into()), "{plan}");
        assert_eq!((&plan["window_days"], &plan["stock_out_days"]), (&92.into(), &days_without.into()), "{plan}");
        assert_eq!((&plan["average_monthly"], &plan["months_of_stock"]), (&average.into(), &months.into()), "{plan}");
    }
    assert_eq!(at(&plans, "ST-HOS-01", "MED-01")["runs_out_on"], "2016-02-03");
    let stocked_out = alerts(&manager, "stocked_out").await;
    for (place, item, on_hand, ..) in promised {
        let told = stocked_out.iter().any(|one| one["location_code"] == place && one["item_code"] == item);
        assert_eq!(told, on_hand == 0, "{place} {item}");
    }
    assert_eq!(at(&alerts(&manager, "expired").await, "ST-HOS-02", "LOC-09")["quantity"], 63);
    assert_eq!(at(&alerts(&manager, "expiring").await, "ST-HOS-02", "LOC-09")["quantity"], 398);
    let losses = manager.all("/api/v1/stock-documents?kind=loss&q=LOSS-2015-001").await;
    assert_eq!(losses[0]["reason"], "Destroyed in the attack of the same day (invented).");

    let again = load(&app, &sheets).await;
    assert_eq!(again.faults, []);
    assert!(again.tables.iter().all(|(_, added, _)| *added == 0), "{:?}", again.tables);
    assert!(again.tables.contains(&("stock_documents".to_owned(), 0, 97)));
    assert_eq!(holds_true(&app).await, movements);
}

const HEADS: [&str; 6] = ["occurred_on", "from_code", "to_code", "reference", "reason", "adjustment_reason_code"];
const LINES: [&str; 4] = ["document_reference", "item_code", "lot_number", "quantity"];

/// A hospital's store, a warehouse, gauze with two lots and a controlled medicine.
async fn stores(app: &TestApp) {
    let before = [
        sheet("areas", &["code", "name", "kind"], &[&["A-1", "One", "country"]]),
        sheet("facilities", &["code", "name", "kinds", "area_code"], &[&["HOS-1", "One", "hospital", "A-1"]]),
        sheet(
            "items",
            &["code", "name", "category", "base_unit", "expiry_tracked", "controlled"],
            &[
                &["GAUZE", "Gauze", "emergency_consumables", "piece", "true", "false"],
                &["KETAMINE", "Ketamine", "anaesthetics", "vial", "true", "true"],
            ],
        ),
        sheet(
            "stock_locations",
            &["code", "name", "kind", "facility_code", "area_code"],
            &[&["ST-1", "Store", "facility_store", "HOS-1", ""], &["WH-1", "Warehouse", "warehouse", "", "A-1"]],
        ),
        sheet(
            "lots",
            &["item_code", "number", "expires_on"],
            &[&["GAUZE", "L-1", "2015-06-30"], &["GAUZE", "L-2", "2016-06-30"], &["KETAMINE", "K-1", "2016-06-30"]],
        ),
    ];
    assert_eq!(load(app, &before).await.faults, []);
}

#[tokio::test]
async fn every_wrong_cell_of_a_document_is_named_and_nothing_is_written() {
    let app = TestApp::start().await;
    stores(&app).await;
    let heads = |row: [&str; 6]| sheet("stock_documents", &HEADS, &[&row]);
    let lines = |row: [&str; 4]| sheet("stock_document_lines", &LINES, &[&row]);
    let came = ["2015-01-01", "SUPPLIER", "WH-1", "GRN-1", "", ""];
    let line = ["GRN-1", "GAUZE", "L-1", "10"];
    let (of_head, of_line) =
        (|column, code| ("stock_documents", 2, column, code), |column, code| ("stock_document_lines", 2, column, code));
    let soon = soon();
    let lost = "Fell from the lorry on the way.";
    let cases = [
        (heads(["", "SUPPLIER", "WH-1", "GRN-1", "", ""]), lines(line), vec![of_head("occurred_on", "required")]),
        (heads([&soon, "SUPPLIER", "WH-1", "GRN-1", "", ""]), lines(line), vec![of_head("occurred_on", "date-in-future")]),
        (
            heads(["2015-01-01", "SUPPLIER", "NOWHERE", "GRN-1", "", ""]),
            lines(line),
            vec![of_head("to_code", "unknown-reference")],
        ),
        (heads(["2015-01-01", "PRODUCTION", "WH-1", "GRN-1", "", ""]), lines(line), vec![of_head("to_code", "wrong-places")]),
        (
            heads(["2015-01-01", "WH-1", "LOSS", "GRN-1", lost, "NO-SUCH"]),
            lines(line),
            vec![of_head("adjustment_reason_code", "unknown-reference")],
        ),
        (
            heads(came),
            lines(["GRN-1", "GAUZE", "L-9", "10"]),
            vec![of_line("lot_number", "unknown-reference"), of_head("", "required")],
        ),
        (heads(came), lines(["GRN-1", "GAUZE", "L-1", "0"]), vec![of_line("quantity", "out-of-range")]),
        (heads(came), lines(["GRN-1", "GAUZE", "L-1", "ten"]), vec![of_line("quantity", "wrong-type")]),
        (
            heads(came),
            lines(["GRN-2", "GAUZE", "L-1", "10"]),
            vec![of_line("document_reference", "unknown-reference"), of_head("", "required")],
        ),
        (
            heads(["2015-01-01", "SUPPLIER", "WH-1", "", "", ""]),
            lines(line),
            vec![of_line("document_reference", "unknown-reference"), of_head("reference", "required")],
        ),
        // What the ledger refuses.
        (heads(["2015-01-01", "WH-1", "CONSUMPTION", "GRN-1", "", ""]), lines(line), vec![of_head("", "insufficient-stock")]),
        (heads(["2015-07-01", "SUPPLIER", "WH-1", "GRN-1", "", ""]), lines(line), vec![of_head("", "lot-expired")]),
    ];
    for (head, line, expected) in cases {
        assert_eq!(told(&load(&app, &[head, line]).await), expected);
    }
    let twice = sheet("stock_document_lines", &LINES, &[&line, &line]);
    assert_eq!(told(&load(&app, &[heads(came), twice]).await), [("stock_document_lines", 3, "lot_number", "repeated")]);
    let two = sheet("stock_documents", &HEADS, &[&came, &came]);
    let told_twice = load(&app, &[two, lines(line)]).await;
    assert_eq!(told(&told_twice), [("stock_documents", 3, "", "required")]);
    let smuggled = sheet("stock_documents", &["occurred_on", "from_code", "to_code", "reference", "id"], &[]);
    assert_eq!(
        told(&load(&app, &[smuggled, lines(line)]).await).first(),
        Some(&("stock_document_lines", 2, "document_reference", "unknown-reference"))
    );
    assert_eq!(told(&load(&app, &[heads(came)]).await), [("stock_documents", 1, "", "required")]);
    assert_eq!(holds_true(&app).await, 0, "nothing was written");
}

#[tokio::test]
async fn a_paper_on_record_is_neither_corrected_nor_written_twice_and_controlled_items_take_a_second_person() {
    let app = TestApp::start().await;
    stores(&app).await;
    // The sheet is in no order: what was used stands above what came, and the shipment between them is on its own sheets.
    let year = |used: &str, third: [&str; 6]| {
        [
            sheet(
                "stock_documents",
                &HEADS,
                &[
                    &["2015-03-01", "ST-1", "CONSUMPTION", "ISS-1", "", ""],
                    &["2015-01-01", "SUPPLIER", "WH-1", "GRN-1", "", ""],
                    &third,
                ],
            ),
            sheet(
                "stock_document_lines",
                &LINES,
                &[
                    &["ISS-1", "GAUZE", "L-1", used],
                    &["GRN-1", "GAUZE", "L-1", "100"],
                    &["GRN-1", "KETAMINE", "K-1", "20"],
                    &["DOC-3", "KETAMINE", "K-1", "5"],
                ],
            ),
            sheet(
                "shipments",
                &["code", "from_code", "to_code", "dispatched_on", "received_on"],
                &[&["S-1", "WH-1", "ST-1", "2015-02-01", "2015-02-03"]],
            ),
            sheet(
                "shipment_lines",
                &["shipment_code", "line", "item_code", "lot_number", "quantity", "accepted_quantity", "rejected_quantity"],
                &[&["S-1", "1", "GAUZE", "L-1", "60", "60", "0"]],
            ),
        ]
    };
    let moved = ["2015-02-05", "WH-1", "ST-1", "DOC-3", "", ""];
    let used_up = load(&app, &year("40", ["2015-02-05", "WH-1", "CONSUMPTION", "DOC-3", "", ""])).await;
    assert_eq!(told(&used_up), [("stock_documents", 4, "", "second-person-required")]);
    let too_much = load(&app, &year("61", moved)).await;
    assert_eq!(told(&too_much), [("stock_documents", 4, "", "insufficient-stock")]);
    assert_eq!(holds_true(&app).await, 0);
    assert_eq!(load(&app, &year("40", moved)).await.faults, []);
    // GRN-1 twice, the road to and from, the issue, the transfer.
    assert_eq!(holds_true(&app).await, 6);
    let corrected = load(&app, &year("41", moved)).await;
    assert_eq!(told(&corrected), [("stock_documents", 2, "reference", "record-conflict")]);
    let again = load(&app, &year("40", moved)).await;
    assert_eq!((again.faults.as_slice(), holds_true(&app).await), (&[][..], 6));
    let manager = app.user(Role::Manager).await;
    let balances = manager.all("/api/v1/stock-balances").await;
    assert_eq!(at(&balances, "ST-1", "GAUZE")["quantity"], 20);
    assert_eq!(at(&balances, "WH-1", "GAUZE")["quantity"], 40);
    assert_eq!(at(&balances, "ST-1", "KETAMINE")["quantity"], 5);
}

//! A published report as pages and as a workbook: what it says, laid out, and nothing else.

#[cfg(feature = "pdf")]
mod pictures;
#[cfg(feature = "pdf")]
mod typeset;

use std::io::Cursor;

use calamine::{Data as Cell, Reader as _, Xlsx};
use reqwest::Method;
use serde_json::{Value, json};
use siraj::{auth::Role, db::Db, keys::hex, publishing};
use uuid::Uuid;

use super::{
    World,
    publishing::{define, draft, publish},
};
use crate::support::{
    client::{Client, faults},
    id_of,
};

const REPORTS: &str = "/api/v1/published-reports";

/// Ten hospitals with a doctor in each: five stand in one cell of the grid, four in another and one in none, and one is also a medical point.
async fn ten_hospitals(world: &World) -> Uuid {
    let east = format!("/api/v1/areas/{}", world.east);
    world.manager.patch(&east, "*", &json!({"name": "Eastern Ghouta", "name_ar": "الغوطة"})).await.expect_status(200);
    let coordinator = world.app.coordinator(&[world.ghouta]).await;
    let mut last = Uuid::nil();
    for number in 1..=10 {
        let kinds: &[&str] = if number == 5 { &["hospital", "medical_point"] } else { &["hospital"] };
        last = world.facility(&format!("HOS-{number:02}"), world.east, kinds, "2013-01-01", None).await;
        world.contract_supports(last).await;
        let doctor = world.person(&format!("S-{number}"), "doctor").await;
        world.post(doctor, last, "doctor", 50, Some(world.contract)).await;
        let latitude = if number > 5 { 33.712_345 } else { 33.512_345 };
        if number < 10 {
            let place = json!({"latitude": latitude, "longitude": 36.398_765});
            coordinator.put(&format!("/api/v1/facilities/{last}/location"), &place).await.expect_status(200);
        }
    }
    last
}

/// Has a campaign support all of them.
async fn support_all(world: &World, campaign: Uuid) {
    for facility in world.manager.all("/api/v1/facilities").await {
        world.supports(&format!("campaigns/{campaign}"), id_of(&facility), None, None).await;
    }
}

/// Tells that a facility was closed all along.
async fn close(world: &World, facility: Uuid) {
    let path = format!("/api/v1/facilities/{facility}");
    world.manager.patch(&path, "*", &json!({"closed_on": "2014-01-01"})).await.expect_status(200);
}

/// Drafts and publishes; gives the report.
async fn published(world: &World, definition: Uuid, as_of: &str) -> Value {
    publish(&world.app.user(Role::Manager).await, &draft(world, definition, as_of).await).await
}

async fn document(client: &Client, report: &Value) -> Value {
    client.get(&format!("{REPORTS}/{}/document", id_of(report))).await.expect_status(200).json()
}

/// The sheets of a workbook: rows of cells as text, without the headings and their tags.
pub(super) fn sheets(bytes: &[u8]) -> Vec<(String, Vec<Vec<String>>)> {
    let mut book: Xlsx<_> = calamine::Reader::new(Cursor::new(bytes.to_vec())).expect("a workbook");
    let names = book.sheet_names();
    let rows = |name: &String, book: &mut Xlsx<_>| {
        let range = book.worksheet_range(name).expect("a sheet");
        let rows: Vec<Vec<String>> = range.rows().map(|row| row.iter().map(Cell::to_string).collect()).collect();
        assert!(rows[1].iter().all(|tag| tag.is_empty() || tag.starts_with('#')), "{name} has tags");
        rows[2..].to_vec()
    };
    names.into_iter().map(|name| (name.clone(), rows(&name, &mut book))).collect()
}

#[tokio::test]
async fn a_map_tells_cells_of_five_facilities_and_more_and_no_place() {
    let world = World::start().await;
    ten_hospitals(&world).await;
    let definition = define(&world, "ALL", &json!({})).await;
    let told = document(&world.manager, &published(&world, definition, "2015-06-30").await).await;
    // Of the other five, four stand in one cell and one in none.
    assert_eq!(told["map"], json!({"smallest": 5, "cells": [{"cell": "33.5,36.3", "at_least": 5}]}));
    assert_eq!(told["areas_ar"], json!({"EAST": "الغوطة"}));
    for digits in ["512345", "712345", "398765"] {
        assert!(!told.to_string().contains(digits), "{digits}");
    }
    let before = document(&world.manager, &published(&world, definition, "2012-06-30").await).await;
    assert_eq!(before["map"], json!({"smallest": 5, "cells": []}));
    // One more or less in a cell is not told, or two reports would place it.
    let sixth = world.facility("HOS-11", world.east, &["hospital"], "2015-07-01", None).await;
    world.contract_supports(sixth).await;
    let place = json!({"latitude": 33.512_345, "longitude": 36.398_765});
    let coordinator = world.app.coordinator(&[world.ghouta]).await;
    coordinator.put(&format!("/api/v1/facilities/{sixth}/location"), &place).await.expect_status(200);
    let later = document(&world.manager, &published(&world, definition, "2015-07-31").await).await;
    assert_eq!((&later["figures"]["facilities"]["total"], &later["map"]), (&json!(11), &told["map"]));
    // Nor is there a map of a contract or an area, nor one beside the codes of facilities.
    for more in [json!({"area_id": world.east}), json!({"contract_id": world.contract}), json!({"kind": "staffing"})] {
        let some = define(&world, &format!("SOME-{}", more.to_string().len()), &more).await;
        let told = document(&world.manager, &published(&world, some, "2015-06-30").await).await;
        assert!(told["map"].is_null() && told["figures"]["facilities"]["total"] == 10, "{told}");
    }
}

#[tokio::test]
async fn the_workbook_says_what_the_document_says_and_is_the_same_bytes_each_time() {
    let world = World::start().await;
    let last = ten_hospitals(&world).await;
    let campaign = world.campaign("SIRAJ-2015").await;
    support_all(&world, campaign).await;
    let claim = json!({"code": "TOTAL", "campaign_id": campaign, "statement": "=10 facilities.", "subject": "total", "source": "a page",
        "amount": "9", "figure": "facilities.total", "as_of": "2015-06-30"});
    world.manager.post("/api/v1/claims", &claim).await.expect_status(201);
    let reconciled = define(&world, "RECONCILED", &json!({"kind": "reconciliation", "campaign_id": campaign})).await;
    let staffed = define(&world, "STAFFED", &json!({"kind": "staffing"})).await;
    let report = published(&world, staffed, "2015-06-30").await;
    let path = format!("{REPORTS}/1/workbook");
    let first = world.manager.get(&path).await.expect_status(200);
    assert_eq!(first.header("content-disposition"), "attachment; filename=\"siraj-report-1.xlsx\"");
    let told = document(&world.manager, &report).await;
    let sheets_of = |bytes: &[u8]| sheets(bytes).into_iter().collect::<std::collections::BTreeMap<_, _>>();
    let book = sheets_of(&first.body);
    assert_eq!(book.keys().collect::<Vec<_>>(), ["Facilities", "Figures", "Staff", "Staffing", "Statement"]);
    assert_eq!(told["form"], "siraj-document-3");
    let has = |sheet: &str, row: &[&str]| assert!(book[sheet].iter().any(|one| one == row), "{sheet} {row:?}: {:?}", book[sheet]);
    has("Figures", &["facilities.total", &told["figures"]["facilities"]["total"].to_string()]);
    has("Figures", &["facilities.total", "10"]);
    has("Figures", &["facilities.by_kind.hospital", "10"]);
    has("Figures", &["staff.full_time_equivalents", "5"]);
    has("Staff", &["doctor", "10"]);
    has("Facilities", &["kind", "medical_point", "", "", "1"]);
    has("Facilities", &["area", "EAST", "Eastern Ghouta", "الغوطة", "10"]);
    has("Staffing", &["HOS-05", "Facility HOS-05", "", "doctor", "1", "0.50"]);
    has("Statement", &["document_hash", report["document_hash"].as_str().unwrap()]);
    has("Statement", &["signature", report["signature"].as_str().unwrap()]);

    published(&world, reconciled, "2015-06-30").await;
    let second = sheets_of(&world.manager.get(&format!("{REPORTS}/2/workbook")).await.expect_status(200).body);
    assert_eq!(second["Map"], [["33.5,36.3", "5"]]);
    let claim = &second["Reconciliation"][0];
    assert_eq!((claim[0].as_str(), claim[1].as_str(), claim[10].as_str()), ("TOTAL", "'=10 facilities.", "differs"));

    close(&world, last).await;
    assert_eq!(world.manager.get(&path).await.expect_status(200).body, first.body);
    let held = [("if-none-match", first.header("etag"))];
    let held: Vec<(&str, &str)> = held.iter().map(|(name, value)| (*name, value.as_str())).collect();
    world.manager.send(Method::GET, &path, &held, None).await.expect_status(304);
}

#[tokio::test]
async fn whoever_may_not_read_the_document_reads_neither_pages_nor_workbook() {
    let world = World::start().await;
    let definition = define(&world, "ALL", &json!({})).await;
    let drafted = draft(&world, definition, "2015-06-30").await;
    // A draft bears no signature: there is nothing yet to be handed on.
    for file in ["envelope", "pages", "workbook"] {
        world.manager.get(&format!("{REPORTS}/{}/{file}", id_of(&drafted))).await.expect_problem(409, "not-published");
    }
    publish(&world.app.user(Role::Manager).await, &drafted).await;
    let facility = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let others =
        [world.app.coordinator(&[world.east]).await, world.app.clerk(facility).await, world.app.partner(world.partner).await];
    for client in &others {
        for file in ["document", "pages", "pages?language=ar", "workbook"] {
            client.get(&format!("{REPORTS}/1/{file}")).await.expect_problem(403, "forbidden");
        }
    }
    for file in ["document", "pages", "workbook"] {
        world.app.stranger().get(&format!("{REPORTS}/1/{file}")).await.expect_problem(401, "unauthenticated");
        world.manager.get(&format!("{REPORTS}/2/{file}")).await.expect_problem(404, "not-found");
    }
    world.app.user(Role::Auditor).await.get(&format!("{REPORTS}/1/workbook")).await.expect_status(200);
    let refused = world.manager.get(&format!("{REPORTS}/1/pages?language=fr")).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/language".to_owned(), "unknown-value".to_owned())]);
    world.manager.get(&format!("{REPORTS}/1/pages?lang=ar")).await.expect_problem(400, "unknown-parameter");
}

/// Puts other words into a draft's document; gives the draft.
async fn rewritten(world: &World, drafted: Value, change: impl FnOnce(&mut Value)) -> Value {
    let mut told = document(&world.manager, &drafted).await;
    change(&mut told);
    let bytes = serde_json::to_vec_pretty(&told).unwrap();
    let write = "UPDATE published_reports SET document = $1, document_hash = sha256($1) WHERE id = $2";
    world.sql.execute(write, &[&bytes, &id_of(&drafted)]).await.expect("rewritten");
    world.manager.get(&format!("{REPORTS}/{}", id_of(&drafted))).await.expect_status(200).json()
}

/// As if a version of before had drafted it, which told no maps and nothing of areas and claims in Arabic.
async fn as_of_before(world: &World, drafted: Value) -> Value {
    let change = |told: &mut Value| {
        for part in ["map", "areas_ar", "statements_ar"] {
            told.as_object_mut().unwrap().shift_remove(part);
        }
        told["form"] = json!("siraj-report-1");
    };
    rewritten(world, drafted, change).await
}

#[tokio::test]
async fn a_report_of_too_many_rows_is_no_pages_but_still_a_workbook() {
    let world = World::start().await;
    let definition = define(&world, "ALL", &json!({"kind": "staffing"})).await;
    let row = json!({"code": "HOS-01", "name": "A hospital", "cadre": "doctor", "posts": 1, "full_time_equivalents": "1.00"});
    let long =
        rewritten(&world, draft(&world, definition, "2015-06-30").await, |told| told["staffing"] = json!(vec![row; 5_001]));
    publish(&world.app.user(Role::Manager).await, &long.await).await;
    world.manager.get(&format!("{REPORTS}/1/pages")).await.expect_problem(413, "payload-too-large");
    let book = sheets(&world.manager.get(&format!("{REPORTS}/1/workbook")).await.expect_status(200).body);
    assert_eq!(book.iter().find(|(name, _)| name == "Staffing").map(|(_, rows)| rows.len()), Some(5_001));
}

#[tokio::test]
async fn a_report_of_before_maps_were_told_holds_as_it_is() {
    let world = World::start().await;
    ten_hospitals(&world).await;
    let campaign = world.campaign("SIRAJ-2015").await;
    support_all(&world, campaign).await;
    let definition = define(&world, "ALL", &json!({})).await;
    let second = world.app.user(Role::Manager).await;
    publish(&second, &as_of_before(&world, draft(&world, definition, "2015-06-30").await).await).await;
    // One of the form between, which told maps, but no money of a campaign and no facility's name in Arabic.
    let between = define(&world, "BETWEEN", &json!({"kind": "reconciliation", "campaign_id": campaign})).await;
    let change = |told: &mut Value| {
        told.as_object_mut().unwrap().shift_remove("funds");
        told["form"] = json!("siraj-document-2");
    };
    publish(&second, &rewritten(&world, draft(&world, between, "2015-06-30").await, change).await).await;
    let book = sheets(&world.manager.get(&format!("{REPORTS}/1/workbook")).await.expect_status(200).body);
    assert_eq!(book.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Figures", "Staff", "Facilities", "Statement"]);
    let restated = world.manager.get(&format!("{REPORTS}/1/restatement")).await.expect_status(200).json();
    assert_eq!(restated["figures"], json!([]));
    assert_eq!(verified(&world).await, (2, Vec::<String>::new()));
    // Places are sealed anew; what was published of them stays.
    world.sql.execute("UPDATE facility_locations SET coarse_cell = '33.6,36.4'", &[]).await.expect("moved");
    assert_eq!(verified(&world).await.1, Vec::<String>::new());
}

/// How many reports `siraj verify` has checked, and what it found.
async fn verified(world: &World) -> (u64, Vec<String>) {
    let db = Db::new(&world.app.database.service_url(), 1).expect("a pool");
    let known = [hex(world.app.keys.publishing()[0].public())];
    let found = publishing::verify(&db, Some(&known)).await.expect("checked");
    (found.reports, found.faults)
}

#[tokio::test]
async fn whatever_of_a_document_is_forged_is_found_by_counting_again_and_is_not_set() {
    let world = World::start().await;
    ten_hospitals(&world).await;
    let campaign = world.campaign("SIRAJ-2015").await;
    support_all(&world, campaign).await;
    let claim = json!({"code": "TOTAL", "campaign_id": campaign, "statement": "A claim.", "statement_ar": "قول", "subject": "total", "source": "a page",
        "amount": "9", "figure": "facilities.total", "as_of": "2015-06-30"});
    world.manager.post("/api/v1/claims", &claim).await.expect_status(201);
    let definition = define(&world, "ALL", &json!({"kind": "reconciliation", "campaign_id": campaign})).await;
    let report = published(&world, definition, "2015-06-30").await;
    let genuine = document(&world.manager, &report).await;
    assert_eq!(verified(&world).await, (1, Vec::<String>::new()));
    let forgeries: [(&str, Value, &str); 12] = [
        ("/map", json!(null), "map"),
        ("/map/smallest", json!(0), "map"),
        ("/map/cells", json!([{"cell": "33.5,36.3", "at_least": 1}]), "map"),
        ("/map/cells", json!([{"cell": "33.5,36.3", "at_least": 20}]), "map"),
        ("/map/cells", json!([{"cell": "33.5,36.3", "at_least": 5}, {"cell": "33.5,36.3", "at_least": 5}]), "map"),
        ("/areas_ar", json!(null), "areas_ar"),
        ("/areas_ar/EAST", json!("حمص"), "areas_ar"),
        ("/explanation_ar", json!("لا شيء"), "explanation_ar"),
        ("/sentences_ar/TOTAL", json!("صحيح"), "sentences_ar"),
        ("/statements_ar/TOTAL", json!("قول آخر"), "statements_ar"),
        ("/figures/facilities/by_area/0/name", json!("Homs"), "figures"),
        ("/figures/facilities/total", json!(11), "11 of facilities.total"),
    ];
    for (pointer, value, part) in forgeries {
        let mut told = genuine.clone();
        *told.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}: {genuine}")) = value;
        // Whoever owns the database and the key could sign it too; counting again needs neither.
        let bytes = serde_json::to_vec_pretty(&told).unwrap();
        world.sql.batch_execute("SET session_replication_role = replica").await.expect("the owner");
        let change = "UPDATE published_reports SET document = $1, document_hash = sha256($1) WHERE number = 1";
        world.sql.execute(change, &[&bytes]).await.expect("forged");
        let (_, faults) = verified(&world).await;
        assert!(
            faults.iter().any(|fault| fault.contains(part) && !fault.contains("not as it was published")),
            "{pointer}: {faults:?}"
        );
        world.manager.get(&format!("{REPORTS}/1/workbook")).await.expect_problem(500, "internal");
    }
}

#[cfg(not(feature = "pdf"))]
#[tokio::test]
async fn a_build_without_a_typesetter_says_so() {
    let world = World::start().await;
    let definition = define(&world, "ALL", &json!({})).await;
    published(&world, definition, "2015-06-30").await;
    world.manager.get(&format!("{REPORTS}/1/pages")).await.expect_problem(503, "pdf-unavailable");
}

//! A published report as pages and as a workbook: what it says, laid out, and nothing else.

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

/// Seven hospitals, six of them in one cell of the grid, and one that is also a medical point; a doctor in each.
async fn seven_hospitals(world: &World) -> Uuid {
    let east = format!("/api/v1/areas/{}", world.east);
    world.manager.patch(&east, "*", &json!({"name": "Eastern Ghouta", "name_ar": "الغوطة"})).await.expect_status(200);
    let coordinator = world.app.coordinator(&[world.ghouta]).await;
    let mut last = Uuid::nil();
    for number in 1..=7 {
        let kinds: &[&str] = if number == 5 { &["hospital", "medical_point"] } else { &["hospital"] };
        last = world.facility(&format!("HOS-0{number}"), world.east, kinds, "2013-01-01", None).await;
        world.contract_supports(last).await;
        let doctor = world.person(&format!("S-{number}"), "doctor").await;
        world.post(doctor, last, "doctor", 50, Some(world.contract)).await;
        let latitude = if number == 7 { 33.712_345 } else { 33.512_345 };
        let place = json!({"latitude": latitude, "longitude": 36.398_765});
        coordinator.put(&format!("/api/v1/facilities/{last}/location"), &place).await.expect_status(200);
    }
    last
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
fn sheets(bytes: &[u8]) -> Vec<(String, Vec<Vec<String>>)> {
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
    seven_hospitals(&world).await;
    let definition = define(&world, "ALL", &json!({})).await;
    let told = document(&world.manager, &published(&world, definition, "2015-06-30").await).await;
    assert_eq!(
        told["map"],
        json!({"smallest": 5, "cells": [{"cell": "33.5,36.3", "facilities": 6}], "elsewhere": 1}),
        "the seventh stands alone in its cell"
    );
    assert_eq!(told["areas_ar"], json!({"EAST": "الغوطة"}));
    for digits in ["12345", "98765", "33.7"] {
        assert!(!told.to_string().contains(digits), "{digits}");
    }
    let before = document(&world.manager, &published(&world, definition, "2012-06-30").await).await;
    assert_eq!(before["map"], json!({"smallest": 5, "cells": [], "elsewhere": 0}));
    // Of some of them, as many as there are: a contract's five facilities in a cell are told, four are not.
    let area = define(&world, "WEST", &json!({"area_id": world.west})).await;
    let west = document(&world.manager, &published(&world, area, "2015-06-30").await).await;
    assert_eq!((&west["map"]["cells"], &west["map"]["elsewhere"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn the_workbook_says_what_the_document_says_and_is_the_same_bytes_each_time() {
    let world = World::start().await;
    let last = seven_hospitals(&world).await;
    let campaign = world.campaign("SIRAJ-2015").await;
    let claim = json!({"code": "TOTAL", "campaign_id": campaign, "statement": "=7 facilities.", "subject": "total", "source": "a page",
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
    assert_eq!(book.keys().collect::<Vec<_>>(), ["Facilities", "Figures", "Map", "Staff", "Staffing", "Statement"]);
    let has = |sheet: &str, row: &[&str]| assert!(book[sheet].iter().any(|one| one == row), "{sheet} {row:?}: {:?}", book[sheet]);
    has("Figures", &["facilities.total", &told["figures"]["facilities"]["total"].to_string()]);
    has("Figures", &["facilities.total", "7"]);
    has("Figures", &["facilities.by_kind.hospital", "7"]);
    has("Figures", &["staff.full_time_equivalents", "3.5"]);
    has("Staff", &["doctor", "7"]);
    has("Facilities", &["kind", "medical_point", "", "", "1"]);
    has("Facilities", &["area", "EAST", "Eastern Ghouta", "الغوطة", "7"]);
    has("Map", &["33.5,36.3", "6"]);
    has("Map", &["elsewhere", "1"]);
    has("Staffing", &["HOS-05", "Facility HOS-05", "doctor", "1", "0.50"]);
    has("Statement", &["document_hash", report["document_hash"].as_str().unwrap()]);
    has("Statement", &["signature", report["signature"].as_str().unwrap()]);

    published(&world, reconciled, "2015-06-30").await;
    let second = sheets_of(&world.manager.get(&format!("{REPORTS}/2/workbook")).await.expect_status(200).body);
    let claim = &second["Reconciliation"][0];
    assert_eq!((claim[0].as_str(), claim[1].as_str(), claim[10].as_str()), ("TOTAL", "'=7 facilities.", "differs"));

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
        world.manager.get(&format!("{REPORTS}/{}/{file}", id_of(&drafted))).await.expect_problem(404, "not-found");
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

/// Takes what came with maps out of a draft's document, as if a version of before had drafted it; gives the draft.
async fn as_of_before(world: &World, drafted: Value) -> Value {
    let mut told = document(&world.manager, &drafted).await;
    for part in ["map", "areas_ar", "statements_ar"] {
        told.as_object_mut().unwrap().shift_remove(part);
    }
    let bytes = serde_json::to_vec_pretty(&told).unwrap();
    let change = "UPDATE published_reports SET document = $1, document_hash = sha256($1) WHERE id = $2";
    world.sql.execute(change, &[&bytes, &id_of(&drafted)]).await.expect("rewritten");
    world.manager.get(&format!("{REPORTS}/{}", id_of(&drafted))).await.expect_status(200).json()
}

#[tokio::test]
async fn a_report_of_before_maps_were_told_holds_as_it_is_and_a_map_that_does_not_add_up_is_found() {
    let world = World::start().await;
    seven_hospitals(&world).await;
    let definition = define(&world, "ALL", &json!({})).await;
    let second = world.app.user(Role::Manager).await;
    publish(&second, &as_of_before(&world, draft(&world, definition, "2015-06-30").await).await).await;
    publish(&second, &draft(&world, definition, "2015-06-30").await).await;
    let book = sheets(&world.manager.get(&format!("{REPORTS}/1/workbook")).await.expect_status(200).body);
    assert_eq!(book.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Figures", "Staff", "Facilities", "Statement"]);
    let restated = world.manager.get(&format!("{REPORTS}/1/restatement")).await.expect_status(200).json();
    assert_eq!(restated["figures"], json!([]));
    let db = Db::new(&world.app.database.service_url(), 1).expect("a pool");
    let known = [hex(world.app.keys.publishing()[0].public())];
    let found = publishing::verify(&db, Some(&known)).await.expect("checked");
    assert_eq!((found.reports, found.faults), (2, Vec::<String>::new()));
    // Places are sealed anew; what was published of them stays.
    let moved = "UPDATE facility_locations SET coarse_cell = '33.6,36.4'";
    world.sql.execute(moved, &[]).await.expect("moved");
    assert_eq!(publishing::verify(&db, Some(&known)).await.expect("checked").faults, Vec::<String>::new());
    let forge = "SET session_replication_role = replica; UPDATE published_reports
        SET document = convert_to(replace(convert_from(document, 'UTF8'), '\"facilities\": 6', '\"facilities\": 5'), 'UTF8'),
            document_hash = sha256(convert_to(replace(convert_from(document, 'UTF8'), '\"facilities\": 6', '\"facilities\": 5'), 'UTF8'))
        WHERE number = 2";
    world.sql.batch_execute(forge).await.expect("forged");
    let found = publishing::verify(&db, Some(&known)).await.expect("checked").faults;
    assert!(found.iter().any(|fault| fault == "report 2 has a map that does not add up to its facilities"), "{found:?}");
}

#[cfg(not(feature = "pdf"))]
#[tokio::test]
async fn a_build_without_a_typesetter_says_so() {
    let world = World::start().await;
    let definition = define(&world, "ALL", &json!({})).await;
    published(&world, definition, "2015-06-30").await;
    world.manager.get(&format!("{REPORTS}/1/pages")).await.expect_problem(503, "pdf-unavailable");
}

/// The pages themselves.
#[cfg(feature = "pdf")]
mod typeset {
    use std::{fs, path::Path, process::Command};

    use super::*;
    use crate::support::FONTS;

    /// What a program of poppler says of pages.
    fn run(program: &str, words: &[&str], file: &Path) -> Vec<u8> {
        let output = Command::new(program).args(words).arg(file).arg("-").output().expect(program);
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Pages in a file of their own.
    struct Pages {
        folder: tempfile::TempDir,
    }

    impl Pages {
        async fn of(client: &Client, query: &str) -> (Self, Vec<u8>) {
            let answer = client.get(&format!("{REPORTS}/1/pages{query}")).await.expect_status(200);
            assert_eq!(answer.header("content-type"), "application/pdf");
            assert!(answer.body.starts_with(b"%PDF-1."));
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("pages.pdf"), &answer.body).unwrap();
            (Self { folder }, answer.body)
        }

        fn text(&self) -> String {
            String::from_utf8(run("pdftotext", &["-layout"], &self.folder.path().join("pages.pdf"))).unwrap()
        }

        /// How many of a thousand dots of the first page are dark.
        fn darkness(&self) -> usize {
            let file = self.folder.path().join("pages.pdf");
            let output = Command::new("pdftoppm").args(["-gray", "-r", "50", "-f", "1", "-l", "1"]).arg(&file).output().unwrap();
            // A grey map: three short lines, then a byte for each dot.
            let start = output.stdout.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2).expect("a picture").0;
            let dots = &output.stdout[start..];
            dots.iter().filter(|dot| **dot < 128).count() * 1000 / dots.len()
        }

        /// The file that is attached.
        fn attached(&self) -> (String, Vec<u8>) {
            let file = self.folder.path().join("pages.pdf");
            let mut command = Command::new("pdfdetach");
            let output = command.args(["-saveall", "-o"]).arg(self.folder.path()).arg(file).output();
            drop(output.unwrap());
            let mut names =
                fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let name = names.find(|name| name != "pages.pdf").expect("an attachment");
            let bytes = fs::read(self.folder.path().join(&name)).unwrap();
            (name, bytes)
        }
    }

    /// The numbers that end the line of these words.
    fn number_of(text: &str, words: &str) -> Option<String> {
        let line = text.lines().find(|line| line.trim_start().starts_with(words))?;
        line.split_whitespace().last().map(ToOwned::to_owned)
    }

    #[tokio::test]
    async fn a_published_report_is_set_in_english_and_in_arabic() {
        let world = World::start().await;
        seven_hospitals(&world).await;
        let definition = define(&world, "ALL", &json!({"title_ar": "تقرير الغوطة", "kind": "staffing"})).await;
        let report = published(&world, definition, "2015-06-30").await;
        let hash = report["document_hash"].as_str().unwrap();

        let (pages, bytes) = Pages::of(&world.manager, "?language=en").await;
        let text = pages.text();
        assert!(text.contains("Report No. 1") && text.contains("Report ALL") && text.contains("30 June 2015"), "{text}");
        assert!(text.contains("7 facilities; 8 counted by kind, because 1 facility serves as several kinds (HOS-05)."), "{text}");
        for (words, number) in
            [("Hospitals", "7"), ("Medical points", "1"), ("Eastern Ghouta", "7"), ("Doctors", "7"), ("Full-time", "3.50")]
        {
            assert_eq!(number_of(&text, words).as_deref(), Some(number), "{words}: {text}");
        }
        let feet = text.matches(&format!("SHA-256 {hash}")).count();
        assert!(feet >= 2 && feet == text.matches("Page ").count(), "the hash stands at the foot of each page: {text}");
        assert!(text.contains(report["key_id"].as_str().unwrap()) && text.contains("siraj verify-report"), "{text}");
        assert!(pages.darkness() > 10, "the page is empty");

        let (arabic, others) = Pages::of(&world.manager, "?language=ar").await;
        let text = arabic.text();
        assert!(text.contains("الغوطة") && text.contains("تقرير") && text.contains(hash), "{text}");
        assert!(!text.contains("Hospitals") && !text.contains("Eastern Ghouta"), "{text}");
        assert!(arabic.darkness() > 10, "the page is empty");
        assert_ne!(bytes, others);
        // Without a word, the reader's own language.
        let path = format!("{REPORTS}/1/pages");
        let own = world.manager.send(Method::GET, &path, &[("accept-language", "ar")], None).await.expect_status(200);
        assert_eq!(
            (own.header("content-disposition").as_str(), own.body == others),
            ("attachment; filename=\"siraj-report-1.ar.pdf\"", true)
        );
    }

    #[tokio::test]
    async fn the_signed_envelope_is_within_the_pages_byte_for_byte() {
        let world = World::start().await;
        seven_hospitals(&world).await;
        let definition = define(&world, "ALL", &json!({})).await;
        published(&world, definition, "2015-06-30").await;
        let envelope = world.manager.get(&format!("{REPORTS}/1/envelope")).await.expect_status(200);
        let keys =
            publishing::read_keys(&world.app.stranger().get("/api/v1/public/signing-keys").await.expect_status(200).text());
        for language in ["en", "ar"] {
            let (name, attached) = Pages::of(&world.manager, &format!("?language={language}")).await.0.attached();
            assert_eq!((name.as_str(), &attached), ("siraj-report-1.envelope.json", &envelope.body));
            assert_eq!(publishing::check_envelope(&attached, Some(&keys)).expect("holds").trusted, Some(true));
        }
    }

    #[tokio::test]
    async fn pages_are_the_same_bytes_whatever_is_changed_afterwards() {
        let world = World::start().await;
        let last = seven_hospitals(&world).await;
        let definition = define(&world, "ALL", &json!({})).await;
        published(&world, definition, "2015-06-30").await;
        let path = format!("{REPORTS}/1/pages?language=ar");
        let first = world.manager.get(&path).await.expect_status(200);
        close(&world, last).await;
        let east = format!("/api/v1/areas/{}", world.east);
        world.manager.patch(&east, "*", &json!({"name_ar": "اسم آخر"})).await.expect_status(200);
        let again = world.manager.get(&path).await.expect_status(200);
        assert!(first.body == again.body, "the same report, the same bytes");
        let etag = first.header("etag");
        assert_eq!(etag, again.header("etag"));
        world.manager.send(Method::GET, &path, &[("if-none-match", &etag)], None).await.expect_status(304);
        // Another node sets the same.
        let other = world.manager.at(&world.app.second_node());
        assert!(other.get(&path).await.expect_status(200).body == first.body, "two nodes, the same bytes");
    }

    #[tokio::test]
    async fn whatever_a_report_tells_or_is_called_can_be_set() {
        let world = World::start().await;
        let second = world.app.user(Role::Manager).await;
        // Nothing counted, no Arabic title, a title of letters that no font here has, and of what the typesetter takes for markup.
        let title = json!({"title": "#panic[*] $x$ \u{1F3E5} 医院 <a> @b \\ `c`"});
        let odd = define(&world, "ODD", &title).await;
        publish(&second, &draft(&world, odd, "2012-06-30").await).await;
        let (pages, _) = Pages::of(&world.manager, "?language=en").await;
        assert!(pages.text().contains("#panic[*] $x$"), "{}", pages.text());
        Pages::of(&world.manager, "?language=ar").await;

        seven_hospitals(&world).await;
        let campaign = world.campaign("SIRAJ-2015").await;
        for (code, more) in
            [("TOTAL", json!({"amount": "9", "figure": "facilities.total", "as_of": "2015-06-30"})), ("ENDED", json!({}))]
        {
            let mut claim = json!({"code": code, "campaign_id": campaign, "statement": "A claim.", "statement_ar": "قول", "subject": code.to_lowercase(), "source": "a page"});
            claim.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            world.manager.post("/api/v1/claims", &claim).await.expect_status(201);
        }
        let reconciled = define(&world, "RECONCILED", &json!({"kind": "reconciliation", "campaign_id": campaign})).await;
        publish(&second, &draft(&world, reconciled, "2015-06-30").await).await;
        let before = define(&world, "BEFORE", &json!({"area_id": world.east, "contract_id": world.contract})).await;
        publish(&second, &as_of_before(&world, draft(&world, before, "2015-06-30").await).await).await;
        for number in [2, 3] {
            for language in ["en", "ar"] {
                world.manager.get(&format!("{REPORTS}/{number}/pages?language={language}")).await.expect_status(200);
            }
        }
    }

    #[test]
    fn a_folder_without_arabic_letters_sets_no_pages() {
        let folder = tempfile::tempdir().unwrap();
        let told = |folder: &Path| publishing::Press::with_fonts(folder.to_owned()).check();
        assert!(told(folder.path()).is_err_and(|fault| fault.contains("holds no fonts")));
        fs::copy(Path::new(FONTS).join("NotoSans-Regular.ttf"), folder.path().join("latin.ttf")).unwrap();
        assert!(told(folder.path()).is_err_and(|fault| fault.contains("no Arabic")));
        fs::copy(Path::new(FONTS).join("NotoSansArabic-Regular.ttf"), folder.path().join("arabic.ttf")).unwrap();
        assert!(told(folder.path()).is_ok());
    }
}

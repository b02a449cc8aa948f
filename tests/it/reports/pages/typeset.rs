//! The pages themselves: read, looked at and taken apart by the programs of poppler.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::*;
use crate::support::FONTS;

/// What a program of poppler says of pages.
pub(super) fn run(program: &str, words: &[&str], file: &Path, last: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(words).arg(file).args(last).output().expect(program);
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Pages in a file of their own.
pub(super) struct Pages {
    folder: tempfile::TempDir,
}

impl Pages {
    pub(super) async fn of(client: &Client, query: &str) -> (Self, Vec<u8>) {
        let answer = client.get(&format!("{REPORTS}/1/pages{query}")).await.expect_status(200);
        assert_eq!(answer.header("content-type"), "application/pdf");
        assert!(answer.body.starts_with(b"%PDF-1."));
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("pages.pdf"), &answer.body).unwrap();
        (Self { folder }, answer.body)
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join("pages.pdf")
    }

    fn text(&self) -> String {
        String::from_utf8(run("pdftotext", &["-layout"], &self.file(), &["-"])).unwrap()
    }

    /// The file that is attached.
    fn attached(&self) -> (String, Vec<u8>) {
        let file = self.folder.path().join("pages.pdf");
        let mut command = Command::new("pdfdetach");
        let output = command.args(["-saveall", "-o"]).arg(self.folder.path()).arg(file).output();
        drop(output.unwrap());
        let mut names = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let name = names.find(|name| name != "pages.pdf").expect("an attachment");
        let bytes = fs::read(self.folder.path().join(&name)).unwrap();
        (name, bytes)
    }
}

/// Whether pages say that they are PDF/A-3a.
fn is_archived(pages: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pages);
    text.contains("<pdfaid:part>3<") && text.contains("<pdfaid:conformance>A<")
}

/// The numbers that end the line of these words.
fn number_of(text: &str, words: &str) -> Option<String> {
    let line = text.lines().find(|line| line.trim_start().starts_with(words))?;
    line.split_whitespace().last().map(ToOwned::to_owned)
}

#[tokio::test]
async fn a_published_report_is_set_in_english_and_in_arabic() {
    let world = World::start().await;
    ten_hospitals(&world).await;
    let definition = define(&world, "ALL", &json!({"title_ar": "تقرير الغوطة", "kind": "staffing"})).await;
    let report = published(&world, definition, "2015-06-30").await;
    let hash = report["document_hash"].as_str().unwrap();

    let (pages, bytes) = Pages::of(&world.manager, "?language=en").await;
    let text = pages.text();
    assert!(text.contains("Report No. 1") && text.contains("Report ALL") && text.contains("30 June 2015"), "{text}");
    assert!(text.contains("10 facilities; 11 counted by kind, because 1 facility serves as several kinds (HOS-05)."), "{text}");
    for (words, number) in
        [("Hospitals", "10"), ("Medical points", "1"), ("Eastern Ghouta", "10"), ("Doctors", "10"), ("Full-time", "5.00")]
    {
        assert_eq!(number_of(&text, words).as_deref(), Some(number), "{words}: {text}");
    }
    let feet = text.matches(&format!("SHA-256 {hash}")).count();
    assert!(feet >= 2 && feet == text.matches("Page ").count(), "the hash stands at the foot of each page: {text}");
    assert!(text.contains(report["key_id"].as_str().unwrap()) && text.contains("siraj verify-report"), "{text}");
    assert!(is_archived(&bytes), "PDF/A-3a");

    let (arabic, others) = Pages::of(&world.manager, "?language=ar").await;
    let text = arabic.text();
    assert!(text.contains("الغوطة") && text.contains("تقرير") && text.contains(hash), "{text}");
    assert!(!text.contains("Hospitals") && !text.contains("Eastern Ghouta"), "{text}");
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
    ten_hospitals(&world).await;
    let definition = define(&world, "ALL", &json!({})).await;
    published(&world, definition, "2015-06-30").await;
    let envelope = world.manager.get(&format!("{REPORTS}/1/envelope")).await.expect_status(200);
    let keys = publishing::read_keys(&world.app.stranger().get("/api/v1/public/signing-keys").await.expect_status(200).text());
    for language in ["en", "ar"] {
        let (name, attached) = Pages::of(&world.manager, &format!("?language={language}")).await.0.attached();
        assert_eq!((name.as_str(), &attached), ("siraj-report-1.envelope.json", &envelope.body));
        assert_eq!(publishing::check_envelope(&attached, Some(&keys)).expect("holds").trusted, Some(true));
    }
}

#[tokio::test]
async fn pages_are_the_same_bytes_whatever_is_changed_afterwards() {
    let world = World::start().await;
    let last = ten_hospitals(&world).await;
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
    let (pages, bytes) = Pages::of(&world.manager, "?language=en").await;
    assert!(pages.text().contains("#panic[*] $x$") && !is_archived(&bytes), "{}", pages.text());
    Pages::of(&world.manager, "?language=ar").await;

    ten_hospitals(&world).await;
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

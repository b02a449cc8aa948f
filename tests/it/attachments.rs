//! Stories of attachments: files are kept by their bytes, cleaned, scanned, and given out as downloads only.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use siraj::{
    attachments::Scanner,
    auth::{Actor, Role, Scope},
    db::Db,
};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Answer, Client, faults},
    id_of,
};

const PATH: &str = "/api/v1/attachments";
pub const PDF: &[u8] = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\n%%EOF\n";
const EDGE: &str = "----edge";

/// A form with these fields and a file of this name.
fn form(fields: &[(&str, &str)], name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, value) in fields {
        body.extend(format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n").bytes());
    }
    let head = format!(
        "--{EDGE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n"
    );
    [&body[..], head.as_bytes(), bytes, format!("\r\n--{EDGE}--\r\n").as_bytes()].concat()
}

async fn send(by: &Client, key: Option<&str>, body: Vec<u8>) -> Answer {
    let media = format!("multipart/form-data; boundary={EDGE}");
    let mut headers = vec![("content-type", media.as_str())];
    headers.extend(key.map(|key| ("idempotency-key", key)));
    by.send(Method::POST, PATH, &headers, Some(body)).await
}

pub async fn sent(by: &Client, fields: &[(&str, &str)], name: &str, bytes: &[u8]) -> Value {
    send(by, None, form(fields, name, bytes)).await.expect_status(201).json()
}

/// Every file below a folder.
fn objects(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.file_type().expect("a type").is_dir() {
            found.extend(objects(&entry.path()));
        } else {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn a_file_is_sent_found_read_edited_and_retired() {
    let app = TestApp::start().await;
    let (manager, auditor) = (app.user(Role::Manager).await, app.user(Role::Auditor).await);
    let area = app.area("EAST", None).await;
    let area_text = area.to_string();
    let fields =
        [("kind", "signature_sheet"), ("area_id", area_text.as_str()), ("note", "March 2015, sheet 2 of 3."), ("id", "")];
    let record = sent(&manager, &fields, "كشف آذار.pdf", PDF).await;
    assert_eq!(record["content_type"], "application/pdf", "what the bytes are, whatever the sender says");
    assert_eq!((&record["size_bytes"], &record["scan"]), (&json!(PDF.len()), &json!("unscanned")));
    assert_eq!(record["uploaded_by"], manager.user_id.unwrap().to_string());
    let path = format!("{PATH}/{}", id_of(&record));
    let given = auditor.get(&format!("{path}/content")).await.expect_status(200);
    assert_eq!(given.body, PDF);
    let expected = [
        ("content-type", "application/pdf"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
    ];
    for (name, value) in expected {
        assert_eq!(given.header(name), value);
    }
    let told = given.header("content-disposition");
    assert!(told.starts_with("attachment; filename*=UTF-8''%D9%83%D8%B4%D9%81"), "{told}");
    for (query, number) in
        [("?kind=signature_sheet", 1), ("?kind=invoice", 0), ("?q=march", 1), ("?q=كشف", 1), ("?scan=clean", 0), ("?sha256=x", 0)]
    {
        assert_eq!(manager.all(&format!("{PATH}{query}")).await.len(), number, "{query}");
    }
    assert_eq!(manager.all(&format!("{PATH}?area_id={area}&sort=file_name")).await.len(), 1);

    manager.patch(&path, "\"1\"", &json!({"note": null, "kind": "receipt"})).await.expect_status(200);
    manager.patch(&path, "\"1\"", &json!({"note": "late"})).await.expect_problem(412, "stale-revision");
    let refused = manager.patch(&path, "\"2\"", &json!({"sha256": "0"})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/sha256".to_owned(), "unknown-field".to_owned())]);
    manager.delete(&path, "\"2\"").await.expect_status(200);
    manager.delete(&path, "*").await.expect_problem(410, "record-deleted");
    assert_eq!(auditor.all(&format!("{path}/history")).await.len(), 3);
    assert!(manager.all(PATH).await.is_empty());
    assert_eq!(auditor.get(&format!("{path}/content")).await.expect_status(200).body, PDF);
}

#[tokio::test]
async fn the_same_bytes_are_two_records_and_one_object_under_harmless_names() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let long = "ب".repeat(300);
    let names = [
        ("../../x", "x.pdf"),
        ("/etc/passwd", "passwd.pdf"),
        ("C:\\windows\\scan.PDF", "scan.pdf"),
        ("a\0b\u{202e}c.pdf", "abc.pdf"),
        ("CON", "_CON.pdf"),
        ("..", "file.pdf"),
    ];
    for (name, kept) in names {
        let record = sent(&manager, &[("kind", "other"), ("file_name", name)], "ignored.pdf", PDF).await;
        assert_eq!(record["file_name"], kept, "{name:?}");
    }
    let record = sent(&manager, &[("kind", "other")], &long, PDF).await;
    assert_eq!(record["file_name"].as_str().expect("a name").chars().count(), 200);
    assert_eq!(sent(&manager, &[("kind", "other")], "..%2f..%2fx", PDF).await["file_name"], "%2f..%2fx.pdf");
    let hash = record["sha256"].as_str().expect("a hash");
    let lying = objects(app.folder.path());
    assert_eq!(lying.len(), 1, "{lying:?}");
    assert!(lying[0].ends_with(&format!("sha256/{}/{hash}", &hash[..2])));
    assert_eq!(manager.all(PATH).await.len(), 8);
}

#[tokio::test]
async fn a_photograph_is_given_out_without_its_place() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let segment = |marker: u8, content: &[u8]| {
        [&[0xff, marker], &u16::try_from(content.len() + 2).unwrap().to_be_bytes()[..], content].concat()
    };
    let body = [segment(0xc0, &[8, 0, 9, 0, 9, 3]), segment(0xda, b"x"), vec![1, 2, 3], vec![0xff, 0xd9]].concat();
    let told = [&[0xff, 0xd8][..], &segment(0xe1, b"Exif\0\0GPS 33.5138 36.2765"), &body].concat();
    let record = sent(&manager, &[("kind", "photo")], "IMG_1.jpeg", &told).await;
    let given = manager.get(&format!("{PATH}/{}/content", id_of(&record))).await.expect_status(200);
    assert_eq!(given.body, [&[0xff, 0xd8][..], &body].concat());
    assert_eq!((record["content_type"].as_str(), record["file_name"].as_str()), (Some("image/jpeg"), Some("IMG_1.jpeg")));
}

#[tokio::test]
async fn what_is_no_proof_is_refused_and_nothing_of_it_stays() {
    let app = TestApp::start_with(|files| files.with(100_000, None, false)).await;
    let manager = app.user(Role::Manager).await;
    for (name, bytes) in [
        ("photo.png", &b"MZ\x90\0\x03\0\0\0"[..]),
        ("a.pdf", b"\x7fELF\x02\x01\x01\0"),
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("page.txt", b"<!doctype html><script>alert(1)</script>"),
        ("run.txt", b"#!/bin/sh\nrm -rf /\n"),
        ("x.js", b"alert(1)"),
        ("x.zip", b"PK\x03\x04\x14\0\0\0\0\0\0\0"),
        ("late.csv", &[&b"a,b\n".repeat(10_000)[..], b"\0"].concat()),
    ] {
        send(&manager, None, form(&[("kind", "other")], name, bytes)).await.expect_problem(415, "unsupported-file");
    }
    let big = [PDF, &vec![b' '; 100_000]].concat();
    send(&manager, None, form(&[("kind", "other")], "a.pdf", &big)).await.expect_problem(413, "payload-too-large");
    let refused = |answer: Answer| faults(&answer.expect_problem(422, "validation-failed"));
    let fault = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
    let none = Uuid::now_v7().to_string();
    let long = "x".repeat(2_001);
    for (fields, bytes, expected) in [
        (&[("kind", "other")][..], &b""[..], fault("/file", "required")),
        (&[], PDF, fault("/kind", "required")),
        (&[("kind", "secret")], PDF, fault("/kind", "unknown-value")),
        (&[("kind", "other"), ("sha256", "0")], PDF, fault("/sha256", "unknown-field")),
        (&[("kind", "other"), ("id", "7")], PDF, fault("/id", "invalid-format")),
        (&[("kind", "other"), ("note", "a\0b")], PDF, fault("/note", "invalid-text")),
        (&[("kind", "other"), ("file_name", &long)], PDF, fault("/file_name", "too-long")),
        (&[("kind", "other"), ("area_id", &none)], PDF, fault("/area_id", "unknown-reference")),
    ] {
        assert_eq!(refused(send(&manager, None, form(fields, "a.pdf", bytes)).await), expected);
    }
    let twice = form(&[("kind", "other"), ("kind", "photo")], "a.pdf", PDF);
    send(&manager, None, twice).await.expect_problem(400, "duplicate-key");
    let whole = form(&[("kind", "other")], "a.pdf", PDF);
    send(&manager, None, whole[..whole.len() - 12].to_vec()).await.expect_problem(400, "malformed-form");
    manager.post(PATH, &json!({"kind": "other"})).await.expect_problem(415, "unsupported-media-type");
    let media = format!("multipart/form-data; boundary={EDGE}");
    let packed = [("content-type", media.as_str()), ("content-encoding", "gzip")];
    manager.send(Method::POST, PATH, &packed, Some(whole)).await.expect_problem(415, "unsupported-encoding");
    assert!(manager.all(PATH).await.is_empty());
    // An area that is not there is found out with the row; its bytes are of use to nobody and named by nothing.
    assert!(objects(app.folder.path()).iter().all(|object| object.contains("sha256/")), "nothing half lies about");
}

#[tokio::test]
async fn an_upload_that_is_cut_off_leaves_no_row_and_no_half_object() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let address = app.url.trim_start_matches("http://").to_owned();
    let mut line = tokio::net::TcpStream::connect(&address).await.expect("a line");
    let whole = form(&[("kind", "other")], "a.pdf", &[PDF, &vec![b' '; 8 << 20]].concat());
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: multipart/form-data; boundary={EDGE}\r\nContent-Length: {}\r\n\r\n",
        manager.token.as_deref().expect("a token"),
        whole.len()
    );
    line.write_all(head.as_bytes()).await.expect("sent");
    line.write_all(&whole[..6 << 20]).await.expect("sent");
    let lying = || objects(app.folder.path());
    for _ in 0..200 {
        if !lying().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(lying().len(), 1, "some of it has come");
    drop(line);
    for _ in 0..200 {
        if lying().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(lying().is_empty(), "{:?}", lying());
    assert!(manager.all(PATH).await.is_empty());
}

#[tokio::test]
async fn a_file_sent_again_is_kept_once() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let first = send(&manager, Some("key-1"), form(&[("kind", "other")], "a.pdf", PDF)).await.expect_status(201);
    let again = send(&manager, Some("key-1"), form(&[("kind", "other")], "a.pdf", PDF)).await.expect_status(201);
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true".to_owned(), first.json()));
    let other = form(&[("kind", "other")], "a.pdf", b"%PDF-1.5\nanother");
    send(&manager, Some("key-1"), other).await.expect_problem(422, "idempotency-key-reused");

    let id = Uuid::now_v7().to_string();
    let named = [("kind", "other"), ("id", id.as_str())];
    sent(&manager, &named, "a.pdf", PDF).await;
    send(&manager, None, form(&named, "a.pdf", PDF)).await.expect_status(200);
    send(&manager, None, form(&named, "a.pdf", b"%PDF-1.5\n")).await.expect_problem(409, "record-conflict");
    manager.delete(&format!("{PATH}/{id}"), "*").await.expect_status(200);
    send(&manager, None, form(&named, "a.pdf", PDF)).await.expect_problem(410, "record-deleted");
    assert_eq!(manager.all(PATH).await.len(), 1);
}

#[tokio::test]
async fn files_are_read_by_those_they_concern() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let (east, west) = (app.area("EAST", None).await, app.area("WEST", None).await);
    let facility = id_of(&app.facility(&manager, "MPT-01", east).await);
    let (clerk, other_clerk) = (app.clerk(facility).await, app.clerk(facility).await);
    let (near, far) = (app.coordinator(&[east]).await, app.coordinator(&[west]).await);
    let east_text = east.to_string();
    let of_east = sent(&clerk, &[("kind", "receipt"), ("area_id", &east_text)], "a.pdf", PDF).await;
    let of_nobody = sent(&clerk, &[("kind", "receipt")], "b.pdf", PDF).await;
    for (client, seen) in [(&manager, 2), (&near, 1), (&far, 0), (&clerk, 2), (&other_clerk, 0)] {
        assert_eq!(client.all(PATH).await.len(), seen);
    }
    let path = format!("{PATH}/{}", id_of(&of_east));
    for hidden in [path.clone(), format!("{path}/content"), format!("{path}/history")] {
        far.get(&hidden).await.expect_problem(404, "not-found");
    }
    far.patch(&path, "*", &json!({"note": "mine"})).await.expect_problem(404, "not-found");
    near.patch(&path, "*", &json!({"note": "Seen."})).await.expect_status(200);
    clerk.get(&format!("{path}/content")).await.expect_status(200);
    let away = near.patch(&path, "*", &json!({"area_id": west})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&away), [("/area_id".to_owned(), "unknown-reference".to_owned())]);
    let west_text = west.to_string();
    for client in [&clerk, &near] {
        let refused = send(client, None, form(&[("kind", "other"), ("area_id", &west_text)], "a.pdf", PDF)).await;
        refused.expect_problem(422, "validation-failed");
    }
    for role in [Role::Admin, Role::Auditor] {
        send(&app.user(role).await, None, form(&[("kind", "other")], "a.pdf", PDF)).await.expect_problem(403, "forbidden");
    }
    app.user(Role::Admin).await.get(PATH).await.expect_problem(403, "forbidden");
    let taken = [("kind", "other"), ("id", of_nobody["id"].as_str().unwrap())];
    send(&far, None, form(&taken, "a.pdf", PDF)).await.expect_problem(409, "record-conflict");

    // What others ask of this slice before they name a file.
    let db = Db::new(&app.database.service_url(), 1).expect("a pool");
    let mut conn = db.conn().await.expect("a connection");
    let readable = async |conn: &mut siraj::db::Conn, client: &Client, role, scope, ids: &[Uuid]| {
        let actor = Actor { id: client.user_id.unwrap(), role, scope, machine: None };
        siraj::attachments::ensure_readable(conn, &actor, ids, "/attachment_ids").await.is_ok()
    };
    let both = [id_of(&of_east), id_of(&of_nobody)];
    assert!(readable(&mut conn, &manager, Role::Manager, Scope::Everything, &both).await);
    assert!(readable(&mut conn, &clerk, Role::Clerk, Scope::Facility(facility), &both).await);
    assert!(readable(&mut conn, &near, Role::Coordinator, Scope::Areas(vec![east]), &both[..1]).await);
    assert!(!readable(&mut conn, &near, Role::Coordinator, Scope::Areas(vec![east]), &both).await);
    assert!(!readable(&mut conn, &manager, Role::Manager, Scope::Everything, &[Uuid::now_v7()]).await);
    manager.delete(&path, "*").await.expect_status(200);
    assert!(!readable(&mut conn, &manager, Role::Manager, Scope::Everything, &both).await);
}

#[tokio::test]
async fn a_scanner_decides_what_is_given_out() {
    let scripts = tempfile::tempdir().expect("a folder");
    let script = scripts.path().join("scan.sh");
    // What it says of a file stands in the file; `later` waits for a mark beside the program.
    let text = format!(
        "found=$(cat)\ncase \"$found\" in *EVIL*) exit 1;; *LATER*) test -e {}/ready || exit 2;; esac\nexit 0\n",
        scripts.path().display()
    );
    std::fs::write(&script, text).expect("written");
    let command = format!("/bin/sh {}", script.display());
    let app = TestApp::start_with(|files| files.with(1 << 20, Scanner::parse(&command), true)).await;
    let manager = app.user(Role::Manager).await;
    let file = async |mark: &str| sent(&manager, &[("kind", "invoice")], "a.pdf", format!("%PDF-1.4\n{mark}").as_bytes()).await;
    let content = |record: &Value| format!("{PATH}/{}/content", id_of(record));
    let (clean, evil, later) = (file("fine").await, file("EVIL").await, file("LATER").await);
    assert_eq!([&clean["scan"], &evil["scan"], &later["scan"]], ["clean", "infected", "unscanned"]);
    manager.get(&content(&clean)).await.expect_status(200);
    manager.get(&content(&evil)).await.expect_problem(409, "attachment-infected");
    manager.get(&content(&later)).await.expect_problem(409, "attachment-unscanned");
    let again = format!("{PATH}/{}/scan", id_of(&later));
    assert_eq!(manager.send(Method::POST, &again, &[], None).await.expect_status(200).json()["scan"], "unscanned");
    std::fs::write(scripts.path().join("ready"), "").expect("written");
    assert_eq!(manager.send(Method::POST, &again, &[], None).await.expect_status(200).json()["scan"], "clean");
    manager.get(&content(&later)).await.expect_status(200);
    let over = format!("{PATH}/{}/scan", id_of(&evil));
    manager.send(Method::POST, &over, &[], None).await.expect_problem(409, "attachment-infected");
    // Where nobody has to scan, what is unscanned is given out.
    let lenient = manager.at(&app.second_node());
    assert_eq!(lenient.all(&format!("{PATH}?scan=infected")).await.len(), 1);
    lenient.get(&content(&evil)).await.expect_problem(409, "attachment-infected");
    // The same bytes sent once more, with nobody to scan them, are the same bytes.
    let twin = sent(&lenient, &[("kind", "invoice")], "b.pdf", b"%PDF-1.4\nEVIL").await;
    assert_eq!(twin["scan"], "unscanned");
    lenient.get(&content(&twin)).await.expect_problem(409, "attachment-infected");
}

#[tokio::test]
async fn bytes_that_were_changed_in_the_store_are_not_given_out_whole() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let record = sent(&manager, &[("kind", "other")], "a.pdf", PDF).await;
    let object = objects(app.folder.path()).remove(0);
    std::fs::write(&object, [&PDF[..PDF.len() - 1], b"!"].concat()).expect("changed");
    let address = format!("{}{PATH}/{}/content", app.url, id_of(&record));
    let asked = manager.http.get(address).bearer_auth(manager.token.as_deref().unwrap());
    // Before its end or, where nothing had left yet, before its head.
    let given = async { asked.send().await?.bytes().await };
    assert!(given.await.is_err(), "the line is cut");
    std::fs::remove_file(&object).expect("removed");
    manager.get(&format!("{PATH}/{}/content", id_of(&record))).await.expect_problem(503, "files-unavailable");
    let changed = app.database.owner().await.execute("UPDATE attachments SET sha256 = repeat('0', 64)", &[]).await;
    assert!(changed.is_err(), "what was said of the bytes is never changed");
}

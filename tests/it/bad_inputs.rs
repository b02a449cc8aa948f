//! The list of bad inputs and the exact answers they get (docs/API-DESIGN.md has the table).

mod repeated;
mod unread;

use std::io::Write;

use actix_web::{App, HttpResponse, middleware::from_fn, test as actix_test, web};
use reqwest::Method;
use serde_json::{Value, json};
use siraj::{auth::Role, http::envelope};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn raw(by: &Client, body: impl Into<Vec<u8>>) -> crate::support::client::Answer {
    by.send(Method::POST, "/api/v1/facilities", &[JSON], Some(body.into())).await
}

fn facility(area: Uuid) -> Value {
    json!({"code": "MPT-01", "name": "Medical point 01", "kinds": ["medical_point"], "area_id": area})
}

fn with(base: &Value, name: &str, value: Value) -> Value {
    let mut changed = base.clone();
    changed[name] = value;
    changed
}

#[tokio::test]
async fn what_is_no_json_is_answered_400_by_its_own_name() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let malformed: [&[u8]; 12] = [
        b"{\"code\": ",
        b"{\"code\": \"A\"} x",
        b"{\"code\": \"A\",}",
        b"",
        b"\xef\xbb\xbf{}",
        b"{\"name\": \"\xff\xfe\"}",
        b"{\"name\": \"\\ud800\"}",
        b"{\"beds\": NaN}",
        b"{\"beds\": Infinity}",
        b"{'code': 1}",
        b"{\"beds\": 01}",
        b"{\"a\": tru}",
    ];
    for body in malformed {
        raw(&manager, body).await.expect_problem(400, "malformed-json");
    }
    raw(&manager, "{\"code\": \"A-1\", \"code\": \"A-2\"}").await.expect_problem(400, "duplicate-key");
    raw(&manager, "{\"x\": {\"y\": 1, \"y\": 2}}").await.expect_problem(400, "duplicate-key");
    for depth in [17, 129, 100_000] {
        raw(&manager, format!("{{\"x\": {}", "[".repeat(depth))).await.expect_problem(400, "too-deep");
    }
    let text = raw(&manager, "{\"code\": secret-value").await.text();
    assert!(!text.contains("secret") && !text.contains("line") && !text.contains("column"), "{text}");
}

#[tokio::test]
async fn what_is_json_but_wrong_is_answered_422_with_its_pointer() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let good = facility(app.area("GHOUTA", None).await);
    for (body, code) in
        [("null", "required"), ("[\"MPT-01\", \"x\"]", "wrong-type"), ("7", "wrong-type"), ("\"x\"", "wrong-type")]
    {
        let problem = raw(&manager, body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), [(String::new(), code.to_owned())]);
    }
    let long = "ب".repeat(201);
    let cases = [
        ("beds", json!("1"), "/beds", "wrong-type"),
        ("beds", json!(1.0), "/beds", "wrong-type"),
        ("beds", json!("١٢"), "/beds", "arabic-digits"),
        ("beds", json!(-1), "/beds", "out-of-range"),
        ("beds", json!(3_000_000_000_i64), "/beds", "out-of-range"),
        ("beds", json!(u64::MAX), "/beds", "out-of-range"),
        ("beds", json!(10_001), "/beds", "out-of-range"),
        ("kinds", json!(["clinic"]), "/kinds/0", "unknown-value"),
        ("kinds", json!([]), "/kinds", "required"),
        ("kinds", json!(["hospital", "hospital"]), "/kinds/1", "repeated"),
        ("kinds", json!("hospital"), "/kinds", "wrong-type"),
        ("name", json!("a\u{0}b"), "/name", "invalid-text"),
        ("name", json!("a\u{202e}b"), "/name", "invalid-text"),
        ("name", json!("a\u{2066}b"), "/name", "invalid-text"),
        ("name", json!("a\u{1b}[2J"), "/name", "invalid-text"),
        ("name", json!("\u{e000}"), "/name", "invalid-text"),
        ("name", json!(format!("a{}", "\u{301}".repeat(10_000))), "/name", "invalid-text"),
        ("name", json!(long), "/name", "too-long"),
        ("name", json!("   "), "/name", "required"),
        ("name", json!("a\r\nb"), "/name", "invalid-text"),
        ("code", json!("mpt 1"), "/code", "invalid-format"),
        ("area_id", json!(Uuid::now_v7()), "/area_id", "unknown-reference"),
        ("area_id", json!("not-an-id"), "/area_id", "invalid-format"),
        ("opened_on", json!("2013-02-30"), "/opened_on", "invalid-date"),
        ("opened_on", json!("2023-02-29"), "/opened_on", "invalid-date"),
        ("opened_on", json!("٢٠١٣-٠٢-٠١"), "/opened_on", "arabic-digits"),
        ("opened_on", json!("infinity"), "/opened_on", "invalid-date"),
        ("opened_on", json!("2013-02-01T00:00:00"), "/opened_on", "invalid-date"),
        ("opened_on", json!("9999-01-01"), "/opened_on", "date-out-of-range"),
        ("opened_on", json!("1899-12-31"), "/opened_on", "date-out-of-range"),
        ("opened_on", json!(20_130_201), "/opened_on", "wrong-type"),
        ("role", json!("admin"), "/role", "unknown-field"),
        ("revision", json!(9), "/revision", "unknown-field"),
        ("recorded_by", json!(Uuid::now_v7()), "/recorded_by", "unknown-field"),
        ("id", json!("7"), "/id", "invalid-format"),
        ("same_name_confirmed", json!("yes"), "/same_name_confirmed", "wrong-type"),
    ];
    for (name, value, pointer, code) in cases {
        let problem =
            manager.post("/api/v1/facilities", &with(&good, name, value.clone())).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), [(pointer.to_owned(), code.to_owned())], "{name} = {value}");
    }
    let huge = raw(&manager, "{\"beds\": 1e400}").await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&huge)[0].1, "out-of-range");
    let order = with(&with(&good, "opened_on", json!("2014-05-01")), "closed_on", json!("2014-04-30"));
    let problem = manager.post("/api/v1/facilities", &order).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [("/closed_on".to_owned(), "date-order".to_owned())]);
    let problem = manager.post("/api/v1/facilities", &json!({})).await.expect_problem(422, "validation-failed");
    assert_eq!(
        faults(&problem).iter().map(|(pointer, _)| pointer.as_str()).collect::<Vec<_>>(),
        ["/area_id", "/code", "/kinds", "/name"]
    );
    let allowed = manager.post("/api/v1/facilities", &with(&good, "kinds", json!(["x"]))).await.json();
    assert_eq!(allowed["errors"][0]["allowed"][0], "hospital");
    assert!(manager.all("/api/v1/facilities").await.is_empty(), "nothing may be half-written");
}

#[tokio::test]
async fn bodies_are_measured_before_they_are_read() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let path = "/api/v1/facilities";
    raw(&manager, vec![b' '; (1 << 20) + 1]).await.expect_problem(413, "payload-too-large");
    let bomb = gzip(&vec![b' '; 100 << 20]);
    assert!(bomb.len() < 200_000);
    manager
        .send(Method::POST, path, &[JSON, ("content-encoding", "gzip")], Some(bomb))
        .await
        .expect_problem(413, "payload-too-large");
    // A few hundred bytes that unpack to a hundred megabytes are never unpacked.
    let mut packed = Vec::new();
    brotli::BrotliCompress(
        &mut std::io::Read::take(std::io::repeat(b' '), 128 << 20),
        &mut packed,
        &brotli::enc::BrotliEncoderParams { quality: 1, ..Default::default() },
    )
    .expect("packed");
    for path in [path, "/api/v1/auth/login"] {
        let answer = manager.send(Method::POST, path, &[JSON, ("content-encoding", "br")], Some(packed.clone())).await;
        answer.expect_problem(413, "payload-too-large");
    }
    let whole = gzip(b"{}");
    manager
        .send(Method::POST, path, &[JSON, ("content-encoding", "gzip")], Some(whole.clone()))
        .await
        .expect_problem(422, "validation-failed");
    let cut = whole[..whole.len() / 2].to_vec();
    manager
        .send(Method::POST, path, &[JSON, ("content-encoding", "gzip")], Some(cut))
        .await
        .expect_problem(400, "malformed-encoding");
    for encoding in ["gzip, gzip", "zstd", "nonsense"] {
        manager
            .send(Method::POST, path, &[JSON, ("content-encoding", encoding)], Some(b"{}".to_vec()))
            .await
            .expect_problem(415, "unsupported-encoding");
    }
    for media in ["text/plain", "application/xml", "multipart/form-data"] {
        manager
            .send(Method::POST, path, &[("content-type", media)], Some(b"{}".to_vec()))
            .await
            .expect_problem(415, "unsupported-media-type");
    }
    manager.send(Method::POST, path, &[], Some(b"{}".to_vec())).await.expect_problem(415, "unsupported-media-type");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: 10000000000\r\n\r\n",
        manager.token.as_deref().unwrap()
    );
    assert!(speak(&app, head.as_bytes()).await.starts_with("HTTP/1.1 413"));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// Bytes as they are, and the first line and more of what comes back.
async fn speak(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = tokio::net::TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test]
async fn requests_that_two_readers_could_read_differently_are_refused() {
    let app = TestApp::start().await;
    let start = "POST /api/v1/facilities HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    for tail in ["content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}", "content-length: 2\r\ncontent-length: 3\r\n\r\n{}"]
    {
        let answer = speak(&app, format!("{start}{tail}").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
}

#[tokio::test]
async fn addresses_and_parameters_are_read_strictly() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    for id in ["abc", "9223372036854775808", "1%00", "..%2f..", "00000000000000000000000000000000"] {
        manager.get(&format!("/api/v1/facilities/{id}")).await.expect_problem(404, "not-found");
    }
    manager.get("/api/v1/nothing").await.expect_problem(404, "not-found");
    for (query, status, code) in [
        ("colour=red", 400, "unknown-parameter"),
        ("sort=name;DROP TABLE users", 400, "unknown-parameter"),
        ("limit=1&limit=2", 400, "duplicate-parameter"),
        ("q=%zz", 400, "malformed-query"),
        ("q=%ff", 400, "malformed-query"),
        ("after=forged", 400, "invalid-cursor"),
        ("after=AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 400, "invalid-cursor"),
        ("limit=1000000000", 422, "validation-failed"),
        ("limit=-1", 422, "validation-failed"),
        ("limit=0", 422, "validation-failed"),
        ("kind=clinic", 422, "validation-failed"),
        ("area_id=1", 422, "validation-failed"),
        ("open_on=2013-13-01", 422, "validation-failed"),
        ("retired=maybe", 422, "validation-failed"),
        ("q=a%00b", 422, "validation-failed"),
        ("format=pdf", 422, "validation-failed"),
        ("access_token=x", 400, "token-in-url"),
    ] {
        manager.get(&format!("/api/v1/facilities?{}", query.replace(' ', "%20"))).await.expect_problem(status, code);
    }
    manager.send(Method::GET, "/api/v1/facilities", &[("accept", "image/png")], None).await.expect_problem(406, "not-acceptable");
    let area = app.area("GHOUTA", None).await;
    let body = with(&facility(area), "name", json!("100%_'; DROP TABLE facilities; -- <script>"));
    let made = manager.post("/api/v1/facilities", &body).await.expect_status(201).json();
    assert_eq!(made["name"], body["name"], "stored as typed");
    assert_eq!(manager.all("/api/v1/facilities?q=0%25_").await.len(), 1);
    assert_eq!(manager.all("/api/v1/facilities?q=1%25%25").await.len(), 0, "a percent sign is no wildcard");
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let answer = manager.send(Method::PUT, "/api/v1/facilities", &[], None).await;
    assert_eq!(answer.header("allow"), "GET, POST");
    answer.expect_problem(405, "method-not-allowed");
    manager.send(Method::TRACE, "/api/v1/facilities", &[], None).await.expect_problem(405, "method-not-allowed");
    let overridden = manager.send(Method::GET, "/api/v1/facilities", &[("x-http-method-override", "DELETE")], None).await;
    overridden.expect_status(200);
}

#[tokio::test]
async fn headers_have_limits() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let long = "x".repeat(17 * 1024);
    manager.send(Method::GET, "/api/v1/facilities", &[("x-note", &long)], None).await.expect_problem(431, "headers-too-large");
    let twice = manager.send(Method::GET, "/api/v1/facilities", &[("authorization", "Bearer x")], None).await;
    twice.expect_problem(400, "malformed-header");
}

#[tokio::test]
async fn spreadsheets_are_not_programs() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    for (number, start) in ["=cmd()", "+1", "-1", "@SUM(A1)"].iter().enumerate() {
        let body =
            with(&with(&facility(area), "name", json!(format!("{start} x{number}"))), "code", json!(format!("MPT-{number}")));
        manager.post("/api/v1/facilities", &body).await.expect_status(201);
    }
    let csv = manager.get("/api/v1/facilities?format=csv").await.text();
    for start in [",'=cmd()", ",'+1", ",'-1", ",'@SUM(A1)"] {
        assert!(csv.contains(start), "{csv}");
    }
}

#[tokio::test]
async fn twins_of_a_name_are_found_and_may_be_confirmed() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    let first = with(&facility(area), "name", json!("مستشفى الأمل"));
    manager.post("/api/v1/facilities", &first).await.expect_status(201);
    for (code, twin) in [("MPT-02", "مستشفي الامل"), ("MPT-03", "مُسْتَشْفَى الأَمَل"), ("MPT-04", "مستشفــى  الأمل")]
    {
        let body = with(&with(&first, "code", json!(code)), "name", json!(twin));
        manager.post("/api/v1/facilities", &body).await.expect_problem(409, "possible-duplicate");
    }
    let confirmed = with(&with(&first, "code", json!("MPT-05")), "same_name_confirmed", json!(true));
    manager.post("/api/v1/facilities", &confirmed).await.expect_status(201);
    let same_code = with(&first, "name", json!("Another"));
    let problem = manager.post("/api/v1/facilities", &same_code).await.expect_problem(409, "duplicate");
    assert_eq!(faults(&problem), [("/code".to_owned(), "duplicate".to_owned())]);
}

#[tokio::test]
async fn problems_are_told_in_arabic_to_those_who_ask() {
    let app = TestApp::start().await;
    let answer = app.stranger().send(Method::GET, "/api/v1/facilities", &[("accept-language", "ar-SY, en;q=0.5")], None).await;
    assert_eq!(answer.header("content-language"), "ar");
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"siraj\"");
    assert_eq!(answer.json()["title"], "سجّل الدخول أولًا.");
}

#[tokio::test]
async fn a_lost_database_is_a_503_and_comes_back_by_itself() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let body = facility(app.area("GHOUTA", None).await);
    manager.get("/api/v1/facilities").await.expect_status(200);
    let admin = crate::support::database::connect(&crate::support::database::cluster().url("siraj_owner", "siraj")).await;
    let name = &app.database.name;
    admin.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await.unwrap();
    admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", &[name]).await.unwrap();
    let lost = manager.post("/api/v1/facilities", &body).await;
    assert_eq!(lost.header("retry-after"), "2");
    let text = lost.expect_problem(503, "unavailable").to_string();
    assert!(!text.contains("connection") && !text.contains("siraj_service"), "{text}");
    app.stranger().get("/readyz").await.expect_problem(503, "unavailable");
    app.stranger().get("/healthz").await.expect_status(200);
    admin.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await.unwrap();
    manager.post("/api/v1/facilities", &body).await.expect_status(201);
}

#[tokio::test]
async fn a_handler_that_panics_is_a_500_that_tells_nothing() {
    async fn broken() -> HttpResponse {
        panic!("the secret of the house")
    }
    let app = App::new()
        .route("/broken", web::get().to(broken))
        .route("/whole", web::get().to(HttpResponse::Ok))
        .wrap(from_fn(envelope));
    let app = actix_test::init_service(app).await;
    let failed = actix_test::try_call_service(&app, actix_test::TestRequest::get().uri("/broken").to_request()).await;
    let response = failed.map(|_| ()).expect_err("an error").error_response();
    assert_eq!(response.status().as_u16(), 500);
    let body = actix_web::body::to_bytes(response.into_body()).await.unwrap_or_default();
    let problem: Value = serde_json::from_slice(&body).expect("a problem");
    assert_eq!(problem["code"], "internal");
    assert!(!problem.to_string().contains("secret"));
    let whole = actix_test::call_service(&app, actix_test::TestRequest::get().uri("/whole").to_request()).await;
    assert_eq!(whole.status().as_u16(), 200);
}

//! Stories of the command line: the binary as an operator meets it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::json;

use crate::demo;

pub const PASSWORD: &str = "a demo password";

fn siraj(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_siraj"));
    command.args(words).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("SIRAJ_DATA_DIR", folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(command: &mut Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.success(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

/// A folder that the database's user can reach too.
pub fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("siraj").permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755)).tempdir().unwrap()
}

pub struct Service {
    child: Child,
    pub url: String,
}

impl Service {
    /// The service with its demo, once it says that it serves.
    pub fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let mut command = siraj(folder, &["serve", "--demo"]);
        command.env("SIRAJ_LISTEN", &address).env("SIRAJ_DEMO_PASSWORD", PASSWORD).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("documentation")), "it says where it is");
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: format!("http://{address}") }
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    fn wait(&mut self) -> bool {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return status.success(),
                None if Instant::now() > end => panic!("it did not stop"),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.child.try_wait().ok().flatten().is_none() {
            self.signal("-TERM");
            self.wait();
        }
    }
}

#[tokio::test]
async fn the_demo_is_served_survives_kill_9_and_stops_in_good_order() {
    let folder = folder();
    let mut service = Service::start(folder.path());
    let http = Client::new();
    for role in ["admin", "manager", "second-manager", "coordinator", "second-coordinator", "clerk", "partner", "auditor"] {
        let body = json!({"email": format!("{role}@demo.siraj.example"), "password": PASSWORD}).to_string();
        let answer = http
            .post(format!("{}/api/v1/auth/login", service.url))
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{role}");
    }
    let (well, told) = run(&mut siraj(folder.path(), &["figures", "--as-of", "2015-12-31"]));
    assert!(well, "{told}");
    for line in ["facilities.total", "staff.by_cadre.doctor"] {
        assert!(told.contains(line), "{told}");
    }
    let numbers: Vec<&str> = told.lines().filter(|line| line.contains("s.total") || line.contains("staff.total")).collect();
    assert!(numbers.iter().any(|line| line.ends_with(" 44")) && told.contains("740") && told.contains("170"), "{told}");
    let (well, told) = run(siraj(folder.path(), &["serve"]).env("SIRAJ_LISTEN", "127.0.0.1:0"));
    assert!(!well && told.contains("in use by another siraj"), "{told}");

    demo::tells_its_story(&http, &service.url, PASSWORD).await;

    service.signal("-KILL");
    service.wait();
    let mut service = Service::start(folder.path());
    assert_eq!(http.get(format!("{}/readyz", service.url)).send().await.unwrap().status(), 200);
    // Played again, it is the same story.
    demo::tells_its_story(&http, &service.url, PASSWORD).await;
    for words in [&["verify"][..], &["verify", "--rebuild-totals"]] {
        let (well, told) = run(&mut siraj(folder.path(), words));
        assert!(well && told.contains("stretches of people's posts counted again"), "{told}");
    }
    service.signal("-TERM");
    assert!(service.wait(), "a stop that was asked for is no failure");
}

#[test]
fn an_administrator_is_made_with_a_password_from_standard_input() {
    let folder = folder();
    let make = |password: &str| {
        let mut child = siraj(folder.path(), &["create-admin", "--email", "Head@Example.org", "--name", "Head"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
        let mut told = String::new();
        let well = child.wait().unwrap().success();
        child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        (well, told)
    };
    let (well, told) = make("short");
    assert!(!well && told.contains("too short or too common"), "{told}");
    let (well, told) = make("a password of length");
    assert!(well && told.contains("head@example.org may sign in"), "{told}");
    let (well, told) = make("a password of length");
    assert!(!well && !told.contains("panicked"), "{told}");
}

#[test]
fn a_wrong_setting_stops_the_start_with_one_sentence() {
    let folder = folder();
    let cases = [
        ("SIRAJ_LISTEN", "everywhere", "SIRAJ_LISTEN must be an address"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL must be a PostgreSQL address"),
        ("DATABASE_URL", "postgres://siraj@localhost/siraj?sslmode=require", "asks for TLS"),
        ("SIRAJ_LOG", "siraj=loud", "SIRAJ_LOG must be a log filter"),
        ("SIRAJ_DEMO_PASSWORD", "short", "SIRAJ_DEMO_PASSWORD must have 12"),
        ("SIRAJ_TRUSTED_PROXIES", "proxy", "SIRAJ_TRUSTED_PROXIES must be IP addresses"),
        ("SIRAJ_WEBHOOK_NETWORKS", "10.20.3.4", "SIRAJ_WEBHOOK_NETWORKS must be networks"),
        ("SIRAJ_ALLOWED_ORIGINS", "app.example", "SIRAJ_ALLOWED_ORIGINS must be origins"),
    ];
    for (name, value, sentence) in cases {
        let (well, told) = run(siraj(folder.path(), &["serve"]).env(name, value));
        assert!(!well && told.contains(sentence), "{name}: {told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was begun");
}

#[test]
fn an_import_is_dry_run_refused_and_written() {
    let folder = folder();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    let demo = demo.to_str().unwrap();
    let (well, told) = run(&mut siraj(folder.path(), &["import", "--dry-run", demo]));
    assert!(well && told.contains("nothing was written"), "{told}");
    let bad = folder.path().join("areas.csv");
    std::fs::write(&bad, "code,name,kind\nA-1,One,planet\n").unwrap();
    let (well, told) = run(&mut siraj(folder.path(), &["import", bad.to_str().unwrap()]));
    assert!(!well && told.contains("areas row 2, column kind"), "{told}");
    let (well, told) = run(&mut siraj(folder.path(), &["import", demo]));
    assert!(well && told.contains("all is written"), "{told}");
    let (well, told) = run(&mut siraj(folder.path(), &["figures", "--as-of", "2014-12-31"]));
    assert!(well && told.contains("512"), "{told}");
}

#[test]
fn the_doctor_names_what_is_wrong() {
    let folder = folder();
    let (well, told) = run(&mut siraj(folder.path(), &["doctor"]));
    assert!(well && told.contains("PostgreSQL"), "{told}");
    std::fs::write(folder.path().join("keys.json"), "{}").unwrap();
    let (well, told) = run(&mut siraj(folder.path(), &["doctor"]));
    assert!(!well && told.contains("WRONG    keys") && told.contains("chmod 600"), "{told}");
    let (well, told) = run(siraj(folder.path(), &["doctor"]).env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"));
    assert!(!well && told.contains("WRONG    database"), "{told}");
}

//! The document serves a frontend: a small TypeScript program is made from it, type-checked and run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use argon2::{Argon2, PasswordHasher};
use serde_json::{Value, json};
use siraj::auth::Role;

use crate::support::TestApp;

const PASSWORD: &str = "a lantern for the client";

#[tokio::test]
async fn a_typescript_client_signs_in_pages_and_reads_the_figures() {
    let workshop = workshop();
    run(&workshop, "node_modules/.bin/openapi-typescript", &["siraj.json", "-o", "siraj.ts"]);
    run(&workshop, "node_modules/.bin/tsc", &["--project", "."]);

    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    for code in ["MP-01", "MP-02", "MP-03", "MP-04", "MP-05"] {
        app.facility(&manager, code, area).await;
    }
    let hash = Argon2::default().hash_password(PASSWORD.as_bytes()).expect("a hash").to_string();
    let owner = app.database.owner().await;
    let user = manager.user_id.expect("an id");
    owner.execute("INSERT INTO user_passwords (user_id, hash) VALUES ($1, $2)", &[&user, &hash]).await.expect("a password");

    let words = [app.url.clone(), manager.email.clone().expect("an e-mail address"), PASSWORD.to_owned()];
    let folder = workshop.clone();
    let output = tokio::task::spawn_blocking(move || {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        run(&folder, "node", &[&["client.js"], words.as_slice()].concat())
    });
    let told: Value = serde_json::from_slice(&output.await.expect("the program").stdout).expect("JSON");
    assert_eq!(told, json!({"codes": ["MP-01", "MP-02", "MP-03", "MP-04", "MP-05"], "facilities": 0, "staff": 0}));
}

#[test]
fn the_lock_file_names_no_registry() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/typescript");
    let lock: Value = serde_json::from_str(&fs::read_to_string(folder.join("package-lock.json")).expect("a lock")).expect("JSON");
    let packages = lock["packages"].as_object().expect("packages");
    for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
        assert!(package["resolved"].is_null(), "{name} is tied to a registry");
        assert!(package["integrity"].is_string(), "{name} has no hash");
    }
}

/// A folder under `target` with the program, the committed document and the packages, which are installed once.
fn workshop() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("typescript");
    fs::create_dir_all(&folder).expect("a folder");
    let installed = fs::read(folder.join("installed.json")).unwrap_or_default();
    for file in ["package.json", "package-lock.json", ".npmrc", "tsconfig.json", "client.ts"] {
        fs::copy(root.join("tests/typescript").join(file), folder.join(file)).expect(file);
    }
    fs::copy(root.join("openapi/siraj.json"), folder.join("siraj.json")).expect("the committed document");
    let lock = fs::read(folder.join("package-lock.json")).expect("a lock");
    if installed != lock {
        run(&folder, "npm", &["ci", "--ignore-scripts"]);
        // Written last: an installation that was cut off is begun again.
        fs::write(folder.join("installed.json"), lock).expect("a note");
    }
    folder
}

#[track_caller]
fn run(folder: &Path, program: &str, words: &[&str]) -> Output {
    let path = if program.contains('/') { folder.join(program) } else { program.into() };
    let output = Command::new(path).args(words).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("{program} cannot be run ({error}); scripts/prepare.sh test installs it"));
    let told = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    assert!(output.status.success(), "{program} {}\n{}", words.join(" "), String::from_utf8_lossy(&told));
    output
}

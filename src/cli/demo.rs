//! The demo: the campaign's sheets, and one account per role.

use std::{
    collections::HashMap,
    fs, io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::{Command, Stdio},
};

use actix_web::web::Data;
use diesel::{ExpressionMethods, QueryDsl, TextExpressionMethods};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Outcome, block_on, database::Database, sentence, story, tasks};
use crate::{
    attachments::Files,
    auth::{Actor, Role, SYSTEM, Scope},
    config::Config,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Locale},
    imports,
    keys::{self, Keys},
    schema::{areas, facilities, organizations, users as user_rows},
    sessions,
    types::{Email, Name},
    users::{self, NewUser},
};

/// Where the demo's coordinator works, the clerk sits, the partner funds.
const AREA: &str = "EASTERN-GHOUTA";
const FACILITY: &str = "HOS-01";
const PARTNER: &str = "NORWAC";
/// A second manager, for what one person may not do alone.
const SECOND: &str = "second-manager";
/// A second coordinator, and where: all that the first does not see.
const OTHER: &str = "second-coordinator";
const OTHER_AREAS: &[&str] = &["WESTERN-GHOUTA", "SOUTHERN-AREA", "QALAMOUN", "WADI-BARADA", "DARAYA", "HAMA", "LEBANON"];

/// The names of the demo's accounts, before the `@`, with their roles.
pub fn accounts() -> impl Iterator<Item = (&'static str, Role)> {
    Role::ALL.iter().map(|role| (role.as_str(), *role)).chain([(SECOND, Role::Manager), (OTHER, Role::Coordinator)])
}

/// Loads the demo in a process of its own: what a thousand rows and a dozen password hashes took is given back before the service starts.
pub fn load_apart(config: &Config) -> Outcome<String> {
    let program = std::env::current_exe().map_err(sentence)?;
    let mut loading = Command::new(program);
    loading.arg("load-demo").env("SIRAJ_DATA_DIR", &config.data_dir).stdin(Stdio::null()).stdout(Stdio::null());
    let given = [
        ("DATABASE_URL", &config.database_url),
        ("SIRAJ_OWNER_URL", &config.owner_url),
        ("SIRAJ_DEMO_PASSWORD", &config.demo_password),
        ("SIRAJ_ATTACHMENTS", &config.attachments),
        ("SIRAJ_SCAN_COMMAND", &config.scan_command),
    ];
    loading.env("SIRAJ_KEY_FILE", config.key_path());
    loading.envs(given.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))));
    let done = loading.output().map_err(sentence)?;
    if done.status.success() {
        return password(config).map(|(password, _)| password);
    }
    let told = String::from_utf8_lossy(&done.stderr);
    Err(told.trim().trim_start_matches("siraj: ").to_owned())
}

/// Loads the demo campaign into an empty register, and sees to its accounts; gives their password.
pub fn load(config: &Config, database: &Database) -> Outcome<String> {
    let given = config.demo_password.is_some();
    let (password, fresh) = password(config)?;
    let url = &database.service_url;
    if block_on(is_somebodys(url))? {
        return Err(
            "this register is in use and no demo: its accounts would share one printed password; serve it without --demo"
                .to_owned(),
        );
    }
    if block_on(is_empty(url))? {
        let sheets = imports::demo_sheets().map_err(sentence)?;
        let summary = tasks::load(url, &sheets, false, false)?;
        if let Some(fault) = summary.faults.as_slice().first() {
            return Err(format!("the demo could not be loaded: {fault}"));
        }
    }
    let files = Files::open(config).map_err(sentence)?;
    // What is sealed and signed is so with the keys that the service will open and show.
    let keys = Data::new(Keys::open(&config.key_path()).map_err(sentence)?);
    block_on(play(url, (&files, &keys), &password, given || fresh))?;
    Ok(password)
}

async fn is_empty(url: &str) -> Outcome<bool> {
    let db = Db::new(url, 1).map_err(sentence)?;
    let mut conn = db.conn().await.map_err(sentence)?;
    let count: i64 = areas::table.count().get_result(&mut conn).await.map_err(sentence)?;
    Ok(count == 0)
}

/// Whether there are records, and no account of the demo's.
async fn is_somebodys(url: &str) -> Outcome<bool> {
    let db = Db::new(url, 1).map_err(sentence)?;
    let mut conn = db.conn().await.map_err(sentence)?;
    let own: i64 = user_rows::table
        .filter(user_rows::email.like("%@demo.siraj.example"))
        .count()
        .get_result(&mut conn)
        .await
        .map_err(sentence)?;
    let others: i64 = user_rows::table
        .filter(user_rows::email.not_like("%@demo.siraj.example"))
        .filter(user_rows::id.ne(SYSTEM))
        .count()
        .get_result(&mut conn)
        .await
        .map_err(sentence)?;
    Ok(own == 0 && others > 0)
}

/// Sees to the accounts, and lets their people play the story.
async fn play(url: &str, (files, keys): (&Files, &Data<Keys>), password: &str, renew: bool) -> Outcome {
    let db = Db::new(url, 1).map_err(sentence)?;
    let made = db.write(async |conn| {
        let mut people = HashMap::new();
        for (name, role) in accounts() {
            people.insert(name, account(conn, name, role, password, renew).await?);
        }
        Ok(people)
    });
    let people = made.await.map_err(|error| told("the demo accounts could not be made", error))?;
    let who = |name: &str| people.get(name).ok_or_else(|| format!("the demo has no {name}"));
    let cast = story::Cast {
        db: &db,
        files,
        keys,
        manager: who(Role::Manager.as_str())?,
        second: who(SECOND)?,
        coordinator: who(Role::Coordinator.as_str())?,
        other_coordinator: who(OTHER)?,
    };
    story::play(&cast).await.map_err(|error| told("the demo could not be played", error))
}

fn told(what: &str, error: ApiError) -> String {
    match error.faults.as_slice().first() {
        Some(fault) => format!("{what}: {} {}", fault.pointer, fault.code.text(Locale::English)),
        None => format!("{what}: {}", error.cause.unwrap_or_else(|| error.code.as_str().to_owned())),
    }
}

async fn account(conn: &mut Conn, name: &str, role: Role, password: &str, renew: bool) -> ApiResult<Actor> {
    let within = if name == OTHER { OTHER_AREAS } else { &[AREA] };
    let email = Email::parse(&format!("{name}@demo.siraj.example")).map_err(ApiError::new)?;
    let name = Name::parse(&format!("Demo {}", name.replace('-', " "))).map_err(ApiError::new)?;
    let mut new = NewUser { id: None, email, name, role, organization_id: None, facility_id: None, area_ids: Vec::new() };
    match role {
        Role::Coordinator => {
            new.area_ids =
                areas::table.filter(areas::code.eq_any(within)).order(areas::code).select(areas::id).load(conn).await?;
        }
        Role::Clerk => {
            let facility: Uuid =
                facilities::table.filter(facilities::code.eq(FACILITY)).select(facilities::id).first(conn).await?;
            new.facility_id = Some(facility);
        }
        Role::Partner => {
            let partner: Uuid =
                organizations::table.filter(organizations::code.eq(PARTNER)).select(organizations::id).first(conn).await?;
            new.organization_id = Some(partner);
        }
        Role::Admin | Role::Manager | Role::Auditor => {}
    }
    let user = users::ensure(conn, &new).await?;
    if renew || !sessions::has_password(conn, user.id).await? {
        sessions::set_password(conn, user.id, password).await?;
    }
    let scope = if new.area_ids.is_empty() { Scope::Everything } else { Scope::Areas(new.area_ids) };
    Ok(Actor { id: user.id, role, scope, machine: None })
}

/// The operator's password, or one of our own that stays the same from start to start.
fn password(config: &Config) -> Outcome<(String, bool)> {
    if let Some(given) = &config.demo_password {
        return Ok((given.clone(), false));
    }
    let path = config.data_dir.join("demo-password");
    match fs::read_to_string(&path) {
        Ok(kept) => Ok((kept.trim().to_owned(), false)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make_password(&path).map(|made| (made, true)).map_err(sentence),
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
    }
}

fn make_password(path: &Path) -> io::Result<String> {
    use io::Write;
    let password: String = keys::random_token()?.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(password.as_bytes())?;
    file.sync_all()?;
    Ok(password)
}

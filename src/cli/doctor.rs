//! `siraj doctor`: says what is wrong, and what to do about it.

use std::{
    path::Path,
    process::{Command, ExitCode},
};

use chrono::{DateTime, Datelike, Utc};
use diesel::sql_types::{Bool, Integer, Text, Timestamptz};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use super::{Outcome, block_on, database::Database, say, sentence};
use crate::{config::Config, db, keys::Keys, publishing::Press};

/// Free space below which the next shipment of records may not fit.
const LEAST_FREE_MIB: u64 = 1024;

/// Looks at everything that a service needs; the exit code tells whether all is well.
pub fn run(config: &Config) -> ExitCode {
    let mut well = true;
    let mut tell = |what: &str, found: Outcome<String>| match found {
        Ok(fine) => say(&format!("ok       {what}: {fine}")),
        Err(wrong) => {
            well = false;
            say(&format!("WRONG    {what}: {wrong}"));
        }
    };
    tell("configuration", config.check().map(|()| "every value can be used".to_owned()).map_err(sentence));
    tell("keys", keys(config));
    tell("disk", disk(&config.data_dir));
    tell("clock", clock());
    tell("pages", Press::with_fonts(config.fonts.clone()).check());
    match Database::join(config) {
        Err(wrong) => tell("database", Err(wrong)),
        Ok(database) => {
            tell("database", look_at(&database.service_url));
            database.close();
        }
    }
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn keys(config: &Config) -> Outcome<String> {
    let path = config.key_path();
    if !path.exists() {
        return Ok(format!("{} will be made at the first start", path.display()));
    }
    Keys::open(&path)
        .map(|_| format!("{} holds them; keep a copy of it apart from the database's backups", path.display()))
        .map_err(sentence)
}

fn disk(folder: &Path) -> Outcome<String> {
    let there =
        folder.ancestors().find(|place| place.exists() && !place.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let listed = Command::new("df").args(["-Pm", "--"]).arg(there).output().map_err(sentence)?;
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let free = text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)).and_then(|free| free.parse::<u64>().ok());
    match free {
        None => Err(format!("the free space of {} cannot be read", there.display())),
        Some(free) if free < LEAST_FREE_MIB => Err(format!("only {free} MiB are free at {}; make room", there.display())),
        Some(free) => Ok(format!("{free} MiB are free at {}", there.display())),
    }
}

fn clock() -> Outcome<String> {
    let now = Utc::now();
    if now.year() < 2026 {
        Err(format!("the clock says {now}, which cannot be; set it"))
    } else {
        Ok(now.format("%Y-%m-%d %H:%M UTC").to_string())
    }
}

#[derive(diesel::QueryableByName)]
struct Server {
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    durable: bool,
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Bool)]
    owns: bool,
}

fn look_at(url: &str) -> Outcome<String> {
    block_on(async {
        let unreachable = |error: diesel::ConnectionError| db::DbError::Unreachable(error.to_string()).to_string();
        let mut conn = AsyncPgConnection::establish(url).await.map_err(unreachable)?;
        let query = "SELECT current_setting('server_version_num')::int / 10000 AS version, now() AS now, current_setting('server_encoding') AS encoding, \
            coalesce((SELECT pg_has_role(session_user, relowner, 'MEMBER') FROM pg_class WHERE oid = to_regclass('audit_log')), false) AS owns, \
            current_setting('fsync')::bool AND current_setting('full_page_writes')::bool AND current_setting('synchronous_commit') <> 'off' AS durable";
        let server: Server = diesel::sql_query(query).get_result(&mut conn).await.map_err(sentence)?;
        let apart = (server.now - Utc::now()).num_seconds().abs();
        if server.version < 15 {
            return Err(format!("PostgreSQL {} is too old; siraj needs 15 or newer", server.version));
        }
        if server.encoding != "UTF8" {
            return Err(format!("the database's encoding is {}; it must be UTF8", server.encoding));
        }
        if !server.durable {
            return Err(
                "fsync, full_page_writes or synchronous_commit is off: a power cut would lose acknowledged records; turn them on"
                    .to_owned(),
            );
        }
        if apart > 60 {
            return Err(format!("its clock and ours are {apart} seconds apart; set both"));
        }
        let owner = if server.owns {
            "; the service signs in as the owner: whoever takes it over could rewrite the audit (see SIRAJ_OWNER_URL)"
        } else {
            ""
        };
        Ok(format!("PostgreSQL {} answers, keeps what it acknowledges, and its clock agrees{owner}", server.version))
    })
}

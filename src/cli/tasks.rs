//! The commands that do one thing and end.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::ExitCode,
    time::Duration,
};

use chrono::{NaiveDate, Utc};
use indicatif::{ProgressBar, ProgressStyle};

use serde_json::Value;

use super::{Outcome, block_on, database::Database, demo, say, sentence};
use crate::{
    app,
    auth::Actor,
    config::Config,
    db::Db,
    error::{ApiError, Code, Locale},
    imports::{self, Sheet, Summary},
    reports::{self, FigureScope},
    types::{Email, Name},
    users,
};

/// Prints the document.
pub fn openapi() -> ExitCode {
    app::document().to_pretty_json().map_or(ExitCode::FAILURE, |text| {
        say(&text);
        ExitCode::SUCCESS
    })
}

/// Brings the database to this version.
pub fn migrate(config: &Config) -> Outcome {
    let database = Database::join(config)?.migrated()?;
    say("the database is at this version");
    database.close();
    Ok(())
}

/// Loads sheets, shows how far it is, and tells every fault.
pub fn import(config: &Config, path: &Path, dry_run: bool) -> Outcome {
    let sheets = imports::read_sheets(path).map_err(sentence)?;
    let database = Database::join(config)?.migrated()?;
    let done = load(&database.service_url, &sheets, dry_run, true);
    database.close();
    let summary = done?;
    for (sheet, added, there) in &summary.tables {
        say(&format!("{sheet:<22} {added:>7} added {there:>7} already there"));
    }
    for fault in &summary.faults {
        say(&fault.to_string());
    }
    match (summary.faults.len(), dry_run) {
        (0, true) => say("nothing is wrong; nothing was written"),
        (0, false) => say("all is written"),
        (wrong, _) => return Err(format!("{wrong} cells are wrong; nothing was written")),
    }
    Ok(())
}

pub(super) fn load(url: &str, sheets: &[Sheet], dry_run: bool, visible: bool) -> Outcome<Summary> {
    let rows = sheets.iter().map(|sheet| sheet.rows.len() as u64).sum();
    let bar = if visible { ProgressBar::new(rows) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} rows, {eta} left") {
        bar.set_style(style);
    }
    let summary = block_on(async {
        let db = Db::new(url, 1).map_err(sentence)?;
        let outcome = std::cell::RefCell::new(None);
        let work = async |conn: &mut crate::db::Conn| {
            let summary = imports::import(conn, &Actor::system(), sheets, &|done| bar.inc(done)).await?;
            let keep = summary.faults.is_empty() && !dry_run;
            outcome.replace(Some(summary));
            // An error rolls the transaction back: faults and dry runs leave nothing behind.
            if keep { Ok(()) } else { Err(ApiError::new(Code::ValidationFailed)) }
        };
        let written = db.write(work).await;
        match (outcome.take(), written) {
            (Some(summary), _) if !summary.faults.is_empty() || dry_run => Ok(summary),
            (Some(summary), Ok(())) => Ok(summary),
            (_, Err(error)) => {
                Err(format!("the import failed: {}", error.cause.unwrap_or_else(|| error.code.as_str().to_owned())))
            }
            (None, Ok(())) => Err("the import did nothing".to_owned()),
        }
    });
    bar.finish_and_clear();
    summary
}

/// Loads the demo and makes its accounts, beside a running service too.
pub fn load_demo(config: &Config) -> Outcome {
    let database = Database::join(config)?.migrated()?;
    let password = demo::load(config, &database);
    database.close();
    say(&format!("the demo is loaded; the password of its accounts: {}", password?));
    Ok(())
}

/// Asks the service on this machine whether it is ready.
pub fn healthcheck(config: &Config) -> Outcome {
    let address = config.listen_address().map_err(sentence)?;
    let patience = Duration::from_secs(3);
    let mut stream = TcpStream::connect_timeout(&address, patience).map_err(sentence)?;
    stream.set_read_timeout(Some(patience)).map_err(sentence)?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").map_err(sentence)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(sentence)?;
    if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err("the service is not ready".to_owned()) }
}

/// Makes an administrator; the password comes from standard input, where no list of processes shows it.
pub fn create_admin(config: &Config, email: &str, name: &str) -> Outcome {
    let told = |what: &str, code: Code| format!("{what}: {}", code.text(Locale::English));
    let email = Email::parse(email).map_err(|code| told("the e-mail address", code))?;
    let name = Name::parse(name).map_err(|code| told("the name", code))?;
    say("Password (12 characters or more), then Enter:");
    let mut password = String::new();
    std::io::stdin().read_line(&mut password).map_err(sentence)?;
    let database = Database::join(config)?.migrated()?;
    let made = block_on(async {
        let db = Db::new(&database.service_url, 1).map_err(sentence)?;
        let password = password.trim_end_matches(['\r', '\n']);
        let made = db.write(async |conn| users::create_admin(conn, email.clone(), name.clone(), password).await).await;
        made.map_err(|error| told("no account was made", error.faults.first().map_or(error.code, |fault| fault.code)))
    });
    database.close();
    made.map(|user| say(&format!("{} may sign in as admin", user.email)))
}

/// Prints the figures.
pub fn figures(config: &Config, as_of: Option<NaiveDate>) -> Outcome {
    let database = Database::join(config)?.migrated()?;
    let day = as_of.unwrap_or_else(|| Utc::now().date_naive());
    let counted = block_on(async {
        let db = Db::new(&database.service_url, 1).map_err(sentence)?;
        let mut conn = db.conn().await.map_err(sentence)?;
        reports::figures(&mut conn, &FigureScope::default(), day, Locale::English).await.map_err(sentence)
    });
    database.close();
    let figures = serde_json::to_value(counted?.figures).map_err(sentence)?;
    say(&format!("Figures as of {day}"));
    for group in ["facilities", "staff", "shipments", "contracts"] {
        print_figures(group, &figures[group]);
    }
    Ok(())
}

/// Every number under its name, as the reports name it.
fn print_figures(name: &str, value: &Value) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(field, inner)| print_figures(&format!("{name}.{field}"), inner)),
        Value::Number(number) => say(&format!("  {name:<44} {:>10}", number.to_string())),
        Value::String(text) if name.ends_with("explanation") => say(&format!("  {text}")),
        Value::String(text) => say(&format!("  {name:<44} {text:>10}")),
        _ => {}
    }
}

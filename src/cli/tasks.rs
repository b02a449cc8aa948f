//! The commands that do one thing and end.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::ExitCode,
    time::Duration,
};

use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Outcome, block_on, database::Database, say, sentence};
use crate::{
    app,
    auth::Actor,
    config::Config,
    db::Db,
    error::{ApiError, Code},
    imports::{self, Sheet, Summary},
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

fn load(url: &str, sheets: &[Sheet], dry_run: bool, visible: bool) -> Outcome<Summary> {
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

/// Loads the demo campaign; run again, it changes nothing.
pub fn load_demo(url: &str, sheets: &[Sheet], _password: &str) -> Outcome {
    let summary = load(url, sheets, false, false)?;
    match summary.faults.first() {
        None => Ok(()),
        Some(fault) => Err(format!("the demo could not be loaded: {fault}")),
    }
}

/// Makes an administrator.
pub fn create_admin(_config: &Config, _email: &str, _name: &str) -> Outcome {
    Err("pending".to_owned())
}

/// Prints the figures.
pub fn figures(_config: &Config, _as_of: Option<NaiveDate>) -> Outcome {
    Err("pending".to_owned())
}

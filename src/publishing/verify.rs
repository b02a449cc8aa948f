//! Every published report checked again: its numbers, its bytes, its signature, and its figures counted again at its own moment.

use serde_json::Value;

use super::{
    document,
    numbers::{self, Numbers, plain},
    statement::Envelope,
    store,
    types::PublishedReport,
};
use crate::{
    db::Db,
    error::{ApiError, ApiResult},
    keys::hex,
    reports::CoarseMap,
    types::KnownAt,
};

/// What checking found.
#[derive(Debug, Default)]
pub struct Reverified {
    /// How many reports were checked.
    pub reports: u64,
    /// What does not hold, in sentences.
    pub faults: Vec<String>,
    /// What is as it should be and yet worth knowing: rules that have changed since.
    pub notes: Vec<String>,
}

/// Checks every published report. `known` are the public keys of the key file; without them, each report's own key is taken at its word.
pub async fn verify(db: &Db, known: Option<&[String]>) -> ApiResult<Reverified> {
    let mut found = Reverified { faults: store::faults(&mut *db.conn().await?).await?, ..Reverified::default() };
    let mut number = 0;
    loop {
        let next = store::following(&mut *db.conn().await?, number).await?;
        let Some((report, frozen)) = next else { return Ok(found) };
        number = report.number.unwrap_or(i64::MAX);
        found.reports += 1;
        match Envelope::of(&report, frozen.clone()) {
            None => found.faults.push(format!("report {number} is published by half")),
            Some(envelope) => {
                if let Some(fault) = envelope.fault() {
                    found.faults.push(format!("report {number} is not as it was published: {fault}"));
                } else if known.is_some_and(|keys| !keys.contains(&envelope.public_key)) {
                    found.faults.push(format!("report {number} is signed by a key that the key file does not hold"));
                }
            }
        }
        recount(db, &report, &frozen, &mut found).await?;
    }
}

/// Counts a report again at its own moment: by the same rules, it says the same.
async fn recount(db: &Db, report: &PublishedReport, frozen: &[u8], found: &mut Reverified) -> ApiResult<()> {
    let number = report.number.unwrap_or_default();
    let Ok(frozen) = serde_json::from_slice::<Value>(frozen) else {
        found.faults.push(format!("report {number} cannot be read ({})", hex(&report.document_hash.0)));
        return Ok(());
    };
    let scope = document::scope_of(report.campaign_id, report.contract_id, report.area_id);
    let again = db.read_at(Some(KnownAt(report.known_at)), async |conn| {
        diesel_async::RunQueryDsl::execute(diesel::sql_query("SET LOCAL statement_timeout = 0"), conn).await?;
        document::content(conn, report.kind, &scope, report.as_of).await
    });
    let again = serde_json::to_value(again.await?).map_err(ApiError::internal)?;
    let rules = numbers::rules(&frozen["figures"], &again["figures"]);
    let differences = numbers::differences(&Numbers::of(&frozen["figures"]), &Numbers::of(&again["figures"]));
    for rule in &rules {
        found.notes.push(format!(
            "report {number} followed version {} of the rule {}; {} is in use",
            rule.was.unwrap_or_default(),
            rule.rule,
            rule.is.map_or_else(|| "none".to_owned(), |version| format!("version {version}"))
        ));
    }
    if rules.is_empty() {
        let told = differences.iter().map(|one| {
            format!(
                "report {number} says {} of {}, counted again at its moment it is {}",
                plain(&one.was),
                one.figure,
                plain(&one.is)
            )
        });
        found.faults.extend(told);
        // Documents of before names were told in Arabic are without.
        let named = ["areas_ar", "statements_ar"].into_iter().filter(|part| !frozen[*part].is_null());
        for part in ["staffing", "reconciliation"].into_iter().chain(named) {
            if frozen[part] != again[part] {
                found
                    .faults
                    .push(format!("report {number} says something else in its {part} than what is counted again at its moment"));
            }
        }
    }
    if !map_adds_up(&frozen) {
        found.faults.push(format!("report {number} has a map that does not add up to its facilities"));
    }
    Ok(())
}

/// Where facilities stand is not remembered, so a map cannot be counted again; it has to add up to the facilities beside it.
fn map_adds_up(told: &Value) -> bool {
    // A report of before maps were told has none.
    let Ok(map) = serde_json::from_value::<CoarseMap>(told["map"].clone()) else { return told["map"].is_null() };
    let drawn: i64 = map.cells.iter().map(|cell| cell.facilities).sum();
    told["figures"]["facilities"]["total"].as_i64() == Some(drawn + map.elsewhere)
}

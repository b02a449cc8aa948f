//! Every published report checked again: its numbers, its bytes, its signature, and its figures counted again at its own moment.

use serde_json::Value;
use uuid::Uuid;

use super::{
    document::{self, Form},
    numbers::{self, Numbers, plain},
    partner,
    statement::Envelope,
    store,
    types::PublishedReport,
};
use crate::{
    db::Db,
    error::{ApiError, ApiResult, Code},
    keys::hex,
    report_definitions::ReportAudience,
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
    if let (ReportAudience::Partner, Some(contract)) = (report.audience, report.contract_id) {
        return remake(db, report, contract, &frozen, found).await;
    }
    let scope = document::scope_of(report.campaign_id, report.contract_id, report.area_id, Form::of(&frozen));
    let again = db.read_at(Some(KnownAt(report.known_at)), async |conn| {
        diesel_async::RunQueryDsl::execute(diesel::sql_query("SET LOCAL statement_timeout = 0"), conn).await?;
        document::content(conn, report.kind, &scope, report.as_of).await
    });
    let again = serde_json::to_value(again.await?).map_err(ApiError::internal)?;
    let rules = numbers::rules(&frozen, &again);
    let differences = numbers::differences(&Numbers::of_document(&frozen), &Numbers::of_document(&again));
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
        let names = differences.is_empty() && !alike(&frozen["figures"], &again["figures"]);
        // Of no facilities nothing is explained any longer.
        let silent = |part: &str| part == "explanation_ar" && again[part].is_null();
        let others =
            parts(&frozen).filter(|part| !same(&frozen, &again, part) && !silent(part)).chain(names.then_some("figures"));
        found.faults.extend(
            others.map(|part| {
                format!("report {number} says something else in its {part} than what is counted again at its moment")
            }),
        );
    }
    if !map_holds(&frozen, &again) {
        found.faults.push(format!("report {number} has a map that cannot be one of its facilities"));
    }
    Ok(())
}

/// Holds a report for a partner against the month that was frozen: it says the same for ever.
async fn remake(db: &Db, report: &PublishedReport, contract: Uuid, frozen: &Value, found: &mut Reverified) -> ApiResult<()> {
    let content = db.read_at(Some(KnownAt(report.known_at)), async |conn| partner::content(conn, contract, report.as_of).await);
    let again = match content.await {
        Ok(content) => serde_json::to_value(content).map_err(ApiError::internal)?,
        Err(error) if error.code == Code::MonthNotFrozen => Value::Null,
        Err(error) => return Err(error),
    };
    if !alike(&frozen["figures"], &again["figures"]) {
        let number = report.number.unwrap_or_default();
        found.faults.push(format!("report {number} says something else in its figures than what was frozen of its month"));
    }
    Ok(())
}

/// What of a document is the same whenever it is counted by the same rules, beside the numbers.
fn parts(frozen: &Value) -> impl Iterator<Item = &'static str> {
    let later = (Form::of(frozen) >= Form::Second).then_some(["areas_ar", "statements_ar"]);
    let latest = (Form::of(frozen) >= Form::Third).then_some(["funds", "supplies", "spending"]);
    let all = ["staffing", "reconciliation", "explanation_ar", "sentences_ar"].into_iter();
    all.chain(later.into_iter().flatten()).chain(latest.into_iter().flatten())
}

/// Whether a part says the same again; of an earlier form, but for the names that it has learnt since.
fn same(frozen: &Value, again: &Value, part: &str) -> bool {
    let (told, again, latest) = (&frozen[part], &again[part], Form::of(frozen) >= Form::Third);
    if latest { told == again } else { alike(told, again) }
}

/// Whether all that figures say, names too, is said again. What they have learnt to say since is not compared.
fn alike(frozen: &Value, again: &Value) -> bool {
    match (frozen, again) {
        (Value::Object(frozen), Value::Object(again)) => {
            let mut compared = frozen.iter().filter(|(field, _)| field.as_str() != "method");
            compared.all(|(field, value)| again.get(field).is_none_or(|other| alike(value, other)))
        }
        (Value::Array(frozen), Value::Array(again)) => {
            frozen.len() == again.len() && frozen.iter().zip(again).all(|(one, other)| alike(one, other))
        }
        _ => frozen == again,
    }
}

/// Where facilities stand is not remembered, so a map cannot be counted again; but whether there is one, and that it is of no more than the
/// facilities beside it.
fn map_holds(frozen: &Value, again: &Value) -> bool {
    if Form::of(frozen) < Form::Second || again["map"].is_null() {
        return frozen["map"].is_null();
    }
    let total = frozen["figures"]["facilities"]["total"].as_i64();
    serde_json::from_value::<CoarseMap>(frozen["map"].clone()).is_ok_and(|map| total.is_some_and(|total| map.is_of(total)))
}

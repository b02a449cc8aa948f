//! `siraj verify` and `siraj verify-report`: nothing is believed that can be added up again.

use std::{fs, path::Path};

use super::{Outcome, block_on, database::Database, say, sentence};
use crate::{
    config::Config,
    db::Db,
    error::ApiError,
    keys::{Keys, hex},
    publishing::{self, Checked},
    reports as figures, seals, stock,
};

/// What went wrong on the way, for an operator.
fn cause(error: ApiError) -> String {
    error.cause.unwrap_or_else(|| error.code.as_str().to_owned())
}

/// Adds up the ledger and the audit's chain, counts the totals behind the figures again, and checks every published report; a difference is
/// a failure.
pub fn all(config: &Config, against: Option<&Path>, rebuild_totals: bool) -> Outcome {
    let kept = against.map(|file| checked(file, None)).transpose()?;
    let database = Database::join(config)?.migrated()?;
    let found = block_on(async {
        if rebuild_totals {
            figures::rebuild(&database.owner_url).await.map_err(cause)?;
        }
        let db = Db::new(&database.service_url, 1).map_err(sentence)?;
        let mut faults = ledger(&db).await?;
        faults.extend(totals(&db).await?);
        faults.extend(chain(&db, kept.as_ref()).await?);
        faults.extend(reports(&db, config).await?);
        Ok(faults)
    });
    database.close();
    let faults = found?;
    for fault in &faults {
        say(fault);
    }
    match faults.len() {
        0 => Ok(()),
        wrong => Err(format!("{wrong} differences between what is recorded and what was made of it")),
    }
}

async fn ledger(db: &Db) -> Outcome<Vec<String>> {
    let verified = stock::verify(&mut *db.conn().await.map_err(cause)?).await.map_err(cause)?;
    say(&format!("{} movements added up, {} balances and closings compared", verified.movements, verified.compared));
    Ok(verified.differences)
}

async fn totals(db: &Db) -> Outcome<Vec<String>> {
    let verified = figures::verify(&mut *db.conn().await.map_err(cause)?).await.map_err(cause)?;
    say(&format!("{} stretches of people's posts counted again and held against the totals", verified.stretches));
    Ok(verified.differences)
}

async fn chain(db: &Db, kept: Option<&Checked>) -> Outcome<Vec<String>> {
    let mut conn = db.conn().await.map_err(cause)?;
    let chain = seals::verify(&mut conn).await.map_err(cause)?;
    say(&format!(
        "{} lines of the audit under {} seals, {} not sealed yet; the chain ends in {}",
        chain.lines,
        chain.seals,
        chain.unsealed,
        hex(&chain.head)
    ));
    let mut faults = chain.faults;
    if chain.faulty > faults.len() {
        faults.push(format!("… and {} more of the audit", chain.faulty - faults.len()));
    }
    if let Some(Checked { envelope, .. }) = kept {
        let seal = seals::hash_of(&mut conn, envelope.audit_seal).await.map_err(cause)?;
        if seal.as_deref().map(hex).as_ref() != Some(&envelope.audit_hash) {
            faults.push(format!(
                "the audit is not the one over which report {} was published: its seal {} is another, or gone",
                envelope.number, envelope.audit_seal
            ));
        }
    }
    Ok(faults)
}

async fn reports(db: &Db, config: &Config) -> Outcome<Vec<String>> {
    let path = config.key_path();
    // On a machine without the keys, each report's own key is taken at its word.
    let keys = if path.exists() { Some(Keys::open(&path).map_err(sentence)?) } else { None };
    let known: Option<Vec<String>> = keys.map(|keys| keys.publishing().iter().map(|key| hex(key.public())).collect());
    let found = publishing::verify(db, known.as_deref()).await.map_err(cause)?;
    for note in &found.notes {
        say(note);
    }
    say(&format!("{} published reports checked and counted again", found.reports));
    Ok(found.faults)
}

/// Checks one envelope; says in one sentence what it found.
pub fn report(file: &Path, key: Option<&Path>) -> Outcome {
    let keys =
        key.map(|path| fs::read_to_string(path).map_err(|error| format!("the keys cannot be read: {error}"))).transpose()?;
    let keys = keys.map(|text| publishing::read_keys(&text));
    if keys.as_ref().is_some_and(Vec::is_empty) {
        return Err("the file of keys holds no key".to_owned());
    }
    let Checked { envelope, trusted } = checked(file, keys.as_deref())?;
    let key = match trusted {
        Some(_) => "a key that you trust".to_owned(),
        None => format!("the key {}, which is to be compared with /api/v1/public/signing-keys", envelope.public_key),
    };
    say(&format!(
        "report {} ({}) is as it was published on {}, signed by {key}",
        envelope.number,
        envelope.title,
        envelope.published_at.format("%Y-%m-%d")
    ));
    Ok(())
}

fn checked(file: &Path, keys: Option<&[String]>) -> Outcome<Checked> {
    let text = fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    publishing::check_envelope(&text, keys)
}

//! `/api/v1/public`: what strangers may ask, to check a report that somebody has given them.

use actix_web::{get, web::Data};

use super::{
    answers::{SigningKey, SigningKeys, Verification},
    store,
    types::{Hex, PublishedReport, ReportName, VerificationQuery},
};
use crate::{
    db::Db,
    error::{ApiError, ApiResult, Code},
    http::{Answer, Mount, Params},
    keys::Keys,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.service(verify_report).service(list_signing_keys);
}

/// Check a published report by its number and the hash of its document (or its signature), which stand on its pages: its statement's numbers,
/// its signature and its key, and nothing of what it says. Whoever knows neither is told nothing, not even whether there is such a number.
#[utoipa::path(tag = "public", params(("number" = i64, Path, description = "The number that stands on the report"), VerificationQuery), responses((status = 200, description = "What its statement says", body = Verification)))]
#[get("/public/reports/{number}/verification")]
async fn verify_report(name: ReportName, Params(query): Params<VerificationQuery>, db: Data<Db>) -> ApiResult<Answer> {
    // What has no number yet is nothing here.
    let ReportName::Number(_) = name else { return Err(ApiError::new(Code::NotFound)) };
    let report = store::find(&mut *db.conn().await?, name).await?;
    let known = Some(report).filter(|report| query.knows(report));
    Answer::plain(&known.and_then(told).ok_or_else(|| ApiError::new(Code::NotFound))?)
}

fn told(report: PublishedReport) -> Option<Verification> {
    Some(Verification {
        number: report.number?,
        as_of: report.as_of,
        known_at: report.known_at,
        published_at: report.published_at?,
        document_hash: report.document_hash,
        audit_seal: report.audit_seal?,
        audit_hash: report.audit_hash?,
        signature: report.signature?,
        key_id: report.key_id?,
        public_key: report.public_key?,
    })
}

/// List the keys that sign reports, and those that have: what they signed is checked with them for ever.
#[utoipa::path(tag = "public", responses((status = 200, description = "The public keys, the one in use first", body = SigningKeys)))]
#[get("/public/signing-keys")]
async fn list_signing_keys(keys: Data<Keys>) -> ApiResult<Answer> {
    let told = |(place, key): (usize, &crate::keys::PublishingKey)| SigningKey {
        key_id: key.id.clone(),
        algorithm: "Ed25519",
        public_key: Hex(key.public().to_vec()),
        in_use: place == 0,
    };
    Answer::plain(&SigningKeys { items: keys.publishing().iter().enumerate().map(told).collect() })
}

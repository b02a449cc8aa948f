//! `/api/v1/public`: what strangers may ask, to check a report that somebody has given them.

use actix_web::{get, web::Data};

use super::{
    answers::{SigningKey, SigningKeys, Verification},
    store,
    types::{Hex, PublishedReport, ReportName},
};
use crate::{
    db::Db,
    error::{ApiError, ApiResult, Code},
    http::{Answer, Mount},
    keys::Keys,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.service(verify_report).service(list_signing_keys);
}

/// Check a published report by its number: its hash, its signature and its key, and nothing of what it says.
#[utoipa::path(tag = "public", params(("number" = i64, Path, description = "The number that stands on the report")), responses((status = 200, description = "What its statement says", body = Verification)))]
#[get("/public/reports/{number}/verification")]
async fn verify_report(name: ReportName, db: Data<Db>) -> ApiResult<Answer> {
    // What has no number yet is nothing here.
    let ReportName::Number(_) = name else { return Err(ApiError::new(Code::NotFound)) };
    let report = store::find(&mut *db.conn().await?, name).await?;
    Answer::plain(&told(report).ok_or_else(|| ApiError::new(Code::NotFound))?)
}

fn told(report: PublishedReport) -> Option<Verification> {
    Some(Verification {
        number: report.number?,
        title: report.title,
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

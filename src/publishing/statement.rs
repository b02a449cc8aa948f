//! What is signed: a statement of a few lines. And its envelope, which holds all that somebody far away needs to check it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::types::PublishedReport;
use crate::{
    error::{ApiError, ApiResult},
    keys::{digest_of, hex, is_signed},
};

/// The form of a statement and of its envelope; another form gets another name.
pub const FORM: &str = "siraj-report-1";

/// A published report with its statement, its signature and the key to check it with: one file that needs no service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// `siraj-report-1`.
    pub form: String,
    /// The report's number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// What was true on this day.
    pub as_of: NaiveDate,
    /// As it was known at this moment.
    pub known_at: DateTime<Utc>,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// The number of the audit's latest seal then.
    pub audit_seal: i64,
    /// That seal's hash.
    pub audit_hash: String,
    /// SHA-256 of the document.
    pub document_hash: String,
    /// The name of the key.
    pub key_id: String,
    /// The public part of the key.
    pub public_key: String,
    /// The signature of the statement (Ed25519).
    pub signature: String,
    /// The document, byte for byte.
    pub document: String,
}

/// What the signature is of: lines of UTF-8, each ended by a line feed, in this order.
pub struct Statement<'a> {
    pub number: i64,
    pub title: &'a str,
    pub as_of: NaiveDate,
    pub known_at: DateTime<Utc>,
    pub published_at: DateTime<Utc>,
    pub document_hash: &'a str,
    pub audit_seal: i64,
    pub audit_hash: &'a str,
}

impl Statement<'_> {
    /// The bytes that are signed.
    pub fn words(&self) -> Vec<u8> {
        let moment = |moment: DateTime<Utc>| moment.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        format!(
            "{FORM}\nnumber: {}\ntitle: {}\nas-of: {}\nknown-at: {}\npublished-at: {}\ndocument-sha256: {}\naudit-seal: {}\naudit-sha256: {}\n",
            self.number,
            self.title,
            self.as_of,
            moment(self.known_at),
            moment(self.published_at),
            self.document_hash,
            self.audit_seal,
            self.audit_hash,
        )
        .into_bytes()
    }
}

impl Envelope {
    /// The envelope of a published report; none of a draft.
    pub fn of(report: &PublishedReport, document: Vec<u8>) -> Option<Self> {
        Some(Self {
            form: FORM.to_owned(),
            number: report.number?,
            title: report.title.clone(),
            as_of: report.as_of,
            known_at: report.known_at,
            published_at: report.published_at?,
            audit_seal: report.audit_seal?,
            audit_hash: hex(&report.audit_hash.as_ref()?.0),
            document_hash: hex(&report.document_hash.0),
            key_id: report.key_id.clone()?,
            public_key: hex(&report.public_key.as_ref()?.0),
            signature: hex(&report.signature.as_ref()?.0),
            document: String::from_utf8(document).ok()?,
        })
    }

    /// The envelope as a file, wherever it is given out: the same bytes.
    pub fn bytes(&self) -> ApiResult<Vec<u8>> {
        serde_json::to_vec(self).map_err(ApiError::internal)
    }

    /// What its signature is of.
    pub fn statement(&self) -> Statement<'_> {
        Statement {
            number: self.number,
            title: &self.title,
            as_of: self.as_of,
            known_at: self.known_at,
            published_at: self.published_at,
            document_hash: &self.document_hash,
            audit_seal: self.audit_seal,
            audit_hash: &self.audit_hash,
        }
    }

    /// What of it does not hold, in a sentence.
    pub fn fault(&self) -> Option<&'static str> {
        if self.form != FORM {
            return Some("it is of a form that this version does not know");
        }
        if hex(&digest_of(self.document.as_bytes())) != self.document_hash {
            return Some("its document is not the one that was published");
        }
        let told: Value = serde_json::from_str(&self.document).unwrap_or_default();
        let says = |name: &str, value: &str| told[name].as_str() == Some(value);
        let known_at = told["known_at"].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
        if !says("title", &self.title) || !says("as_of", &self.as_of.to_string()) || known_at != Some(self.known_at) {
            return Some("its document speaks of something else than its statement");
        }
        let (Some(key), Some(signature)) = (unhex(&self.public_key), unhex(&self.signature)) else {
            return Some("its key or signature cannot be read");
        };
        (!is_signed(&key, &self.statement().words(), &signature)).then_some("its signature is not that of its key")
    }
}

/// Bytes from their hexadecimal digits.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect::<Option<_>>()?;
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit)).collect())
}

/// A report whose envelope holds.
#[derive(Debug)]
pub struct Checked {
    /// The envelope.
    pub envelope: Envelope,
    /// Whether its key is one of those that were given; nothing when none were.
    pub trusted: Option<bool>,
}

/// Checks an envelope without any service: its document, its statement, its signature, and its key against those given.
pub fn check_envelope(text: &[u8], trusted: Option<&[String]>) -> Result<Checked, String> {
    let envelope: Envelope =
        serde_json::from_slice(text).map_err(|_| "this is not the envelope of a published report".to_owned())?;
    if let Some(fault) = envelope.fault() {
        return Err(format!("report {} is not as it was published: {fault}", envelope.number));
    }
    let trusted = trusted.map(|keys| keys.contains(&envelope.public_key));
    if trusted == Some(false) {
        return Err(format!("report {} is signed, but by none of the keys given", envelope.number));
    }
    Ok(Checked { envelope, trusted })
}

/// The public keys of a file: an answer of `/public/signing-keys`, or a key in hexadecimal on each line.
pub fn read_keys(text: &str) -> Vec<String> {
    let of_answer = |told: &Value| {
        let items = told["items"].as_array()?;
        Some(items.iter().filter_map(|item| item["public_key"].as_str().map(ToOwned::to_owned)).collect())
    };
    serde_json::from_str::<Value>(text)
        .ok()
        .and_then(|told| of_answer(&told))
        .unwrap_or_else(|| text.lines().map(|line| line.trim().to_lowercase()).filter(|line| line.len() == 64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_they_were_written() {
        assert_eq!(unhex(&hex(&[0, 1, 254, 255])), Some(vec![0, 1, 254, 255]));
        assert_eq!((unhex("0"), unhex("0g"), unhex("")), (None, None, Some(Vec::new())));
    }

    #[test]
    fn a_statement_is_the_same_for_ever() {
        let moment = "2016-02-01T00:00:00.5Z".parse().expect("a moment");
        let statement = Statement {
            number: 7,
            title: "تقرير",
            as_of: "2015-12-31".parse().expect("a day"),
            known_at: moment,
            published_at: moment,
            document_hash: "aa",
            audit_seal: 3,
            audit_hash: "bb",
        };
        let words = "siraj-report-1\nnumber: 7\ntitle: تقرير\nas-of: 2015-12-31\nknown-at: 2016-02-01T00:00:00.500000Z\n\
            published-at: 2016-02-01T00:00:00.500000Z\ndocument-sha256: aa\naudit-seal: 3\naudit-sha256: bb\n";
        assert_eq!(statement.words(), words.as_bytes());
    }

    #[test]
    fn keys_are_read_from_an_answer_or_from_lines() {
        let key = "ab".repeat(32);
        assert_eq!(read_keys(&format!("{{\"items\": [{{\"public_key\": \"{key}\"}}]}}")), std::slice::from_ref(&key));
        assert_eq!(read_keys(&format!(" {}\n\nshort\n", key.to_uppercase())), [key]);
    }
}

//! What strangers are told of a published report, and what a restatement says.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::types::Hex;
use crate::types::Cadre;

/// What whoever holds a published report may know of it: enough to check it, nothing of what it says.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Verification {
    /// Its number.
    pub number: i64,
    /// What was true on this day.
    pub as_of: NaiveDate,
    /// As it was known at this moment.
    pub known_at: DateTime<Utc>,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// SHA-256 of the document.
    pub document_hash: Hex,
    /// The number of the audit's latest seal then.
    pub audit_seal: i64,
    /// That seal's hash: the head of the audit's chain.
    pub audit_hash: Hex,
    /// The signature of its statement (Ed25519).
    pub signature: Hex,
    /// The name of the key that signed it.
    pub key_id: String,
    /// The public part of that key.
    pub public_key: Hex,
}

/// The keys that sign, or have signed, what is published.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SigningKeys {
    /// The one in use first.
    pub items: Vec<SigningKey>,
}

/// A key that signs what is published.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SigningKey {
    /// Its name.
    pub key_id: String,
    /// `Ed25519` (RFC 8032).
    pub algorithm: &'static str,
    /// Its public part.
    pub public_key: Hex,
    /// Whether it signs now; the others have signed before.
    pub in_use: bool,
}

/// What a published report would say if it were counted now, held against what it says.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Restatement {
    /// The report's number.
    pub number: i64,
    /// Its title in English.
    pub title: String,
    /// What was true on this day.
    pub as_of: NaiveDate,
    /// As it was known when it was counted.
    pub known_at: DateTime<Utc>,
    /// As it is known now.
    pub compared_at: DateTime<Utc>,
    /// The figures that differ, and those of which other rows are counted; none: it stands as it was published.
    pub figures: Vec<RestatedFigure>,
    /// The claims that the register says something else of.
    pub claims: Vec<RestatedClaim>,
    /// The posts of facilities by cadre that are others, where the report tells them.
    pub staffing: Vec<RestatedPosts>,
    /// The rules that are others now: part of a difference may be theirs.
    pub rules: Vec<RestatedRule>,
    /// All this in sentences.
    pub sentence: String,
}

/// A figure that differs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RestatedFigure {
    /// Its name in the reports.
    pub figure: String,
    /// What was published; a decimal.
    pub was: String,
    /// What it is now; a decimal.
    pub is: String,
    /// What it is less what it was; a decimal.
    pub difference: String,
    /// The rows that it counts now and did not then, with what brought them in; for managers and auditors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub entered: Option<Vec<RestatedRow>>,
    /// The rows that it counted then and does not now, with what took them out; for managers and auditors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub left: Option<Vec<RestatedRow>>,
    /// How many rows entered; `entered` names the first two hundred.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub entered_count: Option<usize>,
    /// How many rows left; `left` names the first two hundred.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub left_count: Option<usize>,
    /// All this in a sentence.
    pub sentence: String,
}

/// A facility, person, post, shipment or contract that entered or left a figure.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RestatedRow {
    /// The record.
    pub id: Uuid,
    /// Its code; of a post, that of the person who holds it.
    pub code: String,
    /// What was changed since, of it and of what it stands on, the nearest first.
    pub changes: Vec<RestatedChange>,
}

/// A change that is in the audit.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RestatedChange {
    /// Its place in the audit.
    pub sequence: i64,
    /// The table of the record that changed.
    pub resource: String,
    /// The record that changed.
    pub record_id: Uuid,
    /// `created`, `changed`, `retired` or `restored`.
    pub action: String,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// By whom.
    pub actor_id: Uuid,
    /// What they are.
    pub actor_role: String,
    /// What of it changed that figures stand on.
    pub fields: Vec<RestatedField>,
}

/// A field that changed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RestatedField {
    /// Its name.
    pub field: String,
    /// What it was.
    #[schema(value_type = Option<Object>)]
    pub from: Value,
    /// What it became.
    #[schema(value_type = Option<Object>)]
    pub to: Value,
}

/// A claim that the register says something else of than it did.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RestatedClaim {
    /// Its code.
    pub code: String,
    /// What the register said.
    pub was: Option<i64>,
    /// What it says now.
    pub is: Option<i64>,
    /// How the claim stood.
    pub verdict_was: Option<String>,
    /// How it stands now.
    pub verdict_is: Option<String>,
}

/// The posts of one cadre at one facility, where they are others now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RestatedPosts {
    /// The facility's code.
    pub code: String,
    /// The cadre.
    pub cadre: Cadre,
    /// How many posts were told.
    pub was: i64,
    /// How many there are.
    pub is: i64,
    /// Their shares of full time as they were told; a decimal.
    pub full_time_equivalents_was: String,
    /// Their shares of full time; a decimal.
    pub full_time_equivalents_is: String,
}

/// A rule that is of another version now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RestatedRule {
    /// The rule's name.
    pub rule: String,
    /// The version that was followed.
    pub was: Option<u64>,
    /// The version of now.
    pub is: Option<u64>,
}

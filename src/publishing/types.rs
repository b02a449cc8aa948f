//! A published report as it is stored and travels.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    pg::{Pg, PgValue},
    prelude::*,
    sql_types::Binary,
};
use serde::{Serialize, Serializer};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult, Code, Faults},
    http::{ListFilter, New},
    keys::hex,
    register::Fields,
    report_definitions::{ReportAudience, ReportKind},
    schema::published_reports,
    types::{Reason, happened, words},
};

words! {
    /// How far a report has come.
    PublishedReportStatus {
        /// Counted and waiting for a second person; may be counted again.
        Draft = "draft",
        /// Numbered and signed; never changes again.
        Published = "published",
        /// Will not be published; keeps no number.
        Cancelled = "cancelled",
    }
}

words! {
    /// Which reports to list.
    PublishedReportState {
        /// Those that wait for a second person.
        Draft = "draft",
        /// Drafts whose due day is over.
        Late = "late",
        /// Those that are published.
        Published = "published",
        /// Those that will not be.
        Cancelled = "cancelled",
    }
}

/// Bytes as they travel: in small hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, FromSqlRow)]
pub struct Hex(pub Vec<u8>);

impl FromSql<Binary, Pg> for Hex {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        <Vec<u8> as FromSql<Binary, Pg>>::from_sql(bytes).map(Self)
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl PartialSchema for Hex {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^([0-9a-f]{2})+$")).build().into()
    }
}
impl ToSchema for Hex {}

/// A report to be drafted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"definition_id": "0193a1c2-0000-7000-8000-000000000001", "as_of": "2015-12-31"}))]
pub struct ReportDraft {
    /// The definition to follow, as it is now.
    pub definition_id: Uuid,
    /// The day to report of.
    pub as_of: NaiveDate,
}

impl Fields for ReportDraft {
    fn check(&self, faults: &mut Faults) {
        happened(faults, "/as_of", self.as_of);
    }
}

/// A report to be drafted, with its id.
pub type NewReportDraft = New<ReportDraft>;

/// What is published: what was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"document_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}))]
pub struct Publication {
    /// The hash of the document that was read: a draft that was counted again meanwhile is not published unseen.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub document_hash: String,
}

/// Why a draft will not be published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "Drafted of the wrong day; another draft is there."}))]
pub struct Cancellation {
    /// Why: 10 to 500 letters.
    pub reason: Reason,
}

/// A report: a draft, published, or cancelled.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = published_reports)]
pub struct PublishedReport {
    /// Its id.
    pub id: Uuid,
    /// Its number, once it is published: 1, 2, 3 … without a gap.
    pub number: Option<i64>,
    /// How far it has come.
    pub status: PublishedReportStatus,
    /// The definition that it follows.
    pub definition_id: Uuid,
    /// The version of the definition.
    pub definition_version: i64,
    /// What it tells.
    pub kind: ReportKind,
    /// For whom it is: what is for the house is not for handing on.
    pub audience: ReportAudience,
    /// Its title in English.
    pub title: String,
    /// Its title in Arabic.
    pub title_ar: Option<String>,
    /// Of what this campaign supports.
    pub campaign_id: Option<Uuid>,
    /// Of what this contract supports and pays.
    pub contract_id: Option<Uuid>,
    /// Of what lies in this area or below it.
    pub area_id: Option<Uuid>,
    /// What was true on this day.
    pub as_of: NaiveDate,
    /// As it was known at this moment; nothing earlier was still on its way.
    pub known_at: DateTime<Utc>,
    /// The first day of the month, for one that was drafted by itself.
    pub period_on: Option<NaiveDate>,
    /// The day by which it should be published.
    pub due_on: Option<NaiveDate>,
    /// SHA-256 of the document.
    pub document_hash: Hex,
    /// Who had it counted last.
    pub drafted_by: Uuid,
    /// When.
    pub drafted_at: DateTime<Utc>,
    /// Why it will not be published.
    pub reason: Option<String>,
    /// Who published it: somebody else.
    pub published_by: Option<Uuid>,
    /// When.
    pub published_at: Option<DateTime<Utc>>,
    /// The number of the latest seal of the audit when it was published.
    pub audit_seal: Option<i64>,
    /// The hash of that seal: the head of the audit's chain.
    pub audit_hash: Option<Hex>,
    /// The signature of its statement (Ed25519).
    pub signature: Option<Hex>,
    /// The name of the key that signed it.
    pub key_id: Option<String>,
    /// The public part of that key.
    pub public_key: Option<Hex>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// Which reports to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PublishedReportFilter {
    /// Those that have come so far; `late`: drafts whose due day is over.
    #[deserr(default)]
    #[param(inline)]
    pub state: Option<PublishedReportState>,
    /// Those of this definition.
    #[deserr(default)]
    pub definition_id: Option<Uuid>,
    /// Those that tell this.
    #[deserr(default)]
    pub kind: Option<ReportKind>,
    /// Those that are for them.
    #[deserr(default)]
    pub audience: Option<ReportAudience>,
    /// Those of this day.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
}

impl ListFilter for PublishedReportFilter {
    const SORTS: &'static [&'static str] = &["drafted_at", "as_of", "number", "due_on"];
}

/// What a stranger knows of a report: either says that it was in their hands.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VerificationQuery {
    /// SHA-256 of the document; it stands at the foot of each page.
    #[deserr(default)]
    #[param(pattern = "^[0-9a-f]{64}$")]
    pub document_hash: Option<String>,
    /// Or the signature, as the envelope and the pages tell it.
    #[deserr(default)]
    #[param(pattern = "^[0-9a-f]{128}$")]
    pub signature: Option<String>,
}

impl VerificationQuery {
    /// Whether something was given, and all that was given is the report's.
    pub fn knows(&self, report: &PublishedReport) -> bool {
        let is = |given: &Option<String>, own: &Hex| given.as_ref().is_none_or(|given| given.eq_ignore_ascii_case(&hex(&own.0)));
        (self.document_hash.is_some() || self.signature.is_some())
            && is(&self.document_hash, &report.document_hash)
            && report.signature.as_ref().is_some_and(|signature| is(&self.signature, signature))
    }
}

/// What a report is called in addresses: its id, or its number once it has one.
#[derive(Debug, Clone, Copy)]
pub enum ReportName {
    /// By its id.
    Id(Uuid),
    /// By its number.
    Number(i64),
}

impl From<Uuid> for ReportName {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

impl FromRequest for ReportName {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let given = request.match_info().iter().next().map_or("", |(_, text)| text);
        ready(Self::parse(given).ok_or_else(|| ApiError::new(Code::NotFound)))
    }
}

impl ReportName {
    fn parse(given: &str) -> Option<Self> {
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 10 && !text.starts_with('0');
        match given.len() {
            36 => given.parse().ok().map(Self::Id),
            _ if number(given) => given.parse().ok().map(Self::Number),
            _ => None,
        }
    }
}

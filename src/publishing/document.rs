//! The document of a report: counted once, kept byte for byte.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    partner,
    parts::{Parts, parts},
    terms,
};
use crate::{
    auth::{Actor, Scope},
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Locale},
    keys::random_token,
    register::load_open,
    report_definitions::{ReportAudience, ReportDefinition, ReportKind},
    reports::{self, CoarseMap, FigureScope, Figures, Reconciliation, Staffing},
    seals,
    types::KnownAt,
};

/// The form of the documents that are made now.
pub const DOCUMENT_FORM: &str = "siraj-document-3";

/// The forms that documents have had, each told by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub enum Form {
    /// Told neither areas and claims in Arabic, nor maps; bears the name of the envelope's form.
    First,
    /// Counted what was on the road, told no campaign's money and fewer names in Arabic, and had nothing in it that could not be guessed.
    Second,
    /// Has random bytes, says for whom it is, and counts what has arrived.
    Third,
}

impl Form {
    /// The form of a document.
    pub fn of(document: &Value) -> Self {
        match document["form"].as_str() {
            Some(DOCUMENT_FORM) => Self::Third,
            Some("siraj-document-2") => Self::Second,
            _ => Self::First,
        }
    }

    /// Whether its shipments are those alone that have arrived.
    pub fn arrived_only(self) -> bool {
        self >= Self::Third
    }
}

/// The most letters of a title.
const LONGEST_TITLE: usize = 200;

/// A report that has been counted: what will be stored of it.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The definition that was followed, at the version of the moment.
    pub definition: ReportDefinition,
    /// Its title in English, with the month of one by the calendar.
    pub title: String,
    /// Its title in Arabic.
    pub title_ar: Option<String>,
    /// The day.
    pub as_of: NaiveDate,
    /// The moment.
    pub known_at: DateTime<Utc>,
    /// The bytes.
    pub document: Vec<u8>,
}

/// What of it can be counted again at any time.
#[derive(Debug, Clone, Serialize)]
pub struct Content {
    figures: Figures,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation_ar: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    staffing: Option<Vec<Staffing>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reconciliation: Option<Reconciliation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sentences_ar: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statements_ar: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    map: Option<CoarseMap>,
    areas_ar: BTreeMap<String, String>,
    #[serde(flatten)]
    parts: Parts,
}

#[derive(Serialize)]
struct Document<'a, C> {
    form: &'static str,
    /// 32 random bytes: who knows the hash, and could guess every number, still cannot try them.
    salt: String,
    audience: ReportAudience,
    definition: &'a str,
    version: i64,
    kind: ReportKind,
    title: &'a str,
    title_ar: Option<&'a str>,
    as_of: NaiveDate,
    known_at: DateTime<Utc>,
    #[serde(flatten)]
    content: C,
}

/// Counts the report of a definition at the present moment, once nothing earlier is on its way; everything in it is read as it was known then.
/// Of one by the calendar, the title names the month.
pub async fn count(db: &Db, definition: Uuid, as_of: NaiveDate, month: Option<NaiveDate>) -> ApiResult<Counted> {
    let known_at = seals::settled_moment(&mut *db.conn().await?).await?;
    db.read_at(Some(KnownAt(known_at)), async |conn| {
        let definition = load_open::<ReportDefinition>(conn, &Scope::Everything, definition).await.map_err(as_fault)?;
        let fields = &definition.fields;
        let title = titled(fields.title.as_str(), month, Locale::English);
        let title_ar = fields.title_ar.as_ref().map(|title| titled(title.as_str(), month, Locale::Arabic));
        let (titles, moments) = ((title.as_str(), title_ar.as_deref()), (as_of, known_at));
        let document = if let (ReportAudience::Partner, Some(contract)) = (fields.audience, fields.contract_id) {
            partner::judge(as_of, known_at)?;
            written(&definition, titles, moments, partner::content(conn, contract, as_of).await?)?
        } else {
            let scope = scope_of(fields.campaign_id, fields.contract_id, fields.area_id, Form::Third);
            written(&definition, titles, moments, content(conn, fields.kind, &scope, as_of).await?)?
        };
        Ok(Counted { definition, title, title_ar, as_of, known_at, document })
    })
    .await
}

/// The bytes of a document.
fn written<C: Serialize>(
    definition: &ReportDefinition,
    (title, title_ar): (&str, Option<&str>),
    (as_of, known_at): (NaiveDate, DateTime<Utc>),
    content: C,
) -> ApiResult<Vec<u8>> {
    let fields = &definition.fields;
    let document = Document {
        form: DOCUMENT_FORM,
        salt: random_token().map_err(ApiError::internal)?,
        audience: fields.audience,
        definition: fields.code.as_str(),
        version: definition.revision,
        kind: fields.kind,
        title,
        title_ar,
        as_of,
        known_at,
        content,
    };
    let mut document = serde_json::to_vec_pretty(&document).map_err(ApiError::internal)?;
    document.push(b'\n');
    Ok(document)
}

/// A title with the month it is of: `NORWAC medical staff: October 2015`. One that would be too long for a title stays as it is.
fn titled(title: &str, month: Option<NaiveDate>, locale: Locale) -> String {
    let named = month.map(|month| format!("{title}: {}", terms::month(locale, month)));
    named.filter(|named| named.chars().count() <= LONGEST_TITLE).unwrap_or_else(|| title.to_owned())
}

/// What a report of a form is of. A document that told what is on the road would tell everybody who is handed it when something left.
pub fn scope_of(campaign: Option<Uuid>, contract: Option<Uuid>, area: Option<Uuid>, form: Form) -> FigureScope {
    FigureScope { area, campaign, contract, arrived_only: form.arrived_only(), ..FigureScope::default() }
}

/// Counts what a report tells.
pub async fn content(conn: &mut Conn, kind: ReportKind, scope: &FigureScope, as_of: NaiveDate) -> ApiResult<Content> {
    let told = reports::figures(conn, scope, as_of, Locale::English).await?;
    let staffing = match kind {
        ReportKind::Staffing => Some(reports::staffing(conn, scope, as_of).await?),
        ReportKind::Figures | ReportKind::Reconciliation | ReportKind::Supplies | ReportKind::Spending => None,
    };
    let (mut reconciliation, mut sentences_ar, mut statements_ar) = (None, None, None);
    if let (ReportKind::Reconciliation, Some(campaign)) = (kind, scope.campaign) {
        let system = Actor::system();
        let (asked, arrived_only) = ((campaign, as_of), scope.arrived_only);
        let arabic = reports::reconcile(conn, &system, asked, arrived_only, Locale::Arabic).await?;
        statements_ar = Some(arabic.claims.iter().map(|claim| (claim.code.clone(), claim.statement.clone())).collect());
        sentences_ar = Some(arabic.claims.into_iter().map(|claim| (claim.code, claim.sentence)).collect());
        reconciliation = Some(reports::reconcile(conn, &system, asked, arrived_only, Locale::English).await?);
    }
    let places = reports::places(conn, scope, as_of).await?;
    // Beside codes, or of the few that one contract supports, a cell would place a facility that is known by name.
    let map = (kind != ReportKind::Staffing && scope.contract.is_none() && scope.area.is_none()).then_some(places.map);
    Ok(Content {
        explanation_ar: told.explanation(Locale::Arabic),
        figures: told.figures,
        staffing,
        reconciliation,
        sentences_ar,
        statements_ar,
        map,
        areas_ar: places.areas_ar,
        parts: parts(conn, kind, scope, as_of).await?,
    })
}

/// A definition is named in the body; what is not there is a fault of it.
fn as_fault(error: ApiError) -> ApiError {
    match error.code {
        Code::NotFound => ApiError::fault("/definition_id", Code::UnknownReference),
        Code::RecordDeleted => ApiError::fault("/definition_id", Code::RetiredReference),
        _ => error,
    }
}

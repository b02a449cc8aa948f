//! The document of a report: counted once, kept byte for byte.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    auth::{Actor, Scope},
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Locale},
    register::load_open,
    report_definitions::{ReportDefinition, ReportKind},
    reports::{self, CoarseMap, FigureScope, Figures, Reconciliation, Staffing},
    seals,
    types::KnownAt,
};

/// The form of a document. Those of before it told areas and claims in Arabic, and maps, bear the name of the envelope's form.
pub const DOCUMENT_FORM: &str = "siraj-document-2";

/// A report that has been counted: what will be stored of it.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The definition that was followed, at the version of the moment.
    pub definition: ReportDefinition,
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
}

#[derive(Serialize)]
struct Document<'a> {
    form: &'static str,
    definition: &'a str,
    version: i64,
    kind: ReportKind,
    title: &'a str,
    title_ar: Option<&'a str>,
    as_of: NaiveDate,
    known_at: DateTime<Utc>,
    #[serde(flatten)]
    content: Content,
}

/// Counts the report of a definition at the present moment, once nothing earlier is on its way; everything in it is read as it was known then.
pub async fn count(db: &Db, definition: Uuid, as_of: NaiveDate) -> ApiResult<Counted> {
    let known_at = seals::settled_moment(&mut *db.conn().await?).await?;
    db.read_at(Some(KnownAt(known_at)), async |conn| {
        let definition = load_open::<ReportDefinition>(conn, &Scope::Everything, definition).await.map_err(as_fault)?;
        let fields = &definition.fields;
        let scope = scope_of(fields.campaign_id, fields.contract_id, fields.area_id);
        let content = content(conn, fields.kind, &scope, as_of).await?;
        let document = Document {
            form: DOCUMENT_FORM,
            definition: fields.code.as_str(),
            version: definition.revision,
            kind: fields.kind,
            title: fields.title.as_str(),
            title_ar: fields.title_ar.as_ref().map(crate::types::Name::as_str),
            as_of,
            known_at,
            content,
        };
        let mut document = serde_json::to_vec_pretty(&document).map_err(ApiError::internal)?;
        document.push(b'\n');
        Ok(Counted { definition, as_of, known_at, document })
    })
    .await
}

/// What a report is of.
pub fn scope_of(campaign: Option<Uuid>, contract: Option<Uuid>, area: Option<Uuid>) -> FigureScope {
    FigureScope { area, campaign, contract, ..FigureScope::default() }
}

/// Counts what a report tells.
pub async fn content(conn: &mut Conn, kind: ReportKind, scope: &FigureScope, as_of: NaiveDate) -> ApiResult<Content> {
    let told = reports::figures(conn, scope, as_of, Locale::English).await?;
    let staffing = match kind {
        ReportKind::Staffing => Some(reports::staffing(conn, scope, as_of).await?),
        ReportKind::Figures | ReportKind::Reconciliation => None,
    };
    let (mut reconciliation, mut sentences_ar, mut statements_ar) = (None, None, None);
    if let (ReportKind::Reconciliation, Some(campaign)) = (kind, scope.campaign) {
        let system = Actor::system();
        let arabic = reports::reconcile(conn, &system, (campaign, as_of), Locale::Arabic).await?;
        statements_ar = Some(arabic.claims.iter().map(|claim| (claim.code.clone(), claim.statement.clone())).collect());
        sentences_ar = Some(arabic.claims.into_iter().map(|claim| (claim.code, claim.sentence)).collect());
        reconciliation = Some(reports::reconcile(conn, &system, (campaign, as_of), Locale::English).await?);
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

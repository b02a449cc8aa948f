//! `/api/v1/shared/reports`: what was published for the partner of a contract, read through a share grant that gives all its counts.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    files,
    paper::{self, PagesLanguage, Press},
    statement::Envelope,
    store,
    types::{Hex, PublishedReport, ReportName},
};
use crate::{
    auth::{Actor, Caller, ReadShared},
    db::{Conn, Db},
    error::{ApiResult, Faults, Problem},
    http::{IfNoneMatch, ListFilter, Listing, Mount, Page, PageQuery, Params},
    share_grants::ShareField,
    shared,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_shared_reports)
        .service(read_shared_report_document)
        .service(read_shared_report_envelope)
        .service(read_shared_report_pages)
        .service(read_shared_report_workbook);
}

/// What such a report tells; a grant that gives less does not give the report.
const COUNTS: [ShareField; 3] = [ShareField::FacilityCounts, ShareField::StaffCounts, ShareField::ShipmentCounts];
/// What a reading of a report is called in the log.
const OPERATION: &str = "reports";

/// A report that was published for the partner of a contract.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SharedReport {
    /// Its id.
    pub id: Uuid,
    /// Its number.
    pub number: Option<i64>,
    /// Its title in English.
    pub title: String,
    /// Its title in Arabic.
    pub title_ar: Option<String>,
    /// The end of the month that it is of.
    pub as_of: NaiveDate,
    /// When it was published.
    pub published_at: Option<DateTime<Utc>>,
    /// SHA-256 of its document.
    pub document_hash: Hex,
}

impl From<PublishedReport> for SharedReport {
    fn from(report: PublishedReport) -> Self {
        Self {
            id: report.id,
            number: report.number,
            title: report.title,
            title_ar: report.title_ar,
            as_of: report.as_of,
            published_at: report.published_at,
            document_hash: report.document_hash,
        }
    }
}

/// Through which grant reports are read.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SharedReportFilter {
    /// The grant; may be left out by whoever has one alone, as every key has.
    #[deserr(default)]
    pub grant_id: Option<Uuid>,
}

impl ListFilter for SharedReportFilter {
    const SORTS: &'static [&'static str] = &["as_of"];
}

/// Through which grant pages are read, and in which language.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SharedPagesQuery {
    /// The grant; may be left out by whoever has one alone, as every key has.
    #[deserr(default)]
    pub grant_id: Option<Uuid>,
    /// The language of the pages; that of `Accept-Language` when absent.
    #[deserr(default)]
    #[param(inline)]
    pub language: Option<PagesLanguage>,
}

/// A report that the caller may read, on record as read.
async fn read(conn: &mut Conn, actor: &Actor, grant: Option<Uuid>, name: ReportName) -> ApiResult<PublishedReport> {
    let grant = shared::grant_of_all(conn, actor, grant, &COUNTS).await?;
    let report = store::find_for_partner(conn, grant.contract_id, name).await?;
    shared::log(conn, actor, grant.id, OPERATION, 1).await?;
    Ok(report)
}

/// The reports that were published for the partner of the grant's contract.
#[utoipa::path(tag = "sharing", params(PageQuery, SharedReportFilter), responses((status = 200, description = "A page of reports", body = Page<SharedReport>)))]
#[get("/shared/reports")]
async fn list_shared_reports(
    caller: Caller<ReadShared>,
    listing: Listing<SharedReportFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let actor = (*caller).clone();
    listing
        .answer::<SharedReport>(async move |page, filter| {
            let mut conn = db.conn().await?;
            let grant = shared::grant_of_all(&mut conn, &actor, filter.grant_id, &COUNTS).await?;
            let rows = store::list_for_partner(&mut conn, grant.contract_id, page).await?;
            shared::log(&mut conn, &actor, grant.id, OPERATION, rows.len()).await?;
            Ok(rows.into_iter().map(SharedReport::from).collect())
        })
        .await
}

/// Download the document of a report for partners, byte for byte.
#[utoipa::path(tag = "sharing", params(("published_report_id" = String, Path, description = "The report's id or number"), SharedReportFilter), responses((status = 200, description = "The document; its ETag is its SHA-256", body = String, content_type = "application/json"), (status = 304, description = "The reader holds it already (`If-None-Match`)")))]
#[get("/shared/reports/{published_report_id}/document")]
async fn read_shared_report_document(
    caller: Caller<ReadShared>,
    name: ReportName,
    Params(query): Params<SharedReportFilter>,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let mut conn = db.conn().await?;
    let report = read(&mut conn, &caller, query.grant_id, name).await?;
    files::document(&mut conn, &report, &held).await
}

/// Download a report for partners with its signature: one file that `siraj verify-report` checks without any service.
#[utoipa::path(tag = "sharing", params(("published_report_id" = String, Path, description = "The report's id or number"), SharedReportFilter), responses((status = 200, description = "The envelope", body = Envelope)))]
#[get("/shared/reports/{published_report_id}/envelope")]
async fn read_shared_report_envelope(
    caller: Caller<ReadShared>,
    name: ReportName,
    Params(query): Params<SharedReportFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let mut conn = db.conn().await?;
    let report = read(&mut conn, &caller, query.grant_id, name).await?;
    files::envelope(&mut conn, &report).await
}

/// Download a report for partners as pages in Arabic or English; its envelope is attached within the file.
#[utoipa::path(tag = "sharing", params(("published_report_id" = String, Path, description = "The report's id or number"), SharedPagesQuery), responses((status = 200, description = "The pages (PDF/A-3); the same report gives the same bytes", body = Vec<u8>, content_type = "application/pdf"), (status = 304, description = "The reader holds them already (`If-None-Match`)"), (status = 503, description = "This service sets no pages, or the database cannot be reached", body = Problem, content_type = "application/problem+json")))]
#[get("/shared/reports/{published_report_id}/pages")]
async fn read_shared_report_pages(
    caller: Caller<ReadShared>,
    name: ReportName,
    Params(query): Params<SharedPagesQuery>,
    held: IfNoneMatch,
    request: HttpRequest,
    press: Data<Press>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let language = files::language(query.language, &request);
    let turn = paper::turn().await?;
    let report = read(&mut *db.conn().await?, &caller, query.grant_id, name).await?;
    files::pages((turn, press), &db, &report, language, &held).await
}

/// Download a report for partners as a workbook (XLSX) made from its document.
#[utoipa::path(tag = "sharing", params(("published_report_id" = String, Path, description = "The report's id or number"), SharedReportFilter), responses((status = 200, description = "The workbook; the same report gives the same bytes", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (status = 304, description = "The reader holds it already (`If-None-Match`)")))]
#[get("/shared/reports/{published_report_id}/workbook")]
async fn read_shared_report_workbook(
    caller: Caller<ReadShared>,
    name: ReportName,
    Params(query): Params<SharedReportFilter>,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let report = read(&mut *db.conn().await?, &caller, query.grant_id, name).await?;
    files::workbook(&db, &report, &held).await
}

//! `/api/v1/published-reports`.

use actix_web::{HttpRequest, HttpResponse, get, post, web::Data};

use super::{
    actions,
    answers::Restatement,
    files,
    late::{self, LateReport, LateReportFilter},
    paper::{self, PagesQuery, Press},
    restate::restate,
    statement::Envelope,
    store,
    types::{Cancellation, NewReportDraft, Publication, PublishedReport, PublishedReportFilter, ReportName},
};
use crate::{
    audit::{self, HistoryEntry, HistoryFilter},
    auth::{Actor, Caller, EditReports, ReadReportHistory, ReadReports},
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Problem},
    http::{Answer, Body, IdempotencyKey, IfNoneMatch, Listing, Mount, Page, PageQuery, Params, locale},
    keys::Keys,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_published_reports)
        .service(list_late_reports)
        .service(draft_published_report)
        .service(find_published_report)
        .service(list_published_report_history)
        .service(recompute_published_report)
        .service(publish_published_report)
        .service(cancel_published_report)
        .service(read_report_document)
        .service(read_report_envelope)
        .service(read_report_pages)
        .service(read_report_workbook)
        .service(restate_published_report);
}

/// List reports: drafts, late ones, published ones.
#[utoipa::path(tag = "publishing", params(PageQuery, PublishedReportFilter), responses((status = 200, description = "A page of reports", body = Page<PublishedReport>)))]
#[get("/published-reports")]
async fn list_published_reports(
    caller: Caller<ReadReports>,
    listing: Listing<PublishedReportFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let role = caller.role;
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, role, filter, page).await).await
}

/// List the months of definitions that are late: their due day is over, and no report of them is published.
#[utoipa::path(tag = "publishing", params(PageQuery, LateReportFilter), responses((status = 200, description = "A page of months, drafted or not; those that were cancelled are none", body = Page<LateReport>)))]
#[get("/late-reports")]
async fn list_late_reports(
    caller: Caller<ReadReports>,
    listing: Listing<LateReportFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let role = caller.role;
    listing.answer(async move |page, filter| late::list(&mut *db.conn().await?, role, filter, page).await).await
}

/// Draft a report: it is counted once nothing earlier is still being written, and waits for a second person.
#[utoipa::path(tag = "publishing", request_body = NewReportDraft, responses((status = 201, description = "The draft", body = PublishedReport)))]
#[post("/published-reports")]
async fn draft_published_report(
    caller: Caller<EditReports>,
    key: IdempotencyKey,
    body: Body<NewReportDraft>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::draft(&db, &caller, &key, &body).await
}

/// Read what is known of a report, by its id or its number.
#[utoipa::path(tag = "publishing", params(("published_report_id" = String, Path, description = "The report's id or number")), responses((status = 200, description = "The report", body = PublishedReport)))]
#[get("/published-reports/{published_report_id}")]
async fn find_published_report(
    caller: Caller<ReadReports>,
    name: ReportName,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let report = found(&mut *db.conn().await?, &caller, name).await?;
    Ok(held.answer(report.revision, &report))
}

/// Who drafted, published or cancelled a report.
#[utoipa::path(tag = "publishing", params(("published_report_id" = String, Path, description = "The report's id or number"), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/published-reports/{published_report_id}/history")]
async fn list_published_report_history(
    _caller: Caller<ReadReportHistory>,
    name: ReportName,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let id = store::find(&mut *db.conn().await?, name).await?.id;
    listing.answer::<HistoryEntry>(async move |page, _| audit::history(&mut *db.conn().await?, None, id, page).await).await
}

/// Count a draft again, by its definition as it is now. Whoever does is its drafter.
#[utoipa::path(tag = "publishing", params(("published_report_id" = String, Path, description = "The report's id"), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), responses((status = 200, description = "The draft, counted again", body = PublishedReport)))]
#[post("/published-reports/{published_report_id}/recomputation")]
async fn recompute_published_report(
    caller: Caller<EditReports>,
    name: ReportName,
    key: IdempotencyKey,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::recompute(&db, &caller, name, &key).await
}

/// Publish what another has drafted: it is numbered, signed, and never changes again.
#[utoipa::path(tag = "publishing", params(("published_report_id" = String, Path, description = "The report's id"), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = Publication, responses((status = 200, description = "The report, published", body = PublishedReport), (status = 412, description = "The draft has been counted again since it was read")))]
#[post("/published-reports/{published_report_id}/publication")]
async fn publish_published_report(
    caller: Caller<EditReports>,
    name: ReportName,
    key: IdempotencyKey,
    body: Body<Publication>,
    keys: Data<Keys>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::publish(&db, &keys, &caller, name, &key, &body).await
}

/// Cancel a draft, with a reason; what is published stays.
#[utoipa::path(tag = "publishing", params(("published_report_id" = String, Path, description = "The report's id"), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = Cancellation, responses((status = 200, description = "The report, cancelled", body = PublishedReport)))]
#[post("/published-reports/{published_report_id}/cancellation")]
async fn cancel_published_report(
    caller: Caller<EditReports>,
    name: ReportName,
    key: IdempotencyKey,
    body: Body<Cancellation>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::cancel(&db, &caller, name, &key, &body).await
}

/// Download the document of a report, byte for byte as it was counted.
#[utoipa::path(tag = "publishing", params(("published_report_id" = String, Path, description = "The report's id or number")), responses((status = 200, description = "The document; its ETag is its SHA-256", body = String, content_type = "application/json"), (status = 304, description = "The reader holds it already (`If-None-Match`)")))]
#[get("/published-reports/{published_report_id}/document")]
async fn read_report_document(
    caller: Caller<ReadReports>,
    name: ReportName,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let mut conn = db.conn().await?;
    let report = found(&mut conn, &caller, name).await?;
    files::document(&mut conn, &report, &held).await
}

/// Download a published report with its signature: one file that `siraj verify-report` checks without any service.
#[utoipa::path(tag = "publishing", params(("published_report_id" = String, Path, description = "The report's id or number")), responses((status = 200, description = "The envelope", body = Envelope), (status = 409, description = "The report has not been published", body = Problem, content_type = "application/problem+json")))]
#[get("/published-reports/{published_report_id}/envelope")]
async fn read_report_envelope(caller: Caller<ReadReports>, name: ReportName, db: Data<Db>) -> ApiResult<HttpResponse> {
    let mut conn = db.conn().await?;
    let report = found(&mut conn, &caller, name).await?;
    files::envelope(&mut conn, &report).await
}

/// A report that the caller may read; others are not there.
async fn found(conn: &mut Conn, caller: &Actor, name: ReportName) -> ApiResult<PublishedReport> {
    let report = store::find(conn, name).await?;
    if report.kind.is_for(caller.role) { Ok(report) } else { Err(ApiError::new(Code::NotFound)) }
}

/// Download a published report as pages in Arabic or English, with its charts and a coarse map; its envelope is attached within the file.
#[utoipa::path(tag = "publishing", params(("published_report_id" = String, Path, description = "The report's id or number"), PagesQuery), responses((status = 200, description = "The pages (PDF/A-3); the same report gives the same bytes", body = Vec<u8>, content_type = "application/pdf"), (status = 304, description = "The reader holds them already (`If-None-Match`)"), (status = 409, description = "The report has not been published", body = Problem, content_type = "application/problem+json"), (status = 503, description = "This service sets no pages, or the database cannot be reached", body = Problem, content_type = "application/problem+json")))]
#[get("/published-reports/{published_report_id}/pages")]
async fn read_report_pages(
    caller: Caller<ReadReports>,
    name: ReportName,
    Params(query): Params<PagesQuery>,
    held: IfNoneMatch,
    request: HttpRequest,
    press: Data<Press>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let language = files::language(query.language, &request);
    let turn = paper::turn().await?;
    let report = found(&mut *db.conn().await?, &caller, name).await?;
    files::pages((turn, press), &db, &report, language, &held).await
}

/// Download a published report as a workbook (XLSX) made from its document; every sheet has the tags of HXL below its headings.
#[utoipa::path(tag = "publishing", params(("published_report_id" = String, Path, description = "The report's id or number")), responses((status = 200, description = "The workbook; the same report gives the same bytes", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (status = 304, description = "The reader holds it already (`If-None-Match`)"), (status = 409, description = "The report has not been published", body = Problem, content_type = "application/problem+json")))]
#[get("/published-reports/{published_report_id}/workbook")]
async fn read_report_workbook(
    caller: Caller<ReadReports>,
    name: ReportName,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let report = found(&mut *db.conn().await?, &caller, name).await?;
    files::workbook(&db, &report, &held).await
}

/// Hold a published report against the present: each figure that differs, the rows that explain it, and who changed them, when. One for a partner
/// is of a month that was frozen, and is not restated.
#[utoipa::path(tag = "publishing", params(("published_report_id" = String, Path, description = "The report's id or number")), responses((status = 200, description = "What corrections would change of it", body = Restatement), (status = 409, description = "The report has not been published, or is for a partner", body = Problem, content_type = "application/problem+json")))]
#[get("/published-reports/{published_report_id}/restatement")]
async fn restate_published_report(
    caller: Caller<ReadReports>,
    name: ReportName,
    request: HttpRequest,
    db: Data<Db>,
) -> ApiResult<Answer> {
    let (report, document) = {
        let mut conn = db.conn().await?;
        let report = found(&mut conn, &caller, name).await?;
        // A draft says nothing yet that could be restated.
        if report.number.is_none() {
            return Err(ApiError::new(Code::NotPublished));
        }
        let document = store::document(&mut conn, report.id).await?;
        (report, document)
    };
    let told = restate(&db, &caller, &report, &document, locale(request.headers())).await?;
    Answer::plain(&told)
}

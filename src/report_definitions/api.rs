//! `/api/v1/report-definitions`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    store,
    types::{NewReportDefinition, ReportDefinition, ReportDefinitionFilter, ReportDefinitionPatch},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditReports, ReadReportHistory, ReadReports},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_report_definitions)
        .service(create_report_definition)
        .service(find_report_definition)
        .service(update_report_definition)
        .service(retire_report_definition)
        .service(list_report_definition_history);
}

/// List report definitions.
#[utoipa::path(tag = "publishing", params(PageQuery, ReportDefinitionFilter), responses((status = 200, description = "A page of report definitions", body = Page<ReportDefinition>)))]
#[get("/report-definitions")]
async fn list_report_definitions(
    _caller: Caller<ReadReports>,
    listing: Listing<ReportDefinitionFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing
        .answer(async move |page, filter| db.read_at(filter.known_at, async |conn| store::list(conn, filter, page).await).await)
        .await
}

/// Define a report.
#[utoipa::path(tag = "publishing", request_body = NewReportDefinition, responses((status = 201, description = "The new definition", body = ReportDefinition)))]
#[post("/report-definitions")]
async fn create_report_definition(
    caller: Caller<EditReports>,
    key: IdempotencyKey,
    body: Body<NewReportDefinition>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<ReportDefinition>(&db, &caller, &key, &body).await
}

/// Read a report definition.
#[utoipa::path(tag = "publishing", params(("report_definition_id" = uuid::Uuid, Path)), responses((status = 200, description = "The definition", body = ReportDefinition)))]
#[get("/report-definitions/{report_definition_id}")]
async fn find_report_definition(
    caller: Caller<ReadReports>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::find::<ReportDefinition>(&db, &caller, id, &held).await
}

/// Edit a report definition: a new version; drafts and reports say which one they followed.
#[utoipa::path(tag = "publishing", params(("report_definition_id" = uuid::Uuid, Path)), request_body(content = ReportDefinitionPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The definition as it is now", body = ReportDefinition)))]
#[patch("/report-definitions/{report_definition_id}")]
async fn update_report_definition(
    caller: Caller<EditReports>,
    id: RecordId,
    expected: IfMatch,
    body: Body<ReportDefinitionPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<ReportDefinition>(&db, &caller, id, expected, &body).await
}

/// Retire a report definition: it stays on record, and nothing is drafted by it any longer.
#[utoipa::path(tag = "publishing", params(("report_definition_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired definition", body = ReportDefinition)))]
#[delete("/report-definitions/{report_definition_id}")]
async fn retire_report_definition(
    caller: Caller<EditReports>,
    id: RecordId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::retire::<ReportDefinition>(&db, &caller, id, expected).await
}

/// Who changed a report definition, and how.
#[utoipa::path(tag = "publishing", params(("report_definition_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/report-definitions/{report_definition_id}/history")]
async fn list_report_definition_history(
    caller: Caller<ReadReportHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<ReportDefinition>(db, &caller, id, listing).await
}

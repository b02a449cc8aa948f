//! `/api/v1/equipment-units` and `/api/v1/repair-jobs`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    actions, store,
    types::{
        EquipmentUnit, EquipmentUnitFilter, EquipmentUnitPatch, NewEquipmentUnit, NewRepairJob, PartsReversal,
        RepairCancellation, RepairJob, RepairJobFilter, RepairJobPatch, RepairJobReport, RepairJobSheet, RepairParts,
        RepairResult, RepairReturn, RepairStart, UnitEnd,
    },
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, KeepEquipment, ReadHistory, ReadStock, ReadStockDocuments, ReportFaults},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register::{self, Record},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_equipment_units)
        .service(create_equipment_unit)
        .service(find_equipment_unit)
        .service(update_equipment_unit)
        .service(retire_equipment_unit)
        .service(list_equipment_unit_history)
        .service(end_equipment_unit)
        .service(list_repair_jobs)
        .service(create_repair_job)
        .service(find_repair_job)
        .service(update_repair_job)
        .service(list_repair_job_history)
        .service(start_repair_job)
        .service(use_repair_parts)
        .service(reverse_repair_parts)
        .service(finish_repair_job)
        .service(return_repaired_unit)
        .service(cancel_repair_job);
}

/// List units of equipment, each by its serial number.
#[utoipa::path(tag = "equipment", params(PageQuery, EquipmentUnitFilter), responses((status = 200, description = "A page of units", body = Page<EquipmentUnit>)))]
#[get("/equipment-units")]
async fn list_equipment_units(
    caller: Caller<ReadStock>,
    listing: Listing<EquipmentUnitFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| store::list_units(&mut *db.conn().await?, &scope, filter, page).await).await
}

/// Add a unit of equipment.
#[utoipa::path(tag = "equipment", request_body = NewEquipmentUnit, responses((status = 201, description = "The new unit", body = EquipmentUnit)))]
#[post("/equipment-units")]
async fn create_equipment_unit(
    caller: Caller<KeepEquipment>,
    key: IdempotencyKey,
    body: Body<NewEquipmentUnit>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<EquipmentUnit>(&db, &caller, &key, &body).await
}

/// Read a unit of equipment.
#[utoipa::path(tag = "equipment", params(("equipment_unit_id" = uuid::Uuid, Path)), responses((status = 200, description = "The unit", body = EquipmentUnit)))]
#[get("/equipment-units/{equipment_unit_id}")]
async fn find_equipment_unit(
    caller: Caller<ReadStock>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::find::<EquipmentUnit>(&db, &caller, id, &held).await
}

/// Edit a unit of equipment; where it is, above all.
#[utoipa::path(tag = "equipment", params(("equipment_unit_id" = uuid::Uuid, Path)), request_body(content = EquipmentUnitPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The unit as it is now", body = EquipmentUnit)))]
#[patch("/equipment-units/{equipment_unit_id}")]
async fn update_equipment_unit(
    caller: Caller<KeepEquipment>,
    id: RecordId,
    expected: IfMatch,
    body: Body<EquipmentUnitPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<EquipmentUnit>(&db, &caller, id, expected, &body).await
}

/// Retire a unit that was recorded by mistake; one that came to its end has an end.
#[utoipa::path(tag = "equipment", params(("equipment_unit_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired unit", body = EquipmentUnit)))]
#[delete("/equipment-units/{equipment_unit_id}")]
async fn retire_equipment_unit(
    caller: Caller<KeepEquipment>,
    id: RecordId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::retire::<EquipmentUnit>(&db, &caller, id, expected).await
}

/// Who changed a unit of equipment, and how.
#[utoipa::path(tag = "equipment", params(("equipment_unit_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/equipment-units/{equipment_unit_id}/history")]
async fn list_equipment_unit_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<EquipmentUnit>(db, &caller, id, listing).await
}

/// Write a unit off, or as lost.
#[utoipa::path(tag = "equipment", params(("equipment_unit_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = UnitEnd, responses((status = 200, description = "The unit, at its end", body = EquipmentUnit)))]
#[post("/equipment-units/{equipment_unit_id}/end")]
async fn end_equipment_unit(
    caller: Caller<KeepEquipment>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<UnitEnd>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::end(&db, &caller, id.0, &key, &body).await
}

/// List repair jobs, with the days the unit could not be used.
#[utoipa::path(tag = "equipment", params(PageQuery, RepairJobFilter), responses((status = 200, description = "A page of repair jobs", body = Page<RepairJobReport>)))]
#[get("/repair-jobs")]
async fn list_repair_jobs(
    caller: Caller<ReadStockDocuments>,
    listing: Listing<RepairJobFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| store::list_jobs(&mut *db.conn().await?, &scope, filter, page).await).await
}

/// Report a fault: a unit goes to a workshop.
#[utoipa::path(tag = "equipment", request_body = NewRepairJob, responses((status = 201, description = "The new repair job", body = RepairJob)))]
#[post("/repair-jobs")]
async fn create_repair_job(
    caller: Caller<ReportFaults>,
    key: IdempotencyKey,
    body: Body<NewRepairJob>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<RepairJob>(&db, &caller, &key, &body).await
}

/// Read a repair job, with the parts it used up.
#[utoipa::path(tag = "equipment", params(("repair_job_id" = uuid::Uuid, Path)), responses((status = 200, description = "The repair job", body = RepairJobSheet)))]
#[get("/repair-jobs/{repair_job_id}")]
async fn find_repair_job(caller: Caller<ReadStockDocuments>, id: RecordId, db: Data<Db>) -> ApiResult<Answer> {
    let sheet = store::sheet(&mut *db.conn().await?, &caller.scope, id.0).await?;
    Answer::record(sheet.report.job.revision(), &sheet)
}

/// Edit a repair job that has not begun.
#[utoipa::path(tag = "equipment", params(("repair_job_id" = uuid::Uuid, Path)), request_body(content = RepairJobPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The repair job as it is now", body = RepairJob)))]
#[patch("/repair-jobs/{repair_job_id}")]
async fn update_repair_job(
    caller: Caller<ReportFaults>,
    id: RecordId,
    expected: IfMatch,
    body: Body<RepairJobPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::update(conn, &caller, id.0, expected, &body).await).await
}

/// Who changed a repair job, and how.
#[utoipa::path(tag = "equipment", params(("repair_job_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/repair-jobs/{repair_job_id}/history")]
async fn list_repair_job_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<RepairJob>(db, &caller, id, listing).await
}

/// Begin a repair.
#[utoipa::path(tag = "equipment", params(("repair_job_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = RepairStart, responses((status = 200, description = "The repair job, begun", body = RepairJobSheet)))]
#[post("/repair-jobs/{repair_job_id}/start")]
async fn start_repair_job(
    caller: Caller<KeepEquipment>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<RepairStart>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::start(&db, &caller, id.0, &key, &body).await
}

/// Use up spare parts: they leave the workshop.
#[utoipa::path(tag = "equipment", params(("repair_job_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = RepairParts, responses((status = 200, description = "The repair job, with its parts", body = RepairJobSheet)))]
#[post("/repair-jobs/{repair_job_id}/parts")]
async fn use_repair_parts(
    caller: Caller<KeepEquipment>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<RepairParts>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::use_parts(&db, &caller, id.0, &key, &body).await
}

/// Turn round parts that were written by mistake.
#[utoipa::path(tag = "equipment", params(("repair_job_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = PartsReversal, responses((status = 200, description = "The repair job, with the parts that stand", body = RepairJobSheet)))]
#[post("/repair-jobs/{repair_job_id}/parts-reversals")]
async fn reverse_repair_parts(
    caller: Caller<KeepEquipment>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<PartsReversal>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::reverse_parts(&db, &caller, id.0, &key, &body).await
}

/// Finish a repair: repaired, or beyond it. What is beyond repair is written off.
#[utoipa::path(tag = "equipment", params(("repair_job_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = RepairResult, responses((status = 200, description = "The repair job, finished", body = RepairJobSheet)))]
#[post("/repair-jobs/{repair_job_id}/completion")]
async fn finish_repair_job(
    caller: Caller<KeepEquipment>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<RepairResult>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::finish(&db, &caller, id.0, &key, &body).await
}

/// Give the repaired unit back: from that day it can be used.
#[utoipa::path(tag = "equipment", params(("repair_job_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = RepairReturn, responses((status = 200, description = "The repair job, its unit returned", body = RepairJobSheet)))]
#[post("/repair-jobs/{repair_job_id}/return")]
async fn return_repaired_unit(
    caller: Caller<KeepEquipment>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<RepairReturn>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::give_back(&db, &caller, id.0, &key, &body).await
}

/// Cancel a job that has not begun.
#[utoipa::path(tag = "equipment", params(("repair_job_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = RepairCancellation, responses((status = 200, description = "The repair job, cancelled", body = RepairJobSheet)))]
#[post("/repair-jobs/{repair_job_id}/cancellation")]
async fn cancel_repair_job(
    caller: Caller<KeepEquipment>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<RepairCancellation>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::cancel(&db, &caller, id.0, &key, &body).await
}

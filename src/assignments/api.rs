//! `/api/v1/assignments`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    store,
    types::{Assignment, AssignmentFilter, AssignmentPatch, NewAssignment},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditRegister, ReadHistory, ReadRegister},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_assignments)
        .service(create_assignment)
        .service(find_assignment)
        .service(update_assignment)
        .service(retire_assignment)
        .service(list_assignment_history);
}

/// List assignments.
#[utoipa::path(tag = "assignments", params(PageQuery, AssignmentFilter), responses((status = 200, description = "A page of assignments", body = Page<Assignment>)))]
#[get("/assignments")]
async fn list_assignments(
    caller: Caller<ReadRegister>,
    listing: Listing<AssignmentFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing
        .answer(async move |page, filter| {
            db.read_at(filter.known_at, async |conn| store::list(conn, &scope, filter, page).await).await
        })
        .await
}

/// Give a person a post.
#[utoipa::path(tag = "assignments", request_body = NewAssignment, responses((status = 201, description = "The new assignment", body = Assignment)))]
#[post("/assignments")]
async fn create_assignment(
    caller: Caller<EditRegister>,
    key: IdempotencyKey,
    body: Body<NewAssignment>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Assignment>(&db, &caller, &key, &body).await
}

/// Read an assignment.
#[utoipa::path(tag = "assignments", params(("assignment_id" = uuid::Uuid, Path)), responses((status = 200, description = "The assignment", body = Assignment)))]
#[get("/assignments/{assignment_id}")]
async fn find_assignment(caller: Caller<ReadRegister>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<Assignment>(&db, &caller, id, &held).await
}

/// Edit an assignment.
#[utoipa::path(tag = "assignments", params(("assignment_id" = uuid::Uuid, Path)), request_body(content = AssignmentPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The assignment as it is now", body = Assignment)))]
#[patch("/assignments/{assignment_id}")]
async fn update_assignment(
    caller: Caller<EditRegister>,
    id: RecordId,
    expected: IfMatch,
    body: Body<AssignmentPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<Assignment>(&db, &caller, id, expected, &body).await
}

/// Retire an assignment: it stays on record and the post is free again.
#[utoipa::path(tag = "assignments", params(("assignment_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired assignment", body = Assignment)))]
#[delete("/assignments/{assignment_id}")]
async fn retire_assignment(caller: Caller<EditRegister>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<Assignment>(&db, &caller, id, expected).await
}

/// Who changed an assignment, and how.
#[utoipa::path(tag = "assignments", params(("assignment_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/assignments/{assignment_id}/history")]
async fn list_assignment_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Assignment>(db, &caller, id, listing).await
}

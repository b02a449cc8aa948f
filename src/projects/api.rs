//! `/api/v1/projects`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    store,
    types::{NewProject, Project, ProjectFilter, ProjectPatch},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditContracts, ReadContracts, ReadHistory},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_projects)
        .service(create_project)
        .service(find_project)
        .service(update_project)
        .service(retire_project)
        .service(list_project_history);
}

/// List projects.
#[utoipa::path(tag = "projects", params(PageQuery, ProjectFilter), responses((status = 200, description = "A page of projects", body = Page<Project>)))]
#[get("/projects")]
async fn list_projects(caller: Caller<ReadContracts>, listing: Listing<ProjectFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    caller.ensure_may_look_back(listing.filter.known_at)?;
    let scope = caller.scope.clone();
    listing
        .answer(async move |page, filter| {
            db.read_at(filter.known_at, async |conn| store::list(conn, &scope, filter, page).await).await
        })
        .await
}

/// Add a project.
#[utoipa::path(tag = "projects", request_body = NewProject, responses((status = 201, description = "The new project", body = Project)))]
#[post("/projects")]
async fn create_project(
    caller: Caller<EditContracts>,
    key: IdempotencyKey,
    body: Body<NewProject>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Project>(&db, &caller, &key, &body).await
}

/// Read a project.
#[utoipa::path(tag = "projects", params(("project_id" = uuid::Uuid, Path)), responses((status = 200, description = "The project", body = Project)))]
#[get("/projects/{project_id}")]
async fn find_project(caller: Caller<ReadContracts>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<Project>(&db, &caller, id, &held).await
}

/// Edit a project.
#[utoipa::path(tag = "projects", params(("project_id" = uuid::Uuid, Path)), request_body(content = ProjectPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The project as it is now", body = Project)))]
#[patch("/projects/{project_id}")]
async fn update_project(
    caller: Caller<EditContracts>,
    id: RecordId,
    expected: IfMatch,
    body: Body<ProjectPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<Project>(&db, &caller, id, expected, &body).await
}

/// Retire a project: it stays on record and supports nothing any longer.
#[utoipa::path(tag = "projects", params(("project_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired project", body = Project)))]
#[delete("/projects/{project_id}")]
async fn retire_project(caller: Caller<EditContracts>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<Project>(&db, &caller, id, expected).await
}

/// Who changed a project, and how.
#[utoipa::path(tag = "projects", params(("project_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/projects/{project_id}/history")]
async fn list_project_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Project>(db, &caller, id, listing).await
}

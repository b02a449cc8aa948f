//! `/api/v1/organizations`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    store,
    types::{NewOrganization, Organization, OrganizationFilter, OrganizationPatch},
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
        .service(list_organizations)
        .service(create_organization)
        .service(find_organization)
        .service(update_organization)
        .service(retire_organization)
        .service(list_organization_history);
}

/// List organisations.
#[utoipa::path(tag = "organizations", params(PageQuery, OrganizationFilter), responses((status = 200, description = "A page of organisations", body = Page<Organization>)))]
#[get("/organizations")]
async fn list_organizations(
    caller: Caller<ReadContracts>,
    listing: Listing<OrganizationFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    caller.ensure_may_look_back(listing.filter.known_at)?;
    let scope = caller.scope.clone();
    listing
        .answer(async move |page, filter| {
            db.read_at(filter.known_at, async |conn| store::list(conn, &scope, filter, page).await).await
        })
        .await
}

/// Add an organisation.
#[utoipa::path(tag = "organizations", request_body = NewOrganization, responses((status = 201, description = "The new organisation", body = Organization)))]
#[post("/organizations")]
async fn create_organization(
    caller: Caller<EditContracts>,
    key: IdempotencyKey,
    body: Body<NewOrganization>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Organization>(&db, &caller, &key, &body).await
}

/// Read an organisation.
#[utoipa::path(tag = "organizations", params(("organization_id" = uuid::Uuid, Path)), responses((status = 200, description = "The organisation", body = Organization)))]
#[get("/organizations/{organization_id}")]
async fn find_organization(
    caller: Caller<ReadContracts>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::find::<Organization>(&db, &caller, id, &held).await
}

/// Edit an organisation.
#[utoipa::path(tag = "organizations", params(("organization_id" = uuid::Uuid, Path)), request_body(content = OrganizationPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The organisation as it is now", body = Organization)))]
#[patch("/organizations/{organization_id}")]
async fn update_organization(
    caller: Caller<EditContracts>,
    id: RecordId,
    expected: IfMatch,
    body: Body<OrganizationPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<Organization>(&db, &caller, id, expected, &body).await
}

/// Retire an organisation: it stays on record, and its spellings stay its own.
#[utoipa::path(tag = "organizations", params(("organization_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired organisation", body = Organization)))]
#[delete("/organizations/{organization_id}")]
async fn retire_organization(caller: Caller<EditContracts>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<Organization>(&db, &caller, id, expected).await
}

/// Who changed an organisation, and how.
#[utoipa::path(tag = "organizations", params(("organization_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/organizations/{organization_id}/history")]
async fn list_organization_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Organization>(db, &caller, id, listing).await
}

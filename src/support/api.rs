//! `/api/v1/{contracts,projects,campaigns}/{id}/facilities`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    actions,
    partners::{self, PartnerSupport},
    store::Supporter,
    types::{NewSupport, Support, SupportFilter, SupportPatch},
};
use crate::{
    auth::{Actor, Caller, EditContracts, ReadContracts, Scope},
    campaigns::Campaign,
    contracts::Contract,
    db::{Conn, Db},
    error::ApiResult,
    http::{Answer, Body, ChildId, IdempotencyKey, IfMatch, Listing, Mount, Page, PageQuery, RecordId, once},
    projects::Project,
    register::load_any,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_contract_facilities)
        .service(create_contract_facility)
        .service(update_contract_facility)
        .service(retire_contract_facility)
        .service(list_project_facilities)
        .service(create_project_facility)
        .service(update_project_facility)
        .service(retire_project_facility)
        .service(list_campaign_facilities)
        .service(create_campaign_facility)
        .service(update_campaign_facility)
        .service(retire_campaign_facility);
}

async fn list<P: Supporter + 'static>(
    db: Data<Db>,
    actor: &Actor,
    RecordId(parent): RecordId,
    listing: Listing<SupportFilter>,
) -> ApiResult<HttpResponse> {
    let supporter = load_any::<P>(&mut *db.conn().await?, &actor.scope, parent).await?;
    actor.ensure_may_look_back(listing.filter.known_at)?;
    let scope = actor.scope.clone();
    if matches!(scope, Scope::Organization(_)) {
        partners::judge(&listing)?;
        let begins_on = supporter.begins_on();
        return listing
            .answer::<PartnerSupport>(async move |page, filter| {
                let rows = P::supports(&mut *db.conn().await?, &scope, parent, filter, &partners::whole(page)).await?;
                partners::page(rows, begins_on, page)
            })
            .await;
    }
    listing
        .answer::<Support>(async move |page, filter| {
            let read = async |conn: &mut Conn| P::supports(conn, &scope, parent, filter, page).await;
            db.read_at(filter.known_at, read).await
        })
        .await
}

/// List the facilities that a contract supports.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path), PageQuery, SupportFilter), responses((status = 200, description = "A page of supports", body = Page<Support>)))]
#[get("/contracts/{contract_id}/facilities")]
async fn list_contract_facilities(
    caller: Caller<ReadContracts>,
    id: RecordId,
    listing: Listing<SupportFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    list::<Contract>(db, &caller, id, listing).await
}

/// Add a facility to what a contract supports.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path)), request_body = NewSupport, responses((status = 201, description = "The new support", body = Support)))]
#[post("/contracts/{contract_id}/facilities")]
async fn create_contract_facility(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    key: IdempotencyKey,
    body: Body<NewSupport>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    once(&db, caller.id, &key, &body.digest, async |conn| actions::add::<Contract>(conn, &caller, id, &body.value).await).await
}

/// Edit the days of a contract's support of a facility.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path), ("support_id" = uuid::Uuid, Path)), request_body(content = SupportPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The support as it is now", body = Support)))]
#[patch("/contracts/{contract_id}/facilities/{support_id}")]
async fn update_contract_facility(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    ChildId(support): ChildId,
    expected: IfMatch,
    body: Body<SupportPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::change::<Contract>(conn, &caller, (id, support), expected, &body.value).await).await
}

/// Retire a contract's support of a facility: it stays on record and counts no longer.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path), ("support_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired support", body = Support)))]
#[delete("/contracts/{contract_id}/facilities/{support_id}")]
async fn retire_contract_facility(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    ChildId(support): ChildId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::retire::<Contract>(conn, &caller, (id, support), expected).await).await
}

/// List the facilities that a project supports.
#[utoipa::path(tag = "projects", params(("project_id" = uuid::Uuid, Path), PageQuery, SupportFilter), responses((status = 200, description = "A page of supports", body = Page<Support>)))]
#[get("/projects/{project_id}/facilities")]
async fn list_project_facilities(
    caller: Caller<ReadContracts>,
    id: RecordId,
    listing: Listing<SupportFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    list::<Project>(db, &caller, id, listing).await
}

/// Add a facility to what a project supports.
#[utoipa::path(tag = "projects", params(("project_id" = uuid::Uuid, Path)), request_body = NewSupport, responses((status = 201, description = "The new support", body = Support)))]
#[post("/projects/{project_id}/facilities")]
async fn create_project_facility(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    key: IdempotencyKey,
    body: Body<NewSupport>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    once(&db, caller.id, &key, &body.digest, async |conn| actions::add::<Project>(conn, &caller, id, &body.value).await).await
}

/// Edit the days of a project's support of a facility.
#[utoipa::path(tag = "projects", params(("project_id" = uuid::Uuid, Path), ("support_id" = uuid::Uuid, Path)), request_body(content = SupportPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The support as it is now", body = Support)))]
#[patch("/projects/{project_id}/facilities/{support_id}")]
async fn update_project_facility(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    ChildId(support): ChildId,
    expected: IfMatch,
    body: Body<SupportPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::change::<Project>(conn, &caller, (id, support), expected, &body.value).await).await
}

/// Retire a project's support of a facility: it stays on record and counts no longer.
#[utoipa::path(tag = "projects", params(("project_id" = uuid::Uuid, Path), ("support_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired support", body = Support)))]
#[delete("/projects/{project_id}/facilities/{support_id}")]
async fn retire_project_facility(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    ChildId(support): ChildId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::retire::<Project>(conn, &caller, (id, support), expected).await).await
}

/// List the facilities that a campaign supports.
#[utoipa::path(tag = "campaigns", params(("campaign_id" = uuid::Uuid, Path), PageQuery, SupportFilter), responses((status = 200, description = "A page of supports", body = Page<Support>)))]
#[get("/campaigns/{campaign_id}/facilities")]
async fn list_campaign_facilities(
    caller: Caller<ReadContracts>,
    id: RecordId,
    listing: Listing<SupportFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    list::<Campaign>(db, &caller, id, listing).await
}

/// Add a facility to what a campaign supports.
#[utoipa::path(tag = "campaigns", params(("campaign_id" = uuid::Uuid, Path)), request_body = NewSupport, responses((status = 201, description = "The new support", body = Support)))]
#[post("/campaigns/{campaign_id}/facilities")]
async fn create_campaign_facility(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    key: IdempotencyKey,
    body: Body<NewSupport>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    once(&db, caller.id, &key, &body.digest, async |conn| actions::add::<Campaign>(conn, &caller, id, &body.value).await).await
}

/// Edit the days of a campaign's support of a facility.
#[utoipa::path(tag = "campaigns", params(("campaign_id" = uuid::Uuid, Path), ("support_id" = uuid::Uuid, Path)), request_body(content = SupportPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The support as it is now", body = Support)))]
#[patch("/campaigns/{campaign_id}/facilities/{support_id}")]
async fn update_campaign_facility(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    ChildId(support): ChildId,
    expected: IfMatch,
    body: Body<SupportPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::change::<Campaign>(conn, &caller, (id, support), expected, &body.value).await).await
}

/// Retire a campaign's support of a facility: it stays on record and counts no longer.
#[utoipa::path(tag = "campaigns", params(("campaign_id" = uuid::Uuid, Path), ("support_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired support", body = Support)))]
#[delete("/campaigns/{campaign_id}/facilities/{support_id}")]
async fn retire_campaign_facility(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    ChildId(support): ChildId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::retire::<Campaign>(conn, &caller, (id, support), expected).await).await
}

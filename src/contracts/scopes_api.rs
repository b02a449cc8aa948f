//! `/api/v1/contract-scopes`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::scopes::{self, ContractScope, NewScope, ScopeFilter, ScopePatch};
use crate::{
    auth::{Caller, EditContracts, ReadContracts},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of scopes.
pub fn routes(config: &mut Mount) {
    config
        .service(list_contract_scopes)
        .service(create_contract_scope)
        .service(find_contract_scope)
        .service(update_contract_scope)
        .service(retire_contract_scope);
}

/// List what contracts are for beside the facilities they name.
#[utoipa::path(tag = "contracts", params(PageQuery, ScopeFilter), responses((status = 200, description = "A page of areas, cadres and categories in scope", body = Page<ContractScope>)))]
#[get("/contract-scopes")]
async fn list_contract_scopes(
    caller: Caller<ReadContracts>,
    listing: Listing<ScopeFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    caller.ensure_may_look_back(listing.filter.known_at)?;
    let scope = caller.scope.clone();
    listing
        .answer(async move |page, filter| {
            db.read_at(filter.known_at, async |conn| scopes::list(conn, &scope, filter, page).await).await
        })
        .await
}

/// Put an area, a cadre or a category of items into the scope of a contract.
#[utoipa::path(tag = "contracts", request_body = NewScope, responses((status = 201, description = "The new part of the scope", body = ContractScope)))]
#[post("/contract-scopes")]
async fn create_contract_scope(
    caller: Caller<EditContracts>,
    key: IdempotencyKey,
    body: Body<NewScope>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<ContractScope>(&db, &caller, &key, &body).await
}

/// Read a part of a contract's scope.
#[utoipa::path(tag = "contracts", params(("contract_scope_id" = uuid::Uuid, Path)), responses((status = 200, description = "The part of the scope", body = ContractScope)))]
#[get("/contract-scopes/{contract_scope_id}")]
async fn find_contract_scope(
    caller: Caller<ReadContracts>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::find::<ContractScope>(&db, &caller, id, &held).await
}

/// Edit a part of a contract's scope.
#[utoipa::path(tag = "contracts", params(("contract_scope_id" = uuid::Uuid, Path)), request_body(content = ScopePatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The part of the scope as it is now", body = ContractScope)))]
#[patch("/contract-scopes/{contract_scope_id}")]
async fn update_contract_scope(
    caller: Caller<EditContracts>,
    id: RecordId,
    expected: IfMatch,
    body: Body<ScopePatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<ContractScope>(&db, &caller, id, expected, &body).await
}

/// Retire a part of a contract's scope: it stays on record and counts no longer.
#[utoipa::path(tag = "contracts", params(("contract_scope_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired part of the scope", body = ContractScope)))]
#[delete("/contract-scopes/{contract_scope_id}")]
async fn retire_contract_scope(
    caller: Caller<EditContracts>,
    id: RecordId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::retire::<ContractScope>(&db, &caller, id, expected).await
}

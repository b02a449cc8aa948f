//! `/api/v1/contracts`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    amendments_api, documents_api, duties_api, scopes_api, store,
    types::{Contract, ContractFilter, ContractPatch, NewContract},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditContracts, ReadContracts, ReadHistory},
    db::Db,
    error::{ApiError, ApiResult, Code},
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_contracts)
        .service(create_contract)
        .service(find_contract)
        .service(update_contract)
        .service(retire_contract)
        .service(list_contract_history)
        .configure(amendments_api::routes)
        .configure(documents_api::routes)
        .configure(duties_api::routes)
        .configure(scopes_api::routes);
}

/// List contracts.
#[utoipa::path(tag = "contracts", params(PageQuery, ContractFilter), responses((status = 200, description = "A page of contracts", body = Page<Contract>)))]
#[get("/contracts")]
async fn list_contracts(
    caller: Caller<ReadContracts>,
    listing: Listing<ContractFilter>,
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

/// Add a contract.
#[utoipa::path(tag = "contracts", request_body = NewContract, responses((status = 201, description = "The new contract", body = Contract)))]
#[post("/contracts")]
async fn create_contract(
    caller: Caller<EditContracts>,
    key: IdempotencyKey,
    body: Body<NewContract>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Contract>(&db, &caller, &key, &body).await
}

/// Read a contract.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path)), responses((status = 200, description = "The contract", body = Contract)))]
#[get("/contracts/{contract_id}")]
async fn find_contract(caller: Caller<ReadContracts>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<Contract>(&db, &caller, id, &held).await
}

/// Edit a contract; once it is signed, its terms change by amendments only.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path)), request_body(content = ContractPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The contract as it is now", body = Contract)))]
#[patch("/contracts/{contract_id}")]
async fn update_contract(
    caller: Caller<EditContracts>,
    id: RecordId,
    expected: IfMatch,
    body: Body<ContractPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| {
        let there = register::load_open::<Contract>(conn, &caller.scope, id.0).await?;
        if body.value.apply(&there.fields)?.signed_on != there.fields.signed_on {
            // Signing is an act of its own.
            return Err(ApiError::fault("/signed_on", Code::UnknownField));
        }
        register::change::<Contract>(conn, &caller, id.0, expected, &body.value).await
    })
    .await
}

/// Retire a contract: it stays on record and supports nothing any longer.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired contract", body = Contract)))]
#[delete("/contracts/{contract_id}")]
async fn retire_contract(caller: Caller<EditContracts>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<Contract>(&db, &caller, id, expected).await
}

/// Who changed a contract, and how.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/contracts/{contract_id}/history")]
async fn list_contract_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Contract>(db, &caller, id, listing).await
}

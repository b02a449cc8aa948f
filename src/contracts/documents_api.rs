//! `/api/v1/contracts/{id}/documents`.

use actix_web::{HttpResponse, delete, get, post, web::Data};

use super::{
    actions,
    documents::{self, ContractDocument, DocumentFilter, NewDocument},
    types::Contract,
};
use crate::{
    auth::{Caller, EditContracts, ReadContracts},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, ChildId, IdempotencyKey, IfMatch, Listing, Mount, Page, PageQuery, RecordId},
    register::load_any,
};

/// The routes of documents.
pub fn routes(config: &mut Mount) {
    config.service(list_contract_documents).service(create_contract_document).service(retire_contract_document);
}

/// List the documents of a contract: those whose files the caller may read.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path), PageQuery, DocumentFilter), responses((status = 200, description = "A page of documents", body = Page<ContractDocument>)))]
#[get("/contracts/{contract_id}/documents")]
async fn list_contract_documents(
    caller: Caller<ReadContracts>,
    RecordId(id): RecordId,
    listing: Listing<DocumentFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    load_any::<Contract>(&mut *db.conn().await?, &caller.scope, id).await?;
    let actor = (*caller).clone();
    listing.answer(async move |page, filter| documents::list(&mut *db.conn().await?, &actor, id, filter, page).await).await
}

/// Put a file into the folder of a contract, and say what it is.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path)), request_body = NewDocument, responses((status = 201, description = "The new document", body = ContractDocument)))]
#[post("/contracts/{contract_id}/documents")]
async fn create_contract_document(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    key: IdempotencyKey,
    body: Body<NewDocument>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::attach(&db, &caller, id, &key, &body).await
}

/// Take a document out of the folder of a contract: it stays on record, and so does its file.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path), ("document_id" = uuid::Uuid, Path)), responses((status = 200, description = "The document, taken out", body = ContractDocument)))]
#[delete("/contracts/{contract_id}/documents/{document_id}")]
async fn retire_contract_document(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    ChildId(document): ChildId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::detach(conn, &caller, (id, document), expected).await).await
}

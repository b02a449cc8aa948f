//! `/api/v1/contracts/{id}/signature`, `…/amendments`, `…/chain`.

use actix_web::{HttpResponse, delete, get, post, web::Data};
use chrono::NaiveDate;
use deserr::Deserr;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    amendments::{self, Amendment, AmendmentFilter, Chain, NewAmendment},
    types::Contract,
};
use crate::{
    attachments,
    auth::{Actor, Caller, EditContracts, ReadContracts},
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, Body, ChildId, IdempotencyKey, IfMatch, Listing, Mount, Page, PageQuery, RecordId, once},
    register::{checked, load_any, load_open},
    types::happened,
};

/// The routes of signatures, amendments and chains.
pub fn routes(config: &mut Mount) {
    config
        .service(sign_contract)
        .service(list_contract_amendments)
        .service(create_contract_amendment)
        .service(withdraw_contract_amendment)
        .service(read_contract_chain);
}

/// That a contract was signed.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"signed_on": "2014-04-20"}))]
pub struct Signature {
    /// The day.
    pub signed_on: NaiveDate,
    /// The paper that bears the signatures.
    #[deserr(default)]
    pub attachment_id: Option<Uuid>,
}

/// Sign a contract: from now on its terms change by amendments only, and money may move.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = Signature, responses((status = 200, description = "The contract, signed", body = Contract)))]
#[post("/contracts/{contract_id}/signature")]
async fn sign_contract(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    key: IdempotencyKey,
    body: Body<Signature>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    let mut faults = Faults::default();
    happened(&mut faults, "/signed_on", body.value.signed_on);
    faults.into_result()?;
    once(&db, caller.id, &key, &body.digest, async |conn| {
        load_open::<Contract>(conn, &caller.scope, id).await?;
        attachments::ensure_readable(conn, &caller, body.value.attachment_id.as_slice(), "/attachment_id").await?;
        amendments::sign(conn, caller.id, id, body.value.signed_on, body.value.attachment_id).await?;
        let there = load_open::<Contract>(conn, &caller.scope, id).await?;
        Answer::record(there.revision, &there)
    })
    .await
}

/// List the amendments of a contract, in their order.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path), PageQuery, AmendmentFilter), responses((status = 200, description = "A page of amendments", body = Page<Amendment>)))]
#[get("/contracts/{contract_id}/amendments")]
async fn list_contract_amendments(
    caller: Caller<ReadContracts>,
    RecordId(id): RecordId,
    listing: Listing<AmendmentFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    load_any::<Contract>(&mut *db.conn().await?, &caller.scope, id).await?;
    listing.answer(async move |page, filter| amendments::list(&mut *db.conn().await?, id, filter, page).await).await
}

/// Amend a signed contract: what it changes holds at once, what was before is kept.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path)), request_body = NewAmendment, responses((status = 201, description = "The new amendment", body = Amendment)))]
#[post("/contracts/{contract_id}/amendments")]
async fn create_contract_amendment(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    key: IdempotencyKey,
    body: Body<NewAmendment>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    checked(&body.value.fields)?;
    once(&db, caller.id, &key, &body.digest, async |conn| amend(conn, &caller, id, &body.value).await).await
}

/// Withdraw the last amendment of a contract, while nothing stands on it.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path), ("amendment_id" = uuid::Uuid, Path)), responses((status = 200, description = "The withdrawn amendment", body = Amendment)))]
#[delete("/contracts/{contract_id}/amendments/{amendment_id}")]
async fn withdraw_contract_amendment(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    ChildId(amendment): ChildId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| withdraw(conn, &caller, (id, amendment), expected).await).await
}

/// The chain of renewals that a contract is a link of, with the days between.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path)), responses((status = 200, description = "The chain, from its first contract to its last", body = Chain)))]
#[get("/contracts/{contract_id}/chain")]
async fn read_contract_chain(caller: Caller<ReadContracts>, RecordId(id): RecordId, db: Data<Db>) -> ApiResult<Answer> {
    let mut conn = db.conn().await?;
    load_any::<Contract>(&mut conn, &caller.scope, id).await?;
    Answer::plain(&amendments::chain(&mut conn, id).await?)
}

async fn amend(conn: &mut Conn, actor: &Actor, contract: Uuid, new: &NewAmendment) -> ApiResult<Answer> {
    load_open::<Contract>(conn, &actor.scope, contract).await?;
    let collection = format!("contracts/{contract}/amendments");
    match amendments::find(conn, contract, new.id).await? {
        None => {}
        Some(there) if there.retired_at.is_some() => return Err(ApiError::new(Code::RecordDeleted)),
        Some(there) if there.fields == new.fields => {
            return Ok(Answer::created(&collection, there.id, there.revision, &there)?.again());
        }
        Some(_) => return Err(ApiError::new(Code::RecordConflict)),
    }
    attachments::ensure_readable(conn, actor, new.fields.attachment_id.as_slice(), "/attachment_id").await?;
    let made = amendments::insert(conn, actor.id, contract, new).await?;
    Answer::created(&collection, made.id, made.revision, &made)
}

async fn withdraw(conn: &mut Conn, actor: &Actor, (contract, id): (Uuid, Uuid), expected: IfMatch) -> ApiResult<Answer> {
    load_open::<Contract>(conn, &actor.scope, contract).await?;
    let there = amendments::find(conn, contract, id).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    if there.retired_at.is_some() {
        return Err(ApiError::new(Code::RecordDeleted));
    }
    expected.check(there.revision, &there)?;
    let gone = amendments::withdraw(conn, actor.id, id, there.revision).await?;
    let gone = gone.ok_or_else(|| ApiError::unavailable("could not serialize two edits of one record"))?;
    Answer::record(gone.revision, &gone)
}

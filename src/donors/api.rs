//! `/api/v1/donors`.

use actix_web::{HttpResponse, delete, get, patch, post, put, web::Data};

use super::{
    actions, store,
    types::{Donor, DonorFilter, DonorIdentity, DonorPatch, NewDonor},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditDonations, ReadDonors, ReadHistory, RevealDonors},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    keys::Keys,
    register,
    reveals::RevealRequest,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_donors)
        .service(create_donor)
        .service(find_donor)
        .service(update_donor)
        .service(retire_donor)
        .service(list_donor_history)
        .service(put_donor_identity)
        .service(reveal_donor_identity);
}

/// List donors, by pseudonym.
#[utoipa::path(tag = "donors", params(PageQuery, DonorFilter), responses((status = 200, description = "A page of donors", body = Page<Donor>)))]
#[get("/donors")]
async fn list_donors(_caller: Caller<ReadDonors>, listing: Listing<DonorFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, filter, page).await).await
}

/// Add a donor, by pseudonym.
#[utoipa::path(tag = "donors", request_body = NewDonor, responses((status = 201, description = "The new donor", body = Donor)))]
#[post("/donors")]
async fn create_donor(
    caller: Caller<EditDonations>,
    key: IdempotencyKey,
    body: Body<NewDonor>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Donor>(&db, &caller, &key, &body).await
}

/// Read a donor's record.
#[utoipa::path(tag = "donors", params(("donor_id" = uuid::Uuid, Path)), responses((status = 200, description = "The donor", body = Donor)))]
#[get("/donors/{donor_id}")]
async fn find_donor(caller: Caller<ReadDonors>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<Donor>(&db, &caller, id, &held).await
}

/// Edit a donor's record.
#[utoipa::path(tag = "donors", params(("donor_id" = uuid::Uuid, Path)), request_body(content = DonorPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The donor as it is now", body = Donor)))]
#[patch("/donors/{donor_id}")]
async fn update_donor(
    caller: Caller<EditDonations>,
    id: RecordId,
    expected: IfMatch,
    body: Body<DonorPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<Donor>(&db, &caller, id, expected, &body).await
}

/// Retire a donor's record: what they gave stays.
#[utoipa::path(tag = "donors", params(("donor_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired donor", body = Donor)))]
#[delete("/donors/{donor_id}")]
async fn retire_donor(caller: Caller<EditDonations>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<Donor>(&db, &caller, id, expected).await
}

/// Who changed a donor's record, and how.
#[utoipa::path(tag = "donors", params(("donor_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/donors/{donor_id}/history")]
async fn list_donor_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Donor>(db, &caller, id, listing).await
}

/// Seal who a donor is; an earlier identity gives way.
#[utoipa::path(tag = "donors", params(("donor_id" = uuid::Uuid, Path)), request_body = DonorIdentity, responses((status = 204, description = "Sealed; the content is never answered")))]
#[put("/donors/{donor_id}/identity")]
async fn put_donor_identity(
    caller: Caller<EditDonations>,
    id: RecordId,
    body: Body<DonorIdentity>,
    db: Data<Db>,
    keys: Data<Keys>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::put_identity(conn, &keys, &caller, id.0, &body.value).await).await
}

/// Read who a donor is; the reason is put on record. Never stored, so never replayed.
#[utoipa::path(tag = "donors", params(("donor_id" = uuid::Uuid, Path)), request_body = RevealRequest, responses((status = 200, description = "Who the donor is", body = DonorIdentity)))]
#[post("/donors/{donor_id}/reveals")]
async fn reveal_donor_identity(
    caller: Caller<RevealDonors>,
    id: RecordId,
    body: Body<RevealRequest>,
    db: Data<Db>,
    keys: Data<Keys>,
) -> ApiResult<HttpResponse> {
    let identity = db.write(async |conn| actions::reveal(conn, &keys, &caller, id.0, &body.value).await).await?;
    // Not even the reader's own browser keeps it.
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(identity))
}

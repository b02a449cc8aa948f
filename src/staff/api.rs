//! `/api/v1/staff`.

use actix_web::{HttpResponse, delete, get, patch, post, put, web::Data};

use super::{
    actions, store,
    types::{NewStaff, Staff, StaffFilter, StaffIdentity, StaffPatch},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditRegister, ReadHistory, ReadRegister, RevealIdentities, SealedIdentities},
    db::Db,
    error::{ApiError, ApiResult, Code},
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    keys::Keys,
    register,
    reveals::RevealRequest,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_staff)
        .service(create_staff)
        .service(find_staff)
        .service(update_staff)
        .service(retire_staff)
        .service(list_staff_history)
        .service(put_staff_identity)
        .service(reveal_staff_identity);
}

/// List staff.
#[utoipa::path(tag = "staff", params(PageQuery, StaffFilter), responses((status = 200, description = "A page of staff", body = Page<Staff>)))]
#[get("/staff")]
async fn list_staff(caller: Caller<ReadRegister>, listing: Listing<StaffFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing
        .answer(async move |page, filter| {
            db.read_at(filter.known_at, async |conn| store::list(conn, &scope, filter, page).await).await
        })
        .await
}

/// Add a person, by pseudonym.
#[utoipa::path(tag = "staff", request_body = NewStaff, responses((status = 201, description = "The new record", body = Staff)))]
#[post("/staff")]
async fn create_staff(
    caller: Caller<EditRegister>,
    key: IdempotencyKey,
    body: Body<NewStaff>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Staff>(&db, &caller, &key, &body).await
}

/// Read a person's record; one that was merged leads to the record that took its place.
#[utoipa::path(tag = "staff", params(("staff_id" = uuid::Uuid, Path)), responses((status = 200, description = "The record", body = Staff),
    (status = 308, description = "The record was merged into the one at `Location`")))]
#[get("/staff/{staff_id}")]
async fn find_staff(
    caller: Caller<ReadRegister>,
    RecordId(id): RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let conn = &mut *db.conn().await?;
    match register::load_any::<Staff>(conn, &caller.scope, id).await {
        Ok(person) if person.merged_into_id.is_none() => Ok(held.answer(person.revision, &person)),
        Err(error) if error.code != Code::NotFound => Err(error),
        // Where the record lies is of no matter: who may see the person may follow.
        _ => match store::survivor(conn, &caller.scope, id).await? {
            Some(into) => {
                Ok(HttpResponse::PermanentRedirect().insert_header(("location", format!("/api/v1/staff/{into}"))).finish())
            }
            None => Err(ApiError::new(Code::NotFound)),
        },
    }
}

/// Edit a person's record.
#[utoipa::path(tag = "staff", params(("staff_id" = uuid::Uuid, Path)), request_body(content = StaffPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The record as it is now", body = Staff)))]
#[patch("/staff/{staff_id}")]
async fn update_staff(
    caller: Caller<EditRegister>,
    id: RecordId,
    expected: IfMatch,
    body: Body<StaffPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::update(conn, &caller, id.0, expected, &body.value).await).await
}

/// Retire a person's record: it stays on record and counts no longer.
#[utoipa::path(tag = "staff", params(("staff_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired record", body = Staff)))]
#[delete("/staff/{staff_id}")]
async fn retire_staff(caller: Caller<EditRegister>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    db.write(async |conn| actions::retire(conn, &caller, id.0, expected).await).await
}

/// Who changed a person's record, and how.
#[utoipa::path(tag = "staff", params(("staff_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/staff/{staff_id}/history")]
async fn list_staff_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Staff>(db, &caller, id, listing).await
}

/// Seal who a person is; an earlier identity gives way.
#[utoipa::path(tag = "staff", params(("staff_id" = uuid::Uuid, Path)), request_body = StaffIdentity, responses((status = 204, description = "Sealed; the content is never answered")))]
#[put("/staff/{staff_id}/identity")]
async fn put_staff_identity(
    caller: Caller<SealedIdentities>,
    id: RecordId,
    body: Body<StaffIdentity>,
    db: Data<Db>,
    keys: Data<Keys>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::put_identity(conn, &keys, &caller, id.0, &body.value).await).await
}

/// Read who a person is; the reason is put on record. Never stored, so never replayed.
#[utoipa::path(tag = "staff", params(("staff_id" = uuid::Uuid, Path)), request_body = RevealRequest, responses((status = 200, description = "Who the person is", body = StaffIdentity)))]
#[post("/staff/{staff_id}/reveals")]
async fn reveal_staff_identity(
    caller: Caller<RevealIdentities>,
    id: RecordId,
    body: Body<RevealRequest>,
    db: Data<Db>,
    keys: Data<Keys>,
) -> ApiResult<HttpResponse> {
    let identity = db.write(async |conn| actions::reveal(conn, &keys, &caller, id.0, &body.value).await).await?;
    // Not even the reader's own browser keeps it.
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(identity))
}

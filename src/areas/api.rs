//! `/api/v1/areas`.

use actix_web::{HttpResponse, delete, get, patch, post, put, web::Data};

use super::{
    access::{self, AreaAccess, AreaAccessFields, AreaAccessFilter},
    store,
    types::{Area, AreaFilter, AreaPatch, NewArea},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Anyone, Caller, EditAreaAccess, EditReferences, ReadHistory, ReadRegister},
    db::Db,
    error::ApiResult,
    http::{
        Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, IfPresentMatch, Listing, Mount, Page, PageQuery, RecordId, SinceOn,
    },
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_areas)
        .service(create_area)
        .service(find_area)
        .service(update_area)
        .service(retire_area)
        .service(list_area_history)
        .service(list_area_access)
        .service(put_area_access)
        .service(retire_area_access);
}

/// List areas.
#[utoipa::path(tag = "areas", params(PageQuery, AreaFilter), responses((status = 200, description = "A page of areas", body = Page<Area>)))]
#[get("/areas")]
async fn list_areas(_caller: Caller<Anyone>, listing: Listing<AreaFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    listing
        .answer(async move |page, filter| db.read_at(filter.known_at, async |conn| store::list(conn, filter, page).await).await)
        .await
}

/// Add an area.
#[utoipa::path(tag = "areas", request_body = NewArea, responses((status = 201, description = "The new area", body = Area)))]
#[post("/areas")]
async fn create_area(
    caller: Caller<EditReferences>,
    key: IdempotencyKey,
    body: Body<NewArea>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Area>(&db, &caller, &key, &body).await
}

/// Read an area.
#[utoipa::path(tag = "areas", params(("area_id" = uuid::Uuid, Path)), responses((status = 200, description = "The area", body = Area)))]
#[get("/areas/{area_id}")]
async fn find_area(caller: Caller<Anyone>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<Area>(&db, &caller, id, &held).await
}

/// Edit an area.
#[utoipa::path(tag = "areas", params(("area_id" = uuid::Uuid, Path)), request_body(content = AreaPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The area as it is now", body = Area)))]
#[patch("/areas/{area_id}")]
async fn update_area(
    caller: Caller<EditReferences>,
    id: RecordId,
    expected: IfMatch,
    body: Body<AreaPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<Area>(&db, &caller, id, expected, &body).await
}

/// Retire an area: it stays on record and is no longer chosen.
#[utoipa::path(tag = "areas", params(("area_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired area", body = Area)))]
#[delete("/areas/{area_id}")]
async fn retire_area(caller: Caller<EditReferences>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<Area>(&db, &caller, id, expected).await
}

/// Who changed an area and its access, and how.
#[utoipa::path(tag = "areas", params(("area_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/areas/{area_id}/history")]
async fn list_area_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Area>(db, &caller, id, listing).await
}

/// List how an area could be reached, and since when.
#[utoipa::path(tag = "areas", params(("area_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The points of change, oldest first", body = Page<AreaAccess>)))]
#[get("/areas/{area_id}/access")]
async fn list_area_access(
    caller: Caller<ReadRegister>,
    RecordId(id): RecordId,
    listing: Listing<AreaAccessFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::load_any::<Area>(&mut *db.conn().await?, &caller.scope, id).await?;
    listing.answer(async move |page, _| access::list(&mut *db.conn().await?, id, page).await).await
}

/// Say how an area can be reached from a day on; said again, it replaces what was said of that day.
#[utoipa::path(tag = "areas", params(("area_id" = uuid::Uuid, Path), ("since_on" = chrono::NaiveDate, Path)), request_body = AreaAccessFields,
    responses((status = 201, description = "The new point of change", body = AreaAccess), (status = 200, description = "The point of change as it is now", body = AreaAccess)))]
#[put("/areas/{area_id}/access/{since_on}")]
async fn put_area_access(
    caller: Caller<EditAreaAccess>,
    RecordId(id): RecordId,
    SinceOn(day): SinceOn,
    expected: IfPresentMatch,
    body: Body<AreaAccessFields>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| access::put(conn, &caller, (id, day), expected, &body.value).await).await
}

/// Take back what was said of a day; the state before it holds on.
#[utoipa::path(tag = "areas", params(("area_id" = uuid::Uuid, Path), ("since_on" = chrono::NaiveDate, Path)), responses((status = 200, description = "The point that no longer counts", body = AreaAccess)))]
#[delete("/areas/{area_id}/access/{since_on}")]
async fn retire_area_access(
    caller: Caller<EditAreaAccess>,
    RecordId(id): RecordId,
    SinceOn(day): SinceOn,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| access::retire(conn, &caller, (id, day), expected).await).await
}

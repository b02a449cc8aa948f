//! `/api/v1/facilities`.

use actix_web::{HttpResponse, delete, get, patch, post, put, web::Data};

use super::{
    conversions::{self, ConversionFilter, FacilityConversion, NewConversion},
    location::{self, CoarseLocation, Coordinates},
    status::{self, FacilityStatus, FacilityStatusFields, FacilityStatusFilter},
    store,
    types::{Facility, FacilityFilter, FacilityPatch, NewFacility},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditRegister, ReadCoarseCell, ReadHistory, ReadRegister, SealedLocations},
    db::Db,
    error::ApiResult,
    http::{
        Answer, Body, ChildId, IdempotencyKey, IfMatch, IfNoneMatch, IfPresentMatch, Listing, Mount, Page, PageQuery, RecordId,
        SinceOn, once,
    },
    keys::Keys,
    register,
    reveals::RevealRequest,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_facilities)
        .service(create_facility)
        .service(find_facility)
        .service(update_facility)
        .service(retire_facility)
        .service(list_facility_history)
        .service(list_facility_statuses)
        .service(put_facility_status)
        .service(retire_facility_status)
        .service(list_facility_conversions)
        .service(create_facility_conversion)
        .service(retire_facility_conversion)
        .service(find_facility_location)
        .service(put_facility_location)
        .service(reveal_facility_location);
}

/// List facilities.
#[utoipa::path(tag = "facilities", params(PageQuery, FacilityFilter), responses((status = 200, description = "A page of facilities", body = Page<Facility>)))]
#[get("/facilities")]
async fn list_facilities(
    caller: Caller<ReadRegister>,
    listing: Listing<FacilityFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing
        .answer(async move |page, filter| {
            db.read_at(filter.known_at, async |conn| store::list(conn, &scope, filter, page).await).await
        })
        .await
}

/// Add a facility.
#[utoipa::path(tag = "facilities", request_body = NewFacility, responses((status = 201, description = "The new facility", body = Facility)))]
#[post("/facilities")]
async fn create_facility(
    caller: Caller<EditRegister>,
    key: IdempotencyKey,
    body: Body<NewFacility>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Facility>(&db, &caller, &key, &body).await
}

/// Read a facility.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path)), responses((status = 200, description = "The facility", body = Facility)))]
#[get("/facilities/{facility_id}")]
async fn find_facility(caller: Caller<ReadRegister>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<Facility>(&db, &caller, id, &held).await
}

/// Edit a facility.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path)), request_body(content = FacilityPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The facility as it is now", body = Facility)))]
#[patch("/facilities/{facility_id}")]
async fn update_facility(
    caller: Caller<EditRegister>,
    id: RecordId,
    expected: IfMatch,
    body: Body<FacilityPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<Facility>(&db, &caller, id, expected, &body).await
}

/// Retire a facility: it stays on record and counts no longer.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired facility", body = Facility)))]
#[delete("/facilities/{facility_id}")]
async fn retire_facility(caller: Caller<EditRegister>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<Facility>(&db, &caller, id, expected).await
}

/// Who changed a facility, and how.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/facilities/{facility_id}/history")]
async fn list_facility_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Facility>(db, &caller, id, listing).await
}

/// List how far a facility worked, and since when.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path), PageQuery, FacilityStatusFilter), responses((status = 200, description = "The points of change, oldest first", body = Page<FacilityStatus>)))]
#[get("/facilities/{facility_id}/statuses")]
async fn list_facility_statuses(
    caller: Caller<ReadRegister>,
    RecordId(id): RecordId,
    listing: Listing<FacilityStatusFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::load_any::<Facility>(&mut *db.conn().await?, &caller.scope, id).await?;
    listing
        .answer(async move |page, filter| db.read_at(filter.known_at, async |conn| status::list(conn, id, page).await).await)
        .await
}

/// Say how far a facility works from a day on; said again, it replaces what was said of that day.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path), ("since_on" = chrono::NaiveDate, Path)), request_body = FacilityStatusFields,
    responses((status = 201, description = "The new point of change", body = FacilityStatus), (status = 200, description = "The point of change as it is now", body = FacilityStatus)))]
#[put("/facilities/{facility_id}/statuses/{since_on}")]
async fn put_facility_status(
    caller: Caller<EditRegister>,
    RecordId(id): RecordId,
    SinceOn(day): SinceOn,
    expected: IfPresentMatch,
    body: Body<FacilityStatusFields>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| status::put(conn, &caller, (id, day), expected, &body.value).await).await
}

/// Take back what was said of a day; the state before it holds on.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path), ("since_on" = chrono::NaiveDate, Path)), responses((status = 200, description = "The point that no longer counts", body = FacilityStatus)))]
#[delete("/facilities/{facility_id}/statuses/{since_on}")]
async fn retire_facility_status(
    caller: Caller<EditRegister>,
    RecordId(id): RecordId,
    SinceOn(day): SinceOn,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| status::retire(conn, &caller, (id, day), expected).await).await
}

/// List what a facility served as before, and since when it serves as something else.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path), PageQuery, ConversionFilter), responses((status = 200, description = "The conversions, oldest first", body = Page<FacilityConversion>)))]
#[get("/facilities/{facility_id}/conversions")]
async fn list_facility_conversions(
    caller: Caller<ReadRegister>,
    RecordId(id): RecordId,
    listing: Listing<ConversionFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::load_any::<Facility>(&mut *db.conn().await?, &caller.scope, id).await?;
    listing
        .answer(async move |page, filter| {
            db.read_at(filter.known_at, async |conn| conversions::list(conn, id, filter, page).await).await
        })
        .await
}

/// Convert a facility from a day on: figures of earlier days count it as what it was. A mistake in `kinds` is corrected by editing the facility.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path)), request_body = NewConversion, responses((status = 201, description = "The conversion", body = FacilityConversion)))]
#[post("/facilities/{facility_id}/conversions")]
async fn create_facility_conversion(
    caller: Caller<EditRegister>,
    RecordId(id): RecordId,
    key: IdempotencyKey,
    body: Body<NewConversion>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    once(&db, caller.id, &key, &body.digest, async |conn| conversions::convert(conn, &caller, id, &body.value).await).await
}

/// Take back the last conversion of a facility.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path), ("facility_conversion_id" = uuid::Uuid, Path)), responses((status = 200, description = "The conversion that no longer counts", body = FacilityConversion)))]
#[delete("/facilities/{facility_id}/conversions/{facility_conversion_id}")]
async fn retire_facility_conversion(
    caller: Caller<EditRegister>,
    RecordId(id): RecordId,
    ChildId(conversion): ChildId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| conversions::retire(conn, &caller, (id, conversion), expected).await).await
}

/// Read the coarse cell that a facility stands in.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path)), responses((status = 200, description = "The coarse cell, never the coordinates", body = CoarseLocation)))]
#[get("/facilities/{facility_id}/location")]
async fn find_facility_location(caller: Caller<ReadCoarseCell>, RecordId(id): RecordId, db: Data<Db>) -> ApiResult<Answer> {
    Answer::plain(&location::coarse(&mut *db.conn().await?, &caller.scope, id).await?)
}

/// Seal where a facility stands: nobody reads it again without a reason.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path)), request_body = Coordinates, responses((status = 200, description = "The coarse cell, never the coordinates", body = CoarseLocation)))]
#[put("/facilities/{facility_id}/location")]
async fn put_facility_location(
    caller: Caller<SealedLocations>,
    RecordId(id): RecordId,
    body: Body<Coordinates>,
    keys: Data<Keys>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| Answer::plain(&location::seal(conn, &keys, &caller, id, &body.value).await?)).await
}

/// Reveal where a facility stands, for a reason that goes on record. The answer is kept nowhere.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path)), request_body = RevealRequest, responses((status = 200, description = "Where the facility stands", body = Coordinates)))]
#[post("/facilities/{facility_id}/reveals")]
async fn reveal_facility_location(
    caller: Caller<SealedLocations>,
    RecordId(id): RecordId,
    body: Body<RevealRequest>,
    keys: Data<Keys>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let place = db.write(async |conn| location::reveal(conn, &keys, &caller, id, &body.value).await).await?;
    // Not even the reader's own browser keeps it.
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(place))
}

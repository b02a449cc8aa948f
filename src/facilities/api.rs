//! `/api/v1/facilities`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    store,
    types::{Facility, FacilityFilter, FacilityPatch, NewFacility},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditRegister, ReadHistory, ReadRegister},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_facilities)
        .service(create_facility)
        .service(find_facility)
        .service(update_facility)
        .service(retire_facility)
        .service(list_facility_history);
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
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, &scope, filter, page).await).await
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

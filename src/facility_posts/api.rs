//! `/api/v1/facilities/{facility_id}/posts`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    actions, store,
    types::{FacilityPost, FacilityPostFilter, FacilityPostPatch, NewFacilityPost},
};
use crate::{
    auth::{Caller, EditRegister, ReadRegister},
    db::Db,
    error::ApiResult,
    facilities::Facility,
    http::{Answer, Body, ChildId, IdempotencyKey, IfMatch, Listing, Mount, Page, PageQuery, RecordId, once},
    register::load_any,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.service(list_facility_posts).service(create_facility_post).service(update_facility_post).service(retire_facility_post);
}

/// List how many of each cadre a facility should have, and when.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path), PageQuery, FacilityPostFilter), responses((status = 200, description = "A page of the facility's plan", body = Page<FacilityPost>)))]
#[get("/facilities/{facility_id}/posts")]
async fn list_facility_posts(
    caller: Caller<ReadRegister>,
    RecordId(id): RecordId,
    listing: Listing<FacilityPostFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    load_any::<Facility>(&mut *db.conn().await?, &caller.scope, id).await?;
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, id, filter, page).await).await
}

/// Plan how many of a cadre a facility should have.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path)), request_body = NewFacilityPost, responses((status = 201, description = "The plan", body = FacilityPost)))]
#[post("/facilities/{facility_id}/posts")]
async fn create_facility_post(
    caller: Caller<EditRegister>,
    RecordId(id): RecordId,
    key: IdempotencyKey,
    body: Body<NewFacilityPost>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    once(&db, caller.id, &key, &body.digest, async |conn| actions::add(conn, &caller, id, &body.value).await).await
}

/// Edit a plan.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path), ("post_id" = uuid::Uuid, Path)), request_body(content = FacilityPostPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The plan as it is now", body = FacilityPost)))]
#[patch("/facilities/{facility_id}/posts/{post_id}")]
async fn update_facility_post(
    caller: Caller<EditRegister>,
    RecordId(id): RecordId,
    ChildId(post): ChildId,
    expected: IfMatch,
    body: Body<FacilityPostPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::change(conn, &caller, (id, post), expected, &body.value).await).await
}

/// Retire a plan: it stays on record and asks for nobody.
#[utoipa::path(tag = "facilities", params(("facility_id" = uuid::Uuid, Path), ("post_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired plan", body = FacilityPost)))]
#[delete("/facilities/{facility_id}/posts/{post_id}")]
async fn retire_facility_post(
    caller: Caller<EditRegister>,
    RecordId(id): RecordId,
    ChildId(post): ChildId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::retire(conn, &caller, (id, post), expected).await).await
}

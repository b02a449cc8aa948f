//! `/api/v1/staff/{staff_id}/departures`.

use actix_web::{HttpResponse, delete, get, post, web::Data};

use super::{
    actions, store,
    types::{Departure, DepartureFilter, NewDeparture, Return},
};
use crate::{
    auth::{Caller, EditRegister, ReadDepartures},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, ChildId, IdempotencyKey, IfMatch, Listing, Mount, Page, PageQuery, RecordId, once},
    staff,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_staff_departures)
        .service(create_staff_departure)
        .service(return_staff_departure)
        .service(retire_staff_departure);
}

/// List when and why a person left, and when they came back.
#[utoipa::path(tag = "staff", params(("staff_id" = uuid::Uuid, Path), PageQuery, DepartureFilter), responses((status = 200, description = "The departures, oldest first", body = Page<Departure>)))]
#[get("/staff/{staff_id}/departures")]
async fn list_staff_departures(
    caller: Caller<ReadDepartures>,
    RecordId(id): RecordId,
    listing: Listing<DepartureFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    staff::ensure_employer(&mut *db.conn().await?, &caller.scope, id).await?;
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, id, filter, page).await).await
}

/// Record that a person left; the posts that go on are ended on that day.
#[utoipa::path(tag = "staff", params(("staff_id" = uuid::Uuid, Path)), request_body = NewDeparture, responses((status = 201, description = "The departure", body = Departure)))]
#[post("/staff/{staff_id}/departures")]
async fn create_staff_departure(
    caller: Caller<EditRegister>,
    RecordId(id): RecordId,
    key: IdempotencyKey,
    body: Body<NewDeparture>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    once(&db, caller.id, &key, &body.digest, async |conn| actions::depart(conn, &caller, id, &body.value).await).await
}

/// Record that a person came back; from that day they can hold posts again.
#[utoipa::path(tag = "staff", params(("staff_id" = uuid::Uuid, Path), ("departure_id" = uuid::Uuid, Path)), request_body = Return, responses((status = 200, description = "The departure with its end", body = Departure)))]
#[post("/staff/{staff_id}/departures/{departure_id}/return")]
async fn return_staff_departure(
    caller: Caller<EditRegister>,
    RecordId(id): RecordId,
    ChildId(departure): ChildId,
    key: IdempotencyKey,
    body: Body<Return>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    once(&db, caller.id, &key, &body.digest, async |conn| actions::come_back(conn, &caller, (id, departure), &body.value).await)
        .await
}

/// Take back a departure that was told in error; the posts that it ended go on.
#[utoipa::path(tag = "staff", params(("staff_id" = uuid::Uuid, Path), ("departure_id" = uuid::Uuid, Path)), responses((status = 200, description = "The departure that no longer counts", body = Departure)))]
#[delete("/staff/{staff_id}/departures/{departure_id}")]
async fn retire_staff_departure(
    caller: Caller<EditRegister>,
    RecordId(id): RecordId,
    ChildId(departure): ChildId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::retire(conn, &caller, (id, departure), expected).await).await
}

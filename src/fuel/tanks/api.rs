//! `/api/v1/fuel-tanks`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    store,
    types::{FuelTank, FuelTankFilter, FuelTankPatch, NewFuelTank},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditFuelTanks, ReadHistory, ReadStock},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_fuel_tanks)
        .service(create_fuel_tank)
        .service(find_fuel_tank)
        .service(update_fuel_tank)
        .service(retire_fuel_tank)
        .service(list_fuel_tank_history);
}

/// List fuel tanks.
#[utoipa::path(tag = "fuel", params(PageQuery, FuelTankFilter), responses((status = 200, description = "A page of fuel tanks", body = Page<FuelTank>)))]
#[get("/fuel-tanks")]
async fn list_fuel_tanks(caller: Caller<ReadStock>, listing: Listing<FuelTankFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, &scope, filter, page).await).await
}

/// Add a fuel tank.
#[utoipa::path(tag = "fuel", request_body = NewFuelTank, responses((status = 201, description = "The new fuel tank", body = FuelTank)))]
#[post("/fuel-tanks")]
async fn create_fuel_tank(
    caller: Caller<EditFuelTanks>,
    key: IdempotencyKey,
    body: Body<NewFuelTank>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<FuelTank>(&db, &caller, &key, &body).await
}

/// Read a fuel tank.
#[utoipa::path(tag = "fuel", params(("fuel_tank_id" = uuid::Uuid, Path)), responses((status = 200, description = "The fuel tank", body = FuelTank)))]
#[get("/fuel-tanks/{fuel_tank_id}")]
async fn find_fuel_tank(caller: Caller<ReadStock>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<FuelTank>(&db, &caller, id, &held).await
}

/// Edit a fuel tank.
#[utoipa::path(tag = "fuel", params(("fuel_tank_id" = uuid::Uuid, Path)), request_body(content = FuelTankPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The fuel tank as it is now", body = FuelTank)))]
#[patch("/fuel-tanks/{fuel_tank_id}")]
async fn update_fuel_tank(
    caller: Caller<EditFuelTanks>,
    id: RecordId,
    expected: IfMatch,
    body: Body<FuelTankPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<FuelTank>(&db, &caller, id, expected, &body).await
}

/// Retire a fuel tank; it must be empty, and feed no generator.
#[utoipa::path(tag = "fuel", params(("fuel_tank_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired fuel tank", body = FuelTank)))]
#[delete("/fuel-tanks/{fuel_tank_id}")]
async fn retire_fuel_tank(caller: Caller<EditFuelTanks>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<FuelTank>(&db, &caller, id, expected).await
}

/// Who changed a fuel tank or its dips, and how.
#[utoipa::path(tag = "fuel", params(("fuel_tank_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/fuel-tanks/{fuel_tank_id}/history")]
async fn list_fuel_tank_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<FuelTank>(db, &caller, id, listing).await
}

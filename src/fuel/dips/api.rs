//! `/api/v1/fuel-dips`.

use actix_web::{HttpResponse, get, post, web::Data};

use super::{
    actions, store,
    types::{FuelDip, FuelDipFilter, FuelDipReversal, NewFuelDip},
};
use crate::{
    auth::{Caller, ReadStock, RecordFuel},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.service(list_fuel_dips).service(create_fuel_dip).service(find_fuel_dip).service(reverse_fuel_dip);
}

/// List dips: what was measured, what the book said, and what no generator explains.
#[utoipa::path(tag = "fuel", params(PageQuery, FuelDipFilter), responses((status = 200, description = "A page of dips", body = Page<FuelDip>)))]
#[get("/fuel-dips")]
async fn list_fuel_dips(caller: Caller<ReadStock>, listing: Listing<FuelDipFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, &scope, filter, page).await).await
}

/// Record a dip: what was measured at the end of a day. The book follows it, and the days until then are closed.
#[utoipa::path(tag = "fuel", request_body = NewFuelDip, responses((status = 201, description = "The new dip", body = FuelDip)))]
#[post("/fuel-dips")]
async fn create_fuel_dip(
    caller: Caller<RecordFuel>,
    key: IdempotencyKey,
    body: Body<NewFuelDip>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::record(&db, &caller, &key, &body).await
}

/// Read a dip.
#[utoipa::path(tag = "fuel", params(("fuel_dip_id" = uuid::Uuid, Path)), responses((status = 200, description = "The dip", body = FuelDip)))]
#[get("/fuel-dips/{fuel_dip_id}")]
async fn find_fuel_dip(caller: Caller<ReadStock>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    let dip = actions::find(&mut *db.conn().await?, &caller, id.0).await?;
    Ok(held.answer(dip.revision, &dip))
}

/// Turn a wrong dip round, with what it posted; only the newest of its tank.
#[utoipa::path(tag = "fuel", params(("fuel_dip_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = FuelDipReversal, responses((status = 200, description = "The dip, turned round", body = FuelDip)))]
#[post("/fuel-dips/{fuel_dip_id}/reversal")]
async fn reverse_fuel_dip(
    caller: Caller<RecordFuel>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<FuelDipReversal>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    actions::reverse(&db, &caller, id.0, &key, &body).await
}

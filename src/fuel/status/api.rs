//! `/api/v1/fuel-status`.

use actix_web::{HttpResponse, get, web::Data};
use diesel_async::RunQueryDsl;

use super::{
    statements::Standing,
    types::{FuelStatus, FuelStatusFilter},
};
use crate::{
    auth::{Caller, ReadStock},
    db::Db,
    error::ApiResult,
    http::{Listing, Mount, Page, PageQuery},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.service(list_fuel_status);
}

/// How long the fuel will last, tank by tank: litres, use, hours of autonomy, and whether that is an alarm.
#[utoipa::path(tag = "fuel", params(PageQuery, FuelStatusFilter), responses((status = 200, description = "A page of tanks, each with how it stands", body = Page<FuelStatus>)))]
#[get("/fuel-status")]
async fn list_fuel_status(
    caller: Caller<ReadStock>,
    listing: Listing<FuelStatusFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing.filter.check()?;
    let scope = caller.scope.clone();
    listing
        .answer(async move |page, filter| {
            Ok(Standing::new(&scope, filter, page)?.get_results::<FuelStatus>(&mut *db.conn().await?).await?)
        })
        .await
}

//! `/api/v1/stock-plans` and `/api/v1/stock-alerts`.

use actix_web::{HttpResponse, get, web::Data};
use diesel_async::RunQueryDsl;

use super::{
    statements::{Alerts, Plans},
    types::{StockAlert, StockAlertFilter, StockPlan, StockPlanFilter},
};
use crate::{
    auth::{Caller, ReadStock},
    db::Db,
    error::ApiResult,
    http::{Listing, Mount, Page, PageQuery},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.service(list_stock_plans).service(list_stock_alerts);
}

/// How long the stock will last: on hand, consumed, months of stock, the day it runs out.
#[utoipa::path(tag = "stock", params(PageQuery, StockPlanFilter), responses((status = 200, description = "A page of items at places, each with its planning figures", body = Page<StockPlan>)))]
#[get("/stock-plans")]
async fn list_stock_plans(caller: Caller<ReadStock>, listing: Listing<StockPlanFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    listing.filter.check()?;
    let actor = (*caller).clone();
    listing
        .answer(async move |page, filter| {
            Ok(Plans::new(&actor, filter, page)?.get_results::<StockPlan>(&mut *db.conn().await?).await?)
        })
        .await
}

/// What needs a hand: stocked out, below the minimum, expiring, expired or recalled and still there.
#[utoipa::path(tag = "stock", params(PageQuery, StockAlertFilter), responses((status = 200, description = "A page of places that need a hand", body = Page<StockAlert>)))]
#[get("/stock-alerts")]
async fn list_stock_alerts(
    caller: Caller<ReadStock>,
    listing: Listing<StockAlertFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing.filter.check()?;
    let actor = (*caller).clone();
    listing
        .answer(async move |page, filter| {
            Ok(Alerts::new(&actor, filter, page)?.get_results::<StockAlert>(&mut *db.conn().await?).await?)
        })
        .await
}

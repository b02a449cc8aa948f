//! `/api/v1/reports/supplies` and `…/rows`.

use actix_web::{HttpResponse, get, web::Data};

use super::{
    rows::{self, SuppliesRow, SuppliesRowFilter},
    statements,
    types::{Supplies, SuppliesQuery},
};
use crate::{
    auth::{Caller, ReadShipments},
    db::Db,
    error::ApiResult,
    http::{Listing, Mount, Page, PageQuery, TableQuery, Tabled},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.service(read_supplies).service(list_supplies_rows);
}

/// What was sent to facilities, what arrived and what was lost, by category, month, area or facility, or by two of them.
#[utoipa::path(tag = "reports", params(SuppliesQuery, TableQuery), responses((status = 200, description = "The whole of each base unit, its parts, and what is known of the value of differences", body = Supplies)))]
#[get("/reports/supplies")]
async fn read_supplies(caller: Caller<ReadShipments>, asked: Tabled<SuppliesQuery>, db: Data<Db>) -> ApiResult<HttpResponse> {
    let query = &asked.query;
    query.within().check(&caller)?;
    let told = db.read_at(query.known_at, async |conn| statements::supplies(conn, &caller, query).await).await?;
    asked.answer(&told, || told.table()).await
}

/// The rows behind supplies: what moved, lot by lot; the rows of a cell add up to its number.
#[utoipa::path(tag = "reports", params(PageQuery, SuppliesRowFilter), responses((status = 200, description = "A page of what moved onto roads and off them", body = Page<SuppliesRow>)))]
#[get("/reports/supplies/rows")]
async fn list_supplies_rows(
    caller: Caller<ReadShipments>,
    listing: Listing<SuppliesRowFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let (within, known_at) = (listing.filter.within(), listing.filter.known_at);
    within.check(&caller)?;
    db.read_at(known_at, async |conn| rows::ensure_known(conn, &caller, &within).await).await?;
    listing
        .answer(async move |page, filter| db.read_at(known_at, async |conn| rows::rows(conn, &caller, filter, page).await).await)
        .await
}

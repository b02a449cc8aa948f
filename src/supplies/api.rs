//! `/api/v1/reports/supplies`.

use actix_web::{HttpResponse, get, web::Data};

use super::{
    statements,
    types::{Supplies, SuppliesQuery},
};
use crate::{
    auth::{Caller, ReadShipments},
    db::Db,
    error::ApiResult,
    http::{Mount, TableQuery, Tabled},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.service(read_supplies);
}

/// What was sent to facilities, what arrived and what was lost, by category, month, area or facility, or by two of them.
#[utoipa::path(tag = "reports", params(SuppliesQuery, TableQuery), responses((status = 200, description = "The whole of each base unit, its parts, and what is known of the value of differences", body = Supplies)))]
#[get("/reports/supplies")]
async fn read_supplies(caller: Caller<ReadShipments>, asked: Tabled<SuppliesQuery>, db: Data<Db>) -> ApiResult<HttpResponse> {
    let query = &asked.query;
    query.check(&caller)?;
    let told = db.read_at(query.known_at, async |conn| statements::supplies(conn, &caller, query).await).await?;
    asked.answer(&told, || told.table()).await
}

//! `/api/v1/lots/{id}/trace`, `/api/v1/lots/{id}/movements` and `/api/v1/paid-supplies`.

use actix_web::{HttpResponse, get, web::Data};
use diesel_async::RunQueryDsl;

use super::{
    statements::{Ask, Kin, Movements, Paid, Places, Shipments},
    types::{LotTrace, PaidSupply, PaidSupplyFilter, TraceFilter, TracedMovement},
};
use crate::{
    auth::{Caller, ReadStockDocuments, Scope, TraceFunds},
    db::Db,
    error::ApiResult,
    http::{Answer, Listing, Mount, Page, PageQuery, RecordId},
    lots::Lot,
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.service(trace_lot).service(list_lot_movements).service(list_paid_supplies);
}

/// Trace a lot: what it was made from and into, every place and shipment that it touched, what lies where.
#[utoipa::path(tag = "lots", params(("lot_id" = uuid::Uuid, Path)), responses((status = 200, description = "The trace, within what the caller sees", body = LotTrace)))]
#[get("/lots/{lot_id}/trace")]
async fn trace_lot(caller: Caller<ReadStockDocuments>, id: RecordId, db: Data<Db>) -> ApiResult<Answer> {
    let mut conn = db.conn().await?;
    register::load_any::<Lot>(&mut conn, &Scope::Everything, id.0).await?;
    let trace = LotTrace {
        lots: Ask::<Kin>::new(&caller, id.0).get_results(&mut conn).await?,
        places: Ask::<Places>::new(&caller, id.0).get_results(&mut conn).await?,
        shipments: Ask::<Shipments>::new(&caller, id.0).get_results(&mut conn).await?,
    };
    Answer::plain(&trace)
}

/// List every movement of a lot and of what was made of it, with its document.
#[utoipa::path(tag = "lots", params(("lot_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "A page of movements, oldest first", body = Page<TracedMovement>)))]
#[get("/lots/{lot_id}/movements")]
async fn list_lot_movements(
    caller: Caller<ReadStockDocuments>,
    id: RecordId,
    listing: Listing<TraceFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::load_any::<Lot>(&mut *db.conn().await?, &Scope::Everything, id.0).await?;
    let actor = (*caller).clone();
    listing
        .answer(async move |page, _| {
            let asked = Movements::new(&actor, id.0, actor.role.sends(), page)?;
            Ok(asked.get_results::<TracedMovement>(&mut *db.conn().await?).await?)
        })
        .await
}

/// Follow what a contract, a campaign or an organisation paid to the bedside: lot by lot, place by place.
#[utoipa::path(tag = "stock", params(PageQuery, PaidSupplyFilter), responses((status = 200, description = "A page of lots at places", body = Page<PaidSupply>)))]
#[get("/paid-supplies")]
async fn list_paid_supplies(
    caller: Caller<TraceFunds>,
    listing: Listing<PaidSupplyFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing.filter.check()?;
    let actor = (*caller).clone();
    listing
        .answer(async move |page, filter| {
            Ok(Paid::new(&actor, filter, page)?.get_results::<PaidSupply>(&mut *db.conn().await?).await?)
        })
        .await
}

//! `/api/v1/shared`.

use actix_web::{HttpResponse, get, web::Data};

use super::{
    feed, figures,
    store::{self, Told},
    types::{
        SharedChanges, SharedChangesQuery, SharedFacility, SharedFigures, SharedFiguresQuery, SharedFilter, SharedGrant,
        SharedGrantFilter, SharedShipment,
    },
};
use crate::{
    auth::{Caller, ReadShared},
    db::Db,
    error::ApiResult,
    http::{Answer, Listing, Mount, Page, PageQuery, Params},
    keys::Keys,
    share_grants::ShareField,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_shared_grants)
        .service(list_shared_facilities)
        .service(read_shared_figures)
        .service(list_shared_shipments)
        .service(read_shared_changes);
}

/// What the caller is given today: a key's one grant, or all open grants of a partner's person.
#[utoipa::path(tag = "sharing", params(PageQuery), responses((status = 200, description = "The open grants", body = Page<SharedGrant>)))]
#[get("/shared/grants")]
async fn list_shared_grants(
    caller: Caller<ReadShared>,
    listing: Listing<SharedGrantFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let actor = (*caller).clone();
    listing
        .answer::<SharedGrant>(async move |page, _| {
            let open = store::open_grants(&mut *db.conn().await?, &actor).await?;
            store::slice(open, page)
        })
        .await
}

/// The facilities that a grant tells of.
#[utoipa::path(tag = "sharing", params(PageQuery, SharedFilter), responses((status = 200, description = "A page of facilities, with what the grant gives of them", body = Page<SharedFacility>)))]
#[get("/shared/facilities")]
async fn list_shared_facilities(
    caller: Caller<ReadShared>,
    listing: Listing<SharedFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let actor = (*caller).clone();
    listing
        .answer(async move |page, filter| {
            let mut conn = db.conn().await?;
            let grant = store::grant(&mut conn, &actor, filter.grant_id, &[ShareField::Facilities]).await?;
            let rows: Vec<SharedFacility> = store::page(&mut conn, grant.id, Told::Facilities, page).await?;
            store::log(&mut conn, &actor, grant.id, "facilities", rows.len()).await?;
            Ok(rows)
        })
        .await
}

/// The figures of the grant's whole contract at the end of a month that is over, as they were frozen: some days after it, whoever asks when.
#[utoipa::path(tag = "sharing", params(SharedFiguresQuery), responses((status = 200, description = "The figures that the grant gives", body = SharedFigures)))]
#[get("/shared/figures")]
async fn read_shared_figures(
    caller: Caller<ReadShared>,
    Params(query): Params<SharedFiguresQuery>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    query.check()?;
    let mut conn = db.conn().await?;
    let counts = [ShareField::FacilityCounts, ShareField::StaffCounts, ShareField::ShipmentCounts];
    let grant = store::grant(&mut conn, &caller, query.grant_id, &counts).await?;
    let told = figures::read(&mut conn, &grant, query.as_of).await?;
    store::log(&mut conn, &caller, grant.id, "figures", 1).await?;
    Answer::plain(&told)
}

/// The shipments of a grant that have arrived whole, in months that are over.
#[utoipa::path(tag = "sharing", params(PageQuery, SharedFilter), responses((status = 200, description = "A page of shipments, by the month of their arrival", body = Page<SharedShipment>)))]
#[get("/shared/shipments")]
async fn list_shared_shipments(
    caller: Caller<ReadShared>,
    listing: Listing<SharedFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let actor = (*caller).clone();
    listing
        .answer(async move |page, filter| {
            let mut conn = db.conn().await?;
            let grant = store::grant(&mut conn, &actor, filter.grant_id, &[ShareField::Shipments]).await?;
            let rows: Vec<SharedShipment> = store::page(&mut conn, grant.id, Told::Shipments, page).await?;
            store::log(&mut conn, &actor, grant.id, "shipments", rows.len()).await?;
            Ok(rows)
        })
        .await
}

/// What the facilities and shipments of a grant are told to be otherwise than at a marker. Keep `next`, and ask again.
#[utoipa::path(tag = "sharing", params(SharedChangesQuery), responses((status = 200, description = "The records that are told otherwise, as they are told now", body = SharedChanges)))]
#[get("/shared/changes")]
async fn read_shared_changes(
    caller: Caller<ReadShared>,
    Params(query): Params<SharedChangesQuery>,
    db: Data<Db>,
    keys: Data<Keys>,
) -> ApiResult<Answer> {
    let mut conn = db.conn().await?;
    let rows = [ShareField::Facilities, ShareField::Shipments];
    let grant = store::grant(&mut conn, &caller, query.grant_id, &rows).await?;
    let told = feed::read(&mut conn, &keys, grant.id, query.after.as_deref()).await?;
    store::log(&mut conn, &caller, grant.id, "changes", told.items.len()).await?;
    Answer::plain(&told)
}

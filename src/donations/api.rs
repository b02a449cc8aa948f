//! `/api/v1/donations`, `/campaign-allocations`, `/campaigns/{campaign_id}/funds`, and the one page for everybody.

use actix_web::{HttpRequest, HttpResponse, get, post, web::Data};
use chrono::Utc;
use uuid::Uuid;

use super::{
    actions, allocations,
    door::Door,
    funds::{self, CampaignFunds, FundsQuery},
    public::{self, PublicCampaign},
    store,
    types::{Allocation, AllocationFilter, Donation, DonationFilter, MoneyReversal, NewAllocation, NewDonation},
};
use crate::{
    auth::{Caller, EditDonations, ReadDonations},
    campaigns::Campaign,
    db::Db,
    error::{ApiError, ApiResult, Code},
    http::{Answer, Body, ClientAddress, IdempotencyKey, IfNoneMatch, Listing, Mount, Page, PageQuery, Params, RecordId, once},
    keys::Hasher,
    register::load_any,
    types::RecordCode,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_donations)
        .service(create_donation)
        .service(find_donation)
        .service(reverse_donation)
        .service(list_campaign_allocations)
        .service(create_campaign_allocation)
        .service(find_campaign_allocation)
        .service(reverse_campaign_allocation)
        .service(read_campaign_funds)
        .service(read_public_campaign);
}

/// List donations, refunds, fees, chargebacks and gifts in kind.
#[utoipa::path(tag = "donations", params(PageQuery, DonationFilter), responses((status = 200, description = "A page of rows", body = Page<Donation>)))]
#[get("/donations")]
async fn list_donations(
    _caller: Caller<ReadDonations>,
    listing: Listing<DonationFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, filter, page).await).await
}

/// Record money received, given back, taken back or taken off, or a gift in kind. It is never edited; what is wrong is turned round.
#[utoipa::path(tag = "donations", request_body = NewDonation, responses((status = 201, description = "The new row", body = Donation)))]
#[post("/donations")]
async fn create_donation(
    caller: Caller<EditDonations>,
    key: IdempotencyKey,
    body: Body<NewDonation>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    once(&db, caller.id, &key, &body.digest, async |conn| actions::write(conn, &caller, &body.value).await).await
}

/// Read a row of a campaign's money.
#[utoipa::path(tag = "donations", params(("donation_id" = Uuid, Path)), responses((status = 200, description = "The row", body = Donation)))]
#[get("/donations/{donation_id}")]
async fn find_donation(_caller: Caller<ReadDonations>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    let there = store::find(&mut *db.conn().await?, id.0).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    // Written once; turned round, it is told with what turned it.
    Ok(held.answer(if there.reversed_by_id.is_some() { 2 } else { 1 }, &there))
}

/// Turn a row round: it and the row that does so cancel out on every day.
#[utoipa::path(tag = "donations", params(("donation_id" = Uuid, Path)), request_body = MoneyReversal, responses((status = 201, description = "The row that turns it round", body = Donation)))]
#[post("/donations/{donation_id}/reversal")]
async fn reverse_donation(
    caller: Caller<EditDonations>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<MoneyReversal>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    let made = body.value.id.unwrap_or_else(Uuid::now_v7);
    once(&db, caller.id, &key, &body.digest, async |conn| actions::reverse(conn, &caller, made, id.0, &body.value).await).await
}

/// List what went from campaigns to budget lines.
#[utoipa::path(tag = "donations", params(PageQuery, AllocationFilter), responses((status = 200, description = "A page of allocations", body = Page<Allocation>)))]
#[get("/campaign-allocations")]
async fn list_campaign_allocations(
    _caller: Caller<ReadDonations>,
    listing: Listing<AllocationFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing.answer(async move |page, filter| allocations::list(&mut *db.conn().await?, filter, page).await).await
}

/// Allocate money that was raised to a budget line: never more than was raised.
#[utoipa::path(tag = "donations", request_body = NewAllocation, responses((status = 201, description = "The new allocation", body = Allocation)))]
#[post("/campaign-allocations")]
async fn create_campaign_allocation(
    caller: Caller<EditDonations>,
    key: IdempotencyKey,
    body: Body<NewAllocation>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    once(&db, caller.id, &key, &body.digest, async |conn| allocations::write(conn, &caller, &body.value).await).await
}

/// Read an allocation.
#[utoipa::path(tag = "donations", params(("allocation_id" = Uuid, Path)), responses((status = 200, description = "The allocation", body = Allocation)))]
#[get("/campaign-allocations/{allocation_id}")]
async fn find_campaign_allocation(
    _caller: Caller<ReadDonations>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let there = allocations::find(&mut *db.conn().await?, id.0).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    Ok(held.answer(1, &there))
}

/// Turn an allocation round: its money is free again.
#[utoipa::path(tag = "donations", params(("allocation_id" = Uuid, Path)), request_body = MoneyReversal, responses((status = 201, description = "The allocation that turns it round", body = Allocation)))]
#[post("/campaign-allocations/{allocation_id}/reversal")]
async fn reverse_campaign_allocation(
    caller: Caller<EditDonations>,
    id: RecordId,
    key: IdempotencyKey,
    body: Body<MoneyReversal>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    let made = body.value.id.unwrap_or_else(Uuid::now_v7);
    once(&db, caller.id, &key, &body.digest, async |conn| allocations::reverse(conn, &caller, made, id.0, &body.value).await)
        .await
}

/// What a campaign has on a day: raised, remaining, and where the money went.
#[utoipa::path(tag = "donations", params(("campaign_id" = Uuid, Path), FundsQuery), responses((status = 200, description = "The campaign's money, counted from its rows", body = CampaignFunds)))]
#[get("/campaigns/{campaign_id}/funds")]
async fn read_campaign_funds(
    caller: Caller<ReadDonations>,
    id: RecordId,
    Params(query): Params<FundsQuery>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    let day = query.as_of.unwrap_or_else(|| Utc::now().date_naive());
    let told = db.read_at(query.known_at, async |conn| {
        let campaign = load_any::<Campaign>(conn, &caller.scope, id.0).await?;
        funds::read(conn, &campaign, day).await
    });
    Answer::plain(&told.await?)
}

/// What a published campaign says to everybody. No sign-in; kept by caches for five minutes.
#[utoipa::path(tag = "public", params(("code" = RecordCode, Path)), responses((status = 200, description = "The campaign", body = PublicCampaign)))]
#[get("/public/campaigns/{code}")]
async fn read_public_campaign(
    request: HttpRequest,
    from: ClientAddress,
    door: Data<Door>,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    door.enter(from.0)?;
    // What is no code is the code of nothing.
    let code = request.match_info().get("code").and_then(|code| RecordCode::parse(code).ok());
    let code = code.ok_or_else(|| ApiError::new(Code::NotFound))?;
    let told = public::read(&mut *db.conn().await?, &code).await?;
    let body = serde_json::to_vec(&told).map_err(ApiError::internal)?;
    let mut hash = Hasher::fresh();
    hash.update(&body);
    let etag = format!("\"{}\"", &hash.finish()[..32]);
    let mut answer = if held.holds(&etag) { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header(("etag", etag.clone())).insert_header(("cache-control", "public, max-age=300"));
    if held.holds(&etag) {
        return Ok(answer.finish());
    }
    Ok(answer.content_type("application/json").body(body))
}

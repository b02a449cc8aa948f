//! `/api/v1/campaigns`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    store,
    types::{Campaign, CampaignFilter, CampaignPatch, NewCampaign},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditContracts, ReadContracts, ReadHistory},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_campaigns)
        .service(create_campaign)
        .service(find_campaign)
        .service(update_campaign)
        .service(retire_campaign)
        .service(list_campaign_history);
}

/// List campaigns.
#[utoipa::path(tag = "campaigns", params(PageQuery, CampaignFilter), responses((status = 200, description = "A page of campaigns", body = Page<Campaign>)))]
#[get("/campaigns")]
async fn list_campaigns(
    caller: Caller<ReadContracts>,
    listing: Listing<CampaignFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    caller.ensure_may_look_back(listing.filter.known_at)?;
    let scope = caller.scope.clone();
    listing
        .answer(async move |page, filter| {
            db.read_at(filter.known_at, async |conn| store::list(conn, &scope, filter, page).await).await
        })
        .await
}

/// Add a campaign.
#[utoipa::path(tag = "campaigns", request_body = NewCampaign, responses((status = 201, description = "The new campaign", body = Campaign)))]
#[post("/campaigns")]
async fn create_campaign(
    caller: Caller<EditContracts>,
    key: IdempotencyKey,
    body: Body<NewCampaign>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Campaign>(&db, &caller, &key, &body).await
}

/// Read a campaign.
#[utoipa::path(tag = "campaigns", params(("campaign_id" = uuid::Uuid, Path)), responses((status = 200, description = "The campaign", body = Campaign)))]
#[get("/campaigns/{campaign_id}")]
async fn find_campaign(caller: Caller<ReadContracts>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<Campaign>(&db, &caller, id, &held).await
}

/// Edit a campaign.
#[utoipa::path(tag = "campaigns", params(("campaign_id" = uuid::Uuid, Path)), request_body(content = CampaignPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The campaign as it is now", body = Campaign)))]
#[patch("/campaigns/{campaign_id}")]
async fn update_campaign(
    caller: Caller<EditContracts>,
    id: RecordId,
    expected: IfMatch,
    body: Body<CampaignPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<Campaign>(&db, &caller, id, expected, &body).await
}

/// Retire a campaign: it stays on record and supports nothing any longer.
#[utoipa::path(tag = "campaigns", params(("campaign_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired campaign", body = Campaign)))]
#[delete("/campaigns/{campaign_id}")]
async fn retire_campaign(caller: Caller<EditContracts>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<Campaign>(&db, &caller, id, expected).await
}

/// Who changed a campaign, and how.
#[utoipa::path(tag = "campaigns", params(("campaign_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/campaigns/{campaign_id}/history")]
async fn list_campaign_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Campaign>(db, &caller, id, listing).await
}

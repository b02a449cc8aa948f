//! `/api/v1/exchange-rates`.

use actix_web::{HttpResponse, delete, get, post, web::Data};

use super::{
    store,
    types::{ExchangeRate, ExchangeRateFilter, NewExchangeRate},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditRates, ReadHistory, ReadRates},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice. There is no edit: what was reckoned with a rate must find it as it was.
pub fn routes(config: &mut Mount) {
    config
        .service(list_exchange_rates)
        .service(create_exchange_rate)
        .service(find_exchange_rate)
        .service(retire_exchange_rate)
        .service(list_exchange_rate_history);
}

/// List rates between currencies.
#[utoipa::path(tag = "exchange-rates", params(PageQuery, ExchangeRateFilter), responses((status = 200, description = "A page of rates", body = Page<ExchangeRate>)))]
#[get("/exchange-rates")]
async fn list_exchange_rates(
    _: Caller<ReadRates>,
    listing: Listing<ExchangeRateFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, filter, page).await).await
}

/// Tell a rate of a day.
#[utoipa::path(tag = "exchange-rates", request_body = NewExchangeRate, responses((status = 201, description = "The new rate", body = ExchangeRate)))]
#[post("/exchange-rates")]
async fn create_exchange_rate(
    caller: Caller<EditRates>,
    key: IdempotencyKey,
    body: Body<NewExchangeRate>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<ExchangeRate>(&db, &caller, &key, &body).await
}

/// Read a rate.
#[utoipa::path(tag = "exchange-rates", params(("exchange_rate_id" = uuid::Uuid, Path)), responses((status = 200, description = "The rate", body = ExchangeRate)))]
#[get("/exchange-rates/{exchange_rate_id}")]
async fn find_exchange_rate(caller: Caller<ReadRates>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<ExchangeRate>(&db, &caller, id, &held).await
}

/// Retire a rate: nothing is reckoned with it any longer, and what was reckoned stays.
#[utoipa::path(tag = "exchange-rates", params(("exchange_rate_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired rate", body = ExchangeRate)))]
#[delete("/exchange-rates/{exchange_rate_id}")]
async fn retire_exchange_rate(caller: Caller<EditRates>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<ExchangeRate>(&db, &caller, id, expected).await
}

/// Who told and retired a rate.
#[utoipa::path(tag = "exchange-rates", params(("exchange_rate_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/exchange-rates/{exchange_rate_id}/history")]
async fn list_exchange_rate_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<ExchangeRate>(db, &caller, id, listing).await
}

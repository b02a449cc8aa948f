//! `/api/v1/generators` and the hours they ran.

use actix_web::{HttpResponse, delete, get, patch, post, put, web::Data};

use super::{
    hours::{self, GeneratorHours, GeneratorHoursFields, GeneratorHoursFilter},
    store,
    types::{Generator, GeneratorFilter, GeneratorPatch, NewGenerator},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditFuelTanks, ReadHistory, ReadStock, RecordFuel},
    db::Db,
    error::ApiResult,
    http::{
        Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, IfPresentMatch, Listing, Mount, Page, PageQuery, RanOn, RecordId,
    },
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_generators)
        .service(create_generator)
        .service(find_generator)
        .service(update_generator)
        .service(retire_generator)
        .service(list_generator_history)
        .service(list_generator_hours)
        .service(put_generator_hours)
        .service(retire_generator_hours);
}

/// List generators.
#[utoipa::path(tag = "fuel", params(PageQuery, GeneratorFilter), responses((status = 200, description = "A page of generators", body = Page<Generator>)))]
#[get("/generators")]
async fn list_generators(caller: Caller<ReadStock>, listing: Listing<GeneratorFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, &scope, filter, page).await).await
}

/// Add a generator.
#[utoipa::path(tag = "fuel", request_body = NewGenerator, responses((status = 201, description = "The new generator", body = Generator)))]
#[post("/generators")]
async fn create_generator(
    caller: Caller<EditFuelTanks>,
    key: IdempotencyKey,
    body: Body<NewGenerator>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Generator>(&db, &caller, &key, &body).await
}

/// Read a generator.
#[utoipa::path(tag = "fuel", params(("generator_id" = uuid::Uuid, Path)), responses((status = 200, description = "The generator", body = Generator)))]
#[get("/generators/{generator_id}")]
async fn find_generator(caller: Caller<ReadStock>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<Generator>(&db, &caller, id, &held).await
}

/// Edit a generator.
#[utoipa::path(tag = "fuel", params(("generator_id" = uuid::Uuid, Path)), request_body(content = GeneratorPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The generator as it is now", body = Generator)))]
#[patch("/generators/{generator_id}")]
async fn update_generator(
    caller: Caller<EditFuelTanks>,
    id: RecordId,
    expected: IfMatch,
    body: Body<GeneratorPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<Generator>(&db, &caller, id, expected, &body).await
}

/// Retire a generator: the hours it ran stay.
#[utoipa::path(tag = "fuel", params(("generator_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired generator", body = Generator)))]
#[delete("/generators/{generator_id}")]
async fn retire_generator(caller: Caller<EditFuelTanks>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<Generator>(&db, &caller, id, expected).await
}

/// Who changed a generator or its hours, and how.
#[utoipa::path(tag = "fuel", params(("generator_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/generators/{generator_id}/history")]
async fn list_generator_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Generator>(db, &caller, id, listing).await
}

/// List the days of a generator and the hours it ran.
#[utoipa::path(tag = "fuel", params(("generator_id" = uuid::Uuid, Path), PageQuery, GeneratorHoursFilter), responses((status = 200, description = "A page of days, oldest first", body = Page<GeneratorHours>)))]
#[get("/generators/{generator_id}/hours")]
async fn list_generator_hours(
    caller: Caller<ReadStock>,
    RecordId(id): RecordId,
    listing: Listing<GeneratorHoursFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::load_any::<Generator>(&mut *db.conn().await?, &caller.scope, id).await?;
    listing.answer(async move |page, filter| hours::list(&mut *db.conn().await?, id, filter, page).await).await
}

/// Say how many hours a generator ran on a day; said again, it replaces what was said of that day.
#[utoipa::path(tag = "fuel", params(("generator_id" = uuid::Uuid, Path), ("ran_on" = chrono::NaiveDate, Path)), request_body = GeneratorHoursFields,
    responses((status = 201, description = "The hours of a new day", body = GeneratorHours), (status = 200, description = "The hours of the day as they are now", body = GeneratorHours)))]
#[put("/generators/{generator_id}/hours/{ran_on}")]
async fn put_generator_hours(
    caller: Caller<RecordFuel>,
    RecordId(id): RecordId,
    RanOn(day): RanOn,
    expected: IfPresentMatch,
    body: Body<GeneratorHoursFields>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| hours::put(conn, &caller, (id, day), expected, &body.value).await).await
}

/// Take back the hours of a day.
#[utoipa::path(tag = "fuel", params(("generator_id" = uuid::Uuid, Path), ("ran_on" = chrono::NaiveDate, Path)), responses((status = 200, description = "The hours that no longer count", body = GeneratorHours)))]
#[delete("/generators/{generator_id}/hours/{ran_on}")]
async fn retire_generator_hours(
    caller: Caller<RecordFuel>,
    RecordId(id): RecordId,
    RanOn(day): RanOn,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| hours::retire(conn, &caller, (id, day), expected).await).await
}

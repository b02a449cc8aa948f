//! `/api/v1/items`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    packs::{self, ConvertedQuantity, PackConversion},
    store,
    types::{Item, ItemFilter, ItemPatch, NewItem},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Anyone, Caller, EditReferences, ReadHistory, Scope},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_items)
        .service(create_item)
        .service(find_item)
        .service(update_item)
        .service(retire_item)
        .service(convert_packs)
        .service(list_item_history);
}

/// List items.
#[utoipa::path(tag = "items", params(PageQuery, ItemFilter), responses((status = 200, description = "A page of items", body = Page<Item>)))]
#[get("/items")]
async fn list_items(_caller: Caller<Anyone>, listing: Listing<ItemFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, filter, page).await).await
}

/// Add an item.
#[utoipa::path(tag = "items", request_body = NewItem, responses((status = 201, description = "The new item", body = Item)))]
#[post("/items")]
async fn create_item(
    caller: Caller<EditReferences>,
    key: IdempotencyKey,
    body: Body<NewItem>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Item>(&db, &caller, &key, &body).await
}

/// Read an item.
#[utoipa::path(tag = "items", params(("item_id" = uuid::Uuid, Path)), responses((status = 200, description = "The item", body = Item)))]
#[get("/items/{item_id}")]
async fn find_item(caller: Caller<Anyone>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<Item>(&db, &caller, id, &held).await
}

/// Edit an item.
#[utoipa::path(tag = "items", params(("item_id" = uuid::Uuid, Path)), request_body(content = ItemPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The item as it is now", body = Item)))]
#[patch("/items/{item_id}")]
async fn update_item(
    caller: Caller<EditReferences>,
    id: RecordId,
    expected: IfMatch,
    body: Body<ItemPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<Item>(&db, &caller, id, expected, &body).await
}

/// Retire an item: it stays on record and is no longer chosen.
#[utoipa::path(tag = "items", params(("item_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired item", body = Item)))]
#[delete("/items/{item_id}")]
async fn retire_item(caller: Caller<EditReferences>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<Item>(&db, &caller, id, expected).await
}

/// Tell so many packs in base units; what is no whole number of them is refused. Nothing is written.
#[utoipa::path(tag = "items", params(("item_id" = uuid::Uuid, Path)), request_body = PackConversion, responses((status = 200, description = "The quantity in the item's base unit", body = ConvertedQuantity)))]
#[post("/items/{item_id}/conversions")]
async fn convert_packs(_caller: Caller<Anyone>, id: RecordId, body: Body<PackConversion>, db: Data<Db>) -> ApiResult<Answer> {
    let fields = register::load_open::<Item>(&mut *db.conn().await?, &Scope::Everything, id.0).await?.fields;
    let quantity = packs::convert(&fields.packs, &body.value)?;
    Answer::plain(&ConvertedQuantity { quantity, base_unit: fields.base_unit })
}

/// Who changed an item, and how.
#[utoipa::path(tag = "items", params(("item_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/items/{item_id}/history")]
async fn list_item_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Item>(db, &caller, id, listing).await
}

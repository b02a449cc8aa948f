//! `/api/v1/recipes`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    store,
    types::{NewRecipe, Recipe, RecipeFilter, RecipePatch},
};
use crate::{
    audit::{HistoryEntry, HistoryFilter},
    auth::{Caller, EditRecipes, ReadHistory, ReadStock},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId},
    register,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_recipes)
        .service(create_recipe)
        .service(find_recipe)
        .service(update_recipe)
        .service(retire_recipe)
        .service(list_recipe_history);
}

/// List recipes, every version a record of its own.
#[utoipa::path(tag = "production", params(PageQuery, RecipeFilter), responses((status = 200, description = "A page of recipes", body = Page<Recipe>)))]
#[get("/recipes")]
async fn list_recipes(_caller: Caller<ReadStock>, listing: Listing<RecipeFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, filter, page).await).await
}

/// Add a recipe, or the next version of one.
#[utoipa::path(tag = "production", request_body = NewRecipe, responses((status = 201, description = "The new recipe", body = Recipe)))]
#[post("/recipes")]
async fn create_recipe(
    caller: Caller<EditRecipes>,
    key: IdempotencyKey,
    body: Body<NewRecipe>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<Recipe>(&db, &caller, &key, &body).await
}

/// Read a recipe.
#[utoipa::path(tag = "production", params(("recipe_id" = uuid::Uuid, Path)), responses((status = 200, description = "The recipe", body = Recipe)))]
#[get("/recipes/{recipe_id}")]
async fn find_recipe(caller: Caller<ReadStock>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    register::find::<Recipe>(&db, &caller, id, &held).await
}

/// Edit a version that nothing uses yet; `ingredients` is replaced whole.
#[utoipa::path(tag = "production", params(("recipe_id" = uuid::Uuid, Path)), request_body(content = RecipePatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The recipe as it is now", body = Recipe)))]
#[patch("/recipes/{recipe_id}")]
async fn update_recipe(
    caller: Caller<EditRecipes>,
    id: RecordId,
    expected: IfMatch,
    body: Body<RecipePatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::update::<Recipe>(&db, &caller, id, expected, &body).await
}

/// Retire a version: it begins no more orders, and the one before it may again.
#[utoipa::path(tag = "production", params(("recipe_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired recipe", body = Recipe)))]
#[delete("/recipes/{recipe_id}")]
async fn retire_recipe(caller: Caller<EditRecipes>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    register::retire::<Recipe>(&db, &caller, id, expected).await
}

/// Who changed a recipe, and how.
#[utoipa::path(tag = "production", params(("recipe_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/recipes/{recipe_id}/history")]
async fn list_recipe_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::history::<Recipe>(db, &caller, id, listing).await
}

//! The SQL of recipes and their ingredients, which travel in whole sets.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, now},
    prelude::*,
    sql_types::{Array, BigInt, Integer, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{Recipe, RecipeFields, RecipeFilter, RecipeHead, RecipeIngredient, RecipeRow};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiResult, Code, Faults},
    http::{New, PageQuery, in_use, keyset},
    register::Record,
    schema::{items, recipe_ingredients, recipes},
};

/// Recipes are of the catalogue: whoever may read them reads all.
impl Record for Recipe {
    type Fields = RecipeFields;
    const COLLECTION: &'static str = "recipes";
    const SCOPED_BY: &'static str = "/item_id";

    fn id(&self) -> Uuid {
        self.row.id
    }

    fn revision(&self) -> i64 {
        self.row.revision
    }

    fn is_retired(&self) -> bool {
        self.row.retired_at.is_some()
    }

    fn fields(&self) -> &RecipeFields {
        &self.fields
    }

    async fn load(conn: &mut Conn, _: &Scope, id: Uuid) -> ApiResult<Option<Self>> {
        Ok(Self::load_many(conn, &[id]).await?.pop())
    }

    async fn load_many(conn: &mut Conn, ids: &[Uuid]) -> ApiResult<Vec<Self>> {
        let rows = recipes::table.filter(recipes::id.eq_any(ids)).select(RecipeRow::as_select()).load(conn).await?;
        whole(conn, rows).await
    }

    async fn insert(conn: &mut Conn, by: Uuid, records: &[New<RecipeFields>]) -> ApiResult<Vec<Self>> {
        let heads: Vec<_> = records
            .iter()
            .map(|New { id, fields }| (recipes::id.eq(*id), RecipeHead::from(fields), recipes::recorded_by.eq(by)))
            .collect();
        let rows: Vec<RecipeRow> = diesel::insert_into(recipes::table)
            .values(heads)
            .on_conflict(recipes::id)
            .do_nothing()
            .returning(RecipeRow::as_returning())
            .get_results(conn)
            .await?;
        let fresh: HashSet<Uuid> = rows.iter().map(|row| row.id).collect();
        let sets: Vec<_> =
            records.iter().filter(|new| fresh.contains(&new.id)).map(|new| (new.id, new.fields.ingredients.as_slice())).collect();
        insert_ingredients(conn, by, &sets).await?;
        whole(conn, rows).await
    }

    async fn save(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64, fields: &RecipeFields) -> ApiResult<Option<Self>> {
        let there = recipes::table.filter(recipes::id.eq(id)).filter(recipes::revision.eq(revision));
        let row: Option<RecipeRow> = diesel::update(there)
            .set((RecipeHead::from(fields), recipes::recorded_by.eq(by)))
            .returning(RecipeRow::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        let Some(before) = whole(conn, row.into_iter().collect()).await?.pop() else {
            return Ok(None);
        };
        if before.ingredients == fields.ingredients {
            return Ok(Some(before));
        }
        retire_ingredients(conn, by, id).await?;
        insert_ingredients(conn, by, &[(id, &fields.ingredients)]).await?;
        Ok(whole(conn, vec![before.row]).await?.pop())
    }

    async fn withdraw(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64) -> ApiResult<Option<Self>> {
        let there = recipes::table.filter(recipes::id.eq(id)).filter(recipes::revision.eq(revision));
        let row: Option<RecipeRow> = diesel::update(there)
            .set((recipes::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), recipes::recorded_by.eq(by)))
            .returning(RecipeRow::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        Ok(whole(conn, row.into_iter().collect()).await?.pop())
    }

    async fn check_references(conn: &mut Conn, _: &Scope, fields: &RecipeFields) -> ApiResult<()> {
        let named: Vec<Uuid> = fields.ingredients.iter().map(|one| one.item_id).chain([fields.item_id]).collect();
        let known = items::table.filter(items::id.eq_any(named)).select((items::id, items::expiry_tracked));
        let known: HashMap<Uuid, bool> = known.load(conn).await?.into_iter().collect();
        let mut faults = Faults::default();
        match (known.get(&fields.item_id), fields.shelf_life_days) {
            (None, _) => faults.add("/item_id", Code::UnknownReference),
            (Some(true), None) => faults.add("/shelf_life_days", Code::Required),
            (Some(false), Some(_)) => faults.add("/shelf_life_days", Code::UnknownField),
            _ => {}
        }
        for (index, ingredient) in fields.ingredients.iter().enumerate() {
            if !known.contains_key(&ingredient.item_id) {
                faults.add(format!("/ingredients/{index}/item_id"), Code::UnknownReference);
            }
        }
        Ok(faults.into_result()?)
    }
}

/// The rows as whole records: all their ingredients in one query.
async fn whole(conn: &mut Conn, rows: Vec<RecipeRow>) -> ApiResult<Vec<Recipe>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let found: Vec<(Uuid, RecipeIngredient)> = recipe_ingredients::table
        .filter(recipe_ingredients::recipe_id.eq_any(ids))
        .filter(recipe_ingredients::retired_at.is_null())
        .order((recipe_ingredients::recipe_id, recipe_ingredients::line))
        .select((recipe_ingredients::recipe_id, (recipe_ingredients::item_id, recipe_ingredients::quantity)))
        .load(conn)
        .await?;
    let mut ingredients: HashMap<Uuid, Vec<RecipeIngredient>> = HashMap::new();
    for (recipe, ingredient) in found {
        ingredients.entry(recipe).or_default().push(ingredient);
    }
    let one = |row: RecipeRow| {
        let made_of = ingredients.remove(&row.id).unwrap_or_default();
        Recipe::new(row, made_of)
    };
    Ok(rows.into_iter().map(one).collect())
}

/// The ingredients of these recipes, in one statement whose text does not depend on how many they are.
async fn insert_ingredients(conn: &mut Conn, by: Uuid, sets: &[(Uuid, &[RecipeIngredient])]) -> ApiResult<()> {
    let all = || sets.iter().flat_map(|(id, set)| set.iter().zip(1..).map(|(one, number)| (*id, number, one)));
    diesel::sql_query(
        "INSERT INTO recipe_ingredients (id, recipe_id, line, item_id, quantity, recorded_by) \
         SELECT given.*, $6 FROM unnest($1, $2, $3, $4, $5) AS given",
    )
    .bind::<Array<SqlUuid>, _>(all().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(all().map(|(recipe, ..)| recipe).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(all().map(|(_, number, _)| number).collect::<Vec<i32>>())
    .bind::<Array<SqlUuid>, _>(all().map(|(.., one)| one.item_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(all().map(|(.., one)| one.quantity).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(by)
    .execute(conn)
    .await?;
    Ok(())
}

async fn retire_ingredients(conn: &mut Conn, by: Uuid, recipe: Uuid) -> ApiResult<()> {
    let there = recipe_ingredients::table
        .filter(recipe_ingredients::recipe_id.eq(recipe))
        .filter(recipe_ingredients::retired_at.is_null());
    diesel::update(there)
        .set((
            recipe_ingredients::retired_at.eq(now.into_sql::<Timestamptz>().nullable()),
            recipe_ingredients::recorded_by.eq(by),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// One page of recipes, with their ingredients.
pub async fn list(conn: &mut Conn, filter: &RecipeFilter, page: &PageQuery) -> ApiResult<Vec<Recipe>> {
    let mut query = recipes::table.select(RecipeRow::as_select()).into_boxed();
    query = in_use!(query, filter.retired, recipes::retired_at);
    if let Some(code) = &filter.code {
        query = query.filter(recipes::code.eq(code));
    }
    if let Some(item) = filter.item_id {
        query = query.filter(recipes::item_id.eq(item));
    }
    if let Some(item) = filter.ingredient_id {
        let taking = recipe_ingredients::table
            .filter(recipe_ingredients::recipe_id.eq(recipes::id))
            .filter(recipe_ingredients::item_id.eq(item))
            .filter(recipe_ingredients::retired_at.is_null());
        query = query.filter(exists(taking));
    }
    if let Some(words) = &page.q {
        query = query.filter(recipes::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, recipes::id, {
        "code" => recipes::code; String,
        "name" => recipes::name; String,
        "recorded_at" => recipes::recorded_at; DateTime<Utc>,
    });
    let rows = query.load(conn).await?;
    whole(conn, rows).await
}

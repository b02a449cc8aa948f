//! A recipe as it is stored and travels.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{Code, Faults},
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::recipes,
    types::{Flag, Name, RecordCode, within},
};

/// The most ingredients of one recipe.
const MOST_INGREDIENTS: usize = 100;
/// The most of one batch, in base units: times the most batches it is still a line of a document.
const MOST_OF_A_BATCH: i64 = 100_000_000;
/// The longest shelf life, in days.
const LONGEST_LIFE: i32 = 3_650;

/// What people say of a recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"code": "REC-SALINE", "version": 1, "name": "Sodium chloride 0.9 %, 500 ml", "item_id": "0193a1c2-0000-7000-8000-000000000004",
    "batch_size": 200, "shelf_life_days": 180, "ingredients": [{"item_id": "0193a1c2-0000-7000-8000-000000000005", "quantity": 900}]}))]
pub struct RecipeFields {
    /// What people call it, one code for all its versions.
    pub code: RecordCode,
    /// Its version, from 1.
    #[schema(minimum = 1, maximum = 1000)]
    pub version: i32,
    /// The version before it; required from version 2 on.
    #[deserr(default)]
    pub follows_id: Option<Uuid>,
    /// Its name in English.
    pub name: Name,
    /// Its name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// What it makes.
    pub item_id: Uuid,
    /// How many one batch is expected to give, in the item's base unit.
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub batch_size: i64,
    /// How many days after it was made the lot may be used; required where the item's lots expire, absent elsewhere.
    #[deserr(default)]
    #[schema(minimum = 1, maximum = 3650)]
    pub shelf_life_days: Option<i32>,
    /// What one batch is made of, each item once.
    #[schema(min_items = 1, max_items = 100)]
    pub ingredients: Vec<RecipeIngredient>,
}

/// What one batch takes of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct RecipeIngredient {
    /// The item.
    pub item_id: Uuid,
    /// How many, in the item's base unit.
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub quantity: i64,
}

impl Fields for RecipeFields {
    fn check(&self, faults: &mut Faults) {
        within(faults, "/version", Some(self.version), 1, 1000);
        within(faults, "/batch_size", Some(self.batch_size), 1, MOST_OF_A_BATCH);
        within(faults, "/shelf_life_days", self.shelf_life_days, 1, LONGEST_LIFE);
        match (self.version, self.follows_id) {
            (2.., None) => faults.add("/follows_id", Code::Required),
            (1, Some(_)) => faults.add("/follows_id", Code::UnknownField),
            _ => {}
        }
        match self.ingredients.len() {
            0 => faults.add("/ingredients", Code::Required),
            1..=MOST_INGREDIENTS => {}
            _ => faults.add("/ingredients", Code::TooMany),
        }
        // What it makes is no ingredient of it.
        let mut items = HashSet::from([self.item_id]);
        for (index, ingredient) in self.ingredients.iter().enumerate() {
            within(faults, &format!("/ingredients/{index}/quantity"), Some(ingredient.quantity), 1, MOST_OF_A_BATCH);
            if !items.insert(ingredient.item_id) {
                faults.add(format!("/ingredients/{index}/item_id"), Code::Repeated);
            }
        }
    }
}

/// A recipe without its ingredients.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[diesel(table_name = recipes, treat_none_as_null = true)]
pub struct RecipeHead {
    /// What people call it, one code for all its versions.
    pub code: RecordCode,
    /// Its version, from 1.
    pub version: i32,
    /// The version before it.
    pub follows_id: Option<Uuid>,
    /// Its name in English.
    pub name: Name,
    /// Its name in Arabic.
    pub name_ar: Option<Name>,
    /// What it makes.
    pub item_id: Uuid,
    /// How many one batch is expected to give, in the item's base unit.
    pub batch_size: i64,
    /// How many days after it was made the lot may be used.
    pub shelf_life_days: Option<i32>,
}

impl From<&RecipeFields> for RecipeHead {
    fn from(fields: &RecipeFields) -> Self {
        Self {
            code: fields.code.clone(),
            version: fields.version,
            follows_id: fields.follows_id,
            name: fields.name.clone(),
            name_ar: fields.name_ar.clone(),
            item_id: fields.item_id,
            batch_size: fields.batch_size,
            shelf_life_days: fields.shelf_life_days,
        }
    }
}

/// A recipe's own row.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = recipes)]
pub struct RecipeRow {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub head: RecipeHead,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A recipe with what it is made of.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Recipe {
    #[serde(flatten)]
    pub row: RecipeRow,
    /// What one batch is made of.
    pub ingredients: Vec<RecipeIngredient>,
    /// What people gave: the measure of edits.
    #[serde(skip)]
    #[schema(ignore)]
    pub fields: RecipeFields,
}

impl Recipe {
    /// A row and its ingredients as one record.
    pub fn new(row: RecipeRow, ingredients: Vec<RecipeIngredient>) -> Self {
        let head = row.head.clone();
        let fields = RecipeFields {
            code: head.code,
            version: head.version,
            follows_id: head.follows_id,
            name: head.name,
            name_ar: head.name_ar,
            item_id: head.item_id,
            batch_size: head.batch_size,
            shelf_life_days: head.shelf_life_days,
            ingredients: ingredients.clone(),
        };
        Self { row, ingredients, fields }
    }
}

/// A recipe to be added.
pub type NewRecipe = New<RecipeFields>;
/// What is to change about a recipe that nothing uses yet; `ingredients` is replaced whole.
pub type RecipePatch = Merge<RecipeFields>;

/// Which recipes to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecipeFilter {
    /// The versions of this recipe.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub code: Option<RecordCode>,
    /// Those that make this item.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
    /// Those that take this item.
    #[deserr(default)]
    pub ingredient_id: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for RecipeFilter {
    const SORTS: &'static [&'static str] = &["code", "name", "recorded_at"];
}

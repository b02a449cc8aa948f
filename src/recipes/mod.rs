//! Recipes: what one batch is made of, and what it is expected to give.
//!
//! A recipe has versions under one code. A version that an order uses, or that another follows, stays as it is: a change is a new version
//! that names the one before it. The newest version in use alone begins new orders.

mod api;
mod store;
mod types;

pub use api::routes;
pub use types::{Recipe, RecipeIngredient};

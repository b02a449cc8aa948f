//! Items: the catalogue of what is sent, in the campaign's categories.
//!
//! An item is counted in its base unit, the smallest that is ever counted. A GTIN belongs to one item and
//! its check digit is right; every role reads the catalogue.

mod api;
mod rules;
mod store;
mod types;

pub use api::routes;
pub use types::{Item, ItemCategory, ItemFields};

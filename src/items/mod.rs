//! Items: the catalogue of what is sent, in the campaign's categories.
//!
//! An item is counted in its base unit, the smallest that is ever counted; a pack is so many of it. A GTIN belongs to one item or
//! one pack and its check digit is right; every role reads the catalogue.

mod api;
mod packs;
mod rules;
mod store;
mod types;

pub use api::routes;
pub use packs::Pack;
pub use rules::{gtin, gtin_14};
pub use types::{Item, ItemCategory, ItemFields};

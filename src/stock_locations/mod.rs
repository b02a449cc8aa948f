//! Stock locations: the places where stock lies, and the accounts of the world outside.
//!
//! A place is the store of a facility, or a warehouse, a workshop or a quarantine of an area. What comes in and goes out moves from
//! and to accounts: suppliers, donors, production, consumption, loss, count differences. There is one of each; they stay as they are.

mod api;
mod checks;
mod store;
mod types;

pub use api::routes;
pub use checks::check_place;
pub use store::{open_roads, shown, visible};
pub use types::{LocationKind, StockLocation};

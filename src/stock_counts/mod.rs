//! Stock counts: what truly lies at a place, against what the book says.
//!
//! One person counts, without being shown the book while the count is blind; a second one, never the same, looks at the differences and
//! confirms or rejects them. What is confirmed becomes documents of the count in the ledger, on the day of the count, under a lock of the
//! place: nothing moves there between the look into the book and what is written. A place has one open count at most.

mod actions;
mod api;
mod rules;
mod store;
mod types;

pub use actions::{confirm, submit};
pub use api::routes;
pub use types::StockCount;

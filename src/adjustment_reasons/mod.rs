//! Adjustment reasons: why stock was lost or found, as data, so that losses can be added up by what caused them.
//!
//! Whether a reason explains losses or gains is settled with the first document that bears it.

mod api;
mod store;
mod types;

pub use api::routes;
pub use types::AdjustmentReason;

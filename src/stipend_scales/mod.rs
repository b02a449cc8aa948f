//! Scales of stipends: what a month of full time is paid, by cadre.
//!
//! A scale may be one contract's or of all, one area's or of everywhere, and has its days; two of the same never hold on one day. The most
//! specific wins: a contract's own before the general ones; among those, that of the nearest area up the tree, and that of everywhere last.
//! The rule stands in SQL (`siraj_stipend_scale`), for runs and reports that ask it of many posts at once. What was drafted with a scale
//! keeps a copy of it.

mod api;
mod store;
mod types;

pub use api::routes;
pub use types::{StipendScale, StipendScaleFields};

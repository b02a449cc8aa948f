//! Departures: when and why a person left, and when they came back.
//!
//! Leaving ends the posts that are held beyond that day, in the same transaction; until a return nobody gives the person another
//! (`person-departed`). A departure that was told in error is taken back, and gives the posts their ends again. Why somebody left is
//! told to managers, auditors and the coordinators who employ them, and stands in no history; figures tell totals.

mod actions;
mod api;
mod store;
mod types;

pub use api::routes;
pub use store::take_over;

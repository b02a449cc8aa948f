//! The plan of a facility: how many of each cadre it should have, from when to when.
//!
//! Of one cadre a facility has one plan at a time. Who holds posts there is told by the assignments; what is vacant by the reports.

mod actions;
mod api;
mod store;
mod types;

pub use api::routes;

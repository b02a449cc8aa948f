//! Which facilities a contract, a project or a campaign supports, and when: three twin tables, one home.
//!
//! A period whose days are open is that of the contract, project or campaign itself; one facility is supported by
//! one of them once at a time (the database refuses an overlap). An entry is retired, never removed, and its changes
//! stand in the history of what supports. A caller sees the entries of facilities that they may know of; a partner
//! reads of those that have begun the facility's code and the days, under ids of their own.

mod actions;
mod api;
mod partners;
mod rows;
mod store;
mod types;

pub use api::routes;
pub use rows::{CampaignFacilityRow, ContractFacilityRow, ProjectFacilityRow};
pub use types::{Support, SupportFields};

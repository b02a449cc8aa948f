//! Campaigns: a public appeal with a goal and a window.
//!
//! Public by their nature: everybody who may read contracts, partners too, sees all of them.

mod api;
mod store;
mod types;

pub use api::routes;
pub use types::{Campaign, CampaignFields};

//! Shipments: what was sent to a facility, line by line and lot by lot, and what of it arrived.
//!
//! A shipment goes `draft → dispatched → received`, or `draft → cancelled`, and never back; only a draft
//! is edited. Of every line `quantity = accepted + rejected + outstanding` once it is received.

mod actions;
mod api;
mod journey;
mod rules;
mod store;
mod types;

pub use api::routes;
pub use journey::{Journey, lead};
pub use rules::{knows_the_road, lots};
pub use store::{tracked_items, visible};
pub use types::{Shipment, ShipmentFields, ShipmentLineFields, ShipmentStatus};

//! What was sent to facilities, what of it arrived, and what became of the rest: by category, month, area or facility.
//!
//! Read from the ledger: what was put onto the road of a shipment, and where it went from there. Nothing is stored. Quantities of different
//! base units are never added up.

mod api;
mod arrived;
mod rows;
mod rules;
mod statements;
mod types;

pub use api::routes;
pub use arrived::{Arrived, arrived};
pub use rows::arrived_of;
pub use rules::{ROAD, RULES};
pub use types::Within;

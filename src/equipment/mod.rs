//! Equipment: what is counted one by one, and the workshop's jobs on it.
//!
//! A unit has a serial number of its own, came from outside or from our workshop, and stands in a facility or at a place. A fault makes a
//! repair job: `reported → in_repair → repaired → returned`, or `beyond_repair`, or `cancelled` before it begins. One job of a unit is open at a
//! time. Spare parts leave the workshop by documents that only the job turns round. How long a unit could not be used is computed.

mod actions;
mod api;
mod rules;
mod store;
mod types;

pub use actions::{finish, give_back, start, use_parts};
pub use api::routes;
pub use types::{EquipmentUnit, RepairJob};

//! Shipments: what was sent from a place to another, lot by lot, and what of it arrived.
//!
//! `draft → packed → dispatched → partially_received → received → closed`, and never back but out of the boxes; `cancelled` before it
//! leaves; `lost`, `seized` or `returned` from the road. What is packed is set aside where it lies, what has left lies on the road, and
//! every step posts its documents to the ledger in the same transaction. Of every lot
//! `quantity = accepted + rejected + lost + returned + outstanding`, and at every commit the outstanding is what lies on the road.

mod actions;
mod acts;
mod answers;
mod api;
mod arrivals;
mod arrivals_api;
mod contents;
mod discrepancies;
mod discrepancy_types;
mod journey;
mod legs;
mod legs_api;
mod papers;
mod receipts;
mod rules;
mod store;
mod types;

use crate::http::Mount;

pub use actions::{dispatch, pack};
pub use acts::RejectionCause;
pub use arrivals::{claim, receive, settle};
pub use discrepancy_types::DiscrepancyCause;
pub use journey::{Arrived, Journey, Way, lead};
pub use rules::knows_the_road;
pub use store::visible;
pub use types::{Shipment, ShipmentFields, ShipmentLineFields, ShipmentStatus};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.configure(api::routes).configure(arrivals_api::routes).configure(legs_api::routes);
}

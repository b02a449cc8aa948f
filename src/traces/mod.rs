//! Traces: from a lot to every place, shipment, product and document that it touched, in both directions; and from whoever paid to the bedside.
//!
//! Nothing is stored: the ledger is walked as it stands. What was made of a lot is followed too, because a recall must reach it.

mod api;
mod statements;
mod types;

pub use api::routes;

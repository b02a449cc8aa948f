//! Requisitions: what a facility asks for, what of it is granted, and how much of that has been sent and has come.
//!
//! A draft is submitted; somebody else approves it, whole or in part, or rejects it; what was rejected may be edited and submitted
//! again, round by round. From the approval on shipments fulfil it: how far it has come follows from its lines and is never said by hand.

mod actions;
mod api;
mod fulfilment;
mod rules;
mod store;
mod types;

pub use actions::{approve, reject, submit};
pub use api::routes;
pub use fulfilment::{Moved, fulfil, hold, load_for_sending};
pub use rules::Step;
pub use types::{Requisition, RequisitionLine, RequisitionStatus};

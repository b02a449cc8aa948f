//! Lots: what of an item came from one batch, with the day it expires.
//!
//! The facts of a lot do not change; a wrong one is corrected with a reason, and the history keeps what it said before. An item whose
//! lots do not expire has one lot without a number: nothing is invented for an instrument. Whether a lot may be used is a state
//! (`quarantined`, `available`, `on_hold`, `recalled`); that it has expired follows from the day and is never stored.
//! A lot that a production order made waits in quarantine; the database lets nothing but that order's release make it available.

mod actions;
mod api;
mod made;
mod rules;
mod store;
mod types;

pub use actions::step;
pub use api::routes;
pub use made::{make, reject, release, the_one};
pub use rules::Step;
pub use types::{Lot, LotFields, LotStatus};

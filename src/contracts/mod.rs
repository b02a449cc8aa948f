//! Contracts: which partner pays for what, until when.
//!
//! Renewals are a chain: a contract renews at most one, is renewed by at most one, belongs to the same partner
//! and starts after the one it renews (so a chain can have a gap, but no circle). The database holds all of it,
//! whichever end is edited. A partner sees its own contracts only.

mod api;
mod store;
mod types;

pub use api::routes;
pub use types::{Contract, ContractFields};

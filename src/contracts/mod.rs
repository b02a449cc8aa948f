//! Contracts: which partner pays for what, until when.
//!
//! Renewals are a chain: a contract renews at most one, is renewed by at most one, belongs to the same partner
//! and starts after the one it renews (so a chain can have a gap, but no circle). The database holds all of it,
//! whichever end is edited. A partner sees its own contracts only.
//!
//! Once a contract is signed its terms change by amendments alone, which are numbered, in rising order, and keep what was before; the
//! last of them is withdrawn only while nothing stands on it. What a partner is to be told, and by when, are rows: made from a schedule
//! at once, late by the day. Files that belong to it lie in its folder, each with what it is.

mod actions;
mod amendments;
mod amendments_api;
mod api;
mod documents;
mod documents_api;
mod duties;
mod duties_api;
mod scopes;
mod scopes_api;
mod store;
mod types;

pub use actions::attach;
pub use api::routes;
pub use documents::ContractDocument;
pub use duties::deliver_by_report;
pub use types::{Contract, ContractFields};

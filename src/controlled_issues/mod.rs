//! Controlled issues: what is controlled leaves a place by two persons.
//!
//! The first proposes an issue or a loss, and nothing moves; the second, never the same, confirms it, and it stands in the ledger with both
//! their names. The database asks for the second person whoever writes. The running register tells every movement of a controlled item at a
//! place, with the balance after it, as the bound book on the ward does.

mod actions;
mod api;
mod rules;
mod statements;
mod store;
mod types;

pub use actions::{confirm, propose};
pub use api::routes;

//! Stipends: a run pays the people of one contract for one month, an entry is one person's month.
//!
//! A draft computes its entries from the posts that the contract pays in the month and from the scales; a second person approves it, which
//! freezes the rates and sets the money aside on the budget line; payments mark entries as paid and are expenditures of that line; what comes back
//! is reversed; the closing carries over what was not paid, or lets it lapse. What a run has spent is what its paid entries come to, always.
//! A person's month is paid once, by whichever contract, unless a waiver says why not: the database holds it. `docs/STIPENDS.md` draws the states.

mod actions;
mod api;
mod entries;
mod entries_api;
mod lists;
mod money;
mod paying;
mod payments;
mod rules;
mod statements;
mod store;
mod types;

pub use actions::{approve, close, draft, waive};
pub use api::routes;
pub use entries::StipendEntryStatus;
pub use paying::{give_back, hold, pay};
pub use types::{StipendRun, StipendRunFields, StipendRunStatus};

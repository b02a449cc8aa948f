//! Rates between currencies, by day and source.
//!
//! A rate is told once and never edited: a wrong one is retired and told anew. Whatever is reckoned with a rate keeps its id and a copy
//! of it, so nothing that was reckoned changes when a rate does. [`on`] is the one way to find a rate: the latest that was told for a day
//! or one of the 31 before it, whichever way round the pair was told.

mod api;
mod store;
mod types;

pub use api::routes;
pub use store::{Rate, on};
pub use types::{ExchangeRate, ExchangeRateFields};

//! Planning: what the ledger says of how long the stock will last, and of what needs a hand today.
//!
//! Nothing is stored: every number is made from the ledger as of a day, over a window that ends with it. The rules stand in
//! `types::StockPlan`, field by field; a rule that changes gets another version.

mod api;
mod statements;
mod types;

pub use api::routes;

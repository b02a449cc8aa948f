//! Dips: what was measured in a tank, held against its book, which follows it.

mod actions;
mod api;
mod statements;
mod store;
mod types;

pub use actions::record;
pub use api::routes;
pub use statements::EXPLAINED;

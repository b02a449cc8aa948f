//! Tanks: places of the ledger that hold one fuel, and no more than their capacity.

mod api;
mod store;
mod types;

pub use api::routes;
pub use store::visible;
pub use types::FuelTank;

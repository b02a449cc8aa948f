//! Generators, the tanks that feed them, and the hours they ran.

mod api;
mod hours;
mod store;
mod types;

pub use api::routes;

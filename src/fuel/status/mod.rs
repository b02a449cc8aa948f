//! How the fuel stands: litres, use, hours of autonomy, and the alarm. Nothing is stored.

mod api;
mod statements;
mod types;

pub use api::routes;

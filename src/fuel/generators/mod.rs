//! Generators, the tanks that feed them, and the hours they ran.

mod api;
mod hours;
mod store;
mod types;

pub use api::routes;
pub use hours::{GeneratorHoursFields, put as put_hours};
pub use types::Generator;

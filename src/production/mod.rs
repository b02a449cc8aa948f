//! Production: orders that use up lots by a recipe and make one, which a second person releases or rejects.
//!
//! `draft → started → completed → released | rejected`, and `cancelled`. Starting takes the ingredients out of their place, completing brings
//! the product into quarantine; both are documents of the ledger that only the order turns round. While a product waits, nothing but the
//! order's release makes it available: the database sees to it. What was expected, yield and loss are computed from the recipe's version and
//! never stored. What of it reached facilities is told as free distributions.

mod actions;
mod api;
mod distributions;
mod rules;
mod store;
mod types;

pub use actions::{complete, release, start};
pub use api::routes;
pub use types::{ProductionOrder, ProductionOrderFields};

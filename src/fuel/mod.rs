//! Fuel: what keeps a hospital's generators running, held against what was measured.
//!
//! A tank is a place of the ledger that holds one fuel and no more than its capacity. What comes in is an ordinary document. What is
//! burned nobody writes down: a **dip** measures what is left, and posts the difference, so that the book follows the dips. Generators
//! and the hours they ran say what should have been burned; what a dip finds beyond it is *unexplained*. A dip closes the days of its
//! tank up to its own: whoever finds an older paper turns the dip round first. `docs/FUEL.md` tells the whole.

mod dips;
mod generators;
mod status;
mod tanks;

use crate::http::Mount;

pub use dips::record as record_dip;
pub use generators::{Generator, GeneratorHoursFields, put_hours};
pub use tanks::FuelTank;

/// The routes of these slices.
pub fn routes(config: &mut Mount) {
    config.configure(tanks::routes).configure(generators::routes).configure(dips::routes).configure(status::routes);
}

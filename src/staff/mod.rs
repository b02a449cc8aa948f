//! Staff: the people of the facilities, by pseudonym.
//!
//! A record says what a person is (cadre, specialty), never who. Who they are lies sealed beside it
//! and is read only with a reason that is put on record first. A person counts once, however many posts they hold.
//! Keyed digests of the folded name find who may have been entered twice; a record that was merged leads to the one that took its place.

mod actions;
mod api;
mod spelling;
mod store;
mod types;

pub use api::routes;
pub use store::{ensure_employer, ensure_own, ensure_own_open, hold, redirect, visible};
pub use types::{Gender, Staff, StaffFields};

//! Staff: the people of the facilities, by pseudonym.
//!
//! A record says what a person is (cadre, specialty), never who. Who they are lies sealed beside it
//! and is read only with a reason that is put on record first. A person counts once, however many posts they hold.

mod actions;
mod api;
mod store;
mod types;

pub use api::routes;
pub use store::visible;
pub use types::{Gender, Staff, StaffFields};

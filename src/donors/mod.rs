//! Donors: who gives, by pseudonym.
//!
//! A record says what a donor is (a person, an organisation), never who. Who they are lies sealed beside it: managers write it when a
//! gift comes, and cannot read it back; it is read by coordinators, with a reason that is put on record first. Whoever gives without a
//! name has no record at all.

mod actions;
mod api;
mod store;
mod types;

pub use api::routes;
pub use types::{Donor, DonorFields, DonorKind};

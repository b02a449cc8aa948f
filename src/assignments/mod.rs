//! Assignments: who holds which post at which facility, for what share of full time, and who pays it.
//!
//! One post (person, facility, cadre) is never held twice at once, and a person's shares add up to a
//! hundred percent at most on any day unless a post of that day says why not. The database is the judge of both.

mod api;
mod moves;
mod store;
mod types;

pub use api::routes;
pub use moves::{end_posts, reopen_posts, take_over};
pub use store::visible;
pub use types::{Assignment, AssignmentFields};

//! Duplicates: people who may have been entered twice, and what is done about them.
//!
//! Names are sealed, so candidates are found by keyed digests of the folded name and the telephone number; the answer says which of
//! them agree, never what they are of. A pair is told apart (kept, and not shown again) or merged: the one record leads to the other
//! from then on, its posts and departures move, and whatever else names it stays valid (`siraj_person` tells whom it means).

mod actions;
mod api;
mod statements;
mod store;
mod types;

pub use api::routes;

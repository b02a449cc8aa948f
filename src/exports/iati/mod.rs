//! Contracts as activities of the International Aid Transparency Initiative (IATI 2.03).
//!
//! Signed contracts are told, with what the register holds of their money and nothing that it does not. Where is told by the topmost area
//! alone, when by the month: no facility, no place, no day on which something was bought.

mod activities;
mod api;
mod codes;
mod shares;
mod xml;

pub use api::routes;

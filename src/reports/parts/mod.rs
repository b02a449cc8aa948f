//! Figures over time, by their parts, and of two days against each other.
//!
//! The rules are those of the figures: the same text is asked of each day, in one statement, so all days are of one moment.

mod api;
mod breakdown;
mod comparison;
mod series;
mod statements;

pub use api::routes;

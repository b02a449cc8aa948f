//! Barcodes: what a scanned GS1 code says, and what of the catalogue and the lots it names.
//!
//! A code is read here and nowhere else, so that every client reads it alike. What is not certain is refused by name, never guessed:
//! a wrong lot number on a box of anaesthetics is worse than one that is typed by hand.

mod api;
mod gs1;
mod store;
mod types;

pub use api::routes;

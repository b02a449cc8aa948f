//! What others read in their own forms: the 4W table (who does what where, and when), a coarse map, DHIS2's data values, a FHIR directory,
//! the activities of IATI.
//!
//! Nothing is stored. Everything is told at the coarseness of its reader: no coordinates, no people, facilities by name only inside.

mod api;
mod iati;
mod statements;
mod types;

pub use api::routes;

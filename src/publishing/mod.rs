//! Publishing: reports that are drafted, published by a second person, numbered, signed, and never change again.
//!
//! What a report says is the bytes of one document, counted in the world as it was known at one moment at which nothing
//! earlier was still on its way. What is signed is a statement: the number, the moments, the hash of the document and the
//! head of the audit's chain. Corrections never reach what is published; the restatement tells what they would have
//! changed, row by row, and who changed it. Definitions by the month are drafted by themselves.
//! A report is for the house or for the partner of a contract, who is told what its share grants tell. Pages and workbooks are made from what was published.

mod actions;
mod answers;
mod api;
mod document;
mod explain;
mod files;
mod late;
mod numbers;
mod paper;
mod partner;
mod parts;
mod public_api;
mod restate;
mod rules;
mod schedule;
mod sentences;
mod shared_api;
mod statement;
mod store;
mod terms;
mod types;
mod verify;
mod workbook;

pub use actions::{draft, publish};
pub use api::routes;
pub use paper::Press;
pub use public_api::routes as public_routes;
pub use schedule::keep_up;
pub use shared_api::routes as shared_routes;
pub use statement::{Checked, check_envelope, read_keys};
pub use verify::{Reverified, verify};

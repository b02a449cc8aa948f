//! Report definitions: what a report tells, of what, and how often. Every edit is a new version, and its revision is the version's
//! number; a report says which one it followed. A definition by the month says from which month on, and by which day it is due.

mod api;
mod store;
mod types;

pub use api::routes;
pub use store::of_schedule;
pub use types::{ReportAudience, ReportDefinition, ReportDefinitionFields, ReportKind, ReportSchedule};

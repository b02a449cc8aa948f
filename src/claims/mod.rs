//! Claims: what was published, word for word, with its source and day.
//!
//! A claim is never a figure; the reports hold it against one. Claims of one subject may contradict each other:
//! that is kept, not mended. One that the register says something else of is open until somebody explains the difference, or
//! whoever published it corrects it. A part belongs to the same campaign as its whole.

mod actions;
mod api;
mod rules;
mod store;
mod types;

pub use api::routes;
pub use rules::{Figure, contradicts};
pub use store::of_campaign;
pub use types::{Claim, ClaimComparison, ClaimFields, ClaimState};

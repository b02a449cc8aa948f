//! Reports: every figure is counted from records, never typed in.
//!
//! A figure is a function of the records and of a day (`as_of`); the rules stand in `rules` and travel with the
//! answer. Every count can be opened into the rows behind it: both read the same SQL, so they cannot differ.
//! What was published is held against the figures, and the answer names the rows that explain a difference.
//! A caller's figures are those of their own areas or facility; partners have theirs through share grants (`shared`).

mod answers;
mod api;
mod map;
mod parts;
mod reconciliation;
mod rows;
mod rules;
mod sets;
mod statements;
mod store;
mod types;
mod verify;

pub use answers::Answers;
pub use api::routes;
pub use map::{CoarseCell, CoarseMap, places};
pub use parts::routes as routes_of_parts;
pub use reconciliation::reconcile;
pub use rules::{CLAIM_RULES, PARTS, RULES, method_of};
pub use sets::{RowSet, RowSort, Staffing, by_area, row_set, staffing};
pub use store::{Explained, figures};
pub use types::{FigureScope, Figures, Method, Reconciliation};
pub use verify::{Verified, rebuild, verify};

//! Funding: how the lines of a contract stand, what was planned, received and spent by its parts, who and what loses its line on which day, and who is paid twice.
//!
//! Everything is reckoned from the records at each request; nothing is stored. Money is exact, and money of several currencies is never
//! added up. A gap looks only at posts and contracts that end within the horizon; what else pays the person is then looked up by index.

mod api;
mod budget;
mod gaps;
mod rows;
mod rules;
mod spending;
mod statements;
mod types;

pub use api::routes;
pub use rows::least_month;
pub use rules::{BUDGET_RULES, GAP_RULES, SPENDING_RULES};
pub use spending::{Spending, SpendingCell, SpendingPart, SpendingQuery, SpendingTotal, spending};
pub use types::FundingRule;

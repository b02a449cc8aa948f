//! Donations: what a campaign was given, what was given back and taken off, and where the money went.
//!
//! Rows of money are written once. What is wrong is turned round by a row that names it; the two cancel out on every day. Whatever comes
//! in another currency is reckoned at the rate of its day, and keeps it; what is given back of it goes at the gift's own rate, so that a
//! gift given back in parts leaves nothing behind. `raised` is what was received, less refunds and chargebacks; fees and gifts in kind
//! stand apart. The database judges every row while it holds the campaign's: a gift is never given back beyond itself, and no more is
//! allocated to budget lines than was raised.

mod actions;
mod allocations;
mod api;
mod door;
mod funds;
mod public;
mod store;
mod types;

pub use actions::write;
pub use allocations::write as allocate;
pub use api::routes;
pub use door::Door;
pub use funds::{RULES as FUNDS_RULES, Totals, totals};
pub use types::{Allocation, Donation, DonationFields, DonationKind};

//! What partners read through their share grants, and nothing else of the register.
//!
//! Every reading names an open grant, gives what the grant says at its precision, and stands in the grant's log before it
//! is answered. Ids are other ones in every grant. Counts of people are told by the rule of `rules`, frozen by the service
//! itself once a month has been over for some days. Changes are told by comparing what a grant tells now with what it has told before.

mod api;
mod feed;
mod figures;
mod rules;
mod store;
mod types;

pub use api::routes;
pub use feed::{marker, reached};
pub use figures::{Released, keep_up, released};
pub use rules::{Protected, protect};
pub use store::{grant_of_all, log};
pub use types::{SharedFacilityCounts, SharedGrant, SharedStaffCounts};

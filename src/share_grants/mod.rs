//! Share grants: what a partner is given of its contract, how precisely, for what purpose, until when; and the keys of its machines.
//!
//! A grant is drafted, activated by a second person, and ends by itself, by agreement or by revocation; what is active is
//! not changed but ended, and another is made. Counts are given of whole contracts only, and people with one smallest cell
//! per contract: no two grants answer questions that can be held against each other. Every reading through a grant stands
//! in its log, which both sides may read. What a grant gives is read in `shared`.

mod actions;
mod api;
mod keys;
mod reads;
mod store;
mod types;

pub use actions::activate;
pub use api::routes;
pub use keys::create as give_key;
pub use store::ensure_known;
pub use types::{ShareField, ShareGrant, SharePrecision};

//! Webhooks of share grants: a partner's machine is told that something changed in the feed which it may read.
//!
//! An event says that the feed of a grant has moved, and from where; whoever hears it asks `/shared/changes` with its key. No
//! record, number or name travels, and nothing is raised by what the feed would not show. What is sent is signed by the
//! convention of Standard Webhooks, tried ten times over three days, and then the webhook is disabled, with its reason.
//! It is sent to public addresses within TLS, or into networks that the operator has named, and nowhere else.
//!
//! Every node sends: a delivery is claimed for a minute in one statement, sent outside of any transaction, and recorded in
//! another; who dies in between is succeeded when the minute is over.

mod actions;
mod address;
mod api;
mod courier;
mod deliveries;
mod rules;
mod sender;
mod signature;
mod store;
mod types;

pub use api::routes;
pub use courier::Courier;
pub use deliveries::sweep;

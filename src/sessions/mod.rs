//! Sessions: signing in, staying signed in, signing out, passwords.
//!
//! - A password is kept as an argon2id hash; at most two are worked out at a time, never on a worker's thread.
//! - An unknown e-mail, a wrong password and a disabled user cost the same work and get the same answer.
//! - Guesses are counted per address, per account and address, and per account; see [`Throttle`].
//! - A refresh token is spent once. Its successor is derived from it, so that a lost answer can be given again;
//!   once the successor is in use, or ten minutes later, a spent token ends the whole family. What is left to a
//!   thief: to be given the successor within those ten minutes, before its owner uses it; the first of the two to
//!   come second ends the family.
//! - A family lives 30 days at most, and ends with any change of password, role or status (`session_version`).
//! - Invitations and resets are tickets of one use; only their hashes are kept.

mod actions;
mod api;
mod passwords;
mod rules;
mod store;
mod throttle;
mod types;

pub use actions::set_password;
pub use api::routes;
pub use store::{has_password, issue_ticket, set_aside_tickets, sweep};
pub use throttle::{Throttle, network};
pub use types::{Ticket, TicketPurpose};

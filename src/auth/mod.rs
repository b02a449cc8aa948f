//! Who is asking, what they may do, and which rows they may touch.
//!
//! A handler names what it asks of its caller in its signature (`Caller<EditRegister>`); which rows
//! the caller may touch is a [`Scope`] that every slice applies in SQL.

mod accounts;
mod caller;
mod machines;
mod permissions;
mod tokens;
mod types;

pub use accounts::{Accounts, listen};
pub use caller::{Actor, Caller};
pub use machines::{KEY_MARK, Machine};
pub use permissions::*;
pub use tokens::{ACCESS_TOKEN_SECONDS, issue};
pub use types::{Role, SYSTEM, Scope};

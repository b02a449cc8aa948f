//! Users: who may sign in, as what, and which rows they may touch.
//!
//! - A user is invited, sets a password with the invitation, and is active until disabled or retired.
//! - A partner belongs to an organisation, a clerk to a facility, a coordinator to one area or more; nobody else does.
//! - One active administrator is always left.
//! - Every change of role, status, organisation, facility or areas is known to every node at once; all but the areas
//!   also end the user's sessions.
//! - The service's own account is not one of them.

mod actions;
mod api;
mod store;
mod types;

pub use actions::{create_admin, ensure};
pub use api::routes;
pub use types::{NewUser, User, UserFields, UserStatus};

//! Projects: what is done under one name, perhaps over several contracts, perhaps for one partner.
//!
//! A project supports facilities within its own period ([`crate::support`]). A partner sees the projects
//! that name it; everybody else who may read contracts sees all.

mod api;
mod store;
mod types;

pub use api::routes;
pub use types::{Project, ProjectFields};

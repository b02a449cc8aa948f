//! Organisations: our own office, partners, donors, suppliers; one may be several of these.
//!
//! Every spelling (code, names, aliases, folded) belongs to one organisation only: NORWAC, NURWAC and
//! Noorwak are one partner, and no second record can take any of the three. Partners see themselves alone.

mod api;
mod store;
mod types;

pub use api::routes;
pub use store::visible;
pub use types::{Organization, OrganizationFields, OrganizationForm, OrganizationRole};

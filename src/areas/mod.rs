//! Areas: a tree of country, governorate, district, sub-district, sector and camp, and how each can be reached.
//!
//! Every role reads the tree. No area lies within itself: the database refuses the circle. Access is a
//! row of points of change, each holding until the next, so it has no gaps and no overlaps; a day has one
//! point, and putting it again replaces it.

mod access;
mod api;
mod store;
mod types;

pub use access::{AreaAccess, AreaAccessFields, AreaAccessRow, AreaAccessState, put as put_access};
pub use api::routes;
pub use store::holds;
pub use types::{Area, AreaFields, AreaKind};

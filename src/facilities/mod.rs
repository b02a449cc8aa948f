//! Facilities: hospitals, primary care centers, nursing homes, medical points, mobile clinics.
//!
//! A facility has one or more kinds and stands in one area. Whether it works is a row of points of
//! change (no gaps, no overlaps), and so is what it served as before. Where exactly it stands is sealed: see `location`.

mod api;
mod conversions;
mod location;
mod status;
mod store;
mod types;

pub use api::routes;
pub use location::{CoarseLocation, Coordinates, seal as seal_location};
pub use status::{FacilityStatus, FacilityStatusFields, FacilityStatusRow, Functionality, StatusCause, put as put_status};
pub use store::visible;
pub use types::{Facility, FacilityFields, FacilityKind};

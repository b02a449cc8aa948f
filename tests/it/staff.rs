//! Stories of staff.

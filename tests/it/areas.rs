//! Stories of areas.

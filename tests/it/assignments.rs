//! Stories of assignments.

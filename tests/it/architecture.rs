//! Stories of architecture.

//! Stories of items.

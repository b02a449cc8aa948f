//! Stories of shipments.

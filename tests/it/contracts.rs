//! Stories of contracts.

//! Stories of contract.

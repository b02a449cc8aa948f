//! Stories of users.

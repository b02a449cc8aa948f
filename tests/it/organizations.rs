//! Stories of organizations.

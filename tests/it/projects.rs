//! Stories of projects.

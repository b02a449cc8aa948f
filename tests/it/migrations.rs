//! Stories of migrations.

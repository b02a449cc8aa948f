//! Stories of reports.

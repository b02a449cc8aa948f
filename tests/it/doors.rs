//! Stories of doors.

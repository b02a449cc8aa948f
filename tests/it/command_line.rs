//! Stories of command_line.

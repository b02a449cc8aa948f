//! Stories of bad_inputs.

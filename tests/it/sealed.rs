//! Stories of sealed.

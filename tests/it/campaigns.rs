//! Stories of campaigns.

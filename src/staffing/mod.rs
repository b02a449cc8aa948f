//! Staffing: how many people, posts and full-time equivalents there are on any day, who came and went, and what is vacant.
//!
//! All three figures read one world: the days on which each post is held at a facility that is open, split where a contract begins or
//! stops to pay it. A person counts once in the whole and once in each part, so parts may add up to more than the whole; who moves from
//! one part to another leaves the one and joins the other, and stays in the whole. Reads everything, writes nothing.

mod api;
mod statements;
mod store;
mod types;
mod world;

pub use api::routes;
pub use world::{HEAD_COUNT, TURNOVER, VACANCIES};

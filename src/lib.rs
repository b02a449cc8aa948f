//! siraj: register and ledger of a medical-aid organisation.
//!
//! The map, floor by floor; a module uses lower floors only (held by `tests/it/architecture.rs`):
//!
//! | floor | modules |
//! |---|---|
//! | 0 | `error`, `schema`, `postgres` |
//! | 1 | `types`, `keys`, `config` |
//! | 2 | `db` |
//! | 3 | `http` |
//! | 4 | `audit`, `auth`, `seals` |
//! | 5 | `register`, `sessions`, `reveals` |
//! | 6 | `areas`, `organizations`, `items`, `exchange_rates` |
//! | 7 | `facilities`, `attachments` |
//! | 8 | `projects`, `contracts`, `campaigns`, `users`, `facility_posts` |
//! | 9 | `staff`, `claims`, `support`, `lots`, `recipes`, `stock_locations`, `adjustment_reasons`, `donors`, `budgets`, `report_definitions`, `share_grants` |
//! | 10 | `assignments`, `barcodes`, `donations`, `requisitions`, `stock`, `stipend_scales`, `stipends` |
//! | 11 | `shipments`, `stock_counts`, `controlled_issues`, `production`, `equipment`, `fuel`, `departures`, `funding`, `supplies` |
//! | 12 | `reports`, `planning`, `traces`, `imports`, `openapi`, `staffing`, `duplicates` |
//! | 13 | `shared` |
//! | 14 | `publishing`, `exports`, `webhooks` |
//! | 15 | `app` |
//! | 16 | `cli`, and `main` above it |

pub mod adjustment_reasons;
pub mod app;
pub mod areas;
pub mod assignments;
pub mod attachments;
pub mod audit;
pub mod auth;
pub mod barcodes;
pub mod budgets;
pub mod campaigns;
pub mod claims;
pub mod cli;
pub mod config;
pub mod contracts;
pub mod controlled_issues;
pub mod db;
pub mod departures;
pub mod donations;
pub mod donors;
pub mod duplicates;
pub mod equipment;
pub mod error;
pub mod exchange_rates;
pub mod exports;
pub mod facilities;
pub mod facility_posts;
pub mod fuel;
pub mod funding;
pub mod http;
pub mod imports;
pub mod items;
pub mod keys;
pub mod lots;
pub mod openapi;
pub mod organizations;
pub mod planning;
pub mod postgres;
pub mod production;
pub mod projects;
pub mod publishing;
pub mod recipes;
pub mod register;
pub mod report_definitions;
pub mod reports;
pub mod requisitions;
pub mod reveals;
pub mod schema;
pub mod seals;
pub mod sessions;
pub mod share_grants;
pub mod shared;
pub mod shipments;
pub mod staff;
pub mod staffing;
pub mod stipend_scales;
pub mod stipends;
pub mod stock;
pub mod stock_counts;
pub mod stock_locations;
pub mod supplies;
pub mod support;
pub mod traces;
pub mod types;
pub mod users;
pub mod webhooks;

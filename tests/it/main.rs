//! Stories over HTTP against a real PostgreSQL: one binary, a database each, in parallel.

#![expect(clippy::too_many_lines, clippy::similar_names, reason = "a story is told whole")]
#![expect(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

mod support;

mod architecture;
mod areas;
mod assignments;
mod attachments;
mod bad_inputs;
mod barcodes;
mod budgets;
mod campaigns;
mod claims;
mod command_line;
mod contract;
mod contract_documents;
mod contract_terms;
mod contracts;
mod controlled_issues;
mod demo;
mod demo_money;
mod donations;
mod doors;
mod embedded;
mod equipment;
mod exchange_rates;
mod exports;
mod facilities;
mod fuel;
mod funding;
mod imported_money;
mod imported_stock;
mod imports;
mod items;
mod lots;
mod migrations;
mod organizations;
mod packs;
mod production;
mod projects;
mod references;
mod reports;
mod requisitions;
mod rules;
mod sealed;
mod sealed_locations;
mod sessions;
mod sharing;
mod shipments;
mod staff;
mod staffing;
mod stipend_scales;
mod stipends;
mod stock;
mod stock_counts;
mod traces;
mod typescript;
mod users;

//! Budgets: what a contract pays for, line by line; what of a line is promised, what is spent, what a partner has paid in.
//!
//! A line belongs to one contract and bears its currency. What is spent of it and what is still promised come to no more than its
//! amount, unless the row that goes over it says why; the database judges that under the line's lock, so any number of spenders at once
//! never pass it. Expenditures are never edited: a wrong one is turned round, whole and once. No money moves before the contract is
//! signed. Other modules move money through [`commit`], [`release`], [`spend`] and [`reverse`]; what runs of stipends write is theirs to
//! turn round.

mod api;
mod book;
mod expenditure_api;
mod expenditures;
mod lines;
mod moves;
mod moves_api;
mod sheet;
mod types;

pub use api::routes;
pub use book::{NewCommitment, Original, Spending, commit, release, reverse, spend};
pub use expenditures::{Expenditure, ExpenditureFields};
pub use moves::{Commitment, CommitmentFields, CommitmentStatus, Disbursement, DisbursementFields};
pub use types::{BudgetCategory, BudgetLine, BudgetLineFields, BudgetMonth};

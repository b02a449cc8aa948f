//! Spreadsheets in: the sheets that a person fills become records through the same types, checks and
//! statements as the API. An import is whole or nothing, and an import that is run again changes nothing.
//!
//! A sheet is named after its table; its columns are the fields of the record, with `<name>_code` in the
//! place of `<name>_id`. See `demo/README.md` for all of them.

mod budgets;
mod documents;
mod lots;
mod rows;
mod sheets;
mod shipments;
mod tables;

use std::fmt;

use crate::error::{Code, Locale};

pub use lots::id_of_lot;
pub use sheets::{Sheet, SheetError, demo_sheets, read_sheets};
pub use tables::{Progress, Summary, import, made_id, made_id_of};

/// What is wrong with one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFault {
    /// The sheet's name.
    pub sheet: String,
    /// The row as a spreadsheet program counts it: the heading is row 1.
    pub row: usize,
    /// The column's heading, or nothing when it is the row as a whole.
    pub column: String,
    /// What is wrong.
    pub code: Code,
    /// What would have been right, where it is few.
    pub allowed: Vec<String>,
}

impl fmt::Display for CellFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = if self.column.is_empty() { String::new() } else { format!(", column {}", self.column) };
        let allowed = if self.allowed.is_empty() { String::new() } else { format!(" ({})", self.allowed.join(", ")) };
        write!(
            f,
            "{} row {}{column}: {}{allowed} [{}]",
            self.sheet,
            self.row,
            self.code.text(Locale::English),
            self.code.as_str()
        )
    }
}

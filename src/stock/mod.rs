//! Stock: the ledger of what came, lies, went, and was lost.
//!
//! The ledger is the only truth. A document is one act of one day, from one place to another: what kind of act it is follows from the
//! two. Its movements have two legs each, so that what leaves one place arrives at another. Nothing of it is ever changed: a wrong
//! document is reversed, whole, on its own day. The database keeps the balances with every movement and refuses what would make this
//! moment or any later day negative; `siraj verify` adds the ledger up again and must find no difference.

mod actions;
mod api;
mod postings;
mod rules;
mod statements;
mod store;
mod types;
mod verify;
mod written;

pub use api::routes;
pub use postings::{Posting, post, turn_round};
pub use rules::{MOST_LINES, document as check_document, kind as kind_between, lines as check_lines};
pub use statements::{Stretch, stretch};
pub use store::{first_to_expire, of_ids};
pub use types::{Act, DocumentKind, NewStockDocument, StockDocument, StockLine};
pub use verify::{Verified, verify};
pub use written::{ActLine, posted_by};

//! Words used everywhere: texts, days, amounts, lists of values. Each parses itself; once it exists it is right.

mod amount;
mod cadre;
mod factor;
mod few;
mod moment;
mod money;
mod read;
mod text;
mod words;

pub use amount::Amount;
pub use cadre::Cadre;
pub use factor::Factor;
pub use few::OneOrTwo;
pub use moment::KnownAt;
pub use money::{Currency, Money};
pub use read::{Flag, Whole, distinct, happened, in_order, within, wrong_kind};
pub use text::{Email, Language, LongText, Mark, Name, Reason, RecordCode, ShortText, clean_line, is_forbidden};
pub(crate) use words::words;

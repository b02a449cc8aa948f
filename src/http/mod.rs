//! The API's manners, once: how requests are read, how answers are given, what every answer carries.

mod answer;
mod body;
mod cell;
mod cells;
mod conditions;
mod envelope;
mod export;
mod hxl;
mod idempotency;
mod listing;
mod measure;
mod mount;
mod params;
mod request;
mod routes;
mod table;
mod turn;
mod upload;
mod workbook;

pub use answer::Answer;
pub use body::{Body, Merge, New, merge};
pub use conditions::{IfMatch, IfNoneMatch, IfPresentMatch, etag};
pub use envelope::envelope;
pub use export::{Format, XLSX, columns};
pub use idempotency::{IdempotencyKey, earlier, once, sweep};
pub use listing::{Cursor, ListFilter, Listing, Page, PageQuery, Sort};
pub(crate) use listing::{in_use, keyset};
pub use measure::metrics;
pub use mount::{Mount, Told};
pub use params::{ChildId, Params, RanOn, RecordId, SinceOn};
pub use request::{ClientAddress, Proxies, RequestId, locale};
pub use routes::Routes;
pub use table::{Table, TableQuery, Tabled};
pub use turn::Turn;
pub use upload::{Part, Upload};
pub use workbook::{Sheet, sheets_file};

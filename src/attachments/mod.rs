//! Attachments: the files that prove things.
//!
//! A row says what a file is; its bytes lie in an object store under their hash, so two uploads of the same bytes are two
//! records and one object. What kind of file it is, is read from the bytes; its name is a word about it and never a path.
//! Photographs lose what they say of place and camera on the way in. A file is given out as a download and nothing else.
//! The bytes are stored before the row: an upload that is cut off leaves neither.

mod actions;
mod api;
mod bytes;
mod cleaning;
mod kinds;
mod scanner;
mod store;
mod types;

pub use actions::keep;
pub use api::routes;
pub use bytes::{Files, FilesError};
pub use scanner::Scanner;
pub use store::{ensure_readable, readable};
pub use types::{Attachment, AttachmentFields, AttachmentKind, AttachmentScan, UploadFields};

//! A build without a typesetter: it says so instead of setting pages.

use std::path::PathBuf;

use super::{super::statement::Envelope, PagesLanguage};
use crate::error::{ApiError, ApiResult, Code};

/// What sets pages, in a build that has it.
pub struct Press;

impl Press {
    /// Without a typesetter, fonts are not looked for.
    pub fn with_fonts(_: PathBuf) -> Self {
        Self
    }

    /// Why no pages are set, in a sentence; it is no fault.
    pub fn check(&self) -> Result<String, String> {
        Ok("this build sets none (the feature pdf is not in it)".to_owned())
    }

    /// Refuses.
    #[expect(clippy::unused_self, reason = "a press that sets pages needs itself, and both are called alike")]
    pub(super) fn set(&self, _: &Envelope, _: PagesLanguage) -> ApiResult<Vec<u8>> {
        Err(ApiError::new(Code::PdfUnavailable))
    }
}

//! A published report as pages (PDF) in Arabic or English: what its document says, laid out, with the signed envelope inside of the file.
//!
//! The pages are set from the envelope alone, so they say what was published whatever is changed since, and the same report gives the
//! same bytes. A typesetter is much to build: without the feature `pdf` there is everything of this but the pages.

#[cfg_attr(not(feature = "pdf"), path = "none.rs")]
mod typeset;

use actix_web::web::Data;
use deserr::Deserr;
use serde_json::Value;
use tokio::sync::Semaphore;
use utoipa::IntoParams;

use super::statement::Envelope;
use crate::{
    error::{ApiError, ApiResult, Code, Faults},
    http::Turn,
    keys::{hex, sha256},
    types::words,
};

pub use typeset::Press;

/// How the pages are laid out.
const TEMPLATE: &str = include_str!("report.typ");
/// How many reports are set at once: each keeps a core busy.
static TURNS: Semaphore = Semaphore::const_new(2);
/// The most rows of posts, claims, areas, supplies and money that are set: some two hundred pages. Beyond it, there is the workbook.
const MOST_ROWS: usize = 5_000;

words! {
    /// A language of pages.
    PagesLanguage {
        /// English.
        English = "en",
        /// Arabic, from right to left.
        Arabic = "ar",
    }
}

/// In which language pages are set.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PagesQuery {
    /// The language of the pages; that of `Accept-Language` when absent.
    #[deserr(default)]
    #[param(inline)]
    pub language: Option<PagesLanguage>,
}

impl PagesLanguage {
    fn words(self) -> &'static str {
        match self {
            Self::English => include_str!("words.en.json"),
            Self::Arabic => include_str!("words.ar.json"),
        }
    }
}

/// Tells pages from others before they are set: by what was signed and how it is laid out. A weak one: the fonts of another node set other bytes.
pub fn etag(envelope: &Envelope, language: PagesLanguage) -> String {
    let made = [envelope.signature.as_str(), TEMPLATE, language.words(), env!("CARGO_PKG_VERSION")].map(str::as_bytes);
    format!("W/\"{}\"", hex(&sha256(&made)))
}

/// Waits for a turn at the press. What is set is read after that, or all who wait would hold a document.
pub async fn turn() -> ApiResult<Turn> {
    Turn::wait(&TURNS).await
}

/// Sets a published report as pages.
pub async fn pages(turn: Turn, press: Data<Press>, envelope: Envelope, language: PagesLanguage) -> ApiResult<Vec<u8>> {
    let told: Value = serde_json::from_str(&envelope.document).map_err(ApiError::internal)?;
    let (figures, spending) = (&told["figures"], &told["spending"]);
    let lists = [
        &told["staffing"],
        &told["reconciliation"]["claims"],
        &figures["facilities"]["by_area"],
        &told["supplies"]["cells"],
        &spending["by_category"],
        &spending["by_contract"],
    ];
    if lists.iter().filter_map(|rows| rows.as_array()).map(Vec::len).sum::<usize>() > MOST_ROWS {
        return Err(ApiError::new(Code::PayloadTooLarge));
    }
    turn.work(move || press.set(&envelope, language)).await?.1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    /// The places that a sentence leaves open.
    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect()
    }

    fn same(english: &Value, arabic: &Value, at: &str) {
        match (english, arabic) {
            (Value::Object(english), Value::Object(arabic)) => {
                for (key, value) in english {
                    same(value, &arabic[key], &format!("{at}/{key}"));
                }
                // Rules are told in English by the document itself.
                assert!(at == "/rules" || english.len() == arabic.len(), "{at}");
            }
            (Value::String(english), Value::String(arabic)) => assert_eq!(places(english), places(arabic), "{at}"),
            (Value::Array(english), Value::Array(arabic)) => assert_eq!(english.len(), arabic.len(), "{at}"),
            _ => panic!("{at} is not there in both languages"),
        }
    }

    #[test]
    fn both_languages_have_the_same_words_and_leave_the_same_places_open() {
        let read = |text| serde_json::from_str::<Value>(text).expect("JSON");
        same(&read(include_str!("words.en.json")), &read(include_str!("words.ar.json")), "");
    }
}

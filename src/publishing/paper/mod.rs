//! A published report as pages (PDF) in Arabic or English: what its document says, laid out, with the signed envelope inside of the file.
//!
//! The pages are set from the envelope alone, so they say what was published whatever is changed since, and the same report gives the
//! same bytes. A typesetter is much to build: without the feature `pdf` there is everything of this but the pages.

#[cfg_attr(not(feature = "pdf"), path = "none.rs")]
mod typeset;

use actix_web::web::{self, Data};
use deserr::Deserr;
use tokio::sync::Semaphore;
use utoipa::IntoParams;

use super::statement::Envelope;
use crate::{
    error::{ApiError, ApiResult, Faults},
    types::words,
};

pub use typeset::Press;

/// How many reports are set at once: each keeps a core busy.
static TURNS: Semaphore = Semaphore::const_new(2);

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

/// Sets a published report as pages.
pub async fn pages(press: Data<Press>, envelope: Envelope, language: PagesLanguage) -> ApiResult<Vec<u8>> {
    let _turn = TURNS.acquire().await.map_err(ApiError::internal)?;
    web::block(move || press.set(&envelope, language)).await.map_err(ApiError::internal)?
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

//! The one error of the house and the one body it is answered with (RFC 9457).

mod codes;
mod database;
mod fault;

use std::{fmt, panic::Location};

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

pub use codes::{Code, Locale};
pub use fault::{Fault, Faults, has_arabic_digits, pointer};

/// What every fallible function of the service returns.
pub type ApiResult<T> = Result<T, ApiError>;

/// A refusal or a failure, on its way to becoming a [`Problem`].
#[derive(Debug)]
pub struct ApiError {
    /// What happened.
    pub code: Code,
    /// The single values at fault.
    pub faults: Vec<Fault>,
    /// After how many seconds asking again makes sense.
    pub retry_after: Option<u64>,
    /// The record as it is now, for a reader whose revision is stale.
    pub present: Option<Box<Present>>,
    /// The methods that the address takes, for a request with another.
    pub allow: Option<String>,
    /// For the log of a failure on our side; never shown.
    pub cause: Option<String>,
    /// Where a failure was born; the field's logs are thin, and this is worth more than a message.
    pub place: &'static Location<'static>,
}

/// The state of a record at the moment an edit of an older state was refused.
#[derive(Debug)]
pub struct Present {
    /// The present ETag.
    pub etag: String,
    /// The present record.
    pub record: serde_json::Value,
}

impl ApiError {
    /// A refusal of this code.
    #[track_caller]
    pub fn new(code: Code) -> Self {
        Self { code, faults: Vec::new(), retry_after: None, present: None, allow: None, cause: None, place: Location::caller() }
    }

    /// A refusal of single value: `422 validation-failed` with one fault.
    #[track_caller]
    pub fn fault(pointer: impl Into<String>, code: Code) -> Self {
        Faults::one(pointer, code).into()
    }

    /// A failure on our side: answered with a bare 500, logged once with its cause and place.
    #[track_caller]
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..Self::new(Code::Internal) }
    }

    /// A failure that passes: answered with 503 and when to try again.
    #[track_caller]
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), retry_after: Some(2), ..Self::new(Code::Unavailable) }
    }

    /// The same, with the seconds to wait.
    #[must_use]
    pub fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The answer's body in the reader's language.
    pub fn problem(&self, locale: Locale, request_id: &str) -> Problem {
        let code = self.code.as_str();
        Problem {
            kind: format!("/problems/{code}"),
            title: self.code.text(locale).to_owned(),
            status: self.code.status().as_u16(),
            detail: self.detail(locale),
            code: code.to_owned(),
            errors: self.faults.iter().map(|fault| fault.tell(locale)).collect(),
            present: self.present.as_ref().map(|present| present.record.clone()),
            request_id: request_id.to_owned(),
        }
    }

    fn detail(&self, locale: Locale) -> String {
        match self.faults.as_slice() {
            [] => self.code.text(locale).to_owned(),
            [only] => only.code.text(locale).to_owned(),
            several => match locale {
                Locale::English => format!("{} values are not right.", several.len()),
                Locale::Arabic => format!("عدد القيم غير الصحيحة: {}.", several.len()),
            },
        }
    }
}

impl Fault {
    fn tell(&self, locale: Locale) -> ProblemFault {
        ProblemFault {
            pointer: self.pointer.clone(),
            code: self.code.as_str().to_owned(),
            detail: self.code.text(locale).to_owned(),
            allowed: self.allowed.clone(),
        }
    }
}

impl From<Faults> for ApiError {
    #[track_caller]
    fn from(faults: Faults) -> Self {
        Self { faults: faults.0, ..Self::new(Code::ValidationFailed) }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// The body is written by the envelope (`http::envelope`), which knows the request's id and language.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// Why a request was refused (RFC 9457). `code` is stable; `title` and `detail` are for people and come in English or Arabic.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"type": "/problems/validation-failed", "title": "Some values are not right; each is listed.", "status": 422,
    "detail": "A value is required.", "code": "validation-failed",
    "errors": [{"pointer": "/name", "code": "required", "detail": "A value is required."}], "request_id": "0193a1c2-0000-7000-8000-000000000000"}))]
pub struct Problem {
    /// Names the kind of problem; its last part is `code`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, in a sentence.
    pub title: String,
    /// The HTTP status again.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What to mend.
    pub detail: String,
    /// Stable name to switch on.
    pub code: String,
    /// Every value that is wrong.
    pub errors: Vec<ProblemFault>,
    /// The record as it is now, when a stale edit was refused (412).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub present: Option<serde_json::Value>,
    /// Give this to support; the log knows it.
    pub request_id: String,
}

/// One wrong value. Its content is never repeated.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemFault {
    /// JSON pointer (RFC 6901) into the body, or `/name` of a query parameter.
    pub pointer: String,
    /// Stable name of what is wrong.
    pub code: String,
    /// The same in words.
    pub detail: String,
    /// The values that are allowed, where they are few.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub allowed: Vec<String>,
}

//! `ETag`, `If-Match`, `If-None-Match`: nobody overwrites what they have not read.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};
use serde::Serialize;

use crate::error::{ApiError, ApiResult, Code, Present};

/// The strong ETag of a revision.
pub fn etag(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// The revision an edit is made against. Without the header the request is answered 428.
#[derive(Debug, Clone, Copy)]
pub struct IfMatch(Expected);

#[derive(Debug, Clone, Copy)]
enum Expected {
    Revision(i64),
    /// `*`: whatever revision there is.
    Any,
}

impl IfMatch {
    /// Of a step that the service takes by itself, on a record of this revision.
    pub const fn of(revision: i64) -> Self {
        Self(Expected::Revision(revision))
    }

    /// Refuses with 412 and the present state when the record has moved on.
    pub fn check(self, revision: i64, present: &impl Serialize) -> ApiResult<()> {
        match self.0 {
            Expected::Any => Ok(()),
            Expected::Revision(expected) if expected == revision => Ok(()),
            Expected::Revision(_) => {
                let record = serde_json::to_value(present).map_err(ApiError::internal)?;
                let present = Some(Box::new(Present { etag: etag(revision), record }));
                Err(ApiError { present, ..ApiError::new(Code::StaleRevision) })
            }
        }
    }

    /// The same where a revision must have been read: `*` is answered as if nothing had been said.
    pub fn check_read(self, revision: i64, present: &impl Serialize) -> ApiResult<()> {
        match self.0 {
            Expected::Any => Err(ApiError::new(Code::PreconditionRequired)),
            Expected::Revision(_) => self.check(revision, present),
        }
    }

    fn parse(request: &HttpRequest) -> ApiResult<Self> {
        let mut given = request.headers().get_all("if-match");
        let value = match (given.next(), given.next()) {
            (None, _) => return Err(ApiError::new(Code::PreconditionRequired)),
            (Some(value), None) => value.to_str().unwrap_or_default().trim(),
            (Some(_), Some(_)) => return Err(ApiError::new(Code::InvalidIfMatch)),
        };
        if value == "*" {
            return Ok(Self(Expected::Any));
        }
        let inner = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        let revision = inner.and_then(|digits| digits.parse().ok()).ok_or_else(|| ApiError::new(Code::InvalidIfMatch))?;
        Ok(Self(Expected::Revision(revision)))
    }
}

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(request))
    }
}

/// The revision that a PUT may replace: needed only where there is something else already.
#[derive(Debug, Clone, Copy)]
pub struct IfPresentMatch(Option<IfMatch>);

impl IfPresentMatch {
    /// Of a step that the service takes by itself: it replaces nothing.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Refuses with 428 when nothing was said of what is there, with 412 when it has moved on.
    pub fn check(self, revision: i64, present: &impl Serialize) -> ApiResult<()> {
        self.0.ok_or_else(|| ApiError::new(Code::PreconditionRequired))?.check(revision, present)
    }
}

impl FromRequest for IfPresentMatch {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match IfMatch::parse(request) {
            Ok(expected) => Ok(Self(Some(expected))),
            Err(error) if error.code == Code::PreconditionRequired => Ok(Self(None)),
            Err(error) => Err(error),
        })
    }
}

/// The revisions a reader already holds.
#[derive(Debug, Clone, Default)]
pub struct IfNoneMatch(Option<String>);

impl IfNoneMatch {
    /// A record of this revision: 304 when the reader holds it already.
    pub fn answer(&self, revision: i64, record: &impl Serialize) -> HttpResponse {
        let etag = etag(revision);
        if self.holds(&etag) {
            return HttpResponse::NotModified().insert_header(("etag", etag)).finish();
        }
        HttpResponse::Ok().insert_header(("etag", etag)).json(record)
    }

    /// Whether the reader holds this ETag already and 304 is enough.
    pub fn holds(&self, etag: &str) -> bool {
        self.0.as_ref().is_some_and(|held| {
            held.split(',')
                .any(|one| matches!(one.trim(), "*") || one.trim().trim_start_matches("W/") == etag.trim_start_matches("W/"))
        })
    }
}

impl FromRequest for IfNoneMatch {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let held = request.headers().get("if-none-match").and_then(|value| value.to_str().ok());
        ready(Ok(Self(held.map(ToOwned::to_owned))))
    }
}

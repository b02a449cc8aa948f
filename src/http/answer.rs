//! What a handler answers with.

use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody, http::StatusCode};
use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

use super::etag;
use crate::error::{ApiError, ApiResult};

/// A success: status, body, and what clients need to come back for the record.
#[derive(Debug, Clone)]
pub struct Answer {
    /// 200, 201 or 204.
    pub status: StatusCode,
    /// The record's ETag.
    pub etag: Option<String>,
    /// Where a created record is.
    pub location: Option<String>,
    /// JSON, or nothing.
    pub body: Bytes,
    /// Whether this is the answer to an earlier request of the same kind.
    pub replayed: bool,
}

impl Answer {
    /// 200 with a body that has no revision of its own.
    pub fn plain(body: &impl Serialize) -> ApiResult<Self> {
        let body = serde_json::to_vec(body).map_err(ApiError::internal)?;
        Ok(Self { status: StatusCode::OK, etag: None, location: None, body: body.into(), replayed: false })
    }

    /// 200 with a record and its ETag.
    pub fn record(revision: i64, body: &impl Serialize) -> ApiResult<Self> {
        Ok(Self { etag: Some(etag(revision)), ..Self::plain(body)? })
    }

    /// 201 with a record, its ETag and its address.
    pub fn created(collection: &str, id: Uuid, revision: i64, body: &impl Serialize) -> ApiResult<Self> {
        let location = Some(format!("/api/v1/{collection}/{id}"));
        Ok(Self { status: StatusCode::CREATED, location, ..Self::record(revision, body)? })
    }

    /// 201 with what a PUT has made, or 200 with what it has replaced.
    pub fn put(made: bool, revision: i64, body: &impl Serialize) -> ApiResult<Self> {
        let status = if made { StatusCode::CREATED } else { StatusCode::OK };
        Ok(Self { status, ..Self::record(revision, body)? })
    }

    /// 204.
    pub fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, etag: None, location: None, body: Bytes::new(), replayed: false }
    }

    /// Marks the answer as that of an earlier request.
    #[must_use]
    pub fn again(self) -> Self {
        Self { status: if self.status == StatusCode::CREATED { StatusCode::OK } else { self.status }, replayed: true, ..self }
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(etag) = self.etag {
            response.insert_header(("etag", etag));
        }
        if let Some(location) = self.location {
            response.insert_header(("location", location));
        }
        if self.replayed {
            response.insert_header(("idempotent-replayed", "true"));
        }
        if self.body.is_empty() {
            return response.finish();
        }
        response.content_type("application/json").body(self.body)
    }
}

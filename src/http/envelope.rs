//! Round every request: an id, limits on headers, the problem body, the headers every answer carries, one log line.

use std::{fmt, panic::AssertUnwindSafe, time::Instant};

use actix_web::{
    HttpMessage, HttpResponse, ResponseError,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use futures_util::FutureExt;
use uuid::Uuid;

use super::{
    measure,
    request::{RequestId, locale},
    routes::Routes,
};
use crate::error::{ApiError, Code, Locale, Problem};

/// The documentation's page runs its own scripts and styles and calls nobody but us.
const PAGE_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// Headers in all, names and values.
const MOST_HEADER_BYTES: usize = 16 * 1024;

/// Everything that is known of a request before it is handled. The request itself is not kept: actix hands it on only whole.
struct Visit {
    id: String,
    locale: Locale,
    method: Method,
    /// The documentation is a page with scripts and styles; everything else is data.
    is_page: bool,
    started: Instant,
}

/// The outermost of our middleware.
pub async fn envelope<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let id = Uuid::now_v7().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let visit = Visit {
        id,
        locale: locale(request.headers()),
        method: request.method().clone(),
        is_page: request.path().starts_with("/docs"),
        started: Instant::now(),
    };
    if let Err(refused) = check(&request) {
        let response = visit.tell(&refused);
        return Ok(visit.close(request.into_response(response).map_into_right_body()));
    }
    // A handler that panics answers 500 like any failure; its connection is not given back to the pool.
    let outcome = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    match outcome.unwrap_or_else(|_| Err(ApiError::internal("a handler panicked").into())) {
        Err(error) => Err(Told { error: refusal(&error), visit }.into()),
        Ok(response) => Ok(match response.response().error().map(refusal) {
            None => visit.close(response.map_into_left_body()),
            Some(error) => {
                let told = visit.tell(&error);
                visit.close(response.into_response(told).map_into_right_body())
            }
        }),
    }
}

impl Visit {
    /// The headers that every answer carries, and the one line of the log.
    fn close<B>(&self, mut response: ServiceResponse<B>) -> ServiceResponse<B> {
        finish(response.headers_mut(), &self.id, self.is_page);
        // The route's pattern, never the address itself: what stands in an address can be secret.
        let route = response.request().match_pattern().unwrap_or_else(|| "-".to_owned());
        self.log(&route, response.status());
        response
    }

    fn log(&self, route: &str, status: StatusCode) {
        let (status, elapsed) = (status.as_u16(), self.started.elapsed());
        // A stranger may make up methods; each would be kept for ever.
        let method = match self.method.as_str() {
            known @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS") => known,
            _ => "OTHER",
        };
        measure::observe(method, route, status, elapsed.as_secs_f64());
        tracing::info!(request.id = %self.id, http.method = method, http.route = %route, http.status = status,
            duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX), "{method} {route} {status}");
    }

    fn tell(&self, error: &ApiError) -> HttpResponse<BoxBody> {
        tell(error, self.locale, &self.id)
    }
}

/// A failure that left no request to answer to (a panic): it brings its own answer.
struct Told {
    error: ApiError,
    visit: Visit,
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for Told {
    fn status_code(&self) -> StatusCode {
        self.error.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.visit.tell(&self.error);
        finish(response.headers_mut(), &self.visit.id, self.visit.is_page);
        self.visit.log("-", response.status());
        response
    }
}

fn check(request: &ServiceRequest) -> Result<(), ApiError> {
    let headers = request.headers();
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if bytes > MOST_HEADER_BYTES {
        return Err(ApiError::new(Code::HeadersTooLarge));
    }
    if headers.get_all("authorization").count() > 1 {
        return Err(ApiError::new(Code::MalformedHeader));
    }
    let names = request.query_string().split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    if names.into_iter().any(|name| matches!(name, "access_token" | "refresh_token" | "token" | "password")) {
        return Err(ApiError::new(Code::TokenInUrl));
    }
    request.app_data::<Data<Routes>>().map_or(Ok(()), |routes| routes.check(request.head(), false))
}

/// Our own errors keep what they say; what actix itself refused is told in our words.
fn refusal(error: &actix_web::Error) -> ApiError {
    if let Some(own) = error.as_error::<ApiError>() {
        return ApiError {
            code: own.code,
            faults: own.faults.clone(),
            retry_after: own.retry_after,
            present: own
                .present
                .as_ref()
                .map(|present| Box::new(crate::error::Present { etag: present.etag.clone(), record: present.record.clone() })),
            allow: own.allow.clone(),
            cause: own.cause.clone(),
            place: own.place,
        };
    }
    match error.as_response_error().status_code() {
        StatusCode::NOT_FOUND => ApiError::new(Code::NotFound),
        StatusCode::METHOD_NOT_ALLOWED => ApiError::new(Code::MethodNotAllowed),
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(Code::PayloadTooLarge),
        StatusCode::REQUEST_TIMEOUT => ApiError::new(Code::RequestTimeout),
        StatusCode::NOT_ACCEPTABLE => ApiError::new(Code::NotAcceptable),
        status if status.is_client_error() => ApiError::new(Code::MalformedHeader),
        _ => ApiError::internal(error),
    }
}

/// The problem as an answer. A failure on our side is logged here, once, with its place; the reader sees none of it.
fn tell(error: &ApiError, locale: Locale, request_id: &str) -> HttpResponse<BoxBody> {
    let status = error.code.status();
    if status.is_server_error() {
        tracing::error!(request.id = request_id, place = %error.place, cause = error.cause.as_deref().unwrap_or("-"), "request failed: {}", error.code.as_str());
    }
    let problem: Problem = error.problem(locale, request_id);
    let mut response = HttpResponse::build(status);
    response.content_type("application/problem+json");
    response.insert_header(("content-language", if locale == Locale::Arabic { "ar" } else { "en" }));
    if let Some(seconds) = error.retry_after {
        response.insert_header(("retry-after", seconds.to_string()));
    }
    if let Some(present) = &error.present {
        response.insert_header(("etag", present.etag.clone()));
    }
    if let Some(allow) = &error.allow {
        response.insert_header(("allow", allow.clone()));
    }
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header(("www-authenticate", "Bearer realm=\"siraj\""));
    }
    match serde_json::to_vec(&problem) {
        Ok(body) => response.body(body),
        Err(_) => response.finish(),
    }
}

fn finish(headers: &mut HeaderMap, request_id: &str, is_page: bool) {
    const ALWAYS: &[(&str, &str)] = &[
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
        ("strict-transport-security", "max-age=31536000"),
    ];
    let mut add = |name: &'static str, value: HeaderValue| {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    };
    for (name, value) in ALWAYS {
        add(name, HeaderValue::from_static(value));
    }
    // Answers depend on who asks; no cache between us and the reader may keep them.
    add("cache-control", HeaderValue::from_static("private, no-cache"));
    add("content-security-policy", HeaderValue::from_static(if is_page { PAGE_POLICY } else { DATA_POLICY }));
    if let Ok(value) = HeaderValue::from_str(request_id) {
        add("x-request-id", value);
    }
}

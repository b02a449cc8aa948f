//! What a monitor asks for: requests by route and status, and how long they took. No ids, no addresses.

use std::sync::LazyLock;

use actix_web::{HttpRequest, HttpResponse, get};
use prometheus::{Encoder, HistogramOpts, HistogramVec, Registry, TextEncoder};

use crate::error::{ApiError, ApiResult, Code};

struct Metrics {
    registry: Registry,
    duration: Option<HistogramVec>,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    let registry = Registry::new();
    let buckets = vec![0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];
    let options =
        HistogramOpts::new("siraj_http_request_seconds", "How long requests took, by method, route and status.").buckets(buckets);
    let duration = HistogramVec::new(options, &["method", "route", "status"]).ok();
    // Fails only for a name that is registered twice; then it is not measured.
    let duration = duration.filter(|duration| registry.register(Box::new(duration.clone())).is_ok());
    Metrics { registry, duration }
});

/// Counts one request.
pub(super) fn observe(method: &str, route: &str, status: u16, seconds: f64) {
    if let Some(duration) = &METRICS.duration {
        duration.with_label_values(&[method, route, &status.to_string()]).observe(seconds);
    }
}

/// Only for a monitor on this machine: how busy which route is tells strangers too much.
#[get("/metrics")]
pub async fn metrics(request: HttpRequest) -> ApiResult<HttpResponse> {
    // A proxy on this machine hands on what strangers ask.
    let handed_on = ["x-forwarded-for", "forwarded", "via"].iter().any(|name| request.headers().contains_key(*name));
    if handed_on || !request.peer_addr().is_some_and(|peer| peer.ip().is_loopback()) {
        return Err(ApiError::new(Code::NotFound));
    }
    let mut text = Vec::new();
    TextEncoder::new().encode(&METRICS.registry.gather(), &mut text).map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text))
}

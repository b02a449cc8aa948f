//! What a monitor asks for: requests by route and status, and how long they took. No ids, no addresses.

use std::{net::IpAddr, sync::LazyLock};

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
    // A proxy on this machine hands on what strangers ask; one that adds no header of its own still hands on the name they asked for.
    let handed_on = ["x-forwarded-for", "forwarded", "via"].iter().any(|name| request.headers().contains_key(*name));
    let host = request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    if handed_on || !is_this_machine(host) || !request.peer_addr().is_some_and(|peer| peer.ip().is_loopback()) {
        return Err(ApiError::new(Code::NotFound));
    }
    let mut text = Vec::new();
    TextEncoder::new().encode(&METRICS.registry.gather(), &mut text).map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text))
}

/// Whether a `Host` names this machine to itself, with or without a port.
fn is_this_machine(host: &str) -> bool {
    let bare = |name: &str| {
        let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        name.eq_ignore_ascii_case("localhost") || literal.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    };
    bare(host) || host.rsplit_once(':').is_some_and(|(name, port)| port.parse::<u16>().is_ok() && bare(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_for_itself_are_its_own() {
        for own in ["localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:8080"] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in ["", "siraj.example", "siraj.example:8080", "localhost.example", "10.0.0.1", "localhost:", "localhost:http"]
        {
            assert!(!is_this_machine(other), "{other}");
        }
    }
}

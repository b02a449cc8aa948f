//! What every request has: an id, a language, an address it came from.

use std::net::IpAddr;

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header::HeaderMap, web::Data};
use std::future::{Ready, ready};

use crate::error::{ApiError, Locale};

/// The request's name in answers and in the log; made here, never taken from the client.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

impl RequestId {
    /// The id given by the envelope.
    pub fn of(request: &HttpRequest) -> String {
        request.extensions().get::<Self>().map_or_else(String::new, |id| id.0.clone())
    }
}

/// The reader's language: the one of highest weight among English and Arabic.
pub fn locale(headers: &HeaderMap) -> Locale {
    let Some(wanted) = headers.get("accept-language").and_then(|value| value.to_str().ok()) else {
        return Locale::default();
    };
    let weight_of = |language: &str| {
        let weights = wanted.split(',').filter_map(|part| {
            let (tag, quality) = part.split_once(";q=").unwrap_or((part, "1"));
            let primary = tag.trim().split('-').next().unwrap_or_default();
            primary.eq_ignore_ascii_case(language).then(|| quality.trim().parse::<f32>().unwrap_or(0.0))
        });
        weights.fold(0.0, f32::max)
    };
    if weight_of("ar") > weight_of("en") { Locale::Arabic } else { Locale::English }
}

/// Proxies whose `X-Forwarded-For` is believed.
#[derive(Debug, Clone, Default)]
pub struct Proxies(pub Vec<IpAddr>);

/// Where the request came from: the peer, or what a listed proxy says of it.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

impl FromRequest for ClientAddress {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(peer) = request.peer_addr().map(|address| address.ip()) else {
            return ready(Err(ApiError::internal("a request without a peer")));
        };
        let trusted = request.app_data::<Data<Proxies>>().is_some_and(|proxies| proxies.0.contains(&peer));
        let forwarded = request.headers().get_all("x-forwarded-for").last().and_then(|value| value.to_str().ok());
        // The last hop of the last line is the one that our own proxy has seen itself.
        let told = forwarded.and_then(|hops| hops.rsplit(',').next()).and_then(|hop| hop.trim().parse().ok());
        ready(Ok(Self(if trusted { told.unwrap_or(peer) } else { peer })))
    }
}

//! Sends one event to one address, and to no address that was not judged.

use std::{error::Error, fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    header::CONTENT_TYPE,
    redirect::Policy,
};

use super::{address, rules::Outcome, types::DeliveryFault};
use crate::config::Networks;

/// How long an attempt may take, from the question of the name to the head of the answer.
const LONGEST: Duration = Duration::from_secs(15);

/// The headers by which a receiver knows and checks an event.
pub struct Headers {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: i64,
    /// `webhook-signature`.
    pub signature: String,
}

/// What events are sent with.
pub struct Sender {
    within_tls: Client,
    in_clear: Client,
    networks: Networks,
}

impl Sender {
    /// A sender into the public internet, and into these networks; without the system's certificates there is none.
    pub fn new(networks: Networks) -> Result<Self, String> {
        let told = |error: reqwest::Error| chain(&error).map(ToString::to_string).collect::<Vec<_>>().join(": ");
        let client = |within_tls: bool| {
            let names = Judged { within_tls, networks: networks.clone() };
            Client::builder()
                .https_only(within_tls)
                .dns_resolver(Arc::new(names))
                // A proxy, a redirect or a connection from before would lead where nobody has judged.
                .no_proxy()
                .redirect(Policy::none())
                .retry(reqwest::retry::never())
                .pool_max_idle_per_host(0)
                .timeout(LONGEST)
                .user_agent(concat!("siraj/", env!("CARGO_PKG_VERSION")))
        };
        let within_tls = client(true).build().map_err(told)?;
        let in_clear = client(false).tls_certs_only([]).build().map_err(told)?;
        Ok(Self { within_tls, in_clear, networks })
    }

    /// Sends the event. Of the answer only the status is read.
    pub async fn send(&self, url: &str, headers: Headers, body: String) -> Outcome {
        let url = address::judge(url, &self.networks).map_err(|_| DeliveryFault::AddressRefused)?;
        let client = if url.scheme() == "https" { &self.within_tls } else { &self.in_clear };
        let request = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", headers.id)
            .header("webhook-timestamp", headers.timestamp)
            .header("webhook-signature", headers.signature)
            .body(body);
        match request.send().await {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) => Err(fault_of(&error)),
        }
    }
}

/// Names are asked here, so that the addresses that were judged are those that are connected to.
struct Judged {
    within_tls: bool,
    networks: Networks,
}

impl Resolve for Judged {
    fn resolve(&self, name: Name) -> Resolving {
        let (within_tls, networks) = (self.within_tls, self.networks.clone());
        Box::pin(async move {
            let asked = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found: Vec<SocketAddr> = asked.map_err(|_| NoAddress::Unresolved)?.collect();
            // One that leads inside makes the whole name suspicious.
            if !found.iter().all(|address| address::may_lead_to(address.ip(), within_tls, &networks)) {
                return Err(NoAddress::Refused.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Why a name gives no address.
#[derive(Debug, Clone, Copy)]
enum NoAddress {
    Unresolved,
    Refused,
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unresolved => "the name leads nowhere",
            Self::Refused => "the name leads where nothing is sent to",
        })
    }
}

impl Error for NoAddress {}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (**error).source())
}

fn fault_of(error: &reqwest::Error) -> DeliveryFault {
    let named = chain(error).find_map(|cause| cause.downcast_ref::<NoAddress>());
    match named {
        Some(NoAddress::Refused) => DeliveryFault::AddressRefused,
        Some(NoAddress::Unresolved) => DeliveryFault::Unresolved,
        None if error.is_timeout() => DeliveryFault::Timeout,
        None if !error.is_connect() => DeliveryFault::Broken,
        None if chain(error).filter_map(|cause| cause.downcast_ref()).any(is_of_handshake) => DeliveryFault::Tls,
        None => DeliveryFault::Unreachable,
    }
}

/// What goes wrong in the handshake of TLS comes as an error of the connection, or as one within another.
fn is_of_handshake(error: &io::Error) -> bool {
    let within = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) || within.is_some_and(is_of_handshake)
}

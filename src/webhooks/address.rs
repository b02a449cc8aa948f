//! Where a webhook may lead: judged when its address is written, and again at every sending, by what its name says then.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use reqwest::Url;

use crate::{config::Networks, error::Code, types::clean_line};

/// The longest address.
const LONGEST: usize = 500;
/// Ports below this belong to services of a system; 443 alone is one for the web.
const FIRST_FREE_PORT: u16 = 1024;

/// Networks of IPv4 that are not the public internet.
const CLOSED_V4: &[Ipv4Net] = &[
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // Groups, what is kept for later, and everybody.
    v4(224, 0, 0, 0, 3),
];

/// Of IPv6 only this is public …
const OPEN_V6: Ipv6Net = v6(0x2000, 0, 3);
/// … and of it not these: protocols, examples, and tunnels, behind which any address of IPv4 may lie.
const CLOSED_V6: &[Ipv6Net] = &[v6(0x2001, 0, 23), v6(0x2001, 0xdb8, 32), v6(0x2002, 0, 16), v6(0x3fff, 0, 20)];

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(a: u16, b: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), length)
}

/// Whether an address is one of the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !CLOSED_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => OPEN_V6.contains(&address) && !CLOSED_V6.iter().any(|network| network.contains(&address)),
    }
}

/// Whether something may be sent to this address: within TLS to what is public or allowed, without it to what is allowed alone.
pub fn may_lead_to(address: IpAddr, within_tls: bool, networks: &Networks) -> bool {
    networks.contains(address) || within_tls && is_public(address)
}

/// Reads an address as it may be kept, in its one form. What its name leads to is judged when something is sent.
pub fn judge(given: &str, networks: &Networks) -> Result<Url, Code> {
    let url = Url::parse(&clean_line(given, LONGEST)?).map_err(|_| Code::InvalidFormat)?;
    let within_tls = match url.scheme() {
        "https" => true,
        "http" => false,
        _ => return Err(Code::InvalidFormat),
    };
    if url.host_str().is_none_or(str::is_empty) || url.fragment().is_some() {
        return Err(Code::InvalidFormat);
    }
    if url.as_str().len() > LONGEST {
        return Err(Code::TooLong);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Code::CredentialsInUrl);
    }
    let literal = literal(&url);
    // Nothing is said in clear but within networks that the operator has named.
    if !within_tls && literal.map_or(networks.is_empty(), |address| !networks.contains(address)) {
        return Err(Code::HttpsRequired);
    }
    match url.port_or_known_default() {
        Some(443 | FIRST_FREE_PORT..) => {}
        Some(80) if !within_tls => {}
        _ => return Err(Code::PortRefused),
    }
    match literal {
        Some(address) if !may_lead_to(address, within_tls, networks) => Err(Code::PrivateAddress),
        _ => Ok(url),
    }
}

/// The address that stands in the place of a name. The parser has brought every way of writing one into this form.
fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CLOSED: &str = "0.0.0.0 10.1.2.3 100.64.0.1 100.127.255.255 127.0.0.1 127.8.8.8 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 \
        192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 \
        240.0.0.1 255.255.255.255 :: ::1 ::ffff:10.0.0.1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 \
        64:ff9b::7f00:1 64:ff9b:1::1 100::1 fc00::1 fd12:3456::1 fe80::1 fec0::1 ff02::1 2001::1 2001:db8::1 2002:7f00:1::1 \
        3fff::1 4000::1 5f00::1";
    const OPEN: &str = "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.1 192.167.1.1 198.17.0.1 223.255.255.255 \
        ::ffff:8.8.8.8 2606:4700::1111 2a00:1450:4001::1 2001:4860:4860::8888 3ffe::1";

    fn address(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    #[test]
    fn only_the_public_internet_is_public() {
        for closed in CLOSED.split_whitespace() {
            assert!(!is_public(address(closed)), "{closed}");
        }
        for open in OPEN.split_whitespace() {
            assert!(is_public(address(open)), "{open}");
        }
    }

    proptest! {
        /// The standard library's own questions, where it has them, and ranges asked for by their octets.
        #[test]
        fn no_address_of_ipv4_is_taken_for_public_that_is_not(bits in any::<u32>()) {
            let v4 = Ipv4Addr::from_bits(bits);
            let [a, b, c, _] = v4.octets();
            let closed = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast() || v4.is_broadcast()
                || v4.is_documentation() || a == 0 || a >= 224 || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0) || (a == 198 && (b == 18 || b == 19)) || (a == 192 && b == 88 && c == 99);
            prop_assert_eq!(is_public(IpAddr::V4(v4)), !closed);
            prop_assert_eq!(is_public(IpAddr::V6(v4.to_ipv6_mapped())), !closed, "the same address within IPv6");
        }

        #[test]
        fn no_address_of_ipv6_is_taken_for_public_that_is_not(bits in any::<u128>(), open in any::<bool>()) {
            let v6 = Ipv6Addr::from_bits(if open { bits >> 3 | 1 << 125 } else { bits });
            let [a, b, ..] = v6.segments();
            let tunnel = a == 0x2001 && (b < 0x200 || b == 0xdb8) || a == 0x2002 || a == 0x3fff && b < 0x1000;
            prop_assert_eq!(is_public(IpAddr::V6(v6)), (0x2000..0x4000).contains(&a) && !tunnel);
        }

        #[test]
        fn no_text_is_kept_that_leads_inside(text in "\\PC{0,40}", host in "[0-9a-fx.:]{1,20}") {
            for given in [text.clone(), format!("https://{host}/"), format!("https://[{host}]/"), format!("http://{host}")] {
                if let Ok(url) = judge(&given, &Networks::default()) {
                    prop_assert_eq!(url.scheme(), "https");
                    prop_assert!(literal(&url).is_none_or(is_public), "{}", given);
                    prop_assert_eq!(judge(url.as_str(), &Networks::default()), Ok(url), "kept in one form");
                }
            }
        }
    }

    #[test]
    fn an_address_is_kept_or_refused_by_its_own_name() {
        let inside = Networks::parse(&["10.20.0.0/16", "127.0.0.0/8"]).expect("networks");
        let told = |given: &str, networks: &Networks| judge(given, networks).map(String::from);
        for kept in [
            "https://reports.example/hook",
            "https://reports.example:8443/a?b=c",
            "https://1.1.1.1/",
            "https://[2606:4700::1111]/",
        ] {
            assert_eq!(told(kept, &Networks::default()), Ok(kept.to_owned()));
        }
        assert_eq!(told(" HTTPS://Reports.Example ", &inside), Ok("https://reports.example/".to_owned()));
        for (given, code) in [
            ("", Code::Required),
            ("reports.example/hook", Code::InvalidFormat),
            ("ftp://reports.example/", Code::InvalidFormat),
            ("file:///etc/passwd", Code::InvalidFormat),
            ("https://", Code::InvalidFormat),
            ("https://reports.example/#part", Code::InvalidFormat),
            ("https://reports.example/a\tb", Code::InvalidText),
            ("http://reports.example/", Code::HttpsRequired),
            ("http://1.1.1.1/", Code::HttpsRequired),
            ("https://user@reports.example/", Code::CredentialsInUrl),
            ("https://user:word@reports.example/", Code::CredentialsInUrl),
            ("https://reports.example:80/", Code::PortRefused),
            ("https://reports.example:22/", Code::PortRefused),
            ("https://127.0.0.1/", Code::PrivateAddress),
            ("https://0x7f000001/", Code::PrivateAddress),
            ("https://2130706433/", Code::PrivateAddress),
            ("https://127.1/", Code::PrivateAddress),
            ("https://[::ffff:10.0.0.1]/", Code::PrivateAddress),
            ("https://[::1]/", Code::PrivateAddress),
        ] {
            assert_eq!(told(given, &Networks::default()), Err(code), "{given}");
        }
        assert_eq!(told(&format!("https://reports.example/{}", "a".repeat(500)), &inside), Err(Code::TooLong));
        assert_eq!(told(&format!("https://reports.example/{}", "é".repeat(200)), &inside), Err(Code::TooLong), "as it is sent");
        // What the operator allows: by its address or by a name, which is judged when something is sent.
        for kept in ["http://10.20.3.4/hook", "http://10.20.3.4:8080/", "https://127.0.0.1:9000/", "http://dhis2.internal/hook"] {
            assert_eq!(told(kept, &inside), Ok(kept.to_owned()));
        }
        assert_eq!(told("http://10.21.3.4/hook", &inside), Err(Code::HttpsRequired));
        assert_eq!(told("http://10.20.3.4:25/hook", &inside), Err(Code::PortRefused));
    }
}

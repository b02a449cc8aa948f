//! Networks as operators write them: `10.20.0.0/16`, `fd00:12::/48`.

use std::net::IpAddr;

use ipnet::IpNet;

/// Some networks; none of them by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads a list; `None` where one of them is no network: no length, or an address within it instead of its first.
    pub fn parse<T: AsRef<str>>(given: &[T]) -> Option<Self> {
        let network = |text: &T| text.as_ref().trim().parse().ok().filter(|network: &IpNet| *network == network.trunc());
        given.iter().map(network).collect::<Option<_>>().map(Self)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them holds the address; an address of IPv4 within IPv6 is that of IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        let networks = Networks::parse(&["10.20.0.0/16", " fd00:12::/48", "192.0.2.7/32"]).expect("networks");
        for inside in ["10.20.0.0", "10.20.255.255", "::ffff:10.20.3.4", "fd00:12::1", "192.0.2.7"] {
            assert!(networks.contains(inside.parse().expect("an address")), "{inside}");
        }
        for outside in ["10.21.0.0", "192.0.2.8", "fd00:13::1", "::10.20.3.4", "::1"] {
            assert!(!networks.contains(outside.parse().expect("an address")), "{outside}");
        }
        assert!(Networks::parse(&["0.0.0.0/0"]).is_some_and(|all| all.contains(IpAddr::from([8, 8, 8, 8]))));
        assert!(Networks::default().is_empty() && Networks::parse::<&str>(&[]).is_some_and(|none| none.is_empty()));
        for wrong in ["", "10.0.0.0", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "fd00::1/8", "example.org/8", "10.0.0/8"] {
            assert_eq!(Networks::parse(&[wrong]), None, "{wrong}");
        }
    }
}

//! Which addresses we may call: those of the public internet, and the networks that a test allows.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address belongs to the public internet.
///
/// Addresses that carry an IPv4 address inside (mapped, NAT64, 6to4) are judged by it.
/// After the special-purpose registries of IANA (RFC 6890 and successors).
pub fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_global_v4(v4),
        IpAddr::V6(v6) => is_global_v6(v6),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, private, loopback, link-local (cloud metadata lives there).
        (0 | 10 | 127, _, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Shared address space of carriers.
        (100, 64..=127, _) => true,
        // Protocol assignments, documentation, 6to4 relays, AS112.
        (192, 0, 0 | 2) | (192, 31, 196) | (192, 52, 193) | (192, 88, 99) | (192, 175, 48) => true,
        (198, 51, 100) | (203, 0, 113) => true,
        // Benchmarks.
        (198, 18..=19, _) => true,
        // Multicast, reserved, broadcast.
        (224..=255, _, _) => true,
        _ => false,
    };
    !special
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_global_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // ::ffff:a.b.c.d
        [0, 0, 0, 0, 0, 0xffff, high, low] => embedded(high, low),
        // NAT64, RFC 6052. The local-use prefix 64:ff9b:1::/48 is none of ours.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // 6to4.
        [0x2002, high, low, ..] => embedded(high, low),
        // Protocol assignments (Teredo, ORCHID, benchmarks) and documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // All other global unicast is in 2000::/3; loopback, local, link-local, multicast are not.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// The rule for one process: global addresses on ports 80 and 443, allowed networks on any port.
#[derive(Clone, Debug, Default)]
pub struct AddressRule {
    allowed: Vec<IpNet>,
}

impl AddressRule {
    /// Reads networks such as `127.0.0.0/8`, or single addresses.
    ///
    /// # Errors
    /// The text that is none.
    pub fn new<'t>(networks: impl IntoIterator<Item = &'t str>) -> Result<AddressRule, String> {
        let read = |text: &str| {
            text.parse::<IpNet>()
                .ok()
                .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
                .ok_or(text.to_owned())
        };
        Ok(AddressRule { allowed: networks.into_iter().map(read).collect::<Result<_, _>>()? })
    }

    /// Whether this address may be called on this port.
    pub fn permits(&self, address: IpAddr, port: u16) -> bool {
        let canonical = address.to_canonical();
        self.allowed.iter().any(|network| network.contains(&canonical))
            || (matches!(port, 80 | 443) && is_global(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_global() {
        for local in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_global(local.parse().unwrap()), "{local}");
        }
        for global in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.1",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert!(is_global(global.parse().unwrap()), "{global}");
        }
    }

    #[test]
    fn allowed_networks_open_every_port_and_nothing_else() {
        let rule = AddressRule::new(["127.0.0.0/8", "10.1.2.3"]).unwrap();
        let permits = |address: &str, port| rule.permits(address.parse().unwrap(), port);
        assert!(permits("127.0.0.1", 40_123));
        assert!(permits("::ffff:127.0.0.1", 40_123));
        assert!(permits("10.1.2.3", 80));
        assert!(!permits("10.1.2.4", 80));
        assert!(!permits("::1", 80));
        assert!(permits("1.1.1.1", 443));
        assert!(!permits("1.1.1.1", 22));
        assert_eq!(AddressRule::new(["127.0.0.0/99"]).unwrap_err(), "127.0.0.0/99");
    }
}

//! Which addresses may be connected to.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It answers with the credentials of the machine it is asked from. No configuration allows it.
    #[error("`{0}` is an address of a cloud's metadata service, which is never connected to")]
    Metadata(IpAddr),
    /// It is not on the public internet, and the channel does not allow it.
    #[error("`{0}` is not a public address; a receiver inside needs `allow_addresses`")]
    NotPublic(IpAddr),
}

/// Never, whatever the configuration allows: whoever reaches one of these has the machine's credentials.
const METADATA: &[IpAddr] = &[
    // AWS, Azure, GCP and most others.
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    // Credentials of ECS tasks and of EKS pods.
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    // Azure's wire server. It lies in public space: a test for private ranges lets it through.
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    // Alibaba Cloud.
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    // Oracle Cloud.
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// IPv4 that is not public: IANA's special-purpose registry, multicast and what is reserved.
const NOT_PUBLIC_V4: &[Ipv4Net] = &[
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
];

/// IPv6 outside of global unicast, and what within it is special.
const NOT_PUBLIC_V6: &[Ipv6Net] = &[
    v6([0, 0, 0, 0], 8),
    v6([0x100, 0, 0, 0], 64),
    v6([0x2001, 0, 0, 0], 23),
    v6([0x2001, 0xdb8, 0, 0], 32),
    v6([0x3fff, 0, 0, 0], 20),
    v6([0x5f00, 0, 0, 0], 16),
    v6([0xfc00, 0, 0, 0], 7),
    v6([0xfe80, 0, 0, 0], 10),
    v6([0xfec0, 0, 0, 0], 10),
    v6([0xff00, 0, 0, 0], 8),
];

/// What embeds an IPv4 address: the prefix and at which byte the address begins.
const EMBEDS_V4: &[(Ipv6Net, usize)] = &[
    // IPv4-compatible and IPv4-mapped.
    (v6([0, 0, 0, 0], 96), 12),
    (Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96), 12),
    // NAT64, well-known and local.
    (v6([0x64, 0xff9b, 0, 0], 96), 12),
    (v6([0x64, 0xff9b, 1, 0], 48), 12),
    // 6to4.
    (v6([0x2002, 0, 0, 0], 16), 2),
];

const fn v4(octets: [u8; 4], prefix: u8) -> Ipv4Net {
    let [a, b, c, d] = octets;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(start: [u16; 4], prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = start;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

/// Whether an address may be connected to. `allowed` are the ranges that the channel allows besides the public internet.
///
/// An address that embeds an IPv4 address is judged by both: what it reaches is the embedded one.
pub fn judge(address: IpAddr, allowed: &[IpNet]) -> Result<(), Refused> {
    let embedded = match address {
        IpAddr::V6(v6) => embedded(v6),
        IpAddr::V4(_) => None,
    };
    for seen in [Some(address), embedded.map(IpAddr::V4)].into_iter().flatten() {
        if METADATA.contains(&seen) {
            return Err(Refused::Metadata(address));
        }
    }
    // What embeds is judged by what it reaches, unless it is allowed as it stands.
    let reached = embedded.map_or(address, IpAddr::V4);
    let is_allowed = allowed.iter().any(|net| net.contains(&address) || net.contains(&reached));
    if is_allowed || is_public(reached) { Ok(()) } else { Err(Refused::NotPublic(address)) }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&v4)),
        IpAddr::V6(v6) => !NOT_PUBLIC_V6.iter().any(|net| net.contains(&v6)),
    }
}

fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    // Teredo (2001::/32) hides its IPv4 address and is refused as it stands.
    let unspecified_or_loopback = address.is_unspecified() || address.is_loopback();
    let (_, at) = EMBEDS_V4.iter().find(|(net, _)| net.contains(&address)).filter(|_| !unspecified_or_loopback)?;
    let octets: [u8; 4] = address.octets().get(*at..at + 4)?.try_into().ok()?;
    Some(Ipv4Addr::from(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(address: &str, allowed: &[IpNet]) -> &'static str {
        match judge(address.parse().unwrap(), allowed) {
            Ok(()) => "yes",
            Err(Refused::NotPublic(_)) => "no",
            Err(Refused::Metadata(_)) => "never",
        }
    }

    #[test]
    fn every_address_is_judged_by_where_it_leads() {
        let cases = [
            ("8.8.8.8", "yes"),
            ("34.1.2.3", "yes"),
            ("0.0.0.0", "no"),
            ("0.1.2.3", "no"),
            ("10.0.0.1", "no"),
            ("100.64.0.1", "no"),
            ("100.128.0.1", "yes"),
            ("127.0.0.1", "no"),
            ("127.255.255.254", "no"),
            ("169.254.1.1", "no"),
            ("169.254.169.254", "never"),
            ("169.254.170.2", "never"),
            ("169.254.170.23", "never"),
            ("168.63.129.16", "never"),
            ("168.63.129.17", "yes"),
            ("100.100.100.200", "never"),
            ("172.15.255.255", "yes"),
            ("172.16.0.1", "no"),
            ("172.31.255.255", "no"),
            ("192.0.0.1", "no"),
            ("192.0.0.192", "never"),
            ("192.0.2.1", "no"),
            ("192.88.99.1", "no"),
            ("192.168.1.1", "no"),
            ("198.18.0.1", "no"),
            ("198.19.255.255", "no"),
            ("198.51.100.1", "no"),
            ("203.0.113.1", "no"),
            ("224.0.0.1", "no"),
            ("240.0.0.1", "no"),
            ("255.255.255.255", "no"),
            ("2606:4700::1111", "yes"),
            ("2a00:1450:4001::1", "yes"),
            ("::", "no"),
            ("::1", "no"),
            ("fc00::1", "no"),
            ("fd00:ec2::254", "never"),
            ("fd00:ec2::23", "never"),
            ("fd20:ce::254", "never"),
            ("fe80::1", "no"),
            ("fec0::1", "no"),
            ("ff02::1", "no"),
            ("2001:db8::1", "no"),
            ("3fff::1", "no"),
            ("100::1", "no"),
            ("5f00::1", "no"),
            ("2001::1", "no"),
            ("::ffff:127.0.0.1", "no"),
            ("::ffff:8.8.8.8", "yes"),
            ("::ffff:169.254.169.254", "never"),
            ("::127.0.0.1", "no"),
            ("64:ff9b::a9fe:a9fe", "never"),
            ("64:ff9b::7f00:1", "no"),
            ("64:ff9b::808:808", "yes"),
            ("64:ff9b:1::a9fe:a9fe", "never"),
            ("64:ff9b:1::a00:1", "no"),
            ("2002:7f00:1::", "no"),
            ("2002:a9fe:a9fe::1", "never"),
            ("2002:a83f:8110::1", "never"),
            ("2002:808:808::1", "yes"),
        ];
        for (address, expected) in cases {
            assert_eq!(verdict(address, &[]), expected, "{address}");
        }
    }

    #[test]
    fn a_range_that_is_allowed_is_allowed_and_metadata_still_is_not() {
        let allowed: Vec<IpNet> =
            ["10.0.0.0/8", "169.254.0.0/16", "::/0", "0.0.0.0/0"].map(|net| net.parse().unwrap()).to_vec();
        assert_eq!(verdict("10.1.2.3", &allowed[..1]), "yes");
        assert_eq!(verdict("::ffff:10.1.2.3", &allowed[..1]), "yes");
        assert_eq!(verdict("192.168.1.1", &allowed[..1]), "no");
        for metadata in
            ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "168.63.129.16"]
        {
            assert_eq!(verdict(metadata, &allowed), "never", "{metadata}");
        }
    }
}

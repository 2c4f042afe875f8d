//! Addresses from which a provider's own load balancers look after machines.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use palisade_model::Provider;
use palisade_reach::AddrSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Where the provider's load balancers probe from. Google's stand in its load balancing documentation, "Firewall rules"
/// (read 2026-11); Azure's is the host address every machine knows; EKS balancers probe from inside the network.
pub(super) fn probes(provider: Provider) -> AddrSet {
    const GOOGLE: [IpNet; 7] = [
        v4(35, 191, 0, 16),
        v4(130, 211, 0, 22),
        v4(209, 85, 152, 22),
        v4(209, 85, 204, 22),
        v6([0x2600, 0x1901, 0x8001, 0], 48),
        v6([0x2600, 0x2d00, 1, 0xb029], 64),
        v6([0x2600, 0x2d00, 1, 1], 64),
    ];
    const AZURE_HOST: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(168, 63, 129, 16), 32));
    match provider {
        Provider::Gcp => AddrSet::from_nets(GOOGLE),
        Provider::Azure => AddrSet::from_net(AZURE_HOST),
        Provider::Aws | Provider::Kubernetes => AddrSet::empty(),
    }
}

const fn v4(a: u8, b: u8, c: u8, length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), length))
}

const fn v6([a, b, c, d]: [u16; 4], length: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), length))
}

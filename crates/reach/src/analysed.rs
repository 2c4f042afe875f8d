//! The ports every report speaks of, and the summary of all others.

use crate::interval::Ports;
use crate::packet::PacketSet;
use crate::print::{Printer, ports};
use crate::protocol::{Protocol, Protocols};

/// Ports that are always analysed, by protocol: remote administration, and what Kubernetes listens on by default
/// (<https://kubernetes.io/docs/reference/networking/ports-and-protocols/>; 4194, 10255 and 10256 by convention).
pub const ANALYSED: [(Protocol, &[(u16, u16)]); 2] = [
    (
        Protocol::TCP,
        &[
            (22, 22),
            (443, 443),
            (2379, 2380),
            (3389, 3389),
            (4194, 4194),
            (6443, 6443),
            (10_250, 10_250),
            (10_255, 10_257),
            (10_259, 10_259),
            (30_000, 32_767),
        ],
    ),
    (Protocol::UDP, &[(30_000, 32_767)]),
];

/// The analysed ports of a protocol; none for most.
pub fn analysed(protocol: Protocol) -> Ports {
    let rows = ANALYSED.iter().filter(|(one, _)| *one == protocol);
    rows.flat_map(|(_, ranges)| ranges.iter().copied()).collect()
}

impl Printer {
    /// A set of packets in a few lines: who reaches the analysed ports, grouped by who that is, then what else is open.
    pub fn summary(&self, set: &PacketSet) -> Vec<String> {
        let mut lines = Vec::new();
        for (protocol, _) in ANALYSED {
            let here = set.restrict_ports(protocol, &analysed(protocol));
            lines.extend(self.packets(&here, protocol).into_iter().map(|line| format!("{protocol} {line}")));
        }
        let mut also: Vec<String> = Vec::new();
        for protocol in [Protocol::TCP, Protocol::UDP, Protocol::SCTP] {
            let open = set.ports_open(protocol).subtract(&analysed(protocol));
            if !open.is_empty() {
                also.push(format!("{protocol} {}", ports(&open)));
            }
        }
        for cell in set.cells() {
            let name = match cell.protocol {
                Protocols::One(protocol) if protocol.has_ports() => continue,
                Protocols::Any => "any other protocol".to_owned(),
                protocols @ (Protocols::One(_) | Protocols::Portless) => protocols.to_string(),
            };
            if !also.contains(&name) {
                also.push(name);
            }
        }
        if !also.is_empty() {
            lines.push(format!("also open: {}", also.join("; ")));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::AddrSet;
    use crate::net::parse_net;

    fn packets(protocols: Protocols, ports: (u16, u16), net: &str) -> PacketSet {
        let sources = AddrSet::from_net(parse_net(net).unwrap());
        PacketSet::of(protocols, &Ports::from_range(ports.0, ports.1), &sources)
    }

    #[test]
    fn analysed_ports_are_told_with_their_sources_and_the_rest_in_one_line() {
        let tcp = Protocols::One(Protocol::TCP);
        let set = PacketSet::union_all(&[
            packets(tcp, (22, 22), "203.0.113.0/24"),
            packets(tcp, (10_250, 10_250), "203.0.113.0/24"),
            packets(tcp, (80, 443), "0.0.0.0/0"),
            packets(Protocols::One(Protocol::ICMP), (0, u16::MAX), "0.0.0.0/0"),
        ]);
        assert_eq!(
            Printer::default().summary(&set),
            ["tcp 22, 10250 from 203.0.113.0/24", "tcp 443 from any IPv4 address", "also open: tcp 80-442; icmp"]
        );
    }

    #[test]
    fn everything_open_is_said_shortly_and_nothing_not_at_all() {
        let lines = Printer::default().summary(&packets(Protocols::Any, (0, u16::MAX), "0.0.0.0/0"));
        assert_eq!(lines.len(), 3);
        assert!(
            lines[0].starts_with(
                "tcp 22, 443, 2379-2380, 3389, 4194, 6443, 10250, 10255-10257, 10259, 30000-32767 from any"
            )
        );
        assert!(lines[2].ends_with("any other protocol"), "{}", lines[2]);
        assert!(Printer::default().summary(&PacketSet::empty()).is_empty());
    }
}

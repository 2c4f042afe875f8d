//! Sets of packets: which source addresses, per family, protocol and destination port.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::address::{AddrSet, Family};
use crate::interval::{IntervalSet, Ports};
use crate::line::Line;
use crate::protocol::{Protocol, Protocols, at_place, last_place, place, places, with_ports};

/// One packet, as far as filters look at it; its source port is the client's choice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Packet {
    /// Where it comes from.
    pub source: IpAddr,
    /// Its protocol.
    pub protocol: Protocol,
    /// Its destination port; for ICMP `type * 256 + code`.
    pub port: u16,
}

/// A set of packets, seen as (family, protocol, destination port, source address).
///
/// It has one normal form: equal values are equal sets. Packets of a protocol without a port dimension have port 0, and
/// ICMP messages have port `type * 256 + code`. Clones share their address sets.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct PacketSet {
    pub(crate) v4: Line<u32>,
    pub(crate) v6: Line<u128>,
}

impl PacketSet {
    /// No packet.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every packet of both families.
    pub fn all() -> Self {
        Self::of(Protocols::Any, &Ports::full(), &AddrSet::all())
    }

    /// The packets of these protocols to these ports from these sources.
    ///
    /// Ports narrow only what has them. A protocol without a port dimension is matched whole whatever `ports` says, and
    /// under [`Protocols::Any`] the ports narrow TCP, UDP and SCTP while every other protocol, ICMP included, is matched
    /// whole. See [`PacketSet::of_ported`] for the other reading.
    pub fn of(protocols: Protocols, ports: &Ports, sources: &AddrSet) -> Self {
        Self::at_places(&places(protocols, ports), sources)
    }

    /// The TCP, UDP and SCTP packets to these ports from these sources, and no packet of any other protocol.
    pub fn of_ported(ports: &Ports, sources: &AddrSet) -> Self {
        Self::at_places(&with_ports(ports), sources)
    }

    fn at_places(places: &IntervalSet<u32>, sources: &AddrSet) -> Self {
        Self { v4: Line::uniform(places, &sources.v4), v6: Line::uniform(places, &sources.v6) }
    }

    /// The packets in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    /// The packets in any of the sets. Faster than adding one after the other.
    pub fn union_all<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Self {
        let (v4, v6): (Vec<_>, Vec<_>) = sets.into_iter().map(|set| (&set.v4, &set.v6)).unzip();
        Self { v4: Line::union_all(&v4), v6: Line::union_all(&v6) }
    }

    /// The packets in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self { v4: self.v4.intersect(&other.v4), v6: self.v6.intersect(&other.v6) }
    }

    /// The packets in this set and not in `other`.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        Self { v4: self.v4.subtract(&other.v4), v6: self.v6.subtract(&other.v6) }
    }

    /// The packets of both families that are not in this set.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::all().subtract(self)
    }

    /// Whether the set holds no packet.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether every packet of this set is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.v4.is_subset(&other.v4) && self.v6.is_subset(&other.v6)
    }

    /// Whether the packet is in the set. For a protocol without a port dimension the port is ignored.
    pub fn contains(&self, packet: Packet) -> bool {
        let place = place(packet.protocol, packet.port);
        match packet.source {
            IpAddr::V4(source) => self.v4.at(place).is_some_and(|sources| sources.contains(source.to_bits())),
            IpAddr::V6(source) => self.v6.at(place).is_some_and(|sources| sources.contains(source.to_bits())),
        }
    }

    /// The sources, of both families, whose packets of this protocol to this port are in the set. For a protocol without
    /// a port dimension the port is ignored.
    pub fn sources(&self, protocol: Protocol, port: u16) -> AddrSet {
        let place = place(protocol, port);
        AddrSet {
            v4: self.v4.at(place).cloned().unwrap_or_default(),
            v6: self.v6.at(place).cloned().unwrap_or_default(),
        }
    }

    /// The sources, of both families, that have a packet of this protocol to at least one of the ports in the set.
    pub fn sources_over(&self, protocol: Protocol, ports: &Ports) -> AddrSet {
        let places = places(Protocols::One(protocol), ports);
        AddrSet { v4: self.v4.over(&places), v6: self.v6.over(&places) }
    }

    /// The packets that come from these sources.
    #[must_use]
    pub fn restrict_sources(&self, sources: &AddrSet) -> Self {
        self.intersect(&Self::of(Protocols::Any, &Ports::full(), sources))
    }

    /// The packets of one family.
    #[must_use]
    pub fn restrict_family(&self, family: Family) -> Self {
        match family {
            Family::V4 => Self { v4: self.v4.clone(), v6: Line::default() },
            Family::V6 => Self { v4: Line::default(), v6: self.v6.clone() },
        }
    }

    /// The packets of one protocol to these ports.
    #[must_use]
    pub fn restrict_ports(&self, protocol: Protocol, ports: &Ports) -> Self {
        self.intersect(&Self::of(Protocols::One(protocol), ports, &AddrSet::all()))
    }

    /// The ports of a protocol to which some source, of either family, has a packet in the set.
    pub fn ports_open(&self, protocol: Protocol) -> Ports {
        let open = self.v4.places().union(&self.v6.places());
        ports_at(&open, protocol)
    }

    /// The open ports of a protocol, grouped by who can reach them: each set of sources once, in the order of its
    /// lowest port.
    pub fn ports_by_sources(&self, protocol: Protocol) -> Vec<(Ports, AddrSet)> {
        let mut groups: BTreeMap<AddrSet, Vec<(u16, u16)>> = BTreeMap::new();
        for (lo, hi) in self.uniform_stretches(protocol) {
            groups.entry(self.sources(protocol, lo)).or_default().push((lo, hi));
        }
        groups.remove(&AddrSet::empty());
        let mut groups: Vec<_> =
            groups.into_iter().map(|(sources, ranges)| (Ports::from_ranges(ranges), sources)).collect();
        groups.sort();
        groups
    }

    /// Stretches of ports on which neither family's sources change.
    fn uniform_stretches(&self, protocol: Protocol) -> Vec<(u16, u16)> {
        let (first, last) = (place(protocol, 0), last_place(protocol));
        let v4 = self.v4.segments().iter().map(|segment| (segment.lo, segment.hi));
        let v6 = self.v6.segments().iter().map(|segment| (segment.lo, segment.hi));
        let within = v4.chain(v6).filter(|(lo, hi)| *lo <= last && *hi >= first);
        let mut starts: Vec<u32> = within.flat_map(|(lo, hi)| [lo.max(first), hi.min(last) + 1]).collect();
        starts.sort_unstable();
        starts.dedup();
        let ends = starts.iter().skip(1).map(|next| next - 1);
        starts.iter().zip(ends).map(|(lo, hi)| (at_place(*lo).1, at_place(hi).1)).collect()
    }
}

/// The part of the line that belongs to the protocol, as ports.
fn ports_at(line: &IntervalSet<u32>, protocol: Protocol) -> Ports {
    let own = IntervalSet::from_range(place(protocol, 0), last_place(protocol)).intersect(line);
    own.intervals().iter().map(|(lo, hi)| (at_place(*lo).1, at_place(*hi).1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::parse_net;

    const PORT_22: (u16, u16) = (22, 22);

    fn from(net: &str) -> AddrSet {
        parse_net(net).unwrap().into()
    }

    fn of(protocols: Protocols, (lo, hi): (u16, u16), net: &str) -> PacketSet {
        PacketSet::of(protocols, &Ports::from_range(lo, hi), &from(net))
    }

    #[test]
    fn ports_do_not_narrow_a_protocol_without_ports() {
        let gre = of(Protocols::One(Protocol::GRE), PORT_22, "0.0.0.0/0");
        assert_eq!(gre, PacketSet::of(Protocols::One(Protocol::GRE), &Ports::full(), &AddrSet::all_v4()));
        assert_eq!(gre.sources(Protocol::GRE, 443), AddrSet::all_v4());
        assert_eq!(gre.ports_open(Protocol::GRE).intervals(), [(0, 0)]);
        assert_eq!(gre.sources(Protocol::TCP, 22), AddrSet::empty());
    }

    #[test]
    fn a_port_under_any_protocol_narrows_tcp_udp_and_sctp_only() {
        let any = of(Protocols::Any, PORT_22, "0.0.0.0/0");
        for protocol in [Protocol::TCP, Protocol::UDP, Protocol::SCTP] {
            assert_eq!(any.ports_open(protocol).intervals(), [(22, 22)], "{protocol}");
        }
        assert!(any.ports_open(Protocol::ICMP).is_full() && any.ports_open(Protocol::ICMPV6).is_full());
        assert_eq!(any.sources(Protocol::ESP, 0), AddrSet::all_v4());

        let ported = PacketSet::of_ported(&Ports::from_range(22, 22), &AddrSet::all_v4());
        assert_eq!(ported.ports_open(Protocol::SCTP).intervals(), [(22, 22)]);
        assert!(ported.ports_open(Protocol::ICMP).is_empty() && ported.ports_open(Protocol::ESP).is_empty());
        assert!(ported.is_subset(&any));
    }

    #[test]
    fn every_protocol_one_by_one_is_any_protocol() {
        let each: Vec<PacketSet> = (0..=u8::MAX)
            .rev()
            .map(|number| PacketSet::of(Protocols::One(Protocol(number)), &Ports::full(), &AddrSet::all()))
            .collect();
        assert_eq!(PacketSet::union_all(&each), PacketSet::all());
        assert_eq!(PacketSet::all().complement(), PacketSet::empty());
    }

    #[test]
    fn a_cell_without_sources_is_no_cell() {
        let none = PacketSet::of(Protocols::Any, &Ports::full(), &AddrSet::empty());
        assert_eq!(none, PacketSet::empty());
        assert!(PacketSet::of(Protocols::One(Protocol::TCP), &Ports::empty(), &AddrSet::all()).is_empty());
    }

    #[test]
    fn ports_are_grouped_by_who_can_reach_them() {
        let tcp = Protocols::One(Protocol::TCP);
        let set = of(tcp, (30_000, 32_767), "0.0.0.0/0")
            .union(&of(tcp, PORT_22, "0.0.0.0/0"))
            .union(&of(tcp, (443, 443), "203.0.113.0/24"))
            .union(&of(tcp, (444, 65_535), "2001:db8::/32"))
            .union(&of(Protocols::One(Protocol::UDP), (0, 65_535), "::/0"));
        let groups: Vec<(Vec<(u16, u16)>, AddrSet)> = set
            .ports_by_sources(Protocol::TCP)
            .into_iter()
            .map(|(ports, sources)| (ports.intervals().to_vec(), sources))
            .collect();
        assert_eq!(
            groups,
            [
                (vec![PORT_22], from("0.0.0.0/0")),
                (vec![(443, 443)], from("203.0.113.0/24")),
                (vec![(444, 29_999), (32_768, 65_535)], from("2001:db8::/32")),
                (
                    vec![(30_000, 32_767)],
                    AddrSet::from_nets(["0.0.0.0/0", "2001:db8::/32"].map(|net| parse_net(net).unwrap()))
                ),
            ]
        );
    }
}

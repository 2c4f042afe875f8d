//! Protocols, ports and addresses of firewall rules, as sets.

use crate::record::compute::Traffic;
use palisade_reach::{AddrSet, Bounds, PacketSet, Ports, Protocol, Protocols, parse_net};

/// The packets that items of protocols and ports match, from or to some addresses. What cannot be read may match
/// anything.
pub(crate) fn packets(items: &[Traffic], addresses: &Bounds<AddrSet>) -> Bounds<PacketSet> {
    let mut lower = Vec::new();
    let mut upper = Vec::new();
    for item in items {
        let (sure, possible) = shapes(item);
        if let Some((protocols, ports)) = sure {
            lower.push(PacketSet::of(protocols, &ports, addresses.lower()));
        }
        upper.push(PacketSet::of(possible.0, &possible.1, addresses.upper()));
    }
    Bounds::between(PacketSet::union_all(&lower), PacketSet::union_all(&upper))
}

type Shape = (Protocols, Ports);

/// The most an item matches.
pub(crate) fn shape(item: &Traffic) -> (Protocols, Ports) {
    shapes(item).1
}

/// What an item surely matches, and what it may match.
fn shapes(item: &Traffic) -> (Option<Shape>, Shape) {
    let Some(protocols) = item.protocol.as_deref().and_then(protocols) else {
        return (None, (Protocols::Any, Ports::full()));
    };
    // Only protocols with ports can be narrowed by them; no ports means all.
    let has_ports = matches!(protocols, Protocols::One(protocol) if protocol.has_ports());
    if item.ports.is_empty() || !has_ports {
        return (Some((protocols, Ports::full())), (protocols, Ports::full()));
    }
    let read: Option<Vec<(u16, u16)>> = item.ports.iter().map(|text| range(text)).collect();
    match read {
        Some(ranges) => {
            let ports = Ports::from_ranges(ranges);
            (Some((protocols, ports.clone())), (protocols, ports))
        }
        None => (None, (protocols, Ports::full())),
    }
}

/// A protocol by Google's name for it or by its number.
fn protocols(text: &str) -> Option<Protocols> {
    let one = |protocol| Some(Protocols::One(protocol));
    match text.to_ascii_lowercase().as_str() {
        "all" => Some(Protocols::Any),
        "tcp" => one(Protocol::TCP),
        "udp" => one(Protocol::UDP),
        "icmp" => one(Protocol::ICMP),
        "esp" => one(Protocol::ESP),
        "ah" => one(Protocol::AH),
        "sctp" => one(Protocol::SCTP),
        "ipip" => one(Protocol::IPIP),
        number => one(Protocol(number.parse().ok()?)),
    }
}

/// `22` or `20-25`.
fn range(text: &str) -> Option<(u16, u16)> {
    let (lo, hi) = text.split_once('-').unwrap_or((text, text));
    Some((lo.trim().parse().ok()?, hi.trim().parse().ok()?))
}

/// The addresses of some prefixes; text that is no prefix may be any address.
pub(crate) fn addresses<'a>(texts: impl IntoIterator<Item = &'a String>) -> Bounds<AddrSet> {
    let mut nets = Vec::new();
    let mut unread = false;
    for text in texts {
        match parse_net(text) {
            Ok(net) => nets.push(net),
            Err(_) => unread = true,
        }
    }
    let known = AddrSet::from_nets(nets);
    if unread { Bounds::between(known, AddrSet::all()) } else { Bounds::exact(known) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(protocol: &str, ports: &[&str]) -> Bounds<PacketSet> {
        let item =
            Traffic { protocol: Some(protocol.to_owned()), ports: ports.iter().map(ToString::to_string).collect() };
        packets(&[item], &Bounds::exact(AddrSet::all_v4()))
    }

    #[test]
    fn names_and_numbers_are_the_same_protocol_and_no_ports_are_all_ports() {
        assert_eq!(sources("tcp", &["22"]), sources("6", &["22-22"]));
        assert_eq!(sources("TCP", &[]), sources("6", &["0-65535"]));
        assert!(sources("all", &[]).is_exact());
    }

    #[test]
    fn what_cannot_be_read_may_match_anything_and_surely_matches_nothing() {
        for unread in [sources("future", &[]), sources("tcp", &["http"])] {
            assert!(unread.lower().is_empty());
            assert!(!unread.upper().sources(Protocol::TCP, 22).is_empty());
        }
    }
}

//! A packet set taken apart into rectangles that people and reports can read.

use std::sync::Arc;

use serde::Serialize;

use crate::address::{AddrSet, Family};
use crate::interval::IntervalSet;
use crate::line::{Line, Segment};
use crate::packet::PacketSet;
use crate::point::Point;
use crate::protocol::{LAST_PLACE, Protocol, Protocols, at_place, is_wide, last_place, place, places};

/// The packets of one family, protocol choice and port range that share their sources.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Cell {
    /// The family of the sources.
    pub family: Family,
    /// The protocol, or all of them.
    pub protocol: Protocols,
    /// The lowest and the highest port. 0 to 65535 under [`Protocols::Any`], 0 to 0 for a protocol without ports.
    pub ports: (u16, u16),
    /// The sources, all of the cell's family.
    pub sources: AddrSet,
}

impl PacketSet {
    /// The set as cells: disjoint, together the whole set, each as tall as its sources allow, IPv4 first.
    ///
    /// Where every protocol has the same sources at every port there is one [`Protocols::Any`] cell. Else, where all
    /// protocols without ports have the same sources there is one [`Protocols::Portless`] cell for them.
    pub fn cells(&self) -> impl Iterator<Item = Cell> {
        let v4 = family_cells(&self.v4, Family::V4, |v4| AddrSet { v4, v6: IntervalSet::empty() });
        let v6 = family_cells(&self.v6, Family::V6, |v6| AddrSet { v4: IntervalSet::empty(), v6 });
        v4.into_iter().chain(v6)
    }
}

fn family_cells<A: Point>(line: &Line<A>, family: Family, wrap: impl Fn(IntervalSet<A>) -> AddrSet) -> Vec<Cell> {
    let cell =
        |protocol, ports, sources: &IntervalSet<A>| Cell { family, protocol, ports, sources: wrap(sources.clone()) };
    if let [whole] = line.segments()
        && (whole.lo, whole.hi) == (0, LAST_PLACE)
    {
        return vec![cell(Protocols::Any, (0, u16::MAX), &whole.sources)];
    }
    let portless = shared_by_portless(line);
    let mut cells = Vec::new();
    if let Some(sources) = &portless {
        cells.push(cell(Protocols::Portless, (0, 0), sources));
    }
    for segment in line.segments() {
        for (protocol, ports) in protocols_of(segment) {
            if is_wide(protocol) || portless.is_none() {
                cells.push(cell(Protocols::One(protocol), ports, &segment.sources));
            }
        }
    }
    cells
}

/// The sources of the protocols without ports, if all of them have the same and there are any.
fn shared_by_portless<A: Point>(line: &Line<A>) -> Option<Arc<IntervalSet<A>>> {
    let portless = places(Protocols::Portless, &IntervalSet::full());
    let touching = |segment: &&Segment<A>| !IntervalSet::from_range(segment.lo, segment.hi).is_disjoint(&portless);
    let shared = &line.segments().iter().find(touching)?.sources;
    let same: IntervalSet<u32> = line
        .segments()
        .iter()
        .filter(|segment| segment.sources == *shared)
        .map(|segment| (segment.lo, segment.hi))
        .collect();
    portless.is_subset(&same).then(|| Arc::clone(shared))
}

/// The protocols a segment runs through, each with its stretch of ports.
fn protocols_of<A>(segment: &Segment<A>) -> impl Iterator<Item = (Protocol, (u16, u16))> {
    let (first, last) = (at_place(segment.lo).0, at_place(segment.hi).0);
    (first.0..=last.0).map(Protocol).map(|protocol| {
        let lo = place(protocol, 0).max(segment.lo);
        let hi = last_place(protocol).min(segment.hi);
        (protocol, (at_place(lo).1, at_place(hi).1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::Ports;

    fn seen(set: &PacketSet) -> Vec<(Family, String, (u16, u16))> {
        set.cells().map(|cell| (cell.family, cell.protocol.to_string(), cell.ports)).collect()
    }

    fn one(protocol: Protocol, lo: u16, hi: u16) -> PacketSet {
        PacketSet::of(Protocols::One(protocol), &Ports::from_range(lo, hi), &AddrSet::all_v4())
    }

    #[test]
    fn everything_is_one_cell_a_family() {
        let any = |family| (family, "any protocol".to_owned(), (0, 65_535));
        assert_eq!(seen(&PacketSet::all()), [any(Family::V4), any(Family::V6)]);
        assert_eq!(seen(&PacketSet::empty()), []);
    }

    #[test]
    fn a_closed_port_leaves_few_cells() {
        let open = PacketSet::all().restrict_family(Family::V4).subtract(&one(Protocol::TCP, 22, 22));
        let cell = |name: &str, lo, hi| (Family::V4, name.to_owned(), (lo, hi));
        assert_eq!(
            seen(&open),
            [
                cell("any protocol without ports", 0, 0),
                cell("icmp", 0, 65_535),
                cell("tcp", 0, 21),
                cell("tcp", 23, 65_535),
                cell("udp", 0, 65_535),
                cell("icmpv6", 0, 65_535),
                cell("sctp", 0, 65_535),
            ]
        );
    }

    #[test]
    fn a_protocol_that_differs_from_the_others_without_ports_stands_alone() {
        let cell = |name: &str| (Family::V4, name.to_owned(), (0, 0));
        assert_eq!(seen(&one(Protocol::ESP, 0, 0)), [cell("esp")]);
        let all_but_esp = PacketSet::all().restrict_family(Family::V4).subtract(&one(Protocol::ESP, 0, 0));
        assert_eq!(seen(&all_but_esp).len(), 255);
    }
}

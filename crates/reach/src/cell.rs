//! A packet set taken apart into rectangles that people and reports can read.

use std::sync::Arc;

use serde::Serialize;

use crate::address::{AddrSet, Family};
use crate::interval::IntervalSet;
use crate::line::{Line, Segment};
use crate::packet::PacketSet;
use crate::point::Point;
use crate::protocol::{
    LAST_PLACE, Protocol, Protocols, at_place, is_wide, last_place, place, places,
};

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
        let v4 = family_cells(&self.v4, Family::V4, |v4| AddrSet {
            v4,
            v6: IntervalSet::empty(),
        });
        let v6 = family_cells(&self.v6, Family::V6, |v6| AddrSet {
            v4: IntervalSet::empty(),
            v6,
        });
        v4.into_iter().chain(v6)
    }
}

fn family_cells<A: Point>(
    line: &Line<A>,
    family: Family,
    wrap: impl Fn(IntervalSet<A>) -> AddrSet,
) -> Vec<Cell> {
    let cell = |protocol, ports, sources: &IntervalSet<A>| Cell {
        family,
        protocol,
        ports,
        sources: wrap(sources.clone()),
    };
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
    let touching = |segment: &&Segment<A>| {
        !IntervalSet::from_range(segment.lo, segment.hi).is_disjoint(&portless)
    };
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

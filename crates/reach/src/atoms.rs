//! Source ports. They are kept out of packet sets, because few filters see them: stateless filters, whose outbound rules
//! see the client's source port as destination port of the reply, and filters that match the whole five-tuple.
//!
//! The client picks its source port, so a session is possible if *some* source port gets it through *every* filter.
//! Filters are therefore intersected while the source port is held fixed, and the results united afterwards. To have few
//! source ports to try, the line of ports is cut wherever some rule changes; between two cuts, in an atom, no rule tells
//! one port from another.

use std::collections::BTreeMap;

use crate::address::AddrSet;
use crate::bounds::Bounds;
use crate::filter::{Hit, first_match};
use crate::interval::Ports;
use crate::packet::PacketSet;
use crate::rule::{Action, Rule, RuleId};

/// The source ports of clients that behave as operating systems do: below are the well-known ports, which a program
/// must ask for. An attacker picks from 1 to 65535.
pub const ORDINARY_SOURCE_PORTS: (u16, u16) = (1024, u16::MAX);

/// What gets through with a source port of the client's choice.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Sessions {
    /// With the best of all source ports, 1 to 65535.
    pub any_port: Bounds<PacketSet>,
    /// With the best of the source ports of ordinary clients.
    pub ordinary: Bounds<PacketSet>,
}

/// The ports from 1 to 65535 cut at every edge of the sets, and at the edges of the ordinary client ports. Port 0 is
/// reserved and no session uses it.
pub fn source_port_atoms<'a>(sets: impl IntoIterator<Item = &'a Ports>) -> Vec<(u16, u16)> {
    let edges = |&(lo, hi): &(u16, u16)| [u32::from(lo), u32::from(hi) + 1];
    let mut starts: Vec<u32> = sets.into_iter().flat_map(|set| set.intervals().iter().flat_map(edges)).collect();
    starts.extend(edges(&ORDINARY_SOURCE_PORTS));
    starts.push(1);
    starts.retain(|start| *start >= 1);
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).map(|next| next - 1);
    starts.iter().zip(ends).filter_map(|(lo, hi)| Some((u16::try_from(*lo).ok()?, u16::try_from(hi).ok()?))).collect()
}

/// Unites over the atoms what gets through in each. `through` is called once an atom, with its lowest and highest port,
/// and must intersect all the layers of the path itself: intersecting afterwards would join two different source ports.
pub fn exists_source_port(atoms: &[(u16, u16)], mut through: impl FnMut((u16, u16)) -> Bounds<PacketSet>) -> Sessions {
    let results: Vec<_> = atoms.iter().map(|atom| (atom.0 >= ORDINARY_SOURCE_PORTS.0, through(*atom))).collect();
    let ordinary = results.iter().filter(|(ordinary, _)| *ordinary).map(|(_, result)| result);
    Sessions { any_port: unite(results.iter().map(|(_, result)| result)), ordinary: unite(ordinary) }
}

/// A rule that also looks at the source port.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PortedRule {
    /// Where the rule comes from.
    pub id: RuleId,
    /// What it does.
    pub action: Action,
    /// The packets it matches but for the source port, as far as they are known.
    pub matches: Bounds<PacketSet>,
    /// The source ports it matches.
    pub source_ports: Ports,
}

impl PortedRule {
    /// The rule as seen by a client whose source port lies in the atom, or nothing if it cannot match.
    ///
    /// A rule for certain source ports may or may not match packets that have none, such as ICMP, so it says of those
    /// only that it may.
    pub fn in_atom(&self, atom: (u16, u16)) -> Option<Rule> {
        if self.source_ports.is_full() {
            return Some(Rule { id: self.id.clone(), action: self.action, matches: self.matches.clone() });
        }
        let ported = PacketSet::of_ported(&Ports::full(), &AddrSet::all());
        let matches = if self.source_ports.contains(atom.0) {
            Bounds::between(self.matches.lower().intersect(&ported), self.matches.upper().clone())
        } else {
            Bounds::unknown_within(self.matches.upper().subtract(&ported))
        };
        (!matches.upper().is_empty()).then(|| Rule { id: self.id.clone(), action: self.action, matches })
    }
}

/// An ordered filter whose rules look at the source port.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Chain {
    /// The rules, the first match decides.
    pub rules: Vec<PortedRule>,
    /// What happens to the rest. [`Action::Pass`] lets nothing through.
    pub default: Action,
}

/// What gets through several filters on one path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Split {
    /// What gets through all of them.
    pub sessions: Sessions,
    /// For each filter, what each of its rules decides for at least one source port, in order of the rules.
    pub hits: Vec<Vec<Hit>>,
}

/// Sends packets through all the chains, with the same source port in each. No chain at all lets everything through.
pub fn with_source_ports(chains: &[Chain]) -> Split {
    let atoms = source_port_atoms(chains.iter().flat_map(|chain| &chain.rules).map(|rule| &rule.source_ports));
    let mut seen: BTreeMap<Vec<bool>, Bounds<PacketSet>> = BTreeMap::new();
    let mut hits: Vec<BTreeMap<usize, Hit>> = vec![BTreeMap::new(); chains.len()];
    let sessions = exists_source_port(&atoms, |atom| {
        // Atoms in which the same rules are active have the same answer; mostly that is all of them.
        let active: Vec<bool> =
            chains.iter().flat_map(|chain| &chain.rules).map(|rule| rule.source_ports.contains(atom.0)).collect();
        let evaluate = || {
            let mut through = Bounds::exact(PacketSet::all());
            for (chain, found) in chains.iter().zip(&mut hits) {
                through = through.intersect(&chain_in_atom(chain, atom, found));
            }
            through
        };
        seen.entry(active).or_insert_with(evaluate).clone()
    });
    Split { sessions, hits: hits.into_iter().map(|found| found.into_values().collect()).collect() }
}

/// What one chain allows in an atom. Adds what its rules decided to what they decided in other atoms, by their place in
/// the chain.
fn chain_in_atom(chain: &Chain, atom: (u16, u16), found: &mut BTreeMap<usize, Hit>) -> Bounds<PacketSet> {
    let (places, rules): (Vec<usize>, Vec<Rule>) =
        chain.rules.iter().enumerate().filter_map(|(place, rule)| Some((place, rule.in_atom(atom)?))).unzip();
    let outcome = first_match(&rules, chain.default);
    for (place, hit) in places.into_iter().zip(outcome.hits) {
        found.entry(place).and_modify(|before| before.packets = before.packets.union(&hit.packets)).or_insert(hit);
    }
    outcome.allowed
}

fn unite<'a>(results: impl Iterator<Item = &'a Bounds<PacketSet>> + Clone) -> Bounds<PacketSet> {
    let upper = PacketSet::union_all(results.clone().map(Bounds::upper));
    if results.clone().all(Bounds::is_exact) {
        return Bounds::exact(upper);
    }
    Bounds::ordered(PacketSet::union_all(results.map(Bounds::lower)), upper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Protocol, Protocols};

    fn allow(id: &str, source_ports: (u16, u16)) -> PortedRule {
        PortedRule {
            id: id.into(),
            action: Action::Allow,
            matches: Bounds::exact(PacketSet::all()),
            source_ports: Ports::from_range(source_ports.0, source_ports.1),
        }
    }

    fn deny_rest(rules: Vec<PortedRule>) -> Chain {
        Chain { rules, default: Action::Deny }
    }

    fn tcp(sessions: &Bounds<PacketSet>) -> Bounds<AddrSet> {
        sessions.map(|packets| packets.sources(Protocol::TCP, 22))
    }

    #[test]
    fn the_line_is_cut_at_edges_and_at_ordinary_ports() {
        assert_eq!(source_port_atoms([]), [(1, 1023), (1024, 65535)]);
        let sets = [Ports::from_range(0, 79), Ports::from_range(32_768, 60_999), Ports::full()];
        assert_eq!(source_port_atoms(&sets), [(1, 79), (80, 1023), (1024, 32_767), (32_768, 60_999), (61_000, 65_535)]);
    }

    #[test]
    fn two_filters_for_different_source_ports_let_nothing_through() {
        let split = with_source_ports(&[
            deny_rest(vec![allow("subnet", (1024, 2000))]),
            deny_rest(vec![allow("interface", (2001, 3000))]),
        ]);
        assert_eq!(tcp(&split.sessions.any_port), Bounds::exact(AddrSet::empty()));
        let names: Vec<Vec<&str>> =
            split.hits.iter().map(|hits| hits.iter().map(|hit| hit.rule.as_str()).collect()).collect();
        assert_eq!(names, [["subnet"], ["interface"]]);
    }

    #[test]
    fn one_shared_source_port_is_enough() {
        let chains = [deny_rest(vec![allow("subnet", (0, 1023))]), deny_rest(vec![allow("interface", (1023, 1023))])];
        let sessions = with_source_ports(&chains).sessions;
        assert_eq!(tcp(&sessions.any_port), Bounds::exact(AddrSet::all()));
        assert_eq!(tcp(&sessions.ordinary), Bounds::exact(AddrSet::empty()));
    }

    #[test]
    fn source_port_zero_makes_no_session() {
        let sessions = with_source_ports(&[deny_rest(vec![allow("zero", (0, 0))])]).sessions;
        assert_eq!(tcp(&sessions.any_port), Bounds::exact(AddrSet::empty()));
    }

    #[test]
    fn a_packet_without_ports_may_or_may_not_be_meant() {
        let sessions = with_source_ports(&[deny_rest(vec![allow("http", (80, 80))])]).sessions;
        let ping = sessions.any_port.map(|packets| packets.sources(Protocol::ICMP, 8 << 8));
        assert_eq!(ping, Bounds::unknown_within(AddrSet::all()));
    }

    #[test]
    fn no_filter_lets_everything_through() {
        let split = with_source_ports(&[]);
        assert_eq!(split.sessions.ordinary, Bounds::exact(PacketSet::all()));
        assert!(split.hits.is_empty());
    }

    #[test]
    fn a_rule_that_decides_in_several_atoms_is_one_hit_with_all_it_decided() {
        let ssh = PacketSet::of(Protocols::One(Protocol::TCP), &Ports::from_range(22, 22), &AddrSet::all());
        let low = PortedRule { matches: Bounds::exact(ssh.clone()), ..allow("low", (0, 1023)) };
        let hits = with_source_ports(&[deny_rest(vec![low, allow("all", (0, u16::MAX))])]).hits.concat();
        let names: Vec<&str> = hits.iter().map(|hit| hit.rule.as_str()).collect();
        assert_eq!(names, ["low", "all"]);
        // In the first atom all the others are left to the second rule, in the other atom SSH too.
        assert_eq!(hits[0].packets, ssh);
        assert_eq!(hits[1].packets, PacketSet::all());
    }
}

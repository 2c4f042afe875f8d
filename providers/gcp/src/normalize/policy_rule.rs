//! One rule of a firewall policy, for one direction.

use super::{
    exposure::inside_of,
    firewall::{Compiled, Direction, Inputs, Targets},
    traffic::{addresses, packets},
};
use crate::record::{
    compute::{PolicyMatch, PolicyRule, SecureTag},
    names::{after, last},
};
use palisade_reach::{Action, AddrSet, Bounds, Certainty, PacketSet, Ports, Protocols, Rule};

/// One rule of a policy; nothing when it is surely for other networks or machines.
pub(crate) fn policy_rule(
    rule: &PolicyRule,
    id: String,
    inputs: &Inputs<'_>,
    direction: Direction,
    limits: &mut Vec<String>,
) -> Option<Compiled> {
    let nothing = PolicyMatch::default();
    let matcher = rule.matcher.as_ref().unwrap_or(&nothing);
    let (peer, own) = match direction {
        Direction::Ingress => (Peer::sources(matcher), Peer::destinations(matcher)),
        Direction::Egress => (Peer::destinations(matcher), Peer::sources(matcher)),
    };
    // A rule whose tags all lost their meaning is not applied at all.
    let dead = all_ineffective(&rule.target_secure_tags) || peer.is_dead || own.is_dead;
    let here = targets_here(&rule.target_resources, inputs.network);
    if dead || here == Certainty::No {
        return None;
    }
    let (ends, unmodelled) = peer.addresses(inputs.local);
    limits.extend(
        unmodelled.iter().map(|what| format!("firewall policy rule `{id}` matches by {what}, which is not read")),
    );
    let mut matches = if matcher.layer4.is_empty() {
        // Google asks for at least one protocol, so a rule without any was not understood.
        limits.push(format!("firewall policy rule `{id}` names no protocol"));
        Bounds::unknown_within(PacketSet::of(Protocols::Any, &Ports::full(), ends.upper()))
    } else {
        packets(&matcher.layer4, &ends)
    };
    let action = match rule.action.as_deref() {
        Some("allow") => Action::Allow,
        Some("deny") => Action::Deny,
        Some("goto_next") => Action::Pass,
        other => {
            // What an inspection lets through is decided by the packets' content.
            let what = other.unwrap_or("no action");
            limits.push(format!("firewall policy rule `{id}` says `{what}`, which is not modelled"));
            matches = Bounds::unknown_within(matches.upper().clone());
            Action::Allow
        }
    };
    let unread = !rule.target_secure_tags.is_empty();
    if unread {
        limits.push(format!("firewall policy rule `{id}` is for machines with secure tags, which are not read"));
    }
    if here == Certainty::Maybe {
        limits.push(format!("firewall policy rule `{id}` names its networks in a way this version does not know"));
        matches = Bounds::unknown_within(matches.upper().clone());
    }
    Some(Compiled {
        label: id.as_str().into(),
        rule: Rule::new(id, action, matches),
        targets: Targets::of(&[], &rule.target_service_accounts, unread),
        own: own.own_addresses(inputs.local),
        own_place: None,
        text: peer.ranges.join(", "),
        source_tags: Vec::new(),
    })
}

/// Whether a rule is for this network: rules that name networks are for those alone.
fn targets_here(named: &[String], network: &str) -> Certainty {
    if named.is_empty() || named.iter().any(|one| one.ends_with(network)) {
        return Certainty::Yes;
    }
    // The same name in another project, unless the project is given by its number.
    let is_number = |one: &String| {
        last(one) == last(network) && after(one, "projects").is_some_and(|project| project.parse::<u64>().is_ok())
    };
    if named.iter().any(is_number) { Certainty::Maybe } else { Certainty::No }
}

fn all_ineffective(tags: &[SecureTag]) -> bool {
    !tags.is_empty() && tags.iter().all(|tag| tag.state.as_deref() == Some("INEFFECTIVE"))
}

/// One end of a policy rule.
struct Peer<'a> {
    ranges: &'a [String],
    /// Criteria that stand for addresses we cannot list.
    unlisted: Vec<&'static str>,
    /// Secure tags that still mean something: machines inside networks.
    tagged: bool,
    /// Whether the rule is further limited by the kind of network.
    by_network: bool,
    /// How many kinds of criteria there are.
    kinds: usize,
    /// Whether every tag lost its meaning and nothing else is asked for: Google ignores such a rule.
    is_dead: bool,
}

impl<'a> Peer<'a> {
    fn sources(matcher: &'a PolicyMatch) -> Self {
        let kinds: [(&'static str, bool); 4] = [
            ("address groups", !matcher.src_address_groups.is_empty()),
            ("domain names", !matcher.src_fqdns.is_empty()),
            ("region codes", !matcher.src_region_codes.is_empty()),
            ("threat lists", !matcher.src_threat_intelligences.is_empty()),
        ];
        let tagged = matcher.src_secure_tags.iter().any(|tag| tag.state.as_deref() != Some("INEFFECTIVE"));
        let by_network = matcher.src_network_type.as_deref().is_some_and(is_set)
            || matcher.src_network_context.as_deref().is_some_and(is_set)
            || !matcher.src_networks.is_empty();
        let peer = Self::of(&matcher.src_ip_ranges, &kinds, tagged, by_network);
        let is_dead = peer.kinds == 0 && !by_network && all_ineffective(&matcher.src_secure_tags);
        Self { is_dead, ..peer }
    }

    fn destinations(matcher: &'a PolicyMatch) -> Self {
        let kinds: [(&'static str, bool); 4] = [
            ("address groups", !matcher.dest_address_groups.is_empty()),
            ("domain names", !matcher.dest_fqdns.is_empty()),
            ("region codes", !matcher.dest_region_codes.is_empty()),
            ("threat lists", !matcher.dest_threat_intelligences.is_empty()),
        ];
        let by_network = matcher.dest_network_type.as_deref().is_some_and(is_set)
            || matcher.dest_network_context.as_deref().is_some_and(is_set);
        Self::of(&matcher.dest_ip_ranges, &kinds, false, by_network)
    }

    fn of(ranges: &'a [String], kinds: &[(&'static str, bool)], tagged: bool, by_network: bool) -> Self {
        let unlisted: Vec<&'static str> = kinds.iter().filter(|(_, set)| *set).map(|(name, _)| *name).collect();
        let kinds = unlisted.len() + usize::from(tagged) + usize::from(!ranges.is_empty());
        Self { ranges, unlisted, tagged, by_network, kinds, is_dead: false }
    }

    /// The machine's own addresses the rule is limited to; nothing when it is for all of them.
    fn own_addresses(&self, local: &AddrSet) -> Option<Bounds<AddrSet>> {
        (self.kinds > 0 || self.by_network).then(|| self.addresses(local).0)
    }

    /// The addresses, and what of them is not read.
    ///
    /// How several kinds of criteria combine is not settled by the sources we have, so nothing is sure then.
    fn addresses(&self, local: &AddrSet) -> (Bounds<AddrSet>, Vec<&'static str>) {
        let mut unmodelled = self.unlisted.clone();
        if self.tagged {
            unmodelled.push("secure tags");
        }
        if self.by_network {
            unmodelled.push("the kind of network");
        }
        if self.kinds == 0 {
            // No criterion at all: every address.
            let all = AddrSet::all();
            let bounds = if self.by_network { Bounds::unknown_within(all) } else { Bounds::exact(all) };
            return (bounds, unmodelled);
        }
        let mut upper = addresses(self.ranges).upper().clone();
        if !self.unlisted.is_empty() {
            upper = AddrSet::all();
        }
        if self.tagged {
            // Secure tags also stand for machines of peered networks.
            upper = upper.union(&inside_of(local));
        }
        let sure = self.kinds == 1 && !self.ranges.is_empty() && !self.by_network;
        let bounds = if sure { addresses(self.ranges) } else { Bounds::unknown_within(upper) };
        (bounds, unmodelled)
    }
}

fn is_set(kind: &str) -> bool {
    !kind.is_empty() && kind != "UNSPECIFIED"
}

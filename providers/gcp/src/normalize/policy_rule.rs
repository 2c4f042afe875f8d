//! One rule of a firewall policy, for one direction.

use super::{
    firewall::{Compiled, Direction, Inputs, Targets},
    traffic::{addresses, packets},
};
use crate::record::compute::{PolicyMatch, PolicyRule};
use palisade_reach::{Action, AddrSet, Bounds, Rule};

/// One rule of a policy; nothing when it is surely for other networks or machines.
pub(crate) fn policy_rule(
    rule: &PolicyRule,
    id: String,
    inputs: &Inputs<'_>,
    direction: Direction,
    limits: &mut Vec<String>,
) -> Option<Compiled> {
    let targets_here = rule.target_resources.is_empty()
        || rule.target_resources.iter().any(|network| network.ends_with(inputs.network));
    // A rule whose tags all lost their meaning is not applied at all.
    let dead = !rule.target_secure_tags.is_empty()
        && rule.target_secure_tags.iter().all(|tag| tag.state.as_deref() == Some("INEFFECTIVE"));
    if !targets_here || dead {
        return None;
    }
    let nothing = PolicyMatch::default();
    let matcher = rule.matcher.as_ref().unwrap_or(&nothing);
    let (peer, own) = match direction {
        Direction::Ingress => (Peer::sources(matcher), &matcher.dest_ip_ranges),
        Direction::Egress => (Peer::destinations(matcher), &matcher.src_ip_ranges),
    };
    let (ends, unmodelled) = peer.addresses(inputs.local);
    limits.extend(
        unmodelled.iter().map(|what| format!("firewall policy rule `{id}` matches by {what}, which is not read")),
    );
    let mut matches = packets(&matcher.layer4, &ends);
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
    Some(Compiled {
        rule: Rule::new(id, action, matches),
        targets: Targets::of(&[], &rule.target_service_accounts, unread),
        own: (!own.is_empty()).then(|| addresses(own)),
        own_place: None,
        text: peer.ranges.join(", "),
        source_tags: Vec::new(),
    })
}

/// The other end of a policy rule.
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
        Self::of(&matcher.src_ip_ranges, &kinds, tagged, by_network)
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
        Self { ranges, unlisted, tagged, by_network, kinds }
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
            upper = upper.union(local);
        }
        let sure = self.kinds == 1 && !self.ranges.is_empty() && !self.by_network;
        let bounds = if sure { addresses(self.ranges) } else { Bounds::unknown_within(upper) };
        (bounds, unmodelled)
    }
}

fn is_set(kind: &str) -> bool {
    !kind.is_empty() && kind != "UNSPECIFIED"
}

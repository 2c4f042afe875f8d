//! What is true of a fleet in Google Cloud, one packet at a time (semantics, section 4).

use super::{ACCOUNT, Fleet, PolicyRule, Pool};
use crate::{
    dice::Dice,
    packet::{Answer, Packet, Prefix, any_holds, is_of_the_internet},
    tally::Tally,
};
use palisade_model::{Cluster, Exposure, Inventory, PublicAccess};
use std::net::IpAddr;

/// How many packets are compared for each machine.
const PACKETS: usize = 400;

/// Compares what the product says with what is true.
pub(crate) fn compare(fleet: &Fleet, seed: u64, inventory: &Inventory, tally: &mut Tally) {
    let Some(cluster) = inventory.clusters.first() else { return };
    let mut dice = Dice::new(seed ^ 0xF1EE7);
    let edges = fleet.edges();
    let open = fleet.endpoint.ip && fleet.endpoint.public;
    match cluster.api.public.get() {
        Ok(PublicAccess::Open(door)) => {
            for source in edges.addresses(&mut dice) {
                tally.client("API", &door.sources, source, fleet.admits(source));
            }
        }
        Ok(PublicAccess::Closed { .. }) => tally.decision("API closed", Answer::Yes, Answer::of(!open)),
        other => tally.differ("API", &format!("{other:?}"), "open or closed"),
    }
    let mut taken = 0_u8;
    for (place, pool) in fleet.pools.iter().enumerate() {
        for number in 0..pool.count {
            // The simulator gives machines the addresses from the tenth on, in their order.
            let own = IpAddr::from([10, 60, 0, 10 + taken]);
            taken += 1;
            let whose = format!("pool-{place} machine {number} ({own})");
            let Some(exposure) = exposure(cluster, own) else {
                tally.differ(&whose, "nothing", "a machine with an exposure");
                continue;
            };
            for packet in edges.packets(&mut dice, PACKETS) {
                let [one, other] = [false, true].map(|in_region| fleet.reaches(in_region, pool, own, packet));
                let truth = if one == other { one } else { Answer::Open };
                let vague = fleet.policy_rules().any(|rule| rule.from_region);
                tally.packet(&whose, &exposure.internet, packet, truth, vague);
            }
        }
    }
    super::policy::compare(&fleet.authority, fleet, cluster, tally);
}

fn exposure(cluster: &Cluster, own: IpAddr) -> Option<&Exposure> {
    cluster.pools.get().ok()?.iter().find_map(|pool| {
        let node = pool.nodes.get().ok()?.iter().find(|node| node.private.contains(&own))?;
        pool.exposure.get().ok()?.iter().find(|exposure| exposure.nodes.contains(&node.id))
    })
}

/// `tcp:22,80-90` as a protocol, none for all of them, and ranges of ports.
pub(super) fn traffic(text: &str) -> (Option<u8>, Vec<(u16, u16)>) {
    let (name, ports) = text.split_once(':').unwrap_or((text, ""));
    let protocol = match name {
        "all" => None,
        "tcp" => Some(6),
        "udp" => Some(17),
        "icmp" => Some(1),
        "esp" => Some(50),
        "ah" => Some(51),
        "sctp" => Some(132),
        // The IP-in-IP that Calico speaks: it is what its guide for Google Cloud has this name opened for.
        "ipip" => Some(4),
        number => number.parse().ok(),
    };
    let range = |text: &str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    (protocol, ports.split(',').filter_map(range).collect())
}

fn covers(texts: &[String], packet: Packet) -> bool {
    texts.iter().any(|text| {
        let (protocol, ports) = traffic(text);
        protocol.is_none_or(|protocol| protocol == packet.protocol)
            && (ports.is_empty() || ports.iter().any(|(first, last)| (*first..=*last).contains(&packet.port)))
    })
}

/// What a tier makes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Allow,
    Deny,
    Inspect,
    Next,
}

impl Fleet {
    /// Whether the API server answers a client. Google's own ranges are everybody's who rents there.
    fn admits(&self, source: IpAddr) -> Answer {
        let open = self.endpoint.ip && self.endpoint.public && source.is_ipv4() && is_of_the_internet(source);
        match &self.endpoint.ranges {
            _ if !open => Answer::No,
            None => Answer::Yes,
            Some(ranges) if any_holds(ranges, source) => Answer::Yes,
            Some(_) if self.endpoint.google == Some(false) => Answer::No,
            Some(_) => Answer::Open,
        }
    }

    fn reaches(&self, in_region: bool, pool: &Pool, own: IpAddr, packet: Packet) -> Answer {
        // Machines have internal addresses of IPv4 only, and an external one unless they are private.
        if pool.private || packet.source.is_ipv6() || !is_of_the_internet(packet.source) {
            return Answer::No;
        }
        self.filters(in_region, pool, own, packet).and(self.answers(pool, packet.source))
    }

    /// The tiers in their order: the first that allows or denies ends it, and after the last everything is denied.
    fn filters(&self, in_region: bool, pool: &Pool, own: IpAddr, packet: Packet) -> Answer {
        let by_policy = |rules: &[PolicyRule]| Self::by_policy(rules, in_region, pool, own, packet);
        let classic = self.by_firewalls(pool, own, packet);
        let of_network = [&self.global, &self.regional].map(|policy| by_policy(policy.as_deref().unwrap_or_default()));
        let mut tiers = vec![by_policy(&self.of_organization), by_policy(&self.of_folder)];
        if self.classic_first {
            tiers.push(classic);
            tiers.extend(of_network);
        } else {
            tiers.extend(of_network);
            tiers.push(classic);
        }
        match tiers.into_iter().find(|verdict| *verdict != Verdict::Next) {
            Some(Verdict::Allow) => Answer::Yes,
            Some(Verdict::Inspect) => Answer::Open,
            Some(Verdict::Deny | Verdict::Next) | None => Answer::No,
        }
    }

    fn by_policy(rules: &[PolicyRule], in_region: bool, pool: &Pool, own: IpAddr, packet: Packet) -> Verdict {
        let matching = rules.iter().filter(|rule| {
            rule.inbound
                && !rule.disabled
                && covers(&rule.traffic, packet)
                && (any_holds(&rule.from, packet.source) || rule.from_region && in_region)
                && (rule.to.is_empty() || any_holds(&rule.to, own))
                && rule.to_account.as_deref().is_none_or(|account| pool.own_account && account == ACCOUNT)
        });
        match matching.min_by_key(|rule| rule.priority).map(|rule| rule.action.as_str()) {
            Some("allow") => Verdict::Allow,
            Some("deny") => Verdict::Deny,
            Some("apply_security_profile_group") => Verdict::Inspect,
            _ => Verdict::Next,
        }
    }

    /// At one priority a denial comes before an allowance.
    fn by_firewalls(&self, pool: &Pool, own: IpAddr, packet: Packet) -> Verdict {
        let matching = self.firewalls.iter().filter(|rule| {
            let targeted = rule.to_tags.is_empty() || rule.to_tags.iter().any(|tag| pool.tags.contains(tag));
            rule.inbound
                && !rule.disabled
                && targeted
                && covers(&rule.traffic, packet)
                // Tags and accounts as sources are machines' internal addresses: nobody outside.
                && any_holds(&rule.from, packet.source)
                && (rule.to.is_empty() || any_holds(&rule.to, own))
                && rule.to_account.as_deref().is_none_or(|account| pool.own_account && account == ACCOUNT)
        });
        match matching.min_by_key(|rule| (rule.priority, rule.allow)).map(|rule| rule.allow) {
            Some(true) => Verdict::Allow,
            Some(false) => Verdict::Deny,
            None => Verdict::Next,
        }
    }

    /// Whether answers leave by the internet gateway: longest prefix, then lowest priority; equals share the traffic.
    fn answers(&self, pool: &Pool, client: IpAddr) -> Answer {
        let own = self.routes.iter().filter(|route| route.tag.as_ref().is_none_or(|tag| pool.tags.contains(tag)));
        let own = own.map(|route| (route.range.as_str(), route.priority, route.internet));
        let routes: Vec<(u32, u32, bool)> = own
            .chain(self.default_route.then_some(("0.0.0.0/0", 1000, true)))
            .filter_map(|(range, priority, internet)| {
                let prefix = Prefix::read(range).filter(|prefix| prefix.holds(client))?;
                Some((prefix.length(), priority, internet))
            })
            .collect();
        let Some(longest) = routes.iter().map(|(length, ..)| *length).max() else { return Answer::No };
        let longest: Vec<_> = routes.into_iter().filter(|(length, ..)| *length == longest).collect();
        let first = longest.iter().map(|(_, priority, _)| *priority).min();
        let mut used = longest.into_iter().filter(|(_, priority, _)| Some(*priority) == first);
        if used.all(|(.., internet)| internet) { Answer::Yes } else { Answer::Open }
    }
}

//! What is true of a fleet in AWS, one packet at a time (semantics, section 2).

use super::{Acl, AclRule, Balancer, Destination, Fleet, GroupRule, Peer, Pool, Subnet, Traffic};
use crate::{
    dice::Dice,
    packet::{Answer, Packet, Prefix, any_holds, is_of_the_internet},
    tally::Tally,
};
use palisade_model::{Cluster, Exposure, Inventory, Node, PublicAccess};
use std::net::IpAddr;

/// How many packets are compared for each pool and subnet.
const PACKETS: usize = 600;

/// Compares what the product says with what is true.
pub(crate) fn compare(fleet: &Fleet, seed: u64, inventory: &Inventory, tally: &mut Tally) {
    let Some(cluster) = inventory.clusters.first() else { return };
    let mut dice = Dice::new(seed ^ 0xF1EE7);
    let edges = fleet.edges();
    match cluster.api.public.get() {
        Ok(PublicAccess::Open(door)) => {
            for source in edges.addresses(&mut dice) {
                tally.client("API", &door.sources, source, fleet.admits(source));
            }
        }
        Ok(PublicAccess::Closed { .. }) => {
            tally.decision("API closed", Answer::Yes, Answer::of(!fleet.endpoint.public));
        }
        other => tally.differ("API", &format!("{other:?}"), "open or closed"),
    }
    for (place, pool) in fleet.pools.iter().enumerate() {
        let nodes = nodes(cluster, place);
        tally.decision(
            &format!("pool {place} has {} nodes", pool.count),
            Answer::of(nodes.len() == pool.count as usize),
            Answer::Yes,
        );
        for (number, subnet) in fleet.subnets.iter().enumerate() {
            let here = Prefix::read(&subnet.range);
            let is_here = |node: &Node| node.private.iter().any(|ip| here.is_some_and(|range| range.holds(*ip)));
            let Some((_, exposure)) = nodes.iter().find(|(node, _)| is_here(node)) else { continue };
            let whose = format!("pool-{place} in subnet-{number}");
            for packet in edges.packets(&mut dice, PACKETS) {
                let truth = fleet.reaches(place, pool, subnet, packet);
                tally.packet(&whose, &exposure.internet, packet, truth, false);
                if truth == Answer::Open {
                    for limit in &exposure.limits {
                        *tally.reasons.entry(limit.clone()).or_default() += 1;
                    }
                }
            }
        }
    }
    super::policy::compare(&fleet.roles, fleet.ruling.as_ref(), cluster, tally);
}

/// The machines of a pool with what is known of each one's exposure.
fn nodes(cluster: &Cluster, place: usize) -> Vec<(&Node, &Exposure)> {
    let name = format!("pool-{place}");
    let mut found = Vec::new();
    for pool in cluster.pools.get().into_iter().flatten().filter(|pool| pool.name.ends_with(&name)) {
        let (Ok(nodes), Ok(exposures)) = (pool.nodes.get(), pool.exposure.get()) else { continue };
        for node in nodes {
            found.extend(exposures.iter().find(|one| one.nodes.contains(&node.id)).map(|one| (node, one)));
        }
    }
    found
}

impl Fleet {
    /// Whether the API server answers a client.
    fn admits(&self, source: IpAddr) -> Answer {
        let listed = self.endpoint.ranges.is_empty() || any_holds(&self.endpoint.ranges, source);
        Answer::of(self.endpoint.public && listed && is_of_the_internet(source))
    }

    fn is_outside(&self, source: IpAddr) -> bool {
        is_of_the_internet(source) && !any_holds(self.ranges.iter().chain(&self.range6), source)
    }

    /// Whether a packet from the internet gets through to a node, and for TCP the answer back.
    fn reaches(&self, place: usize, pool: &Pool, subnet: &Subnet, packet: Packet) -> Answer {
        if !self.is_outside(packet.source) {
            return Answer::No;
        }
        let has_address = match packet.source {
            IpAddr::V4(_) => pool.public.unwrap_or(subnet.public),
            IpAddr::V6(_) => self.ipv6 && subnet.range6.is_some(),
        };
        let direct = self
            .gateway(subnet, packet.source)
            .and(Answer::of(has_address && self.passes_groups(pool, packet) && self.passes_acl(subnet, packet)));
        self.balancers
            .iter()
            .filter(|balancer| balancer.pool == place && balancer.to == packet.port && packet.protocol == 6)
            .map(|balancer| self.brings(balancer, pool, subnet, packet.source))
            .fold(direct, Answer::or)
    }

    /// Whether traffic between a subnet and a client passes the internet gateway.
    fn gateway(&self, subnet: &Subnet, client: IpAddr) -> Answer {
        let routed = if self.subnets.iter().any(|other| other.diverted && other.range == subnet.range) {
            Answer::Open
        } else {
            subnet.table.map_or(Answer::No, |table| self.leads_out(table, client))
        };
        routed.and(self.is_unblocked(subnet))
    }

    /// The longest matching route wins; of two for one prefix the one that names a range and not a list.
    fn leads_out(&self, table: usize, client: IpAddr) -> Answer {
        let mut candidates: Vec<(u32, bool, bool)> = Vec::new();
        for route in self.tables.get(table).into_iter().flatten() {
            let out = route.target == "igw" && !route.blackhole;
            let (texts, is_static): (Vec<&String>, bool) = match &route.destination {
                Destination::Range(range) => (vec![range], true),
                Destination::List(list) => {
                    (self.lists.get(*list).into_iter().flat_map(|list| &list.entries).collect(), false)
                }
            };
            let holding = texts.into_iter().filter_map(|text| Prefix::read(text)).filter(|prefix| prefix.holds(client));
            candidates.extend(holding.map(|prefix| (prefix.length(), is_static, out)));
        }
        Answer::of(candidates.into_iter().max().is_some_and(|(_, _, out)| out))
    }

    /// VPC Block Public Access. Which of two exclusions that disagree wins is not documented.
    fn is_unblocked(&self, subnet: &Subnet) -> Answer {
        if self.block == "off" {
            return Answer::Yes;
        }
        let place = self.subnets.iter().position(|other| other.range == subnet.range).unwrap_or(0);
        let own = self.excluded_subnets.get(place).cloned().flatten();
        let opens = |mode: &String| mode == "allow-bidirectional";
        match (own.as_ref().map(opens), self.excluded.as_ref().map(opens)) {
            (None, None) => Answer::No,
            (Some(one), None) | (None, Some(one)) => Answer::of(one),
            (Some(one), Some(other)) if one == other => Answer::of(one),
            (Some(_), Some(_)) => Answer::Open,
        }
    }

    fn passes_acl(&self, subnet: &Subnet, packet: Packet) -> bool {
        let Some(acl) = subnet.acl.and_then(|place| self.acls.get(place)) else { return true };
        acl.delivers(packet) && (packet.protocol != 6 || acl.answers(packet.source))
    }

    /// The rules of every group of the pool together.
    fn passes_groups(&self, pool: &Pool, packet: Packet) -> bool {
        if pool.groups.is_empty() {
            return pool.ssh && packet.protocol == 6 && packet.port == 22 && packet.source.is_ipv4();
        }
        pool.groups.iter().any(|group| self.passes_group(*group, packet))
    }

    fn passes_group(&self, group: usize, packet: Packet) -> bool {
        self.groups.get(group).into_iter().flatten().any(|rule| self.admits_by(rule, packet))
    }

    fn admits_by(&self, rule: &GroupRule, packet: Packet) -> bool {
        let from = |peer: &Peer| match peer {
            Peer::Range(range) => any_holds([range], packet.source),
            Peer::List(list) => {
                any_holds(self.lists.get(*list).into_iter().flat_map(|list| &list.entries), packet.source)
            }
            // Members of a group by their private addresses: nobody outside.
            Peer::Group(_) | Peer::Itself => false,
        };
        rule.traffic.covers(packet.protocol, packet.port, true) && rule.peers.iter().any(from)
    }

    /// Whether a load balancer brings a client to a node.
    fn brings(&self, balancer: &Balancer, pool: &Pool, subnet: &Subnet, client: IpAddr) -> Answer {
        let Some(stands) = self.subnets.get(balancer.subnet) else { return Answer::No };
        // Its interfaces have addresses of IPv4 only.
        if balancer.internal || client.is_ipv6() {
            return Answer::No;
        }
        let arriving = Packet { source: client, protocol: 6, port: balancer.port };
        // A path a client chooses; an address it does not.
        if !balancer.sources.is_empty() && !any_holds(&balancer.sources, client) {
            return Answer::No;
        }
        let groups_pass = balancer.groups.is_empty() && !balancer.application
            || balancer.groups.iter().any(|group| self.passes_group(*group, arriving));
        if !groups_pass || !self.passes_acl(stands, arriving) {
            return Answer::No;
        }
        let entered = self.gateway(stands, client);
        // By name the node's rules may admit the balancer whatever address the packet shows.
        let by_name =
            pool.groups.iter().filter_map(|group| Some((*group, self.groups.get(*group)?))).any(|(own, rules)| {
                rules.iter().filter(|rule| rule.traffic.covers(6, balancer.to, true)).flat_map(|rule| &rule.peers).any(
                    |peer| match peer {
                        Peer::Group(group) => balancer.groups.contains(group),
                        Peer::Itself => balancer.groups.contains(&own),
                        Peer::Range(_) | Peer::List(_) => false,
                    },
                )
            });
        let shown = if balancer.preserve && !balancer.application && !balancer.classic {
            client
        } else {
            let inside = Prefix::read(&stands.range).map(|_| stands.range.replace(".0/20", ".10"));
            inside.and_then(|text| text.parse().ok()).unwrap_or(client)
        };
        let seen = Packet { source: shown, protocol: 6, port: balancer.to };
        let neighbours = stands.range == subnet.range;
        let delivered = (by_name || self.passes_groups(pool, seen)) && (neighbours || self.passes_acl(subnet, seen));
        entered.and(Answer::of(delivered))
    }
}

impl Acl {
    /// In the order of the numbers the first rule that matches decides; no rule is a denial.
    fn first(rules: &[AclRule], protocol: u8, port: u16, peer: IpAddr) -> bool {
        let matching = rules
            .iter()
            .filter(|rule| rule.traffic.covers(protocol, port, peer.is_ipv6()) && any_holds([&rule.range], peer));
        matching.min_by_key(|rule| rule.number).is_some_and(|rule| rule.allow)
    }

    fn delivers(&self, packet: Packet) -> bool {
        Self::first(&self.inbound, packet.protocol, packet.port, packet.source)
    }

    /// Whether an answer to some port of the client gets out. One port on each side of every edge stands for all.
    fn answers(&self, client: IpAddr) -> bool {
        let limits = self.outbound.iter().filter_map(|rule| rule.traffic.limits);
        let edges = limits.flat_map(|(first, last)| [first, last, last + 1]).chain([1]);
        let mut ports = edges.filter_map(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
        ports.any(|port| Self::first(&self.outbound, 6, port, client))
    }
}

impl Traffic {
    /// Whether it speaks of a protocol and port. `icmp6_has_types` is false where a rule for ICMPv6 under a range of
    /// IPv4 matches all of it.
    fn covers(&self, protocol: u8, port: u16, icmp6_has_types: bool) -> bool {
        let named: u8 = match self.protocol.as_str() {
            "all" => return true,
            "tcp" => 6,
            "udp" => 17,
            "icmp" => 1,
            "icmpv6" => 58,
            number => match number.parse() {
                Ok(number) => number,
                Err(_) => return false,
            },
        };
        if named != protocol {
            return false;
        }
        let Some((first, last)) = self.limits else { return true };
        let (port, kind, code) = (i32::from(port), i32::from(port / 256), i32::from(port % 256));
        match protocol {
            6 | 17 => first <= port && port <= last,
            58 if !icmp6_has_types => true,
            1 | 58 => (first == -1 || first == kind) && (last == -1 || last == code),
            _ => true,
        }
    }
}

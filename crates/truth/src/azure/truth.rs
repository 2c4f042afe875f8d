//! What is true of a fleet in Azure, one packet at a time (semantics, section 3).

use super::{Fleet, LISTED, NETWORK, Pool, Rule, Subnet, UNLISTED};
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
    let open = !fleet.endpoint.private && fleet.endpoint.closed != Some(true);
    match cluster.api.public.get() {
        Ok(PublicAccess::Open(door)) => {
            for source in edges.addresses(&mut dice) {
                let ranges = &fleet.endpoint.ranges;
                let listed = ranges.is_empty() || any_holds(ranges, source);
                tally.client("API", &door.sources, source, Answer::of(open && listed && source.is_ipv4()));
            }
        }
        Ok(PublicAccess::Closed { .. }) => tally.decision("API closed", Answer::Yes, Answer::of(!open)),
        other => tally.differ("API", &format!("{other:?}"), "open or closed"),
    }
    let mut taken = [0_u8; 2];
    for (place, pool) in fleet.pools.iter().enumerate() {
        for number in 0..pool.count {
            // Azure keeps the first four addresses of a subnet; machines get the next ones in their order.
            let (Some(used), Some(subnet)) = (taken.get_mut(pool.subnet), fleet.subnets.get(pool.subnet)) else {
                continue;
            };
            let own = IpAddr::from([10, 40, u8::try_from(pool.subnet).unwrap_or(0), 4 + *used]);
            *used += 1;
            let whose = format!("pool{place} machine {number} ({own})");
            let Some(exposure) = exposure(cluster, own) else {
                tally.differ(&whose, "nothing", "a machine with an exposure");
                continue;
            };
            for packet in edges.packets(&mut dice, PACKETS) {
                let worlds = World::all().map(|world| fleet.reaches(world, pool, subnet, own, packet));
                let truth = worlds.reduce(|one, other| if one == other { one } else { Answer::Open });
                // Two paths that are open under opposite readings of a tag are one that is open: too fine for the engine.
                let by_cases = subnet.routes.is_some() && pool.public && !fleet.services.is_empty();
                let vague = by_cases || fleet.is_vague(packet);
                tally.packet(&whose, &exposure.internet, packet, truth.unwrap_or(Answer::Open), vague);
            }
        }
    }
    super::policy::compare(&fleet.authority, cluster, tally);
}

fn exposure(cluster: &Cluster, own: IpAddr) -> Option<&Exposure> {
    cluster.pools.get().ok()?.iter().find_map(|pool| {
        let node = pool.nodes.get().ok()?.iter().find(|node| node.private.contains(&own))?;
        pool.exposure.get().ok()?.iter().find(|exposure| exposure.nodes.contains(&node.id))
    })
}

/// What the documentation leaves open, in each way it may be.
#[derive(Clone, Copy, Debug)]
struct World {
    /// The tag `VirtualNetwork` covers the prefix of the user-defined route that is about the client.
    wide: bool,
    /// It covers the one that is about the address behind which the machine is.
    wide_own: bool,
    /// A rule for any protocol with certain ports matches protocols without ports.
    portless: bool,
    /// A tag whose addresses nobody knows holds the client.
    tagged: bool,
}

impl World {
    /// Every way it may be.
    fn all() -> impl Iterator<Item = Self> {
        (0..16_u8).map(|bits| Self {
            wide: bits & 1 != 0,
            wide_own: bits & 2 != 0,
            portless: bits & 4 != 0,
            tagged: bits & 8 != 0,
        })
    }
}

/// `*`, `22` or `22-80` as a range.
pub(super) fn ports(text: &str) -> Option<(u16, u16)> {
    if text == "*" {
        return Some((0, u16::MAX));
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.parse().ok()?, last.parse().ok()?))
}

fn any_port(texts: &[String], port: u16) -> bool {
    texts.iter().filter_map(|text| ports(text)).any(|(first, last)| first <= port && port <= last)
}

/// The six rules that every group ends with are three for what comes in.
fn defaults() -> [Rule; 3] {
    let rule = |priority, access: &str, from: &str, to: &str| Rule {
        priority,
        access: access.to_owned(),
        inbound: true,
        protocol: "*".to_owned(),
        from: vec![from.to_owned()],
        to: vec![to.to_owned()],
        ports: vec!["*".to_owned()],
        source_ports: vec!["*".to_owned()],
    };
    [
        rule(65000, "Allow", "VirtualNetwork", "VirtualNetwork"),
        rule(65001, "Allow", "AzureLoadBalancer", "*"),
        rule(65500, "Deny", "*", "*"),
    ]
}

impl Fleet {
    /// Whether some rule may match this packet or not, depending on what the documentation leaves open.
    fn is_vague(&self, packet: Packet) -> bool {
        let rules = self.groups.iter().flatten().chain(&self.node_rules).chain(&self.admin);
        rules.filter(|rule| rule.inbound).any(|rule| {
            let portless = rule.protocol == "*" && !matches!(packet.protocol, 6 | 17 | 132) && rule.ports != ["*"];
            portless || rule.from.iter().any(|text| text == UNLISTED)
        })
    }

    fn virtual_network(&self, wide: bool, subnet: &Subnet, address: IpAddr) -> bool {
        let peer = "10.50.0.0/16".to_owned();
        let own = [NETWORK.to_owned(), "168.63.129.16/32".to_owned()];
        let written = subnet.routes.iter().flatten().map(|route| &route.prefix).filter(|_| wide);
        any_holds(own.iter().chain(Some(&peer).filter(|_| self.peering)).chain(written), address)
    }

    fn names(&self, (wide, tagged): (bool, bool), subnet: &Subnet, text: &str, address: IpAddr) -> bool {
        match text {
            "*" => true,
            "Internet" => is_of_the_internet(address) && !self.virtual_network(wide, subnet, address),
            "VirtualNetwork" => self.virtual_network(wide, subnet, address),
            "AzureLoadBalancer" => address == IpAddr::from([168, 63, 129, 16]),
            UNLISTED => tagged,
            tag if tag == LISTED.0 => any_holds(&LISTED.1.map(str::to_owned), address),
            prefix => any_holds([&prefix.to_owned()], address),
        }
    }

    fn matches(
        &self,
        world: World,
        subnet: &Subnet,
        rule: &Rule,
        own: IpAddr,
        packet: Packet,
        source_port: u16,
    ) -> bool {
        let has_ports = matches!(packet.protocol, 6 | 17 | 132);
        let protocol = match rule.protocol.as_str() {
            "Tcp" => packet.protocol == 6,
            "Udp" => packet.protocol == 17,
            "Icmp" => packet.protocol == 1,
            "Esp" => packet.protocol == 50,
            "Ah" => packet.protocol == 51,
            _ => true,
        };
        let all_ports = rule.ports == ["*"] || rule.ports.iter().any(|text| text == "0-65535");
        let port = if has_ports { any_port(&rule.ports, packet.port) } else { all_ports || world.portless };
        // Where there are no ports a rule that names some of the sender's says as little.
        let from_port = !has_ports || any_port(&rule.source_ports, source_port);
        rule.inbound
            && protocol
            && port
            && from_port
            && rule.from.iter().any(|text| self.names((world.wide, world.tagged), subnet, text, packet.source))
            && rule.to.iter().any(|text| self.names((world.wide_own, world.tagged), subnet, text, own))
    }

    /// The rule that decides, in the order of the priorities.
    fn decides<'r>(
        &self,
        world: World,
        subnet: &Subnet,
        rules: impl Iterator<Item = &'r Rule>,
        own: IpAddr,
        (packet, source_port): (Packet, u16),
    ) -> Option<&'r Rule> {
        rules
            .filter(|rule| self.matches(world, subnet, rule, own, packet, source_port))
            .min_by_key(|rule| rule.priority)
    }

    /// Rules that AKS writes itself into the group on the interfaces.
    fn kept_by_aks(&self, frontend: IpAddr) -> Vec<Rule> {
        let pattern = |priority: u32, protocol: &str, from: Vec<String>, to: String, ports: String| Rule {
            priority,
            access: "Allow".to_owned(),
            inbound: true,
            protocol: protocol.to_owned(),
            from,
            to: vec![to],
            ports: vec![ports],
            source_ports: vec!["*".to_owned()],
        };
        let internet = || vec!["Internet".to_owned()];
        let host_ports = self.pools.iter().filter_map(|pool| pool.host_ports).zip(300..);
        let opened = host_ports.map(|((first, last, udp), priority)| {
            let ports = format!("{first}-{last}");
            pattern(priority, if udp { "Udp" } else { "Tcp" }, internet(), "*".to_owned(), ports)
        });
        let services = self.services.iter().zip(500..).map(|(service, priority)| {
            let from = if service.sources.is_empty() { internet() } else { service.sources.clone() };
            pattern(priority, "Tcp", from, frontend.to_string(), service.port.to_string())
        });
        opened.chain(services).collect()
    }

    fn reaches(&self, world: World, pool: &Pool, subnet: &Subnet, own: IpAddr, packet: Packet) -> Answer {
        let local = any_holds(&[NETWORK.to_owned(), "168.63.129.16/32".to_owned()], packet.source);
        if packet.source.is_ipv6() || local || !is_of_the_internet(packet.source) {
            return Answer::No;
        }
        // Somewhere among the public addresses; no rule of a fleet names any of them but the service's own.
        let frontend = IpAddr::from([20, 48, 0, 1]);
        let direct =
            if pool.public { self.passes(world, pool, subnet, own, frontend, packet, pool.basic) } else { Answer::No };
        let is_served = self.services.iter().any(|service| packet.protocol == 6 && packet.port == service.port);
        // The address floats: the machine's rules see the balancer's own. A balancer of the kind `Standard` is closed
        // where no security group stands.
        let served =
            if is_served { self.passes(world, pool, subnet, frontend, frontend, packet, false) } else { Answer::No };
        direct.or(served).and(Self::returns(subnet, packet))
    }

    /// Whether the rules let a packet for an address through, with the best of all source ports.
    #[expect(clippy::too_many_arguments, reason = "everything that stands before a machine")]
    fn passes(
        &self,
        world: World,
        pool: &Pool,
        subnet: &Subnet,
        own: IpAddr,
        frontend: IpAddr,
        packet: Packet,
        open_by_kind: bool,
    ) -> Answer {
        let mut chains: Vec<Vec<Rule>> = Vec::new();
        if let Some(group) = subnet.group.and_then(|place| self.groups.get(place)) {
            chains.push(group.clone());
        }
        if !pool.unguarded {
            chains.push(self.node_rules.iter().cloned().chain(self.kept_by_aks(frontend)).collect());
        }
        for chain in &mut chains {
            chain.extend(defaults());
        }
        let unfiltered = chains.is_empty();
        let through = |source_port: u16| {
            let way = (packet, source_port);
            let admin = self.decides(world, subnet, self.admin.iter(), own, way).map(|rule| rule.access.as_str());
            match admin {
                Some("Deny") => return Answer::No,
                // Nowhere is it written whether this opens an address that its kind closes.
                Some("AlwaysAllow") if unfiltered && !open_by_kind => return Answer::Open,
                Some("AlwaysAllow") => return Answer::Yes,
                _ => {}
            }
            let allows = |chain: &Vec<Rule>| {
                self.decides(world, subnet, chain.iter(), own, way).is_some_and(|rule| rule.access == "Allow")
            };
            Answer::of(if unfiltered { open_by_kind } else { chains.iter().all(allows) })
        };
        // One port on each side of every edge stands for all.
        let rules = chains.iter().flatten().chain(&self.admin);
        let edges = rules.flat_map(|rule| &rule.source_ports).filter_map(|text| ports(text));
        let mut candidates: Vec<u16> = edges.flat_map(|(first, last)| [first, last, last.saturating_add(1)]).collect();
        candidates.extend([1, u16::MAX]);
        candidates.sort_unstable();
        candidates.dedup();
        candidates.into_iter().filter(|port| *port > 0).map(through).fold(Answer::No, Answer::or)
    }

    /// Whether an answer gets back; only TCP needs one.
    fn returns(subnet: &Subnet, packet: Packet) -> Answer {
        let routes = subnet.routes.iter().flatten().filter_map(|route| Some((Prefix::read(&route.prefix)?, route)));
        let best = routes.filter(|(prefix, _)| prefix.holds(packet.source)).max_by_key(|(prefix, _)| prefix.length());
        match best.map(|(_, route)| route.hop.as_str()) {
            _ if packet.protocol != 6 => Answer::Yes,
            None | Some("Internet") => Answer::Yes,
            Some("None") => Answer::No,
            // Through an appliance answers may come back; what becomes of them in the network itself, which has no such
            // address, is documented nowhere.
            Some(_) => Answer::Open,
        }
    }
}

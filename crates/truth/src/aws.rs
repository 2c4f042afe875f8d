//! Random fleets in AWS, as plain as they are thought of.

mod policy;
mod truth;
mod world;

use crate::{dice::Dice, packet::Edges};

pub(crate) use truth::compare;
pub(crate) use world::describe;

/// Where every fleet is.
pub(crate) const REGION: &str = "eu-west-1";
/// Whose it is.
pub(crate) const ACCOUNT: &str = "444455556666";
/// The organisation it may be in, and the account that rules it.
const ORGANIZATION: &str = "o-fleet000000";
const MANAGEMENT: &str = "999988887777";

const RANGES4: [&str; 14] = [
    "0.0.0.0/0",
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "64.0.0.0/2",
    "203.0.113.0/24",
    "203.0.113.128/25",
    "198.51.100.7/32",
    "198.51.0.0/16",
    "8.0.0.0/5",
    "10.0.0.0/8",
    "52.95.128.0/20",
    "192.0.0.0/3",
    "203.0.113.9/32",
];
const RANGES6: [&str; 8] =
    ["::/0", "::/0", "::/1", "8000::/1", "2000::/3", "2001:db8::/32", "2001:db8:1::/48", "2001:db8:1:2::3/128"];
const PROTOCOLS: [&str; 15] =
    ["tcp", "tcp", "tcp", "tcp", "udp", "all", "6", "17", "icmp", "1", "icmpv6", "58", "47", "50", "132"];
const PORTS: [(u16, u16); 14] = [
    (22, 22),
    (22, 80),
    (443, 443),
    (0, 65535),
    (1, 65535),
    (0, 0),
    (1024, 65535),
    (30000, 32767),
    (31000, 31000),
    (10250, 10255),
    (80, 8080),
    (65535, 65535),
    (32768, 60999),
    (2, 21),
];

/// What a rule speaks of: the protocol as it is written, and the ports or the type and code.
#[derive(Clone, Debug)]
pub(crate) struct Traffic {
    protocol: String,
    limits: Option<(i32, i32)>,
}

/// Where a rule of a security group lets traffic come from.
#[derive(Clone, Debug)]
pub(crate) enum Peer {
    Range(String),
    /// A prefix list, by its place.
    List(usize),
    /// A group, by its place.
    Group(usize),
    Itself,
}

#[derive(Clone, Debug)]
pub(crate) struct GroupRule {
    traffic: Traffic,
    peers: Vec<Peer>,
}

#[derive(Clone, Debug)]
pub(crate) struct AclRule {
    number: u32,
    allow: bool,
    traffic: Traffic,
    range: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Acl {
    inbound: Vec<AclRule>,
    outbound: Vec<AclRule>,
}

#[derive(Clone, Debug)]
pub(crate) enum Destination {
    Range(String),
    List(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Route {
    destination: Destination,
    /// `igw`, `nat`, `eigw`, or an id.
    target: String,
    blackhole: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Subnet {
    range: String,
    range6: Option<String>,
    /// The route table by its place; the main table, which leads nowhere, when absent.
    table: Option<usize>,
    /// The network ACL by its place; the default one when absent.
    acl: Option<usize>,
    public: bool,
    /// Whether traffic from the internet gateway is sent through an appliance first.
    diverted: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct PrefixList {
    v6: bool,
    entries: Vec<String>,
}

/// A load balancer that lets clients of the internet in, and one port it forwards.
#[derive(Clone, Debug)]
pub(crate) struct Balancer {
    application: bool,
    internal: bool,
    subnet: usize,
    groups: Vec<usize>,
    port: u16,
    to: u16,
    pool: usize,
    preserve: bool,
    /// Whether it is one of the first generation, which never shows the client.
    classic: bool,
    /// Whether a rule leads to the machines; nothing else does then.
    by_rule: bool,
    /// The ranges that rule is for, if it is not for everybody who asks for a path.
    sources: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Pool {
    kind: String,
    count: u32,
    subnets: Vec<usize>,
    /// The groups by their places; the cluster's own, which lets in its own members only, when there is none.
    groups: Vec<usize>,
    /// As the subnet says when absent.
    public: Option<bool>,
    /// Whether EKS opened SSH to the whole internet.
    ssh: bool,
    pod_interfaces: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    public: bool,
    private: bool,
    ranges: Vec<String>,
}

/// An account with one cluster.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    ranges: Vec<String>,
    range6: Option<String>,
    lists: Vec<PrefixList>,
    groups: Vec<Vec<GroupRule>>,
    acls: Vec<Acl>,
    tables: Vec<Vec<Route>>,
    subnets: Vec<Subnet>,
    block: String,
    /// What the network's exclusion from the block lets through, and each subnet's, if it has one.
    excluded: Option<String>,
    excluded_subnets: Vec<Option<String>>,
    /// Whether nodes have addresses of IPv6.
    ipv6: bool,
    endpoint: Endpoint,
    pools: Vec<Pool>,
    balancers: Vec<Balancer>,
    /// What the role of each pool may do.
    roles: Vec<policy::Role>,
    /// What the organisation takes away, where there is one.
    ruling: Option<policy::Ruling>,
}

impl Fleet {
    /// The fleet of a seed.
    pub(crate) fn random(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let dice = &mut dice;
        let lists: Vec<PrefixList> = (0..2).map(|place| prefix_list(dice, place == 1)).collect();
        let with6 = dice.chance(60);
        let groups = (0..dice.between(1, 3)).map(|_| group(dice)).collect::<Vec<_>>();
        let acls = (0..2).map(|_| acl(dice)).collect::<Vec<_>>();
        let tables = (0..2).map(|_| table(dice, &lists)).collect::<Vec<_>>();
        let subnets: Vec<Subnet> = (0..3).map(|place| subnet(dice, place, with6)).collect();
        let mode =
            if dice.chance(75) { "off" } else { dice.pick(&["block-ingress", "block-bidirectional"]).unwrap_or("off") };
        let excluded = |dice: &mut Dice| {
            dice.chance(25).then(|| dice.word(&["allow-bidirectional", "allow-bidirectional", "allow-egress"]))
        };
        let mut ranges = vec!["10.0.0.0/16".to_owned()];
        if dice.chance(30) {
            ranges.push(dice.word(&["52.95.128.0/20", "198.51.100.0/24", "100.64.0.0/16"]));
        }
        let pools: Vec<Pool> = (0..dice.between(1, 3)).map(|_| pool(dice, groups.len())).collect();
        let balancers = (0..dice.between(0, 2)).map(|_| balancer(dice, groups.len(), pools.len())).collect();
        Self {
            ranges,
            range6: with6.then(|| "2600:1f18:10::/56".to_owned()),
            lists,
            block: mode.to_owned(),
            excluded: excluded(dice),
            excluded_subnets: (0..3).map(|_| excluded(dice)).collect(),
            ipv6: with6 && dice.chance(70),
            endpoint: endpoint(dice),
            roles: pools.iter().map(|_| policy::Role::random(dice)).collect(),
            ruling: dice.chance(60).then(|| policy::Ruling::random(dice)),
            groups,
            acls,
            tables,
            subnets,
            pools,
            balancers,
        }
    }

    /// Where its answers may change.
    fn edges(&self) -> Edges {
        let mut edges = Edges::default();
        let ranges = self.ranges.iter().chain(&self.range6).chain(&self.endpoint.ranges);
        let of_lists = self.lists.iter().flat_map(|list| &list.entries);
        ranges.chain(of_lists).for_each(|range| edges.prefix(range));
        for rule in self.groups.iter().flatten() {
            rule.traffic.edges(&mut edges);
            for peer in &rule.peers {
                if let Peer::Range(range) = peer {
                    edges.prefix(range);
                }
            }
        }
        for rule in self.acls.iter().flat_map(|acl| acl.inbound.iter().chain(&acl.outbound)) {
            rule.traffic.edges(&mut edges);
            edges.prefix(&rule.range);
        }
        for route in self.tables.iter().flatten() {
            if let Destination::Range(range) = &route.destination {
                edges.prefix(range);
            }
        }
        for balancer in &self.balancers {
            edges.ports(balancer.port, balancer.to);
            balancer.sources.iter().for_each(|range| edges.prefix(range));
        }
        edges
    }
}

impl Traffic {
    fn random(dice: &mut Dice) -> Self {
        let protocol = dice.word(&PROTOCOLS);
        let limits = match protocol.as_str() {
            "tcp" | "udp" | "6" | "17" => dice.pick(&PORTS).map(|(first, last)| (i32::from(first), i32::from(last))),
            "icmp" | "1" => dice.pick(&[(-1, -1), (8, -1), (8, 0), (3, 4)]),
            "icmpv6" | "58" => dice.pick(&[(-1, -1), (128, -1), (128, 0)]),
            // Port fields of a protocol that has none: they must not count.
            "all" => None,
            _ => dice.chance(30).then_some((22, 80)),
        };
        Self { protocol, limits }
    }

    fn edges(&self, edges: &mut Edges) {
        let number = match self.protocol.as_str() {
            "icmp" | "1" => 1_u8,
            "icmpv6" | "58" => 58,
            other => other.parse().unwrap_or(6),
        };
        edges.protocol(number);
        let Some((first, last)) = self.limits else { return };
        let (Ok(first), Ok(last)) = (u16::try_from(first), u16::try_from(last.max(0))) else { return };
        if matches!(number, 1 | 58) {
            edges.ports(first * 256, first * 256 + last);
            edges.ports(first * 256 + 255, first * 256 + 255);
        } else {
            edges.ports(first, last);
        }
    }
}

fn prefix_list(dice: &mut Dice, v6: bool) -> PrefixList {
    let choices: &[&str] = if v6 { &RANGES6 } else { &RANGES4 };
    PrefixList { v6, entries: dice.words(choices, 1, 3) }
}

fn range(dice: &mut Dice) -> String {
    if dice.chance(25) { dice.word(&RANGES6) } else { dice.word(&RANGES4) }
}

fn group(dice: &mut Dice) -> Vec<GroupRule> {
    let rule = |dice: &mut Dice| {
        let peer = |dice: &mut Dice| match dice.between(0, 9) {
            0 => Peer::List(0),
            1 => Peer::List(1),
            2 => Peer::Group(0),
            3 => Peer::Itself,
            _ => Peer::Range(range(dice)),
        };
        GroupRule { traffic: Traffic::random(dice), peers: (0..dice.between(1, 3)).map(|_| peer(dice)).collect() }
    };
    let mut rules: Vec<GroupRule> = (0..dice.between(1, 4)).map(|_| rule(dice)).collect();
    // Most machines that anybody reaches have one wide rule.
    if dice.chance(50) {
        let limits = dice.pick(&[None, Some((0, 65535)), Some((30000, 32767))]).flatten();
        let protocol = if limits.is_some() { "tcp" } else { "all" }.to_owned();
        let peers = vec![Peer::Range("0.0.0.0/0".to_owned()), Peer::Range("::/0".to_owned())];
        rules.push(GroupRule { traffic: Traffic { protocol, limits }, peers });
    }
    rules
}

fn acl(dice: &mut Dice) -> Acl {
    let mut rules = |open: u32| {
        let mut numbers: Vec<u32> = Vec::new();
        let mut rules = Vec::new();
        for _ in 0..dice.between(0, 4) {
            let number = dice.between(1, 99);
            if numbers.contains(&number) {
                continue;
            }
            numbers.push(number);
            let traffic = Traffic::random(dice);
            rules.push(AclRule { number, allow: dice.chance(40), traffic, range: range(dice) });
        }
        // Without a wide rule at the end, next to nothing would ever get through both ways.
        for (number, range) in [(200, "0.0.0.0/0"), (201, "::/0")] {
            if dice.chance(open) {
                let traffic = Traffic { protocol: "all".to_owned(), limits: None };
                rules.push(AclRule { number, allow: true, traffic, range: range.to_owned() });
            }
        }
        rules
    };
    Acl { inbound: rules(75), outbound: rules(75) }
}

fn table(dice: &mut Dice, lists: &[PrefixList]) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    let mut add = |dice: &mut Dice, destination: Destination, target: &str| {
        let taken = routes.iter().any(|route| match (&route.destination, &destination) {
            (Destination::Range(one), Destination::Range(other)) => one == other,
            (Destination::List(one), Destination::List(other)) => one == other,
            _ => false,
        });
        if !taken {
            routes.push(Route { destination, target: target.to_owned(), blackhole: dice.chance(8) });
        }
    };
    if dice.chance(85) {
        let target = if dice.chance(80) { "igw" } else { "nat" };
        add(dice, Destination::Range("0.0.0.0/0".to_owned()), target);
    }
    if dice.chance(70) {
        let target = if dice.chance(75) { "igw" } else { "eigw" };
        add(dice, Destination::Range("::/0".to_owned()), target);
    }
    for _ in 0..dice.between(0, 3) {
        let range = range(dice);
        let target = dice.word(&["igw", "igw", "nat", "tgw-0123456789abcdef0", "pcx-0123456789abcdef0"]);
        let target = if range.contains(':') && target == "nat" { "eigw".to_owned() } else { target };
        add(dice, Destination::Range(range), &target);
    }
    if dice.chance(25) && !lists.is_empty() {
        let target = dice.word(&["igw", "tgw-0123456789abcdef0"]);
        add(dice, Destination::List(0), &target);
    }
    routes
}

fn subnet(dice: &mut Dice, place: u32, with6: bool) -> Subnet {
    Subnet {
        range: format!("10.0.{}.0/20", place * 16),
        range6: (with6 && dice.chance(85)).then(|| format!("2600:1f18:10:{place}::/64")),
        table: dice.chance(92).then(|| dice.between(0, 1) as usize),
        acl: dice.chance(75).then(|| dice.between(0, 1) as usize),
        public: dice.chance(70),
        diverted: dice.chance(5),
    }
}

fn pool(dice: &mut Dice, groups: usize) -> Pool {
    let kind = dice.word(&["managed", "managed", "self-managed", "karpenter"]);
    let own = dice.chance(90);
    let most = u32::try_from(groups).unwrap_or(1) - 1;
    let mut chosen: Vec<usize> =
        if own { (0..dice.between(1, 2)).map(|_| dice.between(0, most) as usize).collect() } else { Vec::new() };
    chosen.sort_unstable();
    chosen.dedup();
    let mut subnets: Vec<usize> = (0..dice.between(1, 2)).map(|_| dice.between(0, 2) as usize).collect();
    subnets.sort_unstable();
    subnets.dedup();
    Pool {
        ssh: kind == "managed" && !own && dice.chance(50),
        kind,
        count: dice.between(1, 4),
        subnets,
        groups: chosen,
        public: dice.chance(60).then(|| dice.chance(80)),
        pod_interfaces: dice.between(0, 1),
    }
}

fn balancer(dice: &mut Dice, groups: usize, pools: usize) -> Balancer {
    let application = dice.chance(40);
    let classic = !application && dice.chance(30);
    let most = |count: usize| u32::try_from(count).unwrap_or(1).saturating_sub(1);
    let guarded = application || classic || dice.chance(50);
    let by_rule = application && dice.chance(50);
    Balancer {
        application,
        internal: dice.chance(20),
        subnet: dice.between(0, 2) as usize,
        groups: if guarded { vec![dice.between(0, most(groups)) as usize] } else { Vec::new() },
        port: dice.pick(&[80, 443, 8443]).unwrap_or(443),
        to: dice.pick(&[30080, 31000, 443]).unwrap_or(30080),
        pool: dice.between(0, most(pools)) as usize,
        preserve: dice.chance(70),
        classic,
        by_rule,
        sources: if by_rule && dice.chance(60) { dice.words(&RANGES4, 1, 3) } else { Vec::new() },
    }
}

fn endpoint(dice: &mut Dice) -> Endpoint {
    let ranges = match dice.between(0, 4) {
        0 => vec!["0.0.0.0/0".to_owned()],
        1 => vec!["0.0.0.0/1".to_owned(), "128.0.0.0/1".to_owned()],
        _ => dice.words(&RANGES4, 1, 4),
    };
    Endpoint { public: dice.chance(85), private: dice.chance(50), ranges }
}

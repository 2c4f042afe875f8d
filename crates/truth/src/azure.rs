//! Random fleets in Azure, as plain as they are thought of.

mod policy;
mod truth;
mod world;

use crate::{dice::Dice, packet::Edges};

pub(crate) use truth::compare;
pub(crate) use world::describe;

/// Whose every fleet is.
pub(crate) const SUBSCRIPTION: &str = "5a1e0000-0000-4000-8000-00000000f1ee";
const NETWORK: &str = "10.40.0.0/16";

/// A service tag that is in no list, and one that stood for these on the day of the list that the product ships: with a new
/// list look here.
const UNLISTED: &str = "AzureTomorrow";
const LISTED: (&str, [&str; 2]) = ("AppService.AustriaEast", ["68.210.171.0/24", "2603:1020:104:5::500/120"]);

const SOURCES: [&str; 17] = [
    "*",
    "*",
    "Internet",
    "Internet",
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "203.0.113.0/24",
    "203.0.113.128/25",
    "203.0.113.9",
    "198.51.0.0/16",
    "8.0.0.0/5",
    "VirtualNetwork",
    "AzureLoadBalancer",
    "10.0.0.0/8",
    UNLISTED,
    LISTED.0,
];
const DESTINATIONS: [&str; 11] = [
    "*",
    "*",
    "*",
    "*",
    "0.0.0.0/0",
    NETWORK,
    "10.40.0.0/24",
    "10.40.0.4",
    "VirtualNetwork",
    "Internet",
    "192.168.0.0/16",
];
const PORTS: [&str; 12] =
    ["*", "*", "22", "22-80", "443", "0-65535", "1024-65535", "30000-32767", "31000", "10250-10255", "65535", "0-1023"];
const PREFIXES: [&str; 8] = [
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "203.0.113.0/24",
    "203.0.113.128/25",
    "8.0.0.0/5",
    "198.51.0.0/16",
    "203.0.113.9/32",
];

/// One rule of a security group, or one admin rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    priority: u32,
    /// `Allow`, `Deny`, and for admin rules also `AlwaysAllow`.
    access: String,
    inbound: bool,
    protocol: String,
    from: Vec<String>,
    to: Vec<String>,
    ports: Vec<String>,
    source_ports: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Route {
    prefix: String,
    hop: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Subnet {
    prefix: String,
    /// A security group by its place.
    group: Option<usize>,
    routes: Option<Vec<Route>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Pool {
    count: u32,
    subnet: usize,
    public: bool,
    basic: bool,
    /// Without the security group on its interfaces.
    unguarded: bool,
    /// A range of ports that AKS opens to the internet, and whether for UDP.
    host_ports: Option<(u16, u16, bool)>,
}

/// A Kubernetes service of type `LoadBalancer`.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    port: u16,
    sources: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    private: bool,
    closed: Option<bool>,
    ranges: Vec<String>,
}

/// A subscription with one cluster.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    groups: Vec<Vec<Rule>>,
    subnets: Vec<Subnet>,
    peering: bool,
    admin: Vec<Rule>,
    /// What somebody added to the security group on the nodes' interfaces.
    node_rules: Vec<Rule>,
    services: Vec<Service>,
    pools: Vec<Pool>,
    endpoint: Endpoint,
    authority: policy::Authority,
}

impl Fleet {
    /// The fleet of a seed.
    pub(crate) fn random(seed: u64) -> Self {
        let dice = &mut Dice::new(seed);
        let groups: Vec<Vec<Rule>> = (0..2).map(|_| rules(dice, 5, 100..=4096, false)).collect();
        let subnets: Vec<Subnet> = (0..2).map(|place| subnet(dice, place)).collect();
        let admin = if dice.chance(20) { rules(dice, 3, 1..=90, true) } else { Vec::new() };
        let service = |dice: &mut Dice| Service {
            port: dice.pick(&[80, 443, 8443]).unwrap_or(443),
            sources: if dice.chance(50) { Vec::new() } else { dice.words(&PREFIXES, 1, 2) },
        };
        Self {
            groups,
            subnets,
            peering: dice.chance(30),
            admin,
            node_rules: rules(dice, 4, 1000..=4000, false),
            services: (0..dice.between(0, 1)).map(|_| service(dice)).collect(),
            pools: (0..dice.between(1, 3)).map(|_| pool(dice)).collect(),
            endpoint: Endpoint {
                private: dice.chance(20),
                closed: dice.chance(30).then(|| dice.chance(40)),
                ranges: if dice.chance(25) { Vec::new() } else { endpoint_ranges(dice) },
            },
            authority: policy::Authority::random(dice),
        }
    }

    /// Where its answers may change.
    fn edges(&self) -> Edges {
        let mut edges = Edges::default();
        let of_services = self.services.iter().flat_map(|service| &service.sources);
        let routes = self.subnets.iter().flat_map(|subnet| &subnet.routes).flatten().map(|route| &route.prefix);
        self.endpoint.ranges.iter().chain(of_services).chain(routes).for_each(|prefix| edges.prefix(prefix));
        edges.prefix("168.63.129.16/32");
        LISTED.1.into_iter().for_each(|prefix| edges.prefix(prefix));
        edges.prefix(NETWORK);
        for rule in self.groups.iter().flatten().chain(&self.admin).chain(&self.node_rules) {
            rule.from.iter().for_each(|prefix| edges.prefix(prefix));
            for (first, last) in rule.ports.iter().filter_map(|text| truth::ports(text)) {
                edges.ports(first, last);
            }
        }
        for service in &self.services {
            edges.ports(service.port, service.port);
        }
        for (first, last, _) in self.pools.iter().filter_map(|pool| pool.host_ports) {
            edges.ports(first, last);
        }
        edges
    }
}

fn rules(dice: &mut Dice, most: u32, priorities: std::ops::RangeInclusive<u32>, admin: bool) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for _ in 0..dice.between(u32::from(admin), most) {
        let priority = dice.between(*priorities.start(), *priorities.end());
        if rules.iter().any(|rule| rule.priority == priority) {
            continue;
        }
        let protocol = dice.word(&["Tcp", "Tcp", "Tcp", "Udp", "*", "*", "Icmp", "Esp", "Ah"]);
        let with_ports = matches!(protocol.as_str(), "Tcp" | "Udp") || protocol == "*" && dice.chance(25);
        let any = || vec!["*".to_owned()];
        let access: &[&str] =
            if admin { &["Allow", "AlwaysAllow", "Deny", "Deny"] } else { &["Allow", "Allow", "Deny"] };
        let mut from = dice.words(&SOURCES, 1, 3);
        // Of a list of several prefixes `*` cannot be one.
        if from.len() > 1 {
            from.retain(|text| text != "*");
        }
        rules.push(Rule {
            priority,
            access: dice.word(access),
            inbound: dice.chance(90),
            from,
            to: vec![dice.word(&DESTINATIONS)],
            ports: if with_ports { listed(dice.words(&PORTS, 1, 2)) } else { any() },
            source_ports: if with_ports && dice.chance(25) {
                vec![dice.word(&["1024-65535", "53", "0-1023", "32768-60999"])]
            } else {
                any()
            },
            protocol,
        });
    }
    rules
}

/// A list of several ranges cannot hold `*`.
fn listed(mut texts: Vec<String>) -> Vec<String> {
    if texts.len() > 1 {
        texts.retain(|text| text != "*");
    }
    texts
}

fn subnet(dice: &mut Dice, place: u32) -> Subnet {
    let hop = |dice: &mut Dice| {
        dice.word(&["Internet", "Internet", "None", "VirtualAppliance", "VirtualNetworkGateway", "VnetLocal"])
    };
    let routes = |dice: &mut Dice| {
        let prefixes = dice.words(&PREFIXES, 1, 3);
        prefixes.into_iter().map(|prefix| Route { prefix, hop: hop(dice) }).collect()
    };
    Subnet {
        prefix: format!("10.40.{place}.0/24"),
        group: dice.chance(55).then(|| dice.between(0, 1) as usize),
        routes: dice.chance(35).then(|| routes(dice)),
    }
}

fn pool(dice: &mut Dice) -> Pool {
    let public = dice.chance(75);
    Pool {
        count: dice.between(1, 2),
        subnet: dice.between(0, 1) as usize,
        public,
        basic: dice.chance(30),
        unguarded: dice.chance(25),
        host_ports: (public && dice.chance(30))
            .then(|| (8000, 8000 + u16::from(dice.chance(50)) * 90, dice.chance(30))),
    }
}

fn endpoint_ranges(dice: &mut Dice) -> Vec<String> {
    if dice.chance(15) { vec!["0.0.0.0/32".to_owned()] } else { dice.words(&PREFIXES, 1, 3) }
}

//! Random fleets in Google Cloud, as plain as they are thought of.

mod policy;
mod truth;
mod world;

use crate::{dice::Dice, packet::Edges};

pub(crate) use truth::compare;
pub(crate) use world::describe;

/// Whose every fleet is.
pub(crate) const ORGANIZATION: &str = "481516234200";
const PROJECT: &str = "fleet-4711";
/// The account of pools that name one.
const ACCOUNT: &str = "nodes@fleet-4711.iam.gserviceaccount.com";
const SUBNET: &str = "10.60.0.0/20";

const RANGES: [&str; 12] = [
    "0.0.0.0/0",
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "64.0.0.0/2",
    "203.0.113.0/24",
    "203.0.113.128/25",
    "203.0.113.9/32",
    "198.51.0.0/16",
    "8.0.0.0/5",
    "10.0.0.0/8",
    "::/0",
];
const TRAFFIC: [&str; 20] = [
    "all",
    "all",
    "tcp",
    "tcp",
    "tcp:22",
    "tcp:22,80-90",
    "tcp:0-65535",
    "tcp:30000-32767",
    "tcp:10250",
    "udp",
    "udp:53,30000-32767",
    "sctp:22-80",
    "icmp",
    "esp",
    "ah",
    "ipip",
    "47",
    "58",
    "6",
    "17",
];

/// A VPC firewall rule.
#[derive(Clone, Debug)]
pub(crate) struct Firewall {
    priority: u32,
    allow: bool,
    inbound: bool,
    traffic: Vec<String>,
    from: Vec<String>,
    /// Machines of the network with this tag, by their internal addresses.
    from_tag: bool,
    to: Vec<String>,
    to_tags: Vec<String>,
    to_account: Option<String>,
    disabled: bool,
}

/// One rule of a firewall policy.
#[derive(Clone, Debug)]
pub(crate) struct PolicyRule {
    priority: u32,
    action: String,
    inbound: bool,
    traffic: Vec<String>,
    from: Vec<String>,
    /// Also from a country, whose addresses nobody reads.
    from_region: bool,
    to: Vec<String>,
    to_account: Option<String>,
    disabled: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Route {
    range: String,
    priority: u32,
    tag: Option<String>,
    /// The internet gateway, or an appliance.
    internet: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Pool {
    count: u32,
    tags: Vec<String>,
    own_account: bool,
    private: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    ip: bool,
    public: bool,
    ranges: Option<Vec<String>>,
    google: Option<bool>,
}

/// A project with one cluster, in a folder or straight in its organisation.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    in_folder: bool,
    of_organization: Vec<PolicyRule>,
    of_folder: Vec<PolicyRule>,
    /// Whether VPC rules come before the policies of the network.
    classic_first: bool,
    firewalls: Vec<Firewall>,
    global: Option<Vec<PolicyRule>>,
    regional: Option<Vec<PolicyRule>>,
    default_route: bool,
    routes: Vec<Route>,
    pools: Vec<Pool>,
    endpoint: Endpoint,
    authority: policy::Authority,
}

impl Fleet {
    /// The fleet of a seed.
    pub(crate) fn random(seed: u64) -> Self {
        let dice = &mut Dice::new(seed);
        let in_folder = dice.chance(50);
        let policy = |dice: &mut Dice, chance: u32| if dice.chance(chance) { policy(dice) } else { Vec::new() };
        let of_organization = policy(dice, 35);
        let of_folder = if in_folder { policy(dice, 50) } else { Vec::new() };
        let global = dice.chance(45).then(|| self::policy(dice));
        let regional = dice.chance(35).then(|| self::policy(dice));
        Self {
            in_folder,
            of_organization,
            of_folder,
            classic_first: dice.chance(60),
            firewalls: (0..dice.between(0, 6)).map(|_| firewall(dice)).collect(),
            global,
            regional,
            default_route: dice.chance(85),
            routes: (0..dice.between(0, 3)).map(|_| route(dice)).collect(),
            pools: (0..dice.between(1, 3)).map(|_| pool(dice)).collect(),
            endpoint: endpoint(dice),
            authority: policy::Authority::random(dice, in_folder),
        }
    }

    fn policy_rules(&self) -> impl Iterator<Item = &PolicyRule> {
        let of_network = [&self.global, &self.regional].into_iter().flatten().flatten();
        self.of_organization.iter().chain(&self.of_folder).chain(of_network)
    }

    /// Where its answers may change.
    fn edges(&self) -> Edges {
        let mut edges = Edges::default();
        let of_policies = self.policy_rules().map(|rule| (&rule.from, &rule.traffic));
        for (from, traffic) in self.firewalls.iter().map(|rule| (&rule.from, &rule.traffic)).chain(of_policies) {
            for range in from {
                edges.prefix(range);
            }
            for text in traffic {
                let (protocol, ports) = truth::traffic(text);
                edges.protocol(protocol.unwrap_or(94));
                for (first, last) in ports {
                    edges.ports(first, last);
                }
            }
        }
        self.routes.iter().for_each(|route| edges.prefix(&route.range));
        self.endpoint.ranges.iter().flatten().for_each(|range| edges.prefix(range));
        edges
    }
}

fn account(dice: &mut Dice) -> Option<String> {
    dice.chance(25).then(|| dice.word(&[ACCOUNT, ACCOUNT, "others@fleet-4711.iam.gserviceaccount.com"]))
}

fn destinations(dice: &mut Dice) -> Vec<String> {
    if dice.chance(85) { Vec::new() } else { vec![dice.word(&[SUBNET, "10.60.0.10/32", "10.99.0.0/16", "0.0.0.0/0"])] }
}

fn firewall(dice: &mut Dice) -> Firewall {
    let from_tag = dice.chance(15);
    let to_account = account(dice);
    Firewall {
        priority: dice.pick(&[0, 500, 1000, 1000, 1000, 65534, 65535]).unwrap_or(1000),
        allow: dice.chance(65),
        inbound: dice.chance(90),
        traffic: dice.words(&TRAFFIC, 1, 3),
        from: if from_tag && dice.chance(50) { Vec::new() } else { dice.words(&RANGES, 1, 3) },
        from_tag,
        to: destinations(dice),
        to_tags: if to_account.is_none() && dice.chance(30) { dice.words(&["red", "blue"], 1, 2) } else { Vec::new() },
        to_account,
        disabled: dice.chance(10),
    }
}

fn policy(dice: &mut Dice) -> Vec<PolicyRule> {
    let mut rules: Vec<PolicyRule> = Vec::new();
    for _ in 0..dice.between(1, 4) {
        let priority = dice.between(0, 5000);
        if rules.iter().any(|rule| rule.priority == priority) {
            continue;
        }
        let action = match dice.between(0, 99) {
            0..35 => "allow",
            35..60 => "deny",
            60..97 => "goto_next",
            _ => "apply_security_profile_group",
        };
        rules.push(PolicyRule {
            priority,
            action: action.to_owned(),
            inbound: dice.chance(90),
            traffic: dice.words(&TRAFFIC, 1, 3),
            from: dice.words(&RANGES, 1, 3),
            from_region: dice.chance(4),
            to: destinations(dice),
            to_account: account(dice),
            disabled: dice.chance(10),
        });
    }
    rules
}

fn route(dice: &mut Dice) -> Route {
    Route {
        range: dice.word(&["0.0.0.0/0", "0.0.0.0/1", "203.0.113.0/24", "8.0.0.0/5", "203.0.113.128/25"]),
        priority: dice.pick(&[100, 1000, 2000]).unwrap_or(1000),
        tag: dice.chance(35).then(|| dice.word(&["red", "blue"])),
        internet: dice.chance(60),
    }
}

fn pool(dice: &mut Dice) -> Pool {
    Pool {
        count: dice.between(1, 2),
        tags: if dice.chance(60) { dice.words(&["red", "blue"], 1, 2) } else { Vec::new() },
        own_account: dice.chance(60),
        private: dice.chance(20),
    }
}

fn endpoint(dice: &mut Dice) -> Endpoint {
    let v4: Vec<&str> = RANGES.into_iter().filter(|range| !range.contains(':')).collect();
    Endpoint {
        ip: dice.chance(90),
        public: dice.chance(85),
        ranges: dice.chance(75).then(|| dice.words(&v4, 0, 3)),
        google: dice.chance(80).then(|| dice.chance(40)),
    }
}

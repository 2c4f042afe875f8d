//! The networks the clusters stand in, read once for all clusters that share them.

use super::{
    firewall::{Direction, Firewalls, Inputs, Order, UnreadRule, prefixes},
    listing::{Listed, Odd, list, scopes},
    routes::Routes,
};
use crate::{
    calls::{FIREWALLS, NETWORK_FIREWALLS, NETWORKS, REGION_FIREWALLS, ROUTERS, ROUTES, SUBNETWORKS},
    record::{
        compute::{
            EffectiveFirewalls, EffectivePolicy, Firewall, Network, PolicyRule, Route, Router, RoutersIn, Subnetwork,
            SubnetworksIn,
        },
        lenient::Member as _,
        names::last,
    },
};
use palisade_model::{Evidence, Gap, Observed};
use palisade_provider::{Call, Snapshot};
use palisade_reach::{AddrSet, parse_net};
use serde::Deserialize as _;
use serde_json::Value;
use std::{cell::RefCell, collections::HashMap, rc::Rc};

/// What protects the machines of one network in one region.
#[derive(Debug)]
pub(crate) struct Guards {
    pub(crate) ingress: Firewalls,
    pub(crate) egress: Firewalls,
    /// The network's own addresses.
    pub(crate) local: AddrSet,
    /// Why some of them are not known. What the others decide before them stands.
    pub(crate) unread: Option<Gap>,
}

/// The tables of a project that hold all its networks.
#[derive(Debug)]
struct Tables {
    firewalls: Observed<Listed<Firewall>>,
    networks: Observed<Listed<Network>>,
    subnetworks: Observed<Listed<Subnetwork>>,
    routes: Observed<Listed<Route>>,
    routers: Observed<Listed<Router>>,
}

/// All networks, by who hosts them.
#[derive(Debug)]
pub(crate) struct NetworkBook<'a> {
    snapshot: &'a Snapshot,
    tables: RefCell<HashMap<String, Rc<Tables>>>,
    /// By host, network and region.
    guards: RefCell<HashMap<(String, String, String), Seen<Guards>>>,
    /// By host and network.
    routes: RefCell<HashMap<(String, String), Seen<Routes>>>,
}

type Seen<T> = Rc<Observed<T>>;

impl<'a> NetworkBook<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, tables: RefCell::default(), guards: RefCell::default(), routes: RefCell::default() }
    }

    fn tables(&self, host: &str) -> Rc<Tables> {
        if let Some(tables) = self.tables.borrow().get(host) {
            return Rc::clone(tables);
        }
        let tables = Rc::new(Tables {
            firewalls: list(self.snapshot, &FIREWALLS, host),
            networks: list(self.snapshot, &NETWORKS, host),
            subnetworks: scopes(self.snapshot, &SUBNETWORKS, host, "subnetworks", |scope: SubnetworksIn| {
                (scope.subnetworks, scope.warning)
            }),
            routes: list(self.snapshot, &ROUTES, host),
            routers: scopes(self.snapshot, &ROUTERS, host, "routers", |scope: RoutersIn| {
                (scope.routers, scope.warning)
            }),
        });
        self.tables.borrow_mut().insert(host.to_owned(), Rc::clone(&tables));
        tables
    }

    /// The firewalls of a network in a region.
    pub(crate) fn guards(&self, host: &str, network: &str, region: &str) -> Rc<Observed<Guards>> {
        let key = (host.to_owned(), network.to_owned(), region.to_owned());
        if let Some(guards) = self.guards.borrow().get(&key) {
            return Rc::clone(guards);
        }
        let guards = Rc::new(self.read_guards(host, network, region));
        self.guards.borrow_mut().insert(key, Rc::clone(&guards));
        guards
    }

    fn read_guards(&self, host: &str, network: &str, region: &str) -> Observed<Guards> {
        let tables = self.tables(host);
        let global = effective(self.snapshot, &NETWORK_FIREWALLS, host, &[("network", network)]);
        let regional = effective(self.snapshot, &REGION_FIREWALLS, host, &[("network", network), ("region", region)]);
        let mut sources: Vec<Evidence> = Vec::new();
        for evidence in [
            tables.firewalls.sources(),
            tables.networks.sources(),
            tables.subnetworks.sources(),
            global.sources(),
            regional.sources(),
        ] {
            sources.extend_from_slice(evidence);
        }
        let guards = (|| {
            let record = named(tables.networks.get()?, host, network)?;
            let local = local(record, tables.subnetworks.get()?, network)?;
            let order = match record.enforcement_order.as_deref() {
                Some("BEFORE_CLASSIC_FIREWALL") => Order::PoliciesFirst,
                Some("AFTER_CLASSIC_FIREWALL") | None => Order::RulesFirst,
                Some(other) => {
                    return Err(Gap::Unsettled {
                        what: format!("this version does not know the firewall order `{other}`"),
                    });
                }
            };
            let nothing = Listed::default();
            let all = tables.firewalls.get();
            let (listed, missing) = match &all {
                Ok(all) => (*all, None),
                Err(gap) => (&nothing, Some(gap)),
            };
            let rules: Vec<&Firewall> =
                listed.members.iter().filter(|rule| is_of(rule.network.as_deref(), network)).collect();
            let odd = listed.odd.iter().filter(|odd| may_be_of(odd, network) && odd.flag("disabled") != Some(true));
            let odd: Vec<UnreadRule> = odd
                .map(|odd| UnreadRule {
                    direction: odd.text("direction").map(Direction::named),
                    why: format!("VPC firewall rule `{}` is not known: {}", odd.name(), odd.gap),
                })
                .chain(missing.map(|gap| UnreadRule { direction: None, why: gap.to_string() }))
                .collect();
            let gaps = [all.as_ref().err(), global.gap(), regional.gap()];
            let unread = gaps.into_iter().flatten().next().cloned();
            let network = format!("projects/{host}/global/networks/{network}");
            let inputs = Inputs {
                rules: &rules,
                unread_rules: &odd,
                global: global.get().map(|firewalls| firewalls.policies.as_slice()),
                regional: regional.get().map(|firewalls| firewalls.policies.as_slice()),
                order,
                local: &local,
                network: &network,
            };
            let [ingress, egress] =
                [Direction::Ingress, Direction::Egress].map(|direction| Firewalls::compile(&inputs, direction));
            Ok(Guards { ingress, egress, local, unread })
        })();
        Observed::from_result(guards, sources)
    }

    /// The routes of a network. Always known: what was not read of them is a part of the answer.
    pub(crate) fn routes(&self, host: &str, network: &str) -> Rc<Observed<Routes>> {
        let key = (host.to_owned(), network.to_owned());
        if let Some(routes) = self.routes.borrow().get(&key) {
            return Rc::clone(routes);
        }
        let tables = self.tables(host);
        let (mut own, mut unread): (Vec<&Route>, Vec<Gap>) = (Vec::new(), Vec::new());
        match tables.routes.get() {
            Ok(all) => {
                own.extend(all.members.iter().filter(|route| is_of(route.network.as_deref(), network)));
                unread.extend(all.odd.iter().filter(|odd| may_be_of(odd, network)).map(|odd| odd.gap.clone()));
            }
            Err(gap) => unread.push(gap),
        }
        let mut routers: Vec<&Router> = Vec::new();
        match tables.routers.get() {
            Ok(all) => {
                routers.extend(all.members.iter().filter(|router| is_of(router.network.as_deref(), network)));
                unread.extend(all.odd.iter().filter(|odd| may_be_of(odd, network)).map(|odd| odd.gap.clone()));
            }
            Err(gap) => unread.push(gap),
        }
        let sources = [tables.routes.sources(), tables.routers.sources()].concat();
        let routes = Rc::new(Observed::known(Routes::of(&own, &routers, unread), sources));
        self.routes.borrow_mut().insert(key, Rc::clone(&routes));
        routes
    }

    /// A subnetwork, by its name.
    pub(crate) fn subnetwork(&self, host: &str, region: &str, name: &str) -> Observed<Subnetwork> {
        let tables = self.tables(host);
        let found = tables.subnetworks.get().and_then(|all| {
            let is_it = |subnet: &&Subnetwork| {
                subnet.name.as_deref() == Some(name) && subnet.region.as_deref().is_none_or(|at| last(at) == region)
            };
            let odd = || all.odd.iter().find(|odd| odd.text("name").is_none_or(|named| named == name));
            let missing = || {
                odd().map_or_else(
                    || Gap::Unreachable {
                        call: SUBNETWORKS.name.to_owned(),
                        scope: host.to_owned(),
                        why: format!("the list of subnetworks does not hold `{name}`, which a cluster uses"),
                    },
                    |odd| odd.gap.clone(),
                )
            };
            all.members.iter().find(is_it).cloned().ok_or_else(missing)
        });
        Observed::from_result(found, tables.subnetworks.sources().to_vec())
    }

    /// The names of the address translations of a network in a region.
    pub(crate) fn translations(&self, host: &str, network: &str, region: &str) -> Observed<Vec<String>> {
        let tables = self.tables(host);
        let value = tables.routers.get().and_then(|all| {
            let here = |odd: &&Odd| may_be_of(odd, network) && odd.text("region").is_none_or(|at| last(at) == region);
            if let Some(odd) = all.odd.iter().find(here) {
                return Err(odd.gap.clone());
            }
            let here = all.members.iter().filter(|router| {
                is_of(router.network.as_deref(), network)
                    && router.region.as_deref().is_some_and(|at| last(at) == region)
            });
            Ok(here
                .flat_map(|router| &router.nats)
                .map(|nat| nat.name.clone().unwrap_or_else(|| "Cloud NAT".to_owned()))
                .collect())
        });
        Observed::from_result(value, tables.routers.sources().to_vec())
    }
}

/// The record of a network a cluster uses.
fn named<'a>(networks: &'a Listed<Network>, host: &str, network: &str) -> Result<&'a Network, Gap> {
    let found = networks.members.iter().find(|record| record.name.as_deref() == Some(network));
    let odd = || networks.odd.iter().find(|odd| odd.text("name").is_none_or(|name| name == network));
    found.ok_or_else(|| odd().map_or_else(|| vanished(host, network), |odd| odd.gap.clone()))
}

/// The firewalls in force, policy by policy and rule by rule where one of them cannot be read.
fn effective(snapshot: &Snapshot, call: &Call, host: &str, params: &[(&str, &str)]) -> Observed<EffectiveFirewalls> {
    let strict: Observed<EffectiveFirewalls> = snapshot.one(call, host, params);
    let whole = |firewalls: &EffectiveFirewalls| {
        firewalls.policies.iter().flat_map(|policy| &policy.rules).all(|rule| rule.flaw().is_none())
    };
    match strict.get() {
        Ok(firewalls) if whole(firewalls) => strict,
        Ok(_) | Err(Gap::Malformed { .. }) => {
            let values: Observed<EffectiveFirewalls<Value>> = snapshot.one(call, host, params);
            values.map(|firewalls| EffectiveFirewalls {
                policies: firewalls.policies.into_iter().map(|policy| effective_policy(call, host, policy)).collect(),
            })
        }
        Err(_) => strict,
    }
}

fn effective_policy(call: &Call, host: &str, mut value: Value) -> EffectivePolicy {
    let rules = value.as_object_mut().and_then(|policy| policy.remove("rules"));
    let mut policy = match EffectivePolicy::deserialize(&value) {
        Ok(policy) => policy,
        Err(error) => {
            // Of what kind it is decides when it is asked; one of no known kind may decide anything.
            let name = value.get("name").and_then(Value::as_str).map(str::to_owned);
            return EffectivePolicy { name, unread: vec![error.to_string()], ..EffectivePolicy::default() };
        }
    };
    match rules {
        None | Some(Value::Null) => (),
        Some(Value::Array(rules)) => {
            let mut listed: Listed<PolicyRule> = Listed::default();
            listed.read(call, host, "/firewallPolicys/*/rules", rules);
            policy.rules = listed.members;
            policy.unread = listed.odd.iter().map(|odd| odd.gap.to_string()).collect();
        }
        Some(_) => policy.unread.push("its rules are no list".to_owned()),
    }
    policy
}

/// Every prefix of the network, and the metadata address. A network can only be made of what its subnetworks hold.
fn local(record: &Network, subnetworks: &Listed<Subnetwork>, network: &str) -> Result<AddrSet, Gap> {
    if let Some(odd) = subnetworks.odd.iter().find(|odd| may_be_of(odd, network)) {
        return Err(odd.gap.clone());
    }
    let mut texts: Vec<&String> = vec![];
    texts.extend(&record.legacy_range);
    texts.extend(&record.internal_ipv6_range);
    for subnet in subnetworks.members.iter().filter(|subnet| is_of(subnet.network.as_deref(), network)) {
        texts.extend(&subnet.ip_cidr_range);
        texts.extend(&subnet.ipv6_cidr_range);
        texts.extend(&subnet.external_ipv6_prefix);
        texts.extend(&subnet.internal_ipv6_prefix);
        texts.extend(subnet.secondary_ip_ranges.iter().filter_map(|range| range.ip_cidr_range.as_ref()));
    }
    let metadata = parse_net("169.254.169.254/32").map(AddrSet::from_net).unwrap_or_default();
    Ok(prefixes(texts).union(&metadata))
}

fn is_of(named: Option<&str>, network: &str) -> bool {
    named.is_some_and(|named| last(named) == network)
}

/// Whether a member that could not be read may belong to a network: it does not say, or it says so.
fn may_be_of(odd: &Odd, network: &str) -> bool {
    odd.text("network").is_none_or(|named| last(named) == network)
}

fn vanished(host: &str, network: &str) -> Gap {
    Gap::Unreachable {
        call: NETWORKS.name.to_owned(),
        scope: host.to_owned(),
        why: format!("the list of networks does not hold `{network}`, which a cluster uses"),
    }
}

//! The networks the clusters stand in, read once for all clusters that share them.

use super::{
    firewall::{Direction, Firewalls, Inputs, Order, prefixes},
    machines::{is_a_hole, said},
    routes::Routes,
};
use crate::{
    calls::{FIREWALLS, NETWORK_FIREWALLS, NETWORKS, REGION_FIREWALLS, ROUTERS, ROUTES, SUBNETWORKS},
    record::{
        compute::{
            Aggregated, EffectiveFirewalls, Firewall, Items, Network, Route, Router, RoutersIn, Subnetwork,
            SubnetworksIn, Warning,
        },
        names::last,
    },
};
use palisade_model::{Evidence, Gap, Observed};
use palisade_provider::{Call, Snapshot};
use palisade_reach::{AddrSet, parse_net};
use std::{cell::RefCell, collections::HashMap, rc::Rc};

/// What protects the machines of one network in one region.
#[derive(Debug)]
pub(crate) struct Guards {
    pub(crate) ingress: Firewalls,
    pub(crate) egress: Firewalls,
    /// The network's own addresses.
    pub(crate) local: AddrSet,
}

/// The tables of a project that hold all its networks.
#[derive(Debug)]
struct Tables {
    firewalls: Observed<Vec<Firewall>>,
    networks: Observed<Vec<Network>>,
    subnetworks: Observed<Vec<Subnetwork>>,
    routes: Observed<Vec<Route>>,
    routers: Observed<Vec<Router>>,
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
            subnetworks: scopes(self.snapshot, &SUBNETWORKS, host, |scope: SubnetworksIn| {
                (scope.subnetworks, scope.warning)
            }),
            routes: list(self.snapshot, &ROUTES, host),
            routers: scopes(self.snapshot, &ROUTERS, host, |scope: RoutersIn| (scope.routers, scope.warning)),
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
        let global: Observed<EffectiveFirewalls> = self.snapshot.one(&NETWORK_FIREWALLS, host, &[("network", network)]);
        let regional: Observed<EffectiveFirewalls> =
            self.snapshot.one(&REGION_FIREWALLS, host, &[("network", network), ("region", region)]);
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
            let all = tables.firewalls.get()?;
            let record = tables.networks.get()?.iter().find(|record| record.name.as_deref() == Some(network));
            let record = record.ok_or_else(|| vanished(host, network))?;
            let local = local(record, tables.subnetworks.get()?, network);
            let rules: Vec<&Firewall> = all.iter().filter(|rule| is_of(rule.network.as_deref(), network)).collect();
            let (global, regional) = (global.get()?, regional.get()?);
            let order = match record.enforcement_order.as_deref() {
                Some("BEFORE_CLASSIC_FIREWALL") => Order::PoliciesFirst,
                Some("AFTER_CLASSIC_FIREWALL") | None => Order::RulesFirst,
                Some(other) => {
                    return Err(Gap::Unsettled {
                        what: format!("this version does not know the firewall order `{other}`"),
                    });
                }
            };
            let network = format!("projects/{host}/global/networks/{network}");
            let inputs = Inputs {
                rules: &rules,
                global: &global.policies,
                regional: &regional.policies,
                order,
                local: &local,
                network: &network,
            };
            let [ingress, egress] =
                [Direction::Ingress, Direction::Egress].map(|direction| Firewalls::compile(&inputs, direction));
            Ok(Guards { ingress, egress, local })
        })();
        Observed::from_result(guards, sources)
    }

    /// The routes of a network.
    pub(crate) fn routes(&self, host: &str, network: &str) -> Rc<Observed<Routes>> {
        let key = (host.to_owned(), network.to_owned());
        if let Some(routes) = self.routes.borrow().get(&key) {
            return Rc::clone(routes);
        }
        let tables = self.tables(host);
        let value = tables.routes.get().and_then(|all| {
            let own: Vec<&Route> = all.iter().filter(|route| is_of(route.network.as_deref(), network)).collect();
            let routers = tables.routers.get()?;
            let routers: Vec<&Router> =
                routers.iter().filter(|router| is_of(router.network.as_deref(), network)).collect();
            Ok(Routes::of(&own, &routers))
        });
        let sources = [tables.routes.sources(), tables.routers.sources()].concat();
        let routes = Rc::new(Observed::from_result(value, sources));
        self.routes.borrow_mut().insert(key, Rc::clone(&routes));
        routes
    }

    /// The names of the address translations of a network in a region.
    pub(crate) fn translations(&self, host: &str, network: &str, region: &str) -> Observed<Vec<String>> {
        let tables = self.tables(host);
        let value = tables.routers.get().map(|all| {
            let here = all.iter().filter(|router| {
                is_of(router.network.as_deref(), network)
                    && router.region.as_deref().is_some_and(|at| last(at) == region)
            });
            here.flat_map(|router| &router.nats)
                .map(|nat| nat.name.clone().unwrap_or_else(|| "Cloud NAT".to_owned()))
                .collect()
        });
        Observed::from_result(value, tables.routers.sources().to_vec())
    }
}

/// Every prefix of the network, and the metadata address. A network can only be made of what its subnetworks hold.
fn local(record: &Network, subnetworks: &[Subnetwork], network: &str) -> AddrSet {
    let mut texts: Vec<&String> = vec![];
    texts.extend(&record.legacy_range);
    texts.extend(&record.internal_ipv6_range);
    for subnet in subnetworks.iter().filter(|subnet| is_of(subnet.network.as_deref(), network)) {
        texts.extend(&subnet.ip_cidr_range);
        texts.extend(&subnet.ipv6_cidr_range);
        texts.extend(&subnet.external_ipv6_prefix);
        texts.extend(&subnet.internal_ipv6_prefix);
        texts.extend(subnet.secondary_ip_ranges.iter().filter_map(|range| range.ip_cidr_range.as_ref()));
    }
    let metadata = parse_net("169.254.169.254/32").map(AddrSet::from_net).unwrap_or_default();
    prefixes(texts).union(&metadata)
}

fn is_of(named: Option<&str>, network: &str) -> bool {
    named.is_some_and(|named| last(named) == network)
}

fn vanished(host: &str, network: &str) -> Gap {
    Gap::Unreachable {
        call: NETWORKS.name.to_owned(),
        scope: host.to_owned(),
        why: format!("the list of networks does not hold `{network}`, which a cluster uses"),
    }
}

/// The members of a paged list. A warning says that it is not whole.
fn list<T: serde::de::DeserializeOwned>(snapshot: &Snapshot, call: &Call, host: &str) -> Observed<Vec<T>> {
    let pages = match snapshot.pages::<Items<T>>(call, host, &[]) {
        Ok(pages) => pages,
        Err(gap) => return Observed::missing(gap),
    };
    let (mut all, mut sources) = (Vec::new(), Vec::new());
    for page in pages {
        if let Some(warning) = page.value.warning.filter(is_a_hole) {
            return Observed::missing(hole(call, host, &said(&warning)));
        }
        sources.extend(page.record.evidence(""));
        all.extend(page.value.items);
    }
    Observed::known(all, sources)
}

/// The members of an aggregated list. A scope that did not answer makes it a gap.
pub(crate) fn scopes<S: serde::de::DeserializeOwned, T>(
    snapshot: &Snapshot,
    call: &Call,
    host: &str,
    open: impl Fn(S) -> (Vec<T>, Option<Warning>),
) -> Observed<Vec<T>> {
    let pages = match snapshot.pages::<Aggregated<S>>(call, host, &[]) {
        Ok(pages) => pages,
        Err(gap) => return Observed::missing(gap),
    };
    let (mut all, mut sources) = (Vec::new(), Vec::new());
    for page in pages {
        if let Some(warning) = page.value.warning.filter(is_a_hole) {
            return Observed::missing(hole(call, host, &said(&warning)));
        }
        if let Some(scope) = page.value.unreachables.first() {
            return Observed::missing(hole(call, host, &format!("`{scope}` did not answer")));
        }
        sources.extend(page.record.evidence(""));
        for (name, scope) in page.value.items.into_iter().flatten() {
            let (members, warning) = open(scope);
            if let Some(warning) = warning.filter(is_a_hole) {
                return Observed::missing(hole(call, host, &format!("`{name}`: {}", said(&warning))));
            }
            all.extend(members);
        }
    }
    Observed::known(all, sources)
}

fn hole(call: &Call, host: &str, why: &str) -> Gap {
    Gap::Unreachable { call: call.name.to_owned(), scope: host.to_owned(), why: why.to_owned() }
}

//! The node pools of a cluster.

use super::{
    balancers::Balancers,
    endpoint::net,
    exposure::{ExposureBook, addresses, exposures, traits, unknown},
    firewall::{Direction, Firewalls, Traits},
    lifecycle::upkeep,
    login::{interactive, metadata},
    machinery::machinery,
    machines::{Machines, UnreadMachine, node, pool_name},
    network::{Guards, NetworkBook},
    routes::{self, Hop},
};
use crate::{
    calls::COMPUTE_PROJECT,
    record::{
        compute::{ComputeProject, Instance},
        container::{Cluster, NodePool},
        names::{host_and_network, region_of},
        nodes::is_autopilot,
        word::EGRESS_MODE,
    },
};
use palisade_model::{
    ClusterId, DefaultRoute, Egress, Evidence, Filters, Gap, Node, Observed, OpenRule, Pool, PoolId, PoolKind,
    PublicAddresses, SubnetFilter,
};
use palisade_reach::{AddrSet, Bounds, Family, PacketSet, Protocol, internet};
use std::collections::BTreeMap;

/// What the pools of a project's clusters share.
#[derive(Debug)]
pub(crate) struct PoolContext<'a> {
    pub(crate) project: &'a str,
    pub(crate) machines: &'a Observed<Machines>,
    pub(crate) compute_project: &'a Observed<ComputeProject>,
    pub(crate) networks: &'a NetworkBook<'a>,
    pub(crate) balancers: &'a Observed<Balancers>,
    pub(crate) exposures: &'a ExposureBook,
}

/// A cluster and where its record stands.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) id: &'a ClusterId,
    pub(crate) cluster: &'a Cluster,
    pub(crate) location: &'a str,
    pub(crate) evidence: &'a [Evidence],
}

impl Subject<'_> {
    /// The host project, name and region of its network.
    pub(crate) fn network<'b>(&'b self, project: &'b str) -> Result<(&'b str, &'b str, &'b str), Gap> {
        let text = self.cluster.network_config.as_ref().and_then(|config| config.network.as_deref());
        let text = text.or(self.cluster.network.as_deref()).ok_or_else(|| Gap::Malformed {
            call: crate::calls::CLUSTERS_LIST.name.to_owned(),
            scope: project.to_owned(),
            pointer: "/networkConfig/network".to_owned(),
            why: format!("cluster `{}` names no network", self.id),
        })?;
        let (host, network) = host_and_network(text, project);
        Ok((host, network, region_of(self.location)))
    }
}

/// The pools of a cluster: those it lists, and those its machines belong to beside them.
pub(crate) fn pools(context: &PoolContext<'_>, subject: &Subject<'_>) -> Vec<Pool> {
    let name = subject.cluster.name.as_deref().unwrap_or_default();
    let mut machines: BTreeMap<String, Vec<&Instance>> = BTreeMap::new();
    let mut members: Vec<&Instance> = Vec::new();
    let mut unread: Vec<&UnreadMachine> = Vec::new();
    if let Ok(all) = context.machines.get() {
        members = all.of(name, subject.location);
        unread.extend(all.unread_of(name, subject.location));
        let only = match subject.cluster.node_pools.as_slice() {
            [pool] => pool.name.as_deref(),
            _ => None,
        };
        for machine in &members {
            // Machines from before the label existed belong to the only pool, if there is only one.
            let pool = pool_name(machine).or(only).unwrap_or("(no pool)");
            machines.entry(pool.to_owned()).or_default().push(machine);
        }
    }
    let own = own_addresses(subject.cluster, &members);
    let of_pool = |name: &str| -> Vec<&UnreadMachine> {
        unread.iter().copied().filter(|machine| machine.may_be_in(name)).collect()
    };
    let mut pools = Vec::new();
    for record in &subject.cluster.node_pools {
        let name = record.name.clone().unwrap_or_default();
        let here = machines.remove(&name).unwrap_or_default();
        pools.push(pool(context, subject, &name, Some(record), (&here, &of_pool(&name)), &own));
    }
    for (name, here) in machines {
        pools.push(pool(context, subject, &name, None, (&here, &of_pool(&name)), &own));
    }
    pools.sort_by(|a, b| a.id.cmp(&b.id));
    pools
}

/// Addresses of the cluster itself: of its pods and of its machines.
fn own_addresses(cluster: &Cluster, members: &[&Instance]) -> AddrSet {
    let pods = cluster.pod_cidr.as_deref().and_then(net);
    let machines = members.iter().flat_map(|machine| node(machine).private).map(ipnet::IpNet::from);
    AddrSet::from_nets(pods.into_iter().chain(machines))
}

fn pool(
    context: &PoolContext<'_>,
    subject: &Subject<'_>,
    name: &str,
    record: Option<&NodePool>,
    (machines, unread): (&[&Instance], &[&UnreadMachine]),
    own: &AddrSet,
) -> Pool {
    let sources = |more: &[&[Evidence]]| -> Vec<Evidence> {
        let mut all = subject.evidence.to_vec();
        for evidence in more.iter().flat_map(|list| list.iter()) {
            if !all.contains(evidence) {
                all.push(evidence.clone());
            }
        }
        all
    };
    let seen = context.machines.sources();
    let listed = || context.machines.get().map(|_| ());
    let kind = match record {
        _ if is_autopilot(subject.cluster) => PoolKind::Automatic,
        Some(record) if record.autoscaling.as_ref().is_some_and(|scaling| scaling.autoprovisioned == Some(true)) => {
            PoolKind::Automatic
        }
        Some(_) => PoolKind::Managed,
        None => PoolKind::SelfManaged,
    };
    // A machine nobody could read may be like its neighbours or not: what is bad of them stands, what is good does not.
    let doubt = unread.first().map(|machine| &machine.gap);
    let known = || -> Vec<Node> {
        let mut nodes: Vec<_> = machines.iter().map(|machine| node(machine)).collect();
        nodes.sort_by(|a, b| a.id.cmp(&b.id));
        nodes
    };
    let nodes = listed().and_then(|()| doubt.map_or_else(|| Ok(known()), |gap| Err(gap.clone())));
    let private = record.map(|record| is_private(subject.cluster, record));
    let public_addresses = listed().map(|()| PublicAddresses {
        setting: private.as_ref().map(|(private, _)| !private),
        because: private
            .as_ref()
            .map_or_else(|| "the cluster does not list this pool".to_owned(), |(_, because)| because.clone()),
        held_by: known().iter().filter(|node| !node.public.is_empty()).map(|node| node.id.clone()).collect(),
    });
    let public_addresses = settled(public_addresses, doubt, |found| !found.held_by.is_empty());
    let mut reach_sources = sources(&[seen, context.balancers.sources()]);
    let exposure = listed().and_then(|()| {
        let ways = (context.networks, context.balancers.get()?);
        exposures(context.exposures, ways, context.project, machines, own, &mut reach_sources)
    });
    let (mut guard_sources, mut route_sources, mut nat_sources) = (Vec::new(), Vec::new(), Vec::new());
    let place = subject.network(context.project);
    let (exposure, filters, default_route, egress) = match place {
        Err(gap) => (exposure, Err(gap.clone()), Err(gap.clone()), Err(gap)),
        Ok((host, network, region)) => {
            let guards = context.networks.guards(host, network, region);
            let table = context.networks.routes(host, network);
            let nats = context.networks.translations(host, network, region);
            let kinds = |firewalls: &Firewalls| distinct(machines, firewalls);
            guard_sources.extend_from_slice(guards.sources());
            route_sources.extend_from_slice(table.sources());
            nat_sources.extend_from_slice(nats.sources());
            let filters = listed().and_then(|()| {
                let guards = guards.get()?;
                let filters = open_rules(&guards.ingress, &kinds(&guards.ingress), own);
                let proves = |filters: &Filters| filters.open.iter().any(|rule| !rule.sources.lower().is_empty());
                settled(Ok(filters), guards.unread.as_ref().or(doubt), proves)
            });
            let default_route = listed().and_then(|()| {
                let public = machines.iter().any(|machine| has_external(machine))
                    || private.as_ref().is_some_and(|(private, _)| !private);
                let table = table.get()?;
                if let Some(gap) = &table.unread {
                    return Err(gap.clone());
                }
                let found = worst_route(table, &kinds(&Firewalls::default()), public, nats.get()?);
                settled(Ok(found), doubt, |found| matches!(found, DefaultRoute::Internet { .. }))
            });
            let egress = listed().and_then(|()| {
                let guards = guards.get()?;
                let found = outward(guards, table.get()?, &kinds(&guards.egress), subject.cluster);
                settled(found, doubt, |found| found.unrestricted.is_some() && found.forced_through.is_none())
            });
            let exposure = exposure.and_then(|mut exposure| {
                let (guards, table, balancers) = (guards.get()?, table.get()?, context.balancers.get()?);
                exposure.extend(unread.iter().map(|machine| unknown(machine, &guards.local)));
                // An empty pool has no exposure, and still it is only known to be empty where the network is known.
                let unread = [&guards.unread, &table.unread, &balancers.unread].into_iter().flatten().next();
                match unread {
                    Some(gap) if exposure.is_empty() => Err(gap.clone()),
                    _ => Ok(exposure),
                }
            });
            (exposure, filters, default_route, egress)
        }
    };
    reach_sources = sources(&[&reach_sources, &guard_sources, &route_sources]);
    Pool {
        id: PoolId::new(format!("{}/nodePools/{name}", subject.id)),
        name: name.to_owned(),
        kind,
        nodes: Observed::from_result(nodes.clone(), sources(&[seen])),
        public_addresses: Observed::from_result(public_addresses, sources(&[seen])),
        exposure: Observed::from_result(exposure, reach_sources),
        filters: Observed::from_result(filters, sources(&[seen, &guard_sources])),
        default_route: Observed::from_result(default_route, sources(&[seen, &route_sources, &nat_sources])),
        egress: Observed::from_result(egress, sources(&[seen, &guard_sources, &route_sources])),
        interactive: interactive(
            context,
            subject,
            record,
            (machines, doubt),
            sources(&[seen, context.compute_project.sources()]),
        ),
        metadata: Observed::known(metadata(subject.cluster, record), subject.evidence.to_vec()),
        machinery: machinery(
            context,
            subject,
            record,
            listed().and_then(|()| doubt.map_or(Ok(machines.len()), |gap| Err(gap.clone()))),
        ),
        upkeep: upkeep(subject.cluster, record, subject.evidence),
    }
}

/// What was found, where it is a proof or nothing is in doubt.
fn settled<T>(found: Result<T, Gap>, doubt: Option<&Gap>, proves: impl Fn(&T) -> bool) -> Result<T, Gap> {
    match doubt {
        Some(gap) if !found.as_ref().is_ok_and(proves) => Err(gap.clone()),
        _ => found,
    }
}

/// Whether a pool's machines get no external address, and the setting that says so. A pool without a setting of its own
/// follows the cluster, and a cluster without one gives external addresses.
fn is_private(cluster: &Cluster, pool: &NodePool) -> (bool, String) {
    let own = pool.network_config.as_ref().and_then(|config| config.enable_private_nodes);
    let of_cluster = cluster.network_config.as_ref().and_then(|config| config.default_enable_private_nodes);
    let old = cluster.private_cluster_config.as_ref().and_then(|config| config.enable_private_nodes);
    match (own, of_cluster, old) {
        (Some(private), _, _) => (private, format!("the pool's `enablePrivateNodes` is {private}")),
        (None, Some(private), _) => (private, format!("the cluster's `defaultEnablePrivateNodes` is {private}")),
        (None, None, Some(private)) => (private, format!("the cluster's `enablePrivateNodes` is {private}")),
        (None, None, None) => (false, "private nodes are off, which is the default".to_owned()),
    }
}

fn has_external(machine: &Instance) -> bool {
    !node(machine).public.is_empty()
}

/// What rules may ask of the pool's machines, each distinct kind once. A pool without machines is asked about as a
/// machine without tags.
fn distinct(machines: &[&Instance], firewalls: &Firewalls) -> Vec<Traits> {
    let of = |machine: &&Instance| {
        let own: Vec<_> = machine.network_interfaces.iter().flat_map(addresses).collect();
        traits(machine, firewalls.own_hits(&own))
    };
    let mut kinds: Vec<Traits> = machines.iter().map(of).collect();
    kinds.sort();
    kinds.dedup();
    if kinds.is_empty() {
        kinds.push(Traits { tags: Vec::new(), accounts: Vec::new(), own: Vec::new() });
    }
    kinds
}

/// Allow rules for every port of TCP and UDP from outside the cluster. Google has no filter at the subnet.
fn open_rules(ingress: &Firewalls, kinds: &[Traits], own: &AddrSet) -> Filters {
    let mut open: BTreeMap<String, OpenRule> = BTreeMap::new();
    for traits in kinds {
        for (compiled, rule) in ingress.allows(traits) {
            // The rule GKE makes for the machines of one cluster among themselves.
            let among_themselves =
                !compiled.source_tags.is_empty() && compiled.source_tags.iter().all(|tag| traits.tags.contains(tag));
            if among_themselves {
                continue;
            }
            let sources = everything_from(&rule.matches).subtract(&Bounds::exact(own.clone()));
            if !sources.upper().is_empty() {
                let id = rule.id.as_str().to_owned();
                open.insert(id.clone(), OpenRule { rule: id, sources, text: compiled.text.clone() });
            }
        }
    }
    Filters { subnet: SubnetFilter::NotOffered, open: open.into_values().collect() }
}

/// The sources from which a rule matches every port of TCP and of UDP.
fn everything_from(matches: &Bounds<PacketSet>) -> Bounds<AddrSet> {
    matches.map(|packets| {
        let [tcp, udp] = [Protocol::TCP, Protocol::UDP].map(|protocol| {
            let groups = packets.ports_by_sources(protocol);
            if packets.ports_open(protocol).is_full() {
                groups.iter().map(|(_, sources)| sources.clone()).reduce(|a, b| a.intersect(&b)).unwrap_or_default()
            } else {
                AddrSet::empty()
            }
        });
        tcp.intersect(&udp)
    })
}

/// The way to the internet that is most open among the pool's machines.
fn worst_route(table: &routes::Routes, kinds: &[Traits], public: bool, translations: &[String]) -> DefaultRoute {
    let mut found = DefaultRoute::None;
    for traits in kinds {
        let seen = table.seen_by(&traits.tags);
        for route in routes::default(&seen) {
            let this = match &route.target {
                Hop::Internet if public => DefaultRoute::Internet { via: route.id.as_str().to_owned() },
                // Without external addresses the gateway serves only what Cloud NAT translates.
                Hop::Internet => match translations.first() {
                    Some(nat) => DefaultRoute::Brokered { via: format!("Cloud NAT {nat}") },
                    None => DefaultRoute::None,
                },
                Hop::Through(hop) => DefaultRoute::Brokered { via: hop.clone() },
            };
            found = match (found, this) {
                (found @ DefaultRoute::Internet { .. }, _) => found,
                (DefaultRoute::None, this) | (_, this @ DefaultRoute::Internet { .. }) => this,
                (found, _) => found,
            };
        }
    }
    found
}

/// What may leave the pool's machines. Rules that surely hold something back answer whatever the routes are, and so do
/// routes that surely force everything through something, whatever the rules are.
fn outward(guards: &Guards, table: &routes::Routes, kinds: &[Traits], cluster: &Cluster) -> Result<Egress, Gap> {
    // What was not read is the better answer than what that leaves open.
    let rules = unrestricted(&guards.egress, kinds).map_err(|open| guards.unread.clone().unwrap_or(open));
    // Forced only where no kind of machine has another way out.
    let forced = || {
        let ways: Option<Vec<String>> = kinds.iter().map(|traits| only_way_out(&table.seen_by(&traits.tags))).collect();
        ways.and_then(|ways| ways.into_iter().next())
    };
    let routes = table.unread.as_ref().map_or_else(|| Ok(forced()), |gap| Err(gap.clone()));
    let (unrestricted, forced_through) = match (rules, routes) {
        (rules, Ok(Some(forced))) => (rules.ok().flatten(), Some(forced)),
        (Ok(rules), Ok(None)) => (rules, None),
        (Ok(None), Err(_)) => (None, None),
        (Err(gap), _) | (Ok(Some(_)), Err(gap)) => return Err(gap),
    };
    let control_plane = cluster
        .control_plane_egress
        .as_ref()
        .and_then(|config| config.mode.as_ref())
        .map(|mode| mode.name(EGRESS_MODE).into_owned());
    Ok(Egress { unrestricted, forced_through, control_plane })
}

/// The rule by which some kind of machine may reach every destination, told by HTTPS, the protocol that everything can
/// hide in.
fn unrestricted(egress: &Firewalls, kinds: &[Traits]) -> Result<Option<String>, Gap> {
    let everywhere = internet().family(Family::V4);
    let mut open = None;
    for traits in kinds {
        let outcome = egress.outcome(traits, Direction::Egress);
        let reached = outcome.allowed.map(|packets| packets.sources(Protocol::TCP, 443));
        if everywhere.is_subset(reached.lower()) {
            let by = outcome.witness(Family::V4, Protocol::TCP, 443);
            let by = by.last().map_or("the implied rule", |rule| rule.as_str());
            return Ok(Some(format!("`{by}` allows every destination")));
        }
        if everywhere.is_subset(reached.upper()) {
            let what = format!("egress rules match by what was not read: {}", egress.limits.join("; "));
            open.get_or_insert(Gap::Unsettled { what });
        }
    }
    open.map_or(Ok(None), Err)
}

/// What everything that leaves has to pass; nothing when some of it leaves by the internet gateway.
fn only_way_out(routes: &[palisade_reach::Route<Hop>]) -> Option<String> {
    let defaults = routes::default(routes);
    let Some(first) = defaults.first() else { return Some("no default route".to_owned()) };
    let hops: Option<Vec<String>> = defaults
        .iter()
        .map(|route| match &route.target {
            Hop::Internet => None,
            Hop::Through(hop) => Some(format!("{hop} (route {})", first.id)),
        })
        .collect();
    hops?.into_iter().next()
}

/// What a project gives to all its machines.
pub(crate) fn compute_project(snapshot: &palisade_provider::Snapshot, project: &str) -> Observed<ComputeProject> {
    snapshot.one(&COMPUTE_PROJECT, project, &[])
}

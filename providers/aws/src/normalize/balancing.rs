//! The load balancers of a region: from which listeners they forward, to which machines and ports.

mod rules;

use super::trail::table;
use crate::{
    calls,
    record::{
        Query,
        balancing::{
            ClassicLoadBalancer, ClassicLoadBalancers, InstanceHealth, Listener, ListenerRule, Listeners, LoadBalancer,
            LoadBalancers, Rules, TargetGroup, TargetGroupAttributes, TargetGroups, TargetHealth,
            TargetHealthDescription,
        },
        compute::Interface,
    },
};
use palisade_model::{Gap, Observed};
use palisade_provider::{Call, Snapshot};
use palisade_reach::{AddrSet, Bounds, Certainty, Protocol};
use serde::de::DeserializeOwned;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
};

/// A port of a machine that is the target of a load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Behind {
    /// Its place among [`Fronts::paths`].
    pub(super) path: usize,
    pub(super) port: u16,
    /// Whether the balancer surely sends clients there now.
    pub(super) certainty: Certainty,
}

/// One way from a load balancer that faces the internet to a group of targets.
#[derive(Debug)]
pub(super) struct Path {
    /// The balancer that clients speak to, and the one that speaks to the targets: mostly the same.
    pub(super) front: usize,
    pub(super) back: usize,
    /// The ports on which it takes clients for these targets.
    pub(super) entries: Vec<Entry>,
    /// The protocols in which it speaks to the targets; none when that is not known.
    pub(super) protocols: Vec<Protocol>,
    /// Whether the targets see the client's own address.
    pub(super) preserves: Certainty,
    /// Why it is not sure what gets there, where something was not read.
    pub(super) doubt: Option<String>,
}

/// A port on which a balancer takes clients.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) protocol: Protocol,
    pub(super) port: u16,
    /// The clients that are sent on to the targets, of those who get there.
    pub(super) clients: Bounds<AddrSet>,
}

/// Everything that load balancers of a region are known to forward.
#[derive(Debug, Default)]
pub(super) struct Fronts {
    pub(super) paths: Vec<Path>,
    /// Balancers that face the internet and of which not everything was read: they may forward to anybody.
    pub(super) unread: BTreeMap<usize, String>,
    by_instance: HashMap<String, BTreeSet<Behind>>,
    by_address: HashMap<IpAddr, BTreeSet<Behind>>,
}

/// The load balancers of a scope.
pub(super) fn load_balancers(snapshot: &Snapshot, scope: &str) -> Observed<Vec<LoadBalancer>> {
    let call = &calls::DESCRIBE_LOAD_BALANCERS;
    table(snapshot, call, scope, |Query(page): Query<LoadBalancers>| page.load_balancers)
}

/// The load balancers of the first generation of a scope.
pub(super) fn classics(snapshot: &Snapshot, scope: &str) -> Observed<Vec<ClassicLoadBalancer>> {
    let call = &calls::DESCRIBE_CLASSIC_LOAD_BALANCERS;
    table(snapshot, call, scope, |Query(page): Query<ClassicLoadBalancers>| page.load_balancer_descriptions)
}

/// The groups of targets of a scope.
pub(super) fn target_groups(snapshot: &Snapshot, scope: &str) -> Observed<Vec<TargetGroup>> {
    let call = &calls::DESCRIBE_TARGET_GROUPS;
    table(snapshot, call, scope, |Query(page): Query<TargetGroups>| page.target_groups)
}

impl Fronts {
    /// Follows every balancer that faces the internet to its targets.
    pub(super) fn read(
        snapshot: &Snapshot,
        scope: &str,
        (balancers, classics): (&Observed<Vec<LoadBalancer>>, &Observed<Vec<ClassicLoadBalancer>>),
        groups: &Observed<Vec<TargetGroup>>,
        networks: Option<&BTreeSet<&str>>,
    ) -> Self {
        let mut fronts = Self::default();
        let Ok(balancers) = balancers.get() else { return fronts };
        let facing = |front: usize| balancers.get(front).is_some_and(LoadBalancer::faces_internet);
        let of_classics = classics.get().map(Vec::as_slice).unwrap_or_default();
        // Those of the first generation stand behind the others.
        let second = balancers.len().saturating_sub(of_classics.len());
        let groups = match groups.get() {
            Ok(groups) => groups,
            Err(gap) => {
                let all = (0..second).filter(|front| facing(*front));
                fronts.unread = all.map(|front| (front, gap.to_string())).collect();
                &Vec::new()
            }
        };
        let reader = Reader { snapshot, scope, balancers, groups, networks };
        let unread = fronts.unread.keys().copied().collect::<BTreeSet<_>>();
        for (front, balancer) in balancers.iter().enumerate().take(second) {
            if !facing(front) || unread.contains(&front) {
                continue;
            }
            if let Err(gap) = reader.follow(&mut fronts, front, balancer) {
                fronts.unread.insert(front, gap.to_string());
            }
        }
        for (front, classic) in (second..).zip(of_classics).filter(|(front, _)| facing(*front)) {
            if let Err(gap) = reader.follow_classic(&mut fronts, front, classic) {
                fronts.unread.insert(front, gap.to_string());
            }
        }
        fronts
    }

    /// What an interface of a machine is the target of. Targets by instance are its first interface.
    pub(super) fn behind(&self, instance: &str, first: bool, interface: &Interface) -> Vec<Behind> {
        let by_instance = self.by_instance.get(instance).filter(|_| first).into_iter().flatten().copied();
        let mut found: BTreeSet<Behind> = by_instance.collect();
        for own in &interface.private_ip_addresses_set {
            let address = own.private_ip_address.as_deref().and_then(|text| text.parse::<IpAddr>().ok());
            let targets = address.and_then(|address| self.by_address.get(&address)).into_iter().flatten();
            // Other addresses of an interface are those of pods (VPC CNI), unless the machine itself answers on them.
            let is_own = own.primary != Some(false);
            found.extend(targets.map(|one| Behind {
                certainty: if is_own { one.certainty } else { Certainty::Maybe.min(one.certainty) },
                ..*one
            }));
        }
        let v6 = interface.ipv6_addresses.iter().filter_map(|one| one.ipv6_address.as_deref()?.parse::<IpAddr>().ok());
        found.extend(v6.filter_map(|address| self.by_address.get(&address)).flatten());
        found.into_iter().collect()
    }
}

struct Reader<'a> {
    snapshot: &'a Snapshot,
    scope: &'a str,
    balancers: &'a [LoadBalancer],
    groups: &'a [TargetGroup],
    /// The networks of the clusters, where they are known.
    networks: Option<&'a BTreeSet<&'a str>>,
}

/// A listener, with its rules where it has any.
struct Known<'a> {
    listener: &'a Listener,
    rules: Option<Observed<Vec<ListenerRule>>>,
}

impl Reader<'_> {
    fn list<T: DeserializeOwned, U>(
        &self,
        call: &Call,
        (name, id): (&str, &str),
        members: impl Fn(T) -> Vec<U>,
    ) -> Observed<Vec<U>> {
        self.snapshot.list(call, self.scope, &[(name, id)], |Query(page): Query<T>| members(page))
    }

    /// The paths of one balancer, through another one where it stands in front of that.
    fn follow(&self, fronts: &mut Fronts, front: usize, balancer: &LoadBalancer) -> Result<(), Gap> {
        let arn = balancer.load_balancer_arn.as_deref().unwrap_or_default();
        let of = |arn: &str| {
            let arn = arn.to_owned();
            self.groups.iter().filter(move |group| group.load_balancer_arns.contains(&arn) && self.concerns(group))
        };
        let mut attached = of(arn).peekable();
        if attached.peek().is_none() {
            return Ok(());
        }
        let listeners = self.list(&calls::DESCRIBE_LISTENERS, ("balancer", arn), |page: Listeners| page.listeners);
        let listeners = listeners.get()?;
        if let Some(odd) = listeners.iter().find(|one| spoken(one.protocol.as_deref()).is_empty() || one.port.is_none())
        {
            return Err(Gap::Unsettled { what: format!("a listener speaks {:?}, which is not known", odd.protocol) });
        }
        let known: Vec<Known<'_>> = listeners.iter().map(|listener| self.with_rules(balancer, listener)).collect();
        let doubt = known.iter().find_map(|one| one.rules.as_ref()?.gap().map(ToString::to_string));
        for group in attached {
            let entries = entries(&known, group);
            if group.target_type.as_deref() != Some("alb") {
                self.targets(fronts, (front, front), (entries, doubt.clone()), group)?;
                continue;
            }
            // A network balancer in front of an application balancer: that one may send on or answer by itself.
            let maybe: Vec<Entry> = entries.into_iter().map(Entry::perhaps).collect();
            let within = "the rules of a load balancer behind another one are not read".to_owned();
            for target in self.health(group)?.get()? {
                let id = target.target.as_ref().and_then(|target| target.id.as_deref()).unwrap_or_default();
                let back = self.balancers.iter().position(|one| one.load_balancer_arn.as_deref() == Some(id));
                let unlisted = || Gap::Unsettled { what: format!("load balancer `{id}` behind it is not in the list") };
                let back = back.ok_or_else(unlisted)?;
                for inner in of(id) {
                    self.targets(fronts, (front, back), (maybe.clone(), Some(within.clone())), inner)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a group may hold machines of the clusters: its targets stand in their networks, or may.
    fn concerns(&self, group: &TargetGroup) -> bool {
        let Some(networks) = self.networks else { return true };
        let there = group.vpc_id.as_deref().is_none_or(|vpc| networks.contains(vpc));
        // Addresses may lie in any network that is connected with the group's own.
        there || group.target_type.as_deref() == Some("ip") || group.target_type.as_deref() == Some("alb")
    }

    fn with_rules<'b>(&self, balancer: &LoadBalancer, listener: &'b Listener) -> Known<'b> {
        if balancer.kind.as_deref() != Some("application") {
            return Known { listener, rules: None };
        }
        let arn = listener.listener_arn.as_deref().unwrap_or_default();
        let rules = self.list(&calls::DESCRIBE_RULES, ("listener", arn), |page: Rules| page.rules);
        Known { listener, rules: Some(rules) }
    }

    /// The paths of a balancer of the first generation: each listener sends every client to one port of every machine that
    /// is healthy, and speaks to them itself.
    fn follow_classic(&self, fronts: &mut Fronts, front: usize, classic: &ClassicLoadBalancer) -> Result<(), Gap> {
        if let (Some(vpc), Some(networks)) = (classic.vpc_id.as_deref(), self.networks)
            && !networks.contains(vpc)
        {
            return Ok(());
        }
        let Some(name) = classic.load_balancer_name.as_deref() else {
            return Err(Gap::Unsettled { what: "a Classic Load Balancer has no name".to_owned() });
        };
        let health = self
            .list(&calls::DESCRIBE_INSTANCE_HEALTH, ("balancer", name), |page: InstanceHealth| page.instance_states);
        let serves = |id: &str| {
            let states = health.get().ok().into_iter().flatten();
            let served = states
                .into_iter()
                .any(|one| one.instance_id.as_deref() == Some(id) && one.state.as_deref() == Some("InService"));
            if served { Certainty::Yes } else { Certainty::Maybe }
        };
        for described in &classic.listener_descriptions {
            let port = |number: Option<i64>| number.and_then(|number| u16::try_from(number).ok());
            let listener = described.listener.as_ref();
            let ports = listener.and_then(|one| Some((port(one.load_balancer_port)?, port(one.instance_port)?)));
            let Some((from, to)) = ports else {
                return Err(Gap::Unsettled { what: format!("a listener of {name} has no port") });
            };
            let path = fronts.paths.len();
            for instance in &classic.instances {
                let Some(id) = instance.instance_id.as_deref() else {
                    return Err(Gap::Unsettled { what: format!("a machine behind {name} has no id") });
                };
                let behind = Behind { path, port: to, certainty: serves(id) };
                fronts.by_instance.entry(id.to_owned()).or_default().insert(behind);
            }
            fronts.paths.push(Path {
                front,
                back: front,
                entries: vec![Entry { protocol: Protocol::TCP, port: from, clients: Bounds::exact(AddrSet::all()) }],
                protocols: vec![Protocol::TCP],
                preserves: Certainty::No,
                doubt: health.gap().map(ToString::to_string),
            });
        }
        Ok(())
    }

    /// One path and all its targets.
    fn targets(
        &self,
        fronts: &mut Fronts,
        (front, back): (usize, usize),
        (entries, doubt): (Vec<Entry>, Option<String>),
        group: &TargetGroup,
    ) -> Result<(), Gap> {
        if group.target_type.as_deref() == Some("lambda") {
            return Ok(());
        }
        let health = self.health(group)?;
        let path = fronts.paths.len();
        let application = self.balancers.get(back).and_then(|one| one.kind.as_deref()) == Some("application");
        let preserves = if application { Certainty::No } else { self.preserves(group) };
        for target in health.get()? {
            let Some((id, port)) = target
                .target
                .as_ref()
                .and_then(|one| Some((one.id.as_deref()?, u16::try_from(one.port.or(group.port)?).ok()?)))
            else {
                return Err(Gap::Unsettled { what: "a target has no id or port".to_owned() });
            };
            let behind = Behind { path, port, certainty: is_served(target) };
            match id.parse::<IpAddr>() {
                Ok(address) => drop(fronts.by_address.entry(address).or_default().insert(behind)),
                Err(_) => drop(fronts.by_instance.entry(id.to_owned()).or_default().insert(behind)),
            }
        }
        let protocols = spoken(group.protocol.as_deref());
        fronts.paths.push(Path { front, back, entries, protocols, preserves, doubt });
        Ok(())
    }

    fn health(&self, group: &TargetGroup) -> Result<Observed<Vec<TargetHealthDescription>>, Gap> {
        let Some(arn) = group.target_group_arn.as_deref() else {
            return Err(Gap::Unsettled { what: "a target group has no ARN".to_owned() });
        };
        let call = &calls::DESCRIBE_TARGET_HEALTH;
        Ok(self.list(call, ("group", arn), |page: TargetHealth| page.target_health_descriptions))
    }

    /// The attribute decides. Without it: targets by instance and datagrams keep the client's address, others do not
    /// (Network Load Balancer guide, client IP preservation).
    fn preserves(&self, group: &TargetGroup) -> Certainty {
        let arn = group.target_group_arn.as_deref().unwrap_or_default();
        let call = &calls::DESCRIBE_TARGET_GROUP_ATTRIBUTES;
        let read = self.list(call, ("group", arn), |page: TargetGroupAttributes| page.attributes);
        let Ok(attributes) = read.get() else { return Certainty::Maybe };
        let said = attributes.iter().find(|one| one.key.as_deref() == Some("preserve_client_ip.enabled"));
        let keeps = match said.and_then(|one| one.value.as_deref()) {
            Some(value) => value == "true",
            None => {
                group.target_type.as_deref() == Some("instance")
                    || group.protocol.as_deref().is_some_and(|protocol| protocol.contains("UDP"))
            }
        };
        if keeps { Certainty::Yes } else { Certainty::No }
    }
}

impl Entry {
    /// The same, where nobody knows whether any of its clients is sent on.
    fn perhaps(self) -> Self {
        Self { clients: Bounds::unknown_within(self.clients.upper().clone()), ..self }
    }
}

/// The ports of a balancer that lead to a group, or may. A group that is attached and that nothing read leads to may stand
/// behind each of them.
fn entries(listeners: &[Known<'_>], group: &TargetGroup) -> Vec<Entry> {
    let arn = group.target_group_arn.as_deref().unwrap_or_default();
    let of = |listener: &Listener, clients: &Bounds<AddrSet>| {
        let port = listener.port.and_then(|port| u16::try_from(port).ok());
        let ports = port.into_iter().flat_map(|port| {
            let protocols = spoken(listener.protocol.as_deref());
            protocols.into_iter().map(move |protocol| Entry { protocol, port, clients: clients.clone() })
        });
        ports.collect::<Vec<_>>()
    };
    let anybody = Bounds::unknown_within(AddrSet::all());
    let clients = |known: &Known<'_>| match (&known.rules, rules::forwards(&known.listener.default_actions, arn)) {
        (None, Certainty::Yes) => Bounds::exact(AddrSet::all()),
        (None, Certainty::Maybe) => anybody.clone(),
        (None, Certainty::No) => Bounds::exact(AddrSet::empty()),
        // Rules nobody could read may send everybody there, or everybody elsewhere.
        (Some(rules), _) => rules.get().map_or_else(|_| anybody.clone(), |rules| rules::clients(rules, arn)),
    };
    let chosen = listeners.iter().map(|known| (known.listener, clients(known)));
    let chosen: Vec<_> = chosen.filter(|(_, clients)| !clients.upper().is_empty()).collect();
    if chosen.is_empty() && listeners.iter().all(|known| known.rules.is_none()) {
        return listeners.iter().flat_map(|known| of(known.listener, &anybody)).collect();
    }
    chosen.iter().flat_map(|(listener, clients)| of(listener, clients)).collect()
}

/// The protocols below a balancer's. None for one we do not know.
fn spoken(protocol: Option<&str>) -> Vec<Protocol> {
    match protocol {
        Some("TCP" | "TLS" | "HTTP" | "HTTPS") => vec![Protocol::TCP],
        Some("UDP" | "QUIC") => vec![Protocol::UDP],
        Some("TCP_UDP" | "TCP_QUIC") => vec![Protocol::TCP, Protocol::UDP],
        Some(_) | None => Vec::new(),
    }
}

/// Whether a balancer sends clients to a target now. It may come to do so for every one that is registered.
fn is_served(target: &TargetHealthDescription) -> Certainty {
    match target.target_health.as_ref().and_then(|health| health.state.as_deref()) {
        Some("healthy" | "unavailable") => Certainty::Yes,
        Some(_) | None => Certainty::Maybe,
    }
}

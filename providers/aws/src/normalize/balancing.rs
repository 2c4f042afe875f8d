//! The load balancers of a region: from which listeners they forward, to which machines and ports.

use super::trail::table;
use crate::{
    calls,
    record::{
        Query,
        balancing::{
            Listener, Listeners, LoadBalancer, LoadBalancers, TargetGroup, TargetGroupAttributes, TargetGroups,
            TargetHealth, TargetHealthDescription,
        },
        compute::Interface,
    },
};
use palisade_model::{Gap, Observed};
use palisade_provider::{Call, Snapshot};
use palisade_reach::{Certainty, Protocol};
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
}

/// A port on which a balancer takes clients.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) protocol: Protocol,
    pub(super) port: u16,
    /// Whether every client that gets there is sent on to the targets.
    pub(super) certainty: Certainty,
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
        balancers: &Observed<Vec<LoadBalancer>>,
        groups: &Observed<Vec<TargetGroup>>,
    ) -> Self {
        let mut fronts = Self::default();
        let Ok(balancers) = balancers.get() else { return fronts };
        let groups = match groups.get() {
            Ok(groups) => groups,
            Err(gap) => {
                let facing = balancers.iter().enumerate().filter(|(_, balancer)| balancer.faces_internet());
                fronts.unread = facing.map(|(front, _)| (front, gap.to_string())).collect();
                return fronts;
            }
        };
        let reader = Reader { snapshot, scope, balancers, groups };
        for (front, balancer) in balancers.iter().enumerate().filter(|(_, balancer)| balancer.faces_internet()) {
            if let Err(gap) = reader.follow(&mut fronts, front, balancer) {
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
            self.groups.iter().filter(move |group| group.load_balancer_arns.contains(&arn))
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
        for group in attached {
            let entries = entries(listeners, group);
            if group.target_type.as_deref() != Some("alb") {
                self.targets(fronts, (front, front), entries, group)?;
                continue;
            }
            // A network balancer in front of an application balancer: that one may send on or answer by itself.
            let maybe: Vec<Entry> =
                entries.into_iter().map(|entry| Entry { certainty: Certainty::Maybe, ..entry }).collect();
            for target in self.health(group)?.get()? {
                let id = target.target.as_ref().and_then(|target| target.id.as_deref()).unwrap_or_default();
                let back = self.balancers.iter().position(|one| one.load_balancer_arn.as_deref() == Some(id));
                let unlisted = || Gap::Unsettled { what: format!("load balancer `{id}` behind it is not in the list") };
                let back = back.ok_or_else(unlisted)?;
                for inner in of(id) {
                    self.targets(fronts, (front, back), maybe.clone(), inner)?;
                }
            }
        }
        Ok(())
    }

    /// One path and all its targets.
    fn targets(
        &self,
        fronts: &mut Fronts,
        (front, back): (usize, usize),
        entries: Vec<Entry>,
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
        fronts.paths.push(Path { front, back, entries, protocols, preserves });
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

/// The ports of a balancer that may lead to a group. Rules of an application balancer are not read, so a group that is
/// attached and no listener's first choice may stand behind each of them.
fn entries(listeners: &[Listener], group: &TargetGroup) -> Vec<Entry> {
    let arn = group.target_group_arn.as_deref();
    let forwards = |listener: &&Listener| {
        listener.default_actions.iter().any(|action| {
            let weighted = action.forward_config.iter().flat_map(|config| &config.target_groups);
            let mut weighted = weighted.filter(|one| one.weight != Some(0));
            action.kind.as_deref() == Some("forward")
                && (action.target_group_arn.as_deref() == arn
                    || weighted.any(|one| one.target_group_arn.as_deref() == arn))
        })
    };
    let of = |listener: &Listener, certainty| {
        let port = listener.port.and_then(|port| u16::try_from(port).ok());
        let ports = port.into_iter().flat_map(|port| {
            let protocols = spoken(listener.protocol.as_deref());
            protocols.into_iter().map(move |protocol| Entry { protocol, port, certainty })
        });
        ports.collect::<Vec<_>>()
    };
    let chosen: Vec<Entry> = listeners
        .iter()
        .filter(forwards)
        // Somebody who has to sign in first is not anybody.
        .flat_map(|one| of(one, if one.default_actions.len() == 1 { Certainty::Yes } else { Certainty::Maybe }))
        .collect();
    if chosen.is_empty() { listeners.iter().flat_map(|one| of(one, Certainty::Maybe)).collect() } else { chosen }
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

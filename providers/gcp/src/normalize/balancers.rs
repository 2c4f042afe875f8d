//! Passthrough network load balancers in front of machines: they hand packets on as they are, client address and all, so
//! the machine's firewalls see the client and the balancer's own address.
//!
//! Limits: which machines a backend service sends to, and which of them are healthy, is not read, so what comes that way
//! is possible and never sure. Proxies (Application Load Balancers, proxy Network Load Balancers) end the client's
//! connection and open their own: no packet of a client gets through them, and they are left out.
//! <https://cloud.google.com/load-balancing/docs/passthrough-network-load-balancer>

use super::{
    listing::{Odd, scopes},
    machines::zone,
    traffic::shape,
};
use crate::{
    calls::{FORWARDING_RULES, TARGET_POOLS},
    record::{
        balancing::{ForwardingRule, ForwardingRulesIn, TargetPool, TargetPoolsIn},
        compute::{Instance, Traffic},
        names::{after, last},
    },
};
use palisade_model::{Gap, Observed};
use palisade_provider::Snapshot;
use palisade_reach::{AddrSet, Certainty, PacketSet};
use std::{collections::BTreeSet, net::IpAddr};

/// The passthrough load balancers of a project, in order of their names.
#[derive(Debug, Default)]
pub(crate) struct Balancers {
    pub(crate) fronts: Vec<Front>,
    /// What was not read of them.
    pub(crate) unread: Option<Gap>,
}

/// One forwarding rule.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) name: String,
    /// Nothing when it is not known: then it may be any.
    region: Option<String>,
    /// Its address, which packets still carry when they reach a machine.
    pub(crate) address: Option<IpAddr>,
    /// Whether it answers the internet; otherwise connected networks alone.
    pub(crate) external: bool,
    /// What it hands on.
    pub(crate) packets: PacketSet,
    members: Members,
}

#[derive(Debug)]
enum Members {
    /// These, as `ZONE/NAME`; `surely` where nothing asks for their health.
    Machines { names: BTreeSet<String>, surely: bool },
    /// Nobody read which, and why that is so, in a sentence; `gap` where it is known to some list that was not read.
    Unread { why: String, gap: Option<Gap> },
}

impl Balancers {
    /// Reads them. A pool of targets is looked up among those of the project. What is not read may hand anything to any
    /// machine, whose own firewalls still decide.
    pub(crate) fn read(snapshot: &Snapshot, project: &str) -> Observed<Self> {
        let rules = scopes(snapshot, &FORWARDING_RULES, project, "forwardingRules", |scope: ForwardingRulesIn| {
            (scope.forwarding_rules, scope.warning)
        });
        let pools = scopes(snapshot, &TARGET_POOLS, project, "targetPools", |scope: TargetPoolsIn| {
            (scope.target_pools, scope.warning)
        });
        let sources = [rules.sources(), pools.sources()].concat();
        let mut fronts: Vec<Front> = match rules.get() {
            Ok(rules) => {
                let known =
                    rules.members.iter().filter_map(|rule| front(rule, pools.get().map(|pools| &pools.members)));
                known.chain(rules.odd.iter().filter_map(unread)).collect()
            }
            Err(gap) => vec![anything("load balancers that were not read".to_owned(), None, gap.to_string())],
        };
        fronts.sort_by(|a, b| (&a.region, &a.name).cmp(&(&b.region, &b.name)));
        let unread = rules.gap().or(pools.gap()).cloned();
        Observed::known(Self { fronts, unread }, sources)
    }
}

/// A rule that could not be read, as the most it may be.
fn unread(odd: &Odd) -> Option<Front> {
    if odd.text("loadBalancingScheme").is_some_and(is_proxied) {
        return None;
    }
    let region = odd.text("region").map(|region| last(region).to_owned());
    Some(anything(odd.name().to_owned(), region, format!("load balancer `{}` is not known: {}", odd.name(), odd.gap)))
}

/// A balancer that may hand anything to any machine.
fn anything(name: String, region: Option<String>, why: String) -> Front {
    Front {
        name,
        region,
        address: None,
        external: true,
        packets: PacketSet::all(),
        members: Members::Unread { why, gap: None },
    }
}

impl Front {
    /// Whether it hands packets to a machine.
    pub(crate) fn sends_to(&self, machine: &Instance, region: &str) -> Certainty {
        if self.region.as_deref().is_some_and(|own| own != region) {
            return Certainty::No;
        }
        match &self.members {
            Members::Unread { .. } => Certainty::Maybe,
            Members::Machines { names, surely } => {
                let own = format!("{}/{}", zone(machine), machine.name.as_deref().unwrap_or_default());
                match (names.contains(&own), surely) {
                    (true, true) => Certainty::Yes,
                    (true, false) => Certainty::Maybe,
                    (false, _) => Certainty::No,
                }
            }
        }
    }

    /// The list that was not read and says to which machines it sends.
    pub(crate) fn unread(&self) -> Option<&Gap> {
        match &self.members {
            Members::Unread { gap, .. } => gap.as_ref(),
            Members::Machines { .. } => None,
        }
    }

    /// The region it is in.
    pub(crate) fn region(&self) -> &str {
        self.region.as_deref().unwrap_or("an unknown region")
    }

    /// Why it is not sure that it sends to a machine to which it may send.
    pub(crate) fn doubt(&self) -> String {
        match &self.members {
            Members::Unread { why, .. } => why.clone(),
            Members::Machines { .. } => unsent(&self.name),
        }
    }
}

fn unsent(name: &str) -> String {
    format!("to which machines load balancer `{name}` sends now is not read")
}

/// A rule as a way to machines; nothing when it leads to a proxy, a VPN gateway or another service.
fn front(rule: &ForwardingRule, pools: Result<&Vec<TargetPool>, Gap>) -> Option<Front> {
    // Rules without a region are global, and those lead to proxies alone; any other may be of any region.
    let region = rule.region.as_deref().map(|region| last(region).to_owned());
    let scheme = rule.load_balancing_scheme.as_deref();
    if scheme.is_some_and(is_proxied) {
        return None;
    }
    let name = rule.name.clone().unwrap_or_else(|| "without a name".to_owned());
    let members = match rule.target.as_deref() {
        Some(target) if target.contains("/targetPools/") => match pools {
            Ok(pools) => of_pool(target, region.as_deref(), pools, &name),
            Err(gap) => Members::Unread { why: gap.to_string(), gap: Some(gap) },
        },
        // A backend service, or nothing that we know of.
        None => Members::Unread { why: unsent(&name), gap: None },
        Some(target) if target.contains("/targetInstances/") => Members::Unread { why: unsent(&name), gap: None },
        Some(_) => return None,
    };
    Some(Front {
        name,
        region,
        address: rule.address.as_deref().and_then(|address| address.split('/').next()?.parse().ok()),
        // A scheme nobody knows yet may be open to everybody.
        external: scheme != Some("INTERNAL"),
        packets: handed_on(rule),
        members,
    })
}

/// Whether a scheme's balancers end the client's connection.
fn is_proxied(scheme: &str) -> bool {
    matches!(scheme, "EXTERNAL_MANAGED" | "INTERNAL_MANAGED" | "INTERNAL_SELF_MANAGED")
}

fn of_pool(target: &str, region: Option<&str>, pools: &[TargetPool], balancer: &str) -> Members {
    let found = pools.iter().find(|pool| {
        let here = pool.region.as_deref().map(last).zip(region).is_none_or(|(at, region)| at == region);
        here && pool.name.as_deref() == Some(last(target))
    });
    let unread = || Members::Unread { why: unsent(balancer), gap: None };
    let Some(pool) = found.filter(|pool| pool.backup_pool.is_none()) else { return unread() };
    let name = |url: &String| Some(format!("{}/{}", after(url, "zones")?, last(url)));
    match pool.instances.iter().map(name).collect() {
        Some(names) => Members::Machines { names, surely: pool.health_checks.is_empty() },
        None => unread(),
    }
}

/// The packets a rule hands on, whoever sends them. What cannot be read may be anything.
fn handed_on(rule: &ForwardingRule) -> PacketSet {
    let protocol = match rule.protocol.as_deref() {
        Some("L3_DEFAULT") | None => "all",
        Some(protocol) => protocol,
    };
    let ports = if rule.all_ports == Some(true) {
        Vec::new()
    } else {
        rule.ports.iter().chain(&rule.port_range).cloned().collect()
    };
    let (protocols, ports) = shape(&Traffic { protocol: Some(protocol.to_owned()), ports });
    PacketSet::of(protocols, &ports, &AddrSet::all())
}

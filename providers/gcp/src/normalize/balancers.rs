//! Passthrough network load balancers in front of machines: they hand packets on as they are, client address and all, so
//! the machine's firewalls see the client and the balancer's own address.
//!
//! Limits: which machines a backend service sends to, and which of them are healthy, is not read, so what comes that way
//! is possible and never sure. Proxies (Application Load Balancers, proxy Network Load Balancers) end the client's
//! connection and open their own: no packet of a client gets through them, and they are left out.
//! <https://cloud.google.com/load-balancing/docs/passthrough-network-load-balancer>

use super::{machines::zone, network::scopes, traffic::shape};
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
}

/// One forwarding rule.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) name: String,
    region: String,
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
    /// Nobody read which.
    Unread,
}

impl Balancers {
    /// Reads them. A pool of targets is looked up among those of the project.
    pub(crate) fn read(snapshot: &Snapshot, project: &str) -> Observed<Self> {
        let rules = scopes(snapshot, &FORWARDING_RULES, project, |scope: ForwardingRulesIn| {
            (scope.forwarding_rules, scope.warning)
        });
        let pools =
            scopes(snapshot, &TARGET_POOLS, project, |scope: TargetPoolsIn| (scope.target_pools, scope.warning));
        let sources = [rules.sources(), pools.sources()].concat();
        let read = || -> Result<Self, Gap> {
            let pools = pools.get()?;
            let mut fronts: Vec<Front> = rules.get()?.iter().filter_map(|rule| front(rule, pools)).collect();
            fronts.sort_by(|a, b| (&a.region, &a.name).cmp(&(&b.region, &b.name)));
            Ok(Self { fronts })
        };
        Observed::from_result(read(), sources)
    }
}

impl Front {
    /// Whether it hands packets to a machine.
    pub(crate) fn sends_to(&self, machine: &Instance, region: &str) -> Certainty {
        if self.region != region {
            return Certainty::No;
        }
        match &self.members {
            Members::Unread => Certainty::Maybe,
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
}

/// A rule as a way to machines; nothing when it leads to a proxy, a VPN gateway or another service.
fn front(rule: &ForwardingRule, pools: &[TargetPool]) -> Option<Front> {
    let region = last(rule.region.as_deref()?).to_owned();
    let external = match rule.load_balancing_scheme.as_deref() {
        Some("INTERNAL") => false,
        Some("EXTERNAL_MANAGED" | "INTERNAL_MANAGED" | "INTERNAL_SELF_MANAGED") => return None,
        // A scheme nobody knows yet may be open to everybody.
        Some(_) | None => true,
    };
    let members = match (rule.target.as_deref(), rule.backend_service.as_deref()) {
        (Some(target), _) if target.contains("/targetPools/") => of_pool(target, &region, pools),
        (Some(target), _) if target.contains("/targetInstances/") => Members::Unread,
        (Some(_), _) | (None, None) => return None,
        (None, Some(_)) => Members::Unread,
    };
    Some(Front {
        name: rule.name.clone().unwrap_or_else(|| "without a name".to_owned()),
        region,
        address: rule.address.as_deref().and_then(|address| address.split('/').next()?.parse().ok()),
        external,
        packets: handed_on(rule),
        members,
    })
}

fn of_pool(target: &str, region: &str, pools: &[TargetPool]) -> Members {
    let found = pools.iter().find(|pool| {
        pool.name.as_deref() == Some(last(target)) && pool.region.as_deref().map(last).is_none_or(|at| at == region)
    });
    let Some(pool) = found.filter(|pool| pool.backup_pool.is_none()) else { return Members::Unread };
    let name = |url: &String| Some(format!("{}/{}", after(url, "zones")?, last(url)));
    match pool.instances.iter().map(name).collect() {
        Some(names) => Members::Machines { names, surely: pool.health_checks.is_empty() },
        None => Members::Unread,
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

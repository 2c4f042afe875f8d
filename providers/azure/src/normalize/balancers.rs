//! What load balancers forward from the internet to machines.
//! <https://learn.microsoft.com/azure/load-balancer/components>

use super::table::{Row, Table};
use crate::{
    arm,
    record::{BackendAddress, ForwardingProperties, LoadBalancer, Reference},
};
use palisade_model::Gap;
use palisade_reach::{Ports, Protocol};
use std::{collections::HashMap, net::IpAddr, sync::Arc};

/// Everything that is forwarded, by where it goes.
#[derive(Debug)]
pub(super) struct Balancers<'s> {
    table: Table<'s, LoadBalancer>,
    /// By the key of a backend pool, a NAT rule or an address configuration.
    forwards: HashMap<String, Vec<Arc<Forward>>>,
    /// Backend pools that list addresses, each with the network it lists them of when it says so.
    listed: HashMap<IpAddr, Vec<(String, Option<String>)>>,
    /// Balancers of which something could not be read: they may forward to any machine.
    unread: Vec<String>,
}

/// One way through a load balancer.
#[derive(Debug)]
pub(super) struct Forward {
    /// The balancer and the rule, as people know them.
    pub(super) name: String,
    /// The public address it listens on.
    pub(super) frontend: Option<String>,
    /// The protocol; absent: all of them.
    pub(super) protocol: Option<Protocol>,
    /// The ports on the machine.
    pub(super) ports: Ports,
    /// Whether packets arrive with the outer address.
    pub(super) floating: bool,
    /// What gets through where there is no security group.
    pub(super) unguarded: Unguarded,
}

impl<'s> Balancers<'s> {
    /// Reads what forwards where. A balancer of which something cannot be read may forward to any machine.
    pub(super) fn new(table: Table<'s, LoadBalancer>) -> Self {
        let mut forwards: HashMap<String, Vec<Arc<Forward>>> = HashMap::new();
        let mut unread = Vec::new();
        for row in table.rows() {
            let Ok(balancer) = &row.item else {
                unread.push(row.id.clone());
                continue;
            };
            let properties = &balancer.properties;
            let lists = (&properties.load_balancing_rules, &properties.inbound_nat_rules);
            if lists.0.is_none() || lists.1.is_none() || properties.backend_address_pools.is_none() {
                unread.push(row.id.clone());
            }
            for rule in lists.0.iter().flatten().chain(lists.1.iter().flatten()) {
                let forward = match forward(balancer, rule.name.as_deref(), &rule.properties) {
                    Front::Public(forward) => Arc::new(forward),
                    Front::Private => continue,
                    Front::Unread => {
                        unread.push(row.id.clone());
                        continue;
                    }
                };
                let own = rule.id.iter().map(String::as_str);
                let targets = own.chain(targets(&rule.properties));
                for target in targets {
                    let known = forwards.entry(arm::key(target)).or_default();
                    if !known.iter().any(|other| Arc::ptr_eq(other, &forward)) {
                        known.push(Arc::clone(&forward));
                    }
                }
            }
        }
        let listed = listed(&table, &mut unread);
        unread.sort();
        unread.dedup();
        Self { table, forwards, listed, unread }
    }

    /// Whether a pool lists addresses: then it matters which addresses a machine has.
    pub(super) fn lists_addresses(&self) -> bool {
        !self.listed.is_empty()
    }

    /// The backend pools that list an address of a subnet. AKS fills pools like this when `backendPoolType` is `NodeIP`.
    /// <https://learn.microsoft.com/azure/load-balancer/backend-pool-management>
    pub(super) fn listing(&self, address: IpAddr, subnet: &str) -> Vec<&str> {
        let subnet = arm::key(subnet);
        let network = subnet.split_once("/subnets/").map(|(network, _)| network);
        let pools = self.listed.get(&address).map_or(&[][..], Vec::as_slice);
        let here = |of: &Option<String>| of.as_deref().is_none_or(|of| network.is_none_or(|network| network == of));
        pools.iter().filter(|(_, of)| here(of)).map(|(pool, _)| pool.as_str()).collect()
    }

    /// Balancers of which something could not be read.
    pub(super) fn unread(&self) -> Vec<String> {
        self.unread.clone()
    }

    /// What arrives at a backend pool, a NAT rule or an address configuration.
    pub(super) fn to(&self, target: &str) -> &[Arc<Forward>] {
        self.forwards.get(&arm::key(target)).map_or(&[], Vec::as_slice)
    }

    /// The balancer that a pool or rule belongs to; nothing when it is not in this subscription.
    pub(super) fn of(&self, part: &str) -> Option<Result<&Row<'s, LoadBalancer>, Gap>> {
        let key = arm::key(part);
        let (balancer, _) = key.split_once("/backendaddresspools/").or_else(|| key.split_once("/inboundnatrules/"))?;
        let row = self.table.find(balancer)?;
        Some(row.get().map(|_| row))
    }
}

/// A member of a pool.
enum Member {
    /// It is this address.
    Address(IpAddr),
    /// An interface, which points at the pool itself, or a balancer of one region, which is read for itself.
    Elsewhere,
    /// It may be anything.
    Unread,
}

fn member(member: &BackendAddress) -> Member {
    let properties = &member.properties;
    let address = properties.ip_address.as_deref().filter(|text| !text.is_empty());
    let elsewhere = properties.network_interface_ip_configuration.is_some()
        || properties.load_balancer_frontend_ip_configuration.is_some();
    match address.map(str::parse) {
        Some(Ok(address)) => Member::Address(address),
        None if elsewhere => Member::Elsewhere,
        Some(Err(_)) | None => Member::Unread,
    }
}

fn listed(table: &Table<'_, LoadBalancer>, unread: &mut Vec<String>) -> HashMap<IpAddr, Vec<(String, Option<String>)>> {
    let mut listed: HashMap<IpAddr, Vec<(String, Option<String>)>> = HashMap::new();
    for row in table.rows() {
        let Ok(balancer) = &row.item else { continue };
        for pool in balancer.properties.backend_address_pools.iter().flatten() {
            for one in &pool.properties.load_balancer_backend_addresses {
                let (address, id) = match (member(one), pool.id.as_deref()) {
                    (Member::Elsewhere, _) => continue,
                    (Member::Address(address), Some(id)) => (address, id),
                    (Member::Address(_) | Member::Unread, _) => {
                        unread.push(row.id.clone());
                        continue;
                    }
                };
                let networks = [&one.properties.virtual_network, &pool.properties.virtual_network];
                let subnet = one.properties.subnet.as_ref().map(|subnet| arm::key(&subnet.id));
                let of_subnet = subnet.and_then(|id| id.split_once("/subnets/").map(|(network, _)| network.to_owned()));
                let named = networks.into_iter().flatten().map(|network| arm::key(&network.id)).next();
                listed.entry(address).or_default().push((arm::key(id), named.or(of_subnet)));
            }
        }
    }
    listed
}

fn targets(rule: &ForwardingProperties) -> impl Iterator<Item = &str> {
    let one = rule.backend_address_pool.iter().chain(&rule.backend_ip_configuration);
    one.chain(&rule.backend_address_pools).map(|reference: &Reference| reference.id.as_str())
}

/// Where a rule of a balancer listens.
enum Front {
    /// On a public address.
    Public(Forward),
    /// On a private one.
    Private,
    /// It does not say, or names a frontend that is not there.
    Unread,
}

/// The way from a rule's frontend.
fn forward(balancer: &LoadBalancer, name: Option<&str>, rule: &ForwardingProperties) -> Front {
    let Some(frontend_id) = rule.frontend_ip_configuration.as_ref().map(|frontend| frontend.id.as_str()) else {
        return Front::Unread;
    };
    let is_it = |id: Option<&str>| id.is_some_and(|id| arm::same(id, frontend_id));
    let frontends = &balancer.properties.frontend_ip_configurations;
    let Some(frontend) = frontends.iter().flatten().find(|frontend| is_it(frontend.id.as_deref())) else {
        return Front::Unread;
    };
    let address = frontend.properties.public_ip_address.as_ref();
    if address.is_none() && frontend.properties.public_ip_prefix.is_none() {
        return if frontend.properties.subnet.is_some() { Front::Private } else { Front::Unread };
    }
    let floating = rule.enable_floating_ip == Some(true);
    // With a floating address the packet is not rewritten: its port is the outer one.
    let port = if floating { rule.frontend_port } else { rule.backend_port };
    let balancer_name = balancer.name.as_deref().unwrap_or("load balancer");
    Front::Public(Forward {
        name: format!("{balancer_name}/{}", name.unwrap_or("rule")),
        frontend: address.map(|address| address.id.clone()),
        protocol: match rule.protocol.as_deref().unwrap_or_default().to_ascii_lowercase().as_str() {
            "tcp" => Some(Protocol::TCP),
            "udp" => Some(Protocol::UDP),
            _ => None,
        },
        // Port 0 stands for all ports.
        ports: match port.and_then(|port| u16::try_from(port).ok()) {
            Some(port) if port != 0 => Ports::from_range(port, port),
            Some(_) | None => Ports::full(),
        },
        floating,
        unguarded: Unguarded::of(balancer.sku.name.as_deref()),
    })
}

/// What gets through to a public address where there is no security group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Unguarded {
    /// Nothing.
    Closed,
    /// Everything.
    Open,
    /// The address does not say of which kind it is.
    Unknown,
}

impl Unguarded {
    /// Standard and Gateway balancers and addresses are closed until a security group opens them; Basic ones are open.
    /// <https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses#sku>
    pub(super) fn of(sku: Option<&str>) -> Self {
        match sku.unwrap_or_default().to_ascii_lowercase().as_str() {
            "standard" | "gateway" | "standardv2" => Self::Closed,
            "basic" => Self::Open,
            _ => Self::Unknown,
        }
    }
}

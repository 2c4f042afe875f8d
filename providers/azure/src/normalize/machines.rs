//! The machines of a node pool: which scale sets are its, and what stands on their interfaces.

use super::{
    balancers::{Forward, Unguarded},
    cluster::Read,
    rules::{Membership, Own, OwnAddress},
    surroundings::Surroundings,
    table::{Row, Table},
};
use crate::{
    NODE_ADDRESSES, NODE_INTERFACES, arm,
    record::{AddressConfiguration, AddressConfigurationProperties, AgentPool, Interface, PublicAddress, ScaleSet},
};
use palisade_model::{Evidence, Gap, Node, NodeId};
use palisade_reach::Family;
use std::{net::IpAddr, sync::Arc};

/// A machine and its addresses.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) node: Node,
    pub(super) addresses: Vec<Address>,
}

/// One address of a machine, with everything that leads to it.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) own: Own,
    pub(super) family: Family,
    pub(super) subnet: String,
    /// The security group on the interface.
    pub(super) security_group: Option<String>,
    /// Its public address, when it has one: what gets through to it where there is no security group.
    pub(super) public: Option<Unguarded>,
    /// What load balancers forward to it.
    pub(super) forwards: Vec<Arc<Forward>>,
    /// Load balancers that were not read.
    pub(super) unread: Vec<String>,
    /// Whether an application gateway forwards to it.
    pub(super) gateway: bool,
}

/// The machines of some scale sets.
#[derive(Debug)]
pub(super) struct Machines {
    pub(super) all: Vec<Machine>,
    pub(super) sources: Vec<Evidence>,
}

/// The scale sets in the cluster's node resource group.
pub(super) fn scale_sets<'t, 's>(
    read: &Read<'_, '_>,
    around: &'t Surroundings<'s>,
) -> Result<Vec<&'t Row<'s, ScaleSet>>, Gap> {
    around.sets_of_group(&read.node_group())
}

/// Whether a scale set belongs to a pool. AKS tags it; older ones only have the name.
pub(super) fn belongs(row: &Row<'_, ScaleSet>, pool: &str) -> bool {
    let set = row.item.as_ref().ok();
    let tagged = set.and_then(|set| set.tag("aks-managed-poolName").or_else(|| set.tag("poolName")));
    if let Some(tagged) = tagged {
        return tagged.eq_ignore_ascii_case(pool);
    }
    let name = set.and_then(|set| set.name.as_deref()).unwrap_or_else(|| arm::name(&row.id)).to_ascii_lowercase();
    let pool = pool.to_ascii_lowercase();
    // Windows scale sets have short names: `aksPOOL`.
    name.starts_with(&format!("aks-{pool}-")) || name == format!("aks{pool}")
}

/// The scale sets of a pool, or why its machines cannot be told.
pub(super) fn sets_of<'t, 's>(
    pool: &AgentPool,
    sets: &Result<Vec<&'t Row<'s, ScaleSet>>, Gap>,
) -> Result<Vec<&'t Row<'s, ScaleSet>>, Gap> {
    let name = pool.name.as_deref().unwrap_or_default();
    if let Some(kind) = pool.kind.as_deref().filter(|kind| !kind.eq_ignore_ascii_case("VirtualMachineScaleSets")) {
        return Err(Gap::NotCollected {
            what: format!("the machines of pool `{name}` are of type `{kind}`, and only scale sets are listed"),
        });
    }
    let found: Vec<&Row<'_, ScaleSet>> =
        sets.as_ref().map_err(Clone::clone)?.iter().copied().filter(|row| belongs(row, name)).collect();
    if found.is_empty() {
        return Err(Gap::Unsettled { what: format!("no scale set of pool `{name}` is in the node resource group") });
    }
    Ok(found)
}

/// Reads the machines of some scale sets.
pub(super) fn machines(sets: &[&Row<'_, ScaleSet>], around: &Surroundings<'_>) -> Result<Machines, Gap> {
    let mut found = Machines { all: Vec::new(), sources: Vec::new() };
    for row in sets {
        let set = row.get()?;
        found.sources.extend(row.evidence(""));
        if set.properties.orchestration_mode.as_deref().is_some_and(|mode| !mode.eq_ignore_ascii_case("Uniform")) {
            return Err(Gap::NotCollected {
                what: format!(
                    "scale set `{}` keeps its machines as single virtual machines, whose interfaces are not read",
                    arm::name(&row.id)
                ),
            });
        }
        let key = arm::key(&row.id);
        let params = [("scaleSet", key.as_str())];
        let interfaces = Table::<Interface>::read(around.snapshot, &NODE_INTERFACES, around.subscription, &params)?;
        found.sources.extend_from_slice(interfaces.pages());
        let wanted = set.sku.capacity.unwrap_or_default();
        if wanted > 0 && interfaces.rows().is_empty() {
            return Err(Gap::Unsettled {
                what: format!(
                    "scale set `{}` is to have {wanted} machines, and no interface of any is listed: they come or go",
                    arm::name(&row.id)
                ),
            });
        }
        let needs_addresses = interfaces.all()?.iter().any(|interface| interface.has_public_address());
        let addresses = if needs_addresses {
            let read = Table::<PublicAddress>::read(around.snapshot, &NODE_ADDRESSES, around.subscription, &params)?;
            found.sources.extend_from_slice(read.pages());
            Some(read)
        } else {
            None
        };
        let context = Context { set, addresses: addresses.as_ref(), around };
        for interface in interfaces.rows() {
            add(&mut found.all, interface, &context)?;
        }
    }
    Ok(found)
}

struct Context<'c, 's> {
    set: &'c ScaleSet,
    addresses: Option<&'c Table<'s, PublicAddress>>,
    around: &'c Surroundings<'s>,
}

fn add(machines: &mut Vec<Machine>, row: &Row<'_, Interface>, context: &Context<'_, '_>) -> Result<(), Gap> {
    let interface = row.get()?;
    let properties = &interface.properties;
    let odd = |why: &str| {
        let pointer = format!("/value/{}", row.at);
        super::malformed(&NODE_INTERFACES, context.around.subscription, &pointer, why)
    };
    let machine = properties.virtual_machine.as_ref().map(|machine| machine.id.as_str());
    let id = machine.or(interface.id.as_deref()).ok_or_else(|| odd("an interface of no machine"))?;
    // One without an address could not be reached, and Azure makes none.
    let bare = |one: &AddressConfiguration| one.properties == AddressConfigurationProperties::default();
    if properties.ip_configurations.is_empty() || properties.ip_configurations.iter().any(bare) {
        return Err(odd("an interface without addresses"));
    }
    let place = machines.iter().rposition(|known| arm::same(known.node.id.as_str(), id)).unwrap_or_else(|| {
        let set = context.set.name.as_deref().unwrap_or_default();
        let node = Node {
            id: NodeId::new(id),
            // The instance's name is the scale set's and its number.
            name: format!("{set}_{}", arm::name(id)),
            private: Vec::new(),
            public: Vec::new(),
        };
        machines.push(Machine { node, addresses: Vec::new() });
        machines.len() - 1
    });
    let Some(machine) = machines.get_mut(place) else { return Ok(()) };
    for configuration in node_addresses(&properties.ip_configurations) {
        let (public_address, address) = read_address(interface, configuration, context);
        machine.node.private.extend(address.own.address.exact());
        machine.node.public.extend(public_address);
        machine.addresses.push(address);
    }
    Ok(())
}

/// The addresses that are the machine's: in flat networks the others on the same interface are its pods'.
fn node_addresses(all: &[AddressConfiguration]) -> impl Iterator<Item = &AddressConfiguration> {
    let any_primary = all.iter().any(|one| one.properties.primary == Some(true));
    all.iter().filter(move |one| {
        let own = &one.properties;
        let leads_here = own.public_ip_address.is_some()
            || !own.load_balancer_backend_address_pools.is_empty()
            || !own.load_balancer_inbound_nat_rules.is_empty()
            || !own.application_gateway_backend_address_pools.is_empty();
        let is_v6 =
            own.private_ip_address_version.as_deref().is_some_and(|version| version.eq_ignore_ascii_case("IPv6"));
        !any_primary || own.primary == Some(true) || leads_here || is_v6
    })
}

fn read_address(
    interface: &Interface,
    configuration: &AddressConfiguration,
    context: &Context<'_, '_>,
) -> (Option<IpAddr>, Address) {
    let properties = &configuration.properties;
    let id_of = |reference: &Option<crate::record::Reference>| reference.as_ref().map(|one| one.id.clone());
    let address: Option<IpAddr> = properties.private_ip_address.as_deref().and_then(|text| text.parse().ok());
    let says_v6 =
        properties.private_ip_address_version.as_deref().is_some_and(|text| text.eq_ignore_ascii_case("IPv6"));
    let family = if address.is_some_and(|one| one.is_ipv6()) || says_v6 { Family::V6 } else { Family::V4 };
    let (public_address, public) = match &properties.public_ip_address {
        None => (None, None),
        Some(reference) => {
            let row = context.addresses.and_then(|all| public_row(all, &reference.id, configuration.id.as_deref()));
            let template = || {
                let mut addresses = context.set.addresses();
                addresses.find_map(|one| one.public_ip_address_configuration.as_ref()?.sku.name.as_deref())
            };
            let sku = row.and_then(|row| row.sku.name.as_deref()).or_else(template);
            let address = row.and_then(|row| row.properties.ip_address.as_deref()?.parse().ok());
            (address, Some(Unguarded::of(sku)))
        }
    };
    let subnet = id_of(&properties.subnet).or_else(|| context.set.subnet().map(str::to_owned)).unwrap_or_default();
    let (forwards, unread) = forwards(configuration, (address, &subnet), context.around);
    let address = Address {
        own: Own {
            address: address.map_or(OwnAddress::Unknown, OwnAddress::Exactly),
            groups: Membership::In(
                properties.application_security_groups.iter().map(|one| arm::key(&one.id)).collect(),
            ),
        },
        family,
        subnet,
        security_group: id_of(&interface.properties.network_security_group),
        public,
        forwards,
        unread,
        gateway: !properties.application_gateway_backend_address_pools.is_empty(),
    };
    (public_address, address)
}

fn public_row<'t>(
    all: &'t Table<'_, PublicAddress>,
    id: &str,
    configuration: Option<&str>,
) -> Option<&'t PublicAddress> {
    let by_id = all.find(id).and_then(|row| row.item.as_ref().ok());
    by_id.or_else(|| {
        let configuration = configuration?;
        let readable = all.rows().iter().filter_map(|row| row.item.as_ref().ok());
        let own = |address: &&PublicAddress| {
            address.properties.ip_configuration.as_ref().is_some_and(|one| arm::same(&one.id, configuration))
        };
        readable.into_iter().find(own)
    })
}

/// What load balancers forward to an address, and those of which we do not know it.
///
/// Pools name their members in either of two ways: interfaces point at the pool, or the pool lists addresses.
fn forwards(
    configuration: &AddressConfiguration,
    (address, subnet): (Option<IpAddr>, &str),
    around: &Surroundings<'_>,
) -> (Vec<Arc<Forward>>, Vec<String>) {
    let Ok(balancers) = &around.balancers else { return (Vec::new(), Vec::new()) };
    let properties = &configuration.properties;
    let pools =
        properties.load_balancer_backend_address_pools.iter().chain(&properties.load_balancer_inbound_nat_rules);
    let parts: Vec<&str> = pools.map(|reference| reference.id.as_str()).collect();
    let mut forwards: Vec<Arc<Forward>> = Vec::new();
    // One that cannot be read may list any address.
    let mut unread = balancers.unread();
    for part in &parts {
        if !matches!(balancers.of(part), Some(Ok(_))) {
            unread.push((*part).to_owned());
        }
    }
    let listed = address.map(|address| balancers.listing(address, subnet)).unwrap_or_default();
    if address.is_none() && balancers.lists_addresses() {
        unread.push("a pool that lists addresses, among which this machine's unknown one may be".to_owned());
    }
    for target in parts.into_iter().chain(configuration.id.as_deref()).chain(listed) {
        for forward in balancers.to(target) {
            if !forwards.iter().any(|known| Arc::ptr_eq(known, forward)) {
                forwards.push(Arc::clone(forward));
            }
        }
    }
    (forwards, unread)
}

//! A subnet and the addresses around it: what is inside, what the service tags mean there, whom answers reach.

use super::{
    routes::{Hop, Routes},
    surroundings::{Surroundings, elsewhere},
    table::table,
};
use crate::{
    NETWORKS, ROUTE_TABLES, arm,
    record::{AddressSpace, Network, Subnet},
};
use ipnet::IpNet;
use palisade_model::{Evidence, Gap};
use palisade_reach::{AddrSet, Bounds, Certainty, Route, internet, parse_net};
use std::{collections::HashMap, sync::Arc};

/// The host's own addresses: probes, DNS and metadata. Never the internet, although the first looks like it.
/// <https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16>
pub(super) const HOST: &str = "168.63.129.16/32";
const METADATA: &str = "169.254.169.254/32";

/// Subnets that were looked at, by their ids.
pub(super) type Spaces = HashMap<String, Result<Arc<Space>, Gap>>;

/// A subnet and what is around it.
#[derive(Debug)]
pub(super) struct Space {
    /// The subnet's id, comparable.
    pub(super) key: String,
    /// As people know it: `network/subnet`.
    pub(super) name: String,
    /// The subnet's own addresses.
    pub(super) own: AddrSet,
    /// The network's addresses and the host's: never the internet.
    pub(super) local: AddrSet,
    /// What the tag `VirtualNetwork` means here.
    pub(super) virtual_network: Bounds<AddrSet>,
    /// Where connected networks lie, the host left out.
    pub(super) connected: Bounds<AddrSet>,
    /// The clients that answers get back to.
    pub(super) returning: Bounds<AddrSet>,
    /// The routes that answers take, when all of them are known.
    pub(super) back: Option<Vec<Route<Certainty>>>,
    /// The written route for everything.
    pub(super) default_route: Option<(Hop, String)>,
    /// The security group on the subnet.
    pub(super) security_group: Option<String>,
    /// The NAT gateway on the subnet.
    pub(super) nat_gateway: Option<String>,
    /// Whether machines without any way out are lent one; absent means yes.
    pub(super) default_outbound: Option<bool>,
    /// Whether security groups hold for private endpoints in the subnet.
    pub(super) endpoint_policies: Option<String>,
    /// Whether the list of service tags is about the cloud of this network.
    pub(super) listed_cloud: bool,
    /// What widens the bounds.
    pub(super) limits: Vec<String>,
    /// What all this was read from.
    pub(super) sources: Vec<Evidence>,
}

impl Surroundings<'_> {
    /// The subnet with this id and what is around it.
    pub(super) fn space(&self, subnet: &str) -> Result<Arc<Space>, Gap> {
        let key = arm::key(subnet);
        if let Some(known) = self.spaces.borrow().get(&key) {
            return known.clone();
        }
        let space = self.look(&key, subnet).map(Arc::new);
        self.spaces.borrow_mut().insert(key, space.clone());
        space
    }

    fn look(&self, key: &str, id: &str) -> Result<Space, Gap> {
        let networks = table(&self.networks)?;
        let Some((network_id, _)) = key.split_once("/subnets/") else { return Err(elsewhere(&NETWORKS, "subnet", id)) };
        let row = networks.find(network_id).ok_or_else(|| elsewhere(&NETWORKS, "virtual network", network_id))?;
        let network = row.get()?;
        let is_it = |subnet: &&Subnet| subnet.id.as_deref().is_some_and(|own| arm::same(own, key));
        let subnet = network.properties.subnets.iter().find(is_it).ok_or_else(|| elsewhere(&NETWORKS, "subnet", id))?;
        let mut sources: Vec<Evidence> = row.evidence("/properties").into_iter().collect();
        let properties = &subnet.properties;
        let reference = |reference: &Option<crate::record::Reference>| reference.as_ref().map(|one| one.id.clone());
        let routes_row = match reference(&properties.route_table) {
            None => None,
            Some(id) => {
                let row = table(&self.route_tables)?.find(&id);
                Some(row.ok_or_else(|| elsewhere(&ROUTE_TABLES, "route table", &id))?)
            }
        };
        sources.extend(routes_row.and_then(|row| row.evidence("/properties")));

        let odd =
            |why: &str| super::malformed(&NETWORKS, self.subscription, &format!("/value/{}/properties", row.at), why);
        let unreadable = |text: &str| odd(&format!("`{text}` is no prefix"));
        let read = |texts: &mut dyn Iterator<Item = &String>| -> Result<Vec<IpNet>, Gap> {
            texts.map(|text| parse_net(text).map_err(|_| unreadable(text))).collect()
        };
        let prefixes = read(&mut network.properties.address_space.address_prefixes.iter())?;
        let own = read(&mut properties.address_prefix.iter().chain(&properties.address_prefixes))?;
        // Without these every rule about the network's or the machine's own addresses would seem to be about others.
        if prefixes.is_empty() || own.is_empty() {
            return Err(odd(&format!("no addresses of the network or of subnet `{}`", arm::name(id))));
        }
        let neighbours = neighbours(network);
        let mut limits = Vec::new();

        let gateway = has_gateway(network);
        let inside: Vec<IpNet> = prefixes.iter().chain(&neighbours.prefixes).copied().collect();
        let written = match routes_row {
            None => &[],
            Some(row) => row.get()?.properties.routes.as_deref().ok_or_else(|| {
                let pointer = format!("/value/{}/properties/routes", row.at);
                super::malformed(&ROUTE_TABLES, self.subscription, &pointer, "missing")
            })?,
        };
        let learns = routes_row.is_none_or(|row| {
            let table = row.item.as_ref().ok();
            table.is_none_or(|table| table.properties.disable_bgp_route_propagation != Some(true))
        });
        let routes = Routes::new(&inside, written, learns, self.listed_cloud);
        let host = nets(&[HOST]);
        let local = AddrSet::from_nets(prefixes).union(&host).union(&nets(&[METADATA]));
        let members = AddrSet::from_nets(inside.iter().copied());
        let lower = members.union(&host);
        let mut upper = lower.union(&routes.written);
        if routes.unreadable {
            limits.push(format!(
                "a route of subnet `{}` names a service tag, whose addresses are not known",
                arm::name(id)
            ));
            upper = AddrSet::all();
        }
        if neighbours.unreadable {
            limits.push("the addresses of a peered network are not in the answer".to_owned());
            upper = AddrSet::all();
        }
        if gateway && routes.learns {
            limits.push(
                "routes learned through a virtual network gateway are not read: the tag `VirtualNetwork` may cover more, \
                 and answers may leave another way"
                    .to_owned(),
            );
            upper = AddrSet::all();
        }
        if let Some((Hop::Through(hop), name)) = &routes.default {
            limits.push(format!(
                "route `{name}` sends everything through `{hop}`: the tag `VirtualNetwork` may cover every address, answers \
                 may not come back the same way, and what the next hop forwards inwards is not read"
            ));
        }
        let virtual_network = Bounds::between(lower, upper);
        let private = virtual_network.upper().subtract(internet());
        Ok(Space {
            key: key.to_owned(),
            name: format!("{}/{}", network.name.as_deref().unwrap_or_else(|| arm::name(network_id)), arm::name(id)),
            own: AddrSet::from_nets(own),
            connected: Bounds::between(members.clone(), private.union(&members).subtract(&host)),
            local,
            virtual_network,
            returning: routes.returning(gateway),
            back: routes.back(gateway),
            default_route: routes.default,
            security_group: reference(&properties.network_security_group),
            nat_gateway: reference(&properties.nat_gateway),
            default_outbound: properties.default_outbound_access,
            listed_cloud: self.listed_cloud,
            endpoint_policies: properties.private_endpoint_network_policies.clone(),
            limits,
            sources,
        })
    }
}

/// Prefixes from constants; what is none is left out.
pub(super) fn nets(texts: &[&str]) -> AddrSet {
    AddrSet::from_nets(texts.iter().filter_map(|text| parse_net(text).ok()))
}

struct Neighbours {
    prefixes: Vec<IpNet>,
    unreadable: bool,
}

/// Networks that are peered and connected. A peering may connect without letting the tag `VirtualNetwork` cover it.
fn neighbours(network: &Network) -> Neighbours {
    let mut found = Neighbours { prefixes: Vec::new(), unreadable: false };
    for peering in &network.properties.virtual_network_peerings {
        let properties = &peering.properties;
        // A word that nobody knows, and none at all, may mean that the two are connected.
        let state = properties.peering_state.as_deref().unwrap_or_default().to_ascii_lowercase();
        let apart = state == "disconnected" || state == "initiated";
        if apart || properties.allow_virtual_network_access == Some(false) {
            continue;
        }
        let spaces = [&properties.remote_virtual_network_address_space, &properties.remote_address_space];
        let space: Option<&AddressSpace> =
            spaces.into_iter().flatten().find(|space| !space.address_prefixes.is_empty());
        let prefixes = space.map(|space| &space.address_prefixes);
        let read: Option<Vec<IpNet>> =
            prefixes.and_then(|texts| texts.iter().map(|text| parse_net(text).ok()).collect());
        match read {
            Some(read) => found.prefixes.extend(read),
            None => found.unreadable = true,
        }
    }
    found
}

/// Whether a gateway can teach the network routes: its own, or a neighbour's.
fn has_gateway(network: &Network) -> bool {
    let own = |subnet: &Subnet| {
        let name = subnet.name.as_deref().or(subnet.id.as_deref().map(arm::name));
        name.is_none_or(|name| name.eq_ignore_ascii_case("GatewaySubnet"))
    };
    let borrowed = |peering: &crate::record::Peering| peering.properties.use_remote_gateways == Some(true);
    network.properties.subnets.iter().any(own) || network.properties.virtual_network_peerings.iter().any(borrowed)
}

//! Load balancers in front of machines.

use super::{Evaluator, Key, private_addresses};
use crate::{
    normalize::{filter::Group, region::own_ranges},
    record::{compute::Interface, network::LoadBalancer},
};
use palisade_model::Gap;
use palisade_reach::{AddrSet, Bounds, PacketSet};
use std::{collections::BTreeSet, rc::Rc};

impl Evaluator<'_> {
    /// What load balancers that face the internet may bring in. Listeners and targets are not read, so this is the
    /// most it can be.
    pub(super) fn through_balancers(
        &self,
        key: &Key,
        groups: &[Rc<Group>],
        direct: &Bounds<PacketSet>,
        outside: &AddrSet,
        limits: &mut BTreeSet<String>,
    ) -> Result<PacketSet, Gap> {
        let facing: Vec<&LoadBalancer> = self
            .region
            .load_balancers
            .get()?
            .iter()
            .filter(|one| one.vpc_id.as_deref() == Some(&key.vpc) && one.scheme.as_deref() == Some("internet-facing"))
            .collect();
        // Balancers of the first generation are only seen by their interfaces.
        let interfaces = self.region.interfaces.get()?.iter().filter(|interface| {
            interface.vpc_id.as_deref() == Some(&key.vpc)
                && interface.description.as_deref().is_some_and(|text| text.starts_with("ELB "))
                && (interface.association.is_some() || facing.iter().any(|one| is_of(interface, one)))
        });
        let (mut addresses, mut members, mut names) = (AddrSet::empty(), BTreeSet::new(), BTreeSet::new());
        for interface in interfaces {
            addresses = addresses.union(&private_addresses(interface));
            members.extend(interface.group_set.iter().filter_map(|group| group.group_id.clone()));
            names
                .extend(interface.description.as_deref().and_then(|text| text.strip_prefix("ELB ")).map(str::to_owned));
        }
        members.extend(facing.iter().flat_map(|one| one.security_groups.iter().cloned()));
        names.extend(facing.iter().filter_map(|one| one.load_balancer_name.clone()));
        if names.is_empty() {
            return Ok(PacketSet::empty());
        }
        if addresses.is_empty() {
            // Where it stands is not known: anywhere in the network.
            let vpc = self.region.vpcs.get()?.iter().find(|vpc| vpc.vpc_id.as_deref() == Some(&key.vpc));
            addresses = vpc.map_or_else(AddrSet::all, own_ranges);
        }
        let mut through = PacketSet::empty();
        for group in groups {
            let by_address =
                group.rules.iter().filter(|rule| !rule.sources.upper().is_disjoint(&addresses)).map(|rule| &rule.shape);
            let by_group = group
                .references
                .iter()
                .filter(|reference| members.contains(&reference.group))
                .map(|reference| &reference.shape);
            for shape in by_address.chain(by_group) {
                through = through.union(&PacketSet::of(shape.protocols, &shape.ports, outside));
            }
        }
        // A network load balancer may keep the client's address: then the node's own filters see it.
        let preserving = facing.iter().any(|one| one.kind.as_deref() == Some("network"));
        if preserving {
            through = through.union(&direct.upper().restrict_sources(outside));
        }
        if !through.is_empty() {
            let names: Vec<String> = names.into_iter().collect();
            limits.insert(format!(
                "load balancers that face the internet ({}) may forward to these nodes: listeners and targets are not read",
                names.join(", ")
            ));
        }
        Ok(through)
    }
}

fn is_of(interface: &Interface, balancer: &LoadBalancer) -> bool {
    let name = balancer.load_balancer_arn.as_deref().and_then(|arn| arn.split_once(":loadbalancer/"));
    let text = interface.description.as_deref().and_then(|text| text.strip_prefix("ELB "));
    name.is_some_and(|(_, name)| text == Some(name))
}

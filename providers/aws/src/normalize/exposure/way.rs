//! The ways in by an address of the interface's own, layer by layer in the order in which a packet meets them.

use super::{Evaluator, Guard, Key, block::Blocked};
use crate::normalize::{
    filter::Shape,
    region::{Place, route_table},
    route,
};
use palisade_model::Gap;
use palisade_reach::{
    AddrSet, Bounds, Certainty, Family, Gate, Layer, PacketSet, Path, Ports, Protocol, Protocols, Sessions,
};
use std::rc::Rc;

/// The ways from the internet to one interface.
#[derive(Debug)]
pub(super) struct Ways {
    pub(super) paths: Vec<Path>,
    /// What gets through, were it not for VPC Block Public Access.
    pub(super) unblocked: Rc<Sessions>,
}

impl Evaluator<'_> {
    /// One path for each family in which the internet can speak to the interface; one that says so where it cannot.
    pub(super) fn ways(
        &self,
        key: &Key,
        guard: &Guard,
        outside: &AddrSet,
        (routes, blocked): (&Layer, &Blocked),
    ) -> Ways {
        let groups = Layer::new(group_names(key), Gate::AnyAllow(guard.rules.clone()));
        let behind: Vec<Layer> =
            std::iter::once(routes.clone()).chain(acl_layers(key, guard)).chain([groups]).collect();
        let families = [(Family::V4, key.v4), (Family::V6, key.v6)];
        let held = |(_, held): &&(Family, Certainty)| *held != Certainty::No;
        let none = (key.v4, key.v6) == (Certainty::No, Certainty::No);
        let told = families.iter().filter(held).chain(families.first().filter(|_| none));
        let paths: Vec<Path> = told
            .map(|(family, held)| {
                let address = if none { "no public".to_owned() } else { format!("public {family}") };
                let name = format!("{address} address in {}, behind {}", key.subnet, key.groups.join(", "));
                let block = blocked.layer();
                Path::new(
                    name,
                    std::iter::once(address_layer(*family, *held, outside))
                        .chain(block)
                        .chain(behind.iter().cloned())
                        .collect(),
                )
            })
            .collect();
        let unblocked = self.unblocked(key, guard, &paths);
        Ways { paths, unblocked }
    }

    /// Worked out once for all interfaces that stand alike behind groups that admit the same.
    fn unblocked(&self, key: &Key, guard: &Guard, paths: &[Path]) -> Rc<Sessions> {
        let place = Place {
            vpc: key.vpc.clone(),
            subnet: key.subnet.clone(),
            held: (key.v4, key.v6),
            admitted: guard.admitted.allowed.clone(),
        };
        if let Some(known) = self.region.sessions.borrow().get(&place) {
            return Rc::clone(known);
        }
        let found = if guard.admitted.allowed.upper().is_empty() {
            nothing()
        } else {
            let is_block = |layer: &Layer| &*layer.name == super::block::NAME;
            let without = |path: &Path| {
                let layers = path.layers.iter().filter(|layer| !is_block(layer)).cloned().collect();
                Path::new(std::sync::Arc::clone(&path.name), layers).sessions()
            };
            paths.iter().map(without).fold(nothing(), |all, one| both(&all, &one))
        };
        let found = Rc::new(found);
        self.region.sessions.borrow_mut().insert(place, Rc::clone(&found));
        found
    }

    /// The routes by which an answer reaches the internet gateway.
    pub(super) fn routes(&self, key: &Key) -> Result<Layer, Gap> {
        let anything = |name: &str, because: &str| {
            let passes = Bounds::unknown_within(PacketSet::all());
            Layer::new(name, Gate::Fixed { id: name.into(), passes }).unsure(because)
        };
        if self.is_diverted(key)? {
            // The answer may leave through the appliance too, and what the appliance lets pass is its own affair.
            return Ok(anything("inline appliance", DIVERTED));
        }
        let tables = self.region.route_tables.get()?;
        Ok(match route_table(&key.subnet, &key.vpc, tables) {
            Some(table) => route::layer(table, &self.region.prefix_lists),
            None => anything("route table", &format!("the route table of subnet {} is not in the list", key.subnet)),
        })
    }
}

const DIVERTED: &str = "a route table of the internet gateway sends traffic through an inline appliance";

/// The network ACL of a subnet: what gets in, and which answers get out. Only TCP needs an answer to do harm.
pub(super) fn acl_layers(key: &Key, guard: &Guard) -> Vec<Layer> {
    let Some(acl) = &guard.acl else {
        let passes = Bounds::unknown_within(PacketSet::all());
        let because = format!("the network ACL of subnet {} is not in the list", key.subnet);
        return vec![Layer::new("network ACL", Gate::Fixed { id: "network ACL".into(), passes }).unsure(because)];
    };
    let tcp = PacketSet::of(Protocols::One(Protocol::TCP), &Ports::full(), &AddrSet::all());
    let (inbound, outbound) = acl.chains.clone();
    let answers = Layer::new(format!("network ACL {}, outbound, for answers", acl.id), Gate::FirstMatch(outbound));
    vec![Layer::new(format!("network ACL {}, inbound", acl.id), Gate::FirstMatch(inbound)), answers.concerning(tcp)]
}

pub(super) fn group_names(key: &Key) -> String {
    format!("security groups {}", key.groups.join(", "))
}

fn address_layer(family: Family, held: Certainty, outside: &AddrSet) -> Layer {
    let clients = Shape::everything().from(&Bounds::exact(outside.family(family)));
    let (id, passes) = match held {
        Certainty::Yes => (format!("a public {family} address"), clients),
        Certainty::Maybe => {
            (format!("maybe a public {family} address"), Bounds::unknown_within(clients.upper().clone()))
        }
        Certainty::No => ("no public address".to_owned(), Bounds::exact(PacketSet::empty())),
    };
    let layer = Layer::new("public address", Gate::Fixed { id: id.into(), passes });
    if held == Certainty::Maybe {
        return layer.unsure("addresses of a delegated prefix are the pods', unless the machine took one itself");
    }
    layer
}

/// No session.
pub(super) fn nothing() -> Sessions {
    let none = || Bounds::exact(PacketSet::empty());
    Sessions { any_port: none(), ordinary: none() }
}

/// What gets through one way or another.
pub(super) fn both(one: &Sessions, other: &Sessions) -> Sessions {
    Sessions { any_port: one.any_port.union(&other.any_port), ordinary: one.ordinary.union(&other.ordinary) }
}

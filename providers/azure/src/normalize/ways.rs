//! The ways by which packets arrive at an address, layer by layer in the order in which they meet them.

use super::{
    admin::AdminRead,
    balancers::{Forward, Unguarded},
    machines::Address,
    rules::{Direction, Own, Reading, Readings},
    space::Space,
    surroundings::Surroundings,
};
use palisade_model::Gap;
use palisade_reach::{
    Action, AddrSet, Bounds, Chain, Gate, Layer, PacketSet, Path, PortedRule, Ports, Protocol, Protocols, Sessions,
};
use std::sync::LazyLock;

/// What needs an answer to do harm.
static ANSWERED: LazyLock<PacketSet> =
    LazyLock::new(|| PacketSet::of(Protocols::One(Protocol::TCP), &Ports::full(), &AddrSet::all()));

/// One way before the rules on it are looked at.
pub(super) struct Way<'w> {
    /// What a reader calls it.
    pub(super) name: String,
    /// What makes it a way, as it stands in proofs.
    pub(super) door: String,
    /// The load balancer's rule on it.
    pub(super) forward: Option<&'w Forward>,
    /// What gets through where there is no security group.
    pub(super) unguarded: Unguarded,
    /// The own side as the rules see it.
    pub(super) own: &'w Own,
    /// Why it is not known whether there is such a way.
    pub(super) doubt: Option<String>,
}

impl Surroundings<'_> {
    /// The paths of a way: one where the service tags are settled, else one for each reading of them. With it what gets
    /// through under each reading, which is more than the paths know of each other: a packet may pass by one way under
    /// one reading and by another way under the other.
    pub(super) fn paths(
        &self,
        way: &Way<'_>,
        address: &Address,
        space: &Space,
    ) -> Result<(Vec<Path>, Readings<Sessions>), Gap> {
        let narrow = self.path(way, address, space, Reading::Narrow)?;
        let through = narrow.sessions();
        if space.virtual_network.is_exact() {
            return Ok((vec![narrow], Readings { narrow: through.clone(), wide: through }));
        }
        let wide = self.path(way, address, space, Reading::Wide)?;
        let readings = Readings { narrow: through, wide: wide.sessions() };
        let sure = under_both(&narrow, &wide);
        let because = || {
            let limits = space.limits.join("; ");
            if limits.is_empty() {
                "routes of the subnet may widen the tag `VirtualNetwork`".to_owned()
            } else {
                limits
            }
        };
        let doubted = |mut path: Path, reading: &str| {
            let name = format!("tag VirtualNetwork read {reading}");
            let rule = |(source_ports, sure): (Ports, PacketSet)| PortedRule {
                id: name.as_str().into(),
                action: Action::Allow,
                matches: Bounds::between(sure, PacketSet::all()),
                source_ports,
            };
            let rules = sure.iter().cloned().map(rule).collect();
            let gate = Gate::FirstMatch(Chain { rules, default: Action::Deny });
            // No rule that somebody could change: a layer that says whom it concerns is left out of what is proposed.
            path.layers.push(Layer::new(name, gate).concerning(PacketSet::all()).unsure(because()));
            path
        };
        let paths = vec![doubted(narrow, "as its known prefixes"), doubted(wide, "as all its prefixes may be")];
        Ok((paths, readings))
    }

    fn path(&self, way: &Way<'_>, address: &Address, space: &Space, reading: Reading) -> Result<Path, Gap> {
        let outside = AddrSet::any_outside(&space.local).family(address.family);
        let (protocols, ports) = match way.forward {
            Some(forward) => (forward.protocol.map_or(Protocols::Any, Protocols::One), forward.ports.clone()),
            None => (Protocols::Any, Ports::full()),
        };
        let arriving = PacketSet::of(protocols, &ports, &outside);
        let door = match &way.doubt {
            None => fixed(way.door.clone(), Bounds::exact(arriving)),
            Some(doubt) => fixed(way.door.clone(), Bounds::unknown_within(arriving)).unsure(doubt),
        };
        let mut layers = vec![door];
        let view = (address.family, Direction::In, reading);
        let mut guards = Vec::new();
        for (_, name, filter) in self.filters(space, address.security_group.as_deref(), view)? {
            let matching = filter.matching(way.own, space);
            let mut layer = Layer::new(name, Gate::FirstMatch(filter.told(&matching))).held_by(filter.id.as_str());
            for text in filter.unread(&matching) {
                layer = layer.unsure(format!("the addresses that `{text}` stands for are not read"));
            }
            guards.push(layer);
        }
        let bare = guards.is_empty();
        match self.admin(space, view)? {
            AdminRead::Known(admin) => {
                let rules = admin.ahead(&admin.matching(way.own, space));
                if bare {
                    guards.extend(unguarded(way.unguarded).filter(|_| way.unguarded == Unguarded::Closed));
                }
                let name = format!("security admin rules of `{}`", admin.name);
                layers.push(Layer::new(name, Gate::Ahead { rules, guarded: guards }));
                if bare && way.unguarded != Unguarded::Open {
                    // Nowhere is it written whether a rule that always allows also opens an address that is closed by
                    // its kind.
                    let all = Bounds::unknown_within(PacketSet::all());
                    layers.push(fixed("kind of the public address".to_owned(), all).unsure(KIND));
                }
            }
            AdminRead::None => {
                layers.extend(guards);
                layers.extend(unguarded(way.unguarded).filter(|_| bare));
            }
        }
        layers.extend(answers(space));
        Ok(Path::new(way.name.clone(), layers))
    }
}

const KIND: &str = "without a security group the kind of the public address decides, and it is not known how";

/// What the kind of the public address makes of packets where there is no security group.
fn unguarded(kind: Unguarded) -> Option<Layer> {
    match kind {
        Unguarded::Open => None,
        Unguarded::Closed => {
            let nobody = Bounds::exact(PacketSet::empty());
            Some(fixed("Standard address without a security group".to_owned(), nobody))
        }
        Unguarded::Unknown => {
            let perhaps = Bounds::unknown_within(PacketSet::all());
            Some(fixed("address of unknown kind without a security group".to_owned(), perhaps).unsure(KIND))
        }
    }
}

/// The routes that answers take, where they may not bring every one of them back.
fn answers(space: &Space) -> Option<Layer> {
    if palisade_reach::internet().is_subset(space.returning.lower()) {
        return None;
    }
    let layer = if let Some(routes) = &space.back {
        Layer::new("routes back", Gate::Routes(routes.clone()))
    } else {
        let back = space.returning.map(|set| PacketSet::of(Protocols::Any, &Ports::full(), set));
        Layer::new("routes back", Gate::Fixed { id: "routes that were not read".into(), passes: back })
    };
    let layer = layer.concerning(ANSWERED.clone());
    Some(space.limits.iter().fold(layer, Layer::unsure))
}

fn fixed(fact: String, passes: Bounds<PacketSet>) -> Layer {
    Layer::new(fact.clone(), Gate::Fixed { id: fact.into(), passes })
}

/// What surely gets through two paths of which either may be the true one, by source ports. The packets that do whatever
/// their source port come first, since rules about source ports say nothing sure of protocols without them.
fn under_both(one: &Path, other: &Path) -> Vec<(Ports, PacketSet)> {
    let others = other.by_source_ports();
    let mut sure: Vec<(Ports, PacketSet)> = Vec::new();
    for (ports, through) in one.by_source_ports() {
        for (other_ports, other_through) in &others {
            let both = ports.intersect(other_ports);
            if !both.is_empty() {
                sure.push((both, through.lower().intersect(other_through.lower())));
            }
        }
    }
    let always = sure.iter().fold(PacketSet::all(), |always, (_, packets)| always.intersect(packets));
    sure.insert(0, (Ports::full(), always));
    sure
}

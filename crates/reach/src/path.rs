//! A path to a target: the layers a packet has to pass, each with the names of its rules.
//!
//! [`first_match`](crate::first_match) and its siblings answer for one filter. A path composes filters, routes and
//! conditions in the order in which a packet meets them, and keeps who decided what, so that one value answers three
//! questions: who gets through ([`Path::sessions`]), by which rules ([`proofs`](crate::proofs)), and what stops or
//! admits one packet ([`Path::why`]). [`Path::fixes`] says what to change.

use std::sync::Arc;

use crate::atoms::{Chain, Sessions, exists_source_port, source_port_atoms};
use crate::bounds::Bounds;
use crate::interval::Ports;
use crate::layer::{Seen, through_all};
use crate::packet::PacketSet;
use crate::route::{Certainty, Route};
use crate::rule::{Action, Rule, RuleId};

/// One way by which traffic can arrive: an address on an interface, a forwarding rule, an endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// What a reader calls it: `198.51.100.7 on eni-1`.
    pub name: Arc<str>,
    /// The layers in the order in which a packet meets them. All must let it through, with one source port.
    pub layers: Vec<Layer>,
}

/// One layer of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layer {
    /// What a reader calls it: `network ACL acl-1, inbound`.
    pub name: Arc<str>,
    /// The resource that holds its rules, by the provider's id: what a change of them has to name.
    pub held_by: Option<Arc<str>>,
    /// What it does.
    pub gate: Gate,
    /// The packets it looks at; all others pass it by. `None` for all. A filter of answers looks at TCP only, since
    /// everything else needs no answer to do harm.
    pub concerns: Option<PacketSet>,
    /// Why it is not known exactly, in words for the reader. Rules that are not known exactly are told anyway.
    pub unsure: Vec<String>,
}

/// What a layer does with packets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Gate {
    /// A fact about the path, without rules to speak of: a public address, a block setting, an appliance in between.
    Fixed {
        /// The fact.
        id: RuleId,
        /// The packets it lets through.
        passes: Bounds<PacketSet>,
    },
    /// An ordered filter. For a filter of answers the rules say of the inbound packet what they say of its answer: the
    /// source is the answer's destination, the source port the answer's destination port.
    FirstMatch(Chain),
    /// Allow rules without order.
    AnyAllow(Vec<Rule>),
    /// Ordered filters one after the other, each with a name of its own.
    Tiers(Vec<Tier>),
    /// Rules in front of other layers: allow skips those layers, pass and no match leave the packet to them.
    Ahead {
        /// The rules. Its default is what happens to a packet that no rule matches, usually [`Action::Pass`].
        rules: Chain,
        /// The layers an allowed packet skips.
        guarded: Vec<Layer>,
    },
    /// Routes back to the source. A packet passes if its source's longest prefix leads to a wanted target.
    Routes(Vec<Route<Certainty>>),
}

/// One of several ordered filters.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Tier {
    /// What a reader calls it.
    pub name: Arc<str>,
    /// Its rules. [`Action::Pass`] leaves the packet to the next tier.
    pub rules: Vec<Rule>,
    /// What happens to the rest. What passes the last tier is denied.
    pub default: Action,
}

impl Layer {
    /// A layer that looks at every packet.
    pub fn new(name: impl Into<Arc<str>>, gate: Gate) -> Self {
        Self { name: name.into(), held_by: None, gate, concerns: None, unsure: Vec::new() }
    }

    /// The same layer, with the resource that holds its rules.
    #[must_use]
    pub fn held_by(mut self, resource: impl Into<Arc<str>>) -> Self {
        self.held_by = Some(resource.into());
        self
    }

    /// The same layer, looking only at these packets.
    #[must_use]
    pub fn concerning(mut self, packets: PacketSet) -> Self {
        self.concerns = Some(packets);
        self
    }

    /// The same layer with a reason why it is not known exactly.
    #[must_use]
    pub fn unsure(mut self, because: impl Into<String>) -> Self {
        self.unsure.push(because.into());
        self
    }

    /// The source ports its rules tell apart.
    fn source_ports(&self) -> Vec<&Ports> {
        match &self.gate {
            Gate::FirstMatch(chain) => chain.rules.iter().map(|rule| &rule.source_ports).collect(),
            Gate::Ahead { rules, guarded } => {
                let own = rules.rules.iter().map(|rule| &rule.source_ports);
                own.chain(guarded.iter().flat_map(Self::source_ports)).collect()
            }
            Gate::Fixed { .. } | Gate::AnyAllow(_) | Gate::Tiers(_) | Gate::Routes(_) => Vec::new(),
        }
    }
}

/// The layers of a path as clients see them whose source port is one of `source_ports`.
pub(crate) struct View {
    pub(crate) source_ports: Ports,
    pub(crate) ordinary: bool,
    pub(crate) layers: Vec<Seen>,
}

impl Path {
    /// A path.
    pub fn new(name: impl Into<Arc<str>>, layers: Vec<Layer>) -> Self {
        Self { name: name.into(), layers }
    }

    /// What gets through all the layers, the client choosing one source port for all of them. Without layers,
    /// everything.
    pub fn sessions(&self) -> Sessions {
        let views = self.views();
        let atoms: Vec<(u16, u16)> =
            views.iter().filter_map(|view| view.source_ports.intervals().last().copied()).collect();
        let mut answers = views.iter().map(|view| through_all(&view.layers));
        exists_source_port(&atoms, |_| answers.next().unwrap_or_default())
    }

    /// What gets through with each source port: each of them in one of the sets, ports that get the same through in the
    /// same one, ordinary ones first.
    pub fn by_source_ports(&self) -> Vec<(Ports, Bounds<PacketSet>)> {
        self.views().into_iter().map(|view| (view.source_ports, through_all(&view.layers))).collect()
    }

    /// The layers as seen with each source port: source ports that see the same share a view, ordinary ones first.
    pub(crate) fn views(&self) -> Vec<View> {
        let atoms = source_port_atoms(self.layers.iter().flat_map(Layer::source_ports));
        let mut views: Vec<View> = Vec::new();
        for atom in atoms.into_iter().rev() {
            let ordinary = atom.0 >= crate::atoms::ORDINARY_SOURCE_PORTS.0;
            let ports = Ports::from_range(atom.0, atom.1);
            let layers: Vec<Seen> = self.layers.iter().map(|layer| Seen::new(layer, atom)).collect();
            match views.iter_mut().find(|view| view.ordinary == ordinary && view.layers == layers) {
                Some(known) => known.source_ports = known.source_ports.union(&ports),
                None => views.push(View { source_ports: ports, ordinary, layers }),
            }
        }
        views
    }
}

//! Groups of nodes, who can reach them, and what they give away.

use crate::{Machinery, NodeId, Observed, PoolId, Upkeep};
use palisade_reach::{AddrSet, Bounds, Hit, PacketSet};
use std::{net::IpAddr, sync::Arc};

/// Machines of one cluster that share their settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// Stable when machines are replaced: built from the pool's name, never from a machine's id.
    pub id: PoolId,
    /// As people know it.
    pub name: String,
    /// Who makes its machines.
    pub kind: PoolKind,
    /// The machines that exist now.
    pub nodes: Observed<Vec<Node>>,
    /// Public addresses its machines have or would get.
    pub public_addresses: Observed<PublicAddresses>,
    /// Who can reach its machines: one entry for each distinct answer.
    pub exposure: Observed<Vec<Exposure>>,
    /// The filters in front of its machines, as they are configured.
    pub filters: Observed<Filters>,
    /// Where its traffic to the internet goes.
    pub default_route: Observed<DefaultRoute>,
    /// What may leave its machines.
    pub egress: Observed<Egress>,
    /// How people log in to its machines.
    pub interactive: Observed<Interactive>,
    /// What its metadata service gives to whom.
    pub metadata: Observed<Metadata>,
    /// What its machines are made from and how they are kept.
    pub machinery: Machinery,
    /// How its machines are kept.
    pub upkeep: Upkeep,
}

/// Who makes the machines of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PoolKind {
    /// A node group or node pool of the managed service.
    Managed,
    /// Machines somebody started and joined.
    SelfManaged,
    /// Machines an autoscaler or the provider's automatic mode starts.
    Automatic,
    /// No machine of the customer's: the provider runs each pod.
    Serverless,
}

/// One machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The provider's id.
    pub id: NodeId,
    /// Its name, when it has one.
    pub name: String,
    /// Addresses inside the network.
    pub private: Vec<IpAddr>,
    /// Addresses outside it.
    pub public: Vec<IpAddr>,
}

/// Public addresses of a pool's machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicAddresses {
    /// The setting that gives new machines a public address; `None` when the pool has no such setting.
    pub setting: Option<bool>,
    /// What the setting is called and where it stands.
    pub because: String,
    /// Machines that have one now.
    pub held_by: Vec<NodeId>,
}

/// Who can reach some machines of a pool, everything composed.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposure {
    /// The machines this holds for.
    pub nodes: Vec<NodeId>,
    /// Packets from the internet that get there and whose answer gets back. Destination ports are the machine's.
    pub internet: Bounds<PacketSet>,
    /// The same for clients that pick an ordinary source port (1024-65535).
    pub ordinary: Bounds<PacketSet>,
    /// Packets from inside connected networks, cluster members left out.
    pub inside: Bounds<PacketSet>,
    /// The network's own addresses, never counted as internet.
    pub local: AddrSet,
    /// What each layer let through, for the explanation.
    pub layers: Arc<[Layer]>,
    /// Every way in, layer by layer in the order a packet meets them: proofs, explanations and fixes come from these.
    pub paths: Arc<[palisade_reach::Path]>,
    /// What is not modelled here and therefore widened the bounds.
    pub limits: Vec<String>,
    /// A verified setting that closes what the rules alone would leave open.
    pub mitigation: Option<Mitigation>,
}

/// One layer a packet has to pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// For example `route table rtb-1`, `network ACL acl-1`, `security groups`.
    pub name: String,
    /// The rules that decided, with what each decided.
    pub hits: Vec<Hit>,
}

/// A setting that neutralises a bad one.
#[derive(Clone, Debug, PartialEq)]
pub struct Mitigation {
    /// The setting.
    pub by: String,
    /// What would be reachable without it.
    pub without: Bounds<PacketSet>,
}

/// The filters in front of a pool's machines.
#[derive(Clone, Debug, PartialEq)]
pub struct Filters {
    /// The filter on the subnet.
    pub subnet: SubnetFilter,
    /// Rules that let in every protocol and port from somewhere outside the cluster.
    pub open: Vec<OpenRule>,
}

/// Whether something filters at the subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubnetFilter {
    /// Something does.
    Attached(String),
    /// The provider has one and it is not attached.
    Missing {
        /// The subnet.
        subnet: String,
    },
    /// The provider filters elsewhere.
    NotOffered,
}

/// A rule that lets in everything from somewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenRule {
    /// The rule's id.
    pub rule: String,
    /// Where it lets traffic in from.
    pub sources: Bounds<AddrSet>,
    /// The sources as they are configured.
    pub text: String,
}

/// Where traffic to the internet goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultRoute {
    /// Straight to the internet with the machine's own public address.
    Internet {
        /// The route.
        via: String,
    },
    /// Through address translation, a firewall, an appliance or another network.
    Brokered {
        /// The next hop.
        via: String,
    },
    /// Through an implicit outbound address the provider lends.
    Implicit {
        /// What lends it.
        via: String,
    },
    /// Nowhere.
    None,
    /// The provider runs the machines' network.
    ProviderManaged,
}

/// What may leave.
#[derive(Clone, Debug, PartialEq)]
pub struct Egress {
    /// Whether every destination is allowed by the filters.
    pub unrestricted: Option<String>,
    /// A firewall or a closed route that all traffic has to pass.
    pub forced_through: Option<String>,
    /// How the control plane's own traffic leaves, in the provider's word.
    pub control_plane: Option<String>,
}

/// How people log in to machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interactive {
    /// Not at all.
    Off {
        /// The setting that says so.
        because: String,
    },
    /// Through a service that knows who they are.
    Brokered {
        /// The service.
        by: String,
    },
    /// With a key that stands on the machine.
    Keys {
        /// Which key or setting.
        because: String,
        /// Whether the provider opened the port to everybody for it.
        opened_to_everyone: bool,
    },
}

/// What the metadata service gives to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Whether it runs in its hardened mode; the text says which mode that is.
    pub hardened: bool,
    /// The mode as the provider names it.
    pub mode: String,
    /// What ordinary pods get from it.
    pub pods: PodAccess,
}

/// Whether pods without host networking get the machine's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodAccess {
    /// They do not.
    Blocked {
        /// Why not.
        because: String,
    },
    /// They do.
    Reachable {
        /// Why.
        because: String,
    },
}

//! How the API server can be reached.

use crate::Observed;
use ipnet::IpNet;
use palisade_reach::{AddrSet, Bounds, RuleId};

/// The ways to one API server.
#[derive(Clone, Debug, PartialEq)]
pub struct Api {
    /// The endpoint with a public address, if there is one.
    pub public: Observed<PublicAccess>,
    /// Whether nodes and clients inside the network have a private way.
    pub private_path: Observed<PrivatePath>,
    /// Ways in that address lists do not govern.
    pub doors: Observed<Vec<Door>>,
    /// Management tunnels and trusted services that pass by the network rules.
    pub tunnels: Observed<Vec<Tunnel>>,
    /// What filters the private endpoint.
    pub private_guard: Observed<PrivateGuard>,
}

/// The public endpoint.
#[derive(Clone, Debug, PartialEq)]
pub enum PublicAccess {
    /// No public address answers.
    Closed {
        /// The setting that says so.
        because: String,
    },
    /// A public address answers the sources it lets in.
    Open(PublicDoor),
    /// The question does not arise: the provider does not run this control plane.
    NotApplicable {
        /// Why not.
        because: String,
    },
}

/// A public endpoint and whom it lets in.
#[derive(Clone, Debug, PartialEq)]
pub struct PublicDoor {
    /// Source addresses that are let in, everything composed. The network's own addresses are left out.
    pub sources: Bounds<AddrSet>,
    /// The list as it is configured. A provider that means "everyone" by an absent list gets that written out here.
    pub entries: Vec<Entry>,
    /// Addresses that belong to the cluster itself and therefore do not count as outside.
    pub own: AddrSet,
    /// TCP port, 443 unless the provider says otherwise.
    pub port: u16,
}

/// One line of an allow-list.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// As it was written.
    pub text: String,
    /// What it lets in.
    pub covers: Bounds<AddrSet>,
    /// What kind of line it is.
    pub kind: EntryKind,
}

/// Kinds of allow-list lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// An address range somebody wrote.
    Range(IpNet),
    /// No list, which the provider takes for everybody.
    Everyone,
    /// Every customer of a cloud, by a tag or a flag.
    EveryCustomer {
        /// Whose customers, for example `Azure`.
        of: String,
    },
    /// A named set of addresses narrower than a whole cloud.
    Named,
    /// The cluster's own outgoing addresses.
    OwnEgress,
}

/// The private way to the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrivatePath {
    /// It exists.
    Present {
        /// The setting that says so.
        because: String,
    },
    /// It does not exist.
    Absent {
        /// The setting that says so.
        because: String,
    },
    /// It is configured and cannot work.
    Broken {
        /// What is in its way.
        because: String,
    },
}

/// A second front door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// What kind of door.
    pub kind: DoorKind,
    /// Its name or address, as people know it.
    pub name: String,
}

/// Kinds of second front doors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DoorKind {
    /// A name served by the provider's own front end and guarded by IAM alone.
    DnsEndpoint {
        /// Whether it answers from outside the provider's network.
        external: bool,
        /// Whether Kubernetes service account tokens are accepted there.
        cluster_tokens: bool,
        /// Whether client certificates are accepted there.
        client_certificates: bool,
        /// The permission that opens it.
        gate: &'static str,
    },
    /// A public name that resolves to the private address: the name leaks, the address does not answer.
    PublicName,
    /// A hosted web interface that controls the cluster.
    HostedInterface {
        /// Whether it is limited to named networks.
        network_limited: bool,
    },
}

/// A way in that needs an identity and no network position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// What kind of tunnel.
    pub kind: TunnelKind,
    /// Who may use it: a principal, a resource id, or the provider's own words.
    pub holder: String,
}

/// Kinds of tunnels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TunnelKind {
    /// The provider runs commands inside the cluster on request.
    RunCommand,
    /// Another service of the provider is bound to the cluster.
    TrustedBinding {
        /// What it may do there.
        roles: Vec<String>,
    },
    /// A gateway that forwards to the API server for holders of a role.
    Gateway {
        /// The role.
        role: String,
        /// Whether the holder is everybody, a whole domain or the like.
        broad: bool,
    },
}

/// What filters the private endpoint.
#[derive(Clone, Debug, PartialEq)]
pub enum PrivateGuard {
    /// There is no private endpoint.
    NoEndpoint {
        /// The setting that says so.
        because: String,
    },
    /// Address rules stand in front of it.
    Filtered {
        /// Private and public sources the rules let in on the API port.
        sources: Bounds<AddrSet>,
        /// The rules that let them in.
        via: Vec<RuleId>,
        /// Whether it answers from every region of the network.
        global: bool,
    },
    /// Everything that is connected to the network may knock.
    Unfiltered {
        /// The setting that says so.
        because: String,
    },
}

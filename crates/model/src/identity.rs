//! Who the cluster is towards the cloud's API, and who can become it.

use crate::Observed;
use jiff::Timestamp;
use palisade_authority::{Capability, Certainty, GrantId, IdentityId, Standing, Wildcard};
use std::{collections::BTreeSet, sync::Arc};

/// One cloud identity that the cluster, its nodes or its workloads use.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The provider's id: an ARN, an object id, a service account address.
    pub id: IdentityId,
    /// As people know it.
    pub name: String,
    /// Who uses it.
    pub kind: IdentityKind,
    /// The pools, add-ons or service accounts that use it.
    pub used_by: Vec<String>,
    /// What it may do, how it could escalate, what exceeds its need.
    ///
    /// Shared: the same identity of an account stands with each of its clusters.
    pub standing: Observed<Arc<Standing>>,
    /// Whether it serves this purpose alone.
    pub dedication: Observed<Dedication>,
    /// Principals other than the service itself that may become it directly.
    pub other_trust: Observed<Vec<String>>,
    /// Long-lived keys that act as it.
    pub keys: Observed<Vec<LongLivedKey>>,
    /// Rights nobody used.
    pub unused: Observed<Unused>,
}

/// A group that holds rights over the cluster or around it, and whose members nobody could read.
///
/// The standing of an identity is what it holds as a member of none of these. What is said of the rights given to the
/// identity itself stands as it is; what is said of everything it may do stands unless it is a member.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnreadGroup {
    /// The provider's id of it.
    pub group: String,
    /// What it was given and where, in words a person can look up.
    pub by: Vec<GrantId>,
    /// The most that a member may have through it: what it gives alone, or together with what the member has anyway.
    pub adds: BTreeSet<Capability>,
    /// Those of them that reach every resource in scope.
    pub everywhere: BTreeSet<Capability>,
    /// Whole services, or everything, that it is given on every resource.
    pub wildcards: Vec<Wildcard>,
    /// The permission with which its members could be read.
    pub readable_with: &'static str,
}

/// Who uses an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdentityKind {
    /// The control plane.
    ControlPlane,
    /// Nodes.
    Node,
    /// A workload through its service account.
    Workload,
    /// A controller that operates the cluster: an add-on, an autoscaler, a capability.
    Controller,
}

impl IdentityKind {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::ControlPlane => "control-plane",
            Self::Node => "node",
            Self::Workload => "workload",
            Self::Controller => "controller",
        }
    }
}

/// Whether an identity serves one purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dedication {
    /// It does.
    Dedicated,
    /// It is the provider's default identity.
    Default {
        /// Its name.
        name: String,
        /// A right that makes the default dangerous, for example `roles/editor`.
        broad: Option<String>,
    },
    /// Other things use it too.
    Shared {
        /// Which.
        with: Vec<String>,
    },
}

/// A key that acts as an identity until somebody revokes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongLivedKey {
    /// Its id, never its value.
    pub id: String,
    /// When it was made, if that is known.
    pub created: Option<Timestamp>,
    /// Whether it is active.
    pub active: bool,
}

/// Rights nobody used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unused {
    /// What the provider's access records say.
    Known {
        /// Services or permissions without a use in the window.
        services: Vec<String>,
        /// The window, in days.
        window_days: u32,
    },
    /// The identity is younger than the window.
    TooYoung,
    /// The provider keeps no such record: a person has to answer.
    NobodyKnows {
        /// What to look at.
        hint: String,
    },
}

/// What the cluster signs in to the cloud with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A role or service account the provider hands out; there is no other way on this provider.
    Inherent {
        /// What it is.
        what: String,
    },
    /// A managed identity.
    ManagedIdentity {
        /// What it is.
        what: String,
    },
    /// A secret somebody has to keep and renew.
    StoredSecret {
        /// Whose secret.
        principal: String,
    },
}

/// How pods get cloud rights of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkloadIdentity {
    /// They can.
    Enabled {
        /// The mechanism.
        how: String,
    },
    /// They cannot.
    Disabled {
        /// What is missing.
        missing: String,
    },
    /// A mechanism that should be gone is still in use.
    Legacy {
        /// Which.
        what: String,
    },
}

/// A statement by which pods of the cluster become a cloud identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The identity.
    pub identity: IdentityId,
    /// Which pods.
    pub subject: TrustSubject,
    /// Whether the audience is checked.
    pub audience: Audience,
    /// Whose tokens are believed.
    pub issuer: Issuer,
    /// Distinct subjects that may become the same identity, over all its trusts.
    pub consumers: usize,
    /// The statement, for the reader.
    pub text: String,
}

/// Which service accounts a trust admits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustSubject {
    /// Exactly one.
    Exact {
        /// Its namespace.
        namespace: String,
        /// Its name.
        service_account: String,
    },
    /// Every one of one namespace.
    Namespace {
        /// The namespace.
        namespace: String,
    },
    /// Every one that matches a pattern.
    Pattern {
        /// The pattern.
        pattern: String,
    },
    /// Every one of the cluster: no subject is asked for.
    WholeCluster,
    /// Every one of every cluster that shares the issuer's pool.
    WholePool,
    /// None: the conditions can never hold.
    Nobody {
        /// Why not.
        because: String,
    },
    /// An expression we do not evaluate.
    Expression {
        /// The expression.
        text: String,
    },
}

/// Whether the audience of a token is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// It is, or the mechanism does it by itself.
    Checked,
    /// It is not.
    Unchecked,
    /// It is checked against something unusual.
    Unusual(String),
}

/// Whose tokens a trust believes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// This cluster's.
    ThisCluster,
    /// A pool that several clusters share.
    SharedPool {
        /// The pool.
        pool: String,
        /// How many clusters share it in this scope.
        clusters: usize,
    },
    /// A pool of which no second cluster was seen, in a scope whose clusters were not all seen.
    PartlySeenPool {
        /// The pool.
        pool: String,
        /// What hides the others.
        gap: crate::Gap,
    },
    /// Somebody else's.
    Other(String),
}

/// A controller that operates the cluster and calls the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// Its name.
    pub name: String,
    /// With which rights it calls.
    pub identity: ControllerIdentity,
}

/// With which rights a controller calls the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControllerIdentity {
    /// Its own.
    Own(IdentityId),
    /// One that other controllers or workloads use too.
    Shared(IdentityId),
    /// The node's.
    Node,
    /// It needs none.
    None,
}

/// Somebody who can make credentials for the cluster through the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minter {
    /// Who.
    pub principal: String,
    /// What kind of principal.
    pub kind: PrincipalKind,
    /// By which rights.
    pub by: Vec<String>,
    /// Where those rights are given.
    pub scope: String,
    /// Whether it depends on something.
    pub certainty: Certainty,
}

/// Kinds of principals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrincipalKind {
    /// One person.
    User,
    /// A group of people.
    Group,
    /// A role or machine account of this organisation.
    Role,
    /// Everybody, signed in or not.
    Everyone,
    /// Somebody outside.
    External,
}

/// A party outside that is trusted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExternalTrust {
    /// Who: an account, a tenant, a project.
    pub party: String,
    /// What trusts it.
    pub via: String,
    /// What it has to prove beside its name; `None` when nothing.
    pub guarded_by: Option<String>,
}

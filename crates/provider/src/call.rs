//! The calls a provider may make.

use palisade_model::FactKind;
use std::collections::BTreeSet;

/// One read-only call to a cloud's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The call in the provider's words, for example `eks:DescribeCluster`. Unique within a provider.
    pub name: &'static str,
    /// The permission it needs, in the provider's words.
    pub permission: &'static str,
    /// What it is made once for.
    pub per: Per,
    /// The kinds of facts that are not known when it fails.
    pub feeds: &'static [FactKind],
    /// Fields that are never stored, as pointers into the body; `*` stands for every member of a list or object.
    pub redact: &'static [&'static str],
    /// What is read, in a few words, for the permissions page.
    pub purpose: &'static str,
}

/// What a call is made once for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Per {
    /// The target.
    Target,
    /// An organisation, folder or management group.
    Group,
    /// An account, subscription or project.
    Account,
    /// A region of an account.
    Region,
    /// A region that holds clusters, or a network in it.
    Network,
    /// A cluster.
    Cluster,
    /// A node group, add-on, access entry or association of a cluster.
    Member,
    /// An identity.
    Identity,
    /// An encryption key.
    Key,
}

/// The distinct permissions of some calls, in order. Calls that need none (`sts:GetCallerIdentity`) say an empty one.
pub fn permissions(calls: &[Call]) -> BTreeSet<&'static str> {
    calls.iter().map(|call| call.permission).filter(|permission| !permission.is_empty()).collect()
}

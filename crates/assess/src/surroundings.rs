//! What risk and plans need to know of a cluster, small enough to keep for every cluster of a run.

use crate::{
    power::Power,
    reach::{Openness, Reach},
};
use palisade_engine::{Policy, is_production};
use palisade_model::{
    Cluster, ClusterId, Etcd, IdentityKind, Issuer, KeyAccess, KeyState, Minter, Observed, PodAccess, PrincipalKind,
    Provider, Scope, Trust, TrustSubject, Version,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The labels or tags that say how sensitive a cluster's data is. Case means nothing.
const DATA_LABELS: [&str; 5] = ["data", "data-classification", "classification", "confidentiality", "sensitivity"];
/// The words there that mean sensitive.
const SENSITIVE: [&str; 11] = [
    "confidential",
    "high",
    "phi",
    "pii",
    "pci",
    "personal",
    "regulated",
    "restricted",
    "secret",
    "sensitive",
    "strictly-confidential",
];

/// Who answers for something: a team by its tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Owner(String);

impl From<String> for Owner {
    fn from(name: String) -> Self {
        Self::new(&name)
    }
}

impl From<Owner> for String {
    fn from(owner: Owner) -> Self {
        owner.0
    }
}

impl Owner {
    /// A team by its tag. Case means nothing, and what is no letter, digit or one of `-_.@+` becomes `_`: people type
    /// the name, it is a part of ids, and tags are hostile text.
    pub fn new(name: &str) -> Self {
        let is_kept = |letter: &char| letter.is_alphanumeric() || "-_.@+".contains(*letter);
        let plain =
            name.trim().to_lowercase().chars().map(|letter| if is_kept(&letter) { letter } else { '_' }).collect();
        if name.trim().is_empty() { Self::nobody() } else { Self(plain) }
    }

    /// Nobody is named.
    pub fn nobody() -> Self {
        Self("unowned".to_owned())
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a cluster's labels say of its stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Production, by the policy's words.
    Production,
    /// Something else is written there: this.
    Other(String),
    /// Nothing is written.
    Unsaid,
}

/// How something is possible, as a step of likelihood with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opening {
    /// From 1, hardly, to 5, for anybody.
    pub step: u8,
    /// What makes it so.
    pub because: String,
}

impl Opening {
    pub(crate) fn new(step: u8, because: impl Into<String>) -> Self {
        Self { step, because: because.into() }
    }
}

/// What risk and plans need to know of a cluster.
///
/// A runner makes one while it has the cluster in hand, and forgets the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Surroundings {
    /// Which cluster.
    pub cluster: ClusterId,
    /// As people know it. Hostile text.
    pub name: String,
    /// Who runs it.
    pub provider: Provider,
    /// Where it lives.
    pub scope: Scope,
    /// Who answers for it.
    pub owner: Owner,
    /// Whether it is production.
    pub stage: Stage,
    /// The label that calls its data sensitive, as `label=value`.
    pub data: Option<String>,
    /// The control plane's version, where it is known.
    pub version: Option<Version>,
    /// Who reaches the API server.
    pub api: Reach,
    /// Who reaches the machines, by the pool's id.
    pub pools: BTreeMap<String, Reach>,
    /// Whether the list of pools was read.
    pub pools_known: bool,
    /// What identities amount to, by their id.
    pub identities: BTreeMap<String, Power>,
    /// The ways to become an identity other than through the machines, by its id; the worst of each.
    pub ways_in: BTreeMap<String, Opening>,
    /// How anybody could make credentials for the cluster.
    pub minting: Opening,
    /// How etcd could be reached.
    pub etcd: Opening,
    /// How the key that encrypts etcd's content could be lost or misused.
    pub key: Opening,
}

impl Surroundings {
    /// What there is to know of a cluster, under the organisation's words for production.
    pub fn of(cluster: &Cluster, policy: &Policy) -> Self {
        let pools = cluster.pools.get().ok().into_iter().flatten();
        let identities = cluster.identities.get().ok().into_iter().flatten();
        Self {
            cluster: cluster.id.clone(),
            name: cluster.name.clone(),
            provider: cluster.provider,
            scope: cluster.scope.clone(),
            owner: cluster.owner().map_or_else(Owner::nobody, Owner::new),
            stage: stage(cluster, policy),
            data: sensitive(cluster),
            version: cluster.version.get().ok().copied(),
            api: Reach::of_api(&cluster.api),
            pools: pools.map(|pool| (pool.id.to_string(), Reach::of_pool(pool))).collect(),
            pools_known: cluster.pools.get().is_ok(),
            identities: identities
                .map(|identity| (identity.id.to_string(), Power::of(identity.kind, &identity.standing)))
                .collect(),
            ways_in: ways_in(cluster),
            minting: minting(&cluster.minters),
            etcd: etcd(&cluster.etcd),
            key: key(cluster),
        }
    }

    /// The account, subscription or project.
    pub fn account(&self) -> &str {
        self.scope.as_str().split('/').next().unwrap_or_default()
    }

    /// The widest reach of the machines.
    pub fn nodes(&self) -> Reach {
        let unread = || Reach::unread("the list of node pools was not read");
        let none = || Reach { openness: Openness::Closed, certain: true, because: "there are no machines".to_owned() };
        let widest = self.pools.values().max_by_key(|reach| reach.openness).cloned();
        if self.pools_known { widest.unwrap_or_else(none) } else { unread() }
    }
}

fn stage(cluster: &Cluster, policy: &Policy) -> Stage {
    if is_production(cluster, policy) {
        return Stage::Production;
    }
    let said = ["environment", "env", "stage"].iter().find_map(|wanted| labelled(cluster, wanted));
    said.map_or(Stage::Unsaid, |(label, value)| Stage::Other(format!("{label}={value}")))
}

fn sensitive(cluster: &Cluster) -> Option<String> {
    let found = DATA_LABELS.iter().filter_map(|wanted| labelled(cluster, wanted));
    found
        .filter(|(_, value)| value.split([',', ' ', '_']).any(|word| SENSITIVE.contains(&&*word.to_lowercase())))
        .map(|(label, value)| format!("{label}={value}"))
        .next()
}

fn labelled<'a>(cluster: &'a Cluster, wanted: &str) -> Option<(&'a String, &'a String)> {
    cluster.labels.iter().find(|(label, value)| label.eq_ignore_ascii_case(wanted) && !value.is_empty())
}

fn ways_in(cluster: &Cluster) -> BTreeMap<String, Opening> {
    let mut ways: BTreeMap<String, Opening> = BTreeMap::new();
    let mut add = |identity: &str, way: Opening| {
        let known = ways.entry(identity.to_owned()).or_insert_with(|| way.clone());
        if way.step > known.step {
            *known = way;
        }
    };
    for trust in cluster.trusts.get().ok().into_iter().flatten() {
        add(trust.identity.as_str(), trusted(trust));
    }
    let open_metadata =
        cluster.pools.get().ok().into_iter().flatten().find_map(|pool| match &pool.metadata.get().ok()?.pods {
            PodAccess::Reachable { because } => {
                Some(format!("pods of `{}` get the machine's credentials: {because}", pool.name))
            }
            PodAccess::Blocked { .. } => None,
        });
    for identity in cluster.identities.get().ok().into_iter().flatten() {
        if let (IdentityKind::Node, Some(because)) = (identity.kind, &open_metadata) {
            add(identity.id.as_str(), Opening::new(3, because.as_str()));
        }
        if let Some(key) = identity.keys.get().ok().into_iter().flatten().find(|key| key.active) {
            add(
                identity.id.as_str(),
                Opening::new(4, format!("key `{}` works from anywhere until it is revoked", key.id)),
            );
        }
        if let Some(other) = identity.other_trust.get().ok().and_then(|others| others.first()) {
            add(identity.id.as_str(), Opening::new(3, format!("`{other}` may become it directly")));
        }
    }
    ways
}

fn trusted(trust: &Trust) -> Opening {
    if let Issuer::Other(issuer) = &trust.issuer {
        return Opening::new(4, format!("tokens of another issuer are believed: {issuer}"));
    }
    match &trust.subject {
        TrustSubject::WholePool => {
            Opening::new(4, "every pod of every cluster that shares the issuer's pool becomes it")
        }
        TrustSubject::WholeCluster => Opening::new(3, "every pod of the cluster becomes it"),
        TrustSubject::Namespace { namespace } => {
            Opening::new(3, format!("every pod of namespace `{namespace}` becomes it"))
        }
        TrustSubject::Pattern { pattern } => Opening::new(3, format!("pods that match `{pattern}` become it")),
        TrustSubject::Expression { text } => {
            Opening::new(3, format!("an expression nobody evaluated decides who becomes it: {text}"))
        }
        TrustSubject::Exact { namespace, service_account } => {
            Opening::new(2, format!("one service account becomes it: {namespace}/{service_account}"))
        }
        TrustSubject::Nobody { because } => Opening::new(1, format!("nobody can become it by this trust: {because}")),
    }
}

fn minting(minters: &Observed<Vec<Minter>>) -> Opening {
    let Ok(minters) = minters.get() else {
        return Opening::new(4, "who can make credentials was not read, and is counted as somebody outside");
    };
    let widest = minters.iter().map(|minter| {
        let step = match minter.kind {
            PrincipalKind::Everyone => 5,
            PrincipalKind::External => 4,
            PrincipalKind::User | PrincipalKind::Group | PrincipalKind::Role => 2,
        };
        Opening::new(step, format!("`{}` can make credentials for the cluster", minter.principal))
    });
    widest
        .reduce(|a, b| if b.step > a.step { b } else { a })
        .unwrap_or_else(|| Opening::new(1, "nobody can make credentials"))
}

fn etcd(etcd: &Observed<Etcd>) -> Opening {
    match etcd.get() {
        Ok(Etcd::ProviderManaged { reference }) => Opening::new(1, *reference),
        Ok(Etcd::CustomerNetwork { because }) => Opening::new(4, because.as_str()),
        Err(gap) => Opening::new(4, format!("counted as reachable, because it was not read: {gap}")),
    }
}

fn key(cluster: &Cluster) -> Opening {
    match cluster.key.state.get() {
        Ok(KeyState::PendingDeletion { .. }) => {
            return Opening::new(5, "the key will be destroyed unless somebody stops it");
        }
        Ok(KeyState::Disabled { because }) => return Opening::new(5, format!("the key is switched off: {because}")),
        Ok(KeyState::NoCustomerKey { .. } | KeyState::Live { .. }) | Err(_) => (),
    }
    match cluster.key.access.get() {
        Ok(KeyAccess::Known { holders, .. }) if holders.iter().any(|holder| holder.broad) => {
            let who = holders.iter().find(|holder| holder.broad).map_or("", |holder| &holder.principal);
            Opening::new(4, format!("`{who}` may use or change the key"))
        }
        Ok(KeyAccess::Known { public_network: Some(true), .. }) => {
            Opening::new(3, "the key's service answers from any network")
        }
        Ok(KeyAccess::Known { .. } | KeyAccess::NoCustomerKey { .. }) => {
            Opening::new(2, "it takes somebody who already has etcd's data or storage")
        }
        Err(gap) => Opening::new(3, format!("who may use the key was not read: {gap}")),
    }
}

//! One verdict for one subject, as reports carry it.

use crate::{Acceptance, Entry, Fingerprint, Grounds, Meta, Modifier, Severity, State};
use palisade_model::{Cluster, ClusterId, Controller, Gap, GapReason, Identity, Pool, Provider, Scope, Trust, Unseen};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// What kind of thing.
    pub kind: SubjectKind,
    /// Stable when machines are replaced.
    pub id: Arc<str>,
    /// As people know it. Hostile text: escape where it is shown.
    pub name: Arc<str>,
}

/// Kinds of subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// The cluster, or the roll-up of everything below it.
    Cluster,
    /// A node pool.
    NodePool,
    /// A cloud identity.
    Identity,
    /// A trust between a pod and an identity.
    Trust,
    /// A controller.
    Controller,
}

impl SubjectKind {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::NodePool => "node-pool",
            Self::Identity => "identity",
            Self::Trust => "trust",
            Self::Controller => "controller",
        }
    }
}

impl SubjectKind {
    /// Several of them, in a sentence.
    pub(crate) fn several(self) -> &'static str {
        match self {
            Self::Cluster => "clusters",
            Self::NodePool => "node pools",
            Self::Identity => "identities",
            Self::Trust => "trusts",
            Self::Controller => "controllers",
        }
    }
}

impl Subject {
    /// The whole cluster.
    pub fn cluster(cluster: &Cluster) -> Self {
        Self { kind: SubjectKind::Cluster, id: cluster.id.as_str().into(), name: cluster.name.as_str().into() }
    }

    /// One of its pools.
    pub fn pool(pool: &Pool) -> Self {
        Self { kind: SubjectKind::NodePool, id: pool.id.as_str().into(), name: pool.name.as_str().into() }
    }

    /// One of its identities.
    pub fn identity(identity: &Identity) -> Self {
        Self { kind: SubjectKind::Identity, id: identity.id.as_str().into(), name: identity.name.as_str().into() }
    }

    /// A trust between one of its pods and an identity.
    pub fn trust(trust: &Trust) -> Self {
        let id = format!("{} {}", trust.identity, trust.text);
        Self { kind: SubjectKind::Trust, id: id.into(), name: trust.text.as_str().into() }
    }

    /// One of its controllers.
    pub fn controller(controller: &Controller) -> Self {
        let name: Arc<str> = controller.name.as_str().into();
        Self { kind: SubjectKind::Controller, id: Arc::clone(&name), name }
    }
}

/// One verdict for one subject, with reason and evidence.
///
/// A run keeps every finding until its report is written, so what findings have in common they share.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Stable name: the same subject and control have the same one in every run.
    pub fingerprint: Fingerprint,
    /// The control.
    pub control: &'static Meta,
    /// How bad it is here, everything considered.
    pub severity: Severity,
    /// How bad the control or its verdict says it is, before the modifiers.
    pub base_severity: Severity,
    /// What made the one into the other, in the order of application.
    pub modifiers: Vec<Modifier>,
    /// What is said.
    pub state: State,
    /// Whether a valid waiver covers it. The state stays what it is.
    pub waived: bool,
    /// The waiver that covers it, or the last one that did before it ended.
    pub acceptance: Option<Box<Acceptance>>,
    /// Who runs the cluster.
    pub provider: Provider,
    /// Where it lives.
    pub scope: Scope,
    /// The cluster's id.
    pub cluster: ClusterId,
    /// The cluster's name.
    pub cluster_name: Arc<str>,
    /// What it is about.
    pub subject: Subject,
    /// Whether it sums up findings of its parts.
    pub rolled_up: bool,
    /// The reason with its value.
    pub because: Box<str>,
    /// The same in few words, where the reason is long.
    pub brief: Option<Box<str>>,
    /// What to do, for this provider. Empty when there is nothing to do.
    pub remediation: &'static str,
    /// The records it rests on.
    pub evidence: Grounds,
    /// What was not known, when the state is unknown.
    pub gap: Option<Box<Gap>>,
}

/// How much was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Facts that are known.
    pub known: u64,
    /// Facts that there are.
    pub total: u64,
}

impl Coverage {
    /// Share of facts known; 1 when there was nothing to know.
    pub fn ratio(self) -> f64 {
        if self.total == 0 {
            return 1.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "a share of at most a few million facts")]
        let ratio = self.known as f64 / self.total as f64;
        ratio
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { known: self.known + other.known, total: self.total + other.total }
    }
}

/// A call that failed, and what it hides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GapRow {
    /// Where.
    pub scope: String,
    /// The call.
    pub call: String,
    /// Why.
    pub reason: GapReason,
    /// The permission that would close it.
    pub permission: Option<String>,
    /// The provider's own words.
    pub message: String,
    /// The controls that cannot be answered without it.
    pub hides: Vec<&'static str>,
    /// How many times it failed for this reason in this scope.
    pub times: usize,
}

impl GapRow {
    /// A place nobody could look at. Whatever stands there, no control says anything of it.
    pub fn of_unseen(unseen: &Unseen, controls: &[Entry]) -> Self {
        let scope = match &unseen.gap {
            Gap::Denied { scope, .. }
            | Gap::Throttled { scope, .. }
            | Gap::Unreachable { scope, .. }
            | Gap::Malformed { scope, .. } => scope.clone(),
            Gap::Unsupported { .. } | Gap::NotCollected { .. } | Gap::Unsettled { .. } => unseen.scope.to_string(),
        };
        Self {
            scope,
            call: unseen.gap.call().unwrap_or_default().to_owned(),
            reason: unseen.gap.reason(),
            permission: unseen.gap.permission().map(str::to_owned),
            message: format!("clusters in `{}` were not seen: {}", unseen.scope, unseen.gap),
            hides: controls.iter().map(|control| control.meta.id).collect(),
            times: 1,
        }
    }
}

//! The words for what an identity can do to a cluster, the same for every cloud.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Something an identity may be able to do that matters to the security of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Everything, or the means to give oneself everything.
    Administrator,
    /// Everything inside a cluster.
    ClusterAdmin,
    /// Reading the Secrets of a cluster.
    ReadClusterSecrets,
    /// Starting workloads in a cluster.
    RunWorkloads,
    /// Exposing the API endpoint of a cluster.
    OpenControlPlane,
    /// Becoming any identity.
    AssumeAnyIdentity,
    /// Giving oneself further permissions.
    EscalatePrivilege,
    /// Reading a secret store.
    ReadCloudSecrets,
    /// Decrypting with managed keys.
    DecryptKms,
    /// Copying stored data out.
    ExfiltrateStorage,
    /// Deleting stored data.
    DestroyStorage,
    /// Deleting backups.
    DeleteBackups,
    /// Opening the network.
    ModifyNetwork,
    /// Running commands on nodes.
    NodeCodeExecution,
    /// Opening the metadata service to pods.
    ExposeMetadata,
    /// Reading every image.
    PullAnyImage,
    /// Writing images.
    PushImage,
    /// Stopping the audit trail.
    BlindAudit,
    /// Deleting a cluster.
    DeleteCluster,
    /// Lifting organisation policies and locks.
    WeakenGuardrails,
}

/// A word that is not in the vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no capability is called `{0}`; there are {vocabulary}", vocabulary = vocabulary())]
pub struct UnknownCapability(pub String);

fn vocabulary() -> String {
    Capability::ALL.map(Capability::name).join(", ")
}

impl Capability {
    /// The whole vocabulary, gravest first.
    pub const ALL: [Self; 20] = [
        Self::Administrator,
        Self::ClusterAdmin,
        Self::ReadClusterSecrets,
        Self::RunWorkloads,
        Self::OpenControlPlane,
        Self::AssumeAnyIdentity,
        Self::EscalatePrivilege,
        Self::ReadCloudSecrets,
        Self::DecryptKms,
        Self::ExfiltrateStorage,
        Self::DestroyStorage,
        Self::DeleteBackups,
        Self::ModifyNetwork,
        Self::NodeCodeExecution,
        Self::ExposeMetadata,
        Self::PullAnyImage,
        Self::PushImage,
        Self::BlindAudit,
        Self::DeleteCluster,
        Self::WeakenGuardrails,
    ];

    /// The word, as it appears in reports and configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::ClusterAdmin => "cluster-admin",
            Self::ReadClusterSecrets => "read-cluster-secrets",
            Self::RunWorkloads => "run-workloads",
            Self::OpenControlPlane => "open-control-plane",
            Self::AssumeAnyIdentity => "assume-any-identity",
            Self::EscalatePrivilege => "escalate-privilege",
            Self::ReadCloudSecrets => "read-cloud-secrets",
            Self::DecryptKms => "decrypt-kms",
            Self::ExfiltrateStorage => "exfiltrate-storage",
            Self::DestroyStorage => "destroy-storage",
            Self::DeleteBackups => "delete-backups",
            Self::ModifyNetwork => "modify-network",
            Self::NodeCodeExecution => "node-code-execution",
            Self::ExposeMetadata => "expose-metadata",
            Self::PullAnyImage => "pull-any-image",
            Self::PushImage => "push-image",
            Self::BlindAudit => "blind-audit",
            Self::DeleteCluster => "delete-cluster",
            Self::WeakenGuardrails => "weaken-guardrails",
        }
    }

    /// What holding it means, in one sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Administrator => "It may do anything in the account, or give itself the right to.",
            Self::ClusterAdmin => "It may do anything inside a cluster, past every Kubernetes permission.",
            Self::ReadClusterSecrets => "It may read the Secrets stored in a cluster.",
            Self::RunWorkloads => {
                "It may start workloads in a cluster, and so act as the service accounts they run under."
            }
            Self::OpenControlPlane => "It may change who can reach the API endpoint of a cluster.",
            Self::AssumeAnyIdentity => "It may become, or make a workload become, any other identity.",
            Self::EscalatePrivilege => "It may give itself permissions it was not given.",
            Self::ReadCloudSecrets => "It may read secrets from the secret stores of the cloud.",
            Self::DecryptKms => "It may decrypt with managed keys, or let others do so.",
            Self::ExfiltrateStorage => "It may copy stored data out, or hand others the means to.",
            Self::DestroyStorage => "It may delete stored data.",
            Self::DeleteBackups => "It may delete backups and snapshots.",
            Self::ModifyNetwork => "It may open firewalls and change routes.",
            Self::NodeCodeExecution => "It may run commands on machines, and so act as the identities they carry.",
            Self::ExposeMetadata => "It may open the metadata service of nodes to the pods on them.",
            Self::PullAnyImage => "It may read every container image, and the secrets people leave in them.",
            Self::PushImage => "It may replace container images that workloads will run.",
            Self::BlindAudit => "It may stop or empty the audit trail.",
            Self::DeleteCluster => "It may delete a cluster or its nodes.",
            Self::WeakenGuardrails => "It may lift organisation policies and locks.",
        }
    }

    /// Whether the word speaks of *any* object, so that a permission on a named few does not amount to it.
    pub const fn means_every_object(self) -> bool {
        matches!(self, Self::AssumeAnyIdentity | Self::PullAnyImage)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Capability {
    type Err = UnknownCapability;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|capability| capability.name() == word);
        found.ok_or_else(|| UnknownCapability(word.to_owned()))
    }
}

/// How sure it is that something is possible.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Whatever the unknowns turn out to be.
    Certain,
    /// Depending on these condition keys and unread documents.
    Conditional(BTreeSet<String>),
}

impl Certainty {
    /// Whether nothing unknown could prevent it.
    pub fn is_certain(&self) -> bool {
        matches!(self, Self::Certain)
    }

    /// The certainty of both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Certain, rest) | (rest, Self::Certain) => rest,
            (Self::Conditional(mut on), Self::Conditional(more)) => {
                on.extend(more);
                Self::Conditional(on)
            }
        }
    }
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certain => f.write_str("certain"),
            Self::Conditional(on) => {
                f.write_str("conditional on ")?;
                f.write_str(&on.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_is_the_one_of_the_specification() {
        let names = Capability::ALL.map(Capability::name);
        assert_eq!(
            names,
            [
                "administrator",
                "cluster-admin",
                "read-cluster-secrets",
                "run-workloads",
                "open-control-plane",
                "assume-any-identity",
                "escalate-privilege",
                "read-cloud-secrets",
                "decrypt-kms",
                "exfiltrate-storage",
                "destroy-storage",
                "delete-backups",
                "modify-network",
                "node-code-execution",
                "expose-metadata",
                "pull-any-image",
                "push-image",
                "blind-audit",
                "delete-cluster",
                "weaken-guardrails",
            ]
        );
    }

    #[test]
    fn a_word_reads_back_and_serialises_as_it_is_named() {
        for capability in Capability::ALL {
            assert_eq!(capability.name().parse(), Ok(capability));
            let json = serde_json::to_string(&capability).unwrap();
            assert_eq!(json, format!("\"{capability}\""));
            assert_eq!(serde_json::from_str::<Capability>(&json).unwrap(), capability);
        }
    }

    #[test]
    fn every_word_is_explained_in_one_sentence_of_its_own() {
        let meanings: BTreeSet<&str> = Capability::ALL.iter().map(|capability| capability.meaning()).collect();
        assert_eq!(meanings.len(), Capability::ALL.len());
        for meaning in meanings {
            assert!(meaning.ends_with('.') && meaning.matches(". ").count() == 0, "{meaning}");
        }
    }

    #[test]
    fn an_unknown_word_is_refused_by_name() {
        let refused = "cluster-admn".parse::<Capability>().unwrap_err();
        let said = refused.to_string();
        assert!(
            said.starts_with("no capability is called `cluster-admn`; there are administrator, cluster-admin, "),
            "{said}"
        );
    }

    #[test]
    fn two_things_together_are_as_sure_as_the_less_sure_one() {
        let on = |name: &str| Certainty::Conditional([name.to_owned()].into());
        assert_eq!(Certainty::Certain.and(on("a")), on("a"));
        assert_eq!(on("b").and(on("a")).to_string(), "conditional on a, b");
        assert!(Certainty::Certain.and(Certainty::Certain).is_certain());
    }
}

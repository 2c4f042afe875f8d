//! One cluster and its surroundings.

use crate::{
    Access, ActivityLog, Api, AuditStore, BackupPlans, BackupSafety, ClusterId, ClusterNetwork, Controller, Credential,
    Detection, Encryption, Etcd, ExternalTrust, Gap, Guardrail, Identity, ImageAdmission, ImageScanning,
    ImageVulnerabilities, KeyFacts, Lifecycle, Location, Minter, Observed, Pipelines, Platform, Pool, Provider,
    Recovery, Registry, Scope, Trust, UnreadGroup, Version, WorkloadIdentity,
};
use std::{collections::BTreeMap, sync::Arc};

/// The labels or tags that name who answers for a cluster, in the order in which they are looked for. Case means
/// nothing.
pub const OWNER_LABELS: &[&str] = &["owner", "team", "contact"];

/// One cluster, as far as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// The provider's own name of it.
    pub id: ClusterId,
    /// Who runs it.
    pub provider: Provider,
    /// Where it lives, for example `111111111111/eu-west-1`.
    pub scope: Scope,
    /// Its region or zone.
    pub location: Location,
    /// As people know it.
    pub name: String,
    /// Its tags or labels. Hostile text: escape where it is shown.
    pub labels: BTreeMap<String, String>,
    /// The control plane's version.
    pub version: Observed<Version>,
    /// How the API server can be reached.
    pub api: Api,
    /// Its groups of machines.
    pub pools: Observed<Vec<Pool>>,
    /// What it signs in to the cloud with.
    pub credential: Observed<Credential>,
    /// How its pods get rights of their own.
    pub workload_identity: Observed<WorkloadIdentity>,
    /// The cloud identities of its control plane, nodes, controllers and workloads.
    pub identities: Observed<Vec<Identity>>,
    /// Groups whose members nobody could read and which hold rights: what they hold is in no identity's standing. Shared,
    /// because they are the same for every cluster of a scope.
    pub unread_groups: Observed<Arc<[UnreadGroup]>>,
    /// Which pods become which identity.
    pub trusts: Observed<Vec<Trust>>,
    /// Controllers and their rights.
    pub controllers: Observed<Vec<Controller>>,
    /// Who can make credentials for it through the cloud.
    pub minters: Observed<Vec<Minter>>,
    /// Parties outside that are trusted.
    pub external_trusts: Observed<Vec<ExternalTrust>>,
    /// Access to etcd.
    pub etcd: Observed<Etcd>,
    /// Encryption of etcd's content.
    pub encryption: Observed<Encryption>,
    /// The key behind that encryption.
    pub key: KeyFacts,
    /// Identities that runs of pipelines become, with rights over it.
    pub pipelines: Observed<Pipelines>,
    /// Where requests to the cloud's API are written down.
    pub activity: Observed<ActivityLog>,
    /// Where the audit log of the Kubernetes API is kept.
    pub audit_store: Observed<AuditStore>,
    /// The plans that back it up.
    pub backup_plans: Observed<BackupPlans>,
    /// The backups that were made.
    pub recovery: Observed<Recovery>,
    /// How backups are guarded.
    pub backup_safety: Observed<BackupSafety>,
    /// Whether the registries near it scan images.
    pub image_scanning: Observed<Vec<ImageScanning>>,
    /// The critical vulnerabilities of the images that run in it.
    pub vulnerabilities: Observed<ImageVulnerabilities>,
    /// Who may reach the registries near it.
    pub registries: Observed<Vec<Registry>>,
    /// What threat detection sees of it.
    pub detection: Observed<Detection>,
    /// What is asked of images before they run.
    pub image_admission: Observed<ImageAdmission>,
    /// What the organisation around it refuses to everybody.
    pub guardrails: Observed<Vec<Guardrail>>,
    /// The network it is built from and stands in.
    pub network: ClusterNetwork,
    /// Services it leans on.
    pub platform: Platform,
    /// How people get into the Kubernetes API.
    pub access: Access,
    /// How it is kept.
    pub lifecycle: Lifecycle,
}

impl Cluster {
    /// Who answers for it, by its labels. Hostile text: escape where it is shown.
    pub fn owner(&self) -> Option<&str> {
        OWNER_LABELS.iter().find_map(|wanted| {
            let of_label =
                |(label, value): &(&String, &String)| label.eq_ignore_ascii_case(wanted) && !value.is_empty();
            self.labels.iter().find(of_label).map(|(_, value)| value.as_str())
        })
    }

    /// A cluster of which nothing but its name is known, for the given reason. Normalizers start here and fill in.
    pub fn unread(
        id: ClusterId,
        provider: Provider,
        scope: Scope,
        location: Location,
        name: String,
        gap: &Gap,
    ) -> Self {
        Self {
            id,
            provider,
            scope,
            location,
            name,
            labels: BTreeMap::new(),
            version: Observed::missing(gap.clone()),
            api: Api {
                public: Observed::missing(gap.clone()),
                private_path: Observed::missing(gap.clone()),
                doors: Observed::missing(gap.clone()),
                tunnels: Observed::missing(gap.clone()),
                private_guard: Observed::missing(gap.clone()),
            },
            pools: Observed::missing(gap.clone()),
            credential: Observed::missing(gap.clone()),
            workload_identity: Observed::missing(gap.clone()),
            identities: Observed::missing(gap.clone()),
            unread_groups: Observed::missing(gap.clone()),
            trusts: Observed::missing(gap.clone()),
            controllers: Observed::missing(gap.clone()),
            minters: Observed::missing(gap.clone()),
            external_trusts: Observed::missing(gap.clone()),
            etcd: Observed::missing(gap.clone()),
            encryption: Observed::missing(gap.clone()),
            key: KeyFacts {
                state: Observed::missing(gap.clone()),
                rotation: Observed::missing(gap.clone()),
                access: Observed::missing(gap.clone()),
            },
            pipelines: Observed::missing(gap.clone()),
            activity: Observed::missing(gap.clone()),
            audit_store: Observed::missing(gap.clone()),
            backup_plans: Observed::missing(gap.clone()),
            recovery: Observed::missing(gap.clone()),
            backup_safety: Observed::missing(gap.clone()),
            image_scanning: Observed::missing(gap.clone()),
            vulnerabilities: Observed::missing(gap.clone()),
            registries: Observed::missing(gap.clone()),
            detection: Observed::missing(gap.clone()),
            image_admission: Observed::missing(gap.clone()),
            guardrails: Observed::missing(gap.clone()),
            network: ClusterNetwork::unread(gap),
            platform: Platform::unread(gap),
            access: Access::unread(gap),
            lifecycle: Lifecycle::unread(gap),
        }
    }
}

//! What permissions amount to: capabilities, ways to become somebody else, what nodes need.
//!
//! The rows come from our specification of authority (section 6.3 and 6.4): the published lists of escalation methods of
//! RhinoSecurityLabs and HackTricks, and Google's role definitions.

use palisade_authority::{Capability, MethodRow, Need, Outcome};
use std::{collections::HashSet, sync::LazyLock};

/// What each capability takes.
pub(crate) const CAPABILITIES: &[Need] = &[
    Need {
        capability: Capability::ClusterAdmin,
        any_of: &[
            &["container.clusterRoles.bind", "container.clusterRoleBindings.create"],
            &["container.clusterRoles.bind", "container.clusterRoleBindings.update"],
            &["container.clusterRoles.escalate", "container.clusterRoles.create"],
            &["container.clusterRoles.escalate", "container.clusterRoles.update"],
        ],
    },
    Need {
        capability: Capability::ReadClusterSecrets,
        any_of: &[&["container.secrets.get"], &["container.secrets.list"]],
    },
    Need { capability: Capability::RunWorkloads, any_of: RUN_AS_POD.needs },
    Need { capability: Capability::OpenControlPlane, any_of: &[&["container.clusters.update"]] },
    Need {
        capability: Capability::AssumeAnyIdentity,
        any_of: &[
            &["iam.serviceAccounts.getAccessToken"],
            &["iam.serviceAccounts.signBlob"],
            &["iam.serviceAccounts.signJwt"],
            &["iam.serviceAccounts.implicitDelegation"],
            &["iam.serviceAccountKeys.create"],
            &["iam.serviceAccounts.actAs", "compute.instances.create"],
            &["iam.serviceAccounts.actAs", "cloudfunctions.functions.create"],
            &["iam.serviceAccounts.actAs", "cloudfunctions.functions.update"],
            &["iam.serviceAccounts.actAs", "run.services.create"],
            &["iam.serviceAccounts.actAs", "run.services.update"],
            &["iam.serviceAccounts.actAs", "run.jobs.create"],
            &["iam.serviceAccounts.actAs", "run.jobs.update"],
            &["iam.serviceAccounts.actAs", "cloudbuild.builds.create"],
            &["iam.serviceAccounts.actAs", "cloudscheduler.jobs.create"],
            &["iam.serviceAccounts.actAs", "dataflow.jobs.create"],
            &["iam.serviceAccounts.actAs", "dataproc.clusters.create"],
            &["iam.serviceAccounts.actAs", "composer.environments.create"],
            &["iam.serviceAccounts.actAs", "workflows.workflows.create"],
            &["iam.serviceAccounts.actAs", "batch.jobs.create"],
        ],
    },
    Need {
        capability: Capability::EscalatePrivilege,
        any_of: &[
            &["resourcemanager.projects.setIamPolicy"],
            &["resourcemanager.folders.setIamPolicy"],
            &["resourcemanager.organizations.setIamPolicy"],
            &["iam.serviceAccounts.setIamPolicy"],
            &["iam.roles.update"],
            &["deploymentmanager.deployments.create"],
            &["deploymentmanager.deployments.update"],
        ],
    },
    Need { capability: Capability::ReadCloudSecrets, any_of: &[&["secretmanager.versions.access"]] },
    Need {
        capability: Capability::DecryptKms,
        any_of: &[&["cloudkms.cryptoKeyVersions.useToDecrypt"], &["cloudkms.cryptoKeys.setIamPolicy"]],
    },
    Need {
        capability: Capability::ExfiltrateStorage,
        any_of: &[&["storage.objects.get"], &["storage.buckets.setIamPolicy"], &["compute.snapshots.setIamPolicy"]],
    },
    Need { capability: Capability::DestroyStorage, any_of: &[&["storage.objects.delete"], &["compute.disks.delete"]] },
    Need {
        capability: Capability::DeleteBackups,
        any_of: &[&["compute.snapshots.delete"], &["gkebackup.backups.delete"], &["gkebackup.backupPlans.delete"]],
    },
    Need {
        capability: Capability::ModifyNetwork,
        any_of: &[
            &["compute.firewalls.create"],
            &["compute.firewalls.update"],
            &["compute.networks.updatePolicy"],
            &["compute.firewallPolicies.update"],
            &["compute.routes.create"],
        ],
    },
    Need {
        capability: Capability::NodeCodeExecution,
        any_of: &[
            &["compute.instances.setMetadata"],
            &["compute.projects.setCommonInstanceMetadata"],
            &["compute.instances.osAdminLogin"],
            &["osconfig.patchJobs.exec"],
        ],
    },
    Need {
        capability: Capability::ExposeMetadata,
        any_of: &[&["container.nodePools.update"], &["container.clusters.update"]],
    },
    Need { capability: Capability::PullAnyImage, any_of: &[&["artifactregistry.repositories.downloadArtifacts"]] },
    Need { capability: Capability::PushImage, any_of: &[&["artifactregistry.repositories.uploadArtifacts"]] },
    Need { capability: Capability::BlindAudit, any_of: &[&["logging.sinks.delete"], &["logging.sinks.update"]] },
    Need { capability: Capability::DeleteCluster, any_of: &[&["container.clusters.delete"]] },
    Need { capability: Capability::WeakenGuardrails, any_of: &[&["orgpolicy.policy.set"]] },
];

/// What a key for Cloud Storage serves for, see [`STORAGE_KEY`].
pub(crate) const OF_STORAGE: &[Need] = &[
    Need {
        capability: Capability::ExfiltrateStorage,
        any_of: &[&["storage.objects.get"], &["storage.buckets.setIamPolicy"]],
    },
    Need { capability: Capability::DestroyStorage, any_of: &[&["storage.objects.delete"]] },
];

/// Method 1 on the project itself: who may set its policy is its owner whenever they like.
pub(crate) const OWN_PROJECT: MethodRow = MethodRow {
    name: "set-project-policy",
    sentence: "It sets the project's policy and makes itself owner.",
    needs: &[&["resourcemanager.projects.setIamPolicy"]],
    effect: Outcome::Administrator,
};

/// Method 1 on a folder above.
pub(crate) const OWN_FOLDER: MethodRow = MethodRow {
    name: "set-folder-policy",
    sentence: "It sets the policy of a folder above the project and makes itself owner of everything in it.",
    needs: &[&["resourcemanager.folders.setIamPolicy"]],
    effect: Outcome::Administrator,
};

/// Method 1 on the organisation.
pub(crate) const OWN_ORGANIZATION: MethodRow = MethodRow {
    name: "set-organization-policy",
    sentence: "It sets the organisation's policy and makes itself owner of everything.",
    needs: &[&["resourcemanager.organizations.setIamPolicy"]],
    effect: Outcome::Administrator,
};

/// Method 5.
pub(crate) const UPDATE_ROLE: MethodRow = MethodRow {
    name: "update-own-role",
    sentence: "It adds any permission to a custom role it holds itself.",
    needs: &[&["iam.roles.update"]],
    effect: Outcome::Administrator,
};

/// Method 7. The agent it acts as is another identity, whose roles decide how far this leads.
pub(crate) const DEPLOYMENT_MANAGER: MethodRow = MethodRow {
    name: "deployment-manager",
    sentence: "It lets Deployment Manager act as the Google APIs agent of the project.",
    needs: &[&["deploymentmanager.deployments.create"], &["deploymentmanager.deployments.update"]],
    effect: Outcome::Target,
};

/// Methods 2, 3, 4, 6 and 8: ways to become a service account. The first action of each set is needed on the account.
pub(crate) const BECOME: &[MethodRow] = &[
    MethodRow {
        name: "mint-token",
        sentence: "It makes tokens or signatures of the service account.",
        needs: &[
            &["iam.serviceAccounts.getAccessToken"],
            &["iam.serviceAccounts.implicitDelegation"],
            &["iam.serviceAccounts.signBlob"],
            &["iam.serviceAccounts.signJwt"],
            &["iam.serviceAccounts.getOpenIdToken"],
        ],
        effect: Outcome::Target,
    },
    MethodRow {
        name: "create-key",
        sentence: "It makes a long-lived key of the service account.",
        needs: &[&["iam.serviceAccountKeys.create"]],
        effect: Outcome::Target,
    },
    MethodRow {
        name: "set-account-policy",
        sentence: "It sets the service account's policy and lets itself make its tokens.",
        needs: &[&["iam.serviceAccounts.setIamPolicy"]],
        effect: Outcome::Target,
    },
    MethodRow {
        name: "launch-as",
        sentence: "It starts something that runs as the service account.",
        needs: &[
            &["iam.serviceAccounts.actAs", "compute.instances.create"],
            &["iam.serviceAccounts.actAs", "cloudfunctions.functions.create"],
            &["iam.serviceAccounts.actAs", "cloudfunctions.functions.update"],
            &["iam.serviceAccounts.actAs", "run.services.create"],
            &["iam.serviceAccounts.actAs", "run.services.update"],
            &["iam.serviceAccounts.actAs", "run.jobs.create"],
            &["iam.serviceAccounts.actAs", "run.jobs.update"],
            &["iam.serviceAccounts.actAs", "cloudbuild.builds.create"],
            &["iam.serviceAccounts.actAs", "cloudscheduler.jobs.create"],
            &["iam.serviceAccounts.actAs", "dataflow.jobs.create"],
            &["iam.serviceAccounts.actAs", "dataproc.clusters.create"],
            &["iam.serviceAccounts.actAs", "composer.environments.create"],
            &["iam.serviceAccounts.actAs", "workflows.workflows.create"],
            &["iam.serviceAccounts.actAs", "batch.jobs.create"],
        ],
        effect: Outcome::Target,
    },
];

/// Method 15, for accounts that identities of a pool outside Google may act as.
pub(crate) const FORGE: MethodRow = MethodRow {
    name: "forge-federated-identity",
    sentence: "It lets a workload identity pool believe an issuer of its own, and signs in as whom the account trusts.",
    needs: &[&["iam.workloadIdentityPoolProviders.update"], &["iam.workloadIdentityPoolProviders.create"]],
    effect: Outcome::Target,
};

/// Method 8, for accounts that machines of the cluster carry.
pub(crate) const ROOT_ON_NODE: MethodRow = MethodRow {
    name: "root-on-machine",
    sentence: "It becomes root on a machine and takes the token of the machine's service account.",
    needs: &[
        &["iam.serviceAccounts.actAs", "compute.instances.setMetadata"],
        &["iam.serviceAccounts.actAs", "compute.projects.setCommonInstanceMetadata"],
        &["compute.instances.osAdminLogin"],
        &["osconfig.patchJobs.exec"],
    ],
    effect: Outcome::Target,
};

/// Method 11.
pub(crate) const CLUSTER_ADMIN: MethodRow = MethodRow {
    name: "bind-cluster-admin",
    sentence: "It binds or widens a role inside the cluster and holds everything there.",
    needs: &[
        &["container.clusterRoles.bind", "container.clusterRoleBindings.create"],
        &["container.clusterRoles.bind", "container.clusterRoleBindings.update"],
        &["container.clusterRoles.escalate", "container.clusterRoles.create"],
        &["container.clusterRoles.escalate", "container.clusterRoles.update"],
    ],
    effect: Outcome::ClusterAdmin,
};

/// Method 12: every account that pods or machines of the clusters may act as. A role on the project holds in all of them.
pub(crate) const RUN_AS_POD: MethodRow = MethodRow {
    name: "run-workload",
    sentence: "It runs a pod under any service account of a cluster, or a command in one that runs.",
    needs: &[
        &["container.pods.create"],
        &["container.deployments.create"],
        &["container.daemonSets.create"],
        &["container.statefulSets.create"],
        &["container.jobs.create"],
        &["container.cronJobs.create"],
        &["container.replicaSets.create"],
        &["container.replicationControllers.create"],
        &["container.deployments.update"],
        &["container.daemonSets.update"],
        &["container.statefulSets.update"],
        &["container.cronJobs.update"],
        &["container.replicaSets.update"],
        &["container.replicationControllers.update"],
        &["container.pods.exec"],
        &["container.pods.attach"],
    ],
    effect: Outcome::Target,
};

/// Method 9: whatever the accounts of the project may do in Cloud Storage.
pub(crate) const STORAGE_KEY: MethodRow = MethodRow {
    name: "storage-key",
    sentence: "It makes a key of the service account with which Cloud Storage takes it for the account.",
    needs: &[&["storage.hmacKeys.create"]],
    effect: Outcome::Target,
};

/// Method 14 beside 11: who may change a cluster may open its endpoints and metadata; named by the capabilities
/// `open-control-plane` and `expose-metadata`, not a step of its own.
///
/// Permissions that make credentials for a cluster, or change who can.
pub(crate) const MINT: &[&str] = &["container.clusters.getCredentials", "container.clusters.update"];

/// The permission that opens the DNS endpoint: worth telling where everybody has it.
pub(crate) const CONNECT: &str = "container.clusters.connect";

/// Binding roles in the whole cluster.
pub(crate) const BIND_ROLES: &str = "container.clusterRoleBindings.create";

/// Reading a cluster, which is what signing in to it takes.
pub(crate) const SEE_CLUSTER: &str = "container.clusters.get";

/// Roles of Google's that are as good as an administrator's inside a cluster.
pub(crate) const ADMINISTRATOR_ROLES: &[&str] = &["roles/container.admin", "roles/owner", "roles/editor"];

/// Permissions that forward requests to a cluster of a fleet.
pub(crate) const GATEWAY: &[&str] = &[
    "gkehub.gateway.get",
    "gkehub.gateway.post",
    "gkehub.gateway.put",
    "gkehub.gateway.patch",
    "gkehub.gateway.delete",
    "gkehub.gateway.generateCredentials",
];

/// Permissions by which somebody becomes a service account directly.
pub(crate) const DIRECT: &[&str] = &[
    "iam.serviceAccounts.getAccessToken",
    "iam.serviceAccounts.implicitDelegation",
    "iam.serviceAccounts.signBlob",
    "iam.serviceAccounts.signJwt",
    "iam.serviceAccounts.getOpenIdToken",
];

/// Permissions by which somebody becomes a service account with one more call of their own.
pub(crate) const BECOME_LATER: &[&str] = &["iam.serviceAccountKeys.create", "iam.serviceAccounts.setIamPolicy"];

/// Permission to use a key.
pub(crate) const USE_KEY: &str = "cloudkms.cryptoKeyVersions.useToDecrypt";

/// Permissions to change who may use a key, or to end it.
pub(crate) const RULE_KEY: &[&str] = &["cloudkms.cryptoKeys.setIamPolicy", "cloudkms.cryptoKeyVersions.destroy"];

/// The same, held on the key's ring or above.
pub(crate) const RULE_RING: &[&str] = &["cloudkms.keyRings.setIamPolicy"];

/// The same, held on the key's project or above.
pub(crate) const RULE_PROJECT: &str = "resourcemanager.projects.setIamPolicy";

/// The same, held on a folder above the key or higher.
pub(crate) const RULE_FOLDER: &str = "resourcemanager.folders.setIamPolicy";

/// The same, held on the organisation.
pub(crate) const RULE_ORGANIZATION: &str = "resourcemanager.organizations.setIamPolicy";

/// What a node needs: roles/container.defaultNodeServiceAccount, its predecessors roles/container.nodeServiceAccount and
/// the trio of logging, monitoring and metadata writers Google recommended before, and pulling images.
/// <https://cloud.google.com/kubernetes-engine/docs/how-to/hardening-your-cluster#use_least_privilege_sa>
pub(crate) const NODE_NEED: &[&str] = &[
    "artifactregistry.dockerimages.get",
    "artifactregistry.dockerimages.list",
    "artifactregistry.files.download",
    "artifactregistry.files.get",
    "artifactregistry.files.list",
    "artifactregistry.locations.get",
    "artifactregistry.locations.list",
    "artifactregistry.packages.get",
    "artifactregistry.packages.list",
    "artifactregistry.repositories.downloadArtifacts",
    "artifactregistry.repositories.get",
    "artifactregistry.repositories.list",
    "artifactregistry.repositories.listEffectiveTags",
    "artifactregistry.repositories.listTagBindings",
    "artifactregistry.repositories.readViaVirtualRepository",
    "artifactregistry.tags.get",
    "artifactregistry.tags.list",
    "artifactregistry.versions.get",
    "artifactregistry.versions.list",
    "autoscaling.sites.writeMetrics",
    "cloudnotifications.activities.list",
    "logging.logEntries.create",
    "logging.logEntries.route",
    "monitoring.metricDescriptors.create",
    "monitoring.metricDescriptors.get",
    "monitoring.metricDescriptors.list",
    "monitoring.monitoredResourceDescriptors.get",
    "monitoring.monitoredResourceDescriptors.list",
    "monitoring.timeSeries.create",
    "monitoring.timeSeries.list",
    "resourcemanager.projects.get",
    "resourcemanager.projects.list",
    "serviceusage.services.use",
    "stackdriver.resourceMetadata.list",
    "stackdriver.resourceMetadata.write",
];

/// Roles whose every permission a node may have.
pub(crate) const NODE_ROLES: &[&str] = &[
    "roles/artifactregistry.reader",
    "roles/autoscaling.metricsWriter",
    "roles/container.defaultNodeServiceAccount",
    "roles/container.nodeServiceAccount",
    "roles/logging.logWriter",
    "roles/monitoring.metricWriter",
    "roles/monitoring.viewer",
    "roles/stackdriver.resourceMetadata.writer",
];

/// Roles Google gives its own Kubernetes Engine agent. Legitimate for the agent alone.
pub(crate) const AGENT_ROLES: &[&str] = &[
    "roles/cloudkms.cryptoKeyEncrypterDecrypter",
    "roles/container.hostServiceAgentUser",
    "roles/container.serviceAgent",
];

/// Roles that stand for a whole project. Owner and Editor hold almost every permission of every service.
pub(crate) const BASIC_ROLES: &[&str] = &["roles/owner", "roles/editor"];

/// Every permission some table asks about. A role of twelve thousand permissions is kept as the few of these it holds.
pub(crate) static INTERESTING: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let mut all: HashSet<&'static str> = HashSet::new();
    let mut add = |sets: &'static [&'static [&'static str]]| all.extend(sets.iter().copied().flatten().copied());
    for need in CAPABILITIES {
        add(need.any_of);
    }
    for row in BECOME.iter().chain([
        &OWN_PROJECT,
        &OWN_FOLDER,
        &OWN_ORGANIZATION,
        &UPDATE_ROLE,
        &DEPLOYMENT_MANAGER,
        &FORGE,
        &ROOT_ON_NODE,
        &CLUSTER_ADMIN,
        &RUN_AS_POD,
        &STORAGE_KEY,
    ]) {
        add(row.needs);
    }
    for list in [MINT, GATEWAY, DIRECT, BECOME_LATER, RULE_KEY, RULE_RING, NODE_NEED] {
        all.extend(list);
    }
    all.extend([BIND_ROLES, SEE_CLUSTER, CONNECT, USE_KEY, RULE_PROJECT, RULE_FOLDER, RULE_ORGANIZATION]);
    all
});

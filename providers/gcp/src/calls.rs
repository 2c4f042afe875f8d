//! Every call the collector may make, with its permission and the facts it feeds.

use palisade_model::FactKind::{
    self, ActivityLog, Administrators, AuditStore, BackupPlans, BackupSafety, Blockers, Controllers, Dedication,
    DefaultRoute, Detection, Egress, Exposure, ExternalTrusts, Filters, FlowLogs, Guardrails, Identities,
    ImageAdmission, ImageScanning, Interactive, KeyAccess, KeyRotation, KeyState, Keys, Minters, Nodes, OtherTrust,
    Pipelines, PrivateApis, PublicAddresses, Recovery, Registries, Room, SignIn, Standing, Support, Trusts, Tunnels,
    UnreadGroups, Unused, Vulnerabilities,
};
use palisade_provider::{Call, Per, Quota};

/// The code of a failure when an API is off in the very project that was asked about. Of [`CLUSTERS_LIST`] it proves that
/// there is nothing to read: with the Kubernetes Engine API off Google serves no cluster of that project.
pub const SERVICE_DISABLED: &str = "SERVICE_DISABLED";

/// The code of a failure when the API is off in another project, the one that pays for the call, or when the service did
/// not say where: that proves nothing.
pub const SERVICE_DISABLED_ELSEWHERE: &str = "SERVICE_DISABLED_ELSEWHERE";

/// What Google publishes about how fast it may be asked, for each project. It counts in whole minutes, so little is saved up.
pub(crate) const QUOTAS: &[Quota] = &[Quota {
    host: "compute.googleapis.com",
    requests: 1500,
    per_seconds: 60,
    burst: 25,
    source: "https://cloud.google.com/compute/api-quota",
}];

/// Finds the projects the credentials can see.
pub const PROJECTS_SEARCH: Call = Call {
    name: "cloudresourcemanager.projects.search",
    permission: "resourcemanager.projects.get",
    per: Per::Target,
    feeds: FactKind::ALL,
    redact: &[],
    purpose: "find the projects the credentials can see",
};

/// Finds the projects directly below a folder or organisation.
pub const PROJECTS_LIST: Call = Call {
    name: "cloudresourcemanager.projects.list",
    permission: "resourcemanager.projects.list",
    per: Per::Group,
    feeds: FactKind::ALL,
    redact: &[],
    purpose: "find the projects below a folder or organisation",
};

/// Finds the folders directly below a folder or organisation.
pub const FOLDERS_LIST: Call = Call {
    name: "cloudresourcemanager.folders.list",
    permission: "resourcemanager.folders.list",
    per: Per::Group,
    feeds: FactKind::ALL,
    redact: &[],
    purpose: "find the folders below a folder or organisation",
};

/// Finds the projects that hold clusters below an organisation or folder, in one question.
pub const ASSETS_SEARCH: Call = Call {
    name: "cloudasset.searchAllResources",
    permission: "cloudasset.assets.searchAllResources",
    per: Per::Group,
    feeds: FactKind::ALL,
    redact: &[],
    purpose: "find the projects with clusters by Cloud Asset Inventory, if that is configured",
};

/// Reads every cluster of a project with its node pools, in all locations at once.
pub const CLUSTERS_LIST: Call = Call {
    name: "container.clusters.list",
    permission: "container.clusters.list",
    per: Per::Account,
    feeds: FactKind::ALL,
    redact: &["/clusters/*/masterAuth/clientKey", "/clusters/*/masterAuth/password"],
    purpose: "read clusters and their node pools",
};

/// Reads until when a cluster's version is supported, and what holds its upgrades up.
pub const CLUSTER_UPGRADES: Call = Call {
    name: "container.clusters.fetchClusterUpgradeInfo",
    permission: "container.clusters.get",
    per: Per::Cluster,
    feeds: &[Support, Blockers],
    redact: &[],
    purpose: "read until when a cluster's version is supported, and what holds its upgrades up",
};

/// Reads a project's number and what it stands below.
pub const PROJECTS_GET: Call = Call {
    name: "cloudresourcemanager.projects.get",
    permission: "resourcemanager.projects.get",
    per: Per::Account,
    feeds: &[
        Registries,
        Identities,
        Standing,
        Dedication,
        OtherTrust,
        Keys,
        Unused,
        Trusts,
        UnreadGroups,
        Controllers,
        Minters,
        Administrators,
        Pipelines,
        SignIn,
        ExternalTrusts,
        KeyAccess,
        Tunnels,
    ],
    redact: &[],
    purpose: "read a project's number and its place in the hierarchy",
};

/// Reads what a folder stands below.
pub const FOLDERS_GET: Call = Call {
    name: "cloudresourcemanager.folders.get",
    permission: "resourcemanager.folders.get",
    per: Per::Group,
    feeds: INHERITED,
    redact: &[],
    purpose: "read a folder's place in the hierarchy",
};

/// What a policy of anything above a project says something about. Whom the cluster's own identities are it does not say;
/// that there are no others it does.
const INHERITED: &[FactKind] = &[
    Registries,
    Standing,
    Dedication,
    OtherTrust,
    Keys,
    Unused,
    Trusts,
    UnreadGroups,
    Controllers,
    Minters,
    Administrators,
    Pipelines,
    SignIn,
    KeyAccess,
    Tunnels,
];

/// Reads who holds which role in a project.
pub const PROJECT_POLICY: Call = Call {
    name: "cloudresourcemanager.projects.getIamPolicy",
    permission: "resourcemanager.projects.getIamPolicy",
    per: Per::Account,
    feeds: &[
        Registries,
        Standing,
        Dedication,
        OtherTrust,
        Keys,
        Unused,
        Trusts,
        UnreadGroups,
        Controllers,
        Minters,
        Administrators,
        Pipelines,
        SignIn,
        ExternalTrusts,
        KeyAccess,
        Tunnels,
    ],
    redact: &[],
    purpose: "read the role bindings and the audit settings of a project",
};

/// Reads who holds which role in a folder.
pub const FOLDER_POLICY: Call = Call {
    name: "cloudresourcemanager.folders.getIamPolicy",
    permission: "resourcemanager.folders.getIamPolicy",
    per: Per::Group,
    feeds: INHERITED,
    redact: &[],
    purpose: "read the role bindings a project inherits from its folders",
};

/// Reads who holds which role in an organisation.
pub const ORGANIZATION_POLICY: Call = Call {
    name: "cloudresourcemanager.organizations.getIamPolicy",
    permission: "resourcemanager.organizations.getIamPolicy",
    per: Per::Group,
    feeds: INHERITED,
    redact: &[],
    purpose: "read the role bindings a project inherits from its organisation",
};

/// Reads what is denied at a project, folder or organisation.
pub const DENY_POLICIES: Call = Call {
    name: "iam.denypolicies.list",
    permission: "iam.denypolicies.list",
    per: Per::Group,
    feeds: &[Standing, Minters, Pipelines, KeyAccess, Tunnels, SignIn, Administrators],
    redact: &[],
    purpose: "read the deny policies of a project and of what stands above it",
};

/// Reads the rules of one deny policy, when the list left them out.
pub const DENY_POLICY: Call = Call {
    name: "iam.denypolicies.get",
    permission: "iam.denypolicies.get",
    per: Per::Group,
    feeds: &[Standing, Minters, Pipelines, KeyAccess, Tunnels, SignIn, Administrators],
    redact: &[],
    purpose: "read the rules of a deny policy",
};

/// Reads which permissions a role holds.
pub const ROLES_GET: Call = Call {
    name: "iam.roles.get",
    permission: "iam.roles.get",
    per: Per::Target,
    feeds: &[
        Registries,
        Standing,
        OtherTrust,
        UnreadGroups,
        Minters,
        Pipelines,
        KeyAccess,
        Tunnels,
        SignIn,
        Administrators,
    ],
    redact: &[],
    purpose: "read the permissions of the roles that are bound",
};

/// Reads the service accounts of a project.
pub const ACCOUNTS_LIST: Call = Call {
    name: "iam.serviceAccounts.list",
    permission: "iam.serviceAccounts.list",
    per: Per::Account,
    feeds: &[
        Pipelines,
        Standing,
        Dedication,
        OtherTrust,
        Keys,
        Unused,
        Trusts,
        UnreadGroups,
        Controllers,
        ExternalTrusts,
    ],
    redact: &[],
    purpose: "read the service accounts of a project",
};

/// Reads who may act as a service account.
pub const ACCOUNT_POLICY: Call = Call {
    name: "iam.serviceAccounts.getIamPolicy",
    permission: "iam.serviceAccounts.getIamPolicy",
    per: Per::Identity,
    feeds: &[
        Pipelines,
        Standing,
        Dedication,
        OtherTrust,
        Keys,
        Unused,
        Trusts,
        UnreadGroups,
        Controllers,
        ExternalTrusts,
    ],
    redact: &[],
    purpose: "read who may act as a service account",
};

/// Reads which user-managed keys a service account has. Ids and dates, never the keys.
pub const KEYS_LIST: Call = Call {
    name: "iam.serviceAccountKeys.list",
    permission: "iam.serviceAccountKeys.list",
    per: Per::Identity,
    feeds: &[Keys],
    redact: &["/keys/*/privateKeyData", "/keys/*/publicKeyData"],
    purpose: "read ids and dates of the user-managed keys of a service account",
};

/// Reads what the project gives to all its machines: OS Login and SSH keys (whether, never which).
pub const COMPUTE_PROJECT: Call = Call {
    name: "compute.projects.get",
    permission: "compute.projects.get",
    per: Per::Account,
    feeds: &[Interactive],
    redact: &[],
    purpose: "read whether OS Login and project-wide SSH keys are on",
};

/// Reads the machines of a project.
pub const INSTANCES: Call = Call {
    name: "compute.instances.aggregatedList",
    permission: "compute.instances.list",
    per: Per::Account,
    feeds: &[Nodes, PublicAddresses, Exposure, Filters, DefaultRoute, Egress, Interactive, Dedication, Standing, Room],
    redact: &[],
    purpose: "read the machines of the clusters, their addresses, tags and accounts",
};

/// Reads the load balancers of a project.
pub const FORWARDING_RULES: Call = Call {
    name: "compute.forwardingRules.aggregatedList",
    permission: "compute.forwardingRules.list",
    per: Per::Account,
    feeds: &[Exposure],
    redact: &[],
    purpose: "read which load balancers hand packets to machines",
};

/// Reads the pools of machines that load balancers of the old kind send to.
pub const TARGET_POOLS: Call = Call {
    name: "compute.targetPools.aggregatedList",
    permission: "compute.targetPools.list",
    per: Per::Account,
    feeds: &[Exposure],
    redact: &[],
    purpose: "read to which machines load balancers send",
};

/// Reads the VPC firewall rules of a project.
pub const FIREWALLS: Call = Call {
    name: "compute.firewalls.list",
    permission: "compute.firewalls.list",
    per: Per::Account,
    feeds: &[Exposure, Filters, Egress],
    redact: &[],
    purpose: "read the firewall rules of the networks",
};

/// Reads the networks of a project.
pub const NETWORKS: Call = Call {
    name: "compute.networks.list",
    permission: "compute.networks.list",
    per: Per::Account,
    feeds: &[Exposure, Filters, Egress],
    redact: &[],
    purpose: "read in which order a network's firewalls are asked",
};

/// Reads the subnetworks of a project.
pub const SUBNETWORKS: Call = Call {
    name: "compute.subnetworks.aggregatedList",
    permission: "compute.subnetworks.list",
    per: Per::Account,
    feeds: &[Exposure, Filters, Egress, FlowLogs, PrivateApis],
    redact: &[],
    purpose: "read the addresses of the networks, and whether their traffic is recorded",
};

/// Reads the routes of a project.
pub const ROUTES: Call = Call {
    name: "compute.routes.list",
    permission: "compute.routes.list",
    per: Per::Account,
    feeds: &[Exposure, DefaultRoute, Egress],
    redact: &[],
    purpose: "read where the traffic of the networks goes",
};

/// Reads the routers of a project.
pub const ROUTERS: Call = Call {
    name: "compute.routers.aggregatedList",
    permission: "compute.routers.list",
    per: Per::Account,
    feeds: &[Exposure, DefaultRoute, Egress],
    redact: &["/items/*/routers/*/md5AuthenticationKeys"],
    purpose: "read the address translation of the networks, and whether they learn routes",
};

/// Reads the firewall policies that apply to a network.
pub const NETWORK_FIREWALLS: Call = Call {
    name: "compute.networks.getEffectiveFirewalls",
    permission: "compute.networks.getEffectiveFirewalls",
    per: Per::Network,
    feeds: &[Exposure, Filters, Egress],
    redact: &[],
    purpose: "read the firewall policies that apply to a network",
};

/// Reads the firewall policies that apply to a network in one region.
pub const REGION_FIREWALLS: Call = Call {
    name: "compute.regionNetworkFirewallPolicies.getEffectiveFirewalls",
    permission: "compute.networks.getRegionEffectiveFirewalls",
    per: Per::Network,
    feeds: &[Exposure, Filters, Egress],
    redact: &[],
    purpose: "read the firewall policies that apply to a network in one region",
};

/// Reads an encryption key's state. Never the key.
pub const KEY_GET: Call = Call {
    name: "cloudkms.cryptoKeys.get",
    permission: "cloudkms.cryptoKeys.get",
    per: Per::Key,
    feeds: &[KeyState, KeyRotation],
    redact: &[],
    purpose: "read the state and rotation of the key that encrypts a cluster's database",
};

/// Reads who may use an encryption key.
pub const KEY_POLICY: Call = Call {
    name: "cloudkms.cryptoKeys.getIamPolicy",
    permission: "cloudkms.cryptoKeys.getIamPolicy",
    per: Per::Key,
    feeds: &[KeyAccess],
    redact: &[],
    purpose: "read who may use the key that encrypts a cluster's database",
};

/// Reads who may use the keys of a key ring: what is bound there holds for every key in it.
pub const KEY_RING_POLICY: Call = Call {
    name: "cloudkms.keyRings.getIamPolicy",
    permission: "cloudkms.keyRings.getIamPolicy",
    per: Per::Key,
    feeds: &[KeyAccess],
    redact: &[],
    purpose: "read who may use every key of the key ring that holds the key",
};

/// Reads which rights nobody used.
pub const INSIGHTS: Call = Call {
    name: "recommender.projects.locations.insightTypes.insights.list",
    permission: "recommender.iamPolicyInsights.list",
    per: Per::Account,
    feeds: &[Unused],
    redact: &[],
    purpose: "read which permissions nobody used in 90 days",
};

/// Reads how long a project's log buckets keep what is written to them.
pub const LOG_BUCKETS: Call = Call {
    name: "logging.buckets.list",
    permission: "logging.buckets.list",
    per: Per::Account,
    feeds: &[AuditStore],
    redact: &[],
    purpose: "read how long the audit log of the clusters is kept",
};

/// Reads where a project's logs are copied to.
pub const LOG_SINKS: Call = Call {
    name: "logging.sinks.list",
    permission: "logging.sinks.list",
    per: Per::Account,
    feeds: &[ActivityLog],
    redact: &[],
    purpose: "read whether requests to Google's APIs are copied to a place of their own",
};

/// Reads whether the services that scan and watch are on in a project.
pub const SERVICES: Call = Call {
    name: "serviceusage.services.batchGet",
    permission: "serviceusage.services.get",
    per: Per::Account,
    feeds: &[Detection, ImageScanning, Vulnerabilities],
    redact: &[],
    purpose: "read whether image scanning and container threat detection are on",
};

/// Reads the backup plans of a project, in all locations at once.
pub const BACKUP_PLANS: Call = Call {
    name: "gkebackup.backupPlans.list",
    permission: "gkebackup.backupPlans.list",
    per: Per::Account,
    feeds: &[BackupPlans, Recovery, BackupSafety],
    redact: &[],
    purpose: "read which clusters are backed up, when last, and how that is guarded",
};

/// Reads the image repositories of a project near its clusters.
pub const REPOSITORIES: Call = Call {
    name: "artifactregistry.repositories.list",
    permission: "artifactregistry.repositories.list",
    per: Per::Network,
    feeds: &[ImageScanning, Registries, Vulnerabilities],
    redact: &[],
    purpose: "read the image repositories near the clusters, and whether they are scanned",
};

/// Reads whom an image repository lets in.
pub const REPOSITORY_POLICY: Call = Call {
    name: "artifactregistry.repositories.getIamPolicy",
    permission: "artifactregistry.repositories.getIamPolicy",
    per: Per::Member,
    feeds: &[Registries],
    redact: &[],
    purpose: "read whom the image repositories let in",
};

/// Reads what Binary Authorization asks of images in a project.
pub const IMAGE_POLICY: Call = Call {
    name: "binaryauthorization.projects.getPolicy",
    permission: "binaryauthorization.policy.get",
    per: Per::Account,
    feeds: &[ImageAdmission],
    redact: &[],
    purpose: "read whether images have to be attested before they run",
};

/// Reads what the organisation's policies come to in a project.
pub const EFFECTIVE_POLICY: Call = Call {
    name: "orgpolicy.policies.getEffectivePolicy",
    permission: "orgpolicy.policy.get",
    per: Per::Account,
    feeds: &[Guardrails],
    redact: &[],
    purpose: "read which settings of clusters the organisation refuses",
};

/// Reads what Artifact Analysis found in the images of a project, and which of them it still looks at.
pub const OCCURRENCES: Call = Call {
    name: "containeranalysis.projects.occurrences.list",
    permission: "containeranalysis.occurrences.list",
    per: Per::Account,
    feeds: &[Vulnerabilities],
    redact: &[],
    purpose: "read the vulnerabilities of the project's images, and which of them are still looked at",
};

/// Every call the collector may make.
pub static CALLS: &[Call] = &[
    PROJECTS_SEARCH,
    PROJECTS_LIST,
    FOLDERS_LIST,
    ASSETS_SEARCH,
    CLUSTERS_LIST,
    CLUSTER_UPGRADES,
    PROJECTS_GET,
    FOLDERS_GET,
    PROJECT_POLICY,
    FOLDER_POLICY,
    ORGANIZATION_POLICY,
    DENY_POLICIES,
    DENY_POLICY,
    ROLES_GET,
    ACCOUNTS_LIST,
    ACCOUNT_POLICY,
    KEYS_LIST,
    COMPUTE_PROJECT,
    INSTANCES,
    FORWARDING_RULES,
    TARGET_POOLS,
    FIREWALLS,
    NETWORKS,
    SUBNETWORKS,
    ROUTES,
    ROUTERS,
    NETWORK_FIREWALLS,
    REGION_FIREWALLS,
    KEY_GET,
    KEY_POLICY,
    KEY_RING_POLICY,
    INSIGHTS,
    LOG_BUCKETS,
    LOG_SINKS,
    SERVICES,
    BACKUP_PLANS,
    REPOSITORIES,
    REPOSITORY_POLICY,
    IMAGE_POLICY,
    EFFECTIVE_POLICY,
    OCCURRENCES,
];

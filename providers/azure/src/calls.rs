//! Every call that may be made, with the permission it takes. All of them are reads.

use palisade_model::FactKind::{
    self, ActivityLog, Administrators, AuditLog, AuditStore, BackupPlans, BackupSafety, Controllers, Dedication,
    DefaultRoute, DeletionGuard, Detection, Egress, Experiments, Exposure, ExternalTrusts, Filters, FlowLogs,
    Guardrails, Identities, ImageScanning, KeyAccess, KeyRotation, KeyState, Minters, NewestImage, Nodes, OtherTrust,
    Pipelines, PrivateGuard, PublicAccess, PublicAddresses, Recovery, Registries, Room, Standing, Support, Trusts,
    Tunnels, UnreadGroups, Upgrades, Vulnerabilities,
};
use palisade_provider::{Call, Per, Quota};

/// The scope of what belongs to no subscription.
pub const TENANT: &str = "tenant";

/// Fields of a cluster that are never stored.
const CLUSTER_SECRETS: &[&str] = &[
    "/value/*/properties/servicePrincipalProfile/secret",
    "/value/*/properties/windowsProfile/adminPassword",
    "/value/*/properties/aadProfile/serverAppSecret",
    "/value/*/properties/addonProfiles/*/config",
    "/value/*/properties/linuxProfile/ssh/publicKeys/*/keyData",
];

/// Fields of a scale set that are never stored.
const SCALE_SET_SECRETS: &[&str] = &[
    "/value/*/properties/virtualMachineProfile/osProfile/customData",
    "/value/*/properties/virtualMachineProfile/osProfile/adminPassword",
    "/value/*/properties/virtualMachineProfile/osProfile/secrets",
    "/value/*/properties/virtualMachineProfile/osProfile/linuxConfiguration/ssh/publicKeys/*/keyData",
    "/value/*/properties/virtualMachineProfile/userData",
    "/value/*/properties/virtualMachineProfile/extensionProfile/extensions/*/properties/settings",
    "/value/*/properties/virtualMachineProfile/extensionProfile/extensions/*/properties/protectedSettings",
];

/// Fields of a single machine that are never stored.
const MACHINE_SECRETS: &[&str] = &[
    "/value/*/properties/osProfile/customData",
    "/value/*/properties/osProfile/adminPassword",
    "/value/*/properties/osProfile/secrets",
    "/value/*/properties/osProfile/linuxConfiguration/ssh/publicKeys/*/keyData",
    "/value/*/properties/userData",
    "/value/*/resources/*/properties/settings",
    "/value/*/resources/*/properties/protectedSettings",
];

/// What Azure publishes about how fast it may be asked: of Azure Resource Manager, for each subscription and principal.
pub(crate) const QUOTAS: &[Quota] = &[Quota {
    host: "management.",
    requests: 25,
    per_seconds: 1,
    burst: 250,
    source: "https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling",
}];

/// Every fact there is: what the list of clusters feeds.
const EVERYTHING: &[FactKind] = FactKind::ALL;

macro_rules! calls {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $permission:literal, $per:ident, $feeds:expr, $redact:expr, $purpose:literal;)*) => {
        $(
            $(#[$doc])*
            pub const $constant: Call = Call {
                name: $name,
                permission: $permission,
                per: Per::$per,
                feeds: $feeds,
                redact: $redact,
                purpose: $purpose,
            };
        )*

        /// Every call that may be made.
        pub static CALLS: &[Call] = &[$($constant,)*];
    };
}

calls! {
    /// The subscriptions that the credentials see.
    SUBSCRIPTIONS = "Subscriptions_List", "Microsoft.Resources/subscriptions/read", Target,
        EVERYTHING, &[],
        "find the subscriptions, and the tenants that manage them from outside";
    /// Everything below a management group.
    DESCENDANTS = "ManagementGroups_GetDescendants", "Microsoft.Management/managementGroups/descendants/read", Group,
        EVERYTHING, &[],
        "find the subscriptions below the configured management groups";
    /// Finds the subscriptions that hold clusters, by a query of Resource Graph. It takes no right of its own: the answer has what
    /// the credentials may read.
    CLUSTER_PLACES = "ResourceGraph_Resources", "Microsoft.ContainerService/managedClusters/read", Target,
        EVERYTHING, &[],
        "find the subscriptions with clusters in one question, if that is configured";
    /// The clusters of a subscription, whole, with their pools.
    CLUSTERS = "ManagedClusters_List", "Microsoft.ContainerService/managedClusters/read", Account,
        EVERYTHING, CLUSTER_SECRETS,
        "read the clusters with their node pools";
    /// Services that are bound to a cluster.
    TRUSTED_ACCESS = "TrustedAccessRoleBindings_List",
        "Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings/read", Cluster,
        &[Tunnels], &[],
        "see which other services are let into a cluster";
    /// Private endpoints of a private cluster.
    PRIVATE_ENDPOINTS = "PrivateEndpointConnections_List",
        "Microsoft.ContainerService/managedClusters/privateEndpointConnections/read", Cluster,
        &[PrivateGuard], &[],
        "see which private endpoints lead to the API server";
    /// The network security groups of a subscription.
    SECURITY_GROUPS = "NetworkSecurityGroups_ListAll", "Microsoft.Network/networkSecurityGroups/read", Account,
        &[PrivateGuard, Exposure, Filters, Egress], &[],
        "evaluate who can reach nodes and private endpoints";
    /// The virtual networks of a subscription, with their subnets.
    NETWORKS = "VirtualNetworks_ListAll", "Microsoft.Network/virtualNetworks/read", Account,
        &[PrivateGuard, Exposure, Filters, DefaultRoute, Egress, Room, FlowLogs], &[],
        "know the networks of the nodes, their peerings and what guards their subnets";
    /// The public addresses of a subscription.
    PUBLIC_ADDRESSES = "PublicIPAddresses_ListAll", "Microsoft.Network/publicIPAddresses/read", Account,
        &[PublicAccess, Exposure], &[],
        "know the clusters' own outgoing addresses and the addresses of load balancers";
    /// The load balancers of a subscription.
    LOAD_BALANCERS = "LoadBalancers_ListAll", "Microsoft.Network/loadBalancers/read", Account,
        &[Exposure], &[],
        "know what load balancers forward to nodes";
    /// The route tables of a subscription.
    ROUTE_TABLES = "RouteTables_ListAll", "Microsoft.Network/routeTables/read", Account,
        &[PrivateGuard, Exposure, Filters, DefaultRoute, Egress, FlowLogs, Room], &[],
        "know where the nodes' traffic goes";
    /// The security admin rules that hold in a network. They may be written in another subscription; this asks for what
    /// comes of them.
    ADMIN_RULES = "ListNetworkManagerEffectiveSecurityAdminRules",
        "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action", Member,
        &[PrivateGuard, Exposure, Filters, Egress], &[],
        "evaluate the rules that come before and past security groups";
    /// The scale sets of a subscription.
    SCALE_SETS = "VirtualMachineScaleSets_ListAll", "Microsoft.Compute/virtualMachineScaleSets/read", Account,
        &[PrivateGuard, Nodes, PublicAddresses, Exposure, Filters, DefaultRoute, Egress, Dedication, Standing, Pipelines,
            FlowLogs, Room],
        SCALE_SET_SECRETS,
        "find the machines of node pools, and what else carries their identities";
    /// The single virtual machines of a subscription.
    VIRTUAL_MACHINES = "VirtualMachines_ListAll", "Microsoft.Compute/virtualMachines/read", Account,
        &[Dedication, Standing, Pipelines], MACHINE_SECRETS,
        "know which machines beside node pools carry an identity: whoever runs code there becomes it";
    /// The Automation accounts of a subscription.
    AUTOMATION_ACCOUNTS = "AutomationAccount_List", "Microsoft.Automation/automationAccounts/read", Account,
        &[Dedication, Standing, Pipelines], &[],
        "know which Automation accounts carry an identity: whoever writes their runbooks becomes it";
    /// The network interfaces of a scale set's machines.
    NODE_INTERFACES = "NetworkInterfaces_ListVirtualMachineScaleSetNetworkInterfaces",
        "Microsoft.Compute/virtualMachineScaleSets/networkInterfaces/read", Member,
        &[Nodes, PublicAddresses, Exposure], &[],
        "know the addresses and security groups of each node";
    /// The public addresses of a scale set's machines.
    NODE_ADDRESSES = "PublicIPAddresses_ListVirtualMachineScaleSetPublicIPAddresses",
        "Microsoft.Compute/virtualMachineScaleSets/publicIPAddresses/read", Member,
        &[Nodes, PublicAddresses, Exposure], &[],
        "know which nodes have a public address";
    /// Which image a pool could be upgraded to.
    UPGRADE_PROFILE = "AgentPools_GetUpgradeProfile",
        "Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles/read", Member,
        &[NewestImage], &[],
        "know whether a pool runs the newest image";
    /// What a subscription watches its networks with.
    NETWORK_WATCHERS = "NetworkWatchers_ListAll", "Microsoft.Network/networkWatchers/read", Account,
        &[FlowLogs], &[],
        "find the records of traffic";
    /// The records of traffic of a region.
    FLOW_LOGS = "FlowLogs_List", "Microsoft.Network/networkWatchers/flowLogs/read", Member,
        &[FlowLogs], &[],
        "know whether traffic of the nodes' networks is recorded";
    /// Who holds which role in a subscription, at its parents and below it.
    ROLE_ASSIGNMENTS = "RoleAssignments_ListForSubscription", "Microsoft.Authorization/roleAssignments/read", Account,
        &[Standing, UnreadGroups, Minters, Pipelines, KeyAccess, Administrators], &[],
        "evaluate what identities may do, and who may make cluster credentials";
    /// What the roles of a subscription allow.
    ROLE_DEFINITIONS = "RoleDefinitions_List", "Microsoft.Authorization/roleDefinitions/read", Account,
        &[Standing, UnreadGroups, Minters, Pipelines, KeyAccess, Administrators], &[],
        "know what each role allows";
    /// What is denied whatever a role allows.
    DENY_ASSIGNMENTS = "DenyAssignments_List", "Microsoft.Authorization/denyAssignments/read", Account,
        &[Standing, UnreadGroups, Minters, Pipelines, KeyAccess, Administrators], &[],
        "know what is denied whatever a role allows";
    /// The service principals in a group that holds a role, at any depth. Managed identities are service principals.
    GROUP_MEMBERS = "Groups_ListTransitiveMembers", "GroupMember.Read.All", Identity,
        &[UnreadGroups, Pipelines], &[],
        "know which identities are in the groups that hold roles (Microsoft Graph)";
    /// The user-assigned identities of a subscription.
    IDENTITIES = "UserAssignedIdentities_ListBySubscription",
        "Microsoft.ManagedIdentity/userAssignedIdentities/read", Account,
        &[Identities, OtherTrust, Trusts, Controllers, ExternalTrusts, Standing, Pipelines], &[],
        "know the identities that clusters and workloads use, and whom they could become";
    /// Whose tokens become an identity.
    FEDERATED_CREDENTIALS = "FederatedIdentityCredentials_List",
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read", Identity,
        &[Identities, OtherTrust, Trusts, Controllers, ExternalTrusts, Pipelines], &[],
        "know which service accounts become which identity";
    /// The vaults of a subscription, when a cluster names a key and not its vault.
    VAULTS = "Vaults_ListBySubscription", "Microsoft.KeyVault/vaults/read", Account,
        &[KeyState, KeyRotation, KeyAccess], &[],
        "find the vault of a cluster's key";
    /// One vault.
    VAULT = "Vaults_Get", "Microsoft.KeyVault/vaults/read", Key,
        &[KeyState, KeyAccess], &[],
        "know how the vault of a cluster's key is protected";
    /// One key's attributes. Its content is never asked for.
    KEY = "Keys_Get", "Microsoft.KeyVault/vaults/keys/read", Key,
        &[KeyState, KeyRotation], &[],
        "know whether the key lives and rotates";
    /// Where the subscription's activity log goes.
    SUBSCRIPTION_LOGS = "SubscriptionDiagnosticSettings_List", "Microsoft.Insights/diagnosticSettings/read", Account,
        &[ActivityLog], &[],
        "know whether requests to Azure itself are kept";
    /// How long a table of a workspace keeps what it receives.
    LOG_TABLE = "Tables_Get", "Microsoft.OperationalInsights/workspaces/tables/read", Member,
        &[AuditStore], &[],
        "know how long a workspace keeps the audit log";
    /// The backup vaults of a subscription.
    BACKUP_VAULTS = "BackupVaults_GetInSubscription", "Microsoft.DataProtection/backupVaults/read", Account,
        &[BackupPlans, Recovery, BackupSafety], &[],
        "find the vaults that clusters may be backed up to, and how they are locked";
    /// What is backed up to a vault.
    BACKUP_INSTANCES = "BackupInstances_List", "Microsoft.DataProtection/backupVaults/backupInstances/read", Member,
        &[BackupPlans, Recovery, BackupSafety], &[],
        "know which clusters are backed up, and what of them";
    /// The backups that were made of a cluster.
    RECOVERY_POINTS = "RecoveryPoints_List",
        "Microsoft.DataProtection/backupVaults/backupInstances/recoveryPoints/read", Member,
        &[Recovery, BackupSafety], &[],
        "know when a cluster was last backed up, and into which tier";
    /// The plans of Defender for Cloud.
    PRICINGS = "Pricings_List", "Microsoft.Security/pricings/read", Account,
        &[Detection, ImageScanning, Vulnerabilities], &[],
        "know whether Defender for Containers is on";
    /// What Defender says of the containers that run, by a query of Resource Graph: the list of assessments that Azure Resource
    /// Manager has is of everything in the subscription and does not say what kind of thing each is about.
    RUNNING_CONTAINERS = "ResourceGraph_SecurityResources", "Microsoft.Security/assessments/read", Account,
        &[Vulnerabilities], &[],
        "know the vulnerabilities of the images that run";
    /// The image registries of a subscription.
    REGISTRIES = "Registries_List", "Microsoft.ContainerRegistry/registries/read", Account,
        &[ImageScanning, Registries], &[],
        "know which registries there are, and whom they let in";
    /// Where the log of a cluster or of a vault goes.
    DIAGNOSTIC_SETTINGS = "DiagnosticSettings_List", "Microsoft.Insights/diagnosticSettings/read", Member,
        &[AuditLog, AuditStore, KeyAccess], &[],
        "know whether requests to the API server and uses of the key are logged";
    /// When a cluster may be upgraded, and when not.
    MAINTENANCE = "MaintenanceConfigurations_ListByManagedCluster",
        "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/read", Cluster,
        &[Upgrades], &[],
        "know the maintenance windows and freezes of a cluster";
    /// The versions that AKS offers in a region.
    KUBERNETES_VERSIONS = "ManagedClusters_ListKubernetesVersions",
        "Microsoft.ContainerService/locations/kubernetesVersions/read", Region,
        &[Support, Experiments], &[],
        "know which versions are supported, and which are previews";
    /// What may not be deleted or changed in a subscription.
    LOCKS = "ManagementLocks_ListAtSubscriptionLevel", "Microsoft.Authorization/locks/read", Account,
        &[DeletionGuard], &[],
        "know what stands between a cluster and its deletion";
    /// The policies that hold in a subscription, those of the groups above it among them.
    POLICY_ASSIGNMENTS = "PolicyAssignments_List", "Microsoft.Authorization/policyAssignments/read", Account,
        &[Guardrails], &[],
        "know which policies hold where clusters are built";
    /// What is let off a policy.
    POLICY_EXEMPTIONS = "PolicyExemptions_List", "Microsoft.Authorization/policyExemptions/read", Account,
        &[Guardrails], &[],
        "know what is let off a policy";
    /// The members of an assigned set of policies.
    POLICY_SET = "PolicySetDefinitions_Get", "Microsoft.Authorization/policySetDefinitions/read", Group,
        &[Guardrails], &[],
        "know which policies a set assigns";
    /// The rule of an assigned policy that may deny a setting of clusters.
    POLICY_DEFINITION = "PolicyDefinitions_Get", "Microsoft.Authorization/policyDefinitions/read", Group,
        &[Guardrails], &[],
        "compute whether a policy denies a setting of clusters";
    /// The preview features of AKS that a subscription is registered for.
    FEATURES = "Features_List", "Microsoft.Features/providers/features/read", Account,
        &[Experiments], &[],
        "know which preview features clusters may use";
}

/// Whether Microsoft Graph is asked and not Azure Resource Manager.
#[cfg(any(test, feature = "collect"))]
pub(crate) fn is_of_graph(call: &Call) -> bool {
    *call.name == *GROUP_MEMBERS.name
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_call_is_a_read_with_a_name_of_its_own() {
        let names: BTreeSet<&str> = CALLS.iter().map(|call| call.name).collect();
        assert_eq!(names.len(), CALLS.len());
        for call in CALLS {
            // Azure computes this one list on demand, and calls that an action; it changes nothing.
            let is_computed_list = call.name == ADMIN_RULES.name;
            let is_read = if is_of_graph(call) { ".Read.All" } else { "/read" };
            assert!(call.permission.ends_with(is_read) || is_computed_list, "{}", call.name);
            assert!(!call.purpose.is_empty());
        }
    }

    #[test]
    fn the_list_of_clusters_feeds_every_kind_of_fact() {
        let fed: BTreeSet<FactKind> = CLUSTERS.feeds.iter().copied().collect();
        assert_eq!(fed, FactKind::ALL.iter().copied().collect());
    }
}

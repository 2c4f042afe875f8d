//! What it takes in Azure to have each capability, and to become somebody else.
//!
//! Data actions are written with `data:` before their names.

use palisade_authority::{Capability, MethodRow, Need, Outcome};

/// Changing a cluster: local accounts, admin groups, authorized ranges.
pub(super) const CLUSTER_WRITE: &str = "Microsoft.ContainerService/managedClusters/write";
/// Listing the cluster-admin certificate.
pub(super) const ADMIN_CREDENTIAL: &str =
    "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action";
/// Listing a user's credential; without Entra it is a certificate with every right.
pub(super) const USER_CREDENTIAL: &str = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action";
/// Running commands inside a cluster.
pub(super) const RUN_COMMAND: &str = super::doors::RUN_COMMAND;
/// Giving roles away.
pub(super) const ASSIGN_ROLES: &str = "Microsoft.Authorization/roleAssignments/write";
/// Letting somebody's tokens become an identity.
pub(super) const FEDERATE: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write";
/// Putting an identity on a resource. The built-in role names a segment in between, the operation does not.
pub(super) const ASSIGN: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";
/// The same with the segment.
pub(super) const ASSIGN_NAMED: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/any/assign/action";

const VM_WRITE: &str = "Microsoft.Compute/virtualMachines/write";
const VMSS_WRITE: &str = "Microsoft.Compute/virtualMachineScaleSets/write";
const CONTAINER_WRITE: &str = "Microsoft.ContainerInstance/containerGroups/write";
const CONTAINER_APP_WRITE: &str = "Microsoft.App/containerApps/write";
const CONTAINER_JOB_WRITE: &str = "Microsoft.App/jobs/write";
const SITE_WRITE: &str = "Microsoft.Web/sites/write";
const WORKFLOW_WRITE: &str = "Microsoft.Logic/workflows/write";
const AUTOMATION_WRITE: &str = "Microsoft.Automation/automationAccounts/write";
const TASK_WRITE: &str = "Microsoft.ContainerRegistry/registries/tasks/write";
const SCRIPT_WRITE: &str = "Microsoft.Resources/deploymentScripts/write";
const POLICY_WRITE: &str = "Microsoft.Authorization/policyAssignments/write";
const DEFINITION_WRITE: &str = "Microsoft.Authorization/policyDefinitions/write";
const RUNBOOK_WRITE: &str = "Microsoft.Automation/automationAccounts/runbooks/write";
const DRAFT_WRITE: &str = "Microsoft.Automation/automationAccounts/runbooks/draft/write";
const PUBLISH: &str = "Microsoft.Automation/automationAccounts/runbooks/publish/action";
const JOB_WRITE: &str = "Microsoft.Automation/automationAccounts/jobs/write";
const WEBHOOK_WRITE: &str = "Microsoft.Automation/automationAccounts/webhooks/write";
const SCHEDULE_WRITE: &str = "Microsoft.Automation/automationAccounts/jobSchedules/write";

/// Putting an identity on something that runs code: each with the two names of the right to hand the identity out.
const ATTACH: &[&[&str]] = &[
    &[ASSIGN, VM_WRITE],
    &[ASSIGN, VMSS_WRITE],
    &[ASSIGN_NAMED, VM_WRITE],
    &[ASSIGN_NAMED, VMSS_WRITE],
    &[ASSIGN, CONTAINER_WRITE],
    &[ASSIGN, CONTAINER_APP_WRITE],
    &[ASSIGN, CONTAINER_JOB_WRITE],
    &[ASSIGN, SITE_WRITE],
    &[ASSIGN, WORKFLOW_WRITE],
    &[ASSIGN, AUTOMATION_WRITE],
    &[ASSIGN, TASK_WRITE],
    &[ASSIGN, SCRIPT_WRITE],
    &[ASSIGN_NAMED, CONTAINER_WRITE],
    &[ASSIGN_NAMED, CONTAINER_APP_WRITE],
    &[ASSIGN_NAMED, CONTAINER_JOB_WRITE],
    &[ASSIGN_NAMED, SITE_WRITE],
    &[ASSIGN_NAMED, WORKFLOW_WRITE],
    &[ASSIGN_NAMED, AUTOMATION_WRITE],
    &[ASSIGN_NAMED, TASK_WRITE],
    &[ASSIGN_NAMED, SCRIPT_WRITE],
];

/// What counts whatever the clusters look like.
pub(super) const ALWAYS: &[Need] = &[
    Need {
        capability: Capability::ClusterAdmin,
        any_of: &[
            &[CLUSTER_WRITE],
            &["data:Microsoft.ContainerService/managedClusters/rbac.authorization.k8s.io/clusterrolebindings/write"],
        ],
    },
    Need {
        capability: Capability::ReadClusterSecrets,
        any_of: &[&["data:Microsoft.ContainerService/managedClusters/secrets/read"]],
    },
    Need {
        capability: Capability::RunWorkloads,
        any_of: &[
            &["data:Microsoft.ContainerService/managedClusters/pods/write"],
            &["data:Microsoft.ContainerService/managedClusters/apps/deployments/write"],
        ],
    },
    Need { capability: Capability::OpenControlPlane, any_of: &[&[CLUSTER_WRITE]] },
    Need {
        capability: Capability::AssumeAnyIdentity,
        any_of: &[
            &[ASSIGN, VM_WRITE],
            &[ASSIGN, VMSS_WRITE],
            &[ASSIGN_NAMED, VM_WRITE],
            &[ASSIGN_NAMED, VMSS_WRITE],
            &[FEDERATE],
            &[ASSIGN, CONTAINER_WRITE],
            &[ASSIGN, CONTAINER_APP_WRITE],
            &[ASSIGN, CONTAINER_JOB_WRITE],
            &[ASSIGN, SITE_WRITE],
            &[ASSIGN, WORKFLOW_WRITE],
            &[ASSIGN, AUTOMATION_WRITE],
            &[ASSIGN, TASK_WRITE],
            &[ASSIGN, SCRIPT_WRITE],
        ],
    },
    Need {
        capability: Capability::EscalatePrivilege,
        any_of: &[
            &[ASSIGN_ROLES],
            &["Microsoft.Authorization/roleDefinitions/write"],
            &["Microsoft.Authorization/elevateAccess/action"],
        ],
    },
    Need {
        capability: Capability::ReadCloudSecrets,
        any_of: &[
            &["data:Microsoft.KeyVault/vaults/secrets/getSecret/action"],
            &["Microsoft.KeyVault/vaults/accessPolicies/write"],
        ],
    },
    Need {
        capability: Capability::DecryptKms,
        any_of: &[
            &["data:Microsoft.KeyVault/vaults/keys/decrypt/action"],
            &["data:Microsoft.KeyVault/vaults/keys/unwrap/action"],
        ],
    },
    Need {
        capability: Capability::ExfiltrateStorage,
        any_of: &[
            &["data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"],
            &["Microsoft.Storage/storageAccounts/listKeys/action"],
            &["Microsoft.Compute/disks/beginGetAccess/action"],
            &["Microsoft.Compute/snapshots/beginGetAccess/action"],
        ],
    },
    Need {
        capability: Capability::DestroyStorage,
        any_of: &[&["Microsoft.Storage/storageAccounts/delete"], &["Microsoft.Compute/disks/delete"]],
    },
    Need {
        capability: Capability::DeleteBackups,
        any_of: &[
            &["Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/delete"],
            &["Microsoft.DataProtection/backupVaults/backupInstances/delete"],
            &["Microsoft.Compute/snapshots/delete"],
        ],
    },
    Need {
        capability: Capability::ModifyNetwork,
        any_of: &[
            &["Microsoft.Network/networkSecurityGroups/write"],
            &["Microsoft.Network/networkSecurityGroups/securityRules/write"],
            &["Microsoft.Network/routeTables/write"],
            &["Microsoft.Network/publicIPAddresses/write"],
        ],
    },
    Need {
        capability: Capability::NodeCodeExecution,
        any_of: &[
            &["Microsoft.Compute/virtualMachines/runCommand/action"],
            &["Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action"],
            &["Microsoft.Compute/virtualMachines/extensions/write"],
            &["Microsoft.Compute/virtualMachineScaleSets/extensions/write"],
        ],
    },
    Need {
        capability: Capability::ExposeMetadata,
        any_of: &[&["Microsoft.ContainerService/managedClusters/agentPools/write"]],
    },
    Need {
        capability: Capability::PullAnyImage,
        any_of: &[
            &["Microsoft.ContainerRegistry/registries/pull/read"],
            &["data:Microsoft.ContainerRegistry/registries/repositories/content/read"],
        ],
    },
    Need {
        capability: Capability::PushImage,
        any_of: &[
            &["Microsoft.ContainerRegistry/registries/push/write"],
            &["Microsoft.ContainerRegistry/registries/importImage/action"],
            &["Microsoft.ContainerRegistry/registries/tasks/write"],
            &["Microsoft.ContainerRegistry/registries/scheduleRun/action"],
            &["Microsoft.ContainerRegistry/registries/listCredentials/action"],
            &[
                "Microsoft.ContainerRegistry/registries/generateCredentials/action",
                "Microsoft.ContainerRegistry/registries/tokens/write",
            ],
            &["data:Microsoft.ContainerRegistry/registries/repositories/content/write"],
        ],
    },
    Need { capability: Capability::BlindAudit, any_of: &[&["Microsoft.Insights/diagnosticSettings/delete"]] },
    Need { capability: Capability::DeleteCluster, any_of: &[&["Microsoft.ContainerService/managedClusters/delete"]] },
    Need {
        capability: Capability::WeakenGuardrails,
        any_of: &[
            &["Microsoft.Authorization/policyAssignments/delete"],
            &["Microsoft.Authorization/locks/delete"],
            &["Microsoft.Management/managementGroups/subscriptions/write"],
            &["Microsoft.Resources/deploymentStacks/manageDenySetting/action"],
        ],
    },
];

/// Where a cluster has local accounts.
pub(super) const WITH_LOCAL_ACCOUNTS: Need =
    Need { capability: Capability::ClusterAdmin, any_of: &[&[ADMIN_CREDENTIAL]] };

/// Where a cluster has no sign-in through Entra.
pub(super) const WITHOUT_ENTRA: Need = Need { capability: Capability::ClusterAdmin, any_of: &[&[USER_CREDENTIAL]] };

/// Where a cluster lets commands run.
pub(super) const WITH_RUN_COMMAND: Need = Need { capability: Capability::ClusterAdmin, any_of: &[&[RUN_COMMAND]] };

/// Ways to the administrator of the subscription.
pub(super) const TO_ADMINISTRATOR: &[MethodRow] = &[
    MethodRow {
        name: "assign-role",
        sentence: "It assigns itself the role Owner.",
        needs: &[&[ASSIGN_ROLES]],
        effect: Outcome::Administrator,
    },
    MethodRow {
        name: "edit-role",
        sentence: "It adds every action to a custom role that it holds.",
        needs: &[&["Microsoft.Authorization/roleDefinitions/write"]],
        effect: Outcome::Administrator,
    },
    MethodRow {
        name: "elevate-access",
        sentence: "It makes itself User Access Administrator of the whole tenant.",
        needs: &[&["Microsoft.Authorization/elevateAccess/action"]],
        effect: Outcome::Administrator,
    },
];

/// Ways to another identity.
pub(super) const TO_IDENTITY: &[MethodRow] = &[
    MethodRow {
        name: "federate-identity",
        sentence: "It lets tokens of an issuer of its own become the identity.",
        needs: &[&[FEDERATE]],
        effect: Outcome::Target,
    },
    MethodRow {
        name: "attach-identity",
        sentence: "It puts the identity on a machine, container, application, workflow, task or script that it controls, \
                   and asks there for tokens.",
        needs: ATTACH,
        effect: Outcome::Target,
    },
    MethodRow {
        name: "deploy-by-policy",
        sentence: "It assigns a policy of its own that deploys what is missing, with the identity to deploy it.",
        needs: &[&[ASSIGN, POLICY_WRITE, DEFINITION_WRITE], &[ASSIGN_NAMED, POLICY_WRITE, DEFINITION_WRITE]],
        effect: Outcome::Target,
    },
];

/// The way to the identities that machines of a scale set carry.
pub(super) const ON_A_SCALE_SET: MethodRow = MethodRow {
    name: "run-on-machine",
    sentence: "It runs code on a machine that carries the identity, and asks that machine for tokens.",
    needs: &[
        &["Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action"],
        &["Microsoft.Compute/virtualMachineScaleSets/extensions/write"],
        &["Microsoft.Compute/virtualMachineScaleSets/virtualMachines/extensions/write"],
        &["Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommands/write"],
    ],
    effect: Outcome::Target,
};

/// The way to the identities that a single machine carries.
pub(super) const ON_A_MACHINE: MethodRow = MethodRow {
    needs: &[
        &["Microsoft.Compute/virtualMachines/runCommand/action"],
        &["Microsoft.Compute/virtualMachines/extensions/write"],
        &["Microsoft.Compute/virtualMachines/runCommands/write"],
    ],
    ..ON_A_SCALE_SET
};

/// The way to the identities of an Automation account.
pub(super) const BY_RUNBOOK: MethodRow = MethodRow {
    name: "run-runbook",
    sentence: "It writes a runbook of an Automation account that carries the identity, and lets it run.",
    needs: &[
        &[RUNBOOK_WRITE, JOB_WRITE],
        &[RUNBOOK_WRITE, WEBHOOK_WRITE],
        &[RUNBOOK_WRITE, SCHEDULE_WRITE],
        &[DRAFT_WRITE, PUBLISH, JOB_WRITE],
        &[DRAFT_WRITE, PUBLISH, WEBHOOK_WRITE],
        &[DRAFT_WRITE, PUBLISH, SCHEDULE_WRITE],
    ],
    effect: Outcome::Target,
};

/// Ways into a cluster.
pub(super) const LIST_ADMIN_CREDENTIAL: MethodRow = MethodRow {
    name: "list-admin-credential",
    sentence: "It lists the certificate of the cluster's local administrator.",
    needs: &[&[ADMIN_CREDENTIAL]],
    effect: Outcome::ClusterAdmin,
};

/// Command invoke.
pub(super) const INVOKE_COMMAND: MethodRow = MethodRow {
    name: "invoke-command",
    sentence: "It runs commands inside the cluster as its administrator.",
    needs: &[&[RUN_COMMAND]],
    effect: Outcome::ClusterAdmin,
};

/// Changing the cluster.
pub(super) const CHANGE_CLUSTER: MethodRow = MethodRow {
    name: "change-cluster",
    sentence: "It switches local accounts on again, or makes itself one of the cluster's administrators.",
    needs: &[&[CLUSTER_WRITE]],
    effect: Outcome::ClusterAdmin,
};

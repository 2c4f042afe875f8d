//! Every call the collector may make, with the permission it needs and the facts that are lost without it.
//!
//! All of them only read. `iam:GenerateServiceLastAccessedDetails` starts a report and changes nothing; IAM's own
//! access level for it is Read.

mod balancing;
mod eks;
mod identity;
mod machinery;
mod network;
mod organization;
mod safeguards;

pub(crate) use balancing::*;
pub(crate) use eks::*;
pub(crate) use identity::*;
pub(crate) use machinery::*;
pub(crate) use network::*;
pub(crate) use organization::*;
pub(crate) use safeguards::*;

use palisade_provider::{Call, Quota};

/// Every call, in the order in which they are made.
pub static CALLS: &[Call] = &[
    GET_CALLER_IDENTITY,
    ASSUME_ROLE,
    LIST_ACCOUNTS,
    SELECT_AGGREGATE_RESOURCE_CONFIG,
    DESCRIBE_REGIONS,
    LIST_CLUSTERS,
    DESCRIBE_CLUSTER,
    LIST_NODEGROUPS,
    DESCRIBE_NODEGROUP,
    LIST_FARGATE_PROFILES,
    DESCRIBE_FARGATE_PROFILE,
    LIST_ADDONS,
    DESCRIBE_ADDON,
    DESCRIBE_ADDON_VERSIONS,
    DESCRIBE_CLUSTER_VERSIONS,
    LIST_INSIGHTS,
    LIST_ACCESS_ENTRIES,
    DESCRIBE_ACCESS_ENTRY,
    LIST_ASSOCIATED_ACCESS_POLICIES,
    LIST_POD_IDENTITY_ASSOCIATIONS,
    DESCRIBE_POD_IDENTITY_ASSOCIATION,
    LIST_CAPABILITIES,
    DESCRIBE_CAPABILITY,
    DESCRIBE_INSTANCES,
    DESCRIBE_NETWORK_INTERFACES,
    DESCRIBE_SECURITY_GROUPS,
    DESCRIBE_NETWORK_ACLS,
    DESCRIBE_ROUTE_TABLES,
    DESCRIBE_SUBNETS,
    DESCRIBE_VPCS,
    DESCRIBE_VPC_ATTRIBUTE,
    GET_MANAGED_PREFIX_LIST_ENTRIES,
    DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS,
    DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSIONS,
    DESCRIBE_LAUNCH_TEMPLATE_VERSIONS,
    DESCRIBE_AUTO_SCALING_GROUPS,
    DESCRIBE_IMAGES,
    DESCRIBE_VOLUMES,
    GET_EBS_ENCRYPTION_BY_DEFAULT,
    DESCRIBE_FLOW_LOGS,
    DESCRIBE_VPC_ENDPOINTS,
    DESCRIBE_INSTANCE_TYPES,
    DESCRIBE_LOAD_BALANCERS,
    DESCRIBE_TARGET_GROUPS,
    DESCRIBE_LISTENERS,
    DESCRIBE_RULES,
    DESCRIBE_TARGET_HEALTH,
    DESCRIBE_TARGET_GROUP_ATTRIBUTES,
    DESCRIBE_CLASSIC_LOAD_BALANCERS,
    DESCRIBE_INSTANCE_HEALTH,
    DESCRIBE_ORGANIZATION,
    LIST_POLICIES,
    LIST_TARGETS_FOR_POLICY,
    DESCRIBE_POLICY,
    LIST_PARENTS,
    GET_ACCOUNT_AUTHORIZATION_DETAILS,
    LIST_OPEN_ID_CONNECT_PROVIDERS,
    LIST_ACCESS_KEYS,
    GENERATE_SERVICE_LAST_ACCESSED_DETAILS,
    GET_SERVICE_LAST_ACCESSED_DETAILS,
    DESCRIBE_KEY,
    GET_KEY_ROTATION_STATUS,
    GET_KEY_POLICY,
    LIST_GRANTS,
    DESCRIBE_TRAILS,
    GET_TRAIL_STATUS,
    GET_EVENT_SELECTORS,
    DESCRIBE_LOG_GROUPS,
    DESCRIBE_REGION_SETTINGS,
    LIST_BACKUP_PLANS,
    GET_BACKUP_PLAN,
    LIST_BACKUP_SELECTIONS,
    GET_BACKUP_SELECTION,
    LIST_BACKUP_VAULTS,
    LIST_RECOVERY_POINTS,
    DESCRIBE_REPOSITORIES,
    GET_REGISTRY_SCANNING,
    GET_REPOSITORY_POLICY,
    LIST_DETECTORS,
    GET_DETECTOR,
    LIST_COVERAGE,
    INSPECTOR_STATUS,
    INSPECTOR_COVERAGE,
    INSPECTOR_FINDINGS,
    CLUSTERS_OF_IMAGE,
];

/// What AWS publishes about how fast it may be asked. Of EC2 it is the quota of each single action, which is kept here by all of
/// them together, in each account and region. Of most services nothing is published: their rates are learned.
pub(crate) const QUOTAS: &[Quota] = &[Quota {
    host: "ec2.",
    requests: 20,
    per_seconds: 1,
    burst: 100,
    source: "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html",
}];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_call_only_reads_and_is_declared_once() {
        let names: BTreeSet<&str> = CALLS.iter().map(|call| call.name).collect();
        assert_eq!(names.len(), CALLS.len());
        for call in CALLS {
            let (_, operation) = call.name.split_once(':').unwrap();
            let reads =
                ["Get", "List", "Describe", "BatchGet", "Select"].iter().any(|verb| operation.starts_with(verb));
            let session_or_report = ["AssumeRole", "GenerateServiceLastAccessedDetails"].contains(&operation);
            assert!(reads || session_or_report, "{}", call.name);
            // Both generations of load balancers share a namespace of permissions.
            let classic = call.name.replace("elb:", "elasticloadbalancing:");
            let permission = if call.name == "sts:GetCallerIdentity" { "" } else { &classic };
            assert_eq!(call.permission, permission, "{}", call.name);
        }
    }
}

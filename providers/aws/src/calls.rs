//! Every call the collector may make, with the permission it needs and the facts that are lost without it.
//!
//! All of them only read. `iam:GenerateServiceLastAccessedDetails` starts a report and changes nothing; IAM's own
//! access level for it is Read.

use palisade_model::FactKind;
use palisade_provider::{Call, Per};

/// `sts:GetCallerIdentity`: which account and partition the credentials belong to.
pub(crate) const GET_CALLER_IDENTITY: Call = Call {
    name: "sts:GetCallerIdentity",
    permission: "",
    per: Per::Target,
    feeds: FactKind::ALL,
    redact: &[],
    purpose: "which account and partition the credentials belong to",
};

/// `sts:AssumeRole`: a short session of the reader's role in each member account.
pub(crate) const ASSUME_ROLE: Call = Call {
    name: "sts:AssumeRole",
    permission: "sts:AssumeRole",
    per: Per::Account,
    feeds: FactKind::ALL,
    redact: &["/AssumeRoleResponse/AssumeRoleResult/Credentials"],
    purpose: "a short session of the reader's role in each member account",
};

/// `organizations:ListAccounts`: the accounts of the organisation.
pub(crate) const LIST_ACCOUNTS: Call = Call {
    name: "organizations:ListAccounts",
    permission: "organizations:ListAccounts",
    per: Per::Target,
    feeds: FactKind::ALL,
    redact: &[],
    purpose: "the accounts of the organisation",
};

/// `ec2:DescribeRegions`: the regions that are enabled in the account.
pub(crate) const DESCRIBE_REGIONS: Call = Call {
    name: "ec2:DescribeRegions",
    permission: "ec2:DescribeRegions",
    per: Per::Account,
    feeds: FactKind::ALL,
    redact: &[],
    purpose: "the regions that are enabled in the account",
};

/// `eks:ListClusters`: the names of the clusters.
pub(crate) const LIST_CLUSTERS: Call = Call {
    name: "eks:ListClusters",
    permission: "eks:ListClusters",
    per: Per::Region,
    feeds: FactKind::ALL,
    redact: &[],
    purpose: "the names of the clusters",
};

/// `eks:DescribeCluster`: endpoint, encryption, version, roles and networks of a cluster.
pub(crate) const DESCRIBE_CLUSTER: Call = Call {
    name: "eks:DescribeCluster",
    permission: "eks:DescribeCluster",
    per: Per::Cluster,
    feeds: FactKind::ALL,
    redact: &["/cluster/connectorConfig/activationCode", "/cluster/connectorConfig/activationId"],
    purpose: "endpoint, encryption, version, roles and networks of a cluster",
};

/// `eks:ListNodegroups`: the names of the node groups.
pub(crate) const LIST_NODEGROUPS: Call = Call {
    name: "eks:ListNodegroups",
    permission: "eks:ListNodegroups",
    per: Per::Cluster,
    feeds: &[FactKind::Pools, FactKind::Nodes, FactKind::PublicAddresses, FactKind::Exposure, FactKind::Filters, FactKind::DefaultRoute, FactKind::Egress, FactKind::Interactive, FactKind::Metadata, FactKind::Identities, FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused],
    redact: &[],
    purpose: "the names of the node groups",
};

/// `eks:DescribeNodegroup`: role, subnets, template and remote access of a node group.
pub(crate) const DESCRIBE_NODEGROUP: Call = Call {
    name: "eks:DescribeNodegroup",
    permission: "eks:DescribeNodegroup",
    per: Per::Member,
    feeds: &[FactKind::Nodes, FactKind::PublicAddresses, FactKind::Exposure, FactKind::Filters, FactKind::DefaultRoute, FactKind::Egress, FactKind::Interactive, FactKind::Metadata, FactKind::Identities, FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused],
    redact: &[],
    purpose: "role, subnets, template and remote access of a node group",
};

/// `eks:ListFargateProfiles`: the names of the Fargate profiles.
pub(crate) const LIST_FARGATE_PROFILES: Call = Call {
    name: "eks:ListFargateProfiles",
    permission: "eks:ListFargateProfiles",
    per: Per::Cluster,
    feeds: &[FactKind::Pools, FactKind::Nodes, FactKind::PublicAddresses, FactKind::Exposure, FactKind::Filters, FactKind::DefaultRoute, FactKind::Egress, FactKind::Interactive, FactKind::Metadata, FactKind::Identities, FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused],
    redact: &[],
    purpose: "the names of the Fargate profiles",
};

/// `eks:DescribeFargateProfile`: the role of a Fargate profile.
pub(crate) const DESCRIBE_FARGATE_PROFILE: Call = Call {
    name: "eks:DescribeFargateProfile",
    permission: "eks:DescribeFargateProfile",
    per: Per::Member,
    feeds: &[FactKind::Identities, FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused],
    redact: &[],
    purpose: "the role of a Fargate profile",
};

/// `eks:ListAddons`: the names of the add-ons.
pub(crate) const LIST_ADDONS: Call = Call {
    name: "eks:ListAddons",
    permission: "eks:ListAddons",
    per: Per::Cluster,
    feeds: &[FactKind::WorkloadIdentity, FactKind::Controllers, FactKind::Identities, FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused],
    redact: &[],
    purpose: "the names of the add-ons",
};

/// `eks:DescribeAddon`: the role of an add-on.
pub(crate) const DESCRIBE_ADDON: Call = Call {
    name: "eks:DescribeAddon",
    permission: "eks:DescribeAddon",
    per: Per::Member,
    feeds: &[FactKind::Controllers, FactKind::Identities, FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused],
    redact: &["/addon/configurationValues"],
    purpose: "the role of an add-on",
};

/// `eks:ListAccessEntries`: who has access to the Kubernetes API through IAM.
pub(crate) const LIST_ACCESS_ENTRIES: Call = Call {
    name: "eks:ListAccessEntries",
    permission: "eks:ListAccessEntries",
    per: Per::Cluster,
    feeds: &[FactKind::Minters, FactKind::ExternalTrusts, FactKind::Identities, FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused],
    redact: &[],
    purpose: "who has access to the Kubernetes API through IAM",
};

/// `eks:DescribeAccessEntry`: the kind and the Kubernetes groups of an access entry.
pub(crate) const DESCRIBE_ACCESS_ENTRY: Call = Call {
    name: "eks:DescribeAccessEntry",
    permission: "eks:DescribeAccessEntry",
    per: Per::Member,
    feeds: &[FactKind::Identities, FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused],
    redact: &[],
    purpose: "the kind and the Kubernetes groups of an access entry",
};

/// `eks:ListAssociatedAccessPolicies`: the access policies of an access entry.
pub(crate) const LIST_ASSOCIATED_ACCESS_POLICIES: Call = Call {
    name: "eks:ListAssociatedAccessPolicies",
    permission: "eks:ListAssociatedAccessPolicies",
    per: Per::Member,
    feeds: &[FactKind::Minters],
    redact: &[],
    purpose: "the access policies of an access entry",
};

/// `eks:ListPodIdentityAssociations`: the service accounts that get roles through EKS Pod Identity.
pub(crate) const LIST_POD_IDENTITY_ASSOCIATIONS: Call = Call {
    name: "eks:ListPodIdentityAssociations",
    permission: "eks:ListPodIdentityAssociations",
    per: Per::Cluster,
    feeds: &[FactKind::Trusts, FactKind::Controllers, FactKind::ExternalTrusts, FactKind::Identities, FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused],
    redact: &[],
    purpose: "the service accounts that get roles through EKS Pod Identity",
};

/// `eks:DescribePodIdentityAssociation`: the role of a pod identity association.
pub(crate) const DESCRIBE_POD_IDENTITY_ASSOCIATION: Call = Call {
    name: "eks:DescribePodIdentityAssociation",
    permission: "eks:DescribePodIdentityAssociation",
    per: Per::Member,
    feeds: &[FactKind::Trusts, FactKind::Controllers, FactKind::ExternalTrusts, FactKind::Identities, FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused],
    redact: &[],
    purpose: "the role of a pod identity association",
};

/// `eks:ListCapabilities`: the capabilities AWS runs for the cluster.
pub(crate) const LIST_CAPABILITIES: Call = Call {
    name: "eks:ListCapabilities",
    permission: "eks:ListCapabilities",
    per: Per::Cluster,
    feeds: &[FactKind::Doors, FactKind::Controllers, FactKind::Identities, FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused],
    redact: &[],
    purpose: "the capabilities AWS runs for the cluster",
};

/// `eks:DescribeCapability`: the role and the network access of a capability.
pub(crate) const DESCRIBE_CAPABILITY: Call = Call {
    name: "eks:DescribeCapability",
    permission: "eks:DescribeCapability",
    per: Per::Member,
    feeds: &[FactKind::Doors, FactKind::Controllers, FactKind::Identities, FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused],
    redact: &[],
    purpose: "the role and the network access of a capability",
};

/// `ec2:DescribeInstances`: the machines in the networks of the clusters.
pub(crate) const DESCRIBE_INSTANCES: Call = Call {
    name: "ec2:DescribeInstances",
    permission: "ec2:DescribeInstances",
    per: Per::Network,
    feeds: &[FactKind::Pools, FactKind::Nodes, FactKind::PublicAddresses, FactKind::Exposure, FactKind::Filters, FactKind::DefaultRoute, FactKind::Egress, FactKind::Interactive, FactKind::Metadata, FactKind::Identities, FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused],
    redact: &[],
    purpose: "the machines in the networks of the clusters",
};

/// `ec2:DescribeNetworkInterfaces`: who is a member of a security group that a rule names.
pub(crate) const DESCRIBE_NETWORK_INTERFACES: Call = Call {
    name: "ec2:DescribeNetworkInterfaces",
    permission: "ec2:DescribeNetworkInterfaces",
    per: Per::Network,
    feeds: &[FactKind::Exposure, FactKind::Filters, FactKind::PrivateGuard],
    redact: &[],
    purpose: "who is a member of a security group that a rule names",
};

/// `ec2:DescribeSecurityGroups`: the rules in front of nodes and private endpoints.
pub(crate) const DESCRIBE_SECURITY_GROUPS: Call = Call {
    name: "ec2:DescribeSecurityGroups",
    permission: "ec2:DescribeSecurityGroups",
    per: Per::Network,
    feeds: &[FactKind::Exposure, FactKind::Filters, FactKind::Egress, FactKind::PrivateGuard],
    redact: &[],
    purpose: "the rules in front of nodes and private endpoints",
};

/// `ec2:DescribeNetworkAcls`: the filters of the subnets.
pub(crate) const DESCRIBE_NETWORK_ACLS: Call = Call {
    name: "ec2:DescribeNetworkAcls",
    permission: "ec2:DescribeNetworkAcls",
    per: Per::Network,
    feeds: &[FactKind::Exposure, FactKind::Filters],
    redact: &[],
    purpose: "the filters of the subnets",
};

/// `ec2:DescribeRouteTables`: where traffic of the subnets goes.
pub(crate) const DESCRIBE_ROUTE_TABLES: Call = Call {
    name: "ec2:DescribeRouteTables",
    permission: "ec2:DescribeRouteTables",
    per: Per::Network,
    feeds: &[FactKind::Exposure, FactKind::DefaultRoute, FactKind::Egress],
    redact: &[],
    purpose: "where traffic of the subnets goes",
};

/// `ec2:DescribeSubnets`: address ranges of the subnets and whether they give public addresses.
pub(crate) const DESCRIBE_SUBNETS: Call = Call {
    name: "ec2:DescribeSubnets",
    permission: "ec2:DescribeSubnets",
    per: Per::Network,
    feeds: &[FactKind::PublicAddresses, FactKind::Exposure],
    redact: &[],
    purpose: "address ranges of the subnets and whether they give public addresses",
};

/// `ec2:DescribeVpcs`: the networks' own address ranges.
pub(crate) const DESCRIBE_VPCS: Call = Call {
    name: "ec2:DescribeVpcs",
    permission: "ec2:DescribeVpcs",
    per: Per::Network,
    feeds: &[FactKind::Exposure],
    redact: &[],
    purpose: "the networks' own address ranges",
};

/// `ec2:DescribeVpcAttribute`: whether names of private endpoints resolve in the network.
pub(crate) const DESCRIBE_VPC_ATTRIBUTE: Call = Call {
    name: "ec2:DescribeVpcAttribute",
    permission: "ec2:DescribeVpcAttribute",
    per: Per::Network,
    feeds: &[FactKind::PrivatePath],
    redact: &[],
    purpose: "whether names of private endpoints resolve in the network",
};

/// `ec2:DescribeManagedPrefixLists`: the address family of prefix lists that rules and routes name.
pub(crate) const DESCRIBE_MANAGED_PREFIX_LISTS: Call = Call {
    name: "ec2:DescribeManagedPrefixLists",
    permission: "ec2:DescribeManagedPrefixLists",
    per: Per::Network,
    feeds: &[FactKind::Exposure, FactKind::Filters, FactKind::PrivateGuard],
    redact: &[],
    purpose: "the address family of prefix lists that rules and routes name",
};

/// `ec2:GetManagedPrefixListEntries`: the addresses of prefix lists that rules and routes name.
pub(crate) const GET_MANAGED_PREFIX_LIST_ENTRIES: Call = Call {
    name: "ec2:GetManagedPrefixListEntries",
    permission: "ec2:GetManagedPrefixListEntries",
    per: Per::Network,
    feeds: &[FactKind::Exposure, FactKind::Filters, FactKind::PrivateGuard],
    redact: &[],
    purpose: "the addresses of prefix lists that rules and routes name",
};

/// `ec2:DescribeVpcBlockPublicAccessOptions`: whether the region keeps the internet out of every network.
pub(crate) const DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS: Call = Call {
    name: "ec2:DescribeVpcBlockPublicAccessOptions",
    permission: "ec2:DescribeVpcBlockPublicAccessOptions",
    per: Per::Region,
    feeds: &[FactKind::Exposure],
    redact: &[],
    purpose: "whether the region keeps the internet out of every network",
};

/// `ec2:DescribeVpcBlockPublicAccessExclusions`: networks that are left out of that.
pub(crate) const DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSIONS: Call = Call {
    name: "ec2:DescribeVpcBlockPublicAccessExclusions",
    permission: "ec2:DescribeVpcBlockPublicAccessExclusions",
    per: Per::Region,
    feeds: &[FactKind::Exposure],
    redact: &[],
    purpose: "networks that are left out of that",
};

/// `ec2:DescribeLaunchTemplateVersions`: key, metadata options and public addresses of new nodes.
pub(crate) const DESCRIBE_LAUNCH_TEMPLATE_VERSIONS: Call = Call {
    name: "ec2:DescribeLaunchTemplateVersions",
    permission: "ec2:DescribeLaunchTemplateVersions",
    per: Per::Member,
    feeds: &[FactKind::PublicAddresses, FactKind::Interactive, FactKind::Metadata],
    redact: &["/DescribeLaunchTemplateVersionsResponse/launchTemplateVersionSet/*/launchTemplateData/userData"],
    purpose: "key, metadata options and public addresses of new nodes",
};

/// `autoscaling:DescribeAutoScalingGroups`: which machines belong to a node group.
pub(crate) const DESCRIBE_AUTO_SCALING_GROUPS: Call = Call {
    name: "autoscaling:DescribeAutoScalingGroups",
    permission: "autoscaling:DescribeAutoScalingGroups",
    per: Per::Network,
    feeds: &[FactKind::Nodes, FactKind::PublicAddresses, FactKind::Exposure, FactKind::Filters, FactKind::Egress, FactKind::Interactive, FactKind::Metadata],
    redact: &[],
    purpose: "which machines belong to a node group",
};

/// `elasticloadbalancing:DescribeLoadBalancers`: load balancers in the networks of the clusters that face the internet.
pub(crate) const DESCRIBE_LOAD_BALANCERS: Call = Call {
    name: "elasticloadbalancing:DescribeLoadBalancers",
    permission: "elasticloadbalancing:DescribeLoadBalancers",
    per: Per::Network,
    feeds: &[FactKind::Exposure],
    redact: &[],
    purpose: "load balancers in the networks of the clusters that face the internet",
};

/// `iam:GetAccountAuthorizationDetails`: roles, users, groups and policies, to evaluate what the cluster's identities may do.
pub(crate) const GET_ACCOUNT_AUTHORIZATION_DETAILS: Call = Call {
    name: "iam:GetAccountAuthorizationDetails",
    permission: "iam:GetAccountAuthorizationDetails",
    per: Per::Account,
    feeds: &[FactKind::Trusts, FactKind::Minters, FactKind::ExternalTrusts, FactKind::KeyAccess, FactKind::Identities, FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused],
    redact: &[],
    purpose: "roles, users, groups and policies, to evaluate what the cluster's identities may do",
};

/// `iam:ListOpenIDConnectProviders`: whether the account trusts the cluster's issuer.
pub(crate) const LIST_OPEN_ID_CONNECT_PROVIDERS: Call = Call {
    name: "iam:ListOpenIDConnectProviders",
    permission: "iam:ListOpenIDConnectProviders",
    per: Per::Account,
    feeds: &[FactKind::WorkloadIdentity],
    redact: &[],
    purpose: "whether the account trusts the cluster's issuer",
};

/// `iam:ListAccessKeys`: the age of access keys of users with an access entry.
pub(crate) const LIST_ACCESS_KEYS: Call = Call {
    name: "iam:ListAccessKeys",
    permission: "iam:ListAccessKeys",
    per: Per::Identity,
    feeds: &[FactKind::Keys],
    redact: &[],
    purpose: "the age of access keys of users with an access entry",
};

/// `iam:GenerateServiceLastAccessedDetails`: a report on the services a role of the cluster used; IAM classes it as a read.
pub(crate) const GENERATE_SERVICE_LAST_ACCESSED_DETAILS: Call = Call {
    name: "iam:GenerateServiceLastAccessedDetails",
    permission: "iam:GenerateServiceLastAccessedDetails",
    per: Per::Identity,
    feeds: &[FactKind::Unused],
    redact: &[],
    purpose: "a report on the services a role of the cluster used; IAM classes it as a read",
};

/// `iam:GetServiceLastAccessedDetails`: that report.
pub(crate) const GET_SERVICE_LAST_ACCESSED_DETAILS: Call = Call {
    name: "iam:GetServiceLastAccessedDetails",
    permission: "iam:GetServiceLastAccessedDetails",
    per: Per::Identity,
    feeds: &[FactKind::Unused],
    redact: &[],
    purpose: "that report",
};

/// `kms:DescribeKey`: whether the key that encrypts the cluster lives.
pub(crate) const DESCRIBE_KEY: Call = Call {
    name: "kms:DescribeKey",
    permission: "kms:DescribeKey",
    per: Per::Key,
    feeds: &[FactKind::KeyState, FactKind::KeyRotation],
    redact: &[],
    purpose: "whether the key that encrypts the cluster lives",
};

/// `kms:GetKeyRotationStatus`: whether it rotates.
pub(crate) const GET_KEY_ROTATION_STATUS: Call = Call {
    name: "kms:GetKeyRotationStatus",
    permission: "kms:GetKeyRotationStatus",
    per: Per::Key,
    feeds: &[FactKind::KeyRotation],
    redact: &[],
    purpose: "whether it rotates",
};

/// `kms:GetKeyPolicy`: who may use and change it.
pub(crate) const GET_KEY_POLICY: Call = Call {
    name: "kms:GetKeyPolicy",
    permission: "kms:GetKeyPolicy",
    per: Per::Key,
    feeds: &[FactKind::KeyAccess],
    redact: &[],
    purpose: "who may use and change it",
};

/// `kms:ListGrants`: who was lent its use.
pub(crate) const LIST_GRANTS: Call = Call {
    name: "kms:ListGrants",
    permission: "kms:ListGrants",
    per: Per::Key,
    feeds: &[FactKind::KeyAccess],
    redact: &[],
    purpose: "who was lent its use",
};

/// Every call, in the order in which they are made.
pub static CALLS: &[Call] = &[
    GET_CALLER_IDENTITY,
    ASSUME_ROLE,
    LIST_ACCOUNTS,
    DESCRIBE_REGIONS,
    LIST_CLUSTERS,
    DESCRIBE_CLUSTER,
    LIST_NODEGROUPS,
    DESCRIBE_NODEGROUP,
    LIST_FARGATE_PROFILES,
    DESCRIBE_FARGATE_PROFILE,
    LIST_ADDONS,
    DESCRIBE_ADDON,
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
    DESCRIBE_MANAGED_PREFIX_LISTS,
    GET_MANAGED_PREFIX_LIST_ENTRIES,
    DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS,
    DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSIONS,
    DESCRIBE_LAUNCH_TEMPLATE_VERSIONS,
    DESCRIBE_AUTO_SCALING_GROUPS,
    DESCRIBE_LOAD_BALANCERS,
    GET_ACCOUNT_AUTHORIZATION_DETAILS,
    LIST_OPEN_ID_CONNECT_PROVIDERS,
    LIST_ACCESS_KEYS,
    GENERATE_SERVICE_LAST_ACCESSED_DETAILS,
    GET_SERVICE_LAST_ACCESSED_DETAILS,
    DESCRIBE_KEY,
    GET_KEY_ROTATION_STATUS,
    GET_KEY_POLICY,
    LIST_GRANTS,
];

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
            let reads = ["Get", "List", "Describe"].iter().any(|verb| operation.starts_with(verb));
            let session_or_report = ["AssumeRole", "GenerateServiceLastAccessedDetails"].contains(&operation);
            assert!(reads || session_or_report, "{}", call.name);
            assert!(call.permission == call.name || call.name == "sts:GetCallerIdentity", "{}", call.name);
            assert!(!call.feeds.is_empty(), "{}", call.name);
        }
    }
}

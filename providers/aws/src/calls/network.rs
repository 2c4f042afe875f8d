//! EC2 and Auto Scaling: machines, networks and filters.

use palisade_model::FactKind::{
    self, Boot, Controllers, Dedication, DefaultRoute, Disks, Egress, Exposure, ExternalTrusts, Filters, FlowLogs,
    Identities, Image, ImageAge, Interactive, Isolation, Keys, Metadata, NetworkPlace, NewestImage, Nodes, OtherTrust,
    Patching, PoolHealth, PoolVersion, PoolZones, Pools, PrivateGuard, PrivatePath, PublicAddresses, Room, Scaling,
    Standing, Surge, Transit, Unused,
};
use palisade_provider::{Call, Per};

/// `ec2:DescribeRegions`: the regions that are enabled in the account.
pub(crate) const DESCRIBE_REGIONS: Call = Call {
    name: "ec2:DescribeRegions",
    permission: "ec2:DescribeRegions",
    per: Per::Account,
    feeds: FactKind::ALL,
    redact: &[],
    purpose: "the regions that are enabled in the account",
};

/// `ec2:DescribeInstances`: the machines in the networks of the clusters.
pub(crate) const DESCRIBE_INSTANCES: Call = Call {
    name: "ec2:DescribeInstances",
    permission: "ec2:DescribeInstances",
    per: Per::Network,
    feeds: &[
        Pools,
        Nodes,
        PublicAddresses,
        Exposure,
        Filters,
        DefaultRoute,
        Egress,
        Interactive,
        Metadata,
        Identities,
        Standing,
        Dedication,
        OtherTrust,
        Keys,
        Unused,
        Controllers,
        ExternalTrusts,
        Image,
        ImageAge,
        NewestImage,
        Patching,
        Boot,
        Disks,
        Isolation,
        Scaling,
        Room,
        FlowLogs,
        Transit,
        PoolVersion,
        PoolZones,
        Surge,
        PoolHealth,
    ],
    redact: &[],
    purpose: "the machines in the networks of the clusters",
};

/// `ec2:DescribeNetworkInterfaces`: who is a member of a security group that a rule names.
pub(crate) const DESCRIBE_NETWORK_INTERFACES: Call = Call {
    name: "ec2:DescribeNetworkInterfaces",
    permission: "ec2:DescribeNetworkInterfaces",
    per: Per::Network,
    feeds: &[Exposure, Filters, PrivateGuard],
    redact: &[],
    purpose: "who is a member of a security group that a rule names",
};

/// `ec2:DescribeSecurityGroups`: the rules in front of nodes and private endpoints.
pub(crate) const DESCRIBE_SECURITY_GROUPS: Call = Call {
    name: "ec2:DescribeSecurityGroups",
    permission: "ec2:DescribeSecurityGroups",
    per: Per::Network,
    feeds: &[Exposure, Filters, Egress, PrivateGuard],
    redact: &[],
    purpose: "the rules in front of nodes and private endpoints",
};

/// `ec2:DescribeNetworkAcls`: the filters of the subnets.
pub(crate) const DESCRIBE_NETWORK_ACLS: Call = Call {
    name: "ec2:DescribeNetworkAcls",
    permission: "ec2:DescribeNetworkAcls",
    per: Per::Network,
    feeds: &[Exposure, Filters],
    redact: &[],
    purpose: "the filters of the subnets",
};

/// `ec2:DescribeRouteTables`: where traffic of the subnets goes.
pub(crate) const DESCRIBE_ROUTE_TABLES: Call = Call {
    name: "ec2:DescribeRouteTables",
    permission: "ec2:DescribeRouteTables",
    per: Per::Network,
    feeds: &[Exposure, DefaultRoute, Egress],
    redact: &[],
    purpose: "where traffic of the subnets goes",
};

/// `ec2:DescribeSubnets`: address ranges of the subnets and whether they give public addresses.
pub(crate) const DESCRIBE_SUBNETS: Call = Call {
    name: "ec2:DescribeSubnets",
    permission: "ec2:DescribeSubnets",
    per: Per::Network,
    feeds: &[PublicAddresses, Exposure, Egress, PoolZones, Room],
    redact: &[],
    purpose: "address ranges of the subnets and whether they give public addresses",
};

/// `ec2:DescribeVpcs`: the networks' own address ranges.
pub(crate) const DESCRIBE_VPCS: Call = Call {
    name: "ec2:DescribeVpcs",
    permission: "ec2:DescribeVpcs",
    per: Per::Network,
    feeds: &[Exposure, NetworkPlace],
    redact: &[],
    purpose: "the networks' own address ranges",
};

/// `ec2:DescribeVpcAttribute`: whether names of private endpoints resolve in the network.
pub(crate) const DESCRIBE_VPC_ATTRIBUTE: Call = Call {
    name: "ec2:DescribeVpcAttribute",
    permission: "ec2:DescribeVpcAttribute",
    per: Per::Network,
    feeds: &[PrivatePath],
    redact: &[],
    purpose: "whether names of private endpoints resolve in the network",
};

/// `ec2:GetManagedPrefixListEntries`: the addresses of prefix lists that rules and routes name.
pub(crate) const GET_MANAGED_PREFIX_LIST_ENTRIES: Call = Call {
    name: "ec2:GetManagedPrefixListEntries",
    permission: "ec2:GetManagedPrefixListEntries",
    per: Per::Network,
    feeds: &[Exposure, Filters, DefaultRoute, Egress, PrivateGuard],
    redact: &[],
    purpose: "the addresses of prefix lists that rules and routes name",
};

/// `ec2:DescribeVpcBlockPublicAccessOptions`: whether the region keeps the internet out of every network.
pub(crate) const DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS: Call = Call {
    name: "ec2:DescribeVpcBlockPublicAccessOptions",
    permission: "ec2:DescribeVpcBlockPublicAccessOptions",
    per: Per::Region,
    feeds: &[Exposure],
    redact: &[],
    purpose: "whether the region keeps the internet out of every network",
};

/// `ec2:DescribeVpcBlockPublicAccessExclusions`: networks that are left out of that.
pub(crate) const DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSIONS: Call = Call {
    name: "ec2:DescribeVpcBlockPublicAccessExclusions",
    permission: "ec2:DescribeVpcBlockPublicAccessExclusions",
    per: Per::Region,
    feeds: &[Exposure],
    redact: &[],
    purpose: "networks that are left out of that",
};

/// `ec2:DescribeLaunchTemplateVersions`: key, metadata options and public addresses of new nodes.
pub(crate) const DESCRIBE_LAUNCH_TEMPLATE_VERSIONS: Call = Call {
    name: "ec2:DescribeLaunchTemplateVersions",
    permission: "ec2:DescribeLaunchTemplateVersions",
    per: Per::Member,
    feeds: &[PublicAddresses, Interactive, Metadata, Image, Disks],
    redact: &["/DescribeLaunchTemplateVersionsResponse/launchTemplateVersionSet/*/launchTemplateData/userData"],
    purpose: "key, metadata options and public addresses of new nodes",
};

/// `autoscaling:DescribeAutoScalingGroups`: which machines belong to a node group.
pub(crate) const DESCRIBE_AUTO_SCALING_GROUPS: Call = Call {
    name: "autoscaling:DescribeAutoScalingGroups",
    permission: "autoscaling:DescribeAutoScalingGroups",
    per: Per::Network,
    feeds: &[
        Nodes,
        PublicAddresses,
        Exposure,
        Filters,
        DefaultRoute,
        Egress,
        Interactive,
        Metadata,
        ImageAge,
        NewestImage,
        Patching,
        Boot,
        Disks,
        Room,
        FlowLogs,
    ],
    redact: &[],
    purpose: "which machines belong to a node group",
};

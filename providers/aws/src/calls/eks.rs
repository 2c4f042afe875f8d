//! EKS: clusters and what is listed under them.

use palisade_model::FactKind::{
    self, Administrators, Blockers, Boot, Controllers, Dedication, DefaultRoute, Disks, Doors, Egress, Exposure,
    Extensions, ExternalTrusts, Filters, FlowLogs, Identities, Image, ImageAge, Interactive, Isolation, Keys, Metadata,
    Minters, NetworkParts, NewestImage, Nodes, OtherTrust, Patching, Pipelines, PolicyEngine, PoolHealth, PoolVersion,
    PoolZones, Pools, PublicAddresses, Room, Scaling, SecretStore, SignIn, Standing, Support, Surge, Telemetry,
    Transit, Trusts, Unused, WorkloadIdentity,
};
use palisade_provider::{Call, Per};

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
        PoolVersion,
        PoolZones,
        Surge,
        PoolHealth,
    ],
    redact: &[],
    purpose: "the names of the node groups",
};

/// `eks:DescribeNodegroup`: role, subnets, version, template, state and remote access of a node group.
pub(crate) const DESCRIBE_NODEGROUP: Call = Call {
    name: "eks:DescribeNodegroup",
    permission: "eks:DescribeNodegroup",
    per: Per::Member,
    feeds: &[
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
        PoolVersion,
        PoolZones,
        Surge,
        PoolHealth,
    ],
    redact: &[],
    purpose: "role, subnets, version, template, state and remote access of a node group",
};

/// `eks:ListFargateProfiles`: the names of the Fargate profiles.
pub(crate) const LIST_FARGATE_PROFILES: Call = Call {
    name: "eks:ListFargateProfiles",
    permission: "eks:ListFargateProfiles",
    per: Per::Cluster,
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
    purpose: "the names of the Fargate profiles",
};

/// `eks:DescribeFargateProfile`: the role of a Fargate profile.
pub(crate) const DESCRIBE_FARGATE_PROFILE: Call = Call {
    name: "eks:DescribeFargateProfile",
    permission: "eks:DescribeFargateProfile",
    per: Per::Member,
    feeds: &[Identities, Standing, Dedication, OtherTrust, Keys, Unused, Controllers, ExternalTrusts],
    redact: &[],
    purpose: "the role of a Fargate profile",
};

/// `eks:ListAddons`: the names of the add-ons.
pub(crate) const LIST_ADDONS: Call = Call {
    name: "eks:ListAddons",
    permission: "eks:ListAddons",
    per: Per::Cluster,
    feeds: &[
        WorkloadIdentity,
        Identities,
        Standing,
        Dedication,
        OtherTrust,
        Keys,
        Unused,
        Controllers,
        ExternalTrusts,
        PolicyEngine,
        NetworkParts,
        SecretStore,
        Telemetry,
        Extensions,
    ],
    redact: &[],
    purpose: "the names of the add-ons",
};

/// `eks:DescribeAddon`: the role, the version, the state and the switches of an add-on.
pub(crate) const DESCRIBE_ADDON: Call = Call {
    name: "eks:DescribeAddon",
    permission: "eks:DescribeAddon",
    per: Per::Member,
    feeds: &[
        Identities,
        Standing,
        Dedication,
        OtherTrust,
        Keys,
        Unused,
        Controllers,
        ExternalTrusts,
        Extensions,
        PolicyEngine,
        SecretStore,
    ],
    // Its values are kept as far as they are switches: the net of names sees to that.
    redact: &[],
    purpose: "the role, the version, the state and the switches of an add-on",
};

/// `eks:DescribeAddonVersions`: which versions of an add-on go with the cluster's.
pub(crate) const DESCRIBE_ADDON_VERSIONS: Call = Call {
    name: "eks:DescribeAddonVersions",
    permission: "eks:DescribeAddonVersions",
    per: Per::Member,
    feeds: &[Extensions],
    redact: &[],
    purpose: "which versions of an add-on go with the cluster's",
};

/// `eks:DescribeClusterVersions`: which versions are supported, and until when.
pub(crate) const DESCRIBE_CLUSTER_VERSIONS: Call = Call {
    name: "eks:DescribeClusterVersions",
    permission: "eks:DescribeClusterVersions",
    per: Per::Region,
    feeds: &[Support],
    redact: &[],
    purpose: "which versions are supported, and until when",
};

/// `eks:ListInsights`: what EKS has found in the way of the next upgrade.
pub(crate) const LIST_INSIGHTS: Call = Call {
    name: "eks:ListInsights",
    permission: "eks:ListInsights",
    per: Per::Cluster,
    feeds: &[Blockers],
    redact: &[],
    purpose: "what EKS has found in the way of the next upgrade",
};

/// `eks:ListAccessEntries`: who has access to the Kubernetes API through IAM.
pub(crate) const LIST_ACCESS_ENTRIES: Call = Call {
    name: "eks:ListAccessEntries",
    permission: "eks:ListAccessEntries",
    per: Per::Cluster,
    feeds: &[
        Minters,
        Pipelines,
        Identities,
        Standing,
        Dedication,
        OtherTrust,
        Keys,
        Unused,
        Controllers,
        ExternalTrusts,
        SignIn,
        Administrators,
    ],
    redact: &[],
    purpose: "who has access to the Kubernetes API through IAM",
};

/// `eks:DescribeAccessEntry`: the kind and the Kubernetes groups of an access entry.
pub(crate) const DESCRIBE_ACCESS_ENTRY: Call = Call {
    name: "eks:DescribeAccessEntry",
    permission: "eks:DescribeAccessEntry",
    per: Per::Member,
    feeds: &[Pipelines, Identities, Standing, Dedication, OtherTrust, Keys, Unused, Controllers, ExternalTrusts],
    redact: &[],
    purpose: "the kind and the Kubernetes groups of an access entry",
};

/// `eks:ListAssociatedAccessPolicies`: the access policies of an access entry.
pub(crate) const LIST_ASSOCIATED_ACCESS_POLICIES: Call = Call {
    name: "eks:ListAssociatedAccessPolicies",
    permission: "eks:ListAssociatedAccessPolicies",
    per: Per::Member,
    feeds: &[Minters, Pipelines, Administrators],
    redact: &[],
    purpose: "the access policies of an access entry",
};

/// `eks:ListPodIdentityAssociations`: the service accounts that get roles through EKS Pod Identity.
pub(crate) const LIST_POD_IDENTITY_ASSOCIATIONS: Call = Call {
    name: "eks:ListPodIdentityAssociations",
    permission: "eks:ListPodIdentityAssociations",
    per: Per::Cluster,
    feeds: &[Trusts, Identities, Standing, Dedication, OtherTrust, Keys, Unused, Controllers, ExternalTrusts],
    redact: &[],
    purpose: "the service accounts that get roles through EKS Pod Identity",
};

/// `eks:DescribePodIdentityAssociation`: the role of a pod identity association.
pub(crate) const DESCRIBE_POD_IDENTITY_ASSOCIATION: Call = Call {
    name: "eks:DescribePodIdentityAssociation",
    permission: "eks:DescribePodIdentityAssociation",
    per: Per::Member,
    feeds: &[Trusts, Identities, Standing, Dedication, OtherTrust, Keys, Unused, Controllers, ExternalTrusts],
    redact: &[],
    purpose: "the role of a pod identity association",
};

/// `eks:ListCapabilities`: the capabilities AWS runs for the cluster.
pub(crate) const LIST_CAPABILITIES: Call = Call {
    name: "eks:ListCapabilities",
    permission: "eks:ListCapabilities",
    per: Per::Cluster,
    feeds: &[Doors, Identities, Standing, Dedication, OtherTrust, Keys, Unused, Controllers, ExternalTrusts],
    redact: &[],
    purpose: "the capabilities AWS runs for the cluster",
};

/// `eks:DescribeCapability`: the role and the network access of a capability.
pub(crate) const DESCRIBE_CAPABILITY: Call = Call {
    name: "eks:DescribeCapability",
    permission: "eks:DescribeCapability",
    per: Per::Member,
    feeds: &[Doors, Identities, Standing, Dedication, OtherTrust, Keys, Unused, Controllers, ExternalTrusts],
    redact: &[],
    purpose: "the role and the network access of a capability",
};

//! The kinds of listable things, with the filters by which AWS finds them.

use crate::aws::item::Kind;

pub(crate) const VPC: Kind = Kind {
    id: "vpc-id",
    filters: &[
        ("vpc-id", "vpcId"),
        ("cidr", "cidrBlock"),
        ("is-default", "isDefault"),
        ("isDefault", "isDefault"),
        ("owner-id", "ownerId"),
        ("state", "state"),
    ],
    tags: "tagSet",
    not_found: "InvalidVpcID.NotFound",
};

pub(crate) const SUBNET: Kind = Kind {
    id: "subnet-id",
    filters: &[
        ("subnet-id", "subnetId"),
        ("vpc-id", "vpcId"),
        ("availability-zone", "availabilityZone"),
        ("cidr-block", "cidrBlock"),
        ("owner-id", "ownerId"),
        ("state", "state"),
        ("map-public-ip-on-launch", "mapPublicIpOnLaunch"),
    ],
    tags: "tagSet",
    not_found: "InvalidSubnetID.NotFound",
};

pub(crate) const SECURITY_GROUP: Kind = Kind {
    id: "group-id",
    filters: &[
        ("group-id", "groupId"),
        ("vpc-id", "vpcId"),
        ("group-name", "groupName"),
        ("description", "groupDescription"),
        ("owner-id", "ownerId"),
        ("ip-permission.cidr", "ipPermissions.ipRanges.cidrIp"),
        ("ip-permission.ipv6-cidr", "ipPermissions.ipv6Ranges.cidrIpv6"),
        ("ip-permission.group-id", "ipPermissions.groups.groupId"),
        ("ip-permission.prefix-list-id", "ipPermissions.prefixListIds.prefixListId"),
    ],
    tags: "tagSet",
    not_found: "InvalidGroup.NotFound",
};

pub(crate) const ACL: Kind = Kind {
    id: "network-acl-id",
    filters: &[
        ("network-acl-id", "networkAclId"),
        ("vpc-id", "vpcId"),
        ("default", "default"),
        ("owner-id", "ownerId"),
        ("association.subnet-id", "associationSet.subnetId"),
    ],
    tags: "tagSet",
    not_found: "InvalidNetworkAclID.NotFound",
};

pub(crate) const ROUTE_TABLE: Kind = Kind {
    id: "route-table-id",
    filters: &[
        ("route-table-id", "routeTableId"),
        ("vpc-id", "vpcId"),
        ("owner-id", "ownerId"),
        ("association.main", "associationSet.main"),
        ("association.subnet-id", "associationSet.subnetId"),
        ("association.gateway-id", "associationSet.gatewayId"),
        ("route.gateway-id", "routeSet.gatewayId"),
        ("route.nat-gateway-id", "routeSet.natGatewayId"),
    ],
    tags: "tagSet",
    not_found: "InvalidRouteTableID.NotFound",
};

pub(crate) const INTERNET_GATEWAY: Kind = Kind {
    id: "internet-gateway-id",
    filters: &[
        ("internet-gateway-id", "internetGatewayId"),
        ("attachment.vpc-id", "attachmentSet.vpcId"),
        ("attachment.state", "attachmentSet.state"),
        ("owner-id", "ownerId"),
    ],
    tags: "tagSet",
    not_found: "InvalidInternetGatewayID.NotFound",
};

pub(crate) const NAT_GATEWAY: Kind = Kind {
    id: "nat-gateway-id",
    filters: &[("nat-gateway-id", "natGatewayId"), ("vpc-id", "vpcId"), ("subnet-id", "subnetId"), ("state", "state")],
    tags: "tagSet",
    not_found: "NatGatewayNotFound",
};

pub(crate) const ADDRESS: Kind = Kind {
    id: "allocation-id",
    filters: &[
        ("allocation-id", "allocationId"),
        ("association-id", "associationId"),
        ("domain", "domain"),
        ("instance-id", "instanceId"),
        ("network-interface-id", "networkInterfaceId"),
        ("private-ip-address", "privateIpAddress"),
        ("public-ip", "publicIp"),
    ],
    tags: "tagSet",
    not_found: "InvalidAllocationID.NotFound",
};

pub(crate) const INTERFACE: Kind = Kind {
    id: "network-interface-id",
    filters: &[
        ("network-interface-id", "networkInterfaceId"),
        ("vpc-id", "vpcId"),
        ("subnet-id", "subnetId"),
        ("group-id", "groupSet.groupId"),
        ("attachment.instance-id", "attachment.instanceId"),
        ("attachment.status", "attachment.status"),
        ("association.public-ip", "association.publicIp"),
        ("private-ip-address", "privateIpAddress"),
        ("addresses.private-ip-address", "privateIpAddressesSet.privateIpAddress"),
        ("description", "description"),
        ("interface-type", "interfaceType"),
        ("requester-managed", "requesterManaged"),
        ("requester-id", "requesterId"),
        ("status", "status"),
        ("owner-id", "ownerId"),
    ],
    tags: "tagSet",
    not_found: "InvalidNetworkInterfaceID.NotFound",
};

pub(crate) const INSTANCE: Kind = Kind {
    id: "instance-id",
    filters: &[
        ("instance-id", "instancesSet.instanceId"),
        ("instance-state-name", "instancesSet.instanceState.name"),
        ("instance-state-code", "instancesSet.instanceState.code"),
        ("instance-type", "instancesSet.instanceType"),
        ("image-id", "instancesSet.imageId"),
        ("vpc-id", "instancesSet.vpcId"),
        ("subnet-id", "instancesSet.subnetId"),
        ("availability-zone", "instancesSet.placement.availabilityZone"),
        ("private-ip-address", "instancesSet.privateIpAddress"),
        ("ip-address", "instancesSet.ipAddress"),
        ("key-name", "instancesSet.keyName"),
        ("iam-instance-profile.arn", "instancesSet.iamInstanceProfile.arn"),
        ("instance.group-id", "instancesSet.groupSet.groupId"),
        ("network-interface.network-interface-id", "instancesSet.networkInterfaceSet.networkInterfaceId"),
        ("network-interface.subnet-id", "instancesSet.networkInterfaceSet.subnetId"),
        ("network-interface.group-id", "instancesSet.networkInterfaceSet.groupSet.groupId"),
        ("metadata-options.http-tokens", "instancesSet.metadataOptions.httpTokens"),
        ("owner-id", "ownerId"),
        ("reservation-id", "reservationId"),
    ],
    tags: "instancesSet.tagSet",
    not_found: "InvalidInstanceID.NotFound",
};

pub(crate) const PREFIX_LIST: Kind = Kind {
    id: "prefix-list-id",
    filters: &[("prefix-list-id", "prefixListId"), ("prefix-list-name", "prefixListName"), ("owner-id", "ownerId")],
    tags: "tagSet",
    not_found: "InvalidPrefixListID.NotFound",
};

pub(crate) const EXCLUSION: Kind = Kind {
    id: "exclusion-id",
    filters: &[
        ("exclusion-id", "exclusionId"),
        ("resource-arn", "resourceArn"),
        ("internet-gateway-exclusion-mode", "internetGatewayExclusionMode"),
        ("state", "state"),
    ],
    tags: "tagSet",
    not_found: "InvalidVpcBlockPublicAccessExclusionId.NotFound",
};

pub(crate) const TEMPLATE: Kind = Kind {
    id: "launch-template-id",
    filters: &[
        ("launch-template-id", "launchTemplateId"),
        ("launch-template-name", "launchTemplateName"),
        ("version", "versionNumber"),
        ("is-default-version", "defaultVersion"),
        ("image-id", "launchTemplateData.imageId"),
        ("instance-type", "launchTemplateData.instanceType"),
        ("http-tokens", "launchTemplateData.metadataOptions.httpTokens"),
    ],
    tags: "tagSet",
    not_found: "InvalidLaunchTemplateId.NotFound",
};

pub(crate) const SCALING_GROUP: Kind = Kind {
    id: "name",
    filters: &[("name", "AutoScalingGroupName")],
    tags: "Tags",
    // Auto Scaling leaves out the groups it does not know; nobody sees this.
    not_found: "ValidationError",
};

pub(crate) const LOAD_BALANCER: Kind = Kind {
    id: "arn",
    filters: &[("arn", "LoadBalancerArn"), ("name", "LoadBalancerName"), ("vpc-id", "VpcId")],
    tags: "Tags",
    not_found: "LoadBalancerNotFound",
};

pub(crate) const TARGET_GROUP: Kind = Kind {
    id: "arn",
    filters: &[
        ("arn", "TargetGroupArn"),
        ("name", "TargetGroupName"),
        ("vpc-id", "VpcId"),
        ("load-balancer", "LoadBalancerArns"),
    ],
    tags: "Tags",
    not_found: "TargetGroupNotFound",
};

pub(crate) const CLASSIC_LOAD_BALANCER: Kind = Kind {
    id: "name",
    filters: &[("name", "LoadBalancerName"), ("vpc-id", "VPCId")],
    tags: "Tags",
    not_found: "LoadBalancerNotFound",
};

pub(crate) const RULE: Kind =
    Kind { id: "arn", filters: &[("arn", "RuleArn")], tags: "Tags", not_found: "RuleNotFound" };

pub(crate) const LISTENER: Kind =
    Kind { id: "arn", filters: &[("arn", "ListenerArn")], tags: "Tags", not_found: "ListenerNotFound" };

pub(crate) const IMAGE: Kind = Kind {
    id: "image-id",
    filters: &[("image-id", "imageId"), ("name", "name"), ("owner-alias", "imageOwnerAlias")],
    tags: "tagSet",
    not_found: "InvalidAMIID.NotFound",
};

pub(crate) const VOLUME: Kind = Kind {
    id: "volume-id",
    filters: &[
        ("volume-id", "volumeId"),
        ("attachment.instance-id", "attachmentSet.instanceId"),
        ("encrypted", "encrypted"),
        ("status", "status"),
    ],
    tags: "tagSet",
    not_found: "InvalidVolume.NotFound",
};

pub(crate) const INSTANCE_TYPE: Kind = Kind {
    id: "instance-type",
    filters: &[
        ("instance-type", "instanceType"),
        ("network-info.encryption-in-transit-supported", "networkInfo.encryptionInTransitSupported"),
    ],
    tags: "tagSet",
    not_found: "InvalidInstanceType",
};

pub(crate) const FLOW_LOG: Kind = Kind {
    id: "flow-log-id",
    filters: &[("flow-log-id", "flowLogId"), ("resource-id", "resourceId"), ("traffic-type", "trafficType")],
    tags: "tagSet",
    not_found: "InvalidFlowLogId.NotFound",
};

pub(crate) const VPC_ENDPOINT: Kind = Kind {
    id: "vpc-endpoint-id",
    filters: &[("vpc-endpoint-id", "vpcEndpointId"), ("vpc-id", "vpcId"), ("service-name", "serviceName")],
    tags: "tagSet",
    not_found: "InvalidVpcEndpointId.NotFound",
};

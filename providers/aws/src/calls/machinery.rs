//! EC2: images, disks and types of machines, and what is recorded of their traffic.

use palisade_model::FactKind::{Boot, Disks, FlowLogs, Image, ImageAge, PrivateApis, Transit};
use palisade_provider::{Call, Per};

/// `ec2:DescribeImages`: when the images of the machines were published, and by whom.
pub(crate) const DESCRIBE_IMAGES: Call = Call {
    name: "ec2:DescribeImages",
    permission: "ec2:DescribeImages",
    per: Per::Region,
    feeds: &[Image, ImageAge, Boot],
    redact: &[],
    purpose: "when the images of the machines were published, and by whom",
};

/// `ec2:DescribeVolumes`: whether the disks of the machines are encrypted.
pub(crate) const DESCRIBE_VOLUMES: Call = Call {
    name: "ec2:DescribeVolumes",
    permission: "ec2:DescribeVolumes",
    per: Per::Region,
    feeds: &[Disks],
    redact: &[],
    purpose: "whether the disks of the machines are encrypted",
};

/// `ec2:GetEbsEncryptionByDefault`: whether the disks of new machines will be.
pub(crate) const GET_EBS_ENCRYPTION_BY_DEFAULT: Call = Call {
    name: "ec2:GetEbsEncryptionByDefault",
    permission: "ec2:GetEbsEncryptionByDefault",
    per: Per::Region,
    feeds: &[Disks],
    redact: &[],
    purpose: "whether the disks of new machines will be encrypted",
};

/// `ec2:DescribeFlowLogs`: which networks and subnets record their traffic.
pub(crate) const DESCRIBE_FLOW_LOGS: Call = Call {
    name: "ec2:DescribeFlowLogs",
    permission: "ec2:DescribeFlowLogs",
    per: Per::Region,
    feeds: &[FlowLogs],
    redact: &[],
    purpose: "which networks and subnets record their traffic",
};

/// `ec2:DescribeVpcEndpoints`: which of AWS' services the networks reach privately.
pub(crate) const DESCRIBE_VPC_ENDPOINTS: Call = Call {
    name: "ec2:DescribeVpcEndpoints",
    permission: "ec2:DescribeVpcEndpoints",
    per: Per::Network,
    feeds: &[PrivateApis],
    redact: &[],
    purpose: "which of AWS' services the networks reach privately",
};

/// `ec2:DescribeInstanceTypes`: which types of machines encrypt traffic among themselves.
pub(crate) const DESCRIBE_INSTANCE_TYPES: Call = Call {
    name: "ec2:DescribeInstanceTypes",
    permission: "ec2:DescribeInstanceTypes",
    per: Per::Region,
    feeds: &[Transit],
    redact: &[],
    purpose: "which types of machines encrypt traffic among themselves",
};

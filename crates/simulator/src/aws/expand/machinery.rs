//! Images, disks and types of nodes, and what is recorded of networks and reached from them.

use super::keys::arn_of;
use super::network::push;
use super::{Build, kinds};
use crate::aws::description::cluster::{Cluster, NodeGroup};
use crate::aws::description::network::Subnet;
use crate::aws::moment::Moment;
use crate::aws::place::Place;
use crate::aws::tree::{Fields, fields};

/// The name of a node's root.
pub(super) const ROOT: &str = "/dev/xvda";

/// Families of machines that do not encrypt what they send to each other.
const PLAIN: &[&str] = &["t2", "t3", "t3a", "m4", "m5", "c4", "c5", "r4", "r5"];

/// The day of an image as names of images end in it.
pub(super) fn day(group: &NodeGroup) -> String {
    group.image_day.iso().chars().take(10).filter(char::is_ascii_digit).collect()
}

/// The image of a group's nodes.
pub(super) fn image_id(place: &Place, cluster: &Cluster, group: &NodeGroup) -> String {
    place.id("ami", &[&group.ami, &cluster.version, &day(group)])
}

/// The root of a node, as the instance shows it.
pub(super) fn device(place: &Place, name: &[&str]) -> Fields {
    fields().put("deviceName", ROOT).put(
        "ebs",
        fields()
            .put("volumeId", place.id("vol", name))
            .put("status", "attached")
            .put("attachTime", Moment::long_ago().iso_millis())
            .put("deleteOnTermination", true),
    )
}

/// Adds the image, the disk and the type of a node.
pub(super) fn add(
    build: &mut Build<'_>,
    cluster: &Cluster,
    group: &NodeGroup,
    subnet: &Subnet,
    name: &[&str],
    instance: &str,
) {
    let place = build.place;
    let image = image_id(place, cluster, group);
    if !build.fabric.images.iter().any(|item| item.has("image-id", &image)) {
        push(&mut build.fabric.images, &kinds::IMAGE, image_tree(place, cluster, group, &image));
    }
    let own = group.disk_key.as_ref().map(|key| arn_of(place, key));
    let key = group.encrypted.then(|| own.unwrap_or_else(|| arn_of(place, "aws/ebs")));
    let attachment = fields()
        .put("volumeId", place.id("vol", name))
        .put("instanceId", instance)
        .put("device", ROOT)
        .put("status", "attached")
        .put("attachTime", Moment::long_ago().iso_millis())
        .put("deleteOnTermination", true);
    let volume = fields()
        .put("volumeId", place.id("vol", name))
        .put("size", 80_u32)
        .put("availabilityZone", place.zone(&subnet.zone))
        .put("status", "in-use")
        .put("createTime", Moment::long_ago().iso_millis())
        .put("attachmentSet", vec![attachment])
        .put("volumeType", "gp3")
        .put("encrypted", group.encrypted)
        .maybe("kmsKeyId", key);
    push(&mut build.fabric.volumes, &kinds::VOLUME, volume);
    let kind = &group.instance_type;
    if !build.fabric.instance_types.iter().any(|item| item.has("instance-type", kind)) {
        let family = kind.split('.').next().unwrap_or_default();
        let supported = !PLAIN.contains(&family);
        let tree = fields()
            .put("instanceType", kind)
            .put("currentGeneration", true)
            .put("networkInfo", fields().put("encryptionInTransitSupported", supported));
        push(&mut build.fabric.instance_types, &kinds::INSTANCE_TYPE, tree);
    }
}

fn image_tree(place: &Place, cluster: &Cluster, group: &NodeGroup, id: &str) -> Fields {
    let (version, day) = (&cluster.version, day(group));
    let name = match group.ami.as_str() {
        "AL2_x86_64" => Some(format!("amazon-eks-node-{version}-v{day}")),
        "AL2_x86_64_GPU" => Some(format!("amazon-eks-gpu-node-{version}-v{day}")),
        "BOTTLEROCKET_x86_64" => {
            Some(format!("bottlerocket-aws-k8s-{version}-x86_64-v1.50.0-{}", &place.hex("rev", &[&day], 8)))
        }
        "BOTTLEROCKET_ARM_64" => {
            Some(format!("bottlerocket-aws-k8s-{version}-aarch64-v1.50.0-{}", &place.hex("rev", &[&day], 8)))
        }
        "AL2023_ARM_64_STANDARD" => Some(format!("amazon-eks-node-al2023-arm64-standard-{version}-v{day}")),
        "CUSTOM" => None,
        _ => Some(format!("amazon-eks-node-al2023-x86_64-standard-{version}-v{day}")),
    };
    let is_amazons = name.is_some();
    fields()
        .put("imageId", id)
        .put("imageState", "available")
        .put("imageOwnerId", if is_amazons { "602401143452" } else { place.account.as_str() })
        .maybe("imageOwnerAlias", is_amazons.then_some("amazon"))
        .put("creationDate", group.image_day.iso_millis())
        .put("isPublic", is_amazons)
        .put("architecture", if group.ami.contains("ARM") { "arm64" } else { "x86_64" })
        .put("imageType", "machine")
        .put("name", name.unwrap_or_else(|| format!("golden-{day}")))
        .put("rootDeviceType", "ebs")
        .put("rootDeviceName", ROOT)
        .put("virtualizationType", "hvm")
        .put("bootMode", "uefi-preferred")
        .maybe("tpmSupport", group.tpm.then_some("v2.0"))
}

/// What is recorded of the region's networks, and what they reach privately.
pub(super) fn of_networks(build: &mut Build<'_>) {
    let (place, region) = (build.place, build.region);
    for vpc in &region.vpcs {
        let id = place.vpc(&vpc.name);
        if vpc.flow_logs {
            let tree = fields()
                .put("flowLogId", place.id("fl", &[&vpc.name]))
                .put("flowLogStatus", "ACTIVE")
                .put("resourceId", &id)
                .put("trafficType", "ALL")
                .put("logDestinationType", "cloud-watch-logs")
                .put("logGroupName", format!("/vpc/{}", vpc.name))
                .put("deliverLogsStatus", "SUCCESS")
                .put("creationTime", Moment::long_ago().iso_millis())
                .put("maxAggregationInterval", 600_u32);
            push(&mut build.fabric.flow_logs, &kinds::FLOW_LOG, tree);
        }
        for service in &vpc.endpoints {
            let tree = fields()
                .put("vpcEndpointId", place.id("vpce", &[&vpc.name, service]))
                .put("vpcEndpointType", if service == "s3" { "Gateway" } else { "Interface" })
                .put("vpcId", &id)
                .put("serviceName", format!("com.amazonaws.{}.{service}", place.region))
                .put("state", "available");
            push(&mut build.fabric.vpc_endpoints, &kinds::VPC_ENDPOINT, tree);
        }
    }
}

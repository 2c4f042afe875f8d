//! Auto scaling groups.

use super::nodes::Names;
use crate::aws::description::cluster::{Cluster, NodeGroup};
use crate::aws::description::network::{Subnet, Vpc};
use crate::aws::moment::Moment;
use crate::aws::place::Place;
use crate::aws::tree::{Tree, fields};

#[expect(clippy::too_many_arguments, reason = "a scaling group names everything that a node is made from")]
pub(super) fn tree(
    place: &Place,
    cluster: &Cluster,
    vpc: &Vpc,
    group: &NodeGroup,
    names: &Names,
    name: &str,
    subnets: &[&Subnet],
    members: Tree,
) -> Tree {
    let mut tags = vec![
        ("eks:cluster-name", cluster.name.clone()),
        ("eks:nodegroup-name", group.name.clone()),
        ("k8s.io/cluster-autoscaler/enabled", "true".to_owned()),
    ];
    if group.kind != "managed" {
        tags.truncate(0);
    }
    let owned = format!("kubernetes.io/cluster/{}", cluster.name);
    tags.push((&owned, "owned".to_owned()));
    let tags = tags.into_iter().map(|(key, value)| {
        fields()
            .put("ResourceId", name)
            .put("ResourceType", "auto-scaling-group")
            .put("Key", key)
            .put("Value", value)
            .put("PropagateAtLaunch", true)
    });
    let template = names.template_reference(place);
    let mixed = fields().put(
        "LaunchTemplate",
        fields()
            .put("LaunchTemplateSpecification", template.clone())
            .put("Overrides", vec![fields().put("InstanceType", &group.instance_type)]),
    );
    let zones: Vec<String> = subnets.iter().map(|subnet| place.zone(&subnet.zone)).collect();
    let subnets: Vec<String> = subnets.iter().map(|subnet| place.subnet(&vpc.name, &subnet.name)).collect();
    let body = fields().put("AutoScalingGroupName", name).put(
        "AutoScalingGroupARN",
        place.arn(
            "autoscaling",
            &format!("autoScalingGroup:{}:autoScalingGroupName/{name}", place.uuid("asg", &[name])),
        ),
    );
    let body = if group.kind == "managed" {
        body.put("MixedInstancesPolicy", mixed)
    } else {
        body.put("LaunchTemplate", template)
    };
    body.put("MinSize", 1_u32)
        .put("MaxSize", group.count.max(1) * 2)
        .put("DesiredCapacity", group.count)
        .put("DefaultCooldown", 300_u32)
        .put("AvailabilityZones", zones)
        .put("LoadBalancerNames", Tree::nothing())
        .put("TargetGroupARNs", Tree::nothing())
        .put("HealthCheckType", "EC2")
        .put("HealthCheckGracePeriod", 15_u32)
        .put("Instances", members)
        .put("CreatedTime", Moment::long_ago().iso_millis())
        .put("SuspendedProcesses", Tree::nothing())
        .put("VPCZoneIdentifier", subnets.join(","))
        .put("EnabledMetrics", Tree::nothing())
        .put("Tags", tags.collect::<Vec<_>>())
        .put("TerminationPolicies", vec!["AllocationStrategy", "OldestLaunchTemplate", "OldestInstance"])
        .put("NewInstancesProtectedFromScaleIn", false)
        .put(
            "ServiceLinkedRoleARN",
            place.iam("role", "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
        )
        .put("CapacityRebalance", true)
        .into()
}

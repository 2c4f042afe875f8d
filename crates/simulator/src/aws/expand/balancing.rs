//! Load balancers of both generations, with their interfaces.

use super::interfaces::{self, Wanted};
use super::{Build, kinds};
use crate::aws::description::network::{Forward, LoadBalancer, Vpc};
use crate::aws::moment::Moment;
use crate::aws::tree::{Dialect, Fields, Tree, fields};

/// What a target group holds, rendered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Targets {
    pub(crate) health: String,
    pub(crate) attributes: String,
}

pub(super) fn expand(build: &mut Build<'_>) {
    let region = build.region;
    for vpc in &region.vpcs {
        for balancer in &vpc.load_balancers {
            add(build, vpc, balancer);
        }
    }
}

fn add(build: &mut Build<'_>, vpc: &Vpc, balancer: &LoadBalancer) {
    let place = build.place;
    let (prefix, kind) = match balancer.kind.as_str() {
        "application" => ("app", "interface"),
        "gateway" => ("gwy", "gateway_load_balancer"),
        _ => ("net", "network_load_balancer"),
    };
    let hash = place.hex("load-balancer", &[&balancer.name], 16);
    let classic = balancer.kind == "classic";
    let (path, kind) = if classic {
        (balancer.name.clone(), "interface")
    } else {
        (format!("{prefix}/{}/{hash}", balancer.name), kind)
    };
    let groups: Vec<(String, String)> =
        balancer.security_groups.iter().map(|name| (place.group(&vpc.name, name), name.clone())).collect();
    let mut zones = Vec::new();
    for subnet in vpc.subnets.iter().filter(|subnet| balancer.subnets.contains(&subnet.name)) {
        let wanted = Wanted {
            name: vec!["load-balancer", &balancer.name, &subnet.name],
            description: format!("ELB {path}"),
            kind,
            requester: Some("amazon-elb"),
            groups: groups.clone(),
            public_ip: (!balancer.internal).then(|| place.public_ip(&["load-balancer", &balancer.name, &subnet.name])),
            ..Wanted::default()
        };
        interfaces::add(build, vpc, subnet, &wanted);
        let zone = fields()
            .put("ZoneName", place.zone(&subnet.zone))
            .put("SubnetId", place.subnet(&vpc.name, &subnet.name))
            .put("LoadBalancerAddresses", Tree::nothing());
        zones.push(zone);
    }
    if classic {
        return first_generation(build, vpc, balancer, &groups);
    }
    let scheme = if balancer.internal { "internal" } else { "internet-facing" };
    let ids: Vec<&String> = groups.iter().map(|(id, _)| id).collect();
    let arn = place.arn("elasticloadbalancing", &format!("loadbalancer/{path}"));
    for forward in &balancer.forwards {
        self::forward(build, vpc, balancer, (&arn, &path), forward);
    }
    let tree = fields()
        .put("LoadBalancerArn", &arn)
        .put("DNSName", format!("{}-{hash}.elb.{}.{}", balancer.name, place.region, place.domain()))
        .put("CanonicalHostedZoneId", "Z2IFOLAFXWLO4F")
        .put("CreatedTime", Moment::long_ago().iso_millis())
        .put("LoadBalancerName", &balancer.name)
        .put("Scheme", scheme)
        .put("VpcId", place.vpc(&vpc.name))
        .put("State", fields().put("Code", "active"))
        .put("Type", &balancer.kind)
        .put("AvailabilityZones", zones)
        .put("SecurityGroups", ids)
        .put("IpAddressType", "ipv4");
    build.fabric.load_balancers.push(kinds::LOAD_BALANCER.item(&tree.into(), Dialect::Member));
}

/// A load balancer of the first generation: its listeners and machines stand in its own description.
fn first_generation(build: &mut Build<'_>, vpc: &Vpc, balancer: &LoadBalancer, groups: &[(String, String)]) {
    let place = build.place;
    let listeners: Vec<_> = balancer
        .forwards
        .iter()
        .map(|forward| {
            let protocol = forward.protocol.as_deref().unwrap_or("TCP");
            let listener = fields()
                .put("Protocol", protocol)
                .put("LoadBalancerPort", forward.port)
                .put("InstanceProtocol", protocol)
                .put("InstancePort", forward.to);
            fields().put("Listener", listener).put("PolicyNames", Tree::nothing())
        })
        .collect();
    let instances: std::collections::BTreeSet<String> =
        balancer.forwards.iter().flat_map(|forward| instances(build, forward)).collect();
    let ids: Vec<&String> = groups.iter().map(|(id, _)| id).collect();
    let chosen = vpc.subnets.iter().filter(|subnet| balancer.subnets.contains(&subnet.name));
    let subnets: Vec<String> = chosen.map(|subnet| place.subnet(&vpc.name, &subnet.name)).collect();
    let tree = fields()
        .put("LoadBalancerName", &balancer.name)
        .put("DNSName", format!("{}-1.{}.elb.{}", balancer.name, place.region, place.domain()))
        .put("ListenerDescriptions", listeners)
        .put("Subnets", subnets.iter().collect::<Vec<_>>())
        .put("VPCId", place.vpc(&vpc.name))
        .put("Instances", instances.iter().map(|id| fields().put("InstanceId", id)).collect::<Vec<_>>())
        .put("SecurityGroups", ids)
        .put("CreatedTime", Moment::long_ago().iso_millis())
        .put("Scheme", if balancer.internal { "internal" } else { "internet-facing" });
    build.fabric.classic_load_balancers.push(kinds::CLASSIC_LOAD_BALANCER.item(&tree.into(), Dialect::Member));
    let states: Vec<_> = instances
        .iter()
        .map(|id| fields().put("InstanceId", id).put("State", "InService").put("ReasonCode", "N/A"))
        .collect();
    let states = Tree::from(fields().put("InstanceStates", states)).xml(Dialect::Member);
    build.fabric.instance_states.insert(balancer.name.clone(), states);
}

/// The rules of a listener: the one that leads to the group, if one does, and what happens to everything else.
fn rules(forward: &Forward, listener: &str, group: &str, default: &Fields) -> Vec<crate::aws::item::Item> {
    let arn = |number: u32| format!("{}/{number:016x}", listener.replace(":listener/", ":listener-rule/"));
    let values = |values: Vec<String>| fields().put("Values", values);
    let mut found = Vec::new();
    if forward.by_rule {
        let condition = if forward.sources.is_empty() {
            let path = || vec!["/app/*".to_owned()];
            fields().put("Field", "path-pattern").put("Values", path()).put("PathPatternConfig", values(path()))
        } else {
            fields().put("Field", "source-ip").put("SourceIpConfig", values(forward.sources.clone()))
        };
        let action = fields().put("Type", "forward").put("TargetGroupArn", group).put("Order", 1_u32);
        let rule = fields()
            .put("RuleArn", arn(1))
            .put("Priority", "10")
            .put("Conditions", vec![condition])
            .put("Actions", vec![action])
            .put("IsDefault", false);
        found.push(kinds::RULE.item(&rule.into(), Dialect::Member));
    }
    let rule = fields()
        .put("RuleArn", arn(0))
        .put("Priority", "default")
        .put("Conditions", Tree::nothing())
        .put("Actions", vec![default.clone()])
        .put("IsDefault", true);
    found.push(kinds::RULE.item(&rule.into(), Dialect::Member));
    found
}

/// A listener, the target group behind it and the targets in that.
fn forward(
    build: &mut Build<'_>,
    vpc: &Vpc,
    balancer: &LoadBalancer,
    (balancer_arn, path): (&str, &str),
    forward: &Forward,
) {
    let place = build.place;
    let application = balancer.kind == "application";
    let protocol = forward.protocol.as_deref().unwrap_or(if application { "HTTPS" } else { "TCP" });
    let to = match protocol {
        "HTTPS" => "HTTP",
        "TLS" => "TCP",
        same => same,
    };
    let name = format!("{}-{}", balancer.name, forward.port);
    let hash = place.hex("target-group", &[&name], 16);
    let group = place.arn("elasticloadbalancing", &format!("targetgroup/{name}/{hash}"));
    let listener =
        place.arn("elasticloadbalancing", &format!("listener/{path}/{}", place.hex("listener", &[&name], 16)));
    let action = if forward.by_rule {
        let answer = fields().put("StatusCode", "404").put("ContentType", "text/plain");
        fields().put("Type", "fixed-response").put("Order", 1_u32).put("FixedResponseConfig", answer)
    } else {
        let groups = vec![fields().put("TargetGroupArn", &group).put("Weight", 1_u32)];
        let config = fields().put("TargetGroups", groups);
        fields().put("Type", "forward").put("TargetGroupArn", &group).put("ForwardConfig", config)
    };
    build.fabric.rules.insert(listener.clone(), rules(forward, &listener, &group, &action));
    let tree = fields()
        .put("ListenerArn", listener)
        .put("LoadBalancerArn", balancer_arn)
        .put("Port", forward.port)
        .put("Protocol", protocol)
        .put("DefaultActions", vec![action]);
    let listener = kinds::LISTENER.item(&tree.into(), Dialect::Member);
    build.fabric.listeners.entry(balancer_arn.to_owned()).or_default().push(listener);
    let tree = fields()
        .put("TargetGroupArn", &group)
        .put("TargetGroupName", &name)
        .put("Protocol", to)
        .put("Port", forward.to)
        .put("VpcId", place.vpc(&vpc.name))
        .put("HealthCheckEnabled", true)
        .put("LoadBalancerArns", vec![balancer_arn])
        .put("TargetType", "instance")
        .put("IpAddressType", "ipv4");
    build.fabric.target_groups.push(kinds::TARGET_GROUP.item(&tree.into(), Dialect::Member));
    let health: Vec<_> = instances(build, forward)
        .into_iter()
        .map(|id| {
            fields()
                .put("Target", fields().put("Id", id).put("Port", forward.to))
                .put("HealthCheckPort", forward.to.to_string())
                .put("TargetHealth", fields().put("State", "healthy"))
        })
        .collect();
    let attribute = |key: &str, value: &str| fields().put("Key", key).put("Value", value);
    let mut attributes = vec![attribute("deregistration_delay.timeout_seconds", "300")];
    if !application {
        attributes.push(attribute("preserve_client_ip.enabled", &forward.preserve_client_ip.to_string()));
    }
    let targets = Targets {
        health: Tree::from(fields().put("TargetHealthDescriptions", health)).xml(Dialect::Member),
        attributes: Tree::from(fields().put("Attributes", attributes)).xml(Dialect::Member),
    };
    build.fabric.targets.insert(group, targets);
}

/// The instances of the node groups a load balancer forwards to.
fn instances(build: &Build<'_>, forward: &Forward) -> Vec<String> {
    let mut found = Vec::new();
    for target in &forward.targets {
        let Some((cluster, group)) = target.split_once('/') else { continue };
        let known = build.region.clusters.iter().filter(|one| one.name == cluster);
        for group in known.flat_map(|one| &one.node_groups).filter(|one| one.name == group) {
            let ids = (0..group.count).map(|number| build.place.id("i", &[cluster, &group.name, &number.to_string()]));
            found.extend(ids);
        }
    }
    found
}

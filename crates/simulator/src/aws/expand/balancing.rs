//! Load balancers of the second generation, with their interfaces.

use super::interfaces::{self, Wanted};
use super::{Build, kinds};
use crate::aws::description::network::{LoadBalancer, Vpc};
use crate::aws::moment::Moment;
use crate::aws::tree::{Dialect, Tree, fields};

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
    let path = format!("{prefix}/{}/{hash}", balancer.name);
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
    let scheme = if balancer.internal { "internal" } else { "internet-facing" };
    let ids: Vec<&String> = groups.iter().map(|(id, _)| id).collect();
    let tree = fields()
        .put("LoadBalancerArn", place.arn("elasticloadbalancing", &format!("loadbalancer/{path}")))
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

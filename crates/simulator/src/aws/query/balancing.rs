//! Elastic Load Balancing, both generations.

use std::collections::BTreeMap;

use super::{element, invalid_action, rendered};
use crate::aws::World;
use crate::aws::call::Call;
use crate::aws::error::Failure;
use crate::aws::expand::balancing::Targets;
use crate::aws::expand::{Fabric, kinds};
use crate::aws::item::{Item, Kind};
use crate::aws::page::Paging;
use crate::http::Reply;

const PAGING: Paging = Paging {
    size: "PageSize",
    token: "Marker",
    smallest: 1,
    largest: 400,
    usual: 400,
    bad_size: "ValidationError",
    bad_token: "ValidationError",
};

pub(crate) fn answer(world: &World, fabric: &Fabric, call: &Call) -> Result<Reply, Failure> {
    match call.action.as_str() {
        "DescribeLoadBalancers" => {
            let chosen = named(kinds::LOAD_BALANCER, &fabric.load_balancers, call, "LoadBalancerArns.member")?;
            paged(world, call, "LoadBalancers", &chosen)
        }
        "DescribeTargetGroups" => {
            let mut chosen = named(kinds::TARGET_GROUP, &fabric.target_groups, call, "TargetGroupArns.member")?;
            if let Some(balancer) = call.parameter("LoadBalancerArn") {
                chosen.retain(|group| group.has("load-balancer", balancer));
            }
            paged(world, call, "TargetGroups", &chosen)
        }
        "DescribeListeners" => {
            let arn = call.parameter("LoadBalancerArn").unwrap_or_default();
            kinds::LOAD_BALANCER.select(&fabric.load_balancers, &[arn.to_owned()], &BTreeMap::new())?;
            let listeners: Vec<&Item> = fabric.listeners.get(arn).into_iter().flatten().collect();
            paged(world, call, "Listeners", &listeners)
        }
        "DescribeRules" => {
            let arn = call.parameter("ListenerArn").unwrap_or_default();
            let missing = || Failure::client("ListenerNotFound", format!("One or more listeners not found: '{arn}'"));
            let rules: Vec<&Item> = fabric.rules.get(arn).ok_or_else(missing)?.iter().collect();
            paged(world, call, "Rules", &rules)
        }
        "DescribeTargetHealth" => Ok(rendered(call, &targets(fabric, call)?.health)),
        "DescribeTargetGroupAttributes" => Ok(rendered(call, &targets(fabric, call)?.attributes)),
        _ => Err(invalid_action(call)),
    }
}

/// Load balancers of the first generation.
pub(crate) fn first_generation(world: &World, fabric: &Fabric, call: &Call) -> Result<Reply, Failure> {
    match call.action.as_str() {
        "DescribeLoadBalancers" => {
            let names = call.list("LoadBalancerNames.member");
            let all = &fabric.classic_load_balancers;
            let chosen = kinds::CLASSIC_LOAD_BALANCER.select(all, &names, &BTreeMap::new())?;
            paged(world, call, "LoadBalancerDescriptions", &chosen)
        }
        "DescribeInstanceHealth" => {
            let name = call.required("LoadBalancerName")?;
            let missing =
                || Failure::client("LoadBalancerNotFound", format!("There is no ACTIVE Load Balancer named '{name}'"));
            Ok(rendered(call, fabric.instance_states.get(name).ok_or_else(missing)?))
        }
        _ => Err(invalid_action(call)),
    }
}

/// The things with the wanted ARNs and names.
fn named<'items>(kind: Kind, items: &'items [Item], call: &Call, arns: &str) -> Result<Vec<&'items Item>, Failure> {
    let mut wanted = call.list(arns);
    for name in call.list("Names.member") {
        let found = kind.select(items, &[], &[("name".to_owned(), vec![name.clone()])].into())?;
        let arn = found.first().and_then(|item| item.value("arn"));
        wanted.push(arn.unwrap_or(&name).to_owned());
    }
    kind.select(items, &wanted, &BTreeMap::new())
}

fn paged(world: &World, call: &Call, list: &str, items: &[&Item]) -> Result<Reply, Failure> {
    let page = PAGING.page(call, items.len(), world.page_limit)?;
    let members: String = page.of(items).iter().map(|item| element("member", &item.body)).collect();
    let next = page.next.as_deref().map(|token| element("NextMarker", token)).unwrap_or_default();
    Ok(rendered(call, &format!("{}{next}", element(list, &members))))
}

fn targets<'fabric>(fabric: &'fabric Fabric, call: &Call) -> Result<&'fabric Targets, Failure> {
    let arn = call.parameter("TargetGroupArn").unwrap_or_default();
    let missing = || Failure::client("TargetGroupNotFound", format!("Target groups '{arn}' not found"));
    fabric.targets.get(arn).ok_or_else(missing)
}

//! Load balancers and what they forward to, as far as that may concern machines of clusters.

use super::{
    ask::{Paging, Wire, sending},
    boxed,
    region::Place,
};
use crate::{
    calls,
    record::{
        Query,
        balancing::{
            ClassicLoadBalancer, ClassicLoadBalancers, Listeners, LoadBalancer, LoadBalancers, TargetGroup,
            TargetGroups,
        },
    },
};
use futures::future::join_all;
use serde_json::Value;

/// The balancers and target groups of a region.
#[derive(Debug, Default)]
pub(super) struct Balancing {
    balancers: Vec<LoadBalancer>,
    groups: Vec<TargetGroup>,
    classics: Vec<ClassicLoadBalancer>,
}

/// Lists what belongs to the region.
pub(super) async fn of_region(place: &Place<'_>) -> Balancing {
    let context = place.context;
    let client = &context.session.load_balancing(place.region);
    let host = place.host("elasticloadbalancing");
    let paging = Some(Paging::NEXT_MARKER);
    let balancers = place.question(&calls::DESCRIBE_LOAD_BALANCERS, &[], Wire::Query, paging);
    let groups = place.question(&calls::DESCRIBE_TARGET_GROUPS, &[], Wire::Query, paging);
    let classics = place.question(&calls::DESCRIBE_CLASSIC_LOAD_BALANCERS, &[], Wire::Query, paging);
    let first = &context.session.classic_load_balancing(place.region);
    let (balancers, groups, classics) = futures::join!(
        boxed(context.ask::<Query<LoadBalancers>>(
            &host,
            &balancers,
            sending!(|token| client.describe_load_balancers().page_size(400).set_marker(token)),
        )),
        boxed(context.ask::<Query<TargetGroups>>(
            &host,
            &groups,
            sending!(|token| client.describe_target_groups().page_size(400).set_marker(token)),
        )),
        boxed(context.ask::<Query<ClassicLoadBalancers>>(
            &host,
            &classics,
            sending!(|token| first.describe_load_balancers().set_marker(token)),
        )),
    );
    Balancing {
        balancers: balancers.into_iter().flatten().flat_map(|Query(page)| page.load_balancers).collect(),
        groups: groups.into_iter().flatten().flat_map(|Query(page)| page.target_groups).collect(),
        classics: classics.into_iter().flatten().flat_map(|Query(page)| page.load_balancer_descriptions).collect(),
    }
}

/// Asks for the targets of the groups that may stand in some networks, and for the listeners in front of them.
pub(super) async fn targets(place: &Place<'_>, balancing: &Balancing, vpcs: &[String]) {
    let groups: Vec<&TargetGroup> = balancing.groups.iter().filter(|group| may_concern(group, vpcs)).collect();
    let facing = balancing.balancers.iter().filter(|balancer| balancer.faces_internet());
    let arns = facing.filter_map(|balancer| balancer.load_balancer_arn.as_ref());
    let fronts: Vec<&str> = arns
        .filter(|arn| groups.iter().any(|group| group.load_balancer_arns.contains(arn)))
        .map(String::as_str)
        .collect();
    // Only application load balancers have rules.
    let has_rules = |arn: &str| arn.contains(":loadbalancer/app/");
    let client = &place.context.session.load_balancing(place.region);
    let host = &place.host("elasticloadbalancing");
    let listeners = fronts.iter().map(|arn| {
        boxed(async move {
            let params = [("balancer", *arn)];
            let question = place.question(&calls::DESCRIBE_LISTENERS, &params, Wire::Query, Some(Paging::NEXT_MARKER));
            let send =
                sending!(|token| client.describe_listeners().load_balancer_arn(*arn).page_size(400).set_marker(token));
            let listeners = place.context.ask::<Query<Listeners>>(host, &question, send).await;
            let listeners = listeners.into_iter().flatten().flat_map(|Query(page)| page.listeners);
            let arns: Vec<String> =
                listeners.filter_map(|listener| listener.listener_arn).filter(|_| has_rules(arn)).collect();
            join_all(arns.iter().map(|arn| rules(place, client, arn))).await;
        })
    });
    let first = &place.context.session.classic_load_balancing(place.region);
    let classics = balancing.classics.iter().filter(|one| one.as_load_balancer().faces_internet());
    let classics = classics.filter(|one| one.vpc_id.as_ref().is_none_or(|vpc| vpcs.contains(vpc)));
    let served = classics.filter_map(|one| one.load_balancer_name.as_deref()).map(|name| {
        boxed(async move {
            let params = [("balancer", name)];
            let question = place.question(&calls::DESCRIBE_INSTANCE_HEALTH, &params, Wire::Query, None);
            let send = sending!(|_| first.describe_instance_health().load_balancer_name(name));
            place.context.ask::<Value>(host, &question, send).await;
        })
    });
    let ids = || groups.iter().filter_map(|group| group.target_group_arn.as_deref());
    let health = ids().map(|arn| {
        boxed(async move {
            let params = [("group", arn)];
            let question = place.question(&calls::DESCRIBE_TARGET_HEALTH, &params, Wire::Query, None);
            let send = sending!(|_| client.describe_target_health().target_group_arn(arn));
            place.context.ask::<Value>(host, &question, send).await;
        })
    });
    let attributes = ids().map(|arn| {
        boxed(async move {
            let params = [("group", arn)];
            let question = place.question(&calls::DESCRIBE_TARGET_GROUP_ATTRIBUTES, &params, Wire::Query, None);
            let send = sending!(|_| client.describe_target_group_attributes().target_group_arn(arn));
            place.context.ask::<Value>(host, &question, send).await;
        })
    });
    futures::join!(join_all(listeners), join_all(health), join_all(attributes), join_all(served));
}

/// The rules of a listener.
async fn rules(place: &Place<'_>, client: &aws_sdk_elasticloadbalancingv2::Client, listener: &str) {
    let params = [("listener", listener)];
    let question = place.question(&calls::DESCRIBE_RULES, &params, Wire::Query, Some(Paging::NEXT_MARKER));
    let send = sending!(|token| client.describe_rules().listener_arn(listener).page_size(400).set_marker(token));
    place.context.ask::<Value>(&place.host("elasticloadbalancing"), &question, send).await;
}

/// Whether a group may hold machines of these networks: it is in use, and its targets stand there or may.
fn may_concern(group: &TargetGroup, vpcs: &[String]) -> bool {
    let there = group.vpc_id.as_ref().is_none_or(|vpc| vpcs.contains(vpc));
    // Addresses may lie in any network that is connected with the group's own.
    let anywhere = group.target_type.as_deref() == Some("ip");
    !group.load_balancer_arns.is_empty() && (there || anywhere)
}

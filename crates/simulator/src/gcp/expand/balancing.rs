//! What a service of type `LoadBalancer` makes: a forwarding rule and the pool of machines it sends to.

use serde_json::{Value, json};

use super::Site;
use super::cluster::Plan;
use super::compute::CREATED;
use crate::gcp::description::Service;
use crate::gcp::ids::{self, COMPUTE};
use crate::gcp::wire::set;

/// The load balancers of a cluster; its machines must be known by now.
pub(super) fn add(site: &mut Site<'_>, plan: &Plan<'_>) {
    let region = ids::region(&plan.cluster.location).to_owned();
    for service in &plan.cluster.services {
        let (rule, pool) = (rule(site, plan, service, &region), pool(site, plan, service, &region));
        site.made.forwarding_rules.entry(format!("regions/{region}")).or_default().push(rule);
        site.made.target_pools.entry(format!("regions/{region}")).or_default().push(pool);
    }
}

/// The address of a service, which its firewall rule names as well.
pub(super) fn address(plan: &Plan<'_>, service: &Service) -> String {
    ids::public_address(&format!("{} {}", plan.prefix, service.name)).to_string()
}

fn name(plan: &Plan<'_>, service: &Service) -> String {
    format!("a{}{}", ids::suffix(&format!("{} {}", plan.prefix, service.name)), ids::suffix(&plan.prefix))
}

fn rule(site: &Site<'_>, plan: &Plan<'_>, service: &Service, region: &str) -> Value {
    let base = format!("{COMPUTE}/projects/{}/regions/{region}", site.project.id);
    let name = name(plan, service);
    let link = format!("{base}/forwardingRules/{name}");
    json!({
        "kind": "compute#forwardingRule",
        "id": ids::number(&link),
        "creationTimestamp": CREATED,
        "name": name,
        "description": format!("{{\"kubernetes.io/service-name\":\"{}\"}}", service.name),
        "region": base,
        "IPAddress": address(plan, service),
        "IPProtocol": "TCP",
        "portRange": format!("{0}-{0}", service.port),
        "target": format!("{base}/targetPools/{name}"),
        "selfLink": link,
        "loadBalancingScheme": "EXTERNAL",
        "networkTier": "PREMIUM",
        "fingerprint": ids::fingerprint(&link),
    })
}

fn pool(site: &Site<'_>, plan: &Plan<'_>, service: &Service, region: &str) -> Value {
    let project = &site.project.id;
    let base = format!("{COMPUTE}/projects/{project}/regions/{region}");
    let name = name(plan, service);
    let link = format!("{base}/targetPools/{name}");
    let mut body = json!({
        "kind": "compute#targetPool",
        "id": ids::number(&link),
        "creationTimestamp": CREATED,
        "name": name,
        "region": base,
        "instances": machines(site, plan),
        "sessionAffinity": "NONE",
        "selfLink": link,
    });
    if !service.unchecked {
        let check = format!("{COMPUTE}/projects/{project}/global/httpHealthChecks/k8s-{}-node", plan.prefix);
        set(&mut body, "healthChecks", json!([check]));
    }
    body
}

fn machines<'s>(site: &'s Site<'_>, plan: &Plan<'_>) -> Vec<&'s Value> {
    let of_cluster = |machine: &&Value| {
        let label = |name: &str| machine.get("labels").and_then(|labels| labels.get(name)).and_then(Value::as_str);
        label("goog-k8s-cluster-name") == Some(&plan.cluster.name)
            && label("goog-k8s-cluster-location") == Some(&plan.cluster.location)
    };
    let all = site.made.instances.values().flatten().filter(of_cluster);
    all.filter_map(|machine| machine.get("selfLink")).collect()
}

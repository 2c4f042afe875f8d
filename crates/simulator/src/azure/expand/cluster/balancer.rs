//! The load balancer `kubernetes` that AKS keeps in the node resource group.

use serde_json::{Value, json};

use super::Plan;
use crate::azure::description::Rule;
use crate::azure::expand::{Site, network};
use crate::azure::ids;
use crate::azure::wire::merge;

const ADDRESS: &str = "Microsoft.Network/publicIPAddresses";

/// Adds the balancer with its addresses; the rules it needs on the nodes go to `opened`.
pub(super) fn add(site: &mut Site<'_>, plan: &Plan<'_>, opened: &mut Vec<Rule>) {
    let Some(id) = &plan.load_balancer else { return };
    let mut frontends = Vec::new();
    let mut balancing = Vec::new();
    let mut probes = Vec::new();
    let mut outbound = Vec::new();
    if plan.cluster.network.outbound == "loadBalancer" {
        let address = outbound_address(site, plan);
        let frontend = format!("{id}/frontendIPConfigurations/{}", ids::guid(&address));
        frontends.push(front(
            &frontend,
            &address,
            json!({"outboundRules": [{"id": format!("{id}/outboundRules/aksOutboundRule")}]}),
        ));
        outbound.push(json!({
            "name": "aksOutboundRule",
            "id": format!("{id}/outboundRules/aksOutboundRule"),
            "type": "Microsoft.Network/loadBalancers/outboundRules",
            "properties": {
                "provisioningState": "Succeeded",
                "allocatedOutboundPorts": 0,
                "protocol": "All",
                "enableTcpReset": true,
                "idleTimeoutInMinutes": 30,
                "backendAddressPool": {"id": format!("{id}/backendAddressPools/aksOutboundBackendPool")},
                "frontendIPConfigurations": [{"id": frontend}],
            },
        }));
        network::public_address(site, &address, &plan.location, json!({"ipConfiguration": {"id": frontend}}));
    }
    for (service, priority) in plan.cluster.services.iter().zip(500..) {
        let uid = ids::guid(&format!("service {} {}", plan.id, service.name)).replace('-', "");
        let address = site.id(&plan.node_group, ADDRESS, &format!("kubernetes-a{uid}"));
        let frontend = format!("{id}/frontendIPConfigurations/a{uid}");
        let name = format!("a{uid}-TCP-{}", service.port);
        let rule = format!("{id}/loadBalancingRules/{name}");
        let probe = format!("{id}/probes/{name}");
        frontends.push(front(&frontend, &address, json!({"loadBalancingRules": [{"id": rule}]})));
        // Kubernetes asks for floating addresses: the node sees the frontend's address and the service's port.
        balancing.push(json!({
            "name": name,
            "id": rule,
            "type": "Microsoft.Network/loadBalancers/loadBalancingRules",
            "properties": {
                "provisioningState": "Succeeded",
                "frontendIPConfiguration": {"id": frontend},
                "frontendPort": service.port,
                "backendPort": service.port,
                "enableFloatingIP": true,
                "idleTimeoutInMinutes": 4,
                "protocol": "Tcp",
                "enableTcpReset": true,
                "loadDistribution": "Default",
                "disableOutboundSnat": true,
                "backendAddressPool": {"id": format!("{id}/backendAddressPools/kubernetes")},
                "probe": {"id": probe},
            },
        }));
        probes.push(json!({
            "name": name,
            "id": probe,
            "type": "Microsoft.Network/loadBalancers/probes",
            "properties": {
                "provisioningState": "Succeeded",
                "protocol": "Tcp",
                "port": service.node_port,
                "intervalInSeconds": 5,
                "numberOfProbes": 2,
                "loadBalancingRules": [{"id": rule}],
            },
        }));
        network::public_address(site, &address, &plan.location, json!({"ipConfiguration": {"id": frontend}}));
        opened.push(Rule {
            name: format!("k8s-azure-lb_allow_IPv4_{}", ids::suffix(&uid)),
            description: Some(format!("Kubernetes service {}", service.name)),
            priority,
            from: if service.sources.is_empty() { vec!["Internet".to_owned()] } else { service.sources.clone() },
            to: vec![ids::public_address(&address).to_string()],
            ports: vec![service.port.to_string()],
            ..Rule::default()
        });
    }
    let pool = |name: &str| -> Value {
        json!({
            "name": name,
            "id": format!("{id}/backendAddressPools/{name}"),
            "type": "Microsoft.Network/loadBalancers/backendAddressPools",
            "properties": {"provisioningState": "Succeeded"},
        })
    };
    let body = json!({
        "name": "kubernetes",
        "id": id,
        "type": "Microsoft.Network/loadBalancers",
        "location": plan.location,
        "tags": {"aks-managed-cluster-name": plan.cluster.name, "aks-managed-cluster-rg": plan.cluster.group},
        "sku": {"name": "Standard", "tier": "Regional"},
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": ids::guid(id),
            "frontendIPConfigurations": frontends,
            "backendAddressPools": [pool("aksOutboundBackendPool"), pool("kubernetes")],
            "loadBalancingRules": balancing,
            "probes": probes,
            "inboundNatRules": [],
            "outboundRules": outbound,
            "inboundNatPools": [],
        },
    });
    site.wire.add(id, &body);
}

/// The id of the address that nodes leave through.
pub(super) fn outbound_address(site: &Site<'_>, plan: &Plan<'_>) -> String {
    site.id(&plan.node_group, ADDRESS, &ids::guid(&format!("outbound {}", plan.id)))
}

fn front(id: &str, address: &str, uses: Value) -> Value {
    let mut properties = json!({
        "provisioningState": "Succeeded",
        "privateIPAllocationMethod": "Dynamic",
        "publicIPAddress": {"id": address},
    });
    merge(&mut properties, uses);
    json!({
        "name": id.rsplit('/').next(),
        "id": id,
        "type": "Microsoft.Network/loadBalancers/frontendIPConfigurations",
        "properties": properties,
    })
}

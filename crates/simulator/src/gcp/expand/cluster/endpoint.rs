//! Where a cluster's API server answers, in today's fields and in the deprecated ones next to them.

use serde_json::{Value, json};

use super::Plan;
use crate::gcp::expand::Site;
use crate::gcp::ids;
use crate::gcp::wire::set;

/// Adds the fields to the cluster's body.
pub(super) fn add(site: &Site<'_>, plan: &Plan<'_>, body: &mut Value) {
    let endpoint = &plan.cluster.endpoint;
    let region = ids::region(&plan.cluster.location);
    let public = ids::public_address(&plan.prefix).to_string();
    let private = private_address(plan);
    let name =
        format!("gke-{}{}-{}.{region}.gke.goog", ids::suffix(&plan.prefix), ids::short(&plan.prefix), site.number);
    let networks = authorized_networks(plan);
    let mut own = json!({"enabled": endpoint.ip});
    if endpoint.ip {
        own = json!({
            "enabled": true,
            "enablePublicEndpoint": endpoint.public,
            "globalAccess": endpoint.global_access,
            "privateEndpoint": private,
            "authorizedNetworksConfig": networks,
        });
        if endpoint.public {
            set(&mut own, "publicEndpoint", json!(public));
        }
    }
    set(
        body,
        "controlPlaneEndpointsConfig",
        json!({
            "dnsEndpointConfig": {
                "endpoint": name,
                "allowExternalTraffic": endpoint.dns_external,
                "enableK8sTokensViaDns": endpoint.dns_tokens,
                "enableK8sCertsViaDns": endpoint.dns_certificates,
            },
            "ipEndpointsConfig": own,
        }),
    );
    set(body, "masterAuthorizedNetworksConfig", if endpoint.ip { networks } else { json!({}) });
    // The public address stays here even when nothing answers on it (kcc-gke-cluster-dnsendpoint-ipendpoint).
    set(
        body,
        "privateClusterConfig",
        json!({
            "enablePrivateNodes": endpoint.private_nodes,
            "enablePrivateEndpoint": !endpoint.public || !endpoint.ip,
            "masterIpv4CidrBlock": endpoint.master_range,
            "privateEndpoint": private,
            "publicEndpoint": public,
            "masterGlobalAccessConfig": if endpoint.global_access { json!({"enabled": true}) } else { Value::Null },
        }),
    );
    let first = if !endpoint.ip {
        name
    } else if endpoint.public {
        public
    } else {
        private
    };
    set(body, "endpoint", json!(first));
}

fn authorized_networks(plan: &Plan<'_>) -> Value {
    let endpoint = &plan.cluster.endpoint;
    let mut found = json!({"enabled": endpoint.authorized_networks.is_some()});
    if let Some(networks) = &endpoint.authorized_networks {
        let blocks: Vec<Value> =
            networks.iter().map(|network| json!({"displayName": network.name, "cidrBlock": network.range})).collect();
        set(&mut found, "cidrBlocks", json!(blocks));
    }
    if let Some(access) = endpoint.google_cloud_access {
        set(&mut found, "gcpPublicCidrsAccessEnabled", json!(access));
    }
    if endpoint.enforce_on_private {
        set(&mut found, "privateEndpointEnforcementEnabled", json!(true));
    }
    found
}

/// The second address of the control plane's range, or one of the subnet's.
fn private_address(plan: &Plan<'_>) -> String {
    let range = plan.cluster.endpoint.master_range.as_ref().unwrap_or(&plan.subnet.range);
    let Ok(range) = range.parse::<ipnet::Ipv4Net>() else { return String::new() };
    std::net::Ipv4Addr::from(u32::from(range.network()).wrapping_add(2)).to_string()
}

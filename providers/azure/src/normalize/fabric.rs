//! The network of a cluster as a whole, and the services beside it.

use super::{cluster::Read, observe::observe};
use crate::{
    arm,
    record::{Addon, ClusterProperties},
};
use palisade_model::{
    ClusterNetwork, Gap, NetworkPart, NetworkPlace, Platform, PolicyEngine, PrivateApis, SecretStore, Telemetry,
    Transit,
};

/// The network of a cluster.
pub(super) fn network(read: &Read<'_, '_>) -> ClusterNetwork {
    let properties = read.properties;
    let of_profile = |seen: &mut Vec<_>| seen.extend(read.row.evidence("/properties/networkProfile"));
    ClusterNetwork {
        policy_engine: observe(|seen| {
            of_profile(seen);
            policy_engine(properties)
        }),
        parts: observe(|seen| {
            of_profile(seen);
            seen.extend(read.row.evidence("/properties/addonProfiles"));
            parts(properties)
        }),
        // Azure has no network that everything starts in, and what AKS makes is the cluster's own.
        place: observe(|seen| {
            seen.extend(read.row.evidence("/properties/agentPoolProfiles"));
            let named = properties.agent_pool_profiles.iter().find_map(|agent| agent.vnet_subnet_id.as_deref());
            let name = named.and_then(|id| id.split("/subnets/").next()).map(arm::name);
            let name = name.unwrap_or("the one that AKS made for the cluster").to_owned();
            Ok(NetworkPlace { name, default: None, routes_based: None })
        }),
        private_apis: observe(|seen| {
            seen.extend(read.row.evidence("/properties/bootstrapProfile"));
            Ok(private_apis(properties))
        }),
        transit: observe(|seen| {
            of_profile(seen);
            seen.extend(read.row.evidence("/properties/serviceMeshProfile"));
            transit(properties)
        }),
        // Machines and addresses are the pools' own.
        room: observe(|seen| {
            seen.extend(read.row.evidence("/id"));
            Ok(Vec::new())
        }),
    }
}

/// The services beside a cluster.
pub(super) fn platform(read: &Read<'_, '_>) -> Platform {
    let properties = read.properties;
    Platform {
        secret_store: observe(|seen| {
            seen.extend(read.row.evidence("/properties/addonProfiles"));
            Ok(secret_store(properties))
        }),
        telemetry: observe(|seen| {
            seen.extend(read.row.evidence("/properties/addonProfiles"));
            seen.extend(read.row.evidence("/properties/azureMonitorProfile"));
            Ok(telemetry(properties))
        }),
    }
}

/// An add-on that is on. AKS writes the names of add-ons in several spellings.
fn addon<'p>(properties: &'p ClusterProperties, wanted: &str) -> Option<&'p Addon> {
    let profiles = properties.addon_profiles.as_ref()?;
    let (_, profile) = profiles.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
    profile.as_ref().filter(|profile| profile.enabled == Some(true))
}

fn is(text: Option<&str>, word: &str) -> bool {
    text.is_some_and(|text| text.eq_ignore_ascii_case(word))
}

/// Absent and `none` mean no engine. <https://learn.microsoft.com/azure/aks/use-network-policies>
fn policy_engine(properties: &ClusterProperties) -> Result<PolicyEngine, Gap> {
    let profile = &properties.network_profile;
    let policy = profile.network_policy.as_deref().filter(|policy| !policy.eq_ignore_ascii_case("none"));
    if let Some(policy) = policy {
        return Ok(PolicyEngine::Active { by: format!("`networkPolicy` `{policy}`") });
    }
    if is(profile.network_dataplane.as_deref(), "cilium") {
        return Ok(PolicyEngine::Active { by: "`networkDataplane` `cilium`".to_owned() });
    }
    own_plugin(properties)?;
    Ok(PolicyEngine::Absent { because: "`networkPolicy` is `none` or not set".to_owned() })
}

/// With `none` somebody installs a plugin of their own, which Azure does not see.
/// <https://learn.microsoft.com/azure/aks/use-byo-cni>
fn own_plugin(properties: &ClusterProperties) -> Result<&str, Gap> {
    match properties.network_profile.network_plugin.as_deref() {
        Some(plugin) if plugin.eq_ignore_ascii_case("none") => Err(Gap::Unsupported {
            what: "the cluster's network plugin is one of your own: it is seen inside the cluster only".to_owned(),
        }),
        Some(plugin) => Ok(plugin),
        None => Err(Gap::Unsettled { what: "`networkPlugin` is not in the answer".to_owned() }),
    }
}

fn parts(properties: &ClusterProperties) -> Result<Vec<NetworkPart>, Gap> {
    let profile = &properties.network_profile;
    let part = |role: &str, word: &str| NetworkPart { role: role.to_owned(), word: word.to_owned() };
    let mut found = vec![part("network plugin", own_plugin(properties)?)];
    if let Some(policy) = &profile.network_policy {
        found.push(part("network policy", policy));
        let has_windows = properties.agent_pool_profiles.iter().any(|agent| is(agent.os_type.as_deref(), "Windows"));
        if policy.eq_ignore_ascii_case("azure") && has_windows {
            found.push(part("network policy", "azure on Windows"));
        }
    }
    if let Some(sku) = &profile.load_balancer_sku {
        found.push(part("load balancer", sku));
    }
    if addon(properties, "httpApplicationRouting").is_some() {
        found.push(part("ingress controller", "httpApplicationRouting"));
    }
    Ok(found)
}

/// Without a way out, machines start from AKS' images in a registry of one's own.
/// <https://learn.microsoft.com/azure/aks/concepts-network-isolated>
fn private_apis(properties: &ClusterProperties) -> PrivateApis {
    if is(properties.bootstrap_profile.artifact_source.as_deref(), "Cache") {
        return PrivateApis::Offered { by: "a registry of one's own (`bootstrapProfile.artifactSource`)".to_owned() };
    }
    PrivateApis::Missing { what: vec!["a registry for AKS' own images (`bootstrapProfile.artifactSource`)".to_owned()] }
}

/// Off unless it is switched on. <https://learn.microsoft.com/azure/aks/container-network-security-wireguard-encryption-concepts>
fn transit(properties: &ClusterProperties) -> Result<Transit, Gap> {
    let advanced = &properties.network_profile.advanced_networking;
    let kind = advanced.security.transit_encryption.kind.as_deref();
    let on = advanced.enabled == Some(true) && advanced.security.enabled != Some(false);
    if on && is(kind, "WireGuard") {
        return Ok(Transit::Encrypted { by: "WireGuard".to_owned() });
    }
    if is(properties.service_mesh_profile.mode.as_deref(), "Istio") {
        let what = "a service mesh is on, and what it encrypts is set inside the cluster".to_owned();
        return Err(Gap::Unsupported { what });
    }
    Ok(Transit::Plain { because: "`advancedNetworking.security.transitEncryption` is off".to_owned() })
}

/// Rotation is off unless it is switched on. <https://learn.microsoft.com/azure/aks/csi-secrets-store-configuration-options>
fn secret_store(properties: &ClusterProperties) -> SecretStore {
    let Some(addon) = addon(properties, "azureKeyvaultSecretsProvider") else {
        return SecretStore::NotConnected { because: "add-on `azureKeyvaultSecretsProvider` is off".to_owned() };
    };
    let switch = addon.config.iter().flatten().find(|(name, _)| name.eq_ignore_ascii_case("enableSecretRotation"));
    let rotates = match switch.map(|(_, value)| value) {
        None => Some(false),
        Some(serde_json::Value::Bool(on)) => Some(*on),
        Some(serde_json::Value::String(text)) => text.to_ascii_lowercase().parse().ok(),
        Some(_) => None,
    };
    SecretStore::Connected { by: "Key Vault (add-on `azureKeyvaultSecretsProvider`)".to_owned(), rotates }
}

/// Container Insights is an add-on on older clusters and a profile on newer ones.
fn telemetry(properties: &ClusterProperties) -> Telemetry {
    let monitor = &properties.azure_monitor_profile;
    let insights = monitor.container_insights.enabled == Some(true) || addon(properties, "omsagent").is_some();
    Telemetry {
        metrics: (monitor.metrics.enabled == Some(true)).then(|| "Azure Monitor for Prometheus".to_owned()),
        logs: insights.then(|| "Container Insights".to_owned()),
        because: "`azureMonitorProfile` and add-on `omsagent`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn properties(value: serde_json::Value) -> ClusterProperties {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn no_policy_is_no_engine_and_an_own_plugin_is_not_seen() {
        let engine = |profile: serde_json::Value| policy_engine(&properties(json!({ "networkProfile": profile })));
        for (profile, active) in [
            (json!({ "networkPlugin": "azure", "networkPolicy": "none" }), false),
            (json!({ "networkPlugin": "azure" }), false),
            (json!({ "networkPlugin": "azure", "networkPolicy": "calico" }), true),
            (json!({ "networkPlugin": "azure", "networkDataplane": "cilium" }), true),
        ] {
            let found = engine(profile.clone()).unwrap();
            assert_eq!(matches!(found, PolicyEngine::Active { .. }), active, "{profile}");
        }
        assert!(engine(json!({ "networkPlugin": "none" })).is_err());
        assert!(engine(json!({})).is_err());
    }

    #[test]
    fn a_windows_pool_shortens_the_life_of_azures_own_engine() {
        let words = |os: &str| {
            let found = parts(&properties(json!({
                "agentPoolProfiles": [{ "osType": os }],
                "networkProfile": { "networkPlugin": "azure", "networkPolicy": "azure", "loadBalancerSku": "Basic" },
                "addonProfiles": { "HTTPApplicationRouting": { "enabled": true } },
            })));
            found.unwrap().into_iter().map(|part| part.word).collect::<Vec<_>>()
        };
        assert_eq!(words("Linux"), ["azure", "azure", "Basic", "httpApplicationRouting"]);
        assert!(words("Windows").contains(&"azure on Windows".to_owned()));
    }

    #[test]
    fn rotation_is_off_where_nobody_switched_it_on_and_untold_where_it_was_blanked() {
        let rotates = |config: serde_json::Value| match secret_store(&properties(json!({
            "addonProfiles": { "azureKeyvaultSecretsProvider": { "enabled": true, "config": config } },
        }))) {
            SecretStore::Connected { rotates, .. } => rotates,
            SecretStore::NotConnected { .. } => panic!("it is connected"),
        };
        assert_eq!(rotates(json!(null)), Some(false));
        assert_eq!(rotates(json!({ "enableSecretRotation": "true" })), Some(true));
        assert_eq!(rotates(json!({ "enableSecretRotation": "False" })), Some(false));
        assert_eq!(rotates(json!({ "enableSecretRotation": "(redacted)" })), None);
    }

    #[test]
    fn container_insights_counts_under_both_of_its_names() {
        for value in [
            json!({ "addonProfiles": { "omsagent": { "enabled": true } } }),
            json!({ "azureMonitorProfile": { "containerInsights": { "enabled": true } } }),
        ] {
            assert!(telemetry(&properties(value.clone())).logs.is_some(), "{value}");
        }
        assert_eq!(telemetry(&properties(json!({ "addonProfiles": { "omsagent": { "enabled": false } } }))).logs, None);
    }

    #[test]
    fn wireguard_encrypts_and_a_mesh_is_not_settled() {
        let wireguard = json!({ "networkProfile": { "advancedNetworking": {
            "enabled": true, "security": { "enabled": true, "transitEncryption": { "type": "WireGuard" } },
        } } });
        assert!(matches!(transit(&properties(wireguard)), Ok(Transit::Encrypted { .. })));
        assert!(matches!(transit(&properties(json!({}))), Ok(Transit::Plain { .. })));
        assert!(transit(&properties(json!({ "serviceMeshProfile": { "mode": "Istio" } }))).is_err());
    }
}

//! `managedClusters` and what hangs on one, api-version 2026-08-01.

use super::{Reference, lenient};
use crate::arm;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Cluster {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) location: Option<String>,
    pub(crate) tags: Option<BTreeMap<String, serde_json::Value>>,
    pub(crate) identity: Option<ClusterIdentity>,
    pub(crate) sku: Option<Sku>,
    pub(crate) properties: Option<ClusterProperties>,
}

/// What was bought.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Sku {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) tier: Option<String>,
}

/// As what the control plane signs in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ClusterIdentity {
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub(crate) kind: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) principal_id: Option<String>,
    pub(crate) user_assigned_identities: Option<BTreeMap<String, Option<AssignedPrincipal>>>,
}

/// The ids of a user-assigned identity where it is used.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AssignedPrincipal {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) principal_id: Option<String>,
}

/// The cluster itself.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ClusterProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) provisioning_state: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) kubernetes_version: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) current_kubernetes_version: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) fqdn: Option<String>,
    #[serde(rename = "privateFQDN", deserialize_with = "lenient::text")]
    pub(crate) private_fqdn: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) node_resource_group: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) public_network_access: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) disable_local_accounts: Option<bool>,
    #[serde(rename = "enableRBAC", deserialize_with = "lenient::flag")]
    pub(crate) enable_rbac: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) support_plan: Option<String>,
    pub(crate) power_state: Option<PowerState>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) auto_upgrade_profile: AutoUpgrade,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) upgrade_settings: UpgradeSettings,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) service_mesh_profile: ServiceMesh,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) api_server_access_profile: ApiServerAccess,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) agent_pool_profiles: Vec<AgentPool>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) network_profile: NetworkProfile,
    pub(crate) service_principal_profile: Option<ServicePrincipal>,
    pub(crate) identity_profile: Option<BTreeMap<String, Option<AssignedIdentity>>>,
    pub(crate) addon_profiles: Option<BTreeMap<String, Option<Addon>>>,
    pub(crate) aad_profile: Option<AadProfile>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) oidc_issuer_profile: OidcIssuer,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) pod_identity_profile: Switch,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) security_profile: SecurityProfile,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) node_provisioning_profile: NodeProvisioning,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) ingress_profile: IngressProfile,
    #[serde(rename = "diskEncryptionSetID", deserialize_with = "lenient::text")]
    pub(crate) disk_encryption_set_id: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) azure_monitor_profile: AzureMonitor,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) bootstrap_profile: Bootstrap,
}

/// How versions and images come to a cluster by themselves.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AutoUpgrade {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) upgrade_channel: Option<String>,
    #[serde(rename = "nodeOSUpgradeChannel", deserialize_with = "lenient::text")]
    pub(crate) node_os_upgrade_channel: Option<String>,
}

/// What Azure Monitor collects.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AzureMonitor {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) metrics: Switch,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) container_insights: Switch,
}

/// Where new machines get AKS' own images from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Bootstrap {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) artifact_source: Option<String>,
}

/// Whether somebody stopped it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct PowerState {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) code: Option<String>,
}

/// How upgrades of the cluster are made.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct UpgradeSettings {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) override_settings: OverrideSettings,
}

/// What they pass over.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct OverrideSettings {
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) force_upgrade: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) until: Option<String>,
}

/// The service mesh of AKS.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct ServiceMesh {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) mode: Option<String>,
}

/// Whether Entra signs people in. Its presence is what counts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AadProfile {
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) managed: Option<bool>,
    #[serde(rename = "enableAzureRBAC", deserialize_with = "lenient::flag")]
    pub(crate) enable_azure_rbac: Option<bool>,
    #[serde(rename = "adminGroupObjectIDs", deserialize_with = "lenient::list")]
    pub(crate) admin_group_object_ids: Vec<String>,
}

/// How the API server can be reached.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ApiServerAccess {
    #[serde(rename = "authorizedIPRanges", deserialize_with = "lenient::list")]
    pub(crate) authorized_ip_ranges: Vec<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enable_private_cluster: Option<bool>,
    #[serde(rename = "enablePrivateClusterPublicFQDN", deserialize_with = "lenient::flag")]
    pub(crate) enable_private_cluster_public_fqdn: Option<bool>,
    #[serde(rename = "privateDNSZone", deserialize_with = "lenient::text")]
    pub(crate) private_dns_zone: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) disable_run_command: Option<bool>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enable_vnet_integration: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) subnet_id: Option<String>,
}

/// One node pool.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AgentPool {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub(crate) kind: Option<String>,
    #[serde(rename = "enableNodePublicIP", deserialize_with = "lenient::flag")]
    pub(crate) enable_node_public_ip: Option<bool>,
    #[serde(rename = "nodePublicIPPrefixID", deserialize_with = "lenient::text")]
    pub(crate) node_public_ip_prefix_id: Option<String>,
    #[serde(rename = "vnetSubnetID", deserialize_with = "lenient::text")]
    pub(crate) vnet_subnet_id: Option<String>,
    #[serde(rename = "podSubnetID", deserialize_with = "lenient::text")]
    pub(crate) pod_subnet_id: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) security_profile: PoolSecurity,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) provisioning_state: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) current_orchestrator_version: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) availability_zones: Vec<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) scale_set_priority: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) upgrade_settings: PoolUpgrade,
    #[serde(deserialize_with = "lenient::number")]
    pub(crate) count: Option<i64>,
    #[serde(deserialize_with = "lenient::number")]
    pub(crate) max_count: Option<i64>,
    #[serde(deserialize_with = "lenient::number")]
    pub(crate) max_pods: Option<i64>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enable_auto_scaling: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) os_type: Option<String>,
    #[serde(rename = "osSKU", deserialize_with = "lenient::text")]
    pub(crate) os_sku: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) node_image_version: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enable_encryption_at_host: Option<bool>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) node_taints: Vec<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) workload_runtime: Option<String>,
}

/// Which image a pool could be upgraded to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct UpgradeProfile {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: PoolUpgrades,
}

/// The newest of them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PoolUpgrades {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) latest_node_image_version: Option<String>,
}

/// How an upgrade replaces a pool's machines.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PoolUpgrade {
    /// A number or a share.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) max_surge: Option<String>,
}

/// How a pool's machines are secured.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PoolSecurity {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) ssh_access: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enable_secure_boot: Option<bool>,
    #[serde(rename = "enableVTPM", deserialize_with = "lenient::flag")]
    pub(crate) enable_vtpm: Option<bool>,
}

/// The cluster's network settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NetworkProfile {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) outbound_type: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) pod_cidr: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) pod_cidrs: Vec<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) load_balancer_profile: Outbound,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) nat_gateway_profile: Outbound,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) network_plugin: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) network_plugin_mode: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) network_policy: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) network_dataplane: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) load_balancer_sku: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) advanced_networking: AdvancedNetworking,
}

/// Observability and security of the network, which cost extra.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AdvancedNetworking {
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enabled: Option<bool>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) security: NetworkSecurity,
}

/// What of it protects traffic.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NetworkSecurity {
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enabled: Option<bool>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) transit_encryption: TransitEncryption,
}

/// Whether traffic between machines is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct TransitEncryption {
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub(crate) kind: Option<String>,
}

/// Which addresses traffic leaves from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Outbound {
    #[serde(rename = "effectiveOutboundIPs", deserialize_with = "lenient::list")]
    pub(crate) effective_outbound_ips: Vec<OutboundAddress>,
}

/// One of them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct OutboundAddress {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
}

/// An application with a secret, or the word `msi`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ServicePrincipal {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) client_id: Option<String>,
}

/// A user-assigned identity in a profile.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AssignedIdentity {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) resource_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) object_id: Option<String>,
}

/// An add-on.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Addon {
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enabled: Option<bool>,
    pub(crate) identity: Option<AssignedIdentity>,
    /// Blanked but for switches.
    pub(crate) config: Option<BTreeMap<String, serde_json::Value>>,
}

/// Something that is on or not.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Switch {
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enabled: Option<bool>,
}

/// Who signs service account tokens.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct OidcIssuer {
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enabled: Option<bool>,
    #[serde(rename = "issuerURL", deserialize_with = "lenient::text")]
    pub(crate) issuer_url: Option<String>,
}

/// Encryption and workload identity.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SecurityProfile {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) azure_key_vault_kms: KeyVaultKms,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) kubernetes_resource_object_encryption_profile: ObjectEncryption,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) workload_identity: Switch,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) defender: Defender,
}

/// What Defender for Containers does in the cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Defender {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) security_monitoring: Switch,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) security_gating: Switch,
}

/// Encryption with a key of the customer's.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct KeyVaultKms {
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enabled: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) key_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) key_vault_network_access: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) key_vault_resource_id: Option<String>,
}

/// Encryption with the platform's keys.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ObjectEncryption {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) infrastructure_encryption: Option<String>,
}

/// Whether AKS makes machines by itself.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NodeProvisioning {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) mode: Option<String>,
}

/// The managed ingress controller.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct IngressProfile {
    pub(crate) web_app_routing: Option<Addon>,
}

/// A service that is bound to a cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct TrustedAccessBinding {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: TrustedAccess,
}

/// What it is and what it may do.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct TrustedAccess {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) source_resource_id: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) roles: Vec<String>,
}

/// A private endpoint that leads to the API server.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PrivateEndpointConnection {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: Connection,
}

/// Where it is and whether it was let in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Connection {
    pub(crate) private_endpoint: Option<Reference>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) private_link_service_connection_state: ConnectionState,
}

/// Whether it was let in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ConnectionState {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) status: Option<String>,
}

/// A key of the customer's that encrypts a cluster's database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyInUse<'a> {
    /// The vault's name.
    pub(crate) vault: &'a str,
    /// The vault's resource id, when the cluster names it.
    pub(crate) vault_id: Option<&'a str>,
    /// The key's name.
    pub(crate) name: &'a str,
    /// The version the cluster is pinned to.
    pub(crate) version: Option<&'a str>,
}

impl Cluster {
    /// The resource group of the nodes, in lower case. AKS builds the name from the cluster's `id` when nobody chooses
    /// another.
    pub(crate) fn node_group(&self, id: &str) -> String {
        let named = self.properties.as_ref().and_then(|properties| properties.node_resource_group.as_deref());
        if let Some(group) = named {
            return group.to_ascii_lowercase();
        }
        let group = arm::group(id).unwrap_or_default();
        let location = self.location.as_deref().unwrap_or_default();
        format!("MC_{group}_{}_{location}", arm::name(id)).to_ascii_lowercase()
    }

    /// Whether the API server is behind a private endpoint. With VNet integration it is in the network itself.
    pub(crate) fn has_private_link(&self) -> bool {
        self.properties.as_ref().is_some_and(|properties| {
            let access = &properties.api_server_access_profile;
            access.enable_private_cluster == Some(true) && access.enable_vnet_integration != Some(true)
        })
    }

    /// The key that encrypts the cluster's database, when the customer has one and its name can be read.
    pub(crate) fn key_in_use(&self) -> Option<KeyInUse<'_>> {
        let kms = &self.properties.as_ref()?.security_profile.azure_key_vault_kms;
        if kms.enabled != Some(true) {
            return None;
        }
        let (host, path) = kms.key_id.as_deref()?.strip_prefix("https://")?.split_once('/')?;
        let mut parts = path.strip_prefix("keys/")?.split('/').filter(|part| !part.is_empty());
        let plain = |text: &&str| text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
        Some(KeyInUse {
            vault: host.split('.').next().filter(plain)?,
            vault_id: kms.key_vault_resource_id.as_deref().filter(|id| !id.is_empty()),
            name: parts.next().filter(plain)?,
            version: parts.next().filter(plain),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_key(id: &str) -> Cluster {
        let kms = KeyVaultKms { enabled: Some(true), key_id: Some(id.to_owned()), ..KeyVaultKms::default() };
        let security_profile = SecurityProfile { azure_key_vault_kms: kms, ..SecurityProfile::default() };
        Cluster {
            properties: Some(ClusterProperties { security_profile, ..ClusterProperties::default() }),
            ..Cluster::default()
        }
    }

    #[test]
    fn a_key_is_read_out_of_its_address_with_and_without_a_version() {
        let cluster = with_key("https://acme-kv.vault.azure.net/keys/etcd/0123ab");
        let key = cluster.key_in_use().unwrap();
        assert_eq!((key.vault, key.name, key.version), ("acme-kv", "etcd", Some("0123ab")));
        assert_eq!(with_key("https://acme-kv.vault.azure.net/keys/etcd").key_in_use().unwrap().version, None);
    }

    #[test]
    fn an_address_that_leads_elsewhere_is_no_key() {
        for odd in [
            "",
            "https://kv.vault.azure.net/keys/../secrets",
            "http://kv/keys/a",
            "https://kv.vault.azure.net/keys/a%2f/b",
            "https://kv/keys/a?x",
        ] {
            assert_eq!(with_key(odd).key_in_use(), None, "{odd}");
        }
    }
}

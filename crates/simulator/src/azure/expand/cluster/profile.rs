//! The `managedClusters` resource itself, api-version 2026-08-01.

use serde_json::{Map, Value, json};

use super::{IDENTITY, Plan, balancer, issuer};
use crate::azure::description::{Identity, Kms, Pool};
use crate::azure::expand::{Mistake, Site, nodes};
use crate::azure::ids;
use crate::azure::wire::set;

/// The whole resource.
pub(super) fn body(site: &Site<'_>, plan: &Plan<'_>) -> Result<Value, Mistake> {
    let cluster = plan.cluster;
    let mut body = json!({
        "id": plan.id,
        "name": cluster.name,
        "type": "Microsoft.ContainerService/ManagedClusters",
        "location": plan.location,
        "kind": "Base",
        "eTag": ids::guid(&format!("etag {}", plan.id)),
        "sku": {"name": cluster.sku, "tier": cluster.tier},
        "properties": properties(site, plan)?,
    });
    if !cluster.tags.is_empty() {
        set(&mut body, "tags", json!(cluster.tags));
    }
    match &cluster.identity {
        Identity::System => {
            set(
                &mut body,
                "identity",
                json!({
                    "type": "SystemAssigned",
                    "principalId": ids::principal(&super::control_plane(cluster)),
                    "tenantId": site.tenant,
                }),
            );
        }
        Identity::User(name) => {
            let known = site.subscription.identities.iter().find(|known| known.name == *name);
            let known = known.ok_or_else(|| {
                Mistake(format!("cluster `{}` names identity `{name}`, which is not here", cluster.name))
            })?;
            let id = site.id(&known.group, IDENTITY, name);
            let own = format!("identity/{name}");
            set(
                &mut body,
                "identity",
                json!({
                    "type": "UserAssigned",
                    "userAssignedIdentities": {id: {"principalId": ids::principal(&own), "clientId": ids::client(&own)}},
                }),
            );
        }
        // A cluster with a service principal has no `identity` at all.
        Identity::ServicePrincipal(_name) => {}
    }
    Ok(body)
}

fn properties(site: &Site<'_>, plan: &Plan<'_>) -> Result<Map<String, Value>, Mistake> {
    let cluster = plan.cluster;
    let client = match &cluster.identity {
        Identity::ServicePrincipal(name) => ids::client(&format!("app/{name}")),
        Identity::System | Identity::User(_) => "msi".to_owned(),
    };
    let mut properties = Map::new();
    let mut put = |field: &str, value: Value| {
        properties.insert(field.to_owned(), value);
    };
    put("provisioningState", json!("Succeeded"));
    put("powerState", json!({"code": "Running"}));
    put("kubernetesVersion", json!(cluster.version));
    put("currentKubernetesVersion", json!(cluster.version));
    put("dnsPrefix", json!(format!("{}-dns", cluster.name)));
    put("maxAgentPools", json!(100));
    put("nodeResourceGroup", json!(plan.node_group));
    put("enableRBAC", json!(cluster.access.rbac));
    put("disableLocalAccounts", json!(!cluster.access.local_accounts));
    put("supportPlan", json!(cluster.support.as_deref().unwrap_or("KubernetesOfficial")));
    put("resourceUID", json!(ids::guid(&format!("uid {}", plan.id)).replace('-', "").get(..24)));
    put("servicePrincipalProfile", json!({"clientId": client}));
    put("agentPoolProfiles", cluster.pools.iter().map(|pool| agent_pool(site, plan, pool)).collect::<Result<_, _>>()?);
    put("networkProfile", network(site, plan));
    put("addonProfiles", addons(site, plan));
    put(
        "oidcIssuerProfile",
        if cluster.oidc_issuer {
            json!({"enabled": true, "issuerURL": issuer(site.tenant, &plan.location, &plan.id)})
        } else {
            json!({"enabled": false})
        },
    );
    put("securityProfile", security(site, plan)?);
    put("autoUpgradeProfile", {
        let mut upgrade = json!({"nodeOSUpgradeChannel": cluster.upgrade.node_os.as_deref().unwrap_or("NodeImage")});
        if let Some(channel) = &cluster.upgrade.channel {
            set(&mut upgrade, "upgradeChannel", json!(channel));
        }
        upgrade
    });
    if cluster.upgrade.forced {
        put("upgradeSettings", json!({"overrideSettings": {"forceUpgrade": true, "until": "2027-01-31T00:00:00Z"}}));
    }
    put(
        "storageProfile",
        json!({
            "diskCSIDriver": {"enabled": true},
            "fileCSIDriver": {"enabled": true},
            "snapshotController": {"enabled": true},
        }),
    );
    put("workloadAutoScalerProfile", json!({}));
    put("metricsProfile", json!({"costAnalysis": {"enabled": false}}));
    put(
        "nodeProvisioningProfile",
        json!({
            "mode": if cluster.sku == "Automatic" { "Auto" } else { "Manual" },
            "defaultNodePools": "Auto",
        }),
    );
    put("bootstrapProfile", json!({"artifactSource": "Direct"}));
    put(
        "identityProfile",
        json!({"kubeletidentity": {
            "resourceId": plan.kubelet.id,
            "clientId": plan.kubelet.client,
            "objectId": plan.kubelet.principal,
        }}),
    );
    if cluster.monitoring {
        put("azureMonitorProfile", json!({"metrics": {"enabled": true}}));
    }
    if let Some(restriction) = &cluster.node_group_restriction {
        put("nodeResourceGroupProfile", json!({"restrictionLevel": restriction}));
    }
    if let Some(entra) = &cluster.access.entra {
        let groups: Vec<String> =
            entra.admin_groups.iter().map(|name| ids::principal(&format!("group/{name}"))).collect();
        put(
            "aadProfile",
            json!({
                "managed": true,
                "adminGroupObjectIDs": groups,
                "enableAzureRBAC": entra.azure_rbac,
                "tenantID": site.tenant,
            }),
        );
    }
    if let Some(access) = &cluster.endpoint.public_network_access {
        put("publicNetworkAccess", json!(access));
    }
    properties.extend(endpoint(site, plan)?);
    Ok(properties)
}

/// Where the API server answers: its names and its access profile.
fn endpoint(site: &Site<'_>, plan: &Plan<'_>) -> Result<Map<String, Value>, Mistake> {
    let endpoint = &plan.cluster.endpoint;
    let name = format!("{}-dns-{}", plan.cluster.name, ids::suffix(&plan.id));
    let region = &plan.location;
    let mut found = Map::new();
    found.insert("azurePortalFQDN".to_owned(), json!(format!("{name}.portal.hcp.{region}.azmk8s.io")));
    if !endpoint.private || endpoint.public_fqdn {
        found.insert("fqdn".to_owned(), json!(format!("{name}.hcp.{region}.azmk8s.io")));
    }
    if endpoint.private {
        let zone = ids::guid(&format!("zone {}", plan.id));
        let private = format!("{name}.{zone}.privatelink.{region}.azmk8s.io");
        found.insert("privateFQDN".to_owned(), json!(private));
        if endpoint.vnet_integration.is_none() {
            found.insert(
                "privateLinkResources".to_owned(),
                json!([{
                    "id": format!("{}/privateLinkResources/management", plan.id),
                    "name": "management",
                    "type": "Microsoft.ContainerService/managedClusters/privateLinkResources",
                    "groupId": "management",
                    "requiredMembers": ["management"],
                }]),
            );
        }
    }
    // A cluster with nothing set has no profile: absent is "public to everyone", not unknown.
    let untouched = !endpoint.private
        && endpoint.vnet_integration.is_none()
        && endpoint.authorized_ranges.is_empty()
        && endpoint.run_command;
    if untouched {
        return Ok(found);
    }
    let mut profile = Map::new();
    if !endpoint.authorized_ranges.is_empty() {
        profile.insert("authorizedIPRanges".to_owned(), json!(endpoint.authorized_ranges));
    }
    if endpoint.private {
        profile.insert("enablePrivateCluster".to_owned(), json!(true));
        profile.insert("enablePrivateClusterPublicFQDN".to_owned(), json!(endpoint.public_fqdn));
        profile.insert("privateDNSZone".to_owned(), json!("system"));
    }
    if let Some(subnet) = &endpoint.vnet_integration {
        profile.insert("enableVnetIntegration".to_owned(), json!(true));
        profile.insert("subnetId".to_owned(), json!(site.subnet(subnet)?.0));
    }
    if !endpoint.run_command {
        profile.insert("disableRunCommand".to_owned(), json!(true));
    }
    found.insert("apiServerAccessProfile".to_owned(), json!(profile));
    Ok(found)
}

fn agent_pool(site: &Site<'_>, plan: &Plan<'_>, pool: &Pool) -> Result<Value, Mistake> {
    let version = pool.version.as_ref().unwrap_or(&plan.cluster.version);
    let mut found = json!({
        "name": pool.name,
        "count": pool.count,
        "vmSize": pool.size,
        "osDiskSizeGB": 128,
        "osDiskType": "Managed",
        "kubeletDiskType": "OS",
        "maxPods": 110,
        "type": "VirtualMachineScaleSets",
        "enableAutoScaling": pool.autoscale.is_some(),
        "scaleDownMode": "Delete",
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "orchestratorVersion": version,
        "currentOrchestratorVersion": version,
        "enableNodePublicIP": pool.public_ip,
        "mode": pool.mode,
        "enableEncryptionAtHost": pool.encryption_at_host,
        "enableUltraSSD": false,
        "osType": "Linux",
        "osSKU": pool.os,
        "nodeImageVersion": nodes::image_version(pool, &pool.image_day),
        "upgradeSettings": {"maxSurge": pool.max_surge, "maxUnavailable": "0"},
        "enableFIPS": pool.fips,
        "eTag": ids::guid(&format!("etag {} {}", plan.id, pool.name)),
    });
    let mut security = json!({"enableVTPM": pool.vtpm, "enableSecureBoot": pool.secure_boot});
    if let Some(ssh) = &pool.ssh {
        set(&mut security, "sshAccess", json!(ssh));
    }
    set(&mut found, "securityProfile", security);
    if let Some(subnet) = &pool.subnet {
        set(&mut found, "vnetSubnetID", json!(site.subnet(subnet)?.0));
    }
    if let Some((least, most)) = pool.autoscale {
        set(&mut found, "minCount", json!(least));
        set(&mut found, "maxCount", json!(most));
    }
    if !pool.taints.is_empty() {
        set(&mut found, "nodeTaints", json!(pool.taints));
    }
    if pool.spot {
        set(&mut found, "scaleSetPriority", json!("Spot"));
    }
    if !pool.zones.is_empty() {
        set(&mut found, "availabilityZones", json!(pool.zones));
    }
    if !pool.labels.is_empty() {
        set(&mut found, "nodeLabels", json!(pool.labels));
    }
    if !pool.host_ports.is_empty() {
        let ports: Vec<Value> = pool
            .host_ports
            .iter()
            .map(|ports| json!({"portStart": ports.from, "portEnd": ports.to, "protocol": ports.protocol}))
            .collect();
        set(&mut found, "networkProfile", json!({"allowedHostPorts": ports}));
    }
    Ok(found)
}

fn network(site: &Site<'_>, plan: &Plan<'_>) -> Value {
    let network = &plan.cluster.network;
    let mut found = json!({
        "networkPlugin": network.plugin,
        "networkPolicy": network.policy.as_deref().unwrap_or("none"),
        "networkDataplane": network.dataplane,
        "loadBalancerSku": network.load_balancer_sku,
        "podCidr": "10.244.0.0/16",
        "serviceCidr": "10.0.0.0/16",
        "dnsServiceIP": "10.0.0.10",
        "outboundType": network.outbound,
        "podCidrs": ["10.244.0.0/16"],
        "serviceCidrs": ["10.0.0.0/16"],
        "ipFamilies": ["IPv4"],
    });
    if network.wireguard {
        let security = json!({"enabled": true, "transitEncryption": {"type": "WireGuard"}});
        set(&mut found, "advancedNetworking", json!({"enabled": true, "security": security}));
    }
    if let Some(mode) = &network.mode {
        set(&mut found, "networkPluginMode", json!(mode));
    }
    if network.outbound == "loadBalancer" {
        set(
            &mut found,
            "loadBalancerProfile",
            json!({
                "managedOutboundIPs": {"count": 1},
                "effectiveOutboundIPs": [{"id": balancer::outbound_address(site, plan)}],
                "backendPoolType": "nodeIPConfiguration",
            }),
        );
    }
    found
}

fn addons(site: &Site<'_>, plan: &Plan<'_>) -> Value {
    let identity = |name: &str| {
        let name = format!("{name}-{}", plan.cluster.name);
        json!({
            "resourceId": site.id(&plan.node_group, IDENTITY, &name),
            "clientId": ids::client(&format!("identity/{name}")),
            "objectId": ids::principal(&format!("identity/{name}")),
        })
    };
    let mut found = if plan.cluster.azure_policy {
        json!({"azurepolicy": {"enabled": true, "config": null, "identity": identity("azurepolicy")}})
    } else {
        json!({"azurepolicy": {"enabled": false, "config": null}})
    };
    if let Some(rotates) = plan.cluster.secrets_provider {
        let config = json!({"enableSecretRotation": rotates.to_string(), "rotationPollInterval": "2m"});
        let identity = identity("azurekeyvaultsecretsprovider");
        let provider = json!({"enabled": true, "config": config, "identity": identity});
        set(&mut found, "azureKeyvaultSecretsProvider", provider);
    }
    if plan.cluster.monitoring {
        let workspace = site.id("observability", "Microsoft.OperationalInsights/workspaces", "central");
        let config = json!({"logAnalyticsWorkspaceResourceID": workspace, "useAADAuth": "true"});
        set(&mut found, "omsagent", json!({"enabled": true, "config": config}));
    }
    found
}

fn security(site: &Site<'_>, plan: &Plan<'_>) -> Result<Value, Mistake> {
    let cluster = plan.cluster;
    let mut found = json!({});
    if let Some(kms) = &cluster.kms {
        set(&mut found, "azureKeyVaultKms", key(site, kms)?);
    }
    if cluster.infrastructure_encryption {
        set(&mut found, "kubernetesResourceObjectEncryptionProfile", json!({"infrastructureEncryption": "Enabled"}));
    }
    if cluster.workload_identity {
        set(&mut found, "workloadIdentity", json!({"enabled": true}));
    }
    if cluster.image_cleaner {
        set(&mut found, "imageCleaner", json!({"enabled": true, "intervalHours": 168}));
    }
    if cluster.defender {
        set(
            &mut found,
            "defender",
            json!({
                "logAnalyticsWorkspaceResourceId":
                    site.id("observability", "Microsoft.OperationalInsights/workspaces", "central"),
                "securityMonitoring": {"enabled": true},
            }),
        );
    }
    Ok(found)
}

fn key(site: &Site<'_>, kms: &Kms) -> Result<Value, Mistake> {
    if kms.disabled {
        return Ok(json!({"enabled": false}));
    }
    let vault = site.subscription.vaults.iter().find(|known| known.name == kms.vault);
    let vault =
        vault.ok_or_else(|| Mistake(format!("there is no vault `{}` in `{}`", kms.vault, site.subscription.name)))?;
    let id = site.id(&vault.group, "Microsoft.KeyVault/vaults", &vault.name);
    let version = ids::guid(&format!("key {id} {}", kms.key)).replace('-', "");
    let mut found = json!({
        "enabled": true,
        "keyId": format!("https://{}.vault.azure.net/keys/{}/{version}", vault.name, kms.key),
        "keyVaultNetworkAccess": kms.network,
    });
    // The vault's id is only given, and only allowed, when the vault is private.
    if kms.network == "Private" {
        set(&mut found, "keyVaultResourceId", json!(id));
    }
    Ok(found)
}

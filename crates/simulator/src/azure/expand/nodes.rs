//! Scale sets, the interfaces of their instances and the addresses on them.

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::Site;
use super::cluster::Plan;
use crate::azure::description::Pool;
use crate::azure::ids;
use crate::azure::wire::set;

const VMSS: &str = "Microsoft.Compute/virtualMachineScaleSets";

/// Adds the scale set of one pool and everything on its instances.
pub(super) fn add(site: &mut Site<'_>, plan: &Plan<'_>, pool: &Pool, subnet: &str, prefix: Ipv4Net) {
    let name = format!("aks-{}-{}-vmss", pool.name, plan.digits);
    let id = site.id(&plan.node_group, VMSS, &name);
    let body = scale_set(plan, pool, (&id, &name), subnet);
    site.wire.add(&id, &body);
    for instance in 0..pool.count {
        interface(site, plan, pool, (&id, &name, instance), (subnet, prefix));
    }
}

fn scale_set(plan: &Plan<'_>, pool: &Pool, (id, name): (&str, &str), subnet: &str) -> Value {
    let mut address = json!({
        "primary": true,
        "subnet": {"id": subnet},
        "privateIPAddressVersion": "IPv4",
    });
    if let Some(balancer) = &plan.load_balancer {
        set(
            &mut address,
            "loadBalancerBackendAddressPools",
            json!([
                {"id": format!("{balancer}/backendAddressPools/aksOutboundBackendPool")},
                {"id": format!("{balancer}/backendAddressPools/kubernetes")},
            ]),
        );
    }
    if pool.public_ip {
        set(
            &mut address,
            "publicIPAddressConfiguration",
            json!({
                "name": format!("{name}-ip"),
                "properties": {"idleTimeoutInMinutes": 30, "publicIPAddressVersion": "IPv4"},
                "sku": {"name": pool.public_sku, "tier": "Regional"},
            }),
        );
    }
    let security = json!({
        "encryptionAtHost": pool.encryption_at_host,
        "uefiSettings": {"secureBootEnabled": pool.secure_boot, "vTpmEnabled": pool.vtpm},
        "securityType": "TrustedLaunch",
    });
    let mut profile = json!({
        "osProfile": {
            "computerNamePrefix": format!("aks-{}-{}-vmss", pool.name, plan.digits),
            "adminUsername": "azureuser",
            "linuxConfiguration": {
                "disablePasswordAuthentication": true,
                "provisionVMAgent": true,
            },
            "secrets": [],
            "allowExtensionOperations": true,
        },
        "storageProfile": {
            "osDisk": {
                "osType": "Linux",
                "createOption": "FromImage",
                "caching": "ReadOnly",
                "managedDisk": {"storageAccountType": "Premium_LRS"},
                "diskSizeGB": 128,
            },
            "imageReference": {
                "id": format!(
                    "/subscriptions/109a5e88-712a-48ae-9078-9ca8b3c81345/resourceGroups/AKS-{0}/providers/Microsoft.Compute/galleries/AKS{0}/images/{1}/versions/202610.12.0",
                    pool.os, image(pool)
                ),
            },
        },
        "networkProfile": {
            "networkInterfaceConfigurations": [{
                "name": name,
                "properties": {
                    "primary": true,
                    "enableAcceleratedNetworking": true,
                    "enableIPForwarding": true,
                    "networkSecurityGroup": (!pool.unguarded).then(|| json!({"id": plan.node_security_group})),
                    "dnsSettings": {"dnsServers": []},
                    "ipConfigurations": [{"name": "ipconfig1", "properties": address}],
                },
            }],
        },
    });
    if pool.secure_boot || pool.vtpm || pool.encryption_at_host {
        set(&mut profile, "securityProfile", security);
    }
    let kubelet = &plan.kubelet;
    let mut body = json!({
        "name": name,
        "id": id,
        "type": VMSS,
        "location": plan.location,
        "tags": {
            "aks-managed-poolName": pool.name,
            "aks-managed-orchestrator": format!("Kubernetes:{}", plan.cluster.version),
            "aks-managed-createOperationID": ids::guid(id),
        },
        "sku": {"name": pool.size, "tier": "Standard", "capacity": pool.count},
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": {
                kubelet.id.as_str(): {"principalId": kubelet.principal, "clientId": kubelet.client},
            },
        },
        "properties": {
            "singlePlacementGroup": false,
            "orchestrationMode": "Uniform",
            "upgradePolicy": {"mode": "Manual"},
            "virtualMachineProfile": profile,
            "provisioningState": "Succeeded",
            "overprovision": false,
            "uniqueId": ids::guid(&format!("vmss {id}")),
            "platformFaultDomainCount": 1,
            "timeCreated": "2026-02-03T08:21:04.1231234+00:00",
        },
    });
    if !pool.zones.is_empty() {
        set(&mut body, "zones", json!(pool.zones));
    }
    body
}

fn interface(
    site: &mut Site<'_>,
    plan: &Plan<'_>,
    pool: &Pool,
    (id, name, instance): (&str, &str, u32),
    (subnet, prefix): (&str, Ipv4Net),
) {
    let machine = format!("{id}/virtualMachines/{instance}");
    let own = format!("{machine}/networkInterfaces/{name}");
    let configuration = format!("{own}/ipConfigurations/ipconfig1");
    let mut address = json!({
        "provisioningState": "Succeeded",
        "privateIPAddress": site.address(subnet, prefix),
        "privateIPAllocationMethod": "Dynamic",
        "subnet": {"id": subnet},
        "primary": true,
        "privateIPAddressVersion": "IPv4",
    });
    if let Some(balancer) = &plan.load_balancer {
        set(
            &mut address,
            "loadBalancerBackendAddressPools",
            json!([
                {"id": format!("{balancer}/backendAddressPools/aksOutboundBackendPool")},
                {"id": format!("{balancer}/backendAddressPools/kubernetes")},
            ]),
        );
    }
    if pool.public_ip {
        let public = format!("{configuration}/publicIPAddresses/{name}-ip");
        set(&mut address, "publicIPAddress", json!({"id": public}));
        let body = json!({
            "name": format!("{name}-ip"),
            "id": public,
            "sku": {"name": pool.public_sku, "tier": "Regional"},
            "properties": {
                "provisioningState": "Succeeded",
                "resourceGuid": ids::guid(&public),
                "publicIPAddressVersion": "IPv4",
                "publicIPAllocationMethod": "Static",
                "idleTimeoutInMinutes": 30,
                "ipAddress": ids::public_address(&public),
                "ipTags": [],
                "ipConfiguration": {"id": configuration},
            },
        });
        site.wire.show(&format!("{id}/publicIPAddresses"), &body);
    }
    let mut body = json!({
        "name": name,
        "id": own,
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": ids::guid(&own),
            "ipConfigurations": [{"name": "ipconfig1", "id": configuration, "properties": address}],
            "dnsSettings": {
                "dnsServers": [],
                "appliedDnsServers": [],
                "internalDomainNameSuffix": "simulated.ax.internal.cloudapp.net",
            },
            "macAddress": "00-0D-3A-00-00-00",
            "enableAcceleratedNetworking": true,
            "enableIPForwarding": true,
            "primary": true,
            "virtualMachine": {"id": machine},
            "hostedWorkloads": [],
            "nicType": "Standard",
        },
    });
    if !pool.unguarded {
        if let Some(properties) = body.get_mut("properties") {
            set(properties, "networkSecurityGroup", json!({"id": plan.node_security_group}));
        }
        site.guarded.entry(plan.node_security_group.clone()).or_default().push(json!({"id": own}));
    }
    // The interfaces of scale sets are in no list of their subscription, only in the one of their scale set.
    site.wire.show(&format!("{id}/networkInterfaces"), &body);
    site.attached.entry(subnet.to_owned()).or_default().push(json!({"id": configuration}));
}

/// The image of a pool's nodes as of some day.
pub(super) fn image_version(pool: &Pool, day: &str) -> String {
    format!("AKS{}-{}-{day}", pool.os, image(pool))
}

/// The image's name as AKS writes it.
pub(super) fn image(pool: &Pool) -> &'static str {
    match pool.os.as_str() {
        "AzureLinux" => "V3gen2",
        _ => "2204gen2containerd",
    }
}

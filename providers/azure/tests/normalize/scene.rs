//! One small subscription, written down as Azure Resource Manager would answer it, to be changed by each test.

use palisade_azure::{
    ADMIN_RULES, AUTOMATION_ACCOUNTS, BACKUP_VAULTS, CLUSTERS, DENY_ASSIGNMENTS, FEDERATED_CREDENTIALS, GROUP_MEMBERS,
    IDENTITIES, LOAD_BALANCERS, NETWORKS, NODE_ADDRESSES, NODE_INTERFACES, PRICINGS, PUBLIC_ADDRESSES, REGISTRIES,
    ROLE_ASSIGNMENTS, ROLE_DEFINITIONS, ROUTE_TABLES, SCALE_SETS, SECURITY_GROUPS, SUBSCRIPTION_LOGS, SUBSCRIPTIONS,
    TENANT, TRUSTED_ACCESS, VIRTUAL_MACHINES, normalize,
};
use palisade_controls::controls;
use palisade_engine::{Context, Policy, State, evaluate};
use palisade_model::{Cluster, Exposure, Pool, Provider};
use palisade_provider::Snapshot;
use palisade_reach::{AddrSet, Bounds, Protocol};
use palisade_testkit::SnapshotBuilder;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const SUBSCRIPTION: &str = "11111111-2222-3333-4444-555555555555";
pub(crate) const SUBNET: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/vnet/subnets/nodes";
pub(crate) const CONFIGURATION: &str = "nic/ipConfigurations/ip1";

/// The id of a resource in the group `G`.
pub(crate) fn id(kind: &str, name: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/G/providers/{kind}/{name}")
}

/// The id of a resource in the node resource group.
pub(crate) fn node_id(kind: &str, name: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/MC_G_K_westeurope/providers/{kind}/{name}")
}

pub(crate) fn cluster_id() -> String {
    id("Microsoft.ContainerService/managedClusters", "K")
}

pub(crate) fn node_group() -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/MC_G_K_westeurope")
}

fn scale_set_id() -> String {
    node_id("Microsoft.Compute/virtualMachineScaleSets", "aks-pool1-12345678-vmss")
}

/// The fixture of the semantics: one node at 10.224.0.4 with a Standard public address, a security group with nothing
/// but defaults on its interface, none on its subnet, no routes of its own.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) cluster: Value,
    pub(crate) interface_rules: Option<Vec<Value>>,
    pub(crate) subnet_rules: Option<Vec<Value>>,
    pub(crate) routes: Option<Vec<Value>>,
    pub(crate) address: Value,
    pub(crate) address_sku: Option<&'static str>,
    pub(crate) has_public_address: bool,
    /// Private addresses of more machines like the first.
    pub(crate) others: Vec<&'static str>,
    pub(crate) balancers: Vec<Value>,
    pub(crate) public_addresses: Vec<Value>,
    pub(crate) network: Value,
    /// Security admin rules; absent where nobody asked.
    pub(crate) admin_rules: Option<Vec<Value>>,
    pub(crate) roles: Vec<Value>,
    pub(crate) assignments: Vec<Value>,
    pub(crate) denials: Vec<Value>,
    /// The plans of Defender for Cloud.
    pub(crate) pricings: Vec<Value>,
    /// The service principals in groups that were looked into, by the group's id.
    pub(crate) members: BTreeMap<String, Vec<&'static str>>,
    /// Single virtual machines and Automation accounts.
    pub(crate) machines: Vec<Value>,
    pub(crate) automation: Vec<Value>,
    /// The identity that the machines carry, by resource id.
    pub(crate) carried: Option<String>,
    pub(crate) identities: BTreeMap<String, (String, Vec<Value>)>,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            cluster: json!({
                "id": cluster_id(), "name": "K", "location": "westeurope",
                "identity": { "type": "SystemAssigned", "principalId": "control-plane" },
                "properties": {
                    "provisioningState": "Succeeded", "currentKubernetesVersion": "1.34.4",
                    "nodeResourceGroup": "MC_G_K_westeurope", "fqdn": "k.hcp.westeurope.azmk8s.io",
                    "servicePrincipalProfile": { "clientId": "msi" },
                    "identityProfile": { "kubeletidentity": {
                        "resourceId": node_id("Microsoft.ManagedIdentity/userAssignedIdentities", "K-agentpool"),
                        "objectId": "kubelet",
                    } },
                    "agentPoolProfiles": [{ "name": "pool1", "type": "VirtualMachineScaleSets", "vnetSubnetID": SUBNET, "enableNodePublicIP": true }],
                    "networkProfile": { "outboundType": "loadBalancer" },
                },
            }),
            interface_rules: Some(Vec::new()),
            subnet_rules: None,
            routes: None,
            address: json!({ "primary": true, "privateIPAddress": "10.224.0.4", "subnet": { "id": SUBNET } }),
            address_sku: Some("Standard"),
            has_public_address: true,
            others: Vec::new(),
            balancers: Vec::new(),
            public_addresses: Vec::new(),
            network: json!({ "addressSpace": { "addressPrefixes": ["10.224.0.0/12"] } }),
            admin_rules: Some(Vec::new()),
            roles: Vec::new(),
            assignments: Vec::new(),
            denials: Vec::new(),
            pricings: Vec::new(),
            members: BTreeMap::new(),
            machines: Vec::new(),
            automation: Vec::new(),
            carried: None,
            identities: BTreeMap::from([(
                node_id("Microsoft.ManagedIdentity/userAssignedIdentities", "K-agentpool"),
                ("kubelet".to_owned(), Vec::new()),
            )]),
        }
    }
}

/// A security rule; absent fields mean what is most usual.
pub(crate) fn rule(priority: u32, access: &str, fields: Value) -> Value {
    let mut properties = json!({
        "priority": priority, "access": access, "direction": "Inbound", "protocol": "Tcp", "sourcePortRange": "*",
        "destinationAddressPrefix": "*", "destinationPortRange": "22", "sourceAddressPrefix": "Internet",
    });
    for (name, value) in fields.as_object().unwrap() {
        properties[name] = value.clone();
    }
    json!({ "name": format!("r{priority}"), "properties": properties })
}

/// A role assignment.
pub(crate) fn assignment(principal: &str, role: &str, scope: &str) -> Value {
    json!({
        "id": format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{principal}-{role}"),
        "properties": { "principalId": principal, "principalType": "ServicePrincipal", "roleDefinitionId": format!("/x/{role}"), "scope": scope },
    })
}

/// A role definition: actions and not-actions, data actions.
pub(crate) fn role(name: &str, actions: &[&str], not_actions: &[&str], data_actions: &[&str]) -> Value {
    json!({
        "id": format!("/x/{name}"), "name": name,
        "properties": { "roleName": name, "permissions": [{
            "actions": actions, "notActions": not_actions, "dataActions": data_actions, "notDataActions": [],
        }] },
    })
}

impl Scene {
    /// The scene with these rules on the interface.
    pub(crate) fn with_rules(rules: Vec<Value>) -> Self {
        Self { interface_rules: Some(rules), ..Self::default() }
    }

    /// The scene with other properties of the cluster.
    pub(crate) fn with_properties(fields: Value) -> Self {
        let mut scene = Self::default();
        for (name, value) in fields.as_object().unwrap() {
            scene.cluster["properties"][name] = value.clone();
        }
        scene
    }

    pub(crate) fn builder(&self) -> SnapshotBuilder {
        let value = |items: Vec<Value>| json!({ "value": items });
        let mut groups = Vec::new();
        let mut subnet = json!({ "addressPrefix": "10.224.0.0/16" });
        let group = |name: &str, rules: &[Value]| json!({ "id": id("Microsoft.Network/networkSecurityGroups", name), "name": name, "properties": { "securityRules": rules } });
        let scale_set = scale_set_id();
        let mut template = json!({ "ipConfigurations": [{ "properties": { "subnet": { "id": SUBNET } } }] });
        let mut interface = json!({ "virtualMachine": { "id": format!("{scale_set}/virtualMachines/0") } });
        if let Some(rules) = &self.interface_rules {
            groups.push(group("nic-nsg", rules));
            let reference = json!({ "id": id("Microsoft.Network/networkSecurityGroups", "nic-nsg") });
            interface["networkSecurityGroup"] = reference.clone();
            template["networkSecurityGroup"] = reference;
        }
        if let Some(rules) = &self.subnet_rules {
            groups.push(group("subnet-nsg", rules));
            subnet["networkSecurityGroup"] =
                json!({ "id": id("Microsoft.Network/networkSecurityGroups", "subnet-nsg") });
        }
        let mut tables = Vec::new();
        if let Some(routes) = &self.routes {
            let table = id("Microsoft.Network/routeTables", "routes");
            subnet["routeTable"] = json!({ "id": table });
            tables.push(json!({ "id": table, "name": "routes", "properties": { "routes": routes } }));
        }
        let mut network = self.network.clone();
        let mut subnets = vec![json!({ "id": SUBNET, "name": "nodes", "properties": subnet })];
        subnets.extend(network["subnets"].as_array().cloned().unwrap_or_default());
        network["subnets"] = json!(subnets);
        let nic = format!("{scale_set}/virtualMachines/0/networkInterfaces");
        let configuration = format!("{nic}/{CONFIGURATION}");
        let mut address = self.address.clone();
        let mut node_addresses = Vec::new();
        if self.has_public_address {
            let public = format!("{configuration}/publicIPAddresses/pub");
            address["publicIPAddress"] = json!({ "id": public });
            let mut body = json!({ "id": public, "properties": { "ipAddress": "20.50.9.9" } });
            if let Some(sku) = self.address_sku {
                body["sku"] = json!({ "name": sku });
            }
            node_addresses.push(body);
        }
        interface["ipConfigurations"] = json!([{ "id": configuration, "name": "ip1", "properties": address }]);
        let mut interfaces = vec![json!({ "id": format!("{nic}/nic"), "properties": interface })];
        for (place, other) in (1..).zip(&self.others) {
            let mut twin = interface.clone();
            twin["virtualMachine"]["id"] = json!(format!("{scale_set}/virtualMachines/{place}"));
            twin["ipConfigurations"][0]["properties"]["privateIPAddress"] = json!(other);
            interfaces.push(json!({ "id": format!("{nic}/nic{place}"), "properties": twin }));
        }
        let mut scale_set_body = json!({
            "id": scale_set, "name": "aks-pool1-12345678-vmss",
            "properties": { "virtualMachineProfile": { "networkProfile": { "networkInterfaceConfigurations": [{ "properties": template }] } } },
        });
        if let Some(identity) = &self.carried {
            scale_set_body["identity"] = json!({ "type": "UserAssigned", "userAssignedIdentities": { identity: {} } });
        }
        let key = scale_set.to_ascii_lowercase();
        let mut builder = SnapshotBuilder::new(Provider::Azure, SUBSCRIPTION)
            .answer(&CLUSTERS, SUBSCRIPTION, &[], value(vec![self.cluster.clone()]))
            .answer(&SECURITY_GROUPS, SUBSCRIPTION, &[], value(groups))
            .answer(&NETWORKS, SUBSCRIPTION, &[], value(vec![json!({ "id": id("Microsoft.Network/virtualNetworks", "vnet"), "name": "vnet", "properties": network })]))
            .answer(&PUBLIC_ADDRESSES, SUBSCRIPTION, &[], value(self.public_addresses.clone()))
            .answer(&LOAD_BALANCERS, SUBSCRIPTION, &[], value(self.balancers.clone()))
            .answer(&ROUTE_TABLES, SUBSCRIPTION, &[], value(tables))
            .answer(&SCALE_SETS, SUBSCRIPTION, &[], value(vec![scale_set_body]))
            .answer(&NODE_INTERFACES, SUBSCRIPTION, &[("scaleSet", &key)], value(interfaces))
            .answer(&NODE_ADDRESSES, SUBSCRIPTION, &[("scaleSet", &key)], value(node_addresses))
            .answer(&ROLE_ASSIGNMENTS, SUBSCRIPTION, &[], value(self.assignments.clone()))
            .answer(&ROLE_DEFINITIONS, SUBSCRIPTION, &[], value(self.roles.clone()))
            .answer(&VIRTUAL_MACHINES, SUBSCRIPTION, &[], value(self.machines.clone()))
            .answer(&AUTOMATION_ACCOUNTS, SUBSCRIPTION, &[], value(self.automation.clone()))
            .answer(&DENY_ASSIGNMENTS, SUBSCRIPTION, &[], value(self.denials.clone()))
            .answer(&SUBSCRIPTION_LOGS, SUBSCRIPTION, &[], value(Vec::new()))
            .answer(&PRICINGS, SUBSCRIPTION, &[], value(self.pricings.clone()))
            .answer(&BACKUP_VAULTS, SUBSCRIPTION, &[], value(Vec::new()))
            .answer(&REGISTRIES, SUBSCRIPTION, &[], value(Vec::new()))
            .answer(&TRUSTED_ACCESS, SUBSCRIPTION, &[("cluster", &cluster_id().to_ascii_lowercase())], value(Vec::new()))
            .answer(&SUBSCRIPTIONS, TENANT, &[], value(vec![json!({ "subscriptionId": SUBSCRIPTION, "tenantId": "t" })]));
        for (group, members) in &self.members {
            let members =
                members.iter().map(|id| json!({ "@odata.type": "#microsoft.graph.servicePrincipal", "id": id }));
            builder = builder.answer(&GROUP_MEMBERS, TENANT, &[("group", group)], value(members.collect()));
        }
        if let Some(rules) = &self.admin_rules {
            let network = id("Microsoft.Network/virtualNetworks", "vnet").to_ascii_lowercase();
            builder = builder.answer(&ADMIN_RULES, SUBSCRIPTION, &[("network", &network)], value(rules.clone()));
        }
        let identity = |(id, (principal, _)): (&String, &(String, Vec<Value>))| json!({ "id": id, "name": id.rsplit('/').next(), "properties": { "principalId": principal } });
        builder = builder.answer(&IDENTITIES, SUBSCRIPTION, &[], value(self.identities.iter().map(identity).collect()));
        for (id, (_, credentials)) in &self.identities {
            let key = id.to_ascii_lowercase();
            builder =
                builder.answer(&FEDERATED_CREDENTIALS, SUBSCRIPTION, &[("identity", &key)], value(credentials.clone()));
        }
        builder
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.builder().build()
    }

    /// The one cluster.
    pub(crate) fn read(&self) -> Cluster {
        let inventory = normalize(&self.snapshot());
        assert_eq!(inventory.unseen, []);
        inventory.clusters.into_iter().next().unwrap()
    }

    pub(crate) fn pool(&self) -> Pool {
        self.read().pools.get().unwrap()[0].clone()
    }

    /// Who can reach the node; its paths always say the same as its sets.
    pub(crate) fn exposure(&self) -> Exposure {
        let exposure = self.pool().exposure.get().unwrap()[0].clone();
        crate::paths::agree(&exposure);
        exposure
    }

    /// Who on the internet reaches a port.
    pub(crate) fn reached(&self, protocol: Protocol, port: u16) -> Bounds<AddrSet> {
        self.exposure().internet.map(|packets| packets.sources(protocol, port))
    }

    /// Who on the internet reaches ssh.
    pub(crate) fn ssh(&self) -> Bounds<AddrSet> {
        self.reached(Protocol::TCP, 22)
    }
}

/// What the control says of each subject.
pub(crate) fn judged(cluster: &Cluster, control: &str) -> Vec<(String, State)> {
    let chosen: Vec<_> = controls().into_iter().filter(|one| one.meta.id == control).collect();
    let policy = Policy::default();
    let context = Context { policy: &policy, now: palisade_testkit::now() };
    let findings = evaluate(cluster, &chosen, &context).findings;
    findings.into_iter().filter(|one| !one.rolled_up).map(|one| (one.subject.name.to_string(), one.state)).collect()
}

/// Every IPv4 address outside the scene's network.
pub(crate) fn any4() -> AddrSet {
    let local = palisade_testkit::nets(&["10.224.0.0/12", "168.63.129.16/32", "169.254.169.254/32"]);
    AddrSet::any_outside(&local).family(palisade_reach::Family::V4)
}
